//! What stands around a value: what speaks for and against its being one, and where it ends for that reason.
//!
//! Not for the value itself, which the judge weighs, nor for finding it (`assignment.rs`).

use leakward_core::Span;

use super::name::{self, NameKind};
use super::operator::{self, Operator};
use super::value::{self, Value};
use crate::byte_set::ByteSet;
use crate::confirm::Candidate;
use crate::detection::Manner;
use crate::judge::{Traits, begins_comment};

/// What speaks for and against a quoted value by its surroundings.
pub(super) fn quoted_evidence(
    bytes: &[u8],
    (name, operator): (Span, Operator),
    value: Value,
    candidate: &mut Candidate,
) -> Option<()> {
    let is_option = name
        .start
        .checked_sub(1)
        .is_some_and(|at| bytes.get(at) == Some(&b'-'));
    let mut note =
        |points: i32, words: &'static str| candidate.evidence.push((points, words.into()));
    match operator {
        Operator::Equals | Operator::Colon | Operator::Element => {
            note(5, "it is assigned to the name");
        }
        // A column of a table in SQL, after another one.
        Operator::Comma
            if value.span.start > 0 && bytes.get(value.span.start - 1) == Some(&b'`') =>
        {
            return None;
        }
        Operator::Comma if !has_digit_or_sign(bytes, value.span) => {
            let points = if value.span.len() < 12 { -30 } else { -15 };
            note(points, "it is a word beside the name");
        }
        Operator::Call | Operator::Comma => note(0, "it is an argument beside the name"),
        Operator::Says | Operator::Cell => note(0, "the text says that it is"),
        Operator::Compares => note(-10, "it is compared with the name"),
        Operator::Blank if is_option => note(0, "it is an option's value"),
        Operator::Blank => note(-15, "it stands after the name"),
    }
    if value.is_default {
        note(0, "it is used when nothing else is set");
    }
    let is_member = operator == Operator::Colon
        && matches!(
            name.start.checked_sub(1).and_then(|at| bytes.get(at)),
            Some(b'"')
        );
    if is_member
        && names_a_token(bytes.get(name.range()).unwrap_or_default())
        && begins_comment(line_before(bytes, name.start))
    {
        candidate.evidence.push((
            -30,
            "a comment shows what something answers or is asked".into(),
        ));
    }
    evidence_behind(bytes, operator, value, candidate)
}

/// Whether a name ends in `token`.
fn names_a_token(name: &[u8]) -> bool {
    let start = name.len().saturating_sub(b"token".len());
    name.get(start..)
        .is_some_and(|end| end.eq_ignore_ascii_case(b"token"))
}

/// What what follows a quoted value says of it.
fn evidence_behind(
    bytes: &[u8],
    operator: Operator,
    value: Value,
    candidate: &mut Candidate,
) -> Option<()> {
    let mut note =
        |points: i32, words: &'static str| candidate.evidence.push((points, words.into()));
    let after = operator::skip_blanks(bytes, value.after);
    match bytes.get(after..).unwrap_or_default() {
        // A sum, a format or a call on the text: what stands here is only a part.
        // The end of a tag in a template is none of them.
        [b'%', b'}' | b'>', ..] => {}
        [b'+', ..] | [b'%', ..] => {
            // Literals that are joined are looked at as a whole as well; what a program adds is not known.
            let next = operator::skip_blanks(bytes, after + 1);
            let is_literal = matches!(bytes.get(next), Some(b'"' | b'\'' | b'\r' | b'\n'));
            let points = if is_literal { -20 } else { -30 };
            note(points, "it is only a part of the value");
        }
        [b'.', b'r', b'e', b'p', b'l', ..] | [b'.', b'f', b'o', b'r', b'm', ..] => return None,
        [b'.', next, ..] if next.is_ascii_alphabetic() && !hands_on(bytes, after) => {
            note(-20, "something is made from it");
        }
        // The text is itself a name: `"password": "x" : …`, `["token"]["next"]`.
        [b':', ..] if matches!(operator, Operator::Comma) => return None,
        _ => {}
    }
    Some(())
}

/// Whether a text is more than letters: labels and translations stand beside names as well.
fn has_digit_or_sign(bytes: &[u8], span: Span) -> bool {
    bytes
        .get(span.range())
        .unwrap_or_default()
        .iter()
        .any(|byte| byte.is_ascii() && !byte.is_ascii_alphabetic())
}

/// Whether the method that is called at `dot` leaves the value as it is.
fn hands_on(bytes: &[u8], dot: usize) -> bool {
    const SAME: &[&[u8]] = &[
        b".to_string",
        b".to_owned",
        b".into",
        b".encode",
        b".toCharArray",
        b".getBytes",
        b".as_bytes",
        b".freeze",
        b".strip",
    ];
    let rest = bytes.get(dot..).unwrap_or_default();
    SAME.iter().any(|method| rest.starts_with(method))
}

