//! What is decided about a call: its texts and the files that it would read are scanned, and what it brings in counts.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use leakward_core::{Finding, Fingerprint, Outcome};
use leakward_detect::InlineAllow;
use leakward_scan::run::ScanError;
use leakward_scan::text_scanner::TextScanner;
use leakward_sources::Origin;

use super::answer::{Decided, Decision, Found};
use super::call::{Call, Event, Role, Text};
use super::environment::Environment;
use super::pattern::Room;
use super::shell::Shown;
use super::view::{Lines, View};
use super::{GuardSettings, Stance, policy_edit};
use crate::project::Project;

/// LIMIT: bytes of a file that an agent wants to read. Detection takes some 50 milliseconds for them.
const LARGEST_READ: u64 = 64 << 20;

/// LIMIT: bytes of all files that a call shows.
const MOST_READ: u64 = 4 * LARGEST_READ;

/// LIMIT: views of one file that are looked at each by itself. With more of them, all of it is taken to be shown.
const MOST_VIEWS: usize = 64;

/// Decides about calls.
pub(super) struct Guard<'a> {
    project: &'a Project,
    settings: &'a GuardSettings,
    strict: OnceCell<TextScanner>,
    lenient: OnceCell<TextScanner>,
}

impl<'a> Guard<'a> {
    /// A guard of `project`. Costs nothing; a scanner is made when a call needs it.
    pub(super) fn new(project: &'a Project, settings: &'a GuardSettings) -> Self {
        Self {
            project,
            settings,
            strict: OnceCell::new(),
            lenient: OnceCell::new(),
        }
    }

    /// Decides about a call.
    ///
    /// # Errors
    /// When the project's policy cannot be used.
    pub(super) fn decide(&self, call: &Call) -> Result<Decided, ScanError> {
        let mut decided = Decided::default();
        let has_something = |text: &&Text| !text.text.is_empty() || !text.before.is_empty();
        let brought = &call.brought;
        for text in brought.texts.iter().filter(has_something) {
            self.look_at_text(call, text, &mut decided)?;
        }
        let mut left = MOST_READ;
        for shown in self.files(call, &mut decided)? {
            self.look_at_file(&shown, &mut left, &mut decided)?;
        }
        self.look_at_environment(&brought.shown, &mut decided)?;
        decided.unread.extend(brought.shown.all_unread());
        decided.decision = self.verdict(&decided.found);
        if let Some(printer) = &brought.shown.secret_printer
            && self.settings.on_read != Stance::Allow
        {
            decided.secret_printer = Some(printer.clone());
            decided.decision = decided.decision.max(decision(self.settings.on_read));
        }
        let stance = self.settings.on_policy_edit;
        if decided.decision != Decision::Deny && stance != Stance::Allow {
            let edit = policy_edit::by(call, self.project);
            if let Some(file) = edit.file {
                decided.policy_file = Some(self.lenient()?.masked(&file));
                decided.decision = decided.decision.max(decision(stance));
            }
            for (name, why) in edit.unread {
                decided
                    .unread
                    .push(format!("{}: {why}", self.lenient()?.masked(&name)));
            }
        }
        Ok(decided)
    }

    /// The files that a call would show, those that fit its patterns included, each once with all of what is shown of it.
    fn files(&self, call: &Call, decided: &mut Decided) -> Result<Vec<ShownFile>, ScanError> {
        let shown = &call.brought.shown;
        let mut files = Files::default();
        for read in shown.files.iter() {
            files.add(call.folder.join(&read.path), &read.path, &read.view);
        }
        let (mut room, mut known) = (Room::default(), HashMap::new());
        for (pattern, view) in shown.patterns.iter() {
            let fit = known
                .entry(pattern)
                .or_insert_with(|| pattern.files(&call.folder, &mut room));
            match fit {
                Ok(paths) => {
                    let paths = paths.iter();
                    paths.for_each(|path| files.add(call.folder.join(path), path, view));
                }
                Err(too_many) => {
                    let name = self.lenient()?.masked(&pattern.text);
                    decided.unread.push(format!("{name}: {too_many}"));
                }
            }
        }
        let mut room = Room::few();
        for (pattern, view) in shown.found.iter() {
            let paths = pattern.some_files(&call.folder, &mut room);
            let paths = paths.iter();
            paths.for_each(|path| files.add(call.folder.join(path), path, view));
        }
        Ok(files.all)
    }

    /// The strictest of what each find asks for.
    fn verdict(&self, found: &[Found]) -> Decision {
        let of_one = |one: &Found| match one.role {
            Role::FileContent | Role::Environment => decision(self.settings.on_read),
            _ => Decision::Deny,
        };
        found.iter().map(of_one).max().unwrap_or_default()
    }

