//! Why a response cannot begin or go on, in sentences that say what to do.

use leakward_core::Fingerprint;
use leakward_stores::StoreError;

use crate::audit::AuditError;
use crate::database::DatabaseError;
use crate::policy::PolicyError;
use crate::provider::ProviderError;
use crate::saga::SagaError;

/// Why a response cannot begin or go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RespondError {
    /// No such rule.
    #[error("no rule is called {0}")]
    NoRule(String),
    /// No such store.
    #[error("no store called {name:?} is connected; there are {known}")]
    NoStore {
        /// What was asked for.
        name: String,
        /// What is connected.
        known: String,
    },
    /// A successor has to be kept somewhere before it is used.
    #[error(
        "to rotate, say where applications read the credential: --store NAME --path PATH [--field FIELD]; \
         to only take it away, use `leakward revoke`"
    )]
    NoEntry,
    /// The field that was named does not hold it.
    #[error("the field {field} of {path} does not hold the leaked value; it stands in {found}")]
    OtherField {
        /// The field that was named.
        field: String,
        /// The entry.
        path: String,
        /// Where it stands.
        found: String,
    },
    /// Without a test the old one would be revoked on faith.
    #[error(
        "the rule {0} does not say how to verify such a credential, so that a successor could not be proven to work \
         before the old one is revoked; nothing was changed"
    )]
    Untestable(String),
    /// The provider makes no successors.
    #[error("{provider} makes no successor of this credential by an interface{instructions}")]
    NoRotation {
        /// The provider.
        provider: String,
        /// What a person does.
        instructions: String,
    },
    /// Another process is at it.
    #[error("{0} is being worked on by another process; nothing was done twice")]
    Busy(Fingerprint),
    /// The saga needs the leaked credential, which is nowhere to be found.
    #[error(
        "to go on with {0}, the leaked credential is needed, and no store has it any more: give it on standard input, with \
         `--credential < FILE` (`leakward respond resume --incident {0} …`)"
    )]
    NeedsCredential(Fingerprint),
    /// What was given is another credential.
    #[error("the credential that was given is not that of {0}")]
    OtherCredential(Fingerprint),
    /// There is nothing to resume.
    #[error("{0}: no response is under way")]
    NothingOpen(Fingerprint),
    /// A revocation is not taken back in the middle of a response.
    #[error(
        "{0}: a response is under way; let it end first (`leakward respond resume --incident {0}`, or `give-up`). Nothing was changed"
    )]
    UnderWay(Fingerprint),
    /// There is nothing to take back.
    #[error("{0}: no response has revoked it, so that there is nothing to take back")]
    NotRevoked(Fingerprint),
    /// What was revoked is so for ever.
    #[error(
        "{fingerprint}: this revocation is final: {why}. Make a new credential where the provider makes them; nothing was changed"
    )]
    Final {
        /// Whose credential.
        fingerprint: Fingerprint,
        /// Who cannot do it.
        why: String,
    },
    /// An alarm that could not be written down or sent.
    #[error("{0}; and nobody could be told: {1}")]
    Unheard(String, String),
    /// There is no plan that waits for a yes.
    #[error("{0}: nothing waits for an approval")]
    NothingWaits(Fingerprint),
    /// A yes that would not count.
    #[error("{fingerprint}: this approval does not count: {why}")]
    DoesNotCount {
        /// Whose credential.
        fingerprint: Fingerprint,
        /// Why, one sentence.
        why: String,
    },
    /// The audit log cannot be written: then nothing is decided or changed.
    #[error("nothing was changed: {0}")]
    Audit(#[from] AuditError),
    /// The policy does not work.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The provider cannot be asked.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database cannot be read or written.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The saga cannot be written down.
    #[error(transparent)]
    Saga(#[from] SagaError),
}
