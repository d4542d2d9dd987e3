//! What `grep` and `rg` show: lines that have something in them.
//!
//! An expression is not run. From each of its alternatives a text is taken that whatever fits must have in it; without one,
//! any line may fit.

use super::literal::{LONGEST, Literal, Syntax};
use super::step::Step;
use crate::guard::command_line::Word;
use crate::guard::options::{Options, Valued};

/// LIMIT: texts of one search. Any line may fit more of them.
const MOST_TEXTS: usize = 1_024;

/// Options behind which lines are left out that fit.
const INVERTS: &[&str] = &["v", "invert-match"];

/// Options of one of the programs.
pub(super) struct Dialect {
    pub(super) valued: Valued,
    /// Options behind which it shows names or numbers alone.
    counts: &'static [&'static str],
    /// Letters, and words, of options that show no other lines, and nothing of them but what they are.
    plain: (&'static str, &'static [&'static str]),
    /// Options that put the name of a file beside each line.
    names: &'static [&'static str],
    /// Options that put a number there.
    numbers: &'static [&'static str],
}

/// Options of both that take a value, and others.
macro_rules! with_those_of_both {
    ($($other:literal),+ $(,)?) => {
        &[
            "regexp",
            "file",
            "max-count",
            "after-context",
            "before-context",
            "context",
            $($other),+
        ]
    };
}

pub(super) const GREP: Dialect = Dialect {
    valued: Valued {
        letters: "efmABCdD",
        names: with_those_of_both![
            "include",
            "exclude",
            "exclude-dir",
            "exclude-from",
            "label",
            "binary-files",
            "directories",
            "devices",
        ],
    },
    counts: &[
        "c",
        "q",
        "l",
        "L",
        "count",
        "quiet",
        "silent",
        "files-with-matches",
        "files-without-match",
    ],
    plain: (
        "einrRHhwxosEFIPGabm",
        &[
            "regexp",
            "color",
            "colour",
            "include",
            "exclude",
            "exclude-dir",
            "max-count",
            "line-number",
            "with-filename",
            "no-filename",
            "ignore-case",
            "fixed-strings",
            "extended-regexp",
            "basic-regexp",
            "perl-regexp",
            "word-regexp",
            "line-regexp",
            "only-matching",
            "recursive",
            "no-messages",
            "text",
        ],
    ),
    names: &["r", "R", "H", "recursive", "with-filename"],
    numbers: &["n", "b", "line-number"],
};

pub(super) const RG: Dialect = Dialect {
    valued: Valued {
        letters: "efmABCgtTjMrEd",
        names: with_those_of_both![
            "glob",
            "iglob",
            "type",
            "type-not",
            "threads",
            "max-columns",
            "max-depth",
            "max-filesize",
            "replace",
            "encoding",
            "engine",
            "sort",
            "sortr",
            "color",
            "colors",
            "pre",
            "ignore-file",
            "context-separator",
        ],
    },
    counts: &[
        "c",
        "q",
        "l",
        "count",
        "count-matches",
        "quiet",
        "files-with-matches",
        "files-without-match",
        "files",
    ],
    plain: (
        "einsSHIwxFPuoaLNgtTjdm",
        &[
            "regexp",
            "color",
            "colors",
            "glob",
            "iglob",
            "type",
            "type-not",
            "threads",
            "max-depth",
            "max-count",
            "sort",
            "sortr",
            "hidden",
            "no-ignore",
            "no-heading",
            "heading",
            "line-number",
            "no-line-number",
            "with-filename",
            "no-filename",
            "ignore-case",
            "smart-case",
            "case-sensitive",
            "fixed-strings",
            "word-regexp",
            "line-regexp",
            "only-matching",
            "no-messages",
            "follow",
            "text",
        ],
    ),
    // Which of them stand beside a line depends on how many files there are.
    names: &["H", "with-filename", "heading", "no-heading"],
    numbers: &["n", "line-number"],
};

