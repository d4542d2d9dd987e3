//! What would be done about a credential, before anything is done: for people to read, for the policy to decide on, and, once
//! it is begun, the saga's fixed course.
//!
//! INVARIANT: names, paths, versions and calls; never a value.

use leakward_core::Fingerprint;
use serde::{Deserialize, Serialize};

use crate::incident::as_text;
use crate::provider::{Birth, Instructions, Overlap, Undo};
use crate::saga::Step;

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// The credential must not work any more.
    Revoke,
    /// The credential must not work any more, and applications have a successor before that.
    Rotate,
    /// A credential that a response has revoked works again: the revocation was wrong. Not a response, and never a saga's goal.
    Restore,
}

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The old credential is revoked only after its successor is proven and promoted.
    SuccessorFirst,
    /// The old credential is revoked at once, and applications wait for the successor.
    ContainmentFirst,
}

/// What would be done about a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of this format.
    pub version: u32,
    /// Which credential.
    #[serde(with = "as_text")]
    pub fingerprint: Fingerprint,
    /// Its rule.
    pub rule: String,
    /// What is wanted.
    pub goal: Goal,
    /// What comes first.
    pub order: Order,
    /// Who does it; none when nobody can and a person has to.
    pub provider: Option<String>,
    /// The name in policies of the action that revokes.
    pub revoke_action: Option<String>,
    /// The name in policies of the action that makes the successor.
    pub rotate_action: Option<String>,
    /// Who chooses the successor's value.
    pub birth: Option<Birth>,
    /// Whether both work at the same time.
    pub overlap: Option<Overlap>,
    /// The store's entry that gets the successor.
    pub entry: Option<PlannedEntry>,
    /// How long both stay valid, in seconds.
    pub grace: u64,
    /// The steps, in their order.
    pub steps: Vec<PlannedStep>,
    /// What a person does, where there is no interface.
    pub instructions: Option<Instructions>,
    /// What should be known before saying yes, one sentence each.
    pub warnings: Vec<String>,
}

/// The store's entry that gets the successor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedEntry {
    /// The store's name in the configuration.
    pub store: String,
    /// What it is, as it describes itself.
    pub description: String,
    /// The entry.
    pub path: String,
    /// The version that is current now.
    pub version: String,
    /// Which fields get which part of the successor.
    pub fields: Vec<FieldChange>,
    /// Who reads it, as the store's tags say.
    pub consumers: Vec<String>,
    /// Who gets a copy of the new value, as the configuration says.
    #[serde(default)]
    pub deliveries: Vec<Delivery>,
    /// Its tags.
    pub tags: std::collections::BTreeMap<String, String>,
}

/// A place that gets a copy of a field, or has to read it again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Delivery {
    /// The consumer, `KIND:PLACE`.
    pub to: String,
    /// The name that the value has there.
    pub name: String,
    /// The field of the entry.
    pub field: String,
}

/// That a field holds a part of the credential.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// The part: `secret`, `id`, `user`, `uri` …
    pub part: String,
    /// How the field holds it.
    pub form: FieldForm,
}

/// How a field holds a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldForm {
    /// It is the part.
    Whole,
    /// The part stands in it, once, with other text around.
    Within,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// Which.
    pub step: Step,
    /// What is done, for people.
    pub text: String,
    /// As whom; empty where nobody is asked.
    pub identity: String,
    /// The calls, placeholders not filled in.
    pub calls: Vec<String>,
    /// Whether it can be taken back; none where it changes nothing.
    pub undo: Option<Undo>,
    /// What stops working.
    pub breaks: Vec<String>,
}

impl Plan {
    /// Version of the format that this program writes.
    pub const VERSION: u32 = 1;

    /// Whether the program can do all of it.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        self.provider.is_some() && self.steps.iter().any(|step| step.step == Step::Revoke)
    }

    /// The store and the path of its entry.
    #[must_use]
    pub fn place(&self) -> Option<(&str, &str)> {
        let entry = self.entry.as_ref()?;
        Some((entry.store.as_str(), entry.path.as_str()))
    }

    /// Whether applications meet a moment in which what they read does not work.
    #[must_use]
    pub fn has_a_cut(&self) -> bool {
        self.order == Order::ContainmentFirst
            || (self.goal == Goal::Rotate && self.overlap == Some(Overlap::None))
            || (self.goal == Goal::Revoke && self.entry.is_some())
    }
}
