//! What a scan gives back: findings, what was looked at, and what could not be.
//!
//! INVARIANT: `complete` is computed, never set: an outcome with a skipped item that counts is not complete,
//! and so is one that looked at nothing. "No findings" can therefore not mean "could not read".

use crate::finding::Finding;

/// Why something was not scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SkippedKind {
    /// It could not be read (permission, input/output error).
    Unreadable,
    /// It is damaged: a corrupt pack entry, a truncated file.
    Corrupt,
    /// It is referred to but not there: a partial clone's blob, an LFS object that was not fetched.
    Missing,
    /// It is over one of the limits.
    Limit,
    /// There was nothing to scan at all.
    Nothing,
    /// The scan was stopped (Ctrl-C).
    Interrupted,
    /// It is of a kind that this version cannot read.
    Unsupported,
    /// History before a shallow clone's boundary: known not to be here, by the user's own choice.
    Shallow,
    /// The configuration excludes it: the user's own choice.
    Excluded,
}

impl SkippedKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Unreadable,
        Self::Corrupt,
        Self::Missing,
        Self::Limit,
        Self::Nothing,
        Self::Interrupted,
        Self::Unsupported,
        Self::Shallow,
        Self::Excluded,
    ];

    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Corrupt => "corrupt",
            Self::Missing => "missing",
            Self::Limit => "limit",
            Self::Nothing => "nothing",
            Self::Interrupted => "interrupted",
            Self::Unsupported => "unsupported",
            Self::Shallow => "shallow",
            Self::Excluded => "excluded",
        }
    }

    /// Whether it makes the scan incomplete. A shallow boundary and an exclusion are told, but were chosen.
    #[must_use]
    pub fn makes_incomplete(self) -> bool {
        !matches!(self, Self::Shallow | Self::Excluded)
    }
}

/// Something that was not scanned, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Why, as a kind.
    pub kind: SkippedKind,
    /// The object: a path, an object id, a ref, a target.
    pub what: String,
    /// Why, in one sentence; names the object's neighbourhood, never its bytes.
    pub reason: String,
}

/// How much was looked at. Sizes are bytes, times milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Distinct pieces looked at (blobs, files, messages, names).
    pub pieces: u64,
    /// Blobs among them.
    pub blobs: u64,
    /// Files among them.
    pub files: u64,
    /// Commits whose message was looked at.
    pub commits: u64,
    /// Annotated tags whose message was looked at.
    pub tags: u64,
    /// Refs whose name was looked at.
    pub refs: u64,
    /// Objects that were not looked at because an earlier scan with the same rules did and found nothing in them.
    pub known: u64,
    /// Uncompressed bytes of those pieces.
    pub bytes: u64,
    /// Candidates that the judge turned down.
    pub rejected: u64,
    /// Findings left out because of baseline, ignore file, inline comment or configuration.
    pub suppressed: u64,
    /// Rules that were applied.
    pub rules: u64,
    /// Worker threads.
    pub threads: u64,
    /// Wall time.
    pub duration_ms: u64,
}

/// One thing that was scanned, as the user named it and as it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetSummary {
    /// As typed, without any password in a URL.
    pub name: String,
    /// What it was taken for: `git`, `dir`, `file`, `stdin`, `url`, `image`.
    pub kind: String,
    /// What of it was scanned, in words: "all history and the working tree".
    pub scope: String,
}

/// The result of a scan.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What was scanned.
    pub targets: Vec<TargetSummary>,
    /// Findings, worst first.
    pub findings: Vec<Finding>,
    /// What was not scanned, sorted.
    pub skipped: Vec<Skipped>,
    /// Things worth knowing that do not make the scan incomplete.
    pub notes: Vec<String>,
    /// How much was looked at.
    pub stats: Stats,
}

impl Outcome {
    /// Whether everything that was asked for was scanned.
    #[must_use]
    pub fn complete(&self) -> bool {
        !self
            .skipped
            .iter()
            .any(|skipped| skipped.kind.makes_incomplete())
    }
}
