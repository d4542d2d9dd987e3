//! For credentials that no interface takes away: what a person does, and where.

use leakward_core::Rule;

use crate::provider::{
    Abilities, Case, Created, Creation, Handle, Instructions, Provider, ProviderError, Receipt,
    Successor,
};

/// The provider of those that have none.
pub(super) struct ByHand;

/// What a person does about a credential of this type.
pub(super) fn instructions(rule: &Rule) -> Instructions {
    let written = rule
        .revoke
        .iter()
        .chain(&rule.rotate)
        .flat_map(|action| action.instructions.iter())
        .map(ToString::to_string);
    let mut steps: Vec<String> = written.collect();
    let url = rule.revoke_url.as_ref().map(ToString::to_string);
    if steps.is_empty() {
        let page = url
            .as_ref()
            .map_or_else(|| format!("the console of {}", rule.provider), Clone::clone);
        steps = vec![
            format!("Open {page} as whoever owns the credential."),
            format!(
                "Make a new one ({}), and put it where applications read it.",
                rule.title
            ),
            "Revoke or delete the leaked one, and see in the logs whether it was used.".to_owned(),
        ];
    }
    Instructions { url, steps }
}

/// What can be done; where an identity or a value is missing, what a person does instead, and what is missing.
pub(super) fn or_by_hand(
    case: &Case<'_>,
    ask: impl FnOnce() -> Result<Abilities, ProviderError>,
) -> Result<Abilities, ProviderError> {
    match ask() {
        Err(error @ ProviderError::Needs { .. }) => {
            let by_hand = instructions(case.rule);
            let missing = format!("Leakward could do it, but {error}. Otherwise:");
            Ok(Abilities {
                instructions: Some(Instructions {
                    steps: [missing].into_iter().chain(by_hand.steps).collect(),
                    url: by_hand.url,
                }),
                ..Abilities::default()
            })
        }
        other => other,
    }
}

impl ByHand {
    fn cannot(what: &str) -> ProviderError {
        ProviderError::Unsupported {
            provider: "a person".to_owned(),
            what: format!("be asked to {what} by a program"),
        }
    }
}

impl Provider for ByHand {
    fn name(&self) -> &'static str {
        "by-hand"
    }

    fn abilities(&self, case: &Case<'_>) -> Result<Abilities, ProviderError> {
        Ok(Abilities {
            instructions: Some(instructions(case.rule)),
            ..Abilities::default()
        })
    }

    fn create(&self, _: &Case<'_>, _: &Creation) -> Result<Successor, ProviderError> {
        Err(Self::cannot("make a successor"))
    }

    fn find_created(&self, _: &Case<'_>, _: &Creation) -> Result<Created, ProviderError> {
        Err(Self::cannot("find a successor"))
    }

    fn remove(&self, _: &Case<'_>, _: &Handle) -> Result<Receipt, ProviderError> {
        Err(Self::cannot("remove a successor"))
    }

    fn revoke(&self, _: &Case<'_>) -> Result<Receipt, ProviderError> {
        Err(Self::cannot("revoke"))
    }
}
