//! Several reports as one: of several repositories, or of the parts of one.
//!
//! A credential that several reports hold is one finding with all their places; that one key is in nine repositories is
//! what a security team wants to see. What any of them did not scan, the whole did not scan.

use std::cmp::Reverse;
use std::collections::HashMap;

use leakward_core::{Finding, Fingerprint, Location, Outcome, Stats, Verdict};

/// One of the reports to be merged.
#[derive(Debug)]
pub struct Part {
    /// What stands before its paths, as a folder's name would; none to leave them as they are.
    pub name: Option<String>,
    /// The report.
    pub outcome: Outcome,
}

/// Makes one outcome of many. The findings are sorted, the worst first.
#[must_use]
pub fn merge(parts: Vec<Part>) -> Outcome {
    let mut whole = Outcome::default();
    let mut known: HashMap<Fingerprint, usize> = HashMap::new();
    for Part { name, outcome } in parts {
        let prefix = name.map(|name| format!("{}/", name.trim_end_matches('/')));
        for target in outcome.targets {
            if !whole.targets.contains(&target) {
                whole.targets.push(target);
            }
        }
        for mut skipped in outcome.skipped {
            if let Some(prefix) = &prefix {
                skipped.what.insert_str(0, prefix);
            }
            whole.skipped.push(skipped);
        }
        for note in outcome.notes {
            if !whole.notes.contains(&note) {
                whole.notes.push(note);
            }
        }
        add(&mut whole.stats, &outcome.stats);
        for mut finding in outcome.findings {
            if let Some(prefix) = &prefix {
                let paths = finding.locations.iter_mut().flat_map(Location::paths_mut);
                paths.for_each(|path| path.insert_str(0, prefix));
            }
            let index = known.get(&finding.fingerprint);
            match index.and_then(|index| whole.findings.get_mut(*index)) {
                Some(one) => join(one, finding),
                None => {
                    known.insert(finding.fingerprint, whole.findings.len());
                    whole.findings.push(finding);
                }
            }
        }
    }
    whole.skipped.sort();
    whole.skipped.dedup();
    let worst = |finding: &Finding| Reverse((finding.severity, finding.confidence));
    whole.findings.sort_by_key(worst);
    whole
}

/// Puts what another report says of the same credential beside what is known.
fn join(one: &mut Finding, other: Finding) {
    for place in other.locations {
        if !one.locations.iter().any(|known| is_same(known, &place)) {
            one.locations.push(place);
        }
    }
    one.more_locations = one.more_locations.saturating_add(other.more_locations);
    one.severity = one.severity.max(other.severity);
    one.confidence = one.confidence.max(other.confidence);
    let asked = |verdict: &Verdict, evidence: &Option<Box<leakward_core::Evidence>>| {
        let when = evidence
            .as_ref()
            .map(|evidence| evidence.checked_at.clone());
        // RFC 3339 in UTC sorts as text. At the same moment the worse answer counts.
        (
            *verdict != Verdict::NotChecked,
            when,
            *verdict == Verdict::Live,
        )
    };
    if asked(&other.verdict, &other.evidence) > asked(&one.verdict, &one.evidence) {
        one.verdict = other.verdict;
        one.evidence = other.evidence;
    }
    if one.secret.is_none() {
        one.secret = other.secret;
    }
}

fn is_same(one: &Location, other: &Location) -> bool {
    one.kind == other.kind
        && one.path == other.path
        && one.range == other.range
        && one.commit == other.commit
        && one.blob == other.blob
        && one.image == other.image
}

fn add(to: &mut Stats, more: &Stats) {
    let sum = |to: &mut u64, more: u64| *to = to.saturating_add(more);
    sum(&mut to.pieces, more.pieces);
    sum(&mut to.blobs, more.blobs);
    sum(&mut to.files, more.files);
    sum(&mut to.commits, more.commits);
    sum(&mut to.tags, more.tags);
    sum(&mut to.refs, more.refs);
    sum(&mut to.known, more.known);
    sum(&mut to.bytes, more.bytes);
    sum(&mut to.rejected, more.rejected);
    sum(&mut to.suppressed, more.suppressed);
    sum(&mut to.duration_ms, more.duration_ms);
    to.rules = to.rules.max(more.rules);
    to.threads = to.threads.max(more.threads);
}
