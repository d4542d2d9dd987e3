//! How a step fails, told apart by what the saga does next.

use leakward_stores::StoreError;

use crate::database::DatabaseError;
use crate::provider::ProviderError;

/// How a step failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StepError {
    /// Nothing was changed; it may work in a moment.
    Wait(String),
    /// It may have happened or not: look before anything else.
    Unknown(String),
    /// Nothing was changed, and trying again does not help: go back.
    Refused(String),
    /// Somebody else has put another value where the leaked one was: the successor has no place any more. Go back.
    Superseded(String),
    /// Nothing was changed; somebody has to do something, and then it goes on from here.
    Person(String),
    /// Nothing is wrong; it goes on at a time that is too far away to wait for here.
    Later {
        /// When to go on, seconds since 1970.
        at: u64,
        /// What it waits for.
        why: String,
    },
    /// The journal has changed: look again which step is next.
    Again,
}

impl StepError {
    /// What went wrong, in words.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Wait(text)
            | Self::Unknown(text)
            | Self::Refused(text)
            | Self::Superseded(text)
            | Self::Person(text) => text,
            Self::Later { why, .. } => why,
            Self::Again => "an earlier step is done again",
        }
    }
}

/// Why a step did not come to its end: for its own reasons, or because nothing can be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Step(StepError),
    Saga(SagaError),
}

impl<E: Into<StepError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Step(error.into())
    }
}

impl From<SagaError> for Stop {
    fn from(error: SagaError) -> Self {
        Self::Saga(error)
    }
}

/// Why a saga cannot go on at all just now: it cannot be written down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SagaError {
    /// The journal cannot be written: nothing more is done.
    #[error("nothing more is done, because it cannot be written down: {0}")]
    Journal(#[from] DatabaseError),
}

impl From<ProviderError> for StepError {
    fn from(error: ProviderError) -> Self {
        let text = error.to_string();
        match error {
            ProviderError::Unavailable { .. } => Self::Wait(text),
            ProviderError::OutcomeUnknown { .. } => Self::Unknown(text),
            ProviderError::Denied { .. }
            | ProviderError::LoggedOut { .. }
            | ProviderError::Needs { .. }
            | ProviderError::Full { .. } => Self::Person(text),
            ProviderError::Absent { .. }
            | ProviderError::Refused { .. }
            | ProviderError::Unsupported { .. } => Self::Refused(text),
        }
    }
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::Unavailable { .. } => Self::Wait(text),
            StoreError::OutcomeUnknown { .. } => Self::Unknown(text),
            StoreError::Sealed { .. }
            | StoreError::LoggedOut { .. }
            | StoreError::Denied { .. }
            | StoreError::Intercepted { .. }
            | StoreError::Setting { .. } => Self::Person(text),
            StoreError::Absent { .. }
            | StoreError::Conflict { .. }
            | StoreError::Refused { .. }
            | StoreError::Unsupported { .. }
            | StoreError::Malformed { .. } => Self::Refused(text),
        }
    }
}
