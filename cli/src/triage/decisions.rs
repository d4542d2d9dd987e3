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

use super::around::{Root, root_of};

const HEAD: &str = "# leakward-ignore 1\n";

/// The ignore files of the report's targets.
pub(super) struct IgnoreFiles {
    roots: Vec<Root>,
    today: Date,
    /// Files that were not there before.
    made: Mutex<BTreeSet<PathBuf>>,
}

impl IgnoreFiles {
    pub(super) fn new(roots: Vec<Root>, today: Date) -> Self {
        Self {
            roots,
            today,
            made: Mutex::default(),
        }
    }

    /// The ignore file that decides about a finding.
    fn file(&self, finding: &Finding) -> PathBuf {
        let place = finding.locations.first();
        let root = place.and_then(|place| root_of(&self.roots, &place.path));
        let folder = root.map_or(PathBuf::from("."), |(root, _)| root.folder.clone());
        Project::around(&folder).root().join(IgnoreFile::NAME)
    }

    /// The decision about a finding that is in force.
    ///
    /// # Errors
    /// When the file is there and cannot be understood.
    pub(super) fn known(&self, finding: &Finding) -> Result<Option<Known>, String> {
        let file = self.file(finding);
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
        Ok(line.map(|line| Known {
            line: line.to_owned(),
        }))
    }

    /// Adds a line for a decision.
    ///
    /// # Errors
    /// Why it was not.
    pub(super) fn add(&self, finding: &Finding, decision: &Decision) -> Result<Known, String> {
        let until = until(&decision.until, self.today)?;
        let reason = format!("{}: {}", decision.kind.words(), decision.reason);
        let line = IgnoreFile::line(decision.fingerprint, until, &reason);
        let file = self.file(finding);
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
            self.made().insert(file);
        }
        Ok(Known { line })
    }

    /// Takes the line of a decision out again.
    ///
    /// # Errors
    /// Why it was not.
    pub(super) fn remove(&self, known: &Known) -> Result<(), String> {
        let files: BTreeSet<PathBuf> = self
            .roots
            .iter()
            .map(|root| Project::around(&root.folder).root().join(IgnoreFile::NAME))
            .collect();
        for file in files {
            let Some(text) = read(&file)? else { continue };
            let Some(rest) = without_last(&text, &known.line) else {
                continue;
            };
            if rest == HEAD && self.made().remove(&file) {
                return std::fs::remove_file(&file)
                    .map_err(|error| format!("{}: {error}", file.display()));
            }
            return write(&file, &rest);
        }
        Err("the line is not in the ignore file any more; somebody has changed it".to_owned())
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
