//! Everything of a report but the findings, read.

use leakward_core::{Outcome, Skipped, SkippedKind, Stats, TargetSummary};
use serde::Deserialize;

use super::{ReadError, word};

#[derive(Deserialize)]
pub(super) struct HeadRead {
    pub(super) schema_version: u32,
    targets: Vec<TargetRead>,
    skipped: Vec<SkipRead>,
    notes: Vec<String>,
    stats: StatsRead,
}

#[derive(Deserialize)]
struct TargetRead {
    name: String,
    kind: String,
    scope: String,
}

#[derive(Deserialize)]
struct SkipRead {
    kind: String,
    what: String,
    reason: String,
}

/// All of them have a default: a count that an earlier program did not have is none.
#[derive(Default, Deserialize)]
#[serde(default)]
struct StatsRead {
    pieces: u64,
    blobs: u64,
    files: u64,
    commits: u64,
    tags: u64,
    refs: u64,
    known: u64,
    bytes: u64,
    rejected: u64,
    suppressed: u64,
    rules: u64,
    threads: u64,
    duration_ms: u64,
}

impl HeadRead {
    pub(super) fn into_outcome(self) -> Result<Outcome, ReadError> {
        let target = |target: TargetRead| TargetSummary {
            name: target.name,
            kind: target.kind,
            scope: target.scope,
        };
        let skipped = |item: SkipRead| {
            let kind = word(
                "skipped.kind",
                &item.kind,
                &SkippedKind::ALL,
                SkippedKind::as_str,
            )
            .map_err(|(field, text)| ReadError::HeadField { field, text })?;
            Ok(Skipped {
                kind,
                what: item.what,
                reason: item.reason,
            })
        };
        Ok(Outcome {
            targets: self.targets.into_iter().map(target).collect(),
            findings: Vec::new(),
            skipped: self
                .skipped
                .into_iter()
                .map(skipped)
                .collect::<Result<_, ReadError>>()?,
            notes: self.notes,
            stats: self.stats.into_stats(),
        })
    }
}

impl StatsRead {
    fn into_stats(self) -> Stats {
        Stats {
            pieces: self.pieces,
            blobs: self.blobs,
            files: self.files,
            commits: self.commits,
            tags: self.tags,
            refs: self.refs,
            known: self.known,
            bytes: self.bytes,
            rejected: self.rejected,
            suppressed: self.suppressed,
            rules: self.rules,
            threads: self.threads,
            duration_ms: self.duration_ms,
        }
    }
}
