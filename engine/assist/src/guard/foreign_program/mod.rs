//! What a program in another language prints of files and variables: `python -c "print(open('.env').read())"`.
//!
//! That is what an agent tries next that may not `cat` a file. It is not parsed. Names that stand as such behind a word that
//! opens files or takes variables are *taken*; what is taken is printed where it stands in what is printed, or where a name
//! does that it is given to, as far as statements one after the other say it. What is sent, counted or compared is not
//! printed: `print(r.status_code)`, `print(len(os.environ['A']))`.
//!
//! INVARIANT: the text is gone through a fixed number of times.

mod assigned;
mod shown;
mod taken;
mod text;
mod words;

use std::collections::{HashMap, HashSet};

use assigned::assigned;
use shown::what_is_printed;
use taken::{Taken, is_asked, taken};
use text::{identifiers, is_in};
use words::SENDS;

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

/// LIMIT: things that one name may have been given. More of them are taken to be printed.
const MOST_GIVEN: usize = 64;

/// LIMIT: things that one statement takes, of which it is looked at what is done with them. More are taken to be printed.
const MOST_TAKEN: usize = 64;

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
