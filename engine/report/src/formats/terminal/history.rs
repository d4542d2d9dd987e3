//! What git knows about a finding, in two sentences: since when it is there, and where it still is.

use std::collections::BTreeSet;

use leakward_core::{Finding, Location, LocationKind};

use super::numbers::counted;
use super::place::short;

/// Refs that are named.
const NAMED_REFS: usize = 3;

/// Since when, by whom, in how many commits: `2019-03-02 by Ada <ada@example.org> in 0123456789ab ("Add it"), and in 2
/// more commits`.
pub(super) fn since(finding: &Finding) -> Option<String> {
    let first = first(finding)?;
    let mut text = String::new();
    if let Some(date) = &first.date {
        text += date.get(..10).unwrap_or(date);
    }
    match (&first.author, &first.email) {
        (Some(author), Some(email)) => text += &format!(" by {author} <{email}>"),
        (Some(one), None) | (None, Some(one)) => text += &format!(" by {one}"),
        (None, None) => {}
    }
    if let Some(commit) = &first.commit {
        text += &format!(" in {}", short(commit));
    }
    if let Some(subject) = &first.subject {
        text += &format!(" \"{subject}\"");
    }
    let commits: BTreeSet<_> = finding
        .locations
        .iter()
        .filter_map(|location| location.commit.as_deref())
        .collect();
    if let Some(more @ 1..) = (commits.len() as u64).checked_sub(1) {
        text += &format!(", and in {}", counted(more, "more commit", "more commits"));
    }
    Some(text.trim_start().to_owned())
}

/// The earliest place that a commit brought in.
fn first(finding: &Finding) -> Option<&Location> {
    finding
        .locations
        .iter()
        .filter(|location| location.commit.is_some())
        // Author dates carry time zones; the day, which is all that is shown, sorts as text.
        .min_by_key(|location| {
            let date = location.date.as_deref();
            (
                date.is_none(),
                date.map(|date| date.get(..10).unwrap_or(date)),
            )
        })
}

/// Where it still is: `still in HEAD and in the working tree; on main, v1.0 and 3 more refs`.
pub(super) fn now(finding: &Finding) -> Option<String> {
    let places = &finding.locations;
    let any = |test: fn(&Location) -> bool| places.iter().any(test);
    let mut still = Vec::new();
    if any(|place| place.in_head == Some(true)) {
        still.push("in HEAD");
    }
    if any(|place| place.kind == LocationKind::Worktree) {
        still.push("in the working tree");
    }
    if any(|place| place.kind == LocationKind::Index) {
        still.push("in the index");
    }
    let refs = refs(places);
    let mut sentence = match still.as_slice() {
        [] if any(|place| place.in_head == Some(false)) => "no longer in HEAD".to_owned(),
        [] => String::new(),
        some => format!("still {}", some.join(" and ")),
    };
    if let Some(refs) = refs {
        if !sentence.is_empty() {
            sentence += "; ";
        }
        sentence += &refs;
    }
    (!sentence.is_empty()).then_some(sentence)
}

/// Which refs reach it, or that none does.
fn refs(places: &[Location]) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for name in places.iter().flat_map(|place| &place.refs) {
        let name = short_ref(name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        let dangling = places.iter().any(|place| place.reachable == Some(false))
            && !places.iter().any(|place| place.reachable == Some(true));
        return dangling.then(|| "no ref reaches it, but its objects are still there".to_owned());
    }
    let more = names.len().saturating_sub(NAMED_REFS) as u64;
    names.truncate(NAMED_REFS);
    let mut text = format!("on {}", names.join(", "));
    if more > 0 {
        text += &format!(" and {}", counted(more, "more ref", "more refs"));
    }
    Some(text)
}

/// A ref as people call it.
fn short_ref(name: &str) -> &str {
    ["refs/heads/", "refs/tags/", "refs/remotes/", "refs/"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name)
}
