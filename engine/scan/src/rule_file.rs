//! A rule file that was named on the command line: ours, or another tool's.

use std::path::Path;

use leakward_core::Rule;
use leakward_rule_import::Format;

use crate::other_tools;
use crate::policy::{PolicyError, PolicyFiles, read_named};

/// The rules of a file.
#[derive(Clone, Debug, Default)]
pub struct RuleFile {
    /// Its rules, without those that it builds on.
    pub rules: Vec<Rule>,
    /// The tool whose format it is in.
    pub tool: &'static str,
    /// Things worth telling: what was not taken over.
    pub notes: Vec<String>,
}

impl RuleFile {
    /// Reads the file at `path` through `files`.
    ///
    /// # Errors
    /// When it cannot be read, and everything that is wrong in it.
    pub fn read(files: &dyn PolicyFiles, path: &Path) -> Result<Self, PolicyError> {
        let text = read_named(files, path)?;
        Self::parse(files, &text, &path.display().to_string())
    }

    /// Reads the text of a rule file.
    ///
    /// # Errors
    /// Everything that is wrong in it.
    pub(crate) fn parse(
        files: &dyn PolicyFiles,
        text: &str,
        name: &str,
    ) -> Result<Self, PolicyError> {
        Ok(match Format::of(text) {
            Some(format) => {
                let import = other_tools::read(files, text, name, format)?;
                Self {
                    rules: import.rules,
                    tool: format.tool(),
                    notes: import.notes,
                }
            }
            None => Self {
                rules: leakward_rules::parse(text, name)?,
                tool: "Leakward",
                notes: Vec::new(),
            },
        })
    }
}
