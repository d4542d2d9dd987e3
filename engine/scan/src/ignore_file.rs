//! `.leakwardignore`: findings that somebody looked at and decided to live with, each with a reason.
//!
//! One entry a line, so that the file sorts and merges well:
//!
//! ```text
//! # leakward-ignore 1
//! 0123456789abcdef0123456789abcdef  # sandbox key, rotated every night
//! 0123456789abcdef0123456789abcdef until=2027-01-31  # waiting for the vendor
//! path:docs/examples/**  # generated samples
//! path:fixtures/** rule:generic-*  # random strings
//! ```
//!
//! INVARIANT: an entry whose date has passed suppresses nothing; it is told, so that it gets removed.

use globset::GlobSet;
use leakward_core::{Fingerprint, RuleId};

use crate::date::Date;
use crate::path_glob::path_globs;

/// What an entry speaks of.
#[derive(Clone, Debug)]
enum Subject {
    Fingerprint(Fingerprint),
    Places {
        path: Option<GlobSet>,
        rule: Option<GlobSet>,
    },
}

/// One line of the file.
#[derive(Clone, Debug)]
struct Entry {
    subject: Subject,
    until: Option<Date>,
    line: usize,
}

/// The entries of one or several ignore files.
#[derive(Clone, Debug, Default)]
pub struct IgnoreFile {
    entries: Vec<Entry>,
}

/// A line that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct IgnoreFileError {
    /// Name of the file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl IgnoreFile {
    /// The usual name, at the root of a repository or folder.
    pub const NAME: &'static str = ".leakwardignore";

    /// The line that lets a finding pass, without its end.
    #[must_use]
    pub fn line(fingerprint: Fingerprint, until: Option<Date>, reason: &str) -> String {
        let until = until.map_or(String::new(), |date| format!(" until={date}"));
        // The reason is a comment, which ends with its line.
        let reason: String = reason
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .collect();
        format!("{fingerprint}{until}  # {}", reason.trim())
    }

    /// Reads `text`.
    ///
    /// # Errors
    /// The first line that cannot be understood; nothing of the file is used then.
    pub fn parse(text: &str, file: &str) -> Result<Self, IgnoreFileError> {
        let mut entries = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let error = |problem| IgnoreFileError {
                file: file.to_owned(),
                line: index + 1,
                problem,
            };
            check_version(line).map_err(error)?;
            let words = line.split_once('#').map_or(line, |(words, _)| words).trim();
            if !words.is_empty() {
                entries.push(parse_entry(words, index + 1).map_err(error)?);
            }
        }
        Ok(Self { entries })
    }

    /// Whether the finding is to be left out altogether.
    #[must_use]
    pub fn ignores_finding(&self, fingerprint: Fingerprint, today: Date) -> bool {
        self.valid(today).any(
            |entry| matches!(&entry.subject, Subject::Fingerprint(known) if *known == fingerprint),
        )
    }

    /// Whether this place of a finding is to be left out. A finding without a place left is left out itself.
    #[must_use]
    pub fn ignores_place(&self, path: &str, rule: &RuleId, today: Date) -> bool {
        self.valid(today).any(|entry| match &entry.subject {
            Subject::Fingerprint(_) => false,
            Subject::Places {
                path: path_glob,
                rule: rule_glob,
            } => {
                path_glob.as_ref().is_none_or(|glob| glob.is_match(path))
                    && rule_glob
                        .as_ref()
                        .is_none_or(|glob| glob.is_match(rule.as_str()))
            }
        })
    }

    /// Lines whose date has passed.
    #[must_use]
    pub fn expired_lines(&self, today: Date) -> Vec<usize> {
        self.entries
            .iter()
            .filter(|entry| entry.until.is_some_and(|until| until < today))
            .map(|entry| entry.line)
            .collect()
    }

    fn valid(&self, today: Date) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.until.is_none_or(|until| until >= today))
    }
}

