//! How much of a file a program shows: `head -5`, `sed -n '10,20p'` and `cut -d= -f1` show less than all of it, and
//! `grep -c` shows nothing.
//!
//! Whatever is not surely less is taken for all of it.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use leakward_core::Finding;

use super::command_line::Word;

/// What is shown of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum View {
    /// All of it.
    #[default]
    Whole,
    /// Lines, counted from 1, the last one included.
    Lines(u32, u32),
    /// So many lines at its end.
    Last(u32),
    /// Of each line what stands before this letter; all of it where it has none.
    Before(char),
    /// Lines that have one of these in them, in letters of either case; a dot stands for any letter.
    Matching(Vec<String>),
}

impl View {
    /// What `program` shows of the files that it is given; nothing when it shows nothing.
    pub(super) fn of(program: &str, arguments: &[Word]) -> Option<Self> {
        let words: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
        match program {
            "head" => Some(head(&words)),
            "tail" => Some(tail(&words)),
            "sed" => sed(&words),
            "cut" => Some(cut(&words)),
            "awk" | "gawk" => Some(awk(&words)),
            "grep" | "egrep" | "fgrep" | "rg" if only_counts(program, &words) => None,
            "grep" | "egrep" | "fgrep" | "rg" => {
                Some(matched(program, &words).map_or(Self::Whole, Self::Matching))
            }
            "jq" | "yq" if only_names(&words) => None,
            _ => Some(Self::Whole),
        }
    }

    /// Whether it shows parts of lines, so that what is found in them is not what is found in the file.
    pub(super) fn cuts_lines(&self) -> bool {
        matches!(self, Self::Before(_))
    }

    /// The part of a file that is looked at, for findings in it to be told with the numbers of its lines.
    pub(super) fn part<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let Self::Before(letter) = *self else {
            return Cow::Borrowed(bytes);
        };
        let mut part = Vec::new();
        let mut before = [0; 4];
        let letter = letter.encode_utf8(&mut before).as_bytes();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let end = line.windows(letter.len()).position(|at| at == letter);
            part.extend_from_slice(line.get(..end.unwrap_or(line.len())).unwrap_or_default());
            if end.is_some() {
                part.push(b'\n');
            }
        }
        Cow::Owned(part)
    }

    /// Whether it shows any of a finding in a file with these bytes.
    pub(super) fn shows(&self, finding: &Finding, bytes: &[u8]) -> bool {
        let (first, last) = match self {
            Self::Whole | Self::Before(_) => return true,
            Self::Matching(wanted) => {
                let mut places = finding.locations.iter();
                return finding.more_locations > 0
                    || places.any(|place| {
                        let range = &place.range;
                        has(bytes, range.start.line..=range.end.line, wanted)
                    });
            }
            Self::Lines(first, last) => (*first, *last),
            Self::Last(count) => {
                let lines = bytes.split_inclusive(|byte| *byte == b'\n').count();
                let lines = u32::try_from(lines).unwrap_or(u32::MAX);
                (lines.saturating_sub(*count).saturating_add(1), u32::MAX)
            }
        };
        // Places that are not named may be anywhere.
        finding.more_locations > 0
            || finding.locations.iter().any(|location| {
                location.range.start.line <= last && location.range.end.line >= first
            })
    }
}

/// Whether one of these lines has one of these texts in it.
fn has(bytes: &[u8], lines: RangeInclusive<u32>, wanted: &[String]) -> bool {
    let first = usize::try_from(*lines.start()).unwrap_or(usize::MAX);
    let count = lines.end().saturating_sub(*lines.start()).saturating_add(1);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let all = bytes.split(|byte| *byte == b'\n');
    let mut shown = all.skip(first.saturating_sub(1)).take(count);
    shown.any(|line| wanted.iter().any(|text| is_in(line, text.as_bytes())))
}

fn is_in(line: &[u8], text: &[u8]) -> bool {
    let fits = |at: &[u8]| {
        let mut pairs = at.iter().zip(text);
        pairs.all(|(byte, wanted)| *wanted == b'.' || byte.eq_ignore_ascii_case(wanted))
    };
    text.is_empty() || line.windows(text.len()).any(fits)
}

