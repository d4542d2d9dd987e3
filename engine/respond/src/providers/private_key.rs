//! Private keys, which can be anything: what the operator says the key is for decides who acts. With `vault` the certificate
//! authority that issued its certificate; with `signs` the set of keys whose tokens are taken; with nothing, a person.

use std::collections::BTreeMap;
use std::sync::Arc;

use leakward_stores::Fields;
use leakward_verify::{KeyUse, Subject, Value, ValueSource};

use super::Way;
use super::by_hand::or_by_hand;
use super::certificate_entry;
use super::signing_key::{self, SigningKey};
use super::vault_pki::VaultPki;
use super::written_key;
use crate::provider::{
    Abilities, Case, Created, Creation, Handle, Instructions, Provider, ProviderError, Receipt,
    Refusal, RequestId, Standing, Successor,
};

const NAME: &str = "private-key";

/// Private keys.
pub(super) struct PrivateKey {
    way: Arc<Way>,
}

impl PrivateKey {
    pub(super) fn new(way: Arc<Way>) -> Self {
        Self { way }
    }

    fn office<'e>(&'e self, case: &'e Case<'_>) -> Result<Office<'e>, ProviderError> {
        Ok(match KeyUse::of(case.subject) {
            KeyUse::Tls => Office::Authority(Box::new(VaultPki::of(&self.way, case)?)),
            KeyUse::Tokens => Office::Set(SigningKey::of(&self.way, case)?),
            KeyUse::NotKnown => return Err(what_for()),
        })
    }
}

/// Whoever acts.
enum Office<'e> {
    Authority(Box<VaultPki<'e>>),
    Set(SigningKey<'e>),
}

fn cannot<T>(what: &str) -> Result<T, ProviderError> {
    Err(ProviderError::Unsupported {
        provider: NAME.to_owned(),
        what: what.to_owned(),
    })
}

fn what_for() -> ProviderError {
    super::needs(
        NAME,
        "to know what the key is for",
        "with a certificate of Vault's or OpenBao's PKI engine --with vault=https://… and --with pki-role=…; for tokens --with signs=jwt \
         and --with jwks=PATH; on the command line, since the service is not told",
    )
}

impl Provider for PrivateKey {
    fn name(&self) -> &'static str {
        NAME
    }

    fn abilities(&self, case: &Case<'_>) -> Result<Abilities, ProviderError> {
        let mut abilities = or_by_hand(case, || match self.office(case)? {
            Office::Authority(authority) => authority.abilities(),
            Office::Set(set) => set.abilities(),
        })?;
        let is_tls = KeyUse::of(case.subject) == KeyUse::Tls;
        if is_tls && abilities.rotate.is_none() && abilities.revoke.is_some() {
            let step = "A successor is made when --with pki-role=… names the role that issues its certificate.";
            abilities.instructions = Some(Instructions {
                url: None,
                steps: vec![step.to_owned()],
            });
        }
        Ok(abilities)
    }

    fn parts(&self, subject: &Subject) -> Fields {
        match KeyUse::of(subject) {
            KeyUse::Tls => certificate_entry::parts(subject),
            KeyUse::Tokens => signing_key::parts(subject),
            KeyUse::NotKnown => written_key::parts(subject),
        }
    }

    /// A key that is read from the store again comes without what the operator said about it; that is said anew.
    fn subject(&self, like: &Subject, parts: &Fields) -> Subject {
        let mut subject = written_key::subject(like, parts);
        subject = signing_key::without_other_ids(subject, parts);
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

    fn has_company(&self) -> bool {
        true
    }

    fn beside(&self, subject: &Subject, fields: &Fields) -> Result<Subject, ProviderError> {
        match KeyUse::of(subject) {
            KeyUse::Tls => certificate_entry::beside(subject, fields),
            KeyUse::Tokens => signing_key::beside(subject, fields),
            KeyUse::NotKnown => Ok(subject.clone()),
        }
    }

    fn handles(&self, case: &Case<'_>) -> Result<Vec<Handle>, ProviderError> {
        match self.office(case)? {
            Office::Authority(authority) => authority.handles(),
            Office::Set(_) => Ok(Vec::new()),
        }
    }

    fn ahead(&self, case: &Case<'_>) -> Result<BTreeMap<String, String>, ProviderError> {
        match self.office(case)? {
            Office::Authority(_) => Ok(BTreeMap::new()),
            Office::Set(set) => set.ahead(),
        }
    }

    fn draft(&self, case: &Case<'_>, _: &RequestId) -> Result<Successor, ProviderError> {
        match self.office(case)? {
            Office::Authority(_) => cannot("choose a key, which the CA makes"),
            Office::Set(set) => set.draft(),
        }
    }

    fn create(&self, case: &Case<'_>, creation: &Creation) -> Result<Successor, ProviderError> {
        match self.office(case)? {
            Office::Authority(authority) => authority.create(creation),
            Office::Set(set) => set.create(creation),
        }
    }

    fn find_created(&self, case: &Case<'_>, creation: &Creation) -> Result<Created, ProviderError> {
        match self.office(case)? {
            Office::Authority(authority) => authority.find_created(creation),
            Office::Set(set) => set.find_created(creation),
        }
    }

    fn remove(&self, case: &Case<'_>, handle: &Handle) -> Result<Receipt, ProviderError> {
        match self.office(case)? {
            Office::Authority(authority) => authority.remove(handle),
            Office::Set(set) => set.remove(handle),
        }
    }

    fn standing(&self, case: &Case<'_>) -> Result<Standing, ProviderError> {
        match self.office(case)? {
            Office::Authority(authority) => authority.standing(self.way.clock.now()),
            Office::Set(set) => set.standing(),
        }
    }

    fn refusal(&self, subject: &Subject) -> Refusal {
        match KeyUse::of(subject) {
            KeyUse::Tls => Refusal::IsOfAPart,
            KeyUse::Tokens => Refusal::HasOtherReasons,
            KeyUse::NotKnown => Refusal::IsProof,
        }
    }

    fn revoke(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        match self.office(case)? {
            Office::Authority(authority) => authority.revoke(self.way.clock.now()),
            Office::Set(set) => set.revoke(),
        }
    }

    fn restore(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        match self.office(case)? {
            Office::Authority(_) => cannot("take back that a certificate was revoked"),
            Office::Set(set) => set.restore(),
        }
    }
}
