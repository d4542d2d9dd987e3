//! Tells the visitor what was skipped, without drowning it.
//!
//! A partial clone can lack a hundred thousand objects for one and the same reason. The first hundred of a sort are told
//! one by one, the rest as a sum.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use leakward_core::{Skipped, SkippedKind};

use crate::visitor::Visitor;

/// LIMIT: so many of one sort are told one by one.
const TOLD_EACH: u64 = 100;

/// What was told so far.
pub(crate) struct Reports<'v, V> {
    visitor: &'v V,
    counts: Mutex<BTreeMap<&'static str, (u64, Option<SkippedKind>)>>,
}

impl<'v, V: Visitor> Reports<'v, V> {
    pub(crate) fn new(visitor: &'v V) -> Self {
        Self {
            visitor,
            counts: Mutex::default(),
        }
    }

    /// Tells of one skipped thing; `sort` is the plural under which the rest is summed up.
    pub(crate) fn tell(&self, sort: &'static str, skipped: Skipped) {
        let count = {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            let (count, kind) = counts.entry(sort).or_default();
            *count += 1;
            kind.get_or_insert(skipped.kind);
            *count
        };
        if count <= TOLD_EACH {
            self.visitor.skipped(skipped);
        }
    }

    /// Tells how many were left out.
    pub(crate) fn finish(self) {
        let counts = self
            .counts
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        for (sort, (count, kind)) in counts {
            let more = count.saturating_sub(TOLD_EACH);
            if let Some(kind) = kind.filter(|_| more > 0) {
                self.visitor.skipped(Skipped {
                    kind,
                    what: format!("{more} more {sort}"),
                    reason: format!("{count} in all; the first {TOLD_EACH} are listed"),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Recording;

    #[test]
    fn after_a_hundred_of_a_sort_the_rest_is_summed_up() {
        let recording = Recording::default();
        let reports = Reports::new(&recording);
        for number in 0..105 {
            let skipped = Skipped {
                kind: SkippedKind::Missing,
                what: number.to_string(),
                reason: "gone".to_owned(),
            };
            reports.tell("objects", skipped);
        }
        reports.finish();
        let told = recording.all_skipped();
        assert_eq!(told.len(), 101);
        assert_eq!(told[100].what, "5 more objects");
        assert_eq!(told[100].kind, SkippedKind::Missing);
    }
}