/// The value of an option, in each of the ways to write it: `-n5`, `-n 5`, `--lines=5`, `--lines 5`.
fn value<'w>(words: &[&'w str], short: &str, long: &str) -> Option<&'w str> {
    words.iter().enumerate().find_map(|(at, word)| {
        if *word == short || *word == long {
            return words.get(at + 1).copied();
        }
        let behind_long = word
            .strip_prefix(long)
            .and_then(|rest| rest.strip_prefix('='));
        behind_long.or_else(|| word.strip_prefix(short))
    })
}

/// `-5`
fn old_count(words: &[&str]) -> Option<u32> {
    words
        .iter()
        .find_map(|word| word.strip_prefix('-')?.parse().ok())
}

/// What `head` and `tail` show when it is not said.
const SHOWN: u32 = 10;

fn counts_bytes(words: &[&str]) -> bool {
    let of_bytes = |word: &&str| {
        let is_short = word.starts_with('-') && !word.starts_with("--") && word.contains('c');
        is_short || word.starts_with("--bytes")
    };
    words.iter().any(of_bytes)
}

fn head(words: &[&str]) -> View {
    let said = value(words, "-n", "--lines");
    match said.map(str::parse) {
        _ if counts_bytes(words) => View::Whole,
        Some(Ok(count)) => View::Lines(1, count),
        Some(Err(_)) => View::Whole,
        None => View::Lines(1, old_count(words).unwrap_or(SHOWN)),
    }
}

fn tail(words: &[&str]) -> View {
    let follows = |word: &&str| matches!(*word, "-f" | "-F" | "-r") || word.starts_with("--follow");
    if counts_bytes(words) || words.iter().any(follows) {
        return View::Whole;
    }
    match value(words, "-n", "--lines") {
        Some(said) => match (said.strip_prefix('+'), said.parse()) {
            (Some(first), _) => first
                .parse()
                .map_or(View::Whole, |first| View::Lines(first, u32::MAX)),
            (None, Ok(count)) => View::Last(count),
            (None, Err(_)) => View::Whole,
        },
        None if words.iter().any(|word| word.starts_with('+')) => View::Whole,
        None => View::Last(old_count(words).unwrap_or(SHOWN)),
    }
}

/// Nothing when the file is changed in its place.
fn sed(words: &[&str]) -> Option<View> {
    if is_in_place(words) {
        return None;
    }
    let mut scripts = words.iter().filter(|word| !word.starts_with('-'));
    let is_known = |word: &&&str| word.starts_with('-') && !matches!(**word, "-n" | "-E" | "-r");
    let script = scripts.next().copied().unwrap_or_default();
    if words.iter().any(|word| is_known(&word)) {
        return Some(View::Whole);
    }
    if words.contains(&"-n") {
        return Some(printed(script).unwrap_or_default());
    }
    Some(cut_off(script).map_or(View::Whole, View::Before))
}

/// `sed -i`, `sed -Ei.bak`, `sed --in-place`
pub(super) fn is_in_place(words: &[&str]) -> bool {
    words.iter().any(|word| {
        let letters = word.strip_prefix('-').unwrap_or_default();
        let mut flags = letters
            .chars()
            .take_while(|letter| !"efl".contains(*letter));
        (!letters.starts_with('-') && flags.any(|flag| flag == 'i'))
            || word.starts_with("--in-place")
    })
}

/// `10,20p`, `5p;7p`
fn printed(script: &str) -> Option<View> {
    let (mut first, mut last) = (u32::MAX, 0);
    for command in script.split(';') {
        let lines = command.trim();
        // `20q` ends it.
        if lines
            .strip_suffix('q')
            .is_some_and(|line| line.parse::<u32>().is_ok())
        {
            continue;
        }
        let lines = lines.strip_suffix('p')?;
        let (from, to) = lines.split_once(',').unwrap_or((lines, lines));
        first = first.min(from.trim().parse().ok()?);
        last = last.max(match to.trim() {
            "$" => u32::MAX,
            to => to.parse().ok()?,
        });
    }
    (first <= last).then_some(View::Lines(first, last))
}

/// The letter from which on `s/=.*//` cuts off.
fn cut_off(script: &str) -> Option<char> {
    let mut letters = script.strip_prefix('s')?.chars();
    let (between, letter) = (letters.next()?, letters.next()?);
    let rest = letters.as_str().strip_prefix(".*")?.strip_prefix(between)?;
    let (put, flags) = rest.split_once(between)?;
    // What was found may be put back, and expressions mean more than one letter.
    let is_plain = !put.contains(['&', '\\']) && "=: ".contains(letter);
    (is_plain && (flags.is_empty() || flags == "g")).then_some(letter)
}

