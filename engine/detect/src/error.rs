//! Why a set of rules cannot be used.

use leakward_core::RuleId;

/// Why a set of rules cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DetectorError {
    /// A rule has no literal, so that its expression would have to run over every byte.
    #[error("rule {0} has no literal or keyword of at least two characters")]
    NoLiteral(RuleId),
    /// A rule names a detector that does not exist.
    #[error("rule {rule} asks for the detector {detector:?}; there are {known}")]
    UnknownDetector {
        /// The rule.
        rule: RuleId,
        /// What it asks for.
        detector: String,
        /// The detectors that there are.
        known: String,
    },
    /// A rule's expression cannot be compiled.
    #[error("rule {rule}: {reason}")]
    BadExpression {
        /// The rule.
        rule: RuleId,
        /// What the compiler said.
        reason: String,
    },
}
