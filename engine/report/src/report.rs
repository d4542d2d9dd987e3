//! What a report is made of: the outcome of a scan, and what is known about the rules and the program.

use leakward_core::{Outcome, Rule, RuleId};

/// What a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What was found, and what was looked at.
    pub outcome: &'a Outcome,
    /// The rules that were applied; SARIF describes those that found something. A rule that is missing here is
    /// described from its findings alone.
    pub rules: &'a [Rule],
    /// Version of the program, as in `1.2.3`.
    pub tool_version: &'a str,
}

impl<'a> Report<'a> {
    /// The rule with this id.
    pub(crate) fn rule(&self, id: &RuleId) -> Option<&'a Rule> {
        self.rules.iter().find(|rule| rule.id == *id)
    }
}
