//! Where a test expects a credential to be found. What a test does not speak of may be anything.

use std::fmt;

use serde_json::Value;

/// What a location of the report has to say.
#[derive(Clone, Debug, Default)]
pub struct Place {
    expected: Vec<(&'static str, Value)>,
}

impl Place {
    /// A location of this kind: `git`, `worktree`, `index`, `file`, `stdin`, `message`, `ref`, `path`, `lfs`,
    /// `layer`, `image-config`.
    #[must_use]
    pub fn kind(kind: &str) -> Self {
        Self::default().field("kind", kind)
    }

    /// In the object database.
    #[must_use]
    pub fn git(path: &str) -> Self {
        Self::kind("git").path(path)
    }

    /// In the working tree.
    #[must_use]
    pub fn worktree(path: &str) -> Self {
        Self::kind("worktree").path(path)
    }

    /// In the index.
    #[must_use]
    pub fn index(path: &str) -> Self {
        Self::kind("index").path(path)
    }

    /// In a file outside of git.
    #[must_use]
    pub fn file(path: &str) -> Self {
        Self::kind("file").path(path)
    }

    /// In a layer of a container image.
    #[must_use]
    pub fn layer(path: &str) -> Self {
        Self::kind("layer").path(path)
    }

    /// In what a container image says of itself.
    #[must_use]
    pub fn image_config(part: &str) -> Self {
        Self::kind("image-config").path(part)
    }

    /// At this path.
    #[must_use]
    pub fn path(self, path: &str) -> Self {
        self.field("path", path)
    }

    /// On this line, from 1.
    #[must_use]
    pub fn line(self, line: u32) -> Self {
        self.field("line", line)
    }

    /// From this column, from 1.
    #[must_use]
    pub fn column(self, column: u32) -> Self {
        self.field("column", column)
    }

    /// Line and columns of the credential in [`crate::Credential::file`].
    #[must_use]
    pub fn in_settings(self) -> Self {
        self.line(2)
            .column(10)
            .field("end_line", 2)
            .field("end_column", 50)
    }

    /// Brought in by this commit.
    #[must_use]
    pub fn commit(self, id: &str) -> Self {
        self.field("commit", id)
    }

    /// Held by this object.
    #[must_use]
    pub fn blob(self, id: &str) -> Self {
        self.field("blob", id)
    }

    /// Still reached by a ref.
    #[must_use]
    pub fn reachable(self) -> Self {
        self.field("reachable", true)
    }

    /// No longer reached by any ref.
    #[must_use]
    pub fn unreachable(self) -> Self {
        self.field("reachable", false)
    }

    /// With this value of any other field.
    #[must_use]
    pub fn field(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.expected.push((name, value.into()));
        self
    }

    /// Whether a location of the report is this place.
    #[must_use]
    pub fn fits(&self, location: &Value) -> bool {
        self.expected
            .iter()
            .all(|(name, value)| location.get(name) == Some(value))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self
            .expected
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        f.write_str(&words.join(" "))
    }
}
