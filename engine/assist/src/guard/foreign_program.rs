//! What a program in another language prints of files and variables: `python -c "print(open('.env').read())"`.
//!
//! That is what an agent tries next that may not `cat` a file. It is not parsed. Names that stand as such behind a word that
//! opens files or takes variables are *taken*; what is taken is printed where it stands in what is printed, or where a name
//! does that it is given to, as far as statements one after the other say it. What is sent, counted or compared is not
//! printed: `print(r.status_code)`, `print(len(os.environ['A']))`.
//!
//! INVARIANT: the text is gone through a fixed number of times.

use std::collections::{HashMap, HashSet};

/// What it prints.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Printed {
    /// Files, by name.
    pub(super) files: Vec<String>,
    /// Variables of the environment.
    pub(super) variables: Vec<String>,
    /// Whether it prints all of them.
    pub(super) has_all_variables: bool,
    /// Command lines that it runs, whose output it gets.
    pub(super) commands: Vec<String>,
}

/// LIMIT: bytes of a name in quotes, as of a path.
const LONGEST_NAME: usize = 4_096;

/// LIMIT: things that one name may have been given. More of them are taken to be printed.
const MOST_GIVEN: usize = 64;

/// LIMIT: things that one statement takes, of which it is looked at what is done with them. More are taken to be printed.
const MOST_TAKEN: usize = 64;

/// LIMIT: bytes of a name with dots, before something that it is a part of.
const LONGEST_WORD: usize = 64;

/// LIMIT: names that one statement gives something to.
const MOST_NAMES: usize = 8;

/// Words that print what stands behind them, in brackets or up to the end of the statement.
const PRINTS: &[&str] = &[
    "print",
    "printf",
    "println",
    "pprint",
    "puts",
    "echo",
    "say",
    "stdout.write",
    "stderr.write",
    "console.log",
    "console.error",
    "console.info",
    "console.warn",
    "console.dir",
    "console.table",
    "print_r",
    "var_dump",
    "sys.exit",
    "Write-Output",
    "Write-Host",
    "die",
];

/// Words that open the file whose name stands behind them.
const OPENS: &[&str] = &[
    "open(",
    "readFileSync(",
    "readFile(",
    "File.read(",
    "File.readlines(",
    "IO.readlines(",
    "Path(",
    "IO.read(",
    "file_get_contents(",
    "readfile(",
    "readTextFile(",
    "readTextFileSync(",
    "Bun.file(",
    "require(",
    "dotenv_values(",
    "Get-Content ",
];

/// Words that take the variable whose name stands behind them.
const VARIABLES: &[&str] = &[
    "process.env.",
    "process.env[",
    "Bun.env.",
    "Deno.env.get(",
    "environ[",
    "environ.get(",
    "getenv(",
    "ENV[",
    "ENV.fetch(",
    "$ENV{",
    "$_ENV[",
    "$env:",
];

/// Words that take all of them.
const ALL_VARIABLES: &[&str] = &[
    "process.env",
    "os.environ",
    "os.environ.items",
    "os.environ.values",
    "os.environ.copy",
    "environ",
    "environ.items",
    "ENV",
    "ENV.to_h",
    "ENV.each",
    "ENV.inspect",
    "Deno.env.toObject",
];

/// Words that run the command line that stands behind them.
const RUNS: &[&str] = &[
    "system(",
    "popen(",
    "check_output(",
    "getoutput(",
    "execSync(",
    "exec(",
    "shell_exec(",
    "subprocess.run(",
];

/// Before what is taken, or before brackets around it: it is only counted, compared, or asked for.
const ASKED_BEFORE: &[&str] = &[
    "len",
    "bool",
    "Boolean",
    "!",
    "typeof ",
    "type",
    "if ",
    "if (",
    "hash",
    "isset",
    "empty",
    "strlen",
    "defined ",
    "not ",
    "Object.keys",
    "list",
    "sorted",
    "exists",
    "unless ",
    "sum",
];

