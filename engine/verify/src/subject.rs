//! What is to be verified: a credential and the values that were found or given with it.

use leakward_core::{Fingerprint, RuleId, Secret};

/// A credential with what is known beside it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Identity of the (rule, credential) pair; each is asked once.
    pub fingerprint: Fingerprint,
    /// The rule that says how to ask.
    pub rule: RuleId,
    /// The credential.
    pub secret: Secret,
    /// Companions and what the user gave, by name.
    pub values: Vec<Value>,
}

/// A value that belongs to a credential.
#[derive(Clone, Debug)]
pub struct Value {
    /// Its name in the rule.
    pub name: String,
    /// The value. Companions can be secret themselves.
    pub secret: Secret,
    /// Where it is from.
    pub source: ValueSource,
}

/// Where a value is from, which decides whether it may name a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueSource {
    /// It stood near the credential: whoever wrote the text wrote it.
    Found,
    /// The user gave it.
    Given,
}

impl Subject {
    /// The value of that name; what the user gave comes first.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        let of = |source: ValueSource| {
            self.values
                .iter()
                .find(move |value| value.name == name && value.source == source)
        };
        of(ValueSource::Given).or_else(|| of(ValueSource::Found))
    }

    /// The same with another credential.
    pub(crate) fn with_secret(&self, secret: Secret) -> Self {
        Self {
            secret,
            ..self.clone()
        }
    }
}
