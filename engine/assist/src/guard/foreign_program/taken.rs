//! What a statement takes (files, variables, outputs of commands), and whether it is only asked about. Not for where that goes.

use super::text::{Span, dotted, without_name};
use super::words::{ALL_VARIABLES, ASKED_BEFORE, ASKED_BEHIND, OPENS, RUNS, VARIABLES};

/// LIMIT: bytes of a name in quotes, as of a path.
const LONGEST_NAME: usize = 4_096;

/// Something that a statement takes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    File(String),
    Variable(String),
    AllVariables,
    Command(String),
}

/// What a statement takes, and where.
pub(super) fn taken(text: &str) -> Vec<(Span, Taken)> {
    let mut all = Vec::new();
    let places = |words: &'static [&'static str]| {
        let places = words.iter().flat_map(|word| text.match_indices(word));
        places.filter(|(at, word)| {
            // `reopen(` opens nothing, and `MY_ENV[` is no environment.
            let is_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
            let before = text.get(..*at).unwrap_or_default();
            !(word.starts_with(is_of_word) && before.ends_with(is_of_word))
        })
    };
    for (at, word) in places(OPENS) {
        let start = at + word.len();
        if let Some((name, end)) = literal(text, start)
            && !is_written(text, end)
        {
            all.push((at..closed(text, end), Taken::File(name)));
        }
    }
    for (at, word) in places(RUNS) {
        if let Some((line, end)) = literal(text, at + word.len()) {
            all.push((at..closed(text, end), Taken::Command(line)));
        }
    }
    for (at, word) in places(VARIABLES) {
        let start = at + word.len();
        let is_plain = word.ends_with(['.', ':', '{']);
        let behind = text.get(start..).unwrap_or_default();
        let quote = usize::from(behind.starts_with(['\'', '"']));
        let name = behind.get(quote..).unwrap_or_default();
        let length = name.find(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
        let name = name.get(..length.unwrap_or(name.len())).unwrap_or_default();
        let end = start + 2 * quote + name.len();
        let end = if is_plain && quote == 0 {
            end
        } else {
            closed(text, end)
        };
        // With what it is a part of: `os.environ`.
        let at = without_name(text.get(..at).unwrap_or_default()).len();
        // Which one is said by a variable of the program.
        let taken = match is_plain || quote == 1 {
            true if name.is_empty() => continue,
            true => Taken::Variable(name.to_owned()),
            false => Taken::AllVariables,
        };
        all.push((at..end, taken));
    }
    for (span, word) in dotted(text) {
        let behind = text.get(span.end..).unwrap_or_default();
        let before = text.get(..span.start).unwrap_or_default();
        let is_name_of_one = behind.starts_with(['[', '{']);
        // The names alone: `for name in os.environ`.
        let has_names = before.ends_with("in ") && word.ends_with(['v', 'n']);
        if ALL_VARIABLES.contains(&word) && !is_name_of_one && !has_names {
            all.push((span, Taken::AllVariables));
        }
    }
    all
}

/// The text in quotes that begins here, and where it ends; of a list of them, all of it.
pub(super) fn literal(text: &str, start: usize) -> Option<(String, usize)> {
    let behind = text.get(start..)?;
    let blanks = behind.len() - behind.trim_start_matches([' ', '[', 'r', 'f', 'b']).len();
    let is_list = behind.get(..blanks)?.contains('[');
    let start = start + blanks;
    let behind = text.get(start..)?;
    let quote = behind
        .chars()
        .next()
        .filter(|letter| "'\"`".contains(*letter))?;
    let near = behind.bytes().skip(1).take(LONGEST_NAME);
    let length = near.enumerate().find(|(_, byte)| *byte == quote as u8)?.0;
    let name = behind.get(1..=length)?;
    if !is_list {
        return Some((name.to_owned(), start + length + 2));
    }
    let end = behind
        .bytes()
        .take(LONGEST_NAME)
        .position(|byte| byte == b']')?;
    let words = behind.get(..end)?.replace(['\'', '"', ','], " ");
    Some((words, start + end + 1))
}

/// Whether what was opened up to here is opened to be written.
pub(super) fn is_written(text: &str, end: usize) -> bool {
    let behind = text.get(end..).unwrap_or_default();
    let mode = behind.trim_start_matches([' ', ',']);
    let mode = mode.strip_prefix("mode=").unwrap_or(mode);
    let mode = mode.strip_prefix(['\'', '"']);
    mode.is_some_and(|mode| mode.starts_with(['w', 'a', 'x']))
        || behind.trim_start_matches(')').starts_with(".write")
}

/// Behind the bracket that closes what ends here, where one does near by.
pub(super) fn closed(text: &str, end: usize) -> usize {
    let behind = text.get(end..).unwrap_or_default().bytes().take(64);
    let bracket = behind.enumerate().find(|(_, byte)| b")]}".contains(byte));
    bracket.map_or(end, |(at, _)| end + at + 1)
}

/// Whether what stands here is only counted, compared or asked for, or so few letters of it that they do not matter.
pub(super) fn is_asked(text: &str, span: &Span) -> bool {
    let before = text.get(..span.start).unwrap_or_default();
    let behind = text.get(span.end..).unwrap_or_default().trim_start();
    let mut around = before.trim_end_matches('(');
    let ends = |text: &str| ASKED_BEFORE.iter().any(|word| text.ends_with(word));
    for _ in 0..4 {
        if ends(around) {
            return true;
        }
        // `len(json.load(open(…)))`: calls around it.
        let outer = without_name(around);
        if !outer.ends_with('(') {
            break;
        }
        around = outer.trim_end_matches('(');
    }
    let few = behind
        .strip_prefix("[:")
        .or(behind.strip_prefix(".slice(0,"));
    let few = few.and_then(|few| few.trim_start().split([']', ')']).next());
    let is_few = few.is_some_and(|few| few.parse::<u8>().is_ok_and(|few| few <= 8));
    is_few || ASKED_BEHIND.iter().any(|word| behind.starts_with(word))
}
