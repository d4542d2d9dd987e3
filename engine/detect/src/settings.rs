//! What a user may choose about detection: two settings that people can understand, and the limits.

use leakward_core::Limits;

use crate::rule_cost::Clock;

/// How much is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sensitivity {
    /// What should block a commit: medium and high confidence.
    #[default]
    Default,
    /// What an auditor wants to see: low confidence as well.
    High,
}

/// Whether comments such as `leakward:allow` on a credential's line are obeyed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InlineAllow {
    /// They are: the match is counted as suppressed.
    #[default]
    Honour,
    /// They are not.
    Ignore,
}

/// What a user may choose about detection.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// How much is shown.
    pub sensitivity: Sensitivity,
    /// Whether comments on the line are obeyed.
    pub inline_allow: InlineAllow,
    /// The caps on sizes and counts.
    pub limits: Limits,
    /// With a clock, what each rule costs is counted in the scratch.
    pub clock: Option<Clock>,
}
