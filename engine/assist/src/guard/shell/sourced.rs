//! Files whose variables the shell takes: `source .env; echo $TOKEN` shows a line of the file.
//!
//! A variable is taken to have the value that the file gives it, whatever is set later on in another file.

use super::walk::Walk;
use crate::guard::command_line::Word;
use crate::guard::environment::{Environment, Holder};
use crate::guard::folders::Places;
use crate::guard::site::Site;
use crate::guard::view::{Step, View};

/// LIMIT: files of one line. Each is looked at for each variable that is printed.
const MOST_SOURCED: usize = 16;

/// A file that was read by `source`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sourced {
    pub(super) file: Word,
    /// Where the shell was then.
    pub(super) here: Places,
    /// Whether programs get its variables: `set -a`.
    pub(super) is_handed_on: bool,
}

impl Walk<'_> {
    /// Takes notice of a file that is read by `source`.
    pub(super) fn source(&mut self, file: &Word, site: Site<'_>) {
        let sourced = Sourced {
            file: file.clone(),
            here: site.here.clone(),
            is_handed_on: self.exports_all,
        };
        if self.sourced.contains(&sourced) {
            return;
        }
        if self.sourced.len() == MOST_SOURCED {
            let why = format!("the command line: it sources more than {MOST_SOURCED} files");
            self.shown.unread.add(why);
            return;
        }
        self.sourced.push(sourced);
    }
}

impl Sourced {
    /// How much of the file is seen where this is printed.
    pub(super) fn view(&self, printed: &Environment, holder: Holder) -> View {
        let view = match printed {
            Environment::All(view) => view.clone(),
            Environment::Named(name) => View::whole().then([Step::Setting(name.clone())]),
        };
        match self.is_handed_on || holder == Holder::Shell {
            true => view,
            // Those that the file itself hands on.
            false => view.then([Step::Matching(vec!["export ".to_owned()])]),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::guard::shell::{Start, files_shown_by};

    #[test]
    fn of_a_file_that_is_sourced_the_lines_are_seen_whose_variables_are_printed() {
        let text = b"A=1\nexport B=2\n  C=3\nAB=4\n";
        for (command, expected) in [
            ("source x; echo $A", vec!["A=1"]),
            ("source x; echo ${B} $C", vec!["export B=2", "C=3"]),
            ("source x; printenv A", vec![]),
            ("source x; printenv B", vec!["export B=2"]),
            ("set -a; source x; printenv A", vec!["A=1"]),
            ("source x; set -a; printenv A", vec![]),
            ("set -a x +a; source x; printenv A", vec!["A=1"]),
            ("bash -ac 'source x; printenv A'", vec!["A=1"]),
            (
                "set -o allexport; source x; set +o allexport; node -p process.env.A",
                vec!["A=1"],
            ),
            ("source x; bash -c 'echo $A'", vec![]),
            ("set -a; source x; bash -c 'echo $A'", vec!["A=1"]),
            ("bash -c 'source x; echo $A'; echo $C", vec!["A=1"]),
            ("source x; env", vec!["export B=2"]),
            ("source x; declare -p | grep C", vec!["C=3"]),
        ] {
            let shown = files_shown_by(command, &Start::nowhere());
            let mut seen = Vec::new();
            for read in shown.files.iter() {
                let all = read.view.text(text);
                seen.extend(all.lines().map(|line| line.trim().to_owned()));
            }
            assert_eq!(seen, expected, "{command}");
        }
    }
}