fn cut(words: &[&str]) -> View {
    let letter = value(words, "-d", "--delimiter").and_then(one_letter);
    match (letter, value(words, "-f", "--fields")) {
        (Some(letter), Some("1")) if !words.contains(&"--complement") => View::Before(letter),
        _ => View::Whole,
    }
}

fn awk(words: &[&str]) -> View {
    let letter = value(words, "-F", "--field-separator").and_then(one_letter);
    let prints = |word: &&str| {
        let program: String = word.split_whitespace().collect();
        program == "{print$1}"
    };
    let others = words
        .iter()
        .filter(|word| word.starts_with('-') && !word.starts_with("-F"))
        .count();
    let programs = words.iter().filter(|word| word.contains('{')).count();
    match letter {
        // A blank stands for any stretch of blanks, those at the beginning left out.
        Some(letter)
            if letter != ' ' && others == 0 && programs == 1 && words.iter().any(prints) =>
        {
            View::Before(letter)
        }
        _ => View::Whole,
    }
}

fn one_letter(text: &str) -> Option<char> {
    let mut letters = text.chars();
    letters.next().filter(|_| letters.next().is_none())
}

/// What each line that `grep` shows has in it, if the expression is one of plain texts.
fn matched(program: &str, words: &[&str]) -> Option<Vec<String>> {
    // Letters of options that show no other lines than those, nor take a value.
    const PLAIN: &str = "nirRHhwxosEFI";
    let is_plain = |word: &&&str| {
        let letters = word.strip_prefix('-').unwrap_or_default();
        let is_short =
            !letters.starts_with('-') && letters.chars().all(|letter| PLAIN.contains(letter));
        is_short
            || ["--color", "--colour", "--include=", "--exclude"]
                .iter()
                .any(|long| word.starts_with(long))
    };
    let mut options = words.iter().filter(|word| word.starts_with('-'));
    let expression = words.iter().find(|word| !word.starts_with('-'))?;
    if !options.all(|word| is_plain(&word)) || expression.is_empty() {
        return None;
    }
    let expression = expression.trim_start_matches('^').trim_end_matches('$');
    // Either way to write "or" is taken for it: that can only make more lines fit.
    let texts = expression
        .split('|')
        .map(|text| text.trim_end_matches('\\'));
    let texts: Vec<String> = texts.map(str::to_owned).collect();
    let is_literal =
        |letter: char| letter.is_ascii_alphanumeric() || "_ .:/=-,;@#%".contains(letter);
    let all_plain = texts
        .iter()
        .all(|text| !text.is_empty() && text.chars().all(is_literal));
    // Of fixed texts, `|` is a letter like any other.
    let is_fixed = program == "fgrep"
        || words
            .iter()
            .any(|word| word.starts_with('-') && word.contains('F'));
    (all_plain && !(is_fixed && texts.len() > 1)).then_some(texts)
}

/// `grep -c`, `grep -l`, `grep -q`: no line of a file.
fn only_counts(program: &str, words: &[&str]) -> bool {
    const LONG: [&str; 6] = [
        "--count",
        "--quiet",
        "--silent",
        "--files-with-matches",
        "--files-without-match",
        "--list-files",
    ];
    // Letters behind which a value stands.
    let takes_value = |letter: &char| "efmABCgtTjMrEd".contains(*letter);
    let flags = if program == "rg" { "cql" } else { "cqlL" };
    let mut options = words.iter().take_while(|word| **word != "--");
    options.any(|word| match word.strip_prefix('-') {
        Some(long) if long.starts_with('-') => LONG.contains(word),
        Some(short) => {
            // Of grep, `-r` takes none.
            let ends = |letter: &char| {
                takes_value(letter) && (program == "rg" || !matches!(letter, 'r' | 'E' | 'T'))
            };
            let mut letters = short.chars().take_while(|letter| !ends(letter));
            letters.any(|letter| flags.contains(letter))
        }
        None => false,
    })
}

