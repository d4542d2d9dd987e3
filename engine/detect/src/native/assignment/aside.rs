//! Values that do not stand right behind their name: a Terraform variable's default, a shell parameter's default, and what
//! setters take before the name.

use leakward_core::Span;

use super::operator::{self, skip_blanks};
use super::value::Value;
use crate::byte_set::ByteSet;

/// LIMIT: how far the default of a variable may stand from its name, and how long a value before a name may be.
const WITHIN: usize = 240;

/// What setters call the argument with the name.
const LABELS: &[&[u8]] = &[b"forHTTPHeaderField:", b"forKey:"];

/// The value of `name` in one of these places.
pub(super) fn value_of(bytes: &[u8], name: Span) -> Option<Value> {
    match (name.start.checked_sub(1)?, bytes.get(name.end)?) {
        (_, b':' | b'-' | b'=') => parameter_default(bytes, name),
        (before, quote @ (b'"' | b'\'')) if bytes.get(before) == Some(quote) => {
            variable_default(bytes, name)
                .or_else(|| object_value(bytes, name))
                .or_else(|| value_before(bytes, before))
        }
        _ => None,
    }
}

/// What a value that is nothing but a look-up is when nothing is set: `POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:-…}`.
pub(super) fn default_in(bytes: &[u8], value: Value) -> Option<Value> {
    let start = value.span.start + b"${".len();
    let end_of = |name: ByteSet| name.run_end(bytes, start, value.span.end);
    // A dash is a part of Spring's names, and ends those of shells.
    let with_dashes = end_of(ByteSet::WORD.with(b".-"));
    let name = match bytes.get(with_dashes) {
        Some(b':') => with_dashes,
        _ => end_of(ByteSet::WORD.with(b".")),
    };
    let default = parameter_default(bytes, Span::new(start, name))?;
    (default.span.end + 1 == value.span.end).then_some(default)
}

/// `${NAME:-value}`, `${NAME:=value}`, and Spring's `${name.of.it:value}`.
fn parameter_default(bytes: &[u8], name: Span) -> Option<Value> {
    if bytes.get(name.start.checked_sub(2)?..name.start)? != b"${" {
        return None;
    }
    let rest = bytes.get(name.end..(name.end + WITHIN).min(bytes.len()))?;
    let operator = match rest {
        [b':', b'-' | b'=', ..] => 2,
        [b'-' | b'=', ..] => 1,
        // `${VAR:?message}`, `${VAR:+other}`, `${VAR:0:3}`.
        [b':', b'?' | b'+' | b'$' | b' ' | b'}' | b'#', ..] => return None,
        [b':', first, second, ..] if !first.is_ascii_digit() || *second != b':' => 1,
        _ => return None,
    };
    let text = rest.get(operator..)?;
    let length = text.iter().position(|byte| b"}\n\"' $".contains(byte))?;
    (length > 0 && text.get(length) == Some(&b'}')).then(|| {
        let start = name.end + operator;
        quoted_at(start, start + length, true)
    })
}

/// `variable "name" {`, and on one of the next lines `default = "value"`.
fn variable_default(bytes: &[u8], name: Span) -> Option<Value> {
    let brace = skip_blanks(bytes, name.end + 1);
    if bytes.get(brace) != Some(&b'{') {
        return None;
    }
    let block = bytes.get(brace..(brace + WITHIN).min(bytes.len()))?;
    let block = block.get(..memchr::memchr(b'}', block).unwrap_or(block.len()))?;
    let word = memchr::memmem::find(block, b"default")? + brace;
    let (_, at) = operator::read(bytes, word + b"default".len())?;
    let open = skip_blanks(bytes, at);
    let rest = bytes.get(open + 1..(open + 1 + WITHIN).min(bytes.len()))?;
    let length = rest.iter().position(|byte| b"\"\n".contains(byte))?;
    (bytes.get(open) == Some(&b'"') && rest.get(length) == Some(&b'"') && length > 0)
        .then(|| quoted_at(open + 1, open + 1 + length, false))
}

/// `"name": { "value": "…", … }`, as in the outputs of Terraform's state.
fn object_value(bytes: &[u8], name: Span) -> Option<Value> {
    let (_, at) = operator::read(bytes, name.end)?;
    let brace = skip_blanks(bytes, at);
    if bytes.get(brace) != Some(&b'{') {
        return None;
    }
    let block = bytes.get(brace + 1..(brace + 1 + WITHIN).min(bytes.len()))?;
    let block = block.get(..block.iter().position(|byte| b"{}".contains(byte))?)?;
    let word = memchr::memmem::find(block, b"\"value\"")? + brace + 1;
    let (_, at) = operator::read(bytes, word + b"\"value".len())?;
    let open = skip_blanks(bytes, at);
    let rest = bytes.get(open + 1..(open + 1 + WITHIN).min(bytes.len()))?;
    let length = rest.iter().position(|byte| b"\"\n".contains(byte))?;
    (bytes.get(open) == Some(&b'"') && rest.get(length) == Some(&b'"') && length > 0)
        .then(|| quoted_at(open + 1, open + 1 + length, false))
}

/// `set("value", forKey: "name")`, `[x setValue:@"value" forHTTPHeaderField:@"name"]`.
fn value_before(bytes: &[u8], name_quote: usize) -> Option<Value> {
    let from = name_quote.saturating_sub(WITHIN);
    let before = bytes.get(from..name_quote)?;
    let before = before.strip_suffix(b"@").unwrap_or(before).trim_ascii_end();
    let before = LABELS
        .iter()
        .find_map(|label| before.strip_suffix(*label))?;
    let before = before.trim_ascii_end();
    let before = before.strip_suffix(b",").unwrap_or(before);
    let text = before.strip_suffix(b"\"")?;
    let open = text
        .iter()
        .rposition(|byte| b"\"\n".contains(byte))
        .filter(|at| text.get(*at) == Some(&b'"'))?;
    let (start, end) = (from + open + 1, from + text.len());
    (end > start).then(|| quoted_at(start, end, false))
}

fn quoted_at(start: usize, end: usize, is_default: bool) -> Value {
    Value {
        span: Span::new(start, end),
        quoted: true,
        after: end + 1,
        is_default,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, name: &str) -> Option<String> {
        let start = text.find(name)?;
        let found = value_of(text.as_bytes(), Span::new(start, start + name.len()))?;
        Some(text[found.span.range()].to_owned())
    }

    #[test]
    fn values_that_stand_aside_are_found() {
        for text in [
            "PGURL=${db_password:-hunter2}",
            ": \"${db_password:=hunter2}\"",
            "variable \"db_password\" {\n  type    = string\n  default = \"hunter2\"\n}",
            "{\"db_password\": {\n  \"sensitive\": true,\n  \"value\": \"hunter2\"\n}}",
            "store.set(\"hunter2\", forKey: \"db_password\")",
            "[r setValue:@\"hunter2\" forHTTPHeaderField:@\"db_password\"];",
        ] {
            assert_eq!(
                value(text, "db_password").as_deref(),
                Some("hunter2"),
                "{text}"
            );
        }
    }

    #[test]
    fn where_there_is_none_none_is_found() {
        for text in [
            "${db_password:-$OTHER}",
            "${db_password:-}",
            "variable \"db_password\" {\n  type = string\n}\ndefault = \"hunter2\"",
            "variable \"db_password\" {\n  default = var.x\n}",
            "x(\"hunter2\", other: \"db_password\")",
            "db_password = 1",
        ] {
            assert_eq!(value(text, "db_password"), None, "{text}");
        }
    }
}
