//! What a provider can do about one of its credentials, in one trait: take the old one away, make a successor, and answer
//! what became of a call whose answer was lost.
//!
//! A provider does single calls and says truly how they ended; the order of the calls, retries, undo and the journal are the
//! saga's. Whether a credential works is not asked here but by `leakward-verify`. Blocking on purpose.
//!
//! INVARIANT: [`Provider::revoke`], [`Provider::restore`] and [`Provider::remove`] are idempotent: again, they find that it
//! is done. [`Provider::create`] is idempotent only for [`Birth::Chosen`]; for [`Birth::Issued`] it is never called twice
//! for one [`RequestId`] without [`Provider::find_created`] between.
//! INVARIANT: what a provider returns names keys, users and requests, never a value of a credential, but for
//! [`Successor::parts`].

use std::collections::BTreeMap;
use std::fmt;

use leakward_core::{Rule, Secret};
use leakward_stores::Fields;
use leakward_verify::{Subject, Value, ValueSource};
use serde::{Deserialize, Serialize};

/// The part of a credential that leaked, among its [`Provider::parts`].
pub const SECRET: &str = "secret";

/// A credential about which something is to be done, and who does it.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// The type of credential.
    pub rule: &'a Rule,
    /// The credential with its companions, and the values that the user gave.
    pub subject: &'a Subject,
    /// Whom we act as, by the names that providers give such identities (`aws-admin`, `postgresql-admin`); read anew for every
    /// case, so that a login that was renewed is seen. A provider without the identity that it needs acts as the leaked
    /// credential itself where that is possible, and says so in [`Abilities`].
    pub identities: &'a BTreeMap<String, Secret>,
    /// What was read with [`Provider::ahead`] while the credential still worked.
    pub ahead: &'a BTreeMap<String, String>,
}

/// Of a credential that was not asked about.
static NOTHING: BTreeMap<String, String> = BTreeMap::new();

impl<'a> Case<'a> {
    /// A case of which nothing was read ahead.
    #[must_use]
    pub fn new(
        rule: &'a Rule,
        subject: &'a Subject,
        identities: &'a BTreeMap<String, Secret>,
    ) -> Self {
        Self {
            rule,
            subject,
            identities,
            ahead: &NOTHING,
        }
    }
}

/// Names one act of creation for ever: it is in the journal before the provider hears of it. Letters, digits and dashes, at
/// most 40, so that it can be a provider's label or an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RequestId(pub String);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The provider's public name of one credential: a key id, a token's number, a user. Never a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Handle(pub String);

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What can be done about a credential, and as whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abilities {
    /// How it is taken away; none where no interface does it.
    pub revoke: Option<Revocation>,
    /// How a successor is made; none where no interface does it.
    pub rotate: Option<Rotation>,
    /// What a person does, where an interface is missing.
    pub instructions: Option<Instructions>,
}

/// How a credential is taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The name of the action in policies: `github-revoke-token`.
    pub action: String,
    /// As whom, for people: `the leaked token itself`, `AWS user deploy-admin`.
    pub identity: String,
    /// The calls, placeholders not filled in: `DELETE https://api.example/keys/{id}`.
    pub calls: Vec<String>,
    /// Whether it can be taken back.
    pub undo: Undo,
    /// What stops working, as far as it is known: one sentence each.
    pub breaks: Vec<String>,
}

/// How a successor is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// The name of the action in policies: `aws-create-access-key`.
    pub action: String,
    /// As whom, for people.
    pub identity: String,
    /// Whether that is the leaked credential.
    pub by: Maker,
    /// The calls, placeholders not filled in.
    pub calls: Vec<String>,
    /// Who chooses the value.
    pub birth: Birth,
    /// Whether old and new work at the same time.
    pub overlap: Overlap,
    /// What could stop working, one sentence each.
    pub breaks: Vec<String>,
}

/// Who makes a successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Maker {
    /// The leaked credential itself, which cannot do it any more when it is dead.
    TheLeaked,
    /// An identity that was named.
    Identity,
}

