//! A line of the journal: what is about to be done, or what came of it.
//!
//! INVARIANT: handles, versions, times and sentences; never a value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Step;
use crate::provider::{Handle, RequestId};

/// A line of a saga's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its place in the saga, from 0 without gaps.
    pub sequence: u64,
    /// When, seconds since 1970 by the machine's clock.
    pub at: u64,
    /// The step; none for lines about the whole saga.
    pub step: Option<Step>,
    /// What it says.
    pub phase: Phase,
    /// One sentence.
    pub text: String,
    /// What has to be known to go on after a crash.
    #[serde(default, skip_serializing_if = "Knowledge::is_empty")]
    pub known: Knowledge,
}

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The saga begins.
    Begun,
    /// The step is about to be done: from here on it may have happened.
    Before,
    /// The step is done.
    Done,
    /// The step failed, and has changed nothing.
    Failed,
    /// The saga waits: for a store, for a time, for a person.
    Parked,
    /// From here on the saga goes back.
    TurningBack,
    /// The step is about to be undone.
    Undoing,
    /// The step is undone.
    Undone,
    /// The step could not be undone: a person is needed.
    UndoFailed,
    /// The saga is over.
    Ended,
}

/// What has to be known to go on after a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Knowledge {
    /// The name of the act of creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// The handles before the creation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Handle>,
    /// The successor's handle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<Handle>,
    /// The successor's fingerprint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
    /// The name under which the successor is staged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<RequestId>,
    /// Where the successor waits in the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staged: Option<String>,
    /// The store's version that the successor was staged over: the one with the old credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
    /// The store's version that holds the successor as current.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promoted: Option<String>,
    /// The provider's number of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Why it is not proven that the old credential is dead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unproven: Option<String>,
    /// The verdict on the credential just before it was revoked, where a refusal proves nothing without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict_before: Option<String>,
    /// How long was waited so far, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited: Option<u64>,
    /// Why it may run: the policy's decision, and who said yes. In the first line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<serde_json::Value>,
    /// Consumers that have the new value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub delivered: Vec<String>,
    /// What the provider said of the credential before it was revoked, for the making of its successor: ids and scopes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ahead: BTreeMap<String, String>,
}

impl Knowledge {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
