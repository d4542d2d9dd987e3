//! Decisions about findings, in the ignore file of the project that each finding is in.
//!
//! INVARIANT: a file that is there is replaced as a whole or not at all, and everything else in it stays as it was.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use leakward_assist::project::Project;
use leakward_core::{Finding, Fingerprint};
use leakward_scan::date::Date;
use leakward_scan::ignore_file::IgnoreFile;
use leakward_triage::{Decision, Known};

use super::roots::Roots;

const HEAD: &str = "# leakward-ignore 1\n";

/// The ignore files of the report's targets.
pub(super) struct IgnoreFiles {
    roots: Roots,
    today: Date,
    /// Files that were not there before.
    made: Mutex<BTreeSet<PathBuf>>,
}

impl IgnoreFiles {
    pub(super) fn new(roots: Roots, today: Date) -> Self {
        Self {
            roots,
            today,
            made: Mutex::default(),
        }
    }

    /// The ignore file that decides about a finding.
    ///
    /// # Errors
    /// When what the finding is in is not on this machine.
    fn file(&self, finding: &Finding) -> Result<PathBuf, String> {
        let place = finding.locations.first();
        let (root, _) = self.roots.of(place.map_or("", |place| &place.path))?;
        Ok(Project::around(&root.folder).root().join(IgnoreFile::NAME))
    }

    /// The decision about a finding that is in force.
    ///
    /// # Errors
    /// When the file is there and cannot be understood.
    pub(super) fn known(&self, finding: &Finding) -> Result<Option<Known>, String> {
        // Of what is not here, no decision is known.
        let Ok(file) = self.file(finding) else {
            return Ok(None);
        };
        let text = read(&file)?.unwrap_or_default();
        let name = file.display().to_string();
        IgnoreFile::parse(&text, &name).map_err(|error| error.to_string())?;
        let is_it = |line: &&str| {
            line.split_whitespace()
                .next()
                .and_then(|word| word.parse::<Fingerprint>().ok())
                == Some(finding.fingerprint)
        };
        let line = text.lines().filter(is_it).find(|line| {
            IgnoreFile::parse(line, &name)
                .is_ok_and(|one| one.ignores_finding(finding.fingerprint, self.today))
        });
        let known = line.map(|line| Known {
            line: line.to_owned(),
            file: file.clone(),
        });
        Ok(known)
    }

    /// Adds a line for a decision.
    ///
    /// # Errors
    /// Why it was not.
    pub(super) fn add(&self, finding: &Finding, decision: &Decision) -> Result<Known, String> {
        let until = until(&decision.until, self.today)?;
        let reason = format!("{}: {}", decision.kind.words(), decision.reason);
        let line = IgnoreFile::line(decision.fingerprint, until, &reason);
        let file = self.file(finding)?;
        let before = read(&file)?;
        let mut text = before.clone().unwrap_or_else(|| HEAD.to_owned());
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&line);
        text.push('\n');
        // What is there already could be wrong, and then nothing of the file would count.
        IgnoreFile::parse(&text, &file.display().to_string()).map_err(|error| error.to_string())?;
        write(&file, &text)?;
        if before.is_none() {
            self.made().insert(file.clone());
        }
        Ok(Known { line, file })
    }

    /// Takes the line of a decision out again.
    ///
    /// # Errors
    /// Why it was not.
    pub(super) fn remove(&self, known: &Known) -> Result<(), String> {
        let file = &known.file;
        let text = read(file)?.unwrap_or_default();
        let rest = without_last(&text, &known.line)
            .ok_or("the line is not in the ignore file any more; somebody has changed it")?;
        if rest == HEAD && self.made().remove(file) {
            return std::fs::remove_file(file)
                .map_err(|error| format!("{}: {error}", file.display()));
        }
        write(file, &rest)
    }

    fn made(&self) -> std::sync::MutexGuard<'_, BTreeSet<PathBuf>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text without the last line that is this one.
fn without_last(text: &str, line: &str) -> Option<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let at = lines
        .iter()
        .rposition(|one| one.trim_end_matches(['\n', '\r']) == line)?;
    let kept = lines.iter().enumerate().filter(|(index, _)| *index != at);
    Some(kept.map(|(_, line)| *line).collect())
}

/// A date as typed: a date, so many days, weeks, months or years, or nothing.
fn until(typed: &str, today: Date) -> Result<Option<Date>, String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let date = match typed.parse::<Date>() {
        Ok(date) => date,
        Err(error) => after(typed).ok_or_else(|| format!("{error}, or as 30d, 6w, 3m, 1y"))?,
    };
    if date < today {
        return Err(format!("{date} has passed"));
    }
    Ok(Some(date))
}

