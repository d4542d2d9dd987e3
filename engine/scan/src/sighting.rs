//! A sighting: one match in one piece, with all that will be needed once the piece's bytes are gone.

use std::sync::Arc;

use leakward_core::{CompanionPlace, Excerpt, Secret, TextRange};
use leakward_detect::Match;
use leakward_sources::Origin;

/// One match in one piece.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// What was detected.
    pub matched: Match,
    /// In which piece; shared by all sightings of it.
    pub origin: Arc<Origin>,
    /// Which of the piece's matches it is, from 0, in the order of their places.
    pub ordinal: usize,
    /// Its lines and columns.
    pub range: TextRange,
    /// Its companions, each where it stands.
    pub companions: Vec<CompanionPlace>,
    /// At which of its places there are companions in other files, and which ones.
    pub elsewhere: Vec<(String, Vec<CompanionPlace>)>,
    /// Values near it, for verification; empty unless credentials are kept.
    pub values: Vec<(String, Secret)>,
    /// The line around it, masked.
    pub excerpt: Excerpt,
    /// Hash of the lines from the first one on, as code hosts compute it to follow a finding over line shifts.
    pub line_hash: Option<String>,
}
