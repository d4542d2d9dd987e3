//! What is decided about a call: its texts and the files that it would read are scanned, and what it brings in counts.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use leakward_core::{Finding, Fingerprint, Outcome};
use leakward_detect::InlineAllow;
use leakward_scan::run::ScanError;
use leakward_scan::text_scanner::TextScanner;
use leakward_sources::Origin;

use super::answer::{Decided, Decision, Found};
use super::call::{Call, Event, Role, Text};
use super::pattern::{self, TooMany};
use super::{GuardSettings, Stance, policy_edit};
use crate::project::Project;

/// LIMIT: bytes of a file that an agent wants to read. Detection takes some 50 milliseconds for them.
const LARGEST_READ: u64 = 64 << 20;

/// Decides about calls.
pub(super) struct Guard<'a> {
    project: &'a Project,
    folder: &'a Path,
    settings: &'a GuardSettings,
    strict: OnceCell<TextScanner>,
    lenient: OnceCell<TextScanner>,
}

impl<'a> Guard<'a> {
    /// A guard of `project` for calls that are made in `folder`. Costs nothing; a scanner is made when a call needs it.
    pub(super) fn new(project: &'a Project, folder: &'a Path, settings: &'a GuardSettings) -> Self {
        Self {
            project,
            folder,
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
        for text in call.texts.iter().filter(has_something) {
            self.look_at_text(call, text, &mut decided)?;
        }
        for path in &call.reads {
            self.look_at_file(path, &mut decided)?;
        }
        for pattern in &call.patterns {
            match pattern::files(pattern, self.folder) {
                Ok(files) => files
                    .iter()
                    .try_for_each(|path| self.look_at_file(path, &mut decided))?,
                Err(TooMany) => {
                    let name = self.lenient()?.masked(pattern);
                    let why = format!("{name}: it stands for too many files");
                    decided.unread.push(why);
                }
            }
        }
        decided.unread.extend(call.unread.iter().cloned());
        decided.decision = self.verdict(&decided.found);
        let stance = self.settings.on_policy_edit;
        if decided.decision != Decision::Deny
            && stance != Stance::Allow
            && let Some(file) = policy_edit::changed_by(call, self.project, self.folder)
        {
            decided.policy_file = Some(self.lenient()?.masked(&file));
            decided.decision = decided.decision.max(decision(stance));
        }
        Ok(decided)
    }

    /// The strictest of what each find asks for.
    fn verdict(&self, found: &[Found]) -> Decision {
        let of_one = |one: &Found| match one.role {
            Role::FileContent => decision(self.settings.on_read),
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
        let origin = self.origin(text.path.as_deref());
        let mut outcome = scanner.scan(&origin, text.text.as_bytes());
        let mut before = Vec::new();
        // What a diff that comes alone takes out is none of its doing.
        if text.role != Role::Alone || !outcome.findings.is_empty() {
            let all = text.before.iter();
            before.extend(all.map(|one| scanner.scan(&origin, one.as_bytes())));
        }
        let has_findings = |outcome: &Outcome| !outcome.findings.is_empty();
        if has_findings(&outcome) || before.iter().any(has_findings) {
            let mut known = self.known(scanner, &origin, text, &before);
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

    /// What stood there already. Of a file of an agent's call, the file itself is asked: what the call says of it counts
    /// only where the file holds it, or cannot be asked. A diff that comes alone is taken at its word.
    fn known(
        &self,
        scanner: &TextScanner,
        origin: &Origin,
        text: &Text,
        before: &[Outcome],
    ) -> HashSet<Fingerprint> {
        let path = text.old_path.as_ref().or(text.path.as_ref());
        let held = match (text.role, path) {
            (Role::Alone, _) => Held::Closed,
            (Role::Content, Some(path)) => Held::at(&self.folder.join(path)),
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

    fn look_at_file(&self, path: &str, decided: &mut Decided) -> Result<(), ScanError> {
        let scanner = self.lenient()?;
        match Held::at(&self.folder.join(path)) {
            Held::Bytes(bytes) => {
                let origin = self.origin(Some(path));
                let text = Text::new(Role::FileContent, Some(path), "");
                take(scanner.scan(&origin, &bytes), &text, decided);
            }
            // What we may not read as this user, the agent cannot either.
            Held::Nothing | Held::Closed => {}
            Held::OutOfReach(problem) => {
                let name = scanner.masked(&self.project.name_of(&self.folder.join(path)));
                decided.unread.push(format!("{name}: {problem}"));
            }
        }
        Ok(())
    }

    fn origin(&self, path: Option<&str>) -> Origin {
        match path {
            Some(path) => self.project.origin_of(&self.folder.join(path)),
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
