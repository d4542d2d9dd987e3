//! What is decided about a call: its texts and the files that it would read are scanned, and what it brings in counts.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use leakward_core::{Finding, Fingerprint, Outcome};
use leakward_detect::InlineAllow;
use leakward_scan::run::ScanError;
use leakward_scan::text_scanner::TextScanner;
use leakward_sources::Origin;

use super::answer::{Decided, Decision, Found};
use super::call::{Call, Event, Role, Text};
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
        for text in call.texts.iter().filter(|text| !text.text.is_empty()) {
            self.look_at_text(call, text, &mut decided)?;
        }
        for path in &call.reads {
            self.look_at_file(path, &mut decided)?;
        }
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
        if !outcome.findings.is_empty() {
            let known = self.known(scanner, &origin, text);
            outcome
                .findings
                .retain(|finding| !known.contains(&finding.fingerprint));
        }
        take(outcome, text, decided);
        Ok(())
    }

    /// What stood there already: in the text that is replaced, or in the file that is written.
    fn known(&self, scanner: &TextScanner, origin: &Origin, text: &Text) -> HashSet<Fingerprint> {
        let mut known = HashSet::new();
        let mut learn = |bytes: &[u8]| {
            let outcome = scanner.scan(origin, bytes);
            known.extend(outcome.findings.iter().map(|finding| finding.fingerprint));
        };
        text.before.iter().for_each(|old| learn(old.as_bytes()));
        if let (Role::Content, Some(path)) = (text.role, &text.path) {
            // A file that cannot be read holds nothing that is known.
            if let Ok(Some(bytes)) = read(&self.folder.join(path)) {
                learn(&bytes);
            }
        }
        known
    }

    fn look_at_file(&self, path: &str, decided: &mut Decided) -> Result<(), ScanError> {
        let scanner = self.lenient()?;
        match read(&self.folder.join(path)) {
            Ok(Some(bytes)) => {
                let origin = self.origin(Some(path));
                let text = Text::new(Role::FileContent, Some(path), "");
                take(scanner.scan(&origin, &bytes), &text, decided);
            }
            Ok(None) => {}
            Err(problem) => {
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

fn decision(stance: Stance) -> Decision {
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

/// What is in a file; nothing when there is no file, or none that has content of its own (a folder, a pipe).
fn read(path: &Path) -> Result<Option<Vec<u8>>, String> {
    use std::io::ErrorKind;
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => metadata,
        // What we cannot reach as this user, the agent cannot either.
        Ok(_) | Err(_) => return Ok(None),
    };
    if metadata.len() > LARGEST_READ {
        return Err(format!("larger than {LARGEST_READ} bytes"));
    }
    let mut bytes = Vec::new();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::PermissionDenied
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error.to_string()),
    };
    file.take(LARGEST_READ)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    Ok(Some(bytes))
}