/// What the program shows of its files; nothing when no line of them.
pub(super) fn steps(program: &str, arguments: &[Word]) -> Option<Vec<Step>> {
    let dialect = if program == "rg" { &RG } else { &GREP };
    let options = Options::of(arguments, dialect.valued);
    if options.has(dialect.counts) {
        return None;
    }
    let (letters, names) = dialect.plain;
    if !options.are_only(letters, names) {
        if !options.has(INVERTS) || options.has(&["r", "replace"]) {
            // Lines around, something in the place of them: any of them, and any part.
            return Some(vec![Step::Alters]);
        }
        return Some(vec![Step::Without(without(program, &options)), Step::Marks]);
    }
    let expressions = expressions(&options);
    let files = files(&options);
    let is_fixed = syntax(program, &options) == Syntax::Fixed;
    let texts = matching(&expressions, is_fixed);
    // Whoever has settings of `rg` may have it in any case.
    let any_case = ["i", "y", "ignore-case"];
    let matching = match program == "rg" || options.has(&any_case) {
        true => Step::Matching,
        false => Step::MatchingCase,
    };
    let mut steps = vec![texts.map_or(Step::Selects, matching)];
    if options.has(&["o", "only-matching"]) {
        let are_names =
            !expressions.is_empty() && expressions.iter().all(|one| is_of_name(&one.text));
        // Of a line no more than stands before the first `=`.
        steps.push(if are_names && !is_fixed {
            Step::Before('=')
        } else {
            Step::Alters
        });
    }
    let many = options.operands.iter().any(|word| word.is_pattern);
    if files > 1 || many || options.has(dialect.names) || (program == "rg" && files != 1) {
        steps.push(Step::Marks);
    } else if options.has(dialect.numbers) {
        steps.push(Step::Numbers);
    }
    Some(steps)
}

/// What it looks for.
fn expressions<'o>(options: &'o Options<'_>) -> Vec<&'o Word> {
    let said: Vec<&Word> = options.values(&["e", "regexp"]).collect();
    match said.is_empty() {
        true => options.operands.first().copied().into_iter().collect(),
        false => said,
    }
}

/// In how many files.
fn files(options: &Options<'_>) -> usize {
    let is_first = !options.has(&["e", "regexp"]);
    options.operands.len().saturating_sub(usize::from(is_first))
}

fn syntax(program: &str, options: &Options<'_>) -> Syntax {
    let is_extended = ["E", "P", "extended-regexp", "perl-regexp"];
    match program {
        _ if program == "fgrep" || options.has(&["F", "fixed-strings"]) => Syntax::Fixed,
        "egrep" | "rg" => Syntax::Extended,
        _ if options.has(&is_extended) => Syntax::Extended,
        _ => Syntax::Basic,
    }
}

/// What no line that is shown has in it, where lines that fit are left out.
fn without(program: &str, options: &Options<'_>) -> Vec<Literal> {
    // Others show lines around, take expressions from a file, or let fewer lines fit.
    let names = [
        "invert-match",
        "regexp",
        "ignore-case",
        "fixed-strings",
        "extended-regexp",
        "line-number",
        "no-filename",
    ];
    let letters = if program == "rg" {
        "vnNHIieF"
    } else {
        "vnHhieEFGPs"
    };
    let expressions = expressions(options);
    let are_known = expressions.iter().all(|word| word.is_known());
    if !options.are_only(letters, &names) || !are_known {
        return Vec::new();
    }
    let in_any_case = options.has(&["i", "ignore-case"]);
    let syntax = syntax(program, options);
    let all = expressions.iter();
    let all = all.flat_map(|word| Literal::all(&word.text, syntax, in_any_case));
    all.collect()
}

/// What each line that is shown has in it, if that is known.
fn matching(expressions: &[&Word], is_fixed: bool) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    for expression in expressions {
        match is_fixed {
            _ if !expression.is_known() => return None,
            _ if expression.text.len() > LONGEST || texts.len() > MOST_TEXTS => return None,
            true => texts.extend(expression.text.lines().map(str::to_owned)),
            false => texts.extend(literals(&expression.text)?),
        }
    }
    let is_text = |text: &String| !text.is_empty();
    (!texts.is_empty() && texts.iter().all(is_text)).then_some(texts)
}

