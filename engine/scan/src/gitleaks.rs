//! What is read of gitleaks' files, so that a team that changes over keeps its decisions: `.gitleaksignore` and
//! a JSON report used as a baseline. Formats as documented by gitleaks 8.
//!
//! gitleaks names a finding by commit, path, rule and line. Rule names differ between the tools, so a place is
//! matched by the other three; one credential a line is the rule.

use std::collections::HashSet;

use leakward_core::Secret;
use serde::Deserialize;

/// Where gitleaks saw something. An empty commit matches any commit, as in gitleaks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    commit: String,
    path: String,
    line: u32,
}

impl Place {
    /// A line of a file, whatever the commit.
    pub(crate) fn anywhere(path: String, line: u32) -> Self {
        Self {
            commit: String::new(),
            path,
            line,
        }
    }

    /// Whether `places` holds this path and line, with this commit or with none.
    #[must_use]
    pub fn matches(places: &HashSet<Place>, commit: Option<&str>, path: &str, line: u32) -> bool {
        let place = |commit: &str| Place {
            commit: commit.to_owned(),
            path: path.to_owned(),
            line,
        };
        places.contains(&place("")) || commit.is_some_and(|commit| places.contains(&place(commit)))
    }
}

/// The fields of a gitleaks report entry that matter here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GitleaksFinding {
    file: String,
    #[serde(default)]
    start_line: u32,
    #[serde(default)]
    commit: String,
    #[serde(default)]
    secret: String,
}

impl GitleaksFinding {
    /// The credential, unless the report was redacted (`REDACTED`, or a beginning followed by dots).
    #[must_use]
    pub fn secret(&self) -> Option<Secret> {
        let redacted =
            self.secret.is_empty() || self.secret == "REDACTED" || self.secret.ends_with("...");
        (!redacted).then(|| Secret::new(self.secret.as_bytes()))
    }

    /// Where it was.
    #[must_use]
    pub fn place(&self) -> Place {
        Place {
            commit: self.commit.clone(),
            path: self.file.replace('\\', "/"),
            line: self.start_line,
        }
    }
}

/// The entries of a `.gitleaksignore`.
#[derive(Clone, Debug, Default)]
pub struct GitleaksIgnore {
    places: HashSet<Place>,
}

impl GitleaksIgnore {
    /// The usual name.
    pub const NAME: &'static str = ".gitleaksignore";

    /// Reads `text`; lines of neither form (`commit:path:rule:line`, `path:rule:line`) are returned beside it.
    #[must_use]
    pub fn parse(text: &str) -> (Self, Vec<usize>) {
        let mut ignore = Self::default();
        let mut not_understood = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let entry = line
                .split_once('#')
                .map_or(line, |(entry, _)| entry)
                .trim()
                .replace('\\', "/");
            if entry.is_empty() {
                continue;
            }
            match parse_place(&entry) {
                Some(place) => {
                    ignore.places.insert(place);
                }
                None => not_understood.push(index + 1),
            }
        }
        (ignore, not_understood)
    }

    /// Takes the entries of another file as well.
    pub fn add(&mut self, other: Self) {
        self.places.extend(other.places);
    }

    /// Whether nothing is left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether this place is to be left out.
    #[must_use]
    pub fn ignores(&self, commit: Option<&str>, path: &str, line: u32) -> bool {
        !self.places.is_empty() && Place::matches(&self.places, commit, path, line)
    }
}

fn parse_place(entry: &str) -> Option<Place> {
    let (rest, line) = entry.rsplit_once(':')?;
    let (rest, _rule) = rest.rsplit_once(':')?;
    let line = line.parse().ok()?;
    let is_commit = |text: &str| {
        matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let (commit, path) = rest
        .split_once(':')
        .filter(|(commit, _)| is_commit(commit))
        .unwrap_or(("", rest));
    Some(Place {
        commit: commit.to_owned(),
        path: path.to_owned(),
        line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_fingerprint_are_read() {
        let commit = "a".repeat(40);
        let text =
            format!("# comment\n{commit}:src/a.py:generic-api-key:7\ndir\\b.py:rule:2\nnonsense\n");
        let (ignore, not_understood) = GitleaksIgnore::parse(&text);
        assert!(ignore.ignores(Some(&commit), "src/a.py", 7));
        assert!(!ignore.ignores(None, "src/a.py", 7));
        assert!(ignore.ignores(Some("other"), "dir/b.py", 2));
        assert!(!ignore.ignores(None, "dir/b.py", 3));
        assert_eq!(not_understood, [4]);
    }
}
