//! Where what a command prints goes: onto the screen, through a pipe, into a file, into the words of another command or a
//! variable, and from there on.
//!
//! One answer is given to everybody who asks: for a file that is printed, a credential that a command is there to print, the
//! environment. Nothing is run; a program that is not known may show what it gets, and may not.
//!
//! INVARIANT: each command is followed once.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::change;
use super::command_line::{CommandLine, Joint, Part, Simple, Word};
use super::groups::Groups;
use super::options::{Options, Valued};
use super::program_names::{
    COPIERS, DEAF, FILTERS, KEEPERS, PRINTERS, SAYERS, SENDERS, SHELLS, SILENT,
};
use super::transfer;
use super::variable::{Form, Variable};
use super::view::{self, Step};
use super::wrappers::Unwrapped;

/// LIMIT: commands in `$(…)` between two ends of a pipe. What is behind more of them is taken to be seen.
const MOST_BETWEEN: usize = 64;

/// LIMIT: commands of a group that its input may go to. Of more of them, nobody knows what they do with it.
const MOST_IN_GROUP: usize = 256;

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

    /// Whether all of it is surely seen.
    fn is_all(&self) -> bool {
        matches!(self, Self::Seen(steps) if matches!(steps.as_slice(), [] | [Step::Alters, ..]))
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
    /// What each command runs. PERF: a command of many words may be asked for by each of them.
    runs: Vec<Unwrapped<'l>>,
    /// What becomes of what the line prints.
    around: Outlet,
    known: RefCell<Vec<Option<Outlet>>>,
    groups: OnceCell<Groups>,
    /// Where variables are named.
    variables: OnceCell<HashMap<String, Vec<Use>>>,
    /// Where files are named as something that is shown or copied.
    files: OnceCell<HashMap<String, Vec<(usize, FileUse)>>>,
    /// What becomes of each of them that was asked for: by all of its uses from the first one on, the second, and so on.
    stored: RefCell<HashMap<Stored, Rc<[Outlet]>>>,
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
        let commands = line.commands.iter();
        let runs = commands.map(|command| Unwrapped::of(&command.words));
        Self {
            line,
            runs: runs.collect(),
            around,
            known: RefCell::new(vec![None; line.commands.len()]),
            groups: OnceCell::new(),
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

    /// What a command runs.
    fn run(&self, at: usize) -> Option<Unwrapped<'l>> {
        self.runs.get(at).copied()
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
                _ => return Next::End(self.in_file(&file.text, at)),
            }
        }
        if command.joints.1 == Joint::Pipe {
            return match self.taker(at, command) {
                Some(taker) => self.piped(taker),
                None => Next::End(Outlet::Seen(Rc::new(vec![Step::Alters]))),
            };
        }
        self.around(at, command.shell)
    }

    /// Where the output of a command goes that is sent nowhere by itself: where the group around sends it, or the shell.
    fn around(&self, at: usize, mut shell: usize) -> Next {
        let groups = self.groups();
        let mut end = groups.end_around(at);
        loop {
            if let Some(end) = end {
                return Next::Through(end, Vec::new());
            }
            if let Some(Some(taken)) = self.line.taken.get(shell) {
                return self.put(taken.command, taken.part);
            }
            let Some(parent) = self.line.shells.get(shell).filter(|_| shell > 0) else {
                return Next::End(self.around.clone());
            };
            end = groups.end_around_shell(shell);
            shell = *parent;
        }
    }

    fn groups(&self) -> &Groups {
        self.groups.get_or_init(|| Groups::of(self.line))
    }

    /// The command that takes the output of the one at this place.
    fn taker(&self, at: usize, command: &Simple) -> Option<usize> {
        let behind = self.line.commands.iter().enumerate().skip(at + 1);
        // Those in `$(…)` of the next one stand before it.
        let mut behind = behind.take(MOST_BETWEEN);
        let in_brackets = |shell: usize| {
            let taken = self.line.taken.get(shell);
            let is_group =
                taken.is_some_and(|taken| taken.is_none_or(|taken| taken.part == Part::Group));
            is_group && self.line.shells.get(shell) == Some(&command.shell)
        };
        let is_next = |next: &Simple| next.shell == command.shell || in_brackets(next.shell);
        let next = behind.find(|(_, next)| is_next(next));
        next.filter(|(_, next)| next.joints.0 == Joint::Pipe)
            .map(|(at, _)| at)
    }

    /// What becomes of what is put through a pipe into this command, or into the group that it begins.
    fn piped(&self, at: usize) -> Next {
        match self.groups().begun_by(at) {
            Some(group) => Next::End(self.in_group(group)),
            None => self.given(at),
        }
    }

    /// What becomes of the input of these commands: any of them may take it.
    fn in_group(&self, group: Range<usize>) -> Outlet {
        if group.len() > MOST_IN_GROUP {
            return perhaps();
        }
        let (first, last) = (group.start, group.end);
        // In `done < <(…)` those in brackets stand before the end.
        let is_of_end = |command: &Simple| {
            let taken = self.line.taker_of(command.shell);
            taken.is_some_and(|taken| taken.command == last)
        };
        let takes_it = |at: &usize| {
            self.line.commands.get(*at).is_some_and(|command| {
                let run = Unwrapped::of(&command.words);
                // What stands before the group is put into all of it.
                let is_piped = *at != first && command.joints.0 == Joint::Pipe;
                let has_own = is_piped
                    || is_of_end(command)
                    || !(command.inputs.is_empty() && command.documents.is_empty());
                !has_own && self.groups().ended_by(*at).is_none() && takes_input(&run)
            })
        };
        first_seen(group.filter(takes_it).map(|at| self.end(self.given(at))))
    }

    /// What this command does with what it gets as its input.
    fn given(&self, at: usize) -> Next {
        let perhaps = || Next::End(perhaps());
        let Some(run) = self.run(at) else {
            return perhaps();
        };
        if let Some(group) = self.groups().ended_by(at) {
            return Next::End(self.in_group(group));
        }
        let (program, arguments) = (run.program(), run.arguments());
        let is = |programs: &[&str]| programs.contains(&program.as_str());
        match program.as_str() {
            // `$(< file)`, and `xargs` alone.
            "" if run.rest.is_empty() && run.is_fed() => Next::Through(at, vec![Step::Alters]),
            "" if run.wrappers.is_empty() && run.rest.is_empty() => Next::Through(at, Vec::new()),
            "" => perhaps(),
            "read" | "mapfile" | "readarray" => Next::End(self.in_variables(&run)),
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
        let Some(run) = self.run(at) else {
            return Next::End(Outlet::Nowhere);
        };
        let program = run.program();
        match part {
            Part::Redirection => Next::End(Outlet::Nowhere),
            Part::Group => Next::Through(at, Vec::new()),
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
            Next::End(perhaps())
        }
    }

    /// A command that may do anything with what it gets.
    fn perhaps(&self, at: usize) -> Next {
        Next::End(match self.outlet(at) {
            Outlet::Nowhere => Outlet::Nowhere,
            _ => perhaps(),
        })
    }

    /// What becomes of the value of variables that are read.
    fn in_variables(&self, run: &Unwrapped<'_>) -> Outlet {
        let options = Options::of(run.arguments(), OF_READ);
        let names = options
            .operands
            .iter()
            .copied()
            .chain(options.values(&["a"]));
        let mut names: Vec<&str> = names.map(|word| word.text.as_str()).collect();
        if names.is_empty() {
            names.extend(["REPLY", "MAPFILE"]);
        }
        // Of a line that is told apart, the first one gets what stands before the first sign.
        let signs = match names.len() > 1 && options.are_only("r", &[]) {
            true => separators(run),
            false => Vec::new(),
        };
        let all = names.into_iter().enumerate().map(|(number, name)| {
            let outlet = self.in_variable(name);
            match number {
                0 => outlet.behind(signs.iter().copied().map(Step::Before).collect()),
                _ => outlet,
            }
        });
        all.fold(Outlet::Nowhere, Outlet::or)
    }

    /// What becomes of the value of a variable.
    fn in_variable(&self, name: &str) -> Outlet {
        let uses = self.variables.get_or_init(|| uses_of_variables(self.line));
        let uses = uses.get(name).map(Vec::as_slice).unwrap_or_default();
        let all = self.stored(Stored::Variable(name.to_owned()), || {
            let all = uses.iter().map(|one| {
                let outlet = self.end(self.put(one.command, one.part));
                outlet.behind(one.before.map(Step::Before).into_iter().collect())
            });
            vec![first_seen(all)]
        });
        all.first().cloned().unwrap_or(Outlet::Nowhere)
    }

    /// What becomes of a file that this command makes: another one may show it afterwards.
    pub(super) fn in_file(&self, path: &str, at: usize) -> Outlet {
        let uses = self.files.get_or_init(|| uses_of_files(self.line));
        let Some(uses) = uses.get(name_of_file(path)) else {
            return Outlet::Nowhere;
        };
        let all = self.stored(Stored::File(name_of_file(path).to_owned()), || {
            let mut behind = vec![Outlet::Nowhere; uses.len()];
            let mut all = Outlet::Nowhere;
            for (number, (at, one)) in uses.iter().enumerate().rev() {
                let outlet = match one {
                    FileUse::Printed => self.end(self.given(*at)),
                    FileUse::Sent => Outlet::screen(),
                    FileUse::Copied(to) => self.in_file(to, *at),
                };
                all = all.or(outlet);
                if let Some(slot) = behind.get_mut(number) {
                    *slot = all.clone();
                }
            }
            behind
        });
        // In a loop, what stands before it comes once more.
        let is_in_loop = self.groups().end_around(at).is_some();
        let first = if is_in_loop {
            0
        } else {
            uses.partition_point(|(used, _)| *used <= at)
        };
        all.get(first).cloned().unwrap_or(Outlet::Nowhere)
    }

    fn stored(&self, stored: Stored, follow: impl FnOnce() -> Vec<Outlet>) -> Rc<[Outlet]> {
        if let Some(known) = self.stored.borrow().get(&stored) {
            return known.clone();
        }
        if self.depth.get() >= DEEPEST {
            return Rc::new([Outlet::screen()]);
        }
        // What comes back to where it came from is seen only where it is seen elsewhere.
        self.stored
            .borrow_mut()
            .insert(stored.clone(), Rc::default());
        self.depth.set(self.depth.get() + 1);
        let outlets: Rc<[Outlet]> = follow().into();
        self.depth.set(self.depth.get() - 1);
        self.stored.borrow_mut().insert(stored, outlets.clone());
        outlets
    }
}

