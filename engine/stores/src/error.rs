//! What goes wrong with a store, told apart as far as somebody would act differently.
//!
//! INVARIANT: names stores, paths and versions, never a value.

/// The word in the text of an error that people must hear of at once.
pub const ALARM: &str = "ALARM";

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no such entry, version or field.
    #[error("{store}: {path}: there is no such entry")]
    Absent {
        /// The store.
        store: String,
        /// The path.
        path: String,
    },
    /// Another version than the expected one is current: nothing was changed.
    #[error(
        "{store}: {path}: somebody changed it meanwhile (expected version {expected}, found {found}); nothing was changed"
    )]
    Conflict {
        /// The store.
        store: String,
        /// The path.
        path: String,
        /// The version that was expected.
        expected: String,
        /// The version that is current, as far as it is known.
        found: String,
    },
    /// The identity that was used may not do this.
    #[error("{store}: {what}: permission denied")]
    Denied {
        /// The store.
        store: String,
        /// What was tried: verb and path.
        what: String,
    },
    /// The store's own credential is no longer accepted.
    #[error("{store}: the login is no longer accepted: {why}")]
    LoggedOut {
        /// The store.
        store: String,
        /// What the store said.
        why: String,
    },
    /// The store is sealed: somebody has to unseal it.
    #[error("{store} is sealed; somebody has to unseal it")]
    Sealed {
        /// The store.
        store: String,
    },
    /// The store does not serve just now: standby, limit of requests, no connection. It was not changed.
    #[error("{store} does not serve just now: {why}")]
    Unavailable {
        /// The store.
        store: String,
        /// What was seen.
        why: String,
    },
    /// A change was sent and its answer was lost: it may have happened or not.
    #[error("{store}: {what}: no answer came, so it may have happened or not")]
    OutcomeUnknown {
        /// The store.
        store: String,
        /// What was tried.
        what: String,
    },
    /// The store cannot do this at all.
    #[error("{store} cannot {what}")]
    Unsupported {
        /// The store.
        store: String,
        /// What was asked for.
        what: String,
    },
    /// An answer or a file that makes no sense.
    #[error("{store}: {what}")]
    Malformed {
        /// The store.
        store: String,
        /// What is wrong.
        what: String,
    },
    /// A one-time secret was used before we used it. Somebody else may have it: this is an alarm, not a nuisance.
    #[error(
        "{store}: ALARM: the one-time {what} was already used or is not ours: {why}; somebody may have taken it"
    )]
    Intercepted {
        /// The store.
        store: String,
        /// What was to be used.
        what: String,
        /// What the store said.
        why: String,
    },
    /// The store understood and refused. It was not changed.
    #[error("{store}: {what}: refused: {why}")]
    Refused {
        /// The store.
        store: String,
        /// What was tried: verb and path.
        what: String,
        /// The store's own code or words, which hold no value.
        why: String,
    },
    /// The way to the store is described wrongly: its address, an option, a file with a credential.
    #[error("{store}: {what}")]
    Setting {
        /// The store, as it was named.
        store: String,
        /// What is wrong and what is wanted.
        what: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_was_taken_is_an_alarm_and_nothing_else_is() {
        let store = || "vault".to_owned();
        let taken = StoreError::Intercepted {
            store: store(),
            what: "SecretID".to_owned(),
            why: "used".to_owned(),
        };
        assert!(taken.to_string().contains(ALARM));
        assert!(
            !StoreError::Sealed { store: store() }
                .to_string()
                .contains(ALARM)
        );
    }
}
