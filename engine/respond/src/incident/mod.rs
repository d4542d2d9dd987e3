//! Incidents: one leaked credential each, from the first alert to the proof that it is dead.
//!
//! One incident for one fingerprint: a second finding, alert or place of the same credential joins the incident that is
//! there. INVARIANT: holds places, names and times, never a value.

mod place;
mod sighting;
mod state;
mod timeline;

use leakward_core::{Fingerprint, RuleId, Severity};
use serde::{Deserialize, Serialize};

pub use crate::approval::Approval;
use crate::approval::Waiting;
pub use place::{Exposure, Place};
pub use sighting::Sighting;
pub use state::State;
pub use timeline::{Moment, Timeline};

/// One leaked credential, and what is done about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Which credential.
    #[serde(with = "as_text")]
    pub fingerprint: Fingerprint,
    /// The rule that says what it is.
    pub rule: String,
    /// What it is, for people.
    pub title: String,
    /// Who issues it.
    pub provider: String,
    /// The credential as it may be shown.
    pub masked: String,
    /// How bad it is.
    #[serde(with = "as_text")]
    pub severity: Severity,
    /// How far it is.
    pub state: State,
    /// Why it is there, one sentence that a tired person understands.
    pub because: String,
    /// The last verdict: `live`, `dead`, `unknown`, `not-checked`.
    pub verdict: String,
    /// Whose it is, as the provider told: name and value.
    pub identity: Vec<(String, String)>,
    /// Who has to act: a team, a person.
    pub owner: Option<String>,
    /// `production`, `staging` … as the store's tags say.
    pub environment: Option<String>,
    /// Whether strangers could read it.
    pub exposure: Exposure,
    /// Where it was seen.
    pub places: Vec<Place>,
    /// Where applications read it from.
    pub entry: Option<EntryPlace>,
    /// What was said yes to, by whom, and how that is known.
    pub approvals: Vec<Approval>,
    /// What waits for people to say yes, if anything does.
    #[serde(default)]
    pub waiting: Option<Box<Waiting>>,
    /// What happened when.
    pub timeline: Timeline,
    /// When it should be contained, seconds since 1970.
    pub due_at: u64,
    /// Counts changes; a change that names an older one is refused.
    pub revision: u64,
}

/// A field of a store's entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EntryPlace {
    /// The store's name in the configuration.
    pub store: String,
    /// The entry.
    pub path: String,
    /// The field.
    pub field: String,
}

/// Something that happened to an incident. Never changed afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Which incident.
    #[serde(with = "as_text")]
    pub fingerprint: Fingerprint,
    /// When, seconds since 1970.
    pub at: u64,
    /// Who did it: a user, `leakward`, `webhook github`.
    pub actor: String,
    /// What kind of thing: `opened`, `seen-again`, `verified`, `state`, `approved`, `step`, `note` …
    pub kind: String,
    /// One sentence.
    pub text: String,
}

impl Incident {
    /// The rule's id.
    #[must_use]
    pub fn rule_id(&self) -> RuleId {
        RuleId::from(self.rule.as_str())
    }

    /// Whether it should have been contained by now.
    #[must_use]
    pub fn is_overdue(&self, now: u64) -> bool {
        !self.state.is_settled() && now > self.due_at
    }

    /// Whether every known place is material of tests.
    #[must_use]
    pub fn is_test_fixture(&self) -> bool {
        !self.places.is_empty() && self.places.iter().all(Place::is_test_fixture)
    }
}

/// Serde by `Display` and `FromStr`, for the words of `leakward-core`.
pub(crate) mod as_text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<T: Display, S: Serializer>(
        value: &T,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(crate) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr,
        T::Err: Display,
        D: Deserializer<'de>,
    {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
