//! What is missing is said: an identity, a value; and no rule names a provider that is not there.

use leakward_core::action::Means;
use leakward_rules::built_in;

use crate::contract::{Table, action, credential, operator};
use crate::setup::{Identities, providers, sample, subject, with};

#[test]
fn without_the_identity_it_waits_for_a_person_and_says_which_one_is_missing() {
    let rule = built_in()
        .iter()
        .find(|rule| rule.id.as_str() == "sendgrid-api-key")
        .expect("a rule");
    let action = action(rule, Table::Revoke).expect("an action");
    let providers = providers(&[]);
    let subject = credential(rule, action);
    with(
        &providers,
        rule,
        &subject,
        &Identities::new(),
        |provider, case| {
            let abilities = provider.abilities(case).expect("abilities");
            assert!(abilities.revoke.is_none());
            let steps = abilities
                .instructions
                .expect("instructions")
                .steps
                .join("\n");
            assert!(steps.contains("sendgrid-admin"), "{steps}");
        },
    );
    with(
        &providers,
        rule,
        &subject,
        &operator(action),
        |provider, case| {
            let abilities = provider.abilities(case).expect("abilities");
            let revocation = abilities.revoke.expect("a revocation");
            assert_eq!(revocation.identity, "sendgrid-admin");
            assert_eq!(
                revocation.calls,
                ["DELETE https://api.sendgrid.com/v3/api_keys/{secret:between-dots}"]
            );
            let rotation = abilities.rotate.expect("a rotation");
            assert_eq!(
                rotation.calls,
                [
                    "GET https://api.sendgrid.com/v3/scopes",
                    "POST https://api.sendgrid.com/v3/api_keys"
                ]
            );
        },
    );
}

#[test]
fn a_native_provider_without_its_identity_waits_for_a_person_too() {
    let providers = providers(&[]);
    let mut count = 0;
    for rule in built_in() {
        let is_native = rule
            .revoke
            .as_ref()
            .is_some_and(|action| matches!(action.means, Means::Native(_)));
        if !is_native {
            continue;
        }
        count += 1;
        let subject = subject(rule, &sample(rule), &[]);
        with(
            &providers,
            rule,
            &subject,
            &Identities::new(),
            |provider, case| {
                let abilities = provider.abilities(case);
                let steps = abilities
                    .as_ref()
                    .ok()
                    .and_then(|abilities| abilities.instructions.as_ref())
                    .map(|instructions| instructions.steps.join("\n"))
                    .unwrap_or_default();
                assert!(steps.contains("needs "), "{}: {abilities:?}", rule.id);
            },
        );
    }
    assert!(count >= 10, "{count}");
}

#[test]
fn every_native_provider_that_a_rule_names_is_there() {
    let providers = providers(&[]);
    let known: Vec<&str> = providers.native_names().collect();
    let mut named: Vec<&str> = Vec::new();
    for rule in built_in() {
        for action in rule.revoke.iter().chain(&rule.rotate) {
            if let Means::Native(name) = &action.means {
                named.push(&**name);
            }
        }
    }
    let missing: Vec<&&str> = named.iter().filter(|name| !known.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
