//! Where what a command prints goes: onto the screen, through a pipe, into a file, into the words of another command or a
//! variable, and from there on.
//!
//! One answer is given to everybody who asks: for a file that is printed, a credential that a command is there to print, the
//! environment. Nothing is run; a program that is not known may show what it gets, and may not.
//!
//! INVARIANT: each command is followed once.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::change;
use super::command_line::{CommandLine, Joint, Part, Simple, Word};
use super::program_names::{FILTERS, KEEPERS, PRINTERS, SAYERS, SHELLS, SILENT};
use super::variable::{Form, Variable};
use super::view::{self, Step};
use super::wrappers::Unwrapped;

/// LIMIT: commands in `$(…)` between two ends of a pipe. What is behind more of them is taken to be seen.
const MOST_BETWEEN: usize = 64;

/// LIMIT: steps that are kept. Behind more of them nothing more is left out.
const MOST_STEPS: usize = 16;

/// LIMIT: variables and files that an output goes through. Behind them it is taken to be seen.
const DEEPEST: usize = 16;

/// What becomes of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outlet {
    /// Nobody sees it.
    Nowhere,
    /// What is left of it behind these steps is seen.
    Seen(Rc<Vec<Step>>),
    /// It is given to a program that may show it.
    Perhaps(Rc<Vec<Step>>),
}

impl Outlet {
    /// All of it is seen.
    pub(super) fn screen() -> Self {
        Self::Seen(Rc::default())
    }

    /// What is left of what is seen, surely or perhaps; nothing when nobody sees any.
    pub(super) fn steps(&self) -> Option<Vec<Step>> {
        match self {
            Self::Nowhere => None,
            Self::Seen(steps) | Self::Perhaps(steps) => Some(steps.to_vec()),
        }
    }

    /// Whether it is surely seen.
    pub(super) fn is_sure(&self) -> bool {
        matches!(self, Self::Seen(_))
    }

    /// The same, behind these steps.
    fn behind(&self, mut steps: Vec<Step>) -> Self {
        let with = |rest: &Rc<Vec<Step>>| {
            if steps.is_empty() {
                return rest.clone();
            }
            steps.extend(rest.iter().cloned());
            if steps.len() > MOST_STEPS {
                steps.truncate(MOST_STEPS);
                steps.push(Step::Alters);
            }
            Rc::new(steps)
        };
        match self {
            Self::Nowhere => Self::Nowhere,
            Self::Seen(rest) => Self::Seen(with(rest)),
            Self::Perhaps(rest) => Self::Perhaps(with(rest)),
        }
    }

    /// The one of which more is seen.
    fn or(self, other: Self) -> Self {
        let whole = || Rc::new(vec![Step::Alters]);
        match (self, other) {
            (Self::Nowhere, one) | (one, Self::Nowhere) => one,
            (Self::Perhaps(_), Self::Perhaps(_)) => Self::Perhaps(whole()),
            _ => Self::Seen(whole()),
        }
    }
}

/// Where the output goes next.
enum Next {
    End(Outlet),
    /// To this command, which does so with what it gets.
    Through(usize, Vec<Step>),
}

/// What becomes of the outputs of a line's commands.
pub(super) struct Flow<'l> {
    line: &'l CommandLine,
    /// What becomes of what the line prints.
    around: Outlet,
    known: RefCell<Vec<Option<Outlet>>>,
    /// Where variables are named.
    variables: OnceCell<HashMap<String, Vec<(usize, Part)>>>,
    /// Where words of programs that print files stand.
    files: OnceCell<HashMap<String, Vec<usize>>>,
    /// What becomes of each of them that was asked for.
    stored: RefCell<HashMap<Stored, Outlet>>,
    depth: Cell<usize>,
}

/// What an output is put into, to be used later on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stored {
    Variable(String),
    File(String),
}

impl<'l> Flow<'l> {
    /// Of a line whose own output goes there.
    pub(super) fn of(line: &'l CommandLine, around: Outlet) -> Self {
        Self {
            line,
            around,
            known: RefCell::new(vec![None; line.commands.len()]),
            variables: OnceCell::new(),
            files: OnceCell::new(),
            stored: RefCell::default(),
            depth: Cell::new(0),
        }
    }

    /// What becomes of what this command prints.
    pub(super) fn outlet(&self, command: usize) -> Outlet {
        let (mut path, mut at) = (Vec::new(), command);
        let mut outlet = loop {
            if let Some(Some(known)) = self.known.borrow().get(at) {
                break known.clone();
            }
            // An output that comes back to where it came from is seen only where it is seen elsewhere.
            self.know(at, Outlet::Nowhere);
            match self.next(at) {
                Next::End(outlet) => {
                    path.push((at, Vec::new()));
                    break outlet;
                }
                Next::Through(next, steps) => {
                    path.push((at, steps));
                    at = next;
                }
            }
        };
        for (at, steps) in path.into_iter().rev() {
            outlet = outlet.behind(steps);
            self.know(at, outlet.clone());
        }
        outlet
    }