    fn look_at_text(
        &self,
        call: &Call,
        text: &Text,
        decided: &mut Decided,
    ) -> Result<(), ScanError> {
        // An agent that may write a comment must not be able to talk the guard out of it.
        let writes = call.event == Event::Before
            && matches!(text.role, Role::Content | Role::Command | Role::Arguments);
        let scanner = if writes {
            self.strict()?
        } else {
            self.lenient()?
        };
        let at = text.path.as_ref().map(|path| call.folder.join(path));
        let origin = self.origin(at.as_deref());
        let mut outcome = scanner.scan(&origin, text.text.as_bytes());
        let mut before = Vec::new();
        // What a diff that comes alone takes out is none of its doing.
        if text.role != Role::Alone || !outcome.findings.is_empty() {
            let all = text.before.iter();
            before.extend(all.map(|one| scanner.scan(&origin, one.as_bytes())));
        }
        let has_findings = |outcome: &Outcome| !outcome.findings.is_empty();
        if has_findings(&outcome) || before.iter().any(has_findings) {
            let old = text.old_path.as_ref().map(|path| call.folder.join(path));
            let mut known = known(scanner, &origin, (text, old.or(at)), &before);
            // Each credential is told once, and in the new text if it is there.
            for outcome in std::iter::once(&mut outcome).chain(&mut before) {
                outcome
                    .findings
                    .retain(|finding| !known.contains(&finding.fingerprint));
                known.extend(fingerprints(outcome));
            }
        }
        take(outcome, text, decided);
        for outcome in before {
            take(outcome, &text.without_lines(), decided);
        }
        Ok(())
    }

    fn look_at_file(
        &self,
        shown: &ShownFile,
        left: &mut u64,
        decided: &mut Decided,
    ) -> Result<(), ScanError> {
        match Held::at(&shown.at, *left) {
            Held::Bytes(bytes) => {
                *left -= bytes.len() as u64;
                // PERF: `grep -r` comes to many files, and shows nothing of most.
                if shown.views.iter().all(|view| view.shows_nothing_of(&bytes)) {
                    return self.can_use_policy();
                }
                let origin = self.origin(Some(&shown.at));
                let outcome = seen(self.lenient()?, &origin, &bytes, &shown.views);
                let text = Text::new(Role::FileContent, Some(&shown.path), "");
                take(outcome, &text, decided);
            }
            // What we may not read as this user, the agent cannot either.
            Held::Nothing | Held::Closed => self.can_use_policy()?,
            Held::OutOfReach(problem) => {
                let name = self.lenient()?.masked(&self.project.name_of(&shown.at));
                decided.unread.push(format!("{name}: {problem}"));
            }
        }
        Ok(())
    }

    /// The guard has the environment of the agent, and so of its commands, but for what a shell sets when it starts.
    fn look_at_environment(&self, shown: &Shown, decided: &mut Decided) -> Result<(), ScanError> {
        let (mut views, mut names) = (Vec::new(), HashSet::new());
        for shown in shown.environment.iter() {
            match shown {
                Environment::All(view) => views.push(view.clone()),
                Environment::Named(name) => {
                    names.insert(name.as_str());
                }
            }
        }
        let text = |is_shown: &dyn Fn(&str) -> bool| -> String {
            let all = std::env::vars_os().map(|(name, value)| {
                (
                    name.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                )
            });
            let shown = all.filter(|(name, _)| is_shown(name));
            shown
                .map(|(name, value)| format!("{name}={value}\n"))
                .collect()
        };
        let whole = [View::whole()];
        for (text, views) in [
            (text(&|name| names.contains(name)), whole.as_slice()),
            (text(&|_| !views.is_empty()), views.as_slice()),
        ] {
            if !text.is_empty() {
                let outcome = seen(self.lenient()?, &Origin::Stdin, text.as_bytes(), views);
                take(outcome, &Text::new(Role::Environment, None, ""), decided);
            }
        }
        Ok(())
    }

    fn origin(&self, path: Option<&Path>) -> Origin {
        match path {
            Some(path) => self.project.origin_of(path),
            None => Origin::Stdin,
        }
    }

    /// Takes no notice of comments that allow.
    fn strict(&self) -> Result<&TextScanner, ScanError> {
        let mut settings = self.settings.scan.clone();
        settings.overrides.inline_allow = Some(InlineAllow::Ignore);
        made(&self.strict, || self.project.scanner(&settings))
    }

