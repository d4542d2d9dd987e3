//! Every credential type that is known to exist has a rule, or it is written down why it has none.
//!
//! The list is `rules/credential-types.csv`: a type, the rules that find it, and a reason where there are none (or where there is
//! something to know).

use std::collections::BTreeSet;

use leakward_core::rule::Class;
use leakward_rules::{built_in, find};

/// A line of the list. Reasons have no quotes in them.
fn lines() -> Vec<(String, Vec<String>, String)> {
    include_str!("../credential-types.csv")
        .lines()
        .skip(1)
        .map(|line| {
            let (credential, rest) = line.split_once(',').expect("a type");
            let (rules, reason) = rest.split_once(',').expect("rules");
            let rules = rules.split_whitespace().map(str::to_owned).collect();
            (
                credential.to_owned(),
                rules,
                reason.trim_matches('"').to_owned(),
            )
        })
        .collect()
}

#[test]
fn every_type_has_a_rule_or_a_reason_why_not() {
    let lines = lines();
    assert!(lines.len() >= 1_200, "{}", lines.len());
    for (credential, rules, reason) in &lines {
        assert!(
            !rules.is_empty() || reason.len() > 20,
            "{credential} has neither a rule nor a reason"
        );
        for id in rules {
            assert!(find(built_in(), id).is_some(), "{credential}: no rule {id}");
        }
    }
    let types: BTreeSet<&str> = lines
        .iter()
        .map(|(credential, ..)| credential.as_str())
        .collect();
    assert_eq!(types.len(), lines.len(), "types are unique");
}

#[test]
fn few_types_have_no_rule_and_at_least_900_have_one_of_their_own() {
    let lines = lines();
    let without = lines
        .iter()
        .filter(|(_, rules, _)| rules.is_empty())
        .count();
    assert!(without <= 6, "{without}");
    let reported =
        |id: &String| find(built_in(), id).is_some_and(|rule| rule.class == Class::Secret);
    let own: BTreeSet<&String> = lines
        .iter()
        .flat_map(|(_, rules, _)| rules)
        .filter(|id| reported(id))
        .collect();
    assert!(own.len() >= 900, "{}", own.len());
}