    /// What becomes of the input of this command.
    pub(super) fn inlet(&self, command: usize) -> Outlet {
        let next = self.given(command);
        self.end(next)
    }

    /// What becomes of one of its words.
    pub(super) fn word(&self, command: usize, run: &Unwrapped<'_>, word: usize) -> Outlet {
        self.end(self.put_as_word(command, run, word))
    }

    fn know(&self, command: usize, outlet: Outlet) {
        if let Some(known) = self.known.borrow_mut().get_mut(command) {
            *known = Some(outlet);
        }
    }

    fn end(&self, next: Next) -> Outlet {
        match next {
            Next::End(outlet) => outlet,
            Next::Through(next, steps) => self.outlet(next).behind(steps),
        }
    }

    fn next(&self, at: usize) -> Next {
        let Some(command) = self.line.commands.get(at) else {
            return Next::End(Outlet::screen());
        };
        if command.is_error {
            return Next::End(Outlet::screen());
        }
        if let Some(file) = command.outputs.last() {
            match file.text.to_ascii_lowercase().as_str() {
                "/dev/stderr" | "/dev/tty" | "/dev/fd/2" => return Next::End(Outlet::screen()),
                "/dev/stdout" | "/dev/fd/1" | "-" => {}
                _ => return Next::End(self.in_file(&file.text)),
            }
        }
        if command.joints.1 == Joint::Pipe {
            return match self.taker(at, command) {
                Some(taker) => self.given(taker),
                None => Next::End(Outlet::Seen(Rc::new(vec![Step::Alters]))),
            };
        }
        match self.line.taker_of(command.shell) {
            None => Next::End(self.around.clone()),
            Some(taken) => self.put(taken.command, taken.part),
        }
    }

    /// The command that takes the output of the one at this place.
    fn taker(&self, at: usize, command: &Simple) -> Option<usize> {
        let behind = self.line.commands.iter().enumerate().skip(at + 1);
        // Those in `$(…)` of the next one stand before it.
        let mut behind = behind.take(MOST_BETWEEN);
        let in_brackets = |shell: usize| {
            let is_group = self.line.taken.get(shell).is_some_and(Option::is_none);
            is_group && self.line.shells.get(shell) == Some(&command.shell)
        };
        let is_next = |next: &Simple| next.shell == command.shell || in_brackets(next.shell);
        let next = behind.find(|(_, next)| is_next(next));
        next.filter(|(_, next)| next.joints.0 == Joint::Pipe)
            .map(|(at, _)| at)
    }

    /// What this command does with what it gets as its input.
    fn given(&self, at: usize) -> Next {
        let perhaps = || Next::End(Outlet::Perhaps(Rc::new(vec![Step::Alters])));
        let Some(command) = self.line.commands.get(at) else {
            return perhaps();
        };
        let run = Unwrapped::of(&command.words);
        let (program, arguments) = (run.program(), run.arguments());
        let is = |programs: &[&str]| programs.contains(&program.as_str());
        match program.as_str() {
            // `$(< file)`, and `xargs` alone.
            "" if run.rest.is_empty() && run.is_fed() => Next::Through(at, vec![Step::Alters]),
            "" if command.words.is_empty() => Next::Through(at, Vec::new()),
            "" => perhaps(),
            "read" | "mapfile" | "readarray" => Next::End(self.in_variables(arguments)),
            _ if run.is_fed() && (is(SAYERS) || is(SHELLS)) => {
                Next::Through(at, vec![Step::Alters])
            }
            _ if run.is_fed() => perhaps(),
            _ if is(KEEPERS) || stores_its_input(&program, arguments) => Next::End(Outlet::Nowhere),
            _ if prints_its_input(&program, arguments) => Next::Through(at, vec![Step::Alters]),
            _ if is(PRINTERS) || is(FILTERS) => match view::steps(&program, arguments) {
                Some(steps) => Next::Through(at, steps),
                None => Next::End(Outlet::Nowhere),
            },
            _ => perhaps(),
        }
    }

