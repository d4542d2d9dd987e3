//! Reading users' rules and laying them over others.
//!
//! A user's rule with the id of a built-in one takes its place: that is how a built-in rule is changed.

use std::collections::HashMap;

use leakward_core::Rule;
use leakward_rule_format::{RuleFile, RuleFileErrors, parse_files};

use crate::built_in::built_in;

/// Reads one rule file. Its companions may be built-in rules.
///
/// # Errors
///
/// Everything that is wrong in it, each with file, line and column. There is no partial load.
pub fn parse(text: &str, file_name: &str) -> Result<Vec<Rule>, RuleFileErrors> {
    parse_all(&[RuleFile {
        name: file_name,
        text,
    }])
}

/// Reads several rule files as one set: their rules may be each other's companions, and ids are unique over all.
///
/// # Errors
///
/// Everything that is wrong in any of them.
pub fn parse_all(files: &[RuleFile<'_>]) -> Result<Vec<Rule>, RuleFileErrors> {
    let known: Vec<&str> = built_in().iter().map(|rule| rule.id.as_str()).collect();
    parse_files(files, &known)
}

/// Lays `extra` over `base`. A rule with a known id takes the other's place in the order; the others follow at the end.
#[must_use]
pub fn merge(base: &[Rule], extra: Vec<Rule>) -> Vec<Rule> {
    let mut merged = base.to_vec();
    let mut places: HashMap<String, usize> = merged
        .iter()
        .enumerate()
        .map(|(place, rule)| (rule.id.as_str().to_owned(), place))
        .collect();
    for rule in extra {
        let known = places.get(rule.id.as_str()).copied();
        match known.and_then(|place| merged.get_mut(place)) {
            Some(replaced) => *replaced = rule,
            None => {
                places.insert(rule.id.as_str().to_owned(), merged.len());
                merged.push(rule);
            }
        }
    }
    merged
}

/// The rule with an id.
#[must_use]
pub fn find<'r>(rules: &'r [Rule], id: &str) -> Option<&'r Rule> {
    rules.iter().find(|rule| rule.id.as_str() == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: &str, title: &str) -> Rule {
        let text = format!(
            "version = 1\nprovider = 'Acme'\n[[rule]]\nid = '{id}'\ntitle = '{title}'\nseverity = 'low'\nliterals = ['acme_']\npattern = 'acme_[a-z]{{9}}'\n"
        );
        parse(&text, "acme.toml").unwrap().remove(0)
    }

    #[test]
    fn a_rule_with_a_known_id_takes_the_others_place() {
        let base = [rule("a", "old"), rule("b", "old")];
        let merged = merge(
            &base,
            vec![rule("c", "new"), rule("a", "new"), rule("c", "newer")],
        );
        let seen: Vec<_> = merged
            .iter()
            .map(|rule| (rule.id.as_str(), &*rule.title))
            .collect();
        assert_eq!(seen, [("a", "new"), ("b", "old"), ("c", "newer")]);
    }

    #[test]
    fn a_rule_is_found_by_its_id() {
        let rules = [rule("a", "one"), rule("b", "two")];
        assert_eq!(find(&rules, "b").map(|rule| &*rule.title), Some("two"));
        assert!(find(&rules, "c").is_none());
    }
}