/// A first line `# leakward-ignore N` names the format's version; without it the file is version 1.
fn check_version(line: &str) -> Result<(), String> {
    match line.strip_prefix("# leakward-ignore ") {
        Some(version) if version.trim() != "1" => Err(format!(
            "version {:?} of the ignore file is not known here; this program reads version 1",
            version.trim()
        )),
        _ => Ok(()),
    }
}

fn parse_entry(words: &str, line: usize) -> Result<Entry, String> {
    let (mut fingerprint, mut path, mut rule, mut until) = (None, None, None, None);
    for word in words.split_whitespace() {
        if let Some(glob) = word.strip_prefix("path:") {
            path = Some(compile(glob)?);
        } else if let Some(glob) = word.strip_prefix("rule:") {
            rule = Some(compile(glob)?);
        } else if let Some(date) = word.strip_prefix("until=") {
            until = Some(date.parse::<Date>().map_err(|error| error.to_string())?);
        } else {
            fingerprint = Some(word.parse::<Fingerprint>().map_err(|error| {
                format!("{word:?} is not understood: {error}; a path is written path:GLOB, a reason after #")
            })?);
        }
    }
    let subject = match fingerprint {
        Some(_) if path.is_some() || rule.is_some() => {
            return Err(
                "a fingerprint stands alone: it already names one rule and one credential"
                    .to_owned(),
            );
        }
        Some(fingerprint) => Subject::Fingerprint(fingerprint),
        None if path.is_none() && rule.is_none() => {
            return Err("until= needs a fingerprint, path: or rule: on the same line".to_owned());
        }
        None => Subject::Places { path, rule },
    };
    Ok(Entry {
        subject,
        until,
        line,
    })
}

fn compile(glob: &str) -> Result<GlobSet, String> {
    path_globs([glob]).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINGERPRINT: &str = "00112233445566778899aabbccddeeff";

    fn today() -> Date {
        "2026-11-21".parse().expect("a date")
    }

    #[test]
    fn a_fingerprint_is_ignored_until_its_date_has_passed() {
        let fingerprint = FINGERPRINT.parse().expect("a fingerprint");
        for (text, ignored) in [
            (format!("{FINGERPRINT}  # reason"), true),
            (format!("{FINGERPRINT} until=2026-11-21"), true),
            (format!("{FINGERPRINT} until=2026-11-20"), false),
            (String::new(), false),
        ] {
            let file = IgnoreFile::parse(&text, "f").expect("valid");
            assert_eq!(
                file.ignores_finding(fingerprint, today()),
                ignored,
                "{text}"
            );
        }
    }

    #[test]
    fn a_line_that_is_written_reads_back_and_stays_one_line() {
        let fingerprint = FINGERPRINT.parse().expect("a fingerprint");
        let until = "2026-11-20".parse().expect("a date");
        let line = IgnoreFile::line(fingerprint, Some(until), "why\nrule:* # not");
        assert_eq!(line.lines().count(), 1);
        let file = IgnoreFile::parse(&line, "f").expect("valid");
        assert!(file.ignores_finding(fingerprint, until));
        assert!(
            !file.ignores_finding(fingerprint, today()),
            "its date has passed"
        );
    }

    #[test]
    fn path_and_rule_of_one_line_must_both_fit() {
        let file = IgnoreFile::parse("path:docs/** rule:generic-*", "f").expect("valid");
        assert!(file.ignores_place("docs/a/b.md", &RuleId::from("generic-password"), today()));
        assert!(!file.ignores_place("docs/a/b.md", &RuleId::from("github-pat"), today()));
        assert!(!file.ignores_place("src/b.md", &RuleId::from("generic-password"), today()));
    }

    #[test]
    fn an_error_names_file_and_line() {
        for (text, expected) in [
            ("\nsrc/main.rs", "f:2: \"src/main.rs\" is not understood"),
            ("path:a until=tomorrow", "f:1: "),
            ("until=2027-01-01", "f:1: until= needs"),
            ("# leakward-ignore 2", "f:1: version"),
            (
                "00112233445566778899aabbccddeeff path:a",
                "f:1: a fingerprint stands alone",
            ),
        ] {
            let error = IgnoreFile::parse(text, "f").expect_err(text).to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