/// Of several, up to where all is surely seen.
fn first_seen(mut outlets: impl Iterator<Item = Outlet>) -> Outlet {
    let mut all = Outlet::Nowhere;
    while !all.is_all()
        && let Some(outlet) = outlets.next()
    {
        all = all.or(outlet);
    }
    all
}

/// Somebody may see it, in whatever form.
fn perhaps() -> Outlet {
    Outlet::Perhaps(Rc::new(vec![Step::Alters]))
}

/// Options of `read` that take a value.
const OF_READ: Valued = Valued {
    letters: "adinNptu",
    names: &[],
};

/// The signs between the parts of a line: `IFS== read …`. Blanks stand also before the first part, and are none here.
fn separators(run: &Unwrapped<'_>) -> Vec<char> {
    let mut settings = run.wrappers.iter().rev();
    let set = settings.find(|word| setting(word) == Some("IFS"));
    let set = set.filter(|word| word.is_known());
    let signs = set.and_then(|word| word.text.split_once('='));
    let signs = signs.map_or("", |(_, signs)| signs);
    signs.chars().filter(|sign| !sign.is_whitespace()).collect()
}

/// Whether a command takes the input of the group that it stands in, for all that is known.
fn takes_input(run: &Unwrapped<'_>) -> bool {
    let program = run.program();
    let is = |programs: &[&str]| programs.contains(&program.as_str());
    let has_files = || {
        let files = view::files(&program, run.arguments());
        !files.is_empty() && !files.iter().any(|file| file.text == "-")
    };
    let is_told = is(&[
        "cat", "head", "tail", "wc", "sed", "cut", "grep", "egrep", "fgrep",
    ]);
    let is_deaf =
        run.rest.is_empty() || is(DEAF) || is(SAYERS) || is(SILENT) || (is_told && has_files());
    run.is_fed() || !is_deaf
}

