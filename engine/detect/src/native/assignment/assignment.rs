//! The detector: from a hit inside of a name to the value that is assigned to it.
//!
//! Most hits end at the operator: nothing that assigns follows the name. What is left is read as a value; the name
//! decides what kind of value is expected, what stands around it (`evidence.rs`) and the judge whether it is one.

use leakward_core::Span;

use super::evidence::{bare_evidence, breaks_out, ends_line, quoted_evidence, stands_inside};
use super::list::{self, List};
use super::name::{self, NameKind};
use super::operator::{self, Operator};
use super::table;
use super::value::{self, Value};
use super::{argument, aside, insert};
use crate::byte_set::ByteSet;
use crate::confirm::{Candidate, Runs};
use crate::detection::Manner;

/// Longest part of a name before and after the hit.
const NAME: usize = 64;

/// How far before a hit and after it the detector reads at most. Mostly it reads less: see [`reads`].
pub(crate) const REACH: (usize, usize) = (NAME + 256, NAME + 2 * value::LONGEST);

/// From a name on so many line ends are read, but for the rows of a table.
///
/// PERF: a version of a file is looked at again where what was read for a hit has changed. With two kilobytes read for each, most looks of a scan of
/// history are for edits far from the name; a value stands on the name's line or on one of the next.
const LINES: usize = 8;

/// What names are made of to the left of the hit.
const NAME_BEFORE: ByteSet = ByteSet::WORD.with(b"-.$");

/// What names are made of to the right of the hit.
const NAME_AFTER: ByteSet = ByteSet::WORD.with(b"-");

/// What can follow a part of a name: more of it, what closes it, an operator, a line break before `value:`.
pub(crate) const NEXT: ByteSet = ByteSet::WORD.with(b"-.\"'`\\)]>[:=!?+|({<,; \t\r\n&%*");

/// What follows a header's cell, and what follows a column in a statement.
const BEHIND_CELL: &[u8] = b"|,;\n\r*`";
const BEHIND_COLUMN: &[u8] = b",)`\"]";

/// Looks at the hit of a name's part.
pub(crate) fn find(rule: usize, bytes: &[u8], hit: Span, runs: &mut Runs) -> Option<Candidate> {
    let name = name_around(bytes, hit)?;
    let may_be_header = may_be_header(bytes, name);
    if may_be_header && let Some(candidate) = in_table(rule, bytes, name) {
        return Some(candidate);
    }
    let bytes = match may_be_header {
        true => bytes,
        false => bytes.get(..lines_end(bytes, hit.start))?,
    };
    if let Some(candidate) = in_list(rule, bytes, name) {
        return Some(candidate);
    }
    let (operator, value) = assigned(bytes, name, runs)?;
    if is_something_else(bytes, name, operator, value) {
        return None;
    }
    let kind = NameKind::of(bytes.get(name.range())?)?;
    let mut candidate = Candidate::new(rule, value.span);
    candidate.name = Some(name);
    candidate.expects = Some(kind);
    candidate.manner = if value.quoted {
        Manner::Quoted
    } else if stands_inside(bytes, name.start) {
        Manner::Inside
    } else {
        Manner::Bare
    };
    if value.quoted {
        if breaks_out(bytes, name, value) {
            return None;
        }
        quoted_evidence(bytes, (name, operator), value, &mut candidate)?;
    } else {
        bare_evidence(bytes, name, operator, value, &mut candidate)?;
    }
    Some(candidate)
}

/// How far before the hit and after it [`find`] reads, whatever it finds.
pub(crate) fn reads(bytes: &[u8], hit: Span) -> (usize, usize) {
    match name_around(bytes, hit) {
        Some(name) if may_be_header(bytes, name) => REACH,
        _ => (REACH.0, lines_end(bytes, hit.start) - hit.start),
    }
}

/// Where the lines end that are read for a name at `from`.
fn lines_end(bytes: &[u8], from: usize) -> usize {
    let reach = from.saturating_add(REACH.1).min(bytes.len());
    let rest = bytes.get(from..reach).unwrap_or_default();
    let end = memchr::memchr_iter(b'\n', rest).nth(LINES - 1);
    end.map_or(reach, |at| from + at + 1)
}

/// Whether the name may be a column's: the only case in which more than some lines are read.
fn may_be_header(bytes: &[u8], name: Span) -> bool {
    // Cells are told by what follows the name; most names end here.
    let after = bytes.get(operator::skip_blanks(bytes, name.end));
    after.is_some_and(|after| {
        (BEHIND_CELL.contains(after) && table::may_be_header(bytes, name))
            || (BEHIND_COLUMN.contains(after) && insert::may_be_column(bytes, name))
    })
}