/// What speaks for and against a bare value: it must be written where values are written without quotes.
pub(super) fn bare_evidence(
    bytes: &[u8],
    name: Span,
    operator: Operator,
    value: Value,
    candidate: &mut Candidate,
) -> Option<()> {
    let line_start = bytes
        .get(name.start.saturating_sub(256)..name.start)?
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(name.start.saturating_sub(256), |at| {
            name.start.saturating_sub(256) + at + 1
        });
    let before = bytes.get(line_start..name.start)?;
    // The user of an address, whose password has a detector of its own.
    if operator == Operator::Colon && before.ends_with(b"://") {
        return None;
    }
    let after = bytes.get(value.after..(value.after + 2).min(bytes.len()))?;
    let at_line_end = matches!(after, [] | [b'\r' | b'\n', ..]) || ends_line(bytes, value.after);
    let tight = bytes.get(name.end) == Some(&b'=');
    let sets_environment = tight && name::is_setting(bytes.get(name.range())?);
    let is_flag = before.ends_with(b"--")
        || before.ends_with(b" -")
        || before.ends_with(b"-D")
        // `docker run -e DB_PASSWORD=…`.
        || (sets_environment && (before.ends_with(b"-e ") || before.ends_with(b"--env ")));
    let in_pairs =
        matches!(before.last(), Some(b';' | b'&' | b'?')) || matches!(after, [b';' | b'&', ..]);
    let points = match operator {
        Operator::Colon if starts_line(before) && at_line_end => 0,
        Operator::Colon if is_header(before, after) => 0,
        Operator::Equals if starts_line(before) && at_line_end => 0,
        Operator::Equals if tight && (is_flag || in_pairs) => 0,
        Operator::Equals if tight => -5,
        Operator::Blank if is_flag || starts_with_command(before) => 0,
        _ => {
            let text = bytes.get(candidate.span.range())?;
            if !stands_out(text, candidate.expects, operator) {
                return None;
            }
            let trimmed = value::without_full_stop(bytes, value);
            candidate.span = trimmed.span;
            -5
        }
    };
    // Behind `DB_PASSWORD=word` stands the command that gets it.
    if !is_text(bytes, candidate.span) || (!sets_environment && opens_sentence(bytes, value)) {
        return None;
    }
    candidate
        .evidence
        .push((points, "it is assigned to the name without quotes".into()));
    cut_at_separator(bytes, before, candidate);
    Some(())
}

/// Whether text stands around a value, and not the bytes of a picture.
fn is_text(bytes: &[u8], span: Span) -> bool {
    const AROUND: usize = 24;
    let around = bytes
        .get(span.start.saturating_sub(AROUND)..(span.end + AROUND).min(bytes.len()))
        .unwrap_or_default();
    // A character may be cut at either end.
    String::from_utf8_lossy(around).matches('\u{FFFD}').count() <= 2
}

/// Whether a bare word goes on as a sentence to its line's end: `mongodb password to bind`.
fn opens_sentence(bytes: &[u8], value: Value) -> bool {
    const REST: usize = 160;
    let is_word = |word: &[u8]| word.iter().all(u8::is_ascii_lowercase);
    let line = |at: usize| {
        let rest = bytes
            .get(at..(at + REST).min(bytes.len()))
            .unwrap_or_default();
        rest.split(|byte| b"\r\n".contains(byte))
            .next()
            .unwrap_or_default()
    };
    let text = bytes.get(value.span.range()).unwrap_or_default();
    let mut words = line(value.after)
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let first = (words.next(), words.next());
    // Names of products are no words of the table, and said all the same.
    let is_said = text.iter().all(u8::is_ascii_alphabetic) && Traits::of(text).surprise < 6.5;
    matches!(first, (Some(one), Some(two)) if is_said && is_word(one) && is_word(two))
        && words.all(is_word)
}

/// Whether a value in running text is no word of it, no name and no number: it has digits among letters or signs, or is too
/// odd for a language.
fn stands_out(text: &[u8], kind: Option<NameKind>, operator: Operator) -> bool {
    let traits = Traits::of(text);
    // Equals signs at the end are those of base64.
    let text = text.strip_suffix(b"=").unwrap_or(text);
    let text = text.strip_suffix(b"=").unwrap_or(text);
    let is_code = text.iter().any(|byte| b"()[]{}<>=\\".contains(byte))
        || memchr::memmem::find(text, b"://").is_some();
    if is_code || traits.digits == 0 || traits.lower + traits.upper == 0 || traits.foreign > 0 {
        return false;
    }
    match (kind, operator) {
        (Some(NameKind::Password), Operator::Blank) => {
            traits.length >= 8
                && ((traits.symbols > 0 && traits.classes() == 4)
                    || (traits.looks_random() && traits.digits >= 2 && traits.length >= 10))
        }
        (Some(NameKind::Password), _) => {
            traits.length >= 6 && (traits.classes() >= 3 || traits.looks_random())
        }
        (Some(NameKind::Secret), _) => {
            traits.length >= 16 && traits.looks_random() && traits.digits >= 2
        }
        _ => false,
    }
}