/// Whether it runs what it is given: a line of a shell, a program of another language.
fn runs(program: &str) -> bool {
    SHELLS.contains(&program) || program == "eval" || change::is_interpreter(program)
}

/// The name in `NAME=value`.
fn setting(word: &Word) -> Option<&str> {
    super::variable::setting(&word.text).map(|(name, _)| name)
}

/// Where the value of a variable is put.
struct Use {
    command: usize,
    part: Part,
    /// It is cut off at this letter.
    before: Option<char>,
}

/// Where the variables of a line are named so that their value is put there.
fn uses_of_variables(line: &CommandLine) -> HashMap<String, Vec<Use>> {
    let mut uses: HashMap<String, Vec<Use>> = HashMap::new();
    let mut add = |text: &str, command, part| {
        for variable in Variable::all(text) {
            let before = match variable.form {
                Form::Other => continue,
                Form::Before(letter) => Some(letter),
                Form::Value | Form::Or(_) | Form::Altered => None,
            };
            uses.entry(variable.name.to_owned()).or_default().push(Use {
                command,
                part,
                before,
            });
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

/// What a command does with a file that it names.
enum FileUse {
    Printed,
    Sent,
    /// It goes on there.
    Copied(String),
}

/// Where files are named as something that is shown or copied, in the order of their commands.
fn uses_of_files(line: &CommandLine) -> HashMap<String, Vec<(usize, FileUse)>> {
    let mut uses: HashMap<String, Vec<(usize, FileUse)>> = HashMap::new();
    let mut add = |word: &Word, at, one| {
        let name = name_of_file(&word.text).to_owned();
        uses.entry(name).or_default().push((at, one));
    };
    for (at, command) in line.commands.iter().enumerate() {
        let run = Unwrapped::of(&command.words);
        let program = run.program();
        let is = |programs: &[&str]| programs.contains(&program.as_str());
        if is(PRINTERS) {
            let words = run.arguments().iter().chain(&command.inputs);
            words.for_each(|word| add(word, at, FileUse::Printed));
        }
        if is(SENDERS) {
            let sent = transfer::sent(&program, run.arguments());
            sent.iter().for_each(|word| add(word, at, FileUse::Sent));
        }
        for (file, into) in copies(&program, run.arguments()) {
            add(&file, at, FileUse::Copied(into));
        }
    }
    uses
}

/// Each file that a program copies, with the names that the copy may have.
pub(super) fn copies(program: &str, arguments: &[Word]) -> Vec<(Word, String)> {
    if !COPIERS.contains(&program) {
        return Vec::new();
    }
    let Some((files, into)) = change::copies(program, arguments) else {
        return Vec::new();
    };
    let names = |file: Word| {
        let names = [into.text.clone(), change::inside(&into, &file).text];
        names.map(|name| (file.clone(), name))
    };
    files.into_iter().flat_map(names).collect()
}

/// A name of a file, without the folder at hand.
fn name_of_file(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
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
            "x > y; cp y z; cat z",
            "x > y; mv y dir; cat dir/y",
            "x > ./y; cat y",
            "x > y; curl -d @y z",
            "for a in b; do cat y; x > y; done",
            "$(x)",
            "{ x; }",
            "(x; y) | cat",
            "{ x; y; } | cat",
            "(x) > y; cat y",
            "while x; do y; done",
            "x | while read a; do y; echo $a; done",
            "x | { read a; echo $a; }",
            "x | if y; then cat; fi",
            "while read a; do echo $a; done < <(x)",
            "while read a; do cat; done <<< \"$(x)\"",
        ] {
            assert!(outlet(line).is_sure(), "{line}: {:?}", outlet(line));
        }
    }

    #[test]
    fn an_output_that_is_counted_kept_or_put_into_a_file_is_not_seen() {
        for line in [
            "x > y",
            "cat y; x > y",
            "cat y; x > y; wc y",
            "x > y; cp y z; wc z",
            "x > y; cp y y; mv y y",
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
            "(x; y) | wc -l",
            "(x) > y",
            "((x); y) | wc -l",
            "( (x; y); z) | wc -l",
            "{ x; y; } | wc -l",
            "{ (x); } > y",
            "if a; then x; fi | wc -l",
            "for a in b; do x; done | wc -l",
            "while x; do a; done > y",
            "while a; do x | sort; done | wc -l",
            "x | while read a; do echo; done",
            "while read a; do b=$((b+1)); [ -n \"$a\" ]; done < <(x)",
            "$(x | (cat) | wc -l)",
            "bash -c \"$(x | wc -l)\"",
        ] {
            assert_eq!(outlet(line), Outlet::Nowhere, "{line}");
        }
    }

    #[test]
    fn a_program_that_is_not_known_may_show_what_it_gets() {
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
            "while read a; do b \"$a\"; done < <(x)",
            "while read a; do b; done < <(x)",
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
                "x | while IFS== read -r k v; do echo $k; done",
                vec![Step::Before('='), Step::Alters],
            ),
            (
                "while IFS=: read -r k v; do echo $k; done < <(x)",
                vec![Step::Before(':'), Step::Alters],
            ),
            (
                "x | while IFS== read -r k v; do echo $k $v; done",
                vec![Step::Alters],
            ),
            (
                "x | while IFS== read -r k; do echo $k; done",
                vec![Step::Alters],
            ),
            (
                "x | while IFS== read -rd \";\" k v; do echo $k; done",
                vec![Step::Alters],
            ),
            ("x | while read k v; do echo $k; done", vec![Step::Alters]),
            (
                "x | while IFS= read -r l; do echo ${l%%=*}; done",
                vec![Step::Before('='), Step::Alters],
            ),
            (
                "x | while IFS= read -r l; do echo ${l%%=*} $l; done",
                vec![Step::Alters],
            ),
            ("x > y; cut -d= -f1 y; cat y", vec![Step::Alters]),
            (
                "{ x | sort; } | head -5",
                vec![Step::Selects, Step::Range(view::Range::Lines(1, 5))],
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

    /// What the command runs was found out for each of its words: minutes for these.
    #[test]
    fn the_words_of_a_command_are_told_apart_once() {
        let line = CommandLine::of(&"a=$a ".repeat(100_000));
        let flow = Flow::of(&line, Outlet::screen());
        let run = flow.run(0).expect("a command");
        assert_eq!(run.wrappers.len(), 100_000);
        for word in 0..run.wrappers.len() {
            assert_eq!(flow.word(0, &run, word), Outlet::Nowhere);
        }
    }

    #[test]
    fn each_command_is_followed_once() {
        for many in [
            "x | ",
            "a=$(x $a); ",
            "echo $(",
            "x > y; cat y; ",
            "read a; echo $a; ",
            "x > y; wc y; ",
            "cp y z; cp z y; ",
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
