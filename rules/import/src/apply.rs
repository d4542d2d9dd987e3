//! What another tool's file asks for, and the rule set that comes of it.

use std::sync::Arc;

use leakward_core::Rule;
use leakward_core::exception::{Exception, Foreign};

use crate::ids;

/// What a file builds on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Base {
    /// Its own rules are all that there is.
    #[default]
    Nothing,
    /// Its tool's built-in rules: ours stand for them.
    BuiltIn,
}

/// What a file changes about a built-in rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// The rule's id, in the file's own tool or in ours.
    pub id: String,
    /// The credential's entropy must be above this.
    pub entropy_above: Option<f64>,
    /// The rule looks only at such paths.
    pub path: Option<String>,
    /// When a match is no leak.
    pub exceptions: Vec<Exception>,
}

/// What another tool's file asks for.
#[derive(Clone, Debug, Default)]
pub struct Import {
    /// The tool.
    pub tool: &'static str,
    /// The file's own rules.
    pub rules: Vec<Rule>,
    /// What it builds on.
    pub base: Base,
    /// Built-in rules that are switched off, by the tool's ids or ours.
    pub disabled: Vec<String>,
    /// Built-in rules that are changed.
    pub changes: Vec<Change>,
    /// Exceptions for all rules.
    pub shared: Arc<Vec<Exception>>,
    /// Things worth telling.
    pub notes: Vec<String>,
}

impl Import {
    /// The rules that a scan with this file as its configuration applies, and what is worth telling about it.
    #[must_use]
    pub fn apply(self, built_in: &[Rule]) -> (Vec<Rule>, Vec<String>) {
        let mut notes = self.notes;
        if self.base == Base::Nothing {
            return (self.rules, notes);
        }
        let mut known = |id: &str, what: &str| {
            let ours = ids::of(id, built_in);
            if ours.is_empty() {
                notes.push(format!("no built-in rule stands for {id}; {what}"));
            }
            ours
        };
        let mut off: Vec<&str> = Vec::new();
        for id in &self.disabled {
            off.extend(known(id, "there is nothing to switch off"));
        }
        // A rule of the file with the id of a built-in one takes its place.
        for rule in &self.rules {
            off.extend(ids::of(rule.id.as_str(), built_in));
        }
        let changes: Vec<(Vec<&str>, &Change)> = self
            .changes
            .iter()
            .map(|change| (known(&change.id, "there is nothing to change"), change))
            .collect();
        let kept = built_in
            .iter()
            .filter(|rule| !off.contains(&rule.id.as_str()));
        let mut rules: Vec<Rule> = kept
            .map(|rule| changed(rule, &changes, &self.shared))
            .collect();
        rules.extend(self.rules);
        (rules, notes)
    }
}

fn changed(rule: &Rule, changes: &[(Vec<&str>, &Change)], shared: &Arc<Vec<Exception>>) -> Rule {
    let mut rule = rule.clone();
    let mut foreign = Foreign {
        shared: (!shared.is_empty()).then(|| Arc::clone(shared)),
        ..Foreign::default()
    };
    let of_rule = |ids: &[&str]| ids.contains(&rule.id.as_str());
    for (_, change) in changes.iter().filter(|(ids, _)| of_rule(ids)) {
        foreign.entropy_above = change.entropy_above.or(foreign.entropy_above);
        foreign.path = change.path.clone().map(Into::into).or(foreign.path);
        foreign.exceptions.extend(change.exceptions.iter().cloned());
    }
    if foreign != Foreign::default() {
        rule.foreign = Some(Box::new(foreign));
    }
    rule
}
