//! How large an expression would become once compiled, without compiling it.
//!
//! A counted repetition is compiled by repeating its content, so that a few characters can ask for gigabytes. The estimate
//! multiplies instead of building, hence it costs nothing for the worst expression.
//!
//! INVARIANT: the estimate is never below what regex-automata's NFA takes (the rule pack's tests hold both side by side).

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use crate::regex_check::read;

/// Largest compiled size of an expression, in bytes. The largest of the rule pack is far below; detection accepts more.
pub const REGEX_SIZE_LIMIT: u64 = 1 << 20;

/// What any NFA takes, however small.
const NFA_BYTES: u64 = 1024;

/// A state of the NFA with its share of the bookkeeping.
const STATE_BYTES: u64 = 40;

/// One range of a byte class.
const RANGE_BYTES: u64 = 8;

/// Estimated bytes of an expression once compiled; nothing when it cannot be read.
#[must_use]
pub fn estimated_regex_bytes(regex: &str) -> Option<u64> {
    read(regex)
        .ok()
        .map(|hir| estimated_bytes(&hir).saturating_add(NFA_BYTES))
}

/// Estimated bytes of the compiled expression.
pub(crate) fn estimated_bytes(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => STATE_BYTES,
        HirKind::Literal(literal) => STATE_BYTES.saturating_mul(literal.0.len() as u64),
        HirKind::Class(class) => STATE_BYTES.saturating_add(class_bytes(class)),
        HirKind::Capture(capture) => estimated_bytes(&capture.sub).saturating_add(2 * STATE_BYTES),
        HirKind::Repetition(repetition) => repetition_bytes(repetition),
        HirKind::Concat(items) => sum(items),
        HirKind::Alternation(items) => {
            let links = (items.len() as u64).saturating_mul(RANGE_BYTES);
            sum(items)
                .saturating_add(links)
                .saturating_add(2 * STATE_BYTES)
        }
    }
}

fn sum(items: &[Hir]) -> u64 {
    items
        .iter()
        .map(estimated_bytes)
        .fold(0, u64::saturating_add)
}

fn repetition_bytes(repetition: &Repetition) -> u64 {
    let content = estimated_bytes(&repetition.sub).saturating_add(STATE_BYTES + 2 * RANGE_BYTES);
    let times = repetition.max.unwrap_or(repetition.min.saturating_add(1));
    content.saturating_mul(u64::from(times.max(1)))
}

fn class_bytes(class: &Class) -> u64 {
    let ranges = match class {
        Class::Bytes(class) => class.ranges().len() as u64,
        // A range of characters becomes up to some four chains of byte ranges.
        Class::Unicode(class) if class.is_ascii() => class.ranges().len() as u64,
        Class::Unicode(class) => (class.ranges().len() as u64).saturating_mul(16),
    };
    ranges.saturating_mul(RANGE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(regex: &str) -> u64 {
        estimated_bytes(&read(regex).unwrap())
    }

    #[test]
    fn ordinary_patterns_stay_far_below_the_limit() {
        for regex in ["ghp_[0-9A-Za-z]{36}", "eyJ[0-9A-Za-z+/]{100,4000}={0,2}"] {
            assert!(
                size(regex) < REGEX_SIZE_LIMIT / 2,
                "{regex}: {}",
                size(regex)
            );
        }
    }

    #[test]
    fn nested_repetitions_are_seen_without_building_them() {
        for regex in ["((a{1000}){1000}){1000}", "(?:[a-z0-9]{1,100}){1,1000}"] {
            assert!(size(regex) > REGEX_SIZE_LIMIT, "{regex}");
        }
    }
}