/// Whether an action can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undo {
    /// It can: a key that is switched off.
    Possible,
    /// It cannot: a key that is deleted.
    Impossible,
}

/// Who chooses a successor's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Birth {
    /// We do ([`Provider::draft`]): it is in the store before the provider hears of it, and telling it again is harmless.
    Chosen,
    /// The provider does, and tells it once. A lost answer is resolved with [`Provider::find_created`].
    Issued,
}

/// Whether a credential and its successor work at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlap {
    /// Until the old one is revoked.
    Both,
    /// Making the successor ends the old one: there is a cut until the store has the new one.
    None,
}

/// What a person does where there is no interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instructions {
    /// The console's address.
    pub url: Option<String>,
    /// One step each.
    pub steps: Vec<String>,
}

/// An act of creation.
#[derive(Clone, Debug)]
pub struct Creation {
    /// Its name; the label of what is made, where the provider keeps labels.
    pub id: RequestId,
    /// For [`Birth::Chosen`]: what [`Provider::draft`] made, as it waits in the store.
    pub draft: Option<Successor>,
    /// What [`Provider::handles`] listed before: a handle that is not among them is new.
    pub before: Vec<Handle>,
}

/// A new credential.
#[derive(Clone, Debug)]
pub struct Successor {
    /// Its public name.
    pub handle: Handle,
    /// Its parts, under the same names as the old one's ([`Provider::parts`]).
    pub parts: Fields,
}

/// What became of a creation whose answer was lost.
#[derive(Clone, Debug)]
pub enum Created {
    /// Nothing was made.
    No,
    /// It was made, and what it is can be read.
    Whole(Successor),
    /// It was made and its value is gone with the answer: the saga removes it and creates another.
    Orphan(Handle),
}

/// How the provider, asked as an administrator, sees a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is there and accepted.
    Active,
    /// It is switched off and can be switched on.
    Inactive,
    /// It is not there.
    Gone,
    /// Nobody can say (no such interface): the saga goes by the verifier.
    NotKnown,
}

/// What it proves that a credential is refused when it is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// That it is dead.
    IsProof,
    /// That a part of it is: a TLS key's certificates are revoked one by one. It is dead when [`Provider::standing`] says so too.
    IsOfAPart,
    /// Nothing by itself: a token is refused for its claims and the name of its key too. It is dead when [`Provider::standing`] says
    /// so too, and it was accepted before it was revoked.
    HasOtherReasons,
}

/// Proof of a call, for the journal and the audit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// What was done, one sentence without a value.
    pub summary: String,
    /// The provider's own number of the request, where it gives one.
    pub request_id: Option<String>,
}

/// How a call failed, told apart as far as the saga acts differently. Names keys, users and hosts, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// What was to be acted on is not there.
    #[error("{provider}: {what} is not there")]
    Absent {
        /// The provider.
        provider: String,
        /// What is missing.
        what: String,
    },
    /// The identity that was used may not do this.
    #[error("{provider}: {what}: permission denied")]
    Denied {
        /// The provider.
        provider: String,
        /// What was tried.
        what: String,
    },
    /// The identity that was used is no longer accepted (expired, revoked). Nothing was changed.
    #[error(
        "{provider}: the login that Leakward uses is no longer accepted: {why}; nothing was changed"
    )]
    LoggedOut {
        /// The provider.
        provider: String,
        /// What it said.
        why: String,
    },
    /// An identity or a value is missing.
    #[error("{provider}: needs {name}: {why}")]
    Needs {
        /// The provider.
        provider: String,
        /// Its name.
        name: String,
        /// What it is for and how it is given.
        why: String,
    },
    /// The provider's limit is reached: no third key. Nothing was changed.
    #[error("{provider}: {what}; nothing was changed")]
    Full {
        /// The provider.
        provider: String,
        /// Which limit, and what would make room.
        what: String,
    },
    /// It does not serve just now: no connection, 429, 503. Nothing was changed, and it may be tried again.
    #[error("{provider} does not serve just now: {why}")]
    Unavailable {
        /// The provider.
        provider: String,
        /// What was seen.
        why: String,
    },
    /// A call was sent and its answer was lost, or was a 5xx that does not say: it may have happened or not.
    #[error("{provider}: {what}: no answer came, so it may have happened or not")]
    OutcomeUnknown {
        /// The provider.
        provider: String,
        /// What was tried.
        what: String,
    },
    /// It refused, and would again.
    #[error("{provider}: {what}")]
    Refused {
        /// The provider.
        provider: String,
        /// What it said.
        what: String,
    },
    /// There is no interface for this.
    #[error("{provider} cannot {what}")]
    Unsupported {
        /// The provider.
        provider: String,
        /// What was asked for.
        what: String,
    },
}

