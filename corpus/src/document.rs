//! A generated file and what is known about it.

use std::fmt;

use leakward_core::rule::Find;
use leakward_core::{Rule, Span};
use serde::Deserialize;

/// How a credential can be told from other text, which is how hard it is to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// By a format of its own.
    Provider,
    /// By the name of its provider near by.
    Keyword,
    /// By what stands around it: connection strings, command lines, headers, credential files.
    Connection,
    /// By nothing but a name such as `password`.
    Generic,
}

impl Category {
    /// Every category.
    pub const ALL: [Category; 4] = [
        Category::Provider,
        Category::Keyword,
        Category::Connection,
        Category::Generic,
    ];

    /// The word used in reports and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Category::Provider => "provider",
            Category::Keyword => "keyword",
            Category::Connection => "connection",
            Category::Generic => "generic",
        }
    }

    /// The category of that name.
    #[must_use]
    pub fn named(word: &str) -> Option<Category> {
        Category::ALL
            .into_iter()
            .find(|category| category.as_str() == word)
    }

    /// What kind of credential a rule finds.
    #[must_use]
    pub fn of(rule: &Rule) -> Category {
        const SURROUNDED: [&str; 4] = [
            "Connection string",
            "Command line",
            "Credential file",
            "SQL",
        ];
        match &rule.find {
            Find::Native(native) if native.detector == "assignment" => Category::Generic,
            Find::Keyword(_) => Category::Keyword,
            Find::Native(native) if native.detector != "private-key" => Category::Connection,
            _ if SURROUNDED.contains(&&*rule.provider) => Category::Connection,
            _ => Category::Provider,
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a stretch of a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// A credential, which must be reported.
    Credential {
        /// How it can be told.
        category: Category,
        /// The rule whose sample it is, when it is one.
        rule: Option<String>,
    },
    /// Something that looks like one and must not be reported.
    LookAlike,
}

/// A labelled stretch of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The credential or look-alike.
    pub span: Span,
    /// The text that was planted together with it. What is reported inside of it, beside a credential, is neither
    /// right nor wrong: it may be the credential's key id.
    pub context: Span,
    /// What it is.
    pub truth: Truth,
    /// What kind of credential or look-alike.
    pub kind: String,
    /// The text it was made from.
    pub template: String,
    /// How the format wrote it down.
    pub way: String,
}

/// A generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its path, with `/`.
    pub path: String,
    /// Its format: `python`, `yaml` …
    pub format: String,
    /// Its content.
    pub text: String,
    /// What is known about it, by position.
    pub labels: Vec<Label>,
}
