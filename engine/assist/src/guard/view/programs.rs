//! What each program shows of the lines that it is given.
//!
//! An option that is not known here may do anything.

use super::filter;
use super::literal::{Literal, Syntax};
use super::search::{self, literals};
use super::step::{Range, Step, View};
use crate::guard::command_line::Word;
use crate::guard::options::{Options, Valued};

/// What `program` does to its input, or to files that it is given; nothing when it shows nothing of them.
pub(in crate::guard) fn steps(program: &str, arguments: &[Word]) -> Option<Vec<Step>> {
    let steps = match program {
        "head" => head(arguments),
        "tail" => tail(arguments),
        "sed" | "gsed" => return sed(arguments),
        "cut" => cut(arguments),
        "awk" | "gawk" | "mawk" => awk(arguments),
        "bat" | "batcat" => bat(arguments),
        "grep" | "egrep" | "fgrep" | "zgrep" | "rg" => return search::steps(program, arguments),
        "jq" | "yq" | "gojq" => return jq(program, arguments),
        "wc" | "cksum" | "md5sum" | "sha1sum" | "sha256sum" | "sha512sum" | "md5" | "shasum"
        | "cmp" | "true" | ":" => return None,
        "diff" if Options::of(arguments, Valued::default()).has(&["q", "brief"]) => return None,
        "cat" => cat(arguments),
        "tee" | "pv" | "sponge" => Vec::new(),
        "nl" => vec![Step::Numbers],
        "sort" | "tac" | "shuf" | "less" | "more" => vec![Step::Selects],
        "uniq" => vec![Step::Selects, Step::Numbers],
        _ => vec![Step::Alters],
    };
    Some(steps)
}

/// The options of a program that take a value.
fn valued(program: &str) -> Valued {
    let of = |letters, names| Valued { letters, names };
    match program {
        "head" => of("nc", &["lines", "bytes"]),
        "tail" => of("ncs", &["lines", "bytes", "pid", "sleep-interval"]),
        "sed" | "gsed" => of("efl", &["expression", "file", "line-length"]),
        "cut" => of(
            "bcdf",
            &[
                "bytes",
                "characters",
                "delimiter",
                "fields",
                "output-delimiter",
            ],
        ),
        "awk" | "gawk" | "mawk" => of("Ffv", &["field-separator", "file", "assign"]),
        "bat" | "batcat" => of("rl", OF_BAT),
        "jq" | "yq" | "gojq" => of("fL", &["from-file", "indent"]),
        "grep" | "egrep" | "fgrep" | "zgrep" => search::GREP.valued,
        "rg" => search::RG.valued,
        "sort" => of("ktoST", &["key", "field-separator", "output"]),
        _ => Valued::default(),
    }
}

/// Options of `bat`, all of which take a value.
const OF_BAT: &[&str] = &[
    "line-range",
    "style",
    "paging",
    "color",
    "language",
    "theme",
    "decorations",
];

/// The words that a program takes for files.
pub(in crate::guard) fn files<'w>(program: &str, arguments: &'w [Word]) -> Vec<&'w Word> {
    let mut options = Options::of(arguments, valued(program));
    let elsewhere: &[&str] = match program {
        "sed" | "gsed" => &["e", "f", "expression", "file"],
        "grep" | "egrep" | "fgrep" | "zgrep" | "rg" => &["e", "f", "regexp", "file", "files"],
        "awk" | "gawk" | "mawk" => &["f", "file"],
        "jq" | "yq" | "gojq" => &["f", "from-file"],
        _ => return options.operands,
    };
    // The program, or the expression, stands before them.
    if !options.has(elsewhere) && !options.operands.is_empty() {
        options.operands.remove(0);
    }
    options.operands
}

/// What is shown of each of several files, or of one.
pub(in crate::guard) fn view(program: &str, arguments: &[Word]) -> Option<View> {
    let files = files(program, arguments);
    let has_several = files.len() > 1 || files.iter().any(|word| word.is_pattern);
    let steps = steps(program, arguments)?;
    let view = match (has_several, program) {
        (false, _) => View::whole().then(steps),
        // It begins to count with each of them.
        (true, "head" | "tail" | "bat" | "batcat") => {
            View::whole().then(steps).then([Step::Selects, Step::Marks])
        }
        (true, _) => View::among_others().then(steps),
    };
    Some(view)
}