/// What a provider can do about one of its credentials.
pub trait Provider: Send + Sync {
    /// Its name in plans, policies and the journal: `github`, `aws-iam`, `postgresql-two-users`.
    fn name(&self) -> &str;

    /// What can be done about this credential, and as whom. Changes nothing; may ask the provider who we are.
    ///
    /// # Errors
    /// The provider cannot be asked.
    fn abilities(&self, case: &Case<'_>) -> Result<Abilities, ProviderError>;

    /// The values of which the credential consists, as they stand in a store's entry: the leaked one ([`SECRET`]), its key id,
    /// its user, the whole connection string.
    fn parts(&self, subject: &Subject) -> Fields {
        plain_parts(subject)
    }

    /// The credential of which these are the parts, ready to be verified. The inverse of [`Provider::parts`]; `like` is the old
    /// one, for parts that a store's entry does not hold. Parts that follow from others (a password from the whole
    /// connection string) can be missing.
    fn subject(&self, like: &Subject, parts: &Fields) -> Subject {
        plain_subject(like, parts)
    }

    /// The credential with what belongs to it and stands beside it in the store's entry, as values by names that are parts: the
    /// certificate of a key. Asked before a successor is planned for an entry that holds the credential. Asks nobody.
    ///
    /// # Errors
    /// [`ProviderError::Refused`] when the successor would not fit what else is in the entry; says what to do.
    fn beside(&self, subject: &Subject, fields: &Fields) -> Result<Subject, ProviderError> {
        let _stands_alone = fields;
        Ok(subject.clone())
    }

    /// Whether [`Provider::beside`] finds anything, so that a response that begins or goes on reads the entry for it.
    fn has_company(&self) -> bool {
        false
    }

    /// The handles that exist now beside and with the credential's own. Changes nothing. Empty where nobody can list them.
    ///
    /// # Errors
    /// The provider cannot be asked.
    fn handles(&self, case: &Case<'_>) -> Result<Vec<Handle>, ProviderError> {
        let _nothing_to_ask = case;
        Ok(Vec::new())
    }

    /// What making a successor needs to know of the credential, by name: ids and scopes, never a value that is secret, since
    /// it is kept in the journal. Asked before a credential is revoked whose successor comes afterwards. Changes nothing.
    ///
    /// # Errors
    /// The provider cannot be asked.
    fn ahead(&self, case: &Case<'_>) -> Result<BTreeMap<String, String>, ProviderError> {
        let _nothing_to_ask = case;
        Ok(BTreeMap::new())
    }

    /// [`Birth::Chosen`]: makes up the successor. May read from the provider (which of two users is in use), changes nothing.
    ///
    /// # Errors
    /// Nobody can choose a value here, or the provider cannot be asked.
    fn draft(&self, case: &Case<'_>, id: &RequestId) -> Result<Successor, ProviderError> {
        let _not_chosen_here = (case, id);
        Err(ProviderError::Unsupported {
            provider: self.name().to_owned(),
            what: "be told a value that we choose".to_owned(),
        })
    }

    /// Makes the successor. For [`Birth::Chosen`]: makes the draft valid; again with the same draft, finds that it is.
    ///
    /// # Errors
    /// [`ProviderError::OutcomeUnknown`] when it may have happened; every other error means that it has not.
    fn create(&self, case: &Case<'_>, creation: &Creation) -> Result<Successor, ProviderError>;

    /// What became of a creation whose answer was lost: by label, by idempotency key, or by what is new since
    /// [`Creation::before`].
    ///
    /// # Errors
    /// The provider cannot be asked, or cannot tell.
    fn find_created(&self, case: &Case<'_>, creation: &Creation) -> Result<Created, ProviderError>;

    /// Takes a successor away again that no application uses. That it is gone already is no error.
    ///
    /// # Errors
    /// As [`Provider::create`].
    fn remove(&self, case: &Case<'_>, handle: &Handle) -> Result<Receipt, ProviderError>;

    /// How the provider sees the credential, asked as an administrator.
    ///
    /// # Errors
    /// The provider cannot be asked.
    fn standing(&self, case: &Case<'_>) -> Result<Standing, ProviderError> {
        let _nothing_to_ask = case;
        Ok(Standing::NotKnown)
    }

    /// What it proves that this credential is refused when it is tried.
    fn refusal(&self, subject: &Subject) -> Refusal {
        let _asked_with = subject;
        Refusal::IsProof
    }

    /// Takes the credential away: it must not work afterwards. That it is gone already is no error. Switches off rather than
    /// deletes, where both exist.
    ///
    /// # Errors
    /// As [`Provider::create`].
    fn revoke(&self, case: &Case<'_>) -> Result<Receipt, ProviderError>;

    /// Takes a revocation back, where [`Revocation::undo`] says that it is possible.
    ///
    /// # Errors
    /// As [`Provider::create`].
    fn restore(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        let _not_possible = case;
        Err(ProviderError::Unsupported {
            provider: self.name().to_owned(),
            what: "take a revocation back".to_owned(),
        })
    }
}

/// Finds the provider for a type of credential.
pub trait Providers: Send + Sync {
    /// The one that is responsible for credentials of `rule`; none when nobody is.
    fn find(&self, rule: &Rule) -> Option<&dyn Provider>;

    /// How credentials of `rule` are revoked together with others; none where each needs a request of its own.
    fn together(&self, rule: &Rule) -> Option<Together> {
        let _each_for_itself = rule;
        None
    }

    /// Revokes credentials with one request, of rules for which [`Providers::together`] says the same.
    ///
    /// # Errors
    /// As [`Provider::revoke`]; for all of them alike.
    fn revoke_together(
        &self,
        case: &Case<'_>,
        subjects: &[Subject],
    ) -> Result<Receipt, ProviderError> {
        let _each_for_itself = (case, subjects);
        Err(ProviderError::Unsupported {
            provider: "the provider".to_owned(),
            what: "revoke several credentials with one request".to_owned(),
        })
    }
}

/// How credentials are revoked together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Together {
    /// The request, which is the same for all rules whose credentials it can name.
    pub call: String,
    /// How many credentials one request can name.
    pub most: usize,
}

/// Text around a credential is context, not a part of it.
const CONTEXT: [&str; 2] = ["before", "after"];

/// The leaked value and its companions, as they are.
#[must_use]
pub fn plain_parts(subject: &Subject) -> Fields {
    let mut parts: Fields = subject
        .values
        .iter()
        .filter(|value| !CONTEXT.contains(&value.name.as_str()))
        .map(|value| (value.name.clone(), value.secret.clone()))
        .collect();
    parts.insert(SECRET.to_owned(), subject.secret.clone());
    parts
}

/// The inverse of [`plain_parts`]. Its fingerprint is still that of `like`; the saga computes the right one.
#[must_use]
pub fn plain_subject(like: &Subject, parts: &Fields) -> Subject {
    let kept = like.values.iter().filter(|value| {
        !CONTEXT.contains(&value.name.as_str()) && !parts.contains_key(&value.name)
    });
    let new = parts
        .iter()
        .filter(|(name, _)| name.as_str() != SECRET)
        .map(|(name, secret)| Value {
            name: name.clone(),
            secret: secret.clone(),
            source: ValueSource::Given,
        });
    Subject {
        secret: parts
            .get(SECRET)
            .cloned()
            .unwrap_or_else(|| like.secret.clone()),
        values: kept.cloned().chain(new).collect(),
        ..like.clone()
    }
}