    /// What becomes of what is put into this part of a command.
    fn put(&self, at: usize, part: Part) -> Next {
        let Some(command) = self.line.commands.get(at) else {
            return Next::End(Outlet::Nowhere);
        };
        let run = Unwrapped::of(&command.words);
        let program = run.program();
        match part {
            Part::Redirection => Next::End(Outlet::Nowhere),
            Part::Word(word) => self.put_as_word(at, &run, word),
            Part::File if matches!(program.as_str(), "source" | ".") => Next::End(Outlet::Nowhere),
            Part::File | Part::Document if runs(&program) => self.perhaps(at),
            Part::File | Part::Document => self.given(at),
        }
    }

    /// The same, of one of its words.
    fn put_as_word(&self, at: usize, run: &Unwrapped<'_>, word: usize) -> Next {
        let nowhere = Next::End(Outlet::Nowhere);
        let program = run.program();
        let is = |programs: &[&str]| programs.contains(&program.as_str());
        let Some(argument) = word.checked_sub(run.wrappers.len() + 1) else {
            return match run.wrappers.get(word).map(setting) {
                Some(Some(name)) if run.rest.is_empty() => Next::End(self.in_variable(name)),
                // A setting of one command, a time: it does not print them.
                Some(_) => nowhere,
                // `env $(…) make`
                None if run.wrappers.iter().any(|word| word.program() == "env") => nowhere,
                // A program that is not there is named.
                None => Next::End(Outlet::screen()),
            };
        };
        let name = |argument| run.arguments().get(argument);
        if is(SAYERS) {
            Next::Through(at, vec![Step::Alters])
        } else if program == "eval" && name(argument).is_some_and(|word| word.text.is_empty()) {
            // It is run as `source` would do it.
            nowhere
        } else if runs(&program) {
            self.perhaps(at)
        } else if program == "for" {
            let name = name(0).map(|name| self.in_variable(&name.text));
            Next::End(name.unwrap_or(Outlet::Nowhere))
        } else if is(SILENT) {
            let name = name(argument).and_then(setting);
            Next::End(name.map_or(Outlet::Nowhere, |name| self.in_variable(name)))
        } else if is_of_header(&program, run.arguments(), argument) {
            nowhere
        } else {
            Next::End(Outlet::Perhaps(Rc::new(vec![Step::Alters])))
        }
    }

    /// A command that may do anything with what it gets.
    fn perhaps(&self, at: usize) -> Next {
        Next::End(match self.outlet(at) {
            Outlet::Nowhere => Outlet::Nowhere,
            _ => Outlet::Perhaps(Rc::new(vec![Step::Alters])),
        })
    }

    /// What becomes of the value of variables that are read.
    fn in_variables(&self, arguments: &[Word]) -> Outlet {
        let names = arguments.iter().filter(|word| !word.text.starts_with('-'));
        let mut names: Vec<&str> = names.map(|word| word.text.as_str()).collect();
        if names.is_empty() {
            names.extend(["REPLY", "MAPFILE"]);
        }
        let all = names.into_iter().map(|name| self.in_variable(name));
        all.fold(Outlet::Nowhere, Outlet::or)
    }

    /// What becomes of the value of a variable.
    fn in_variable(&self, name: &str) -> Outlet {
        let uses = self.variables.get_or_init(|| uses_of_variables(self.line));
        let uses = uses.get(name).map(Vec::as_slice).unwrap_or_default();
        self.stored(Stored::Variable(name.to_owned()), || {
            let all = uses.iter().map(|(at, part)| self.end(self.put(*at, *part)));
            first_seen(all)
        })
    }

    /// What becomes of what is written into a file: it may be printed by another command.
    fn in_file(&self, path: &str) -> Outlet {
        let uses = self.files.get_or_init(|| uses_of_files(self.line));
        let uses = uses.get(path).map(Vec::as_slice).unwrap_or_default();
        self.stored(Stored::File(path.to_owned()), || {
            let all = uses.iter().map(|at| self.end(self.given(*at)));
            first_seen(all)
        })
    }

    fn stored(&self, stored: Stored, follow: impl FnOnce() -> Outlet) -> Outlet {
        if let Some(known) = self.stored.borrow().get(&stored) {
            return known.clone();
        }
        if self.depth.get() >= DEEPEST {
            return Outlet::screen();
        }
        self.stored
            .borrow_mut()
            .insert(stored.clone(), Outlet::Nowhere);
        self.depth.set(self.depth.get() + 1);
        let outlet = follow();
        self.depth.set(self.depth.get() - 1);
        self.stored.borrow_mut().insert(stored, outlet.clone());
        outlet
    }
}

/// Of several, up to the first one that is surely seen.
fn first_seen(mut outlets: impl Iterator<Item = Outlet>) -> Outlet {
    let mut all = Outlet::Nowhere;
    while !all.is_sure()
        && let Some(outlet) = outlets.next()
    {
        all = all.or(outlet);
    }
    all
}