/// Filters that show the names of settings, or how many there are.
fn only_names(words: &[&str]) -> bool {
    const NAMES: [&str; 6] = [
        "keys",
        "keys[]",
        "keys_unsorted",
        ".|keys",
        "length",
        "type",
    ];
    let filter = words.iter().find(|word| !word.starts_with('-'));
    filter.is_some_and(|filter| {
        let filter: String = filter.split_whitespace().collect();
        NAMES.contains(&filter.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::super::command_line::CommandLine;
    use super::*;

    #[test]
    fn less_than_all_of_a_file_is_known_only_where_it_is_sure() {
        use View::{Before, Last, Lines, Matching, Whole};
        for (line, view) in [
            ("cat x", Some(Whole)),
            ("head x", Some(Lines(1, 10))),
            ("head -5 x", Some(Lines(1, 5))),
            ("head -n 5 x", Some(Lines(1, 5))),
            ("head -n5 x", Some(Lines(1, 5))),
            ("head --lines=5 x", Some(Lines(1, 5))),
            ("head -n -5 x", Some(Whole)),
            ("head -c 5 x", Some(Whole)),
            ("tail -n 5 x", Some(Last(5))),
            ("tail -n +5 x", Some(Lines(5, u32::MAX))),
            ("tail -f x", Some(Whole)),
            ("sed -n '5,7p' x", Some(Lines(5, 7))),
            ("sed -n '5p;9p' x", Some(Lines(5, 9))),
            ("sed -n '5,7p;7q' x", Some(Lines(5, 7))),
            ("sed -n '5,$p' x", Some(Lines(5, u32::MAX))),
            ("sed -n '/a/p' x", Some(Whole)),
            ("sed -n 's/a/b/p' x", Some(Whole)),
            ("sed '5,7p' x", Some(Whole)),
            ("sed -n -e 5p -e '1,$p' x", Some(Whole)),
            ("sed 's/=.*//' x", Some(Before('='))),
            ("sed 's/=.*/=…/' x", Some(Before('='))),
            ("sed 's/=.*/&/' x", Some(Whole)),
            ("sed 's/..*//' x", Some(Whole)),
            ("sed -i 's/a/b/' x", None),
            ("sed -n -i.bak 's/a/b/' x", None),
            ("sed -e 's/i/b/' x", Some(Whole)),
            ("cut -d= -f1 x", Some(Before('='))),
            ("cut -f 1 -d '=' x", Some(Before('='))),
            ("cut -d= -f2 x", Some(Whole)),
            ("cut --complement -d= -f1 x", Some(Whole)),
            ("awk -F= '{print $1}' x", Some(Before('='))),
            ("awk -F = '{ print $1 }' x", Some(Before('='))),
            ("awk -F= '{print $2}' x", Some(Whole)),
            ("awk -F= -f y '{print $1}' x", Some(Whole)),
            ("grep -c a x", None),
            ("grep -rl a x", None),
            ("grep -q a x", None),
            ("grep a x", Some(Matching(vec!["a".to_owned()]))),
            (
                "grep -in 'a.b\\|c' x",
                Some(Matching(vec!["a.b".to_owned(), "c".to_owned()])),
            ),
            (
                "grep -E '^a|c$' x",
                Some(Matching(vec!["a".to_owned(), "c".to_owned()])),
            ),
            ("grep -v a x", Some(Whole)),
            ("grep -A1 a x", Some(Whole)),
            ("grep 'a*' x", Some(Whole)),
            ("grep '' x", Some(Whole)),
            ("grep -F 'a|b' x", Some(Whole)),
            ("grep -- -c x", Some(Whole)),
            ("grep -e c x", Some(Whole)),
            ("grep -A1c a x", Some(Whole)),
            ("rg -L a x", Some(Whole)),
            ("jq keys x", None),
            ("jq -r '. | keys' x", None),
            ("jq .a x", Some(Whole)),
        ] {
            let mut commands = CommandLine::of(line).commands;
            let words = commands.remove(0).words;
            assert_eq!(View::of(&words[0].text, &words[1..]), view, "{line}");
        }
    }

    #[test]
    fn a_line_fits_when_a_text_is_in_it() {
        let bytes = b"PORT=1\nTOKEN=x\nc";
        for (lines, wanted, fits) in [
            (2..=2, "token", true),
            (2..=2, "PORT", false),
            (1..=2, "PORT", true),
            (2..=2, "T.K", true),
            (3..=9, "c", true),
            (9..=9, "c", false),
        ] {
            assert_eq!(
                has(bytes, lines.clone(), &[wanted.to_owned()]),
                fits,
                "{lines:?} {wanted}"
            );
        }
    }

    #[test]
    fn of_lines_with_the_letter_the_rest_is_not_seen() {
        let part = View::Before('=').part(b"A=1\nB\r\nC==2\nD=3");
        assert_eq!(part.as_ref(), b"A\nB\r\nC\nD\n");
    }
}