/// How the value is written, and the value.
fn assigned(bytes: &[u8], name: Span, runs: &mut Runs) -> Option<(Operator, Value)> {
    if let Some(value) = aside::value_of(bytes, name) {
        return Some((Operator::Call, value));
    }
    let (operator, value_part) = attribute_value(bytes, name.end)
        .or_else(|| tuple_value(bytes, name))
        .or_else(|| next_text(bytes, name))
        .or_else(|| operator::read(bytes, name.end))?;
    // `userAndPassword("derek", "…")`: the first of two arguments is the user.
    let second = match operator {
        Operator::Call if takes_two(bytes, name) => value::behind_comma(bytes, value_part, runs),
        _ => None,
    };
    let value = match second {
        Some(second) => value::quoted(bytes, second)?,
        None => value::read(bytes, value_part, operator, runs)?,
    };
    let default = looked_up(bytes, name, value).or_else(|| aside::default_in(bytes, value));
    Some((operator, default.unwrap_or(value)))
}

/// `SECRET_KEY = env.str("SECRET_KEY", default="…")`: what is used when a variable that is looked up is not set.
fn looked_up(bytes: &[u8], name: Span, value: Value) -> Option<Value> {
    let variable = bytes.get(value.span.range())?;
    if !value.quoted || !variable.eq_ignore_ascii_case(bytes.get(name.range())?) {
        return None;
    }
    let comma = operator::skip_blanks(bytes, value.after);
    if bytes.get(comma) != Some(&b',') {
        return None;
    }
    let default = operator::skip_blanks(bytes, operator::after_default(bytes, comma + 1));
    let default = value::quoted(bytes, default)?;
    Some(Value {
        is_default: true,
        ..default
    })
}

/// Whether name and value only stand as if one was assigned to the other.
fn is_something_else(bytes: &[u8], name: Span, operator: Operator, value: Value) -> bool {
    let name_text = bytes.get(name.range()).unwrap_or_default();
    let line = bytes.get(..name.start).unwrap_or_default();
    match operator {
        // Of a list's entries only a whole one is a name: `"etc/passwd", "lib"` are paths.
        Operator::Comma => {
            // A command's arguments one by one: `"--password", "…"`.
            let option = line.strip_suffix(b"--").or(line.strip_suffix(b"-"));
            let before = option.unwrap_or(line).last();
            !before.is_some_and(|byte| b"\"'`:{#".contains(byte))
                || argument::is_of_something_else(bytes, name)
        }
        // `-p$MYSQL_ROOT_PASSWORD shutdown`: a variable that is used, and the command's next word.
        Operator::Blank => name_text.contains(&b'$'),
        // `--password= shop`, `-e DB_PASSWORD= postgres`: an option without a value, and the command's next word.
        Operator::Equals => {
            let is_option = [&b"--"[..], b"-e ", b"--env "]
                .iter()
                .any(|option| line.ends_with(option));
            is_option
                && bytes
                    .get(name.end..)
                    .is_some_and(|text| text.starts_with(b"= "))
        }
        // What test runners print: `--- PASS: Name (0.1s)`.
        Operator::Colon => name_text == b"PASS" && !value.quoted && !ends_line(bytes, value.after),
        _ => false,
    }
}

/// The whole name around a hit. The hit may itself hold an operator or a quote (`pass=`), which is not part of it.
fn name_around(bytes: &[u8], hit: Span) -> Option<Span> {
    let text = bytes.get(hit.range())?;
    let lead = text.iter().position(u8::is_ascii_alphanumeric)?;
    let tail = text.iter().rposition(u8::is_ascii_alphanumeric)?;
    let (core_start, core_end) = (hit.start + lead, hit.start + tail + 1);
    let start = NAME_BEFORE.run_start(bytes, core_start, core_start.saturating_sub(NAME));
    let end = NAME_AFTER.run_end(bytes, core_end, core_end + NAME);
    let end = behind_dots(bytes, end, core_end + NAME);
    // Dashes before a name are an option's, a dash after it is an arrow's.
    let skipped = bytes
        .get(start..end)?
        .iter()
        .take_while(|byte| b"-.$".contains(byte))
        .count();
    let mut end = end;
    while end > core_end && bytes.get(end - 1) == Some(&b'-') {
        end -= 1;
    }
    Some(Span::new(start + skipped, end))
}

/// The end of a name whose further parts stand behind dots, as in files of properties: `jwt.secret.key=`. What a program does with a
/// variable is no part of its name: `token.split(`.
fn behind_dots(bytes: &[u8], end: usize, limit: usize) -> usize {
    let mut at = end;
    while bytes.get(at) == Some(&b'.') && at < limit {
        let next = NAME_AFTER.run_end(bytes, at + 1, limit);
        if next == at + 1 {
            return end;
        }
        at = next;
    }
    let operator = operator::skip_blanks(bytes, at);
    match bytes.get(operator..).unwrap_or_default() {
        [b'=', b'=' | b'>' | b'~', ..] | [b':', b':' | b'=' | b'/', ..] => end,
        [b'=' | b':', ..] => at,
        _ => end,
    }
}