/// All that it is given, for all that is known.
fn unknown() -> Vec<Step> {
    vec![Step::Alters]
}

fn cat(arguments: &[Word]) -> Vec<Step> {
    let options = Options::of(arguments, Valued::default());
    match options.are_only("u", &[]) {
        true => Vec::new(),
        false if options.are_only("nb", &["number", "number-nonblank"]) => vec![Step::Numbers],
        false if options.are_only("nbAevtET", &["show-all", "show-ends", "show-tabs"]) => {
            vec![Step::Marks]
        }
        false => vec![Step::Selects, Step::Marks],
    }
}

/// LIMIT: bytes of a script of `sed` that is read.
const LONGEST_SCRIPT: usize = 4_096;

/// What `head` and `tail` show when it is not said.
const SHOWN: u32 = 10;

/// Words that nobody knows may be options.
fn is_sure(options: &Options<'_>) -> bool {
    options.operands.len() <= 1 || options.operands.iter().all(|word| word.is_known())
}

fn head(arguments: &[Word]) -> Vec<Step> {
    let options = Options::of(arguments, valued("head"));
    if !options.are_only("nqv", &["lines", "quiet", "silent", "verbose"]) || !is_sure(&options) {
        return unknown();
    }
    let said = options.value(&["n", "lines"]).or(options.number());
    let said = said.map_or(Ok(SHOWN), str::parse);
    match said.map(|count| Step::Range(Range::Lines(1, count))) {
        // The name of the file stands above it.
        Ok(range) if options.has(&["v", "verbose"]) => vec![range, Step::Selects],
        Ok(range) => vec![range],
        // `head -n -5`: all but the last ones.
        Err(_) => vec![Step::Selects],
    }
}

fn tail(arguments: &[Word]) -> Vec<Step> {
    let options = Options::of(arguments, valued("tail"));
    let mut operands = options.operands.iter();
    let is_old = operands.any(|word| word.text.starts_with('+'));
    let is_known = options.are_only("nqv", &["lines", "quiet", "silent", "verbose"]);
    if is_old || !is_known || !is_sure(&options) {
        return unknown();
    }
    let said = options.value(&["n", "lines"]).or(options.number());
    let range = match said.map(|said| (said.strip_prefix('+'), said)) {
        None => Ok(Range::Last(SHOWN)),
        Some((Some(first), _)) => first.parse().map(|first| Range::Lines(first, u32::MAX)),
        Some((None, said)) => said.trim_start_matches('-').parse().map(Range::Last),
    };
    let step = range.map(Step::Range);
    match step {
        Ok(range) if options.has(&["v", "verbose"]) => vec![range, Step::Selects],
        Ok(range) => vec![range],
        Err(_) => unknown(),
    }
}

/// Nothing when the file is changed in its place.
fn sed(arguments: &[Word]) -> Option<Vec<Step>> {
    let texts: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
    if is_in_place(&texts) {
        return None;
    }
    let options = Options::of(arguments, valued("sed"));
    let quiet = ["n", "quiet", "silent"];
    let known = ["expression", "quiet", "silent", "regexp-extended"];
    if !options.are_only("nEreu", &known) {
        return Some(unknown());
    }
    let scripts = options
        .values(&["e", "expression"])
        .map(|word| word.text.as_str());
    let mut scripts: Vec<&str> = scripts.collect();
    if scripts.is_empty() {
        scripts.extend(options.operands.first().map(|word| word.text.as_str()));
    }
    let [script] = scripts.as_slice() else {
        return Some(unknown());
    };
    if script.len() > LONGEST_SCRIPT {
        return Some(unknown());
    }
    let step = if options.has(&quiet) {
        printed(script)
    } else {
        let syntax = match options.has(&["E", "r", "regexp-extended"]) {
            true => Syntax::Extended,
            false => Syntax::Basic,
        };
        cut_off(script).or_else(|| left_out(script, syntax).map(|step| vec![step]))
    };
    Some(step.unwrap_or_else(unknown))
}