/// Whether it fits nothing but what stands at the beginning of a line, up to a `=`: `^[A-Z_]*=`, `^[^=]+`.
fn is_of_name(expression: &str) -> bool {
    let Some(name) = expression.strip_prefix('^') else {
        return false;
    };
    let name = name
        .strip_suffix('=')
        .unwrap_or(name)
        .replace("[^=]", "")
        .replace("\\w", "");
    name.chars()
        .all(|letter| letter.is_ascii_alphanumeric() || "_[]-*+?".contains(letter))
}

/// A text of each alternative of an expression, that a line must have in it to fit; nothing when any line may.
pub(super) fn literals(expression: &str) -> Option<Vec<String>> {
    if expression.len() > LONGEST {
        return None;
    }
    // Either way to write "or" is taken for it, also where it is none: that can only make more lines fit.
    let alternatives = expression.split(['|', '\n']);
    let texts = alternatives.map(|one| literal(one.strip_suffix('\\').unwrap_or(one)));
    texts.collect()
}

/// The longest text that must be in whatever fits, dots for any letter. Brackets and what is in them are passed over: they
/// may be optional.
fn literal(expression: &str) -> Option<String> {
    let mut texts = vec![String::new()];
    let mut letters = expression.chars().peekable();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            '\\' => match letters.next() {
                // Kinds of letters, edges, brackets and repetitions of the older syntax.
                Some('(') => '(',
                Some('{' | '?') => '?',
                Some(next) if next.is_ascii_punctuation() && !"<>'`+)}".contains(next) => {
                    texts.last_mut()?.push(next);
                    continue;
                }
                _ => ')',
            },
            other => other,
        };
        match letter {
            // What stands behind an open bracket may be repeated, or left out.
            '(' => break,
            '*' | '?' | '{' => {
                texts.last_mut()?.pop();
                texts.push(String::new());
                if letter == '{' {
                    letters.by_ref().find(|letter| *letter == '}');
                }
            }
            '[' => {
                letters.next_if_eq(&'^');
                letters.next();
                letters.by_ref().find(|letter| *letter == ']');
                texts.push(String::new());
            }
            '^' | '$' | '+' | ')' => texts.push(String::new()),
            _ => texts.last_mut()?.push(letter),
        }
    }
    let of_any = |text: &&String| text.chars().any(|letter| letter != '.');
    texts
        .into_iter()
        .filter(|text| of_any(&text))
        .max_by_key(String::len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::view::programs::steps_of;

    /// Steps of a search, for which it does not matter in which case.
    fn in_any_case(steps: Vec<Step>) -> Vec<Step> {
        let any = |step| match step {
            Step::MatchingCase(texts) => Step::Matching(texts),
            other => other,
        };
        steps.into_iter().map(any).collect()
    }

    #[test]
    fn letters_count_in_their_case_where_it_is_not_said_otherwise() {
        let texts = || vec!["a".to_owned()];
        for (line, step) in [
            ("grep a x", Step::MatchingCase(texts())),
            ("grep -i a x", Step::Matching(texts())),
            ("grep --ignore-case a x", Step::Matching(texts())),
            ("rg a x", Step::Matching(texts())),
            ("sed -n /a/p x", Step::MatchingCase(texts())),
        ] {
            assert_eq!(steps_of(line), Some(vec![step]), "{line}");
        }
    }

    #[test]
    fn lines_that_are_shown_have_what_they_must_have_to_fit() {
        for (line, expected) in [
            ("grep a x", Some(vec!["a"])),
            ("grep -in 'a.b\\|c' x", Some(vec!["a.b", "c"])),
            ("grep -E '^a|c$' x", Some(vec!["a", "c"])),
            ("grep -m1 --color=always a x", Some(vec!["a"])),
            ("grep --exclude md a x", Some(vec!["a"])),
            ("grep --include='*.py' -e a -e b x", Some(vec!["a", "b"])),
            ("grep 'def .*foo(' x", Some(vec!["def "])),
            (
                "grep -E 'import\\s+(os|sys)' x",
                Some(vec!["import", "sys"]),
            ),
            ("grep -E '(os|sys)' x", None),
            ("grep -E 'colou?r' x", Some(vec!["colo"])),
            ("grep 'abc\\?' x", Some(vec!["ab"])),
            ("grep -P '\\bclass Foo\\b' x", Some(vec!["class Foo"])),
            ("grep '[A-Z]_KEY=' x", Some(vec!["_KEY="])),
            ("grep -E 'abc{2}d' x", Some(vec!["ab"])),
            ("grep '\\.env' x", Some(vec![".env"])),
            ("grep '...' x", None),
            (&format!("grep '{}' x", "a|".repeat(LONGEST)), None),
            ("grep 'a*' x", None),
            ("grep '' x", None),
            ("grep -F 'a|b' x", Some(vec!["a|b"])),
            ("grep $A x", None),
            ("rg --color always a x", Some(vec!["a"])),
            ("rg -tpy a x", Some(vec!["a"])),
            ("rg -t py -g '*.x' a x", Some(vec!["a"])),
        ] {
            let found = in_any_case(steps_of(line).expect("lines"));
            let expected = expected.map(|texts| texts.into_iter().map(str::to_owned).collect());
            let expected = expected.map_or(Step::Selects, Step::Matching);
            assert_eq!(found[0], expected, "{line}");
        }
    }

    fn without(expression: &str, syntax: Syntax) -> Option<Step> {
        Some(Step::Without(Literal::all(expression, syntax, false)))
    }

    #[test]
    fn options_that_show_other_lines_or_none_are_known() {
        for (line, expected) in [
            ("grep -c a x", None),
            ("grep -rl a x", None),
            ("grep --files-with-matches a x", None),
            ("rg --files", None),
            ("grep -- -c x", Some(Step::Matching(vec!["-c".to_owned()]))),
            ("grep -A1c a x", Some(Step::Alters)),
            ("grep -A1 a x", Some(Step::Alters)),
            ("grep --after-context 1 a x", Some(Step::Alters)),
            ("grep -v a x", without("a", Syntax::Basic)),
            (
                "grep -vi a x",
                Some(Step::Without(Literal::all("a", Syntax::Basic, true))),
            ),
            ("grep -vE 'a|b' x", without("a|b", Syntax::Extended)),
            ("grep -nv -e a -e b x", without("a\\|b", Syntax::Basic)),
            ("rg -v 'a|b' x", without("a|b", Syntax::Extended)),
            ("fgrep -v 'a|b' x", without("a|b", Syntax::Fixed)),
            ("grep -v $A x", without("", Syntax::Basic)),
            ("grep -vw a x", without("", Syntax::Basic)),
            ("grep -vx a x", without("", Syntax::Basic)),
            ("grep -v -A1 a x", without("", Syntax::Basic)),
            ("grep -v -f y x", without("", Syntax::Basic)),
            ("rg -vr b a x", Some(Step::Alters)),
            ("rg -L a x", Some(Step::Matching(vec!["a".to_owned()]))),
            ("rg -r b a x", Some(Step::Alters)),
            ("rg -ra a x", Some(Step::Alters)),
            ("rg --passthru a x", Some(Step::Alters)),
        ] {
            let found = steps_of(line).map(in_any_case);
            assert_eq!(found.map(|steps| steps[0].clone()), expected, "{line}");
        }
    }

    #[test]
    fn what_stands_beside_the_lines_is_known() {
        for (line, step) in [
            ("grep a x", Step::Matching(vec!["a".to_owned()])),
            ("grep -n a x", Step::Numbers),
            ("grep -n a x y", Step::Marks),
            ("grep a *.x", Step::Marks),
            ("grep -rn a", Step::Marks),
            ("grep -o a x", Step::Alters),
            ("grep -o '^[A-Z_]*=' x", Step::Before('=')),
            ("grep -oE '^[^=]+' x", Step::Before('=')),
            ("grep -oE '^[^a]+' x", Step::Alters),
            ("grep -oE '^[A-Z]|b.*' x", Step::Alters),
            ("grep -oE '^[A-Z]+=.*' x", Step::Alters),
        ] {
            let found = in_any_case(steps_of(line).expect("lines"));
            assert_eq!(found.last(), Some(&step), "{line}");
        }
    }
}
