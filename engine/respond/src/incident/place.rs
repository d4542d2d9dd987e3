//! Where a leaked credential was seen, and whether strangers could see it there.

use serde::{Deserialize, Serialize};

/// Where a leaked credential was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// The target that was scanned: a repository's folder or URL, an image.
    pub target: String,
    /// The location's kind, as in reports: `git`, `worktree`, `layer` …
    pub kind: String,
    /// Path in the target.
    pub path: String,
    /// Line, from 1.
    pub line: u64,
    /// The commit that brought it in.
    pub commit: Option<String>,
    /// That commit's author.
    pub author: Option<String>,
    /// That commit's date, RFC 3339.
    pub date: Option<String>,
    /// A page that shows it.
    pub url: Option<String>,
}

/// Whether strangers could read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exposure {
    /// Nobody knows.
    #[default]
    NotKnown,
    /// Only people of the house.
    Private,
    /// Everybody.
    Public,
}

/// Folders and names that mark material of tests.
const FIXTURES: [&str; 9] = [
    "test",
    "tests",
    "testdata",
    "fixtures",
    "fixture",
    "__tests__",
    "spec",
    "examples",
    "mocks",
];

impl Place {
    /// Whether the path is one where tests keep their material.
    #[must_use]
    pub fn is_test_fixture(&self) -> bool {
        self.path
            .split('/')
            .rev()
            .skip(1)
            .any(|folder| FIXTURES.contains(&folder.to_ascii_lowercase().as_str()))
    }
}

impl Exposure {
    /// The wider of the two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Public, _) | (_, Self::Public) => Self::Public,
            (Self::Private, _) | (_, Self::Private) => Self::Private,
            _ => Self::NotKnown,
        }
    }

    /// The word used in policies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotKnown => "not-known",
            Self::Private => "private",
            Self::Public => "public",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn material_of_tests_is_told_by_its_folders() {
        for (path, expected) in [
            ("tests/data/key.pem", true),
            ("src/__tests__/a.js", true),
            ("src/Fixtures/x", true),
            ("src/test", false),
            ("config/latest/x", false),
            ("prod.env", false),
        ] {
            let place = Place {
                path: path.to_owned(),
                ..Place::default()
            };
            assert_eq!(place.is_test_fixture(), expected, "{path}");
        }
    }
}
