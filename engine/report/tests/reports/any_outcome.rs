//! Outcomes of any content: hostile text in every field, any kind, any numbers.

use leakward_core::verdict::Unknown;
use leakward_core::{
    Confidence, Excerpt, Finding, Location, LocationKind, Outcome, Severity, Skipped, SkippedKind,
    Stats, TargetSummary, Verdict,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::fixture;

/// Every kind of place.
pub(crate) const KINDS: [LocationKind; 11] = [
    LocationKind::Git,
    LocationKind::Worktree,
    LocationKind::Index,
    LocationKind::File,
    LocationKind::Stdin,
    LocationKind::Message,
    LocationKind::Ref,
    LocationKind::Path,
    LocationKind::Lfs,
    LocationKind::Layer,
    LocationKind::ImageConfig,
];

/// Every kind of skipped item.
pub(crate) const SKIPPED: [SkippedKind; 9] = [
    SkippedKind::Unreadable,
    SkippedKind::Corrupt,
    SkippedKind::Missing,
    SkippedKind::Limit,
    SkippedKind::Nothing,
    SkippedKind::Interrupted,
    SkippedKind::Unsupported,
    SkippedKind::Shallow,
    SkippedKind::Excluded,
];

/// Texts that a format could stumble over.
const TRAPS: &[&str] = &[
    "=1+1",
    "@x",
    "-1",
    "+1",
    "\t=",
    "a,b",
    "\"",
    "\"\"",
    "\r\n",
    "\n",
    "\r",
    "'",
    "\x1b[2J",
    "\u{9b}",
    "\u{7f}",
    "\0",
    "\u{202e}",
    "\u{2028}",
    "\u{feff}",
    "{0}",
    "[a](b)",
    "\\",
    "</script>",
    "../..",
    "/",
    "//",
    "%",
    "a b",
    "é",
    "日本",
    "😀",
    "e\u{301}",
    "",
];

/// Any text, and above all traps.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => vec(select(TRAPS), 0..4).prop_map(|parts| parts.concat()),
        2 => "[a-z]{1,8}(/[a-z]{1,8}){0,2}",
        1 => any::<String>(),
    ]
}

fn location() -> impl Strategy<Value = Location> {
    let numbers = prop_oneof![0..5_u32, Just(u32::MAX)];
    let place = (select(&KINDS[..]), text(), vec(numbers, 4));
    let git = (
        option::of(text()),
        option::of(text()),
        any::<Option<bool>>(),
        any::<Option<bool>>(),
        vec(text(), 0..5),
        option::of(text()),
    );
    let people = (
        option::of(text()),
        option::of(text()),
        option::of(text()),
        vec(text(), 0..3),
        option::of(text()),
    );
    (place, git, people).prop_map(|((kind, path, n), git, people)| Location {
        commit: git.0,
        blob: git.1,
        reachable: git.2,
        in_head: git.3,
        refs: git.4,
        author: git.5,
        email: people.0,
        date: people.1,
        subject: people.2,
        decoded: people.3,
        line_hash: people.4,
        ..Location::new(kind, path, fixture::range((n[0], n[1]), (n[2], n[3])))
    })
}

fn excerpt() -> impl Strategy<Value = Excerpt> {
    (text(), 0..9_usize, 0..9_usize).prop_map(|(text, start, len)| Excerpt {
        text,
        marked: start..start + len,
    })
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Live),
        Just(Verdict::Dead),
        Just(Verdict::NotChecked),
        text().prop_map(|reason| Verdict::Unknown(Unknown { reason })),
    ]
}

fn finding() -> impl Strategy<Value = Finding> {
    let rule = prop_oneof![Just("forge-token".to_owned()), text()];
    let severity = select(
        &[
            Severity::Low,
            Severity::Medium,
            Severity::High,
            Severity::Critical,
        ][..],
    );
    let confidence = select(&[Confidence::Low, Confidence::Medium, Confidence::High][..]);
    let words = (text(), text(), text(), vec(text(), 0..3));
    let links = (option::of(text()), option::of(text()));
    let rest = (
        option::of(excerpt()),
        verdict(),
        vec(location(), 1..6),
        prop_oneof![Just(0), any::<u64>()],
        any::<f64>(),
    );
    ((rule, severity, confidence), words, links, rest).prop_map(
        |((rule, severity, confidence), words, links, rest)| Finding {
            confidence,
            title: words.0,
            provider: words.1,
            masked: words.2,
            reasons: words.3,
            revoke_url: links.0,
            docs_url: links.1,
            excerpt: rest.0,
            verdict: rest.1,
            evidence: None,
            more_locations: rest.3,
            entropy: rest.4,
            ..fixture::finding(&rule, severity, rest.2)
        },
    )
}

fn skipped() -> impl Strategy<Value = Skipped> {
    (select(&SKIPPED[..]), text(), text()).prop_map(|(kind, what, reason)| Skipped {
        kind,
        what,
        reason,
    })
}

fn target() -> impl Strategy<Value = TargetSummary> {
    (text(), text(), text()).prop_map(|(name, kind, scope)| TargetSummary { name, kind, scope })
}

fn stats() -> impl Strategy<Value = Stats> {
    vec(prop_oneof![Just(0), any::<u64>()], 13).prop_map(|n| Stats {
        known: n[12],
        pieces: n[0],
        blobs: n[1],
        files: n[2],
        commits: n[3],
        tags: n[4],
        refs: n[5],
        bytes: n[6],
        rejected: n[7],
        suppressed: n[8],
        rules: n[9],
        threads: n[10],
        duration_ms: n[11],
    })
}

/// Any outcome.
pub(crate) fn outcome() -> impl Strategy<Value = Outcome> {
    (
        vec(target(), 0..5),
        vec(finding(), 0..4),
        vec(skipped(), 0..6),
        vec(text(), 0..3),
        stats(),
    )
        .prop_map(|(targets, findings, skipped, notes, stats)| Outcome {
            targets,
            findings,
            skipped,
            notes,
            stats,
        })
}
