//! Which rules of a set are used: switched on and off by id or by glob.
//!
//! A glob is an id in which `*` stands for any characters: `aws-*`, `*-webhook-url`. Off wins over on. A rule that a
//! selected one names as companion stays in the set, but as a mere identifier, so that it is never reported.
//!
//! INVARIANT: a pattern that fits no rule is an error, not silence: a misspelt id in `enable` would switch the scan off.

use std::collections::BTreeSet;

use leakward_core::Rule;
use leakward_core::rule::Class;

/// Patterns over rule ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// When not empty, only these are used.
    pub enable: Vec<String>,
    /// These are not used.
    pub disable: Vec<String>,
}

/// A pattern of a selection that fits no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no rule fits {pattern:?}{}", nearest.as_ref().map(|id| format!("; did you mean {id:?}?")).unwrap_or_default())]
pub struct UnknownRule {
    /// As written.
    pub pattern: String,
    /// The id that was probably meant.
    pub nearest: Option<String>,
}

impl Selection {
    /// The selected rules of a set, in its order.
    ///
    /// # Errors
    ///
    /// A pattern that fits no rule of the set.
    pub fn apply(&self, rules: Vec<Rule>) -> Result<Vec<Rule>, UnknownRule> {
        self.check(&rules)?;
        let selected: BTreeSet<String> = rules
            .iter()
            .filter(|rule| self.selects(rule.id.as_str()))
            .map(|rule| rule.id.as_str().to_owned())
            .collect();
        let companions: BTreeSet<String> = rules
            .iter()
            .filter(|rule| selected.contains(rule.id.as_str()))
            .flat_map(|rule| rule.companions.iter())
            .map(|companion| companion.rule.as_ref().to_owned())
            .collect();
        Ok(rules
            .into_iter()
            .filter_map(|mut rule| {
                if selected.contains(rule.id.as_str()) {
                    return Some(rule);
                }
                rule.class = Class::Identifier;
                companions.contains(rule.id.as_str()).then_some(rule)
            })
            .collect())
    }

    fn selects(&self, id: &str) -> bool {
        let fits = |patterns: &[String]| patterns.iter().any(|pattern| glob_fits(pattern, id));
        (self.enable.is_empty() || fits(&self.enable)) && !fits(&self.disable)
    }

    fn check(&self, rules: &[Rule]) -> Result<(), UnknownRule> {
        let unknown = self.enable.iter().chain(&self.disable).find(|pattern| {
            !rules
                .iter()
                .any(|rule| glob_fits(pattern, rule.id.as_str()))
        });
        match unknown {
            None => Ok(()),
            Some(pattern) => Err(UnknownRule {
                pattern: pattern.clone(),
                nearest: leakward_rule_format::nearest(
                    pattern,
                    rules.iter().map(|rule| rule.id.as_str()),
                )
                .map(str::to_owned),
            }),
        }
    }
}

/// `*` stands for any characters, none included; everything else for itself.
fn glob_fits(pattern: &str, id: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == id;
    };
    let Some(mut left) = id.strip_prefix(head) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, id, fits) in [
            ("aws-*", "aws-secret-access-key", true),
            ("*-key", "aws-secret-access-key", true),
            ("aws-*-key", "aws-key", false),
            ("*secret*", "aws-secret-access-key", true),
            ("*", "anything", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXc", false),
            ("aws", "aws-key", false),
        ] {
            assert_eq!(glob_fits(pattern, id), fits, "{pattern} {id}");
        }
    }

    fn rules() -> Vec<Rule> {
        let rule = |id: &str| {
            format!(
                "[[rule]]\nid = '{id}'\ntitle = 'A'\nseverity = 'low'\nliterals = ['acme_']\npattern = 'acme_[a-z]'\n"
            )
        };
        let companion = "[[rule.companion]]\nname = 'id'\nrule = 'acme-key-id'\n";
        let text = [
            "version = 1\nprovider = 'Acme'\n",
            &rule("acme-secret"),
            companion,
            &rule("acme-key-id"),
            &rule("other-secret"),
        ];
        parse(&text.concat(), "acme.toml").unwrap()
    }

    fn select(enable: &[&str], disable: &[&str]) -> Result<Vec<String>, UnknownRule> {
        let owned =
            |patterns: &[&str]| patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        let selection = Selection {
            enable: owned(enable),
            disable: owned(disable),
        };
        let reported = |rule: &Rule| rule.class == Class::Secret;
        selection.apply(rules()).map(|rules| {
            rules
                .iter()
                .filter(|rule| reported(rule))
                .map(|rule| rule.id.to_string())
                .collect()
        })
    }

    #[test]
    fn off_wins_over_on_and_all_are_on_when_nothing_is_said() {
        for (enable, disable, selected) in [
            (
                &[] as &[&str],
                &[] as &[&str],
                &["acme-secret", "acme-key-id", "other-secret"] as &[&str],
            ),
            (&["acme-*"], &[], &["acme-secret", "acme-key-id"]),
            (&["acme-*"], &["*-id"], &["acme-secret"]),
            (&[], &["acme-*"], &["other-secret"]),
        ] {
            assert_eq!(select(enable, disable).unwrap(), selected);
        }
    }

    #[test]
    fn a_companion_stays_as_an_identifier() {
        let selection = Selection {
            enable: vec!["acme-secret".to_owned()],
            disable: Vec::new(),
        };
        let kept: Vec<_> = selection
            .apply(rules())
            .unwrap()
            .into_iter()
            .map(|rule| (rule.id.to_string(), rule.class))
            .collect();
        let expected = [
            ("acme-secret", Class::Secret),
            ("acme-key-id", Class::Identifier),
        ];
        assert_eq!(kept, expected.map(|(id, class)| (id.to_owned(), class)));
    }

    #[test]
    fn a_pattern_that_fits_nothing_is_told_with_the_nearest_id() {
        let error = select(&["acme-secert"], &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no rule fits \"acme-secert\"; did you mean \"acme-secret\"?"
        );
        assert!(select(&[], &["aws-*"]).is_err());
    }
}
