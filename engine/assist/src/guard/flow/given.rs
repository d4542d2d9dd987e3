//! What a command does with what it gets: as its input, in a file that it names, as one of its words.
//!
//! What programs do to lines that they are given is known by `view`.

use super::flow::{Flow, Next};
use super::outlet::Outlet;
use crate::guard::change;
use crate::guard::command_line::{Part, Word};
use crate::guard::program_names::{DEAF, FILTERS, KEEPERS, PRINTERS, SAYERS, SHELLS, SILENT};
use crate::guard::variable;
use crate::guard::view::{self, Step};
use crate::guard::wrappers::Unwrapped;

impl Flow<'_> {
    /// What this command does with what it gets as its input.
    pub(super) fn given(&self, at: usize) -> Next {
        let perhaps = || Next::End(Outlet::perhaps());
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
    pub(super) fn put(&self, at: usize, part: Part) -> Next {
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
    pub(super) fn put_as_word(&self, at: usize, run: &Unwrapped<'_>, word: usize) -> Next {
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
            Next::End(Outlet::perhaps())
        }
    }

    /// A command that may do anything with what it gets.
    fn perhaps(&self, at: usize) -> Next {
        Next::End(match self.outlet(at) {
            Outlet::Nowhere => Outlet::Nowhere,
            _ => Outlet::perhaps(),
        })
    }
}

/// Whether a command takes the input of the group that it stands in, for all that is known.
pub(super) fn takes_input(run: &Unwrapped<'_>) -> bool {
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
pub(super) fn setting(word: &Word) -> Option<&str> {
    variable::setting(&word.text).map(|(name, _)| name)
}

/// `docker login --password-stdin`, `gh secret set NAME`: what it reads goes to where credentials are kept.
fn stores_its_input(program: &str, arguments: &[Word]) -> bool {
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