/// `sed -i`, `sed -Ei.bak`, `sed --in-place`
pub(in crate::guard) fn is_in_place(words: &[&str]) -> bool {
    words.iter().any(|word| {
        let letters = word.strip_prefix('-').unwrap_or_default();
        let mut flags = letters
            .chars()
            .take_while(|letter| !"efl".contains(*letter));
        (!letters.starts_with('-') && flags.any(|flag| flag == 'i'))
            || word.starts_with("--in-place")
    })
}

/// `10,20p`, `5p;7p`, `/TEXT/p`
fn printed(script: &str) -> Option<Vec<Step>> {
    if let Some(expression) = script
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix("/p"))
        && !expression.contains('/')
    {
        let matching = literals(expression).map_or(Step::Selects, Step::MatchingCase);
        return Some(vec![matching]);
    }
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
        let from: u32 = from.trim().parse().ok()?;
        first = first.min(from);
        last = last.max(match to.trim() {
            "$" => u32::MAX,
            to => match to.strip_prefix('+') {
                Some(more) => from.saturating_add(more.parse().ok()?),
                // The first line is shown also when the last one stands before it.
                None => to.parse::<u32>().ok()?.max(from),
            },
        });
    }
    if first > last {
        return None;
    }
    // Of several stretches, those between are left out.
    let mut steps = vec![Step::Range(Range::Lines(first, last))];
    if script.contains(';') {
        steps.push(Step::Selects);
    }
    Some(steps)
}

/// Lines that `20q`, `1d`, `/x/d`, `/^#/d;/^$/d` leave out.
fn left_out(script: &str, syntax: Syntax) -> Option<Step> {
    if let Some(last) = script.strip_suffix('q') {
        return Some(Step::Range(Range::Lines(1, last.parse().ok()?)));
    }
    let lines = script.strip_suffix('d')?;
    let is_number = |letter: char| letter.is_ascii_digit() || ",$".contains(letter);
    if lines.chars().all(is_number) {
        return Some(Step::Selects);
    }
    let mut texts = Vec::new();
    for command in script.split([';', '\n']) {
        let expression = command
            .trim()
            .strip_prefix('/')
            .and_then(|rest| rest.strip_suffix("/d"));
        let expression = expression.filter(|expression| !expression.contains('/'))?;
        texts.extend(Literal::all(expression, syntax, false));
    }
    Some(Step::Without(texts))
}

/// What `s/=.*//` and `s/^([^=]+)=.*/\\1=***/` leave.
fn cut_off(script: &str) -> Option<Vec<Step>> {
    let rest = script.strip_prefix('s')?;
    let between = rest.chars().next()?;
    let mut parts = rest.get(between.len_utf8()..)?.split(between);
    let (expression, put, flags) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !(flags.is_empty() || flags == "g") {
        return None;
    }
    // Either way to write brackets and repetitions.
    let expression = expression
        .replace("\\(", "(")
        .replace("\\)", ")")
        .replace("\\+", "+");
    let expression = expression.trim_end_matches('$');
    let before = expression
        .strip_suffix(".*")
        .or_else(|| expression.strip_suffix(".+"))?;
    let letter = before
        .trim_end_matches(')')
        .chars()
        .last()
        .filter(|letter| "=: ".contains(*letter))?;
    // What stands before the letter fits whatever is there.
    let open = format!("[^{letter}]");
    let any = [
        format!("{letter}"),
        format!("({letter})"),
        format!("{open}*{letter}"),
        format!("({open}*){letter}"),
        format!("({open}*{letter})"),
    ];
    let plain = before.trim_start_matches('^').replace('+', "*");
    let is_anchored = before.starts_with('^') && !plain.contains('[');
    // What was found may be put back, but for that.
    let put_back = put.replace("\\1", "");
    if is_anchored || !any.contains(&plain) || put_back.contains(['&', '\\']) {
        return None;
    }
    let mut steps = vec![Step::Before(letter)];
    if !put.is_empty() {
        steps.push(Step::Marks);
    }
    Some(steps)
}

fn cut(arguments: &[Word]) -> Vec<Step> {
    let options = Options::of(arguments, valued("cut"));
    let known = ["delimiter", "fields", "only-delimited"];
    let letter = match options.value(&["d", "delimiter"]) {
        Some(text) => one_letter(text),
        None => Some('\t'),
    };
    match (letter, options.value(&["f", "fields"])) {
        (Some(letter), Some("1")) if options.are_only("dfs", &known) => {
            vec![Step::Before(letter), Step::Selects]
        }
        _ => unknown(),
    }
}