/// Behind what is taken.
const ASKED_BEHIND: &[&str] = &[
    "is ",
    "!=",
    "==",
    "? ",
    "?'",
    "?\"",
    ".length",
    ".size",
    ".count",
    ".status",
    ".ok",
    ".keys(",
    ".nil?",
    ".startswith(",
    ".startsWith(",
    ".start_with?",
    ".exists(",
    ".stat(",
    ".reason",
    "in ",
];

/// Words of statements that send what they take, in a header or as a client's key.
const SENDS: &[&str] = &[
    "requests.",
    "httpx.",
    "fetch(",
    "urlopen",
    "urllib",
    "axios",
    "Request(",
    "Client(",
    "http.",
    "https.",
    "session.",
    "headers",
    "Authorization",
    "api_key",
    "apiKey",
    "auth=",
    "token=",
    "password=",
    "connect(",
    "Net::HTTP",
];

/// How a program is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It prints what it says.
    Program,
    /// Its value is printed: `node -p`.
    Expression,
}

/// What a program of this text prints.
pub(super) fn printed(text: &str, kind: Kind) -> Printed {
    let mut program = Program::default();
    text.split([';', '\n'])
        .for_each(|statement| program.statement(statement, kind));
    let mut printed = Printed::default();
    let all = program
        .taken
        .into_iter()
        .filter(|(_, is_printed)| *is_printed);
    for (taken, _) in all {
        match taken {
            Taken::File(file) => printed.files.push(file),
            Taken::Variable(name) => printed.variables.push(name),
            Taken::AllVariables => printed.has_all_variables = true,
            Taken::Command(line) => printed.commands.push(line),
        }
    }
    printed
}

/// Something that a statement takes.
#[derive(Debug, PartialEq, Eq)]
enum Taken {
    File(String),
    Variable(String),
    AllVariables,
    Command(String),
}

type Span = std::ops::Range<usize>;

#[derive(Default)]
struct Program {
    /// What is taken, and whether it is printed.
    taken: Vec<(Taken, bool)>,
    /// What each name was given, as numbers of these.
    given: HashMap<String, Vec<usize>>,
}

impl Program {
    fn statement(&mut self, text: &str, kind: Kind) {
        let shown = match kind {
            Kind::Expression => std::iter::once(0..text.len()).collect(),
            Kind::Program => what_is_printed(text),
        };
        let sends = SENDS.iter().any(|word| text.contains(word));
        let taken = taken(text);
        let names = if sends { Vec::new() } else { assigned(text) };
        let is_much = taken.len() > MOST_TAKEN;
        // A function that is handed over may print what it gets: `(error, text) => console.log(text)`.
        let hands_over = ["=>", "function", "|"]
            .iter()
            .any(|word| text.contains(word));
        for (span, taken) in taken {
            let is_asked = !is_much && is_asked(text, &span);
            let is_inside = is_in(&shown, span.start);
            let is_printed =
                !is_asked && !sends && (is_inside || is_much || (hands_over && !shown.is_empty()));
            let number = self.taken.len();
            self.taken.push((taken, is_printed));
            if !is_asked && !is_printed {
                names.iter().for_each(|name| self.give(name, &[number]));
            }
        }
        // Each name once, for where it is printed, and once for where it is given on.
        let mut seen = HashSet::new();
        for (span, word) in identifiers(text) {
            let is_inside = is_in(&shown, span.start);
            if !self.given.contains_key(word)
                || is_asked(text, &span)
                || !seen.insert((word, is_inside))
            {
                continue;
            }
            let numbers = self.given.get(word).cloned().unwrap_or_default();
            if is_inside {
                self.print(&numbers);
            } else {
                let others = names.iter().filter(|name| **name != word);
                others.for_each(|name| self.give(name, &numbers));
            }
        }
    }

    fn give(&mut self, name: &str, numbers: &[usize]) {
        let given = self.given.entry(name.to_owned()).or_default();
        let new = numbers.iter().filter(|number| !given.contains(number));
        let new: Vec<usize> = new.copied().collect();
        if given.len() + new.len() <= MOST_GIVEN {
            given.extend(new);
        } else {
            self.print(&new);
        }
    }