/// Whether it runs what it is given: a line of a shell, a program of another language.
fn runs(program: &str) -> bool {
    SHELLS.contains(&program) || program == "eval" || change::is_interpreter(program)
}

/// The name in `NAME=value`.
fn setting(word: &Word) -> Option<&str> {
    super::variable::setting(&word.text).map(|(name, _)| name)
}

/// Where the variables of a line are named so that their value is put there.
fn uses_of_variables(line: &CommandLine) -> HashMap<String, Vec<(usize, Part)>> {
    let mut uses: HashMap<String, Vec<(usize, Part)>> = HashMap::new();
    let mut add = |text: &str, at, part| {
        for variable in Variable::all(text) {
            if variable.form != Form::Other {
                let name = variable.name.to_owned();
                uses.entry(name).or_default().push((at, part));
            }
        }
    };
    for (at, command) in line.commands.iter().enumerate() {
        let program = Unwrapped::of(&command.words).program();
        // They have variables of their own, with the same names when those are exported.
        let is_inside = SHELLS.contains(&program.as_str());
        for (number, word) in command.words.iter().enumerate() {
            if word.has_variable || is_inside {
                add(&word.text, at, Part::Word(number));
            }
        }
        for document in line.documents_of(command).filter(|word| word.has_variable) {
            add(&document.text, at, Part::Document);
        }
    }
    uses
}

/// Where files are named as something that is printed.
fn uses_of_files(line: &CommandLine) -> HashMap<String, Vec<usize>> {
    let mut uses: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, command) in line.commands.iter().enumerate() {
        let run = Unwrapped::of(&command.words);
        let program = run.program();
        if PRINTERS.contains(&program.as_str()) {
            let words = run.arguments().iter().chain(&command.inputs);
            words.for_each(|word| uses.entry(word.text.clone()).or_default().push(at));
        }
    }
    uses
}

/// `docker login --password-stdin`, `gh secret set NAME`: what it reads goes to where credentials are kept.
pub(super) fn stores_its_input(program: &str, arguments: &[Word]) -> bool {
    let commands: &[&str] = match program {
        "gh" | "wrangler" | "fly" | "flyctl" | "glab" => {
            &["secret", "secrets", "variable", "login"]
        }
        "docker" | "podman" | "helm" | "oras" | "npm" | "skopeo" => &["login"],
        "vault" | "bao" => &["write", "put", "login"],
        "kubectl" | "oc" => &["create", "apply", "replace"],
        "aws" => &["put-secret-value", "create-secret", "put-parameter"],
        "gcloud" => &["secrets"],
        _ => return false,
    };
    // Or what it makes of it is printed.
    let shows = |word: &Word| word.text.starts_with("--dry-run");
    let is_it = |word: &Word| commands.contains(&word.text.as_str());
    arguments.iter().any(is_it) && !arguments.iter().any(shows)
}

/// Programs of other languages that print what they are given: `python -m json.tool`, `perl -pe …`.
fn prints_its_input(program: &str, arguments: &[Word]) -> bool {
    let has = |text: &str| arguments.iter().any(|word| word.text == text);
    match program {
        "perl" | "ruby" => {
            let options = arguments
                .iter()
                .filter_map(|word| word.text.strip_prefix('-'));
            let mut letters = options.map(|option| option.trim_start_matches(['l', 'a', 'n', '0']));
            letters.any(|option| option.starts_with('p'))
        }
        _ if program.starts_with("python") => has("-m") && has("json.tool"),
        "openssl" => arguments
            .first()
            .is_some_and(|word| matches!(word.text.as_str(), "base64" | "enc")),
        _ => false,
    }
}