    /// Where nothing is scanned, a policy that cannot be used is told all the same. PERF: a second scanner takes some five
    /// milliseconds, and most words of a command line are no file.
    fn can_use_policy(&self) -> Result<(), ScanError> {
        match self.strict.get() {
            Some(_) => Ok(()),
            None => self.lenient().map(|_| ()),
        }
    }

    /// Obeys them, unless it was typed that it should not.
    fn lenient(&self) -> Result<&TextScanner, ScanError> {
        made(&self.lenient, || self.project.scanner(&self.settings.scan))
    }
}

/// A file of which something is shown.
struct ShownFile {
    at: PathBuf,
    /// As it is told.
    path: String,
    views: Vec<View>,
}

/// Files, each of them once.
#[derive(Default)]
struct Files {
    all: Vec<ShownFile>,
    numbers: HashMap<PathBuf, usize>,
}

impl Files {
    fn add(&mut self, at: PathBuf, path: &str, view: &View) {
        let number = *self.numbers.entry(at.clone()).or_insert(self.all.len());
        match self.all.get_mut(number) {
            Some(file) => file.views.push(view.clone()),
            None => self.all.push(ShownFile {
                at,
                path: path.to_owned(),
                views: vec![view.clone()],
            }),
        }
    }
}

/// What is seen of the findings in a text of which all this is shown. All of it is scanned once at most.
fn seen(scanner: &TextScanner, origin: &Origin, bytes: &[u8], views: &[View]) -> Outcome {
    let whole = [View::whole()];
    let is_whole = views.iter().any(View::is_whole) || views.len() > MOST_VIEWS;
    let lines = Lines::of(bytes);
    let views = if is_whole { &whole } else { views };
    let (cut, others): (Vec<&View>, Vec<&View>) = views.iter().partition(|view| view.cuts_lines());
    let of_all = OnceCell::new();
    let of_all = || of_all.get_or_init(|| scanner.scan(origin, bytes)).clone();
    let mut all = Outcome::default();
    if !others.is_empty() {
        all = of_all();
        all.findings
            .retain(|finding| others.iter().any(|view| view.shows(finding, &lines)));
    }
    for view in cut {
        let part = view.part(bytes);
        let mut outcome = scanner.scan(origin, &part);
        // Some things are known as credentials only by what stands beside them.
        if view.keeps_places() {
            let lines = Lines::of(&part);
            let found = of_all().findings.into_iter();
            let found = found.filter(|finding| View::has_in(&lines, finding));
            outcome.findings.extend(found);
        }
        let mut known: HashSet<_> = fingerprints(&all).collect();
        let found = outcome.findings.into_iter();
        let found = found
            .filter(|finding| view.shows(finding, &lines) && known.insert(finding.fingerprint));
        all.findings.extend(found);
        all.skipped.extend(outcome.skipped);
    }
    all
}

fn made(
    cell: &OnceCell<TextScanner>,
    make: impl FnOnce() -> Result<TextScanner, ScanError>,
) -> Result<&TextScanner, ScanError> {
    if cell.get().is_none() {
        let scanner = make()?;
        return Ok(cell.get_or_init(|| scanner));
    }
    cell.get().ok_or(ScanError::Environment {
        what: "the scanner",
        reason: "it was not made".to_owned(),
    })
}

/// What stood there already. Of a file of an agent's call, the file itself is asked: what the call says of it counts only
/// where the file holds it, or cannot be asked. A diff that comes alone is taken at its word.
fn known(
    scanner: &TextScanner,
    origin: &Origin,
    (text, path): (&Text, Option<PathBuf>),
    before: &[Outcome],
) -> HashSet<Fingerprint> {
    let held = match (text.role, path) {
        (Role::Alone, _) => Held::Closed,
        (Role::Content, Some(path)) => Held::at(&path, LARGEST_READ),
        _ => Held::Nothing,
    };
    match held {
        Held::Bytes(bytes) => {
            let held = String::from_utf8_lossy(&bytes).replace('\r', "");
            let stands = |said: &String| {
                let said = said.replace('\r', "");
                held.contains(said.trim_end_matches('\n'))
            };
            let standing = text.before.iter().zip(before);
            let standing = standing.filter(|(said, _)| stands(said));
            let mut known: HashSet<_> = standing
                .flat_map(|(_, outcome)| fingerprints(outcome))
                .collect();
            known.extend(fingerprints(&scanner.scan(origin, &bytes)));
            known
        }
        Held::Nothing => HashSet::new(),
        Held::Closed | Held::OutOfReach(_) => before.iter().flat_map(fingerprints).collect(),
    }
}