fn awk(arguments: &[Word]) -> Vec<Step> {
    let options = Options::of(arguments, valued("awk"));
    let program = options
        .operands
        .first()
        .map(|word| word.text.split_whitespace().collect());
    let program: String = program.unwrap_or_default();
    if !options.are_only("F", &["field-separator"]) {
        return unknown();
    }
    if let Some((first, last)) = lines_of_awk(&program) {
        return vec![Step::Range(Range::Lines(first, last))];
    }
    let letter = options
        .value(&["F", "field-separator"])
        .and_then(one_letter);
    match letter {
        // A blank stands for any stretch of blanks, those at the beginning left out.
        Some(letter) if letter != ' ' && prints_first(&program) => {
            vec![Step::Before(letter), Step::Selects, Step::Marks]
        }
        _ => unknown(),
    }
}

/// `{print$1}`, `/^[A-Z]/{print$1}`, `{print$1"=***"}`
fn prints_first(program: &str) -> bool {
    let Some((condition, action)) = program.split_once('{') else {
        return false;
    };
    let expression = condition.trim_start_matches('!');
    let expression = expression
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'));
    let is_plain = condition.is_empty() || expression.is_some_and(|text| !text.contains('/'));
    let put = action
        .strip_prefix("print$1")
        .and_then(|rest| rest.strip_suffix('}'));
    let is_text = |put: &str| {
        let inner = put
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        put.is_empty() || inner.is_some_and(|inner| !inner.contains('"'))
    };
    is_plain && put.is_some_and(is_text)
}

/// `NR==5`, `NR>=5&&NR<=10`
fn lines_of_awk(program: &str) -> Option<(u32, u32)> {
    let condition = program
        .strip_suffix("{print}")
        .or_else(|| program.strip_suffix("{print$0}"))
        .unwrap_or(program);
    let (mut first, mut last) = (1_u32, u32::MAX);
    for part in condition.split("&&") {
        let part = part.strip_prefix("NR")?;
        let number = part.trim_start_matches(['<', '>', '=']);
        let sign = part.get(..part.len() - number.len())?;
        let number: u32 = number.parse().ok()?;
        let (from, to) = match sign {
            "==" => (number, number),
            ">=" => (number, u32::MAX),
            ">" => (number.saturating_add(1), u32::MAX),
            "<=" => (1, number),
            "<" => (1, number.saturating_sub(1)),
            _ => return None,
        };
        (first, last) = (first.max(from), last.min(to));
    }
    Some((first, last))
}

fn bat(arguments: &[Word]) -> Vec<Step> {
    let options = Options::of(arguments, valued("bat"));
    if !options.are_only("rlpPn", OF_BAT) {
        return unknown();
    }
    let range = options.value(&["r", "line-range"]).and_then(|range| {
        let (first, last) = range.split_once(':').unwrap_or((range, range));
        let number = |text: &str, open: u32| match text {
            "" => Some(open),
            text => text.parse().ok(),
        };
        Some(Range::Lines(number(first, 1)?, number(last, u32::MAX)?))
    });
    let range = range.map(Step::Range).into_iter();
    // With numbers and frames, where it is shown to a person.
    range.chain([Step::Selects, Step::Marks]).collect()
}

fn one_letter(text: &str) -> Option<char> {
    let mut letters = text.chars();
    letters.next().filter(|_| letters.next().is_none())
}

/// Nothing when it shows names alone.
fn jq(program: &str, arguments: &[Word]) -> Option<Vec<Step>> {
    const KNOWN: &[&str] = &[
        "raw-output",
        "compact-output",
        "exit-status",
        "sort-keys",
        "join-output",
        "color-output",
        "monochrome-output",
        "tab",
        "indent",
    ];
    let options = Options::of(arguments, valued(program));
    let is_command =
        |word: &&&Word| !matches!(word.text.as_str(), "e" | "eval" | "ea" | "eval-all");
    let Some(filter) = options.operands.iter().find(is_command) else {
        return Some(unknown());
    };
    if filter::has_only_names(&filter.text) {
        return None;
    }
    let is_known = options.are_only("rcMCSejaP", KNOWN);
    let is_sure = is_known && filter.is_known();
    let ways = filter::ways(&filter.text, program == "yq").filter(|_| is_sure);
    Some(
        ways.map(Step::Values)
            .into_iter()
            .chain([Step::Alters])
            .collect(),
    )
}