    fn print(&mut self, numbers: &[usize]) {
        for number in numbers {
            if let Some((_, is_printed)) = self.taken.get_mut(*number) {
                *is_printed = true;
            }
        }
    }
}

/// Whether this place is in one of these stretches, which stand one behind the other.
fn is_in(spans: &[Span], at: usize) -> bool {
    let behind = spans.partition_point(|span| span.start <= at);
    let span = behind.checked_sub(1).and_then(|number| spans.get(number));
    span.is_some_and(|span| span.contains(&at))
}

/// What a statement takes, and where.
fn taken(text: &str) -> Vec<(Span, Taken)> {
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
fn literal(text: &str, start: usize) -> Option<(String, usize)> {
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
fn is_written(text: &str, end: usize) -> bool {
    let behind = text.get(end..).unwrap_or_default();
    let mode = behind.trim_start_matches([' ', ',']);
    let mode = mode.strip_prefix("mode=").unwrap_or(mode);
    let mode = mode.strip_prefix(['\'', '"']);
    mode.is_some_and(|mode| mode.starts_with(['w', 'a', 'x']))
        || behind.trim_start_matches(')').starts_with(".write")
}

/// Behind the bracket that closes what ends here, where one does near by.
fn closed(text: &str, end: usize) -> usize {
    let behind = text.get(end..).unwrap_or_default().bytes().take(64);
    let bracket = behind.enumerate().find(|(_, byte)| b")]}".contains(byte));
    bracket.map_or(end, |(at, _)| end + at + 1)
}

/// Whether what stands here is only counted, compared or asked for, or so few letters of it that they do not matter.
fn is_asked(text: &str, span: &Span) -> bool {
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

/// A text without the name that it ends with.
fn without_name(text: &str) -> &str {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"._".contains(byte);
    let near = text.bytes().rev().take(LONGEST_WORD);
    let length = near.take_while(is_of_name).count();
    text.get(..text.len() - length).unwrap_or(text)
}

/// The names that a statement gives something to: `a = …`, `for a in …`, `with … as a`.
fn assigned(text: &str) -> Vec<&str> {
    const KEYWORDS: [&str; 7] = ["const", "let", "var", "my", "our", "for", "export"];
    let bytes = text.as_bytes();
    let is_sign = |at: usize| {
        let around = (
            at.checked_sub(1).and_then(|at| bytes.get(at)),
            bytes.get(at + 1),
        );
        let before = around.0.is_some_and(|byte| b"=!<>".contains(byte));
        !before && !around.1.is_some_and(|byte| b"=>".contains(byte))
    };
    let mut signs = text.match_indices('=').map(|(at, _)| at);
    let left = signs.find(|at| is_sign(*at)).and_then(|at| text.get(..at));
    let left = left.filter(|left| !left.contains('(')).unwrap_or_default();
    let looped = text
        .split_once("for ")
        .or_else(|| text.split_once("for("))
        .map(|(_, rest)| rest);
    let looped =
        looped.and_then(|rest| rest.split_once(" in ").or_else(|| rest.split_once(" of ")));
    let looped = looped.map(|(names, _)| names).unwrap_or_default();
    let named = text
        .split_once(" as ")
        .map(|(_, rest)| rest)
        .unwrap_or_default();
    let named = identifiers(named).map(|(_, word)| word).take(1);
    let names = [left, looped]
        .into_iter()
        .flat_map(|text| identifiers(text).map(|(_, word)| word).take(MOST_NAMES));
    names
        .chain(named)
        .filter(|name| !KEYWORDS.contains(name))
        .collect()
}

/// The stretches of a statement that are printed.
fn what_is_printed(text: &str) -> Vec<Span> {
    let ends = ends_of_brackets(text);
    let mut shown = Vec::new();
    for (span, word) in dotted(text) {
        let is_it = |print: &&str| {
            word.strip_suffix(*print)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let behind = text.get(span.end..).unwrap_or_default();
        // Ruby's shortest.
        let is_p = word == "p"
            && [" ENV", " File", " IO"]
                .iter()
                .any(|next| behind.starts_with(next));
        if !is_p && !PRINTS.iter().any(is_it) {
            continue;
        }
        let open = span.end + (behind.len() - behind.trim_start().len());
        match text.as_bytes().get(open) {
            Some(b'(') => shown.push(open..ends.get(&open).copied().unwrap_or(text.len())),
            // It is given a name, or is one: `print = 1`.
            None | Some(b'=' | b',' | b')' | b']') => {}
            Some(_) => {
                shown.push(open..text.len());
                break;
            }
        }
    }
    // One inside of another one is printed with it.
    let mut end = 0;
    shown.retain(|span| {
        let is_new = span.end > end;
        end = end.max(span.end);
        is_new
    });
    shown
}

/// Where each bracket is closed.
fn ends_of_brackets(text: &str) -> HashMap<usize, usize> {
    let (mut ends, mut open) = (HashMap::new(), Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => open.push(at),
            b')' => {
                if let Some(start) = open.pop() {
                    ends.insert(start, at);
                }
            }
            _ => {}
        }
    }
    ends
}

/// Names in a text, with dots between their parts.
fn dotted(text: &str) -> impl Iterator<Item = (Span, &str)> {
    words(text, |letter| {
        letter.is_alphanumeric() || "_.-".contains(letter)
    })
}

/// Names in a text.
fn identifiers(text: &str) -> impl Iterator<Item = (Span, &str)> {
    words(text, |letter| letter.is_alphanumeric() || letter == '_')
}

fn words(
    text: &str,
    is_of_word: impl Fn(char) -> bool + Copy,
) -> impl Iterator<Item = (Span, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let start = at + rest.find(is_of_word)?;
        let rest = text.get(start..)?;
        let length = rest
            .find(|letter| !is_of_word(letter))
            .unwrap_or(rest.len());
        at = start + length;
        Some((start..at, rest.get(..length)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Printed {
        printed(text, Kind::Program)
    }

    #[test]
    fn files_that_are_printed_are_told_from_those_that_are_not() {
        for (text, files) in [
            ("print(open('.env').read())", vec![".env"]),
            ("f = open(\".env\")\nprint(f.read())", vec![".env"]),
            (
                "f = open('a'); d = f.read(); e = d.strip(); print(e)",
                vec!["a"],
            ),
            ("with open('.env') as f: print(f.read())", vec![".env"]),
            (
                "with open('.env') as f:\n  for line in f:\n    print(line)",
                vec![".env"],
            ),
            ("for line in open('.env'): print(line)", vec![".env"]),
            ("[print(l) for l in open('.env')]", vec![".env"]),
            (
                "console.log(require('fs').readFileSync('.env', 'utf8'))",
                vec![".env", "fs"],
            ),
            (
                "fs.readFile('.env', 'utf8', (e, d) => console.log(d))",
                vec![".env"],
            ),
            ("File.open('.env') { |f| puts f.read }", vec![".env"]),
            ("puts File.read('.env')", vec![".env"]),
            ("echo file_get_contents('.env');", vec![".env"]),
            ("print(Path('.env').read_text())", vec![".env"]),
            (
                "import json; c = json.load(open('c.json')); print(c['a'])",
                vec!["c.json"],
            ),
            ("sys.stdout.write(open('.env').read())", vec![".env"]),
            ("load_dotenv('.env'); print(1)", vec![]),
            ("open('out.txt', 'w'); print(1)", vec![]),
            ("open('out.txt', 'w').write('x'); print('done')", vec![]),
            ("d = open('a').read(); print(len(d))", vec![]),
            ("print(len(open('a').read()))", vec![]),
            ("print(len(json.load(open('a'))))", vec![]),
            ("print(Path('.env').exists())", vec![]),
            ("d = open('a').read(); print('blueprint')", vec![]),
            (
                "c = json.load(open('c')); r = requests.get(u, auth=c['t']); print(r.status_code)",
                vec![],
            ),
        ] {
            assert_eq!(of(text).files, files, "{text}");
        }
    }

    #[test]
    fn variables_that_are_printed_are_told_from_those_that_are_not() {
        for (text, names) in [
            ("console.log(process.env.TOKEN)", vec!["TOKEN"]),
            ("console.log(process.env['TOKEN'])", vec!["TOKEN"]),
            ("import os; print(os.environ['TOKEN'])", vec!["TOKEN"]),
            (
                "import os; print(os.environ.get('TOKEN', ''))",
                vec!["TOKEN"],
            ),
            ("t = os.getenv('TOKEN'); print(f'x {t}')", vec!["TOKEN"]),
            ("print $ENV{TOKEN}", vec!["TOKEN"]),
            ("puts ENV['TOKEN']", vec!["TOKEN"]),
            ("echo getenv('TOKEN')", vec!["TOKEN"]),
            ("f(os.environ['TOKEN'])", vec![]),
            ("print(len(os.environ['TOKEN']))", vec![]),
            ("print(bool(os.environ.get('TOKEN')))", vec![]),
            ("print(os.environ.get('TOKEN') is not None)", vec![]),
            (
                "print('set' if os.environ.get('TOKEN') else 'unset')",
                vec![],
            ),
            ("console.log(!!process.env.TOKEN)", vec![]),
            ("console.log(process.env.TOKEN ? 'set' : 'unset')", vec![]),
            ("print(os.environ['TOKEN'][:4])", vec![]),
            (
                "r = requests.get(u, headers={'A': os.environ['TOKEN']}); print(r.status_code)",
                vec![],
            ),
            (
                "print(requests.get(u, headers={'A': os.environ['TOKEN']}).status_code)",
                vec![],
            ),
            (
                "c = OpenAI(api_key=os.environ['TOKEN']); print(c.models.list())",
                vec![],
            ),
        ] {
            assert_eq!(of(text).variables, names, "{text}");
        }
    }

    #[test]
    fn all_variables_and_lines_that_are_run_are_known() {
        for (text, has_all) in [
            ("console.log(process.env)", true),
            ("console.log(JSON.stringify(process.env))", true),
            ("print(os.environ)", true),
            ("print(dict(os.environ))", true),
            ("for k, v in os.environ.items(): print(k, v)", true),
            ("for k in os.environ: print(k, os.environ[k])", true),
            ("p ENV", true),
            ("console.log(Object.keys(process.env))", false),
            ("print('A' in os.environ)", false),
            ("for k in os.environ: print(k)", false),
            ("print(sorted(os.environ))", false),
            (
                "e = os.environ.copy(); subprocess.run(x, env=e); print('done')",
                false,
            ),
        ] {
            assert_eq!(of(text).has_all_variables, has_all, "{text}");
        }
        for (text, lines) in [
            (
                "print(subprocess.check_output('cat .env', shell=True))",
                vec!["cat .env"],
            ),
            (
                "console.log(execSync('cat .env').toString())",
                vec!["cat .env"],
            ),
            (
                "print(subprocess.check_output(['cat', '.env']))",
                vec![" cat    .env "],
            ),
        ] {
            assert_eq!(of(text).commands, lines, "{text}");
        }
        let value = printed("process.env.TOKEN", Kind::Expression);
        assert_eq!(value.variables, ["TOKEN"]);
    }

    #[test]
    fn what_a_program_takes_has_a_limit_for_each_name() {
        let many: String = (0..1_000)
            .map(|at| format!("a = open('{at}'); b = a; "))
            .collect();
        let printed = of(&format!("{many} print(len(b))"));
        assert!(
            printed.files.len() >= 1_000 - 2 * MOST_GIVEN,
            "{}",
            printed.files.len()
        );
        let longest = of(&"a = open('x', ".repeat(10_000));
        assert_eq!(
            longest.files.len(),
            10_000,
            "more than is looked at is taken to be printed"
        );
    }
}