fn fingerprints(outcome: &Outcome) -> impl Iterator<Item = Fingerprint> {
    outcome.findings.iter().map(|finding| finding.fingerprint)
}

/// What is decided when there is a reason for this stance.
pub(super) fn decision(stance: Stance) -> Decision {
    match stance {
        Stance::Deny => Decision::Deny,
        Stance::Ask => Decision::Ask,
        Stance::Allow => Decision::Allow,
    }
}

fn take(outcome: Outcome, text: &Text, decided: &mut Decided) {
    for skipped in outcome.skipped {
        if skipped.kind.makes_incomplete() {
            decided
                .unread
                .push(format!("{}: {}", skipped.what, skipped.reason));
        }
    }
    for mut finding in outcome.findings {
        number_lines(&mut finding, &text.lines);
        decided.found.push(Found {
            role: text.role,
            has_path: text.path.is_some(),
            finding,
        });
    }
}

/// Lines of a diff's text are those of the file that it makes.
fn number_lines(finding: &mut Finding, lines: &[u32]) {
    for location in &mut finding.locations {
        for position in [&mut location.range.start, &mut location.range.end] {
            let index = usize::try_from(position.line)
                .unwrap_or(usize::MAX)
                .wrapping_sub(1);
            position.line = lines.get(index).copied().unwrap_or(position.line);
        }
    }
}

/// What is at a path.
enum Held {
    /// A file with this in it.
    Bytes(Vec<u8>),
    /// No file, or none that has content of its own (a folder, a pipe).
    Nothing,
    /// Something that this user may not read.
    Closed,
    /// Something that cannot be read, and why.
    OutOfReach(String),
}

impl Held {
    /// The file at this path, unless it has more bytes than this.
    fn at(path: &Path, most: u64) -> Self {
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => metadata,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Self::Closed,
            // Most words of a command line are no path of anything.
            Ok(_) | Err(_) => return Self::Nothing,
        };
        if metadata.len() > LARGEST_READ {
            return Self::OutOfReach(format!("larger than {LARGEST_READ} bytes"));
        }
        if metadata.len() > most {
            return Self::OutOfReach(format!("more than {MOST_READ} bytes with the others"));
        }
        let mut bytes = Vec::new();
        let read = File::open(path)
            .and_then(|file| file.take(most.min(LARGEST_READ)).read_to_end(&mut bytes));
        match read {
            Ok(_) => Self::Bytes(bytes),
            Err(error) => match error.kind() {
                ErrorKind::NotFound => Self::Nothing,
                ErrorKind::PermissionDenied => Self::Closed,
                _ => Self::OutOfReach(error.to_string()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::agent::Agent;
    use crate::guard::view::{Range, Step};
    use crate::project::ScanSettings;

    #[test]
    fn a_file_is_looked_at_once_however_often_it_is_named() {
        let mut files = Files::default();
        let view = |number: u32| View::whole().then([Step::Range(Range::Last(number))]);
        for number in 0..100 {
            files.add(PathBuf::from("/w/a"), "a", &view(number));
            files.add(PathBuf::from("/w/b"), "b", &View::whole());
        }
        let all = files.all.iter();
        let all: Vec<_> = all
            .map(|file| (file.path.as_str(), file.views.len()))
            .collect();
        assert_eq!(all, [("a", 100), ("b", 100)]);
    }

    #[test]
    fn a_file_of_which_no_line_is_shown_is_not_scanned() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a"), "PORT=1\nHOST=b\n").expect("a file");
        let project = Project::around(folder.path());
        let settings = GuardSettings {
            agent: None,
            on_error: Stance::Deny,
            on_read: Stance::Deny,
            on_policy_edit: Stance::Deny,
            folder: folder.path().to_owned(),
            scan: ScanSettings::default(),
        };
        for (command, is_scanned) in [
            ("grep -rn TOKEN .", false),
            ("grep -r PORT", true),
            ("grep TOKEN a", false),
            ("grep TOKEN a; cat a", true),
            ("grep -i port a", true),
            ("sed -n '/PORT/p' a | grep HOST", false),
        ] {
            let input = serde_json::json!({
                "hook_event_name": "PreToolUse",
                "tool_name": "Bash",
                "tool_input": {"command": command},
            });
            let input = input.to_string();
            let call = Call::read(input.as_bytes(), Some(Agent::Claude), folder.path());
            let guard = Guard::new(&project, &settings);
            guard.decide(&call.expect("a call")).expect("a decision");
            assert_eq!(guard.lenient.get().is_some(), is_scanned, "{command}");
            assert!(guard.strict.get().is_some(), "{command}");
        }
    }
}