/// Whether an argument goes into a header of what is sent: that is what a credential is for.
fn is_of_header(program: &str, arguments: &[Word], argument: usize) -> bool {
    const OPTIONS: [&str; 6] = [
        "-H",
        "--header",
        "-u",
        "--user",
        "--oauth2-bearer",
        "--password",
    ];
    let at = |at: usize| arguments.get(at).map_or("", |word| word.text.as_str());
    let before = argument.checked_sub(1).map_or("", at);
    let own = at(argument);
    let is_joined = own.starts_with("-H") || own.starts_with("-u") || own.starts_with("--header=");
    // `mysql -p"$(…)"`, `--token "$(…)"`: programs are not there to print what they log in with.
    let names = ["--password", "--token", "--api-key", "--access-token"];
    let name = own.split('=').next().unwrap_or_default();
    if names.contains(&before) || names.contains(&name) || own.starts_with("-p") {
        return true;
    }
    let sends = matches!(program, "curl" | "wget" | "xh" | "http" | "https");
    sends && (OPTIONS.contains(&before) || is_joined || own.starts_with("Authorization:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of what the command `x` of a line prints.
    fn outlet(line: &str) -> Outlet {
        let line = CommandLine::of(line);
        let is_it = |command: &Simple| Unwrapped::of(&command.words).program() == "x";
        let at = line.commands.iter().position(is_it).expect("an x");
        Flow::of(&line, Outlet::screen()).outlet(at)
    }

    #[test]
    fn an_output_is_followed_to_where_it_is_seen() {
        for line in [
            "x",
            "x | cat",
            "x 2>err.log",
            "x 2>/dev/null",
            "x > /dev/stderr",
            "x >&2 | wc",
            "x | tee y",
            "x | (cat)",
            "x | tr -d '\\n'",
            "x | perl -pe s/a/b/",
            "x | python3 -m json.tool",
            "x | xargs",
            "x | xargs -I{} echo {}",
            "x | while read t; do echo $t; done",
            "(x)",
            "echo $(x)",
            "echo \"a `x`\"",
            "t=$(x); echo $t",
            "t=$(x); u=$t; echo \"$u\"",
            "export T=$(x) && echo ${T:-}",
            "for t in $(x); do echo $t; done",
            "cat <(x)",
            "cat <<< $(x)",
            "cat <<E\n$(x)\nE",
            "x > y; cat y",
            "x > y; cat < y",
            "$(x)",
        ] {
            assert!(outlet(line).is_sure(), "{line}: {:?}", outlet(line));
        }
        for line in [
            "x > y",
            "x >/dev/null",
            "x &> y",
            "x 1> y",
            "x | grep -q a",
            "x | wc -l",
            "x | sha256sum",
            "x | cat > y",
            "x | pbcopy",
            "x | docker login --password-stdin",
            "x | gh secret set A",
            "t=$(x); curl -H \"Authorization: $t\" y",
            "curl -H \"Authorization: $(x)\" y",
            "A=$(x) make",
            "env $(x | xargs) make",
            "eval \"$(x)\"",
            "mysql -u a -p\"$(x)\"",
            "gh auth login --token \"$(x)\"",
            "export A=$(x)",
            "export $(x)",
            "[ -n \"$(x)\" ]",
            "if [ \"$(x | wc -l)\" = 1 ]; then a; fi",
            "t=$(x); echo ${#t} ${t:0:4}",
            "t=$(echo $(x) | wc -c); echo $t",
            "source <(x)",
            "x | read t",
            "t=$(x); t=$(echo $t)",
            "cat > y <<E\n$(x)\nE",
        ] {
            assert_eq!(outlet(line), Outlet::Nowhere, "{line}");
        }
        for line in [
            "x | nc host 1",
            "x | node a.js",
            "x | xargs rm",
            "git commit -m \"$(x)\"",
            "bash -c \"curl -H '$(x)' y\"",
            "node -e \"f('$(x)')\"",
            "t=$(x); bash -c 'echo $t'",
            "curl -d \"$(x)\" y",
            "x | kubectl create --dry-run=client -f -",
        ] {
            assert!(matches!(outlet(line), Outlet::Perhaps(_)), "{line}");
        }
    }

    #[test]
    fn what_is_left_behind_others_is_known() {
        for (line, steps) in [
            ("x | cat", vec![]),
            (
                "x | cut -d= -f1 | head -5",
                vec![
                    Step::Before('='),
                    Step::Selects,
                    Step::Range(view::Range::Lines(1, 5)),
                ],
            ),
            (
                "echo $(x | cut -d= -f1)",
                vec![Step::Before('='), Step::Selects, Step::Alters],
            ),
        ] {
            assert_eq!(outlet(line).steps(), Some(steps), "{line}");
        }
        let long = outlet(&format!("x {}", "| grep a ".repeat(1_000)));
        assert_eq!(long.steps().map(|steps| steps.len()), Some(MOST_STEPS + 1));
    }

    #[test]
    fn each_command_is_followed_once() {
        for many in [
            "x | ",
            "a=$(x $a); ",
            "echo $(",
            "x > y; cat y; ",
            "read a; echo $a; ",
            "a$a=$(x); ",
        ] {
            let line = CommandLine::of(&many.repeat(5_000));
            let flow = Flow::of(&line, Outlet::screen());
            for at in 0..line.commands.len() {
                flow.outlet(at);
            }
            let known = flow.known.borrow();
            assert!(known.iter().all(Option::is_some), "{many}");
        }
    }
}