/// What the program of a line does to the lines that it is given.
#[cfg(test)]
pub(super) fn steps_of(line: &str) -> Option<Vec<Step>> {
    use crate::guard::command_line::CommandLine;
    let words = CommandLine::of(line).commands.remove(0).words;
    steps(&words[0].text, &words[1..])
}

#[cfg(test)]
mod tests {
    use super::super::View;
    use super::super::json_part::Field;
    use super::*;

    fn lines(first: u32, last: u32) -> Option<Vec<Step>> {
        Some(vec![Step::Range(Range::Lines(first, last))])
    }

    fn whole() -> Option<Vec<Step>> {
        Some(Vec::new())
    }

    fn before(letter: char) -> Option<Vec<Step>> {
        Some(vec![Step::Before(letter)])
    }

    fn without(texts: &[&str]) -> Option<Vec<Step>> {
        let texts = texts.iter();
        let texts = texts.flat_map(|text| Literal::all(text, Syntax::Basic, false));
        Some(vec![Step::Without(texts.collect())])
    }

    fn values(name: &str) -> Option<Vec<Step>> {
        let way = vec![Field::Named(name.to_owned())];
        Some(vec![Step::Values(vec![way])])
    }

    /// Each line of a table leaves what stands beside it.
    fn expect(cases: &[(&str, Option<Vec<Step>>)]) {
        for (line, expected) in cases {
            let view = |steps: Vec<Step>| {
                let leaves_out = |step: &Step| {
                    matches!(
                        step,
                        Step::Range(_)
                            | Step::Matching(_)
                            | Step::MatchingCase(_)
                            | Step::Without(_)
                            | Step::Before(_)
                            | Step::Values(_)
                    )
                };
                View::whole().then(steps.into_iter().filter(leaves_out))
            };
            let found = steps_of(line);
            assert_eq!(found.map(view), expected.clone().map(view), "{line}");
        }
    }

    #[test]
    fn lines_of_a_file_are_known_only_where_it_is_sure() {
        let last = |count| Some(vec![Step::Range(Range::Last(count))]);
        expect(&[
            ("cat x", whole()),
            ("head x", lines(1, 10)),
            ("head -5 x", lines(1, 5)),
            ("head -n 5 x", lines(1, 5)),
            ("head -vn 500 x", lines(1, 500)),
            ("head --lines=5 x", lines(1, 5)),
            ("head -n -5 x", whole()),
            ("head -c 5 x", whole()),
            ("head $N x", whole()),
            ("tail -n 5 x", last(5)),
            ("tail -5 x", last(5)),
            ("tail -n +5 x", lines(5, u32::MAX)),
            ("tail +5 x", whole()),
            ("tail -f x", whole()),
            ("tail -100f x", whole()),
            ("tail -fn 5 x", whole()),
            ("sed -n '5,7p' x", lines(5, 7)),
            ("sed -n '5,+2p' x", lines(5, 7)),
            ("sed -n '7,5p' x", lines(7, 7)),
            ("sed -n '5p;9p' x", lines(5, 9)),
            ("sed -n '5,7p;7q' x", lines(5, 7)),
            ("sed -n '5,$p' x", lines(5, u32::MAX)),
            ("sed -ne 5p x", lines(5, 5)),
            (
                "sed -n '/ab.*c/p' x",
                Some(vec![Step::MatchingCase(vec!["ab".to_owned()])]),
            ),
            ("sed -n 's/a/b/p' x", whole()),
            ("sed 5q x", lines(1, 5)),
            ("sed /T/d x", without(&["T"])),
            ("sed '/^#/d;/A\\|B/d' x", without(&["^#", "A", "B"])),
            ("sed -E '/A|B/d' x", without(&["A", "B"])),
            ("sed '/[A]/d' x", without(&[])),
            ("sed '/a/,/b/d' x", whole()),
            ("sed '/a/!d' x", whole()),
            ("sed '/a/d;p' x", whole()),
            ("sed '5,7p' x", whole()),
            ("sed -n -e 5p -e '1,$p' x", whole()),
            ("sed 's/=.*//' x", before('=')),
            ("sed 's/=.*/=…/' x", before('=')),
            ("sed -E 's/(=).*/\\1***/' x", before('=')),
            ("sed 's/\\(=\\).*/\\1***/' x", before('=')),
            ("sed -E 's/^([^=]+)=.*/\\1=***/' x", before('=')),
            ("sed -E 's/^([A-Z]+)=.*/\\1=***/' x", whole()),
            ("sed 's/^=.*//' x", whole()),
            ("sed -E 's/=(.*)/\\1/' x", whole()),
            ("sed 's/=.*//;p' x", whole()),
            ("sed 's/=.*/&/' x", whole()),
            ("sed 's/..*//' x", whole()),
            ("sed -i 's/a/b/' x", None),
            ("sed -n -i.bak 's/a/b/' x", None),
            ("sed -e 's/i/b/' x", whole()),
        ]);
    }

