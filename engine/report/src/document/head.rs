//! Everything of a report but the findings: what ran, what it looked at, what it could not look at.

use leakward_core::{Skipped, Stats, TargetSummary};
use serde::Serialize;

use super::SCHEMA_VERSION;
use crate::report::Report;

/// Everything of a report but the findings.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Head<'a> {
    /// Version of this format; 1.
    #[cfg_attr(test, schemars(extend("const" = 1)))]
    schema_version: u32,
    /// The program that wrote the report.
    tool: Tool<'a>,
    /// Whether everything that was asked for was scanned. When false, an empty list of findings does not mean
    /// that there are none.
    complete: bool,
    /// What was scanned.
    targets: Vec<Target<'a>>,
    /// What was not scanned, and why.
    skipped: Vec<Skip<'a>>,
    /// Things worth knowing that do not make the scan incomplete.
    notes: &'a [String],
    /// How much was looked at.
    stats: Counts,
}

impl<'a> Head<'a> {
    pub(crate) fn new(report: &Report<'a>) -> Self {
        let outcome = report.outcome;
        Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool {
                name: "leakward",
                version: report.tool_version,
            },
            complete: outcome.complete(),
            targets: outcome.targets.iter().map(Target::new).collect(),
            skipped: outcome.skipped.iter().map(Skip::new).collect(),
            notes: &outcome.notes,
            stats: Counts::new(&outcome.stats),
        }
    }
}

/// The program that wrote the report.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Tool<'a> {
    /// `leakward`.
    name: &'static str,
    /// Its version.
    version: &'a str,
}

/// One thing that was scanned.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Target<'a> {
    /// As typed, without any password in a URL.
    name: &'a str,
    /// What it was taken for: `git`, `dir`, `file`, `stdin`, `url`.
    kind: &'a str,
    /// What of it was scanned, in words.
    scope: &'a str,
}

impl<'a> Target<'a> {
    fn new(target: &'a TargetSummary) -> Self {
        Self {
            name: &target.name,
            kind: &target.kind,
            scope: &target.scope,
        }
    }
}

/// Something that was not scanned.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Skip<'a> {
    /// Why, as a kind. All but `shallow` and `excluded` make the scan incomplete.
    #[cfg_attr(test, schemars(extend("enum" = [
        "unreadable", "corrupt", "missing", "limit", "nothing", "interrupted", "unsupported", "shallow", "excluded"
    ])))]
    kind: &'static str,
    /// The object: a path, an object id, a ref, a target.
    what: &'a str,
    /// Why, in one sentence.
    reason: &'a str,
}

impl<'a> Skip<'a> {
    fn new(skipped: &'a Skipped) -> Self {
        Self {
            kind: skipped.kind.as_str(),
            what: &skipped.what,
            reason: &skipped.reason,
        }
    }
}

/// How much was looked at.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Counts {
    /// Distinct pieces looked at (blobs, files, messages, names).
    pieces: u64,
    /// Blobs among them.
    blobs: u64,
    /// Files among them.
    files: u64,
    /// Commits whose message was looked at.
    commits: u64,
    /// Annotated tags whose message was looked at.
    tags: u64,
    /// Refs whose name was looked at.
    refs: u64,
    /// Objects that were not looked at because an earlier scan with the same rules did and found nothing in them.
    known: u64,
    /// Uncompressed bytes of those pieces.
    bytes: u64,
    /// Candidates that were turned down.
    rejected: u64,
    /// Findings left out because of baseline, ignore file, inline comment or configuration.
    suppressed: u64,
    /// Rules that were applied.
    rules: u64,
    /// Worker threads.
    threads: u64,
    /// Wall time in milliseconds.
    duration_ms: u64,
}

impl Counts {
    fn new(stats: &Stats) -> Self {
        Self {
            pieces: stats.pieces,
            blobs: stats.blobs,
            files: stats.files,
            commits: stats.commits,
            tags: stats.tags,
            refs: stats.refs,
            known: stats.known,
            bytes: stats.bytes,
            rejected: stats.rejected,
            suppressed: stats.suppressed,
            rules: stats.rules,
            threads: stats.threads,
            duration_ms: stats.duration_ms,
        }
    }
}