/// The date after so many days from now.
fn after(typed: &str) -> Option<Date> {
    const SECONDS_PER_DAY: u64 = 86_400;
    let (number, unit) = typed.split_at_checked(typed.len().checked_sub(1)?)?;
    let days = match unit {
        "d" => 1,
        "w" => 7,
        "m" => 30,
        "y" => 365,
        _ => return None,
    };
    let number: u64 = number.parse().ok().filter(|number| *number <= 3_650)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs() / SECONDS_PER_DAY;
    Some(Date::from_unix_days(now + number * days))
}

fn read(file: &Path) -> Result<Option<String>, String> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", file.display())),
    }
}

/// Puts a whole file in the place of the one that is there. A link stays a link.
fn write(file: &Path, text: &str) -> Result<(), String> {
    let real = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let told = |error: std::io::Error| format!("{}: {error}", file.display());
    let folder = real.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(told)?;
    new.write_all(text.as_bytes()).map_err(told)?;
    match std::fs::metadata(&real) {
        Ok(metadata) => new
            .as_file()
            .set_permissions(metadata.permissions())
            .map_err(told)?,
        Err(_) => readable(new.as_file()).map_err(told)?,
    }
    new.persist(&real).map_err(|error| told(error.error))?;
    Ok(())
}

/// A temporary file is its user's alone; an ignore file is everybody's.
#[cfg(unix)]
fn readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_file: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::roots::target;
    use super::*;

    #[test]
    fn dates_and_times_are_understood_and_the_past_is_not() {
        let today: Date = "2026-11-27".parse().expect("a date");
        assert_eq!(until(" ", today), Ok(None));
        assert_eq!(
            until("2027-01-31", today).map(|date| date.map(|date| date.to_string())),
            Ok(Some("2027-01-31".to_owned()))
        );
        assert!(until("2020-01-01", today).is_err_and(|why| why.contains("passed")));
        for wrong in ["tomorrow", "d", "99999d", "-1d", "1 week", "é"] {
            assert!(until(wrong, today).is_err(), "{wrong}");
        }
        assert!(after("30d").is_some() && after("30d") < after("1y"));
    }

    /// A finding at this path.
    fn finding(path: &str) -> Finding {
        let text = leakward_tests::Credential::named("decided").file();
        let folder = tempfile::tempdir().expect("a folder");
        let project = Project::at(folder.path().to_owned());
        let scanner = project.scanner(&leakward_assist::project::ScanSettings::default());
        let origin = leakward_sources::Origin::Worktree(path.to_owned());
        let mut outcome = scanner.expect("a scanner").scan(&origin, text.as_bytes());
        outcome.findings.remove(0)
    }

    #[test]
    fn a_decision_goes_into_the_project_of_its_finding_and_comes_back_from_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["one", "two"] {
            std::fs::create_dir(at(name)).expect("a folder");
            std::fs::write(at(name).join(".leakwardignore"), HEAD).expect("a file");
        }
        let targets = ["one", "gone", "two"].map(|name| target(&at(name)));
        let files = IgnoreFiles::new(Roots::reported(&targets), Date::default());
        let [one, gone, two] = targets.map(|target| finding(&format!("{}/a.py", target.name)));
        let decide = |finding: &Finding| {
            let decision = Decision {
                fingerprint: finding.fingerprint,
                kind: leakward_triage::Kind::TestValue,
                reason: "the same".to_owned(),
                until: String::new(),
            };
            files.add(finding, &decision)
        };
        let text = |name: &str| std::fs::read_to_string(at(name).join(".leakwardignore"));
        let (in_one, in_two) = (decide(&one).expect("one"), decide(&two).expect("two"));
        assert_eq!(in_one.line, in_two.line, "the same credential in both");
        assert!(decide(&gone).is_err_and(|why| why.contains("TARGET")));
        assert_eq!(files.known(&gone), Ok(None));
        assert_eq!(files.known(&two).expect("it"), Some(in_two.clone()));
        files.remove(&in_two).expect("it is taken back");
        assert_eq!(text("two").expect("two"), HEAD, "and the file stays");
        assert!(text("one").expect("one").contains("the same"));
        assert!(files.remove(&in_two).is_err(), "it is not there any more");
    }

    #[test]
    fn one_line_is_taken_out_and_the_rest_stays() {
        assert_eq!(
            without_last("a\nb\r\na\nc", "a").as_deref(),
            Some("a\nb\r\nc")
        );
        assert_eq!(without_last("a\nb\r\n", "b").as_deref(), Some("a\n"));
        assert_eq!(without_last("a\n", "x"), None);
    }
}
