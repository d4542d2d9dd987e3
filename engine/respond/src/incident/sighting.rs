//! A credential that was just seen: by a scan, in an alert. What an incident is opened with, or joined by.

use leakward_core::{Fingerprint, Severity};
use serde::{Deserialize, Serialize};

use super::{Exposure, Incident, Moment, Place, State, Timeline, as_text};

/// A credential that was just seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Which credential.
    #[serde(with = "as_text")]
    pub fingerprint: Fingerprint,
    /// The rule that found it.
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
    /// The verdict, if it was verified: `live`, `dead`, `unknown`, `not-checked`.
    pub verdict: String,
    /// Whether strangers could read it.
    pub exposure: Exposure,
    /// Where it was seen.
    pub places: Vec<Place>,
    /// Who has to act, where the source knows it.
    pub owner: Option<String>,
    /// When it was pushed, seconds since 1970, where the source knows it.
    pub pushed_at: Option<u64>,
}

/// How long until a live credential should be contained, by severity, in seconds.
const DEADLINES: [(Severity, u64); 4] = [
    (Severity::Critical, 3_600),
    (Severity::High, 24 * 3_600),
    (Severity::Medium, 7 * 24 * 3_600),
    (Severity::Low, 30 * 24 * 3_600),
];

fn deadline(severity: Severity) -> u64 {
    DEADLINES
        .iter()
        .find(|(of, _)| *of == severity)
        .map_or(3_600, |(_, seconds)| *seconds)
}

impl Incident {
    /// A new incident for what was seen.
    #[must_use]
    pub fn open(sighting: &Sighting, now: u64) -> Self {
        let mut timeline = Timeline::default();
        timeline.at(Moment::Found, now);
        let mut incident = Self {
            fingerprint: sighting.fingerprint,
            rule: sighting.rule.clone(),
            title: sighting.title.clone(),
            provider: sighting.provider.clone(),
            masked: sighting.masked.clone(),
            severity: sighting.severity,
            state: State::Open,
            because: "it was found, and nothing has been done yet".to_owned(),
            verdict: sighting.verdict.clone(),
            identity: Vec::new(),
            owner: None,
            environment: None,
            exposure: Exposure::NotKnown,
            places: Vec::new(),
            entry: None,
            approvals: Vec::new(),
            waiting: None,
            timeline,
            due_at: now.saturating_add(deadline(sighting.severity)),
            revision: 0,
        };
        incident.join(sighting, now);
        incident
    }

    /// Takes in what was seen of the same credential. Returns whether anything is new.
    pub fn join(&mut self, sighting: &Sighting, now: u64) -> bool {
        let before = self.clone();
        for place in &sighting.places {
            if !self.places.contains(place) {
                self.places.push(place.clone());
            }
            if let Some(date) = place.date.as_deref().and_then(super::timeline::seconds) {
                self.timeline.at(Moment::FirstCommit, date);
            }
        }
        self.exposure = self.exposure.or(sighting.exposure);
        if self.owner.is_none() {
            self.owner.clone_from(&sighting.owner);
        }
        if let Some(pushed) = sighting.pushed_at {
            self.timeline.at(Moment::FirstPush, pushed);
        }
        if matches!(sighting.verdict.as_str(), "live" | "dead") {
            self.verdict.clone_from(&sighting.verdict);
            self.timeline.at(Moment::Verified, now);
        }
        if sighting.severity > self.severity {
            self.severity = sighting.severity;
            self.due_at = self.due_at.min(now.saturating_add(deadline(self.severity)));
        }
        *self != before
    }
}
