//! Private keys, which can be anything: what the operator says the key is for decides who acts. With `vault` the certificate
//! authority that issued its certificate; with nothing, a person.

use std::sync::Arc;

use leakward_stores::Fields;
use leakward_verify::{Subject, Value, ValueSource};

use super::Way;
use super::by_hand::or_by_hand;
use super::vault_pki::{self, VaultPki};
use super::written_key;
use crate::provider::{
    Abilities, Case, Created, Creation, Handle, Instructions, Provider, ProviderError, Receipt,
    Standing, Successor,
};

const NAME: &str = "private-key";

/// Private keys.
pub(super) struct PrivateKey {
    way: Arc<Way>,
}

/// What a key is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// A certificate of a CA that we can ask.
    Tls,
    /// Nobody said it.
    NotKnown,
}

impl PrivateKey {
    pub(super) fn new(way: Arc<Way>) -> Self {
        Self { way }
    }

    fn use_of(subject: &Subject) -> Use {
        match subject.value("vault") {
            Some(_) => Use::Tls,
            None => Use::NotKnown,
        }
    }

    fn pki<'e>(&'e self, case: &'e Case<'_>) -> Result<VaultPki<'e>, ProviderError> {
        match Self::use_of(case.subject) {
            Use::Tls => VaultPki::of(&self.way, case),
            Use::NotKnown => Err(what_for()),
        }
    }
}

fn what_for() -> ProviderError {
    super::needs(
        NAME,
        "to know what the key is for",
        "with a certificate of Vault's or OpenBao's PKI engine --with vault=https://… and --with pki-role=…",
    )
}

impl Provider for PrivateKey {
    fn name(&self) -> &'static str {
        NAME
    }

    fn abilities(&self, case: &Case<'_>) -> Result<Abilities, ProviderError> {
        let mut abilities = or_by_hand(case, || self.pki(case)?.abilities())?;
        if abilities.rotate.is_none() && abilities.revoke.is_some() {
            let step = "A successor is made when --with pki-role=… names the role that issues its certificate.";
            abilities.instructions = Some(Instructions {
                url: None,
                steps: vec![step.to_owned()],
            });
        }
        Ok(abilities)
    }

    fn parts(&self, subject: &Subject) -> Fields {
        match Self::use_of(subject) {
            Use::Tls => vault_pki::parts(subject),
            Use::NotKnown => written_key::parts(subject),
        }
    }

    /// A key that is read from the store again comes without what the operator said about it; that is said anew.
    fn subject(&self, like: &Subject, parts: &Fields) -> Subject {
        let mut subject = written_key::subject(like, parts);
        for (name, secret) in &self.way.settings.given {
            if subject.value(name).is_none() {
                subject.values.push(Value {
                    name: name.clone(),
                    secret: secret.clone(),
                    source: ValueSource::Given,
                });
            }
        }
        subject
    }

    fn beside(&self, subject: &Subject, fields: &Fields) -> Result<Subject, ProviderError> {
        match Self::use_of(subject) {
            Use::Tls => vault_pki::beside(subject, fields),
            Use::NotKnown => Ok(subject.clone()),
        }
    }

    fn handles(&self, case: &Case<'_>) -> Result<Vec<Handle>, ProviderError> {
        self.pki(case)?.handles()
    }

    fn create(&self, case: &Case<'_>, creation: &Creation) -> Result<Successor, ProviderError> {
        self.pki(case)?.create(creation)
    }

    fn find_created(&self, case: &Case<'_>, creation: &Creation) -> Result<Created, ProviderError> {
        self.pki(case)?.find_created(creation)
    }

    fn remove(&self, case: &Case<'_>, handle: &Handle) -> Result<Receipt, ProviderError> {
        self.pki(case)?.remove(handle)
    }

    fn standing(&self, case: &Case<'_>) -> Result<Standing, ProviderError> {
        self.pki(case)?.standing(self.way.clock.now())
    }

    fn revoke(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        self.pki(case)?.revoke(self.way.clock.now())
    }
}