/// `name="password" value="…"`, `"key": "password", "value": "…"`, `- name: PASSWORD⏎  value: …`: where the value's
/// part begins.
fn attribute_value(bytes: &[u8], name_end: usize) -> Option<(Operator, usize)> {
    const NAMES: &[&[u8]] = &[b"value", b"content", b"default", b"string"];
    // A property list's `<key>ApiKey</key>⏎<string>…`.
    let is_key = bytes.get(name_end..)?.starts_with(b"</key>");
    let (closed, _) = match is_key {
        true => (name_end + b"</key>".len(), true),
        false => operator::name_close(bytes, name_end),
    };
    let gap = ByteSet::SPACE
        .with(b",;")
        .run_end(bytes, closed, closed + 64);
    let lines = bytes
        .get(closed..gap)?
        .iter()
        .filter(|byte| **byte == b'\n')
        .count();
    if gap == closed || lines > 1 {
        return None;
    }
    let open = match bytes.get(gap) {
        Some(b'"' | b'\'' | b'<') => gap + 1,
        _ => gap,
    };
    let rest = bytes.get(open..)?;
    // PowerShell's `-Name Password -Value "…"`.
    if let [b'-', word @ ..] = rest
        && word
            .get(..5)
            .is_some_and(|word| word.eq_ignore_ascii_case(b"value"))
        && matches!(word.get(5), Some(b' ' | b':'))
    {
        return Some((Operator::Equals, open + 7));
    }
    let word_at = |rest: &[u8]| {
        NAMES.iter().find(|word| {
            rest.get(..word.len())
                .is_some_and(|there| there.eq_ignore_ascii_case(word))
        })
    };
    // Android's `android:name="…" android:value="…"`.
    let (open, word) = match word_at(rest) {
        Some(word) => (open, word),
        None => {
            let prefix = ByteSet::WORD.run_end(rest, 0, 16);
            let inner = rest.get(prefix..)?.strip_prefix(b":")?;
            (open + prefix + 1, word_at(inner)?)
        }
    };
    match operator::read(bytes, open + word.len())? {
        (operator @ (Operator::Equals | Operator::Colon | Operator::Element), at) => {
            Some((operator, at))
        }
        _ => None,
    }
}

/// The texts or the numbers in the brackets that are assigned to the name.
fn in_list(rule: usize, bytes: &[u8], name: Span) -> Option<Candidate> {
    let (operator, at) = operator::read(bytes, name.end)?;
    let values = list::read(bytes, at, operator)?;
    let text = bytes.get(name.range())?;
    // `passwords`, `API_KEYS`.
    let kind = NameKind::of(text)
        .or_else(|| NameKind::of(text.strip_suffix(b"s").or(text.strip_suffix(b"S"))?))?;
    let (first, more, words) = match values {
        List::Texts(texts) => {
            let (first, more) = texts.split_first()?;
            (
                *first,
                more.to_vec(),
                "it stands in a list of the name's values",
            )
        }
        List::Numbers(numbers) => (numbers, Vec::new(), "it is assigned to the name"),
    };
    let mut candidate = Candidate::new(rule, first);
    candidate.more = more;
    candidate.name = Some(name);
    candidate.expects = Some(kind);
    candidate.manner = Manner::Quoted;
    candidate.evidence.push((0, words.into()));
    Some(candidate)
}

/// The values below a table's header.
fn in_table(rule: usize, bytes: &[u8], name: Span) -> Option<Candidate> {
    let after = *bytes.get(operator::skip_blanks(bytes, name.end))?;
    let mut cells = if BEHIND_CELL.contains(&after) {
        table::below(bytes, name)
    } else {
        Vec::new()
    };
    if cells.is_empty() && BEHIND_COLUMN.contains(&after) {
        cells = insert::values(bytes, name);
    }
    let mut cells = cells.into_iter();
    let mut candidate = Candidate::new(rule, cells.next()?);
    candidate.more = cells.collect();
    candidate.name = Some(name);
    candidate.expects = Some(NameKind::of(bytes.get(name.range())?)?);
    candidate.manner = Manner::Quoted;
    candidate
        .evidence
        .push((5, "it stands in the name's column".into()));
    Some(candidate)
}

/// Haskell's `setEnv "NAME" "value"`: a setting's name in quotes, and the next text behind a blank.
fn next_text(bytes: &[u8], name: Span) -> Option<(Operator, usize)> {
    let is_setting = name::is_setting(bytes.get(name.range())?);
    match bytes.get(name.end..name.end + 3)? {
        [b'"', b' ', b'"'] | [b'\'', b' ', b'\''] if is_setting => {
            Some((Operator::Comma, name.end + 2))
        }
        _ => None,
    }
}

/// Erlang's `{name, "value"}` and `{name, <<"value">>}`.
fn tuple_value(bytes: &[u8], name: Span) -> Option<(Operator, usize)> {
    let open = bytes.get(name.start.checked_sub(1)?)?;
    let is_tuple = *open == b'{' && bytes.get(name.end) == Some(&b',');
    is_tuple.then_some((Operator::Comma, name.end + 1))
}

/// Whether a call's name says that it takes two things.
fn takes_two(bytes: &[u8], name: Span) -> bool {
    let name = bytes.get(name.range()).unwrap_or_default();
    name::words(name).iter().any(|word| word == b"and")
}