/// `"X-Api-Key: value"`: name and value share their quotes.
fn is_header(before: &[u8], after: &[u8]) -> bool {
    matches!((before.last(), after.first()), (Some(open @ (b'"' | b'\'')), Some(close)) if open == close)
}

/// Whether `at` lies in a comment or in a text that was opened on its line.
pub(super) fn stands_inside(bytes: &[u8], at: usize) -> bool {
    let line = line_before(bytes, at);
    enclosing_quote(line).is_some()
        || begins_comment(line)
        || line.trim_ascii_start().starts_with(b"*")
}

/// What stands before `at` on its line.
fn line_before(bytes: &[u8], at: usize) -> &[u8] {
    bytes
        .get(at.saturating_sub(256)..at)
        .unwrap_or_default()
        .rsplit(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default()
}

/// The quote of a text that is open at the end of `line`.
fn enclosing_quote(line: &[u8]) -> Option<u8> {
    let mut open = None;
    let mut escaped = false;
    for &byte in line {
        match open {
            _ if escaped => escaped = false,
            _ if byte == b'\\' => escaped = true,
            Some(quote) if byte == quote => open = None,
            None if b"\"'`".contains(&byte) => open = Some(byte),
            _ => {}
        }
    }
    // A quote right before the name is the name's own: `"password": value`.
    let is_own = line.last().is_some_and(|byte| b"\"'`".contains(byte));
    open.filter(|_| !is_own)
}

/// The quote of the text that `name` stands in, when that text does not end with the name. It may begin with it: `'token='`.
fn quote_around(bytes: &[u8], name: Span) -> Option<u8> {
    let line = line_before(bytes, name.start);
    enclosing_quote(line).or_else(|| {
        let (last, before) = line.split_last()?;
        let opens = b"\"'`".contains(last) && enclosing_quote(before).is_none();
        (opens && bytes.get(name.end) != Some(last)).then_some(*last)
    })
}

/// Whether a quoted value ends the text that its name stands in: `"password=" + value + "&x"`, `"pass = '" . $value . "'"`.
pub(super) fn breaks_out(bytes: &[u8], name: Span, value: Value) -> bool {
    let Some(quote) = quote_around(bytes, name) else {
        return false;
    };
    // The name ends the text itself: `"--password": "value"`.
    if bytes.get(name.end) == Some(&quote) {
        return false;
    }
    let opening = value
        .span
        .start
        .checked_sub(1)
        .and_then(|at| bytes.get(at))
        .copied();
    let is_escaped = value.span.start >= 2 && bytes.get(value.span.start - 2) == Some(&b'\\');
    let text = bytes.get(value.span.range()).unwrap_or_default();
    let is_code = text
        .first()
        .is_some_and(|byte| b" +.,);:&|?%]}".contains(byte));
    (opening == Some(quote) && !is_escaped && is_code) || (quote != b'\'' && text.contains(&quote))
}

/// Where a bare value ends that stands in another text: at the sequence of a terminal's colour, at an escaped line break, at a
/// quote or a bracket of HTML (`&gt;`), at the next pair of a form's body (`new_password=x&token=y`).
fn text_end(text: &[u8], manner: Manner) -> Option<usize> {
    const COLOURS: [&[u8]; 5] = [b"\x1b", b"\\u001b", b"\\x1b", b"\\033", b"\\e["];
    const BREAKS: [&[u8]; 3] = [b"\\n", b"\\r", b"\\t"];
    let ends = if manner == Manner::Inside {
        &BREAKS[..]
    } else {
        &[]
    };
    const ENTITIES: [&[u8]; 3] = [b"&gt", b"&lt", b"&quot"];
    let next_pair = memchr::memchr_iter(b'&', text).find(|at| {
        let rest = text.get(at + 1..).unwrap_or_default();
        let name = ByteSet::WORD.with(b"-[]").run_end(rest, 0, rest.len());
        name >= 2 && rest.get(name) == Some(&b'=')
    });
    COLOURS
        .iter()
        .chain(&ENTITIES)
        .chain(ends)
        .filter_map(|mark| memchr::memmem::find(text, mark))
        .chain(next_pair)
        .min()
}

/// The bracket of a mapping or a call that opened before the name and closes behind the value: `User{token=x9k2}`,
/// `User(id=1, password=x9k2)`. A password may hold one as well.
fn closing_bracket(before: &[u8], text: &[u8]) -> Option<usize> {
    let is_open = |(open, close): &(u8, u8)| {
        let count = |mark: &u8| before.iter().filter(|byte| *byte == mark).count();
        count(open) > count(close) && !text.contains(open)
    };
    [(b'{', b'}'), (b'(', b')')]
        .into_iter()
        .filter(is_open)
        .filter_map(|(_, close)| memchr::memchr(close, text).filter(|at| *at > 0))
        .min()
}

/// In a query or a connection string a value ends at its separator.
fn cut_at_separator(bytes: &[u8], before: &[u8], candidate: &mut Candidate) {
    let span = candidate.span;
    let text = bytes.get(span.range()).unwrap_or_default();
    let name_start = candidate.name.map_or(0, |name| name.start);
    let in_query = name_start
        .checked_sub(1)
        .and_then(|at| bytes.get(at))
        .is_some_and(|byte| b"?&".contains(byte));
    // What cannot stand in a URL ends it as well: a closing bracket of Markdown, a character of another script.
    let ends_query = |byte: &u8| b"&#)]}\\".contains(byte) || !byte.is_ascii();
    let ends = [
        closing_bracket(before, text),
        text_end(text, candidate.manner),
        text.iter().position(|byte| in_query && ends_query(byte)),
    ];
    if let Some(at) = ends.into_iter().flatten().min() {
        candidate.span = Span::new(span.start, span.start + at);
    }
}

/// Whether nothing but indentation, a list mark, a quote or a shell's `export` stands before the name.
fn starts_line(before: &[u8]) -> bool {
    const WORDS: &[&[u8]] = &[
        b"export",
        b"set",
        b"env",
        b"-",
        b"- -",
        b"setenv",
        b"readonly",
        b"local",
    ];
    let text = before.trim_ascii();
    let text = text.strip_prefix(b"#").map_or(text, <[u8]>::trim_ascii);
    // A log's level, and an entry of a list that has its name as a member.
    if text.ends_with(b"]")
        || text.ends_with(b"] >")
        || text.ends_with(b"- name:")
        || text == b"name:"
    {
        return true;
    }
    let text = text
        .strip_suffix(b"\"")
        .or_else(|| text.strip_suffix(b"'"))
        .unwrap_or(text)
        .trim_ascii();
    text.is_empty() || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether the line starts with a word whose arguments are name and value.
fn starts_with_command(before: &[u8]) -> bool {
    const WORDS: &[&[u8]] = &[
        b"env",
        b"arg",
        b"#define",
        b"setenv",
        b"define",
        b"login",
        b"machine",
        b"proxy_set_header",
        b"fastcgi_param",
    ];
    let text = before.trim_ascii();
    let first = text
        .split(u8::is_ascii_whitespace)
        .next()
        .unwrap_or_default();
    WORDS.iter().any(|word| first.eq_ignore_ascii_case(word))
}

/// Whether only blanks and a comment follow on the line.
pub(super) fn ends_line(bytes: &[u8], at: usize) -> bool {
    let next = operator::skip_blanks(bytes, at);
    match bytes.get(next) {
        None | Some(b'\r' | b'\n') => true,
        Some(b'#') => next > at,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::confirm::Runs;

    #[test]
    fn a_word_that_goes_on_as_a_sentence_is_no_value() {
        let opens = |text: &str| {
            let at = text.find('=').unwrap() + 1;
            let value = value::read(text.as_bytes(), at, Operator::Equals, &mut Runs::default());
            opens_sentence(text.as_bytes(), value.unwrap())
        };
        assert!(opens("password=mongodb password to bind\nnext=x"));
        assert!(!opens("password=mongodb\nnext value here"));
        assert!(!opens("PASSWORD=mongodb ./run me"));
        assert!(!opens("password=mong0db password to bind"));
        assert!(!opens("password=xkqzvbntrp of the old shop"));
    }

    #[test]
    fn comments_and_texts_are_told_from_code() {
        let inside = |line: &str| {
            let text = ["first line\n", line].concat();
            stands_inside(text.as_bytes(), text.find("password").unwrap())
        };
        for line in [
            "# password=x",
            "// see password=x",
            "run(\"mysql --password=x\")",
            "  * password: x",
            "'it\\'s password=x'",
        ] {
            assert!(inside(line), "{line}");
        }
        for line in [
            "password = x",
            "\"password\": x",
            "f(\"a\", password=x)",
            "#define password x",
            "'a' + password=x",
        ] {
            assert!(!inside(line), "{line}");
        }
    }
}
