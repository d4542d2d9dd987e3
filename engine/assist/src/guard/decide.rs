//! What is decided about a call: its texts and the files that it would read are scanned, and what it brings in counts.

use std::cell::OnceCell;
use std::collections::HashSet;
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
use super::shell::Read;
use super::view::View;
use super::{GuardSettings, Stance, policy_edit};
use crate::project::Project;

/// LIMIT: bytes of a file that an agent wants to read. Detection takes some 50 milliseconds for them.
const LARGEST_READ: u64 = 64 << 20;

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
        // A file may be named twice, or fit a pattern as well.
        let mut seen = HashSet::new();
        for read in self.reads(call, &mut decided)? {
            if seen.insert((call.folder.join(&read.path), read.view.clone())) {
                self.look_at_file(&call.folder, &read, &mut decided)?;
            }
        }
        for shown in &brought.environment {
            self.look_at_environment(shown, &mut decided)?;
        }
        decided.unread.extend(brought.unread.iter().cloned());
        decided.decision = self.verdict(&decided.found);
        if let Some(printer) = brought.secret_printers.first()
            && self.settings.on_read != Stance::Allow
        {
            decided.secret_printer = Some(printer.clone());
            decided.decision = decided.decision.max(decision(self.settings.on_read));
        }
        let stance = self.settings.on_policy_edit;
        if decided.decision != Decision::Deny
            && stance != Stance::Allow
            && let Some(file) = policy_edit::changed_by(call, self.project)
        {
            decided.policy_file = Some(self.lenient()?.masked(&file));
            decided.decision = decided.decision.max(decision(stance));
        }
        Ok(decided)
    }

    /// The files that a call would show, those that fit its patterns included.
    fn reads(&self, call: &Call, decided: &mut Decided) -> Result<Vec<Read>, ScanError> {
        let mut reads = call.brought.reads.clone();
        for (pattern, view) in &call.brought.patterns {
            let read = |path: String| Read {
                path,
                view: view.clone(),
            };
            match pattern.files(&call.folder) {
                Ok(files) => reads.extend(files.into_iter().map(read)),
                Err(too_many) => {
                    let name = self.lenient()?.masked(&pattern.text);
                    decided.unread.push(format!("{name}: {too_many}"));
                }
            }
        }
        Ok(reads)
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
        folder: &Path,
        read: &Read,
        decided: &mut Decided,
    ) -> Result<(), ScanError> {
        let scanner = self.lenient()?;
        let path = folder.join(&read.path);
        match Held::at(&path) {
            Held::Bytes(bytes) => {
                let mut outcome = scanner.scan(&self.origin(Some(&path)), &read.view.part(&bytes));
                let findings = &mut outcome.findings;
                findings.retain(|finding| read.view.shows(finding, &bytes));
                let text = Text::new(Role::FileContent, Some(&read.path), "");
                take(outcome, &text, decided);
            }
            // What we may not read as this user, the agent cannot either.
            Held::Nothing | Held::Closed => {}
            Held::OutOfReach(problem) => {
                let name = scanner.masked(&self.project.name_of(&path));
                decided.unread.push(format!("{name}: {problem}"));
            }
        }
        Ok(())
    }

    /// The guard has the environment of the agent, and so of its commands, but for what a shell sets when it starts.
    fn look_at_environment(
        &self,
        shown: &Environment,
        decided: &mut Decided,
    ) -> Result<(), ScanError> {
        let mut text = String::new();
        for (name, value) in std::env::vars_os() {
            let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
            let is_shown = match shown {
                Environment::All(_) => true,
                Environment::Named(names) => names.contains(&name.as_ref().to_owned()),
            };
            if is_shown {
                text.push_str(&format!("{name}={value}\n"));
            }
        }
        let view = match shown {
            Environment::All(view) => view,
            Environment::Named(_) => &View::Whole,
        };
        let text = view.part(text.as_bytes());
        let mut outcome = self.lenient()?.scan(&Origin::Stdin, &text);
        let findings = &mut outcome.findings;
        findings.retain(|finding| view.shows(finding, &text));
        take(outcome, &Text::new(Role::Environment, None, ""), decided);
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

    /// Obeys them, unless it was typed that it should not.
    fn lenient(&self) -> Result<&TextScanner, ScanError> {
        made(&self.lenient, || self.project.scanner(&self.settings.scan))
    }
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
        (Role::Content, Some(path)) => Held::at(&path),
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
    fn at(path: &Path) -> Self {
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => metadata,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Self::Closed,
            // Most words of a command line are no path of anything.
            Ok(_) | Err(_) => return Self::Nothing,
        };
        if metadata.len() > LARGEST_READ {
            return Self::OutOfReach(format!("larger than {LARGEST_READ} bytes"));
        }
        let mut bytes = Vec::new();
        let read =
            File::open(path).and_then(|file| file.take(LARGEST_READ).read_to_end(&mut bytes));
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