    #[test]
    fn parts_of_lines_and_names_are_known_only_where_it_is_sure() {
        expect(&[
            ("cut -d= -f1 x", before('=')),
            ("cut -f 1 -d '=' x", before('=')),
            ("cut -f1 x", before('\t')),
            ("cut -d= -f2 x", whole()),
            ("cut -d= -f1,2 x", whole()),
            ("cut --complement -d= -f1 x", whole()),
            ("awk -F= '{print $1}' x", before('=')),
            ("awk -F = '{ print $1 }' x", before('=')),
            ("awk -F= '/^[A-Z]/ {print $1}' x", before('=')),
            ("awk -F= '!/^#/ {print $1 \"=***\"}' x", before('=')),
            ("awk -F= '/a/ {print $1} {print $2}' x", whole()),
            ("awk -F= '{print $1 $2}' x", whole()),
            ("awk -F= '{print $2}' x", whole()),
            ("awk -F= -f y '{print $1}' x", whole()),
            ("awk 'NR>=5 && NR<=7' x", lines(5, 7)),
            ("awk 'NR==5 {print}' x", lines(5, 5)),
            ("awk 'NR==5; {print}' x", whole()),
            ("bat -r 5:7 x", lines(5, 7)),
            ("bat -pr :7 x", lines(1, 7)),
            ("bat x", whole()),
            ("nl x", whole()),
            ("wc -l x", None),
            ("sha256sum x", None),
            ("diff -q x y", None),
            ("diff x y", whole()),
            ("jq keys x", None),
            ("jq -r '. | keys' x", None),
            ("jq '.a | length' x", None),
            ("jq '.a, keys' x", whole()),
            ("jq '.a | has(\"b\")' x", None),
            ("jq '.has' x", values("has")),
            ("jq -r 'to_entries[] | .key' x", None),
            ("jq . x", whole()),
            ("jq .a x", values("a")),
            ("jq -r .a x", values("a")),
            ("jq --indent 2 .a x", values("a")),
            ("jq --arg a b .a x", whole()),
            ("jq -s .a x", whole()),
            ("jq .$A x", whole()),
            ("jq \".$(b)\" x", whole()),
            ("jq -f y .a x", whole()),
            ("yq e .a x", values("a")),
            ("jq .keys x", values("keys")),
            ("yq e keys x", None),
        ]);
    }

    #[test]
    fn behind_a_program_that_rewrites_lines_nothing_more_is_left_out() {
        for (line, step) in [
            ("sed s/A/B/ x", Step::Alters),
            ("cut -d= -f2 x", Step::Alters),
            ("head -c 5 x", Step::Alters),
            ("tr a b", Step::Alters),
            ("jq . x", Step::Alters),
            ("rev x", Step::Alters),
            ("sort x", Step::Selects),
            ("head -n -5 x", Step::Selects),
            ("cat -n x", Step::Numbers),
            ("nl x", Step::Numbers),
            ("sed 's/=.*/=x/' x", Step::Marks),
        ] {
            let found = steps_of(line);
            assert_eq!(
                found.and_then(|steps| steps.last().cloned()),
                Some(step),
                "{line}"
            );
        }
    }
}
