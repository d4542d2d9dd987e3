//! What a rule says about paths: where it applies, and where its matches are no leak.

use globset::{GlobBuilder, GlobMatcher};
use leakward_core::Rule;
use leakward_core::rule::Text;
use regex_automata::meta::Regex;

use crate::detection::PathJudgement;

/// A rule's globs, made ready on first use.
#[derive(Debug)]
pub(crate) struct PathRules {
    only: Vec<GlobMatcher>,
    allowed: Vec<GlobMatcher>,
    /// What another tool's rule says about the paths that it applies to.
    expression: Option<Regex>,
}

/// The globs; one without a slash fits a file's name in any folder. One that cannot be read fits nothing (rule files are
/// checked when they are read).
fn compile(globs: &[Text]) -> Vec<GlobMatcher> {
    globs
        .iter()
        .filter_map(|glob| {
            let text = if glob.contains('/') {
                glob.to_string()
            } else {
                format!("**/{glob}")
            };
            let glob = GlobBuilder::new(&text)
                .literal_separator(true)
                .case_insensitive(true)
                .build();
            glob.ok().map(|glob| glob.compile_matcher())
        })
        .collect()
}

impl PathRules {
    /// Reads the rule's globs.
    pub(crate) fn new(rule: &Rule) -> PathRules {
        PathRules {
            only: compile(&rule.paths),
            allowed: compile(&rule.allow.paths),
            expression: rule
                .foreign
                .as_ref()
                .and_then(|foreign| foreign.path.as_ref())
                .and_then(|path| crate::sweep::compile(path).ok()),
        }
    }

    /// What the rule itself says about a match in a file of this path.
    pub(crate) fn judge(&self, path: &str) -> Option<PathJudgement> {
        let fits = |globs: &[GlobMatcher]| globs.iter().any(|glob| glob.is_match(path));
        let fits_expression = self
            .expression
            .as_ref()
            .is_none_or(|expression| expression.is_match(path));
        if !fits_expression || (!self.only.is_empty() && !fits(&self.only)) {
            return Some(PathJudgement::Drop(
                "the rule does not apply to files of this kind".to_owned(),
            ));
        }
        fits(&self.allowed)
            .then(|| PathJudgement::Drop("the rule allows files of this kind".to_owned()))
    }
}
