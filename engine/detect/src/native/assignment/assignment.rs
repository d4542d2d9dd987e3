//! The detector: from a hit inside of a name to the value that is assigned to it.
//!
//! Most hits end at the operator: nothing that assigns follows the name. What is left is read as a value; the name
//! decides what kind of value is expected, the judge whether it is one.

use leakward_core::Span;

use super::name::{self, NameKind};
use super::operator::{self, Operator};
use super::table;
use super::value::{self, Value};
use super::{argument, aside, insert};
use crate::byte_set::ByteSet;
use crate::confirm::{Candidate, Runs};
use crate::detection::Manner;
use crate::judge::{Traits, begins_comment};

/// Longest part of a name before and after the hit.
const NAME: usize = 64;

/// How far before a hit and after it the detector reads at most. Mostly it reads less: see [`reads`].
pub(crate) const REACH: (usize, usize) = (NAME + 256, NAME + 2 * value::LONGEST);

/// From a name on so many line ends are read, but for the rows of a table.
///
/// PERF: a version of a file is looked at again where what was read for a hit has changed. With all that may be read, that were three
/// of four looks of a scan of history; a value stands on the name's line or on one of the next.
const LINES: usize = 8;

/// What names are made of to the left of the hit.
const NAME_BEFORE: ByteSet = ByteSet::WORD.with(b"-.$");

/// What names are made of to the right of the hit.
const NAME_AFTER: ByteSet = ByteSet::WORD.with(b"-");

/// What can follow a part of a name: more of it, what closes it, an operator, a line break before `value:`.
pub(crate) const NEXT: ByteSet = ByteSet::WORD.with(b"-.\"'`\\)]>[:=!?+|({<,; \t\r\n&%*");

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
        (b"|,;\n\r*`".contains(after) && table::may_be_header(bytes, name))
            || (b",)`\"]".contains(after) && insert::may_be_column(bytes, name))
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
    Some((operator, value))
}

/// Whether name and value only stand as if one was assigned to the other.
fn is_something_else(bytes: &[u8], name: Span, operator: Operator, value: Value) -> bool {
    let name_text = bytes.get(name.range()).unwrap_or_default();
    let before = name.start.checked_sub(1).and_then(|at| bytes.get(at));
    match operator {
        // Of a list's entries only a whole one is a name: `"etc/passwd", "lib"` are paths.
        Operator::Comma => {
            !before.is_some_and(|byte| b"\"'`:{#".contains(byte))
                || argument::is_of_something_else(bytes, name)
        }
        // `-p$MYSQL_ROOT_PASSWORD shutdown`: a variable that is used, and the command's next word.
        Operator::Blank => name_text.contains(&b'$'),
        // `--password= shop`: an option without a value, and the command's next word.
        Operator::Equals => {
            bytes
                .get(..name.start)
                .is_some_and(|text| text.ends_with(b"--"))
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

/// `name="password" value="…"`, `"key": "password", "value": "…"`, `- name: PASSWORD⏎  value: …`: where the value's
/// part begins.
fn attribute_value(bytes: &[u8], name_end: usize) -> Option<(Operator, usize)> {
    const NAMES: &[&[u8]] = &[b"value", b"content", b"default", b"string"];
    let (closed, _) = operator::name_close(bytes, name_end);
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
    let word = NAMES.iter().find(|word| {
        rest.get(..word.len())
            .is_some_and(|there| there.eq_ignore_ascii_case(word))
    })?;
    match operator::read(bytes, open + word.len())? {
        (operator @ (Operator::Equals | Operator::Colon | Operator::Element), at) => {
            Some((operator, at))
        }
        _ => None,
    }
}

/// The values below a table's header.
fn in_table(rule: usize, bytes: &[u8], name: Span) -> Option<Candidate> {
    let after = *bytes.get(operator::skip_blanks(bytes, name.end))?;
    let mut cells = if b"|,;\n\r*`".contains(&after) {
        table::below(bytes, name)
    } else {
        Vec::new()
    };
    if cells.is_empty() && b",)`\"]".contains(&after) {
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

/// What speaks for and against a quoted value by its surroundings.
fn quoted_evidence(
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
    evidence_behind(bytes, operator, value, candidate)
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
fn bare_evidence(
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
    let is_flag = before.ends_with(b"--") || before.ends_with(b" -") || before.ends_with(b"-D");
    let tight = bytes.get(name.end) == Some(&b'=');
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
    let is_environment = tight && name::is_setting(bytes.get(name.range())?);
    if !is_text(bytes, candidate.span) || (!is_environment && opens_sentence(bytes, value)) {
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
fn stands_inside(bytes: &[u8], at: usize) -> bool {
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
fn breaks_out(bytes: &[u8], name: Span, value: Value) -> bool {
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
fn ends_line(bytes: &[u8], at: usize) -> bool {
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
