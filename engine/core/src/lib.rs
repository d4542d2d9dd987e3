//! The words that every other room of Leakward speaks: what a credential is, what a rule says, what a
//! finding carries, and which limits hold.
//!
//! This crate does no input or output and decides nothing; it only gives names and shapes, so that
//! detection, sources and reports can be joined without knowing each other.
//!
//! INVARIANT: the bytes of a credential leave a [`secret::Secret`] by one method only, which Clippy
//! forbids wherever a reason is not written beside the call.
#![forbid(unsafe_code)]

pub mod action;
pub mod evidence;
pub mod exception;
pub mod finding;
pub mod fingerprint;
pub mod limits;
pub mod line_hash;
pub mod location;
pub mod outcome;
pub mod part;
pub mod placeholder;
pub mod rule;
pub mod secret;
pub mod span;
pub mod time;
pub mod verdict;
pub mod verification;

pub use evidence::{Asked, Evidence, EvidenceSource, Reach};
pub use finding::{Confidence, Excerpt, Finding, Severity};
pub use fingerprint::{Fingerprint, FingerprintKey};
pub use limits::Limits;
pub use location::{CompanionPlace, ImagePlace, LayerState, Location, LocationKind};
pub use outcome::{Outcome, Skipped, SkippedKind, Stats, TargetSummary};
pub use part::Part;
pub use rule::{Rule, RuleId};
pub use secret::Secret;
pub use span::{Locator, Position, Span, TextRange};
pub use verdict::{Unknown, Verdict};
pub use verification::Verification;
