//! What git knows about a finding, in two sentences: since when it is there, and where it still is.

use std::borrow::Cow;
use std::collections::HashSet;

use leakward_core::{Finding, Location, LocationKind};

use crate::came_in;
use crate::numbers::counted;
use crate::place_words::short;

/// Refs that are named.
const NAMED_REFS: usize = 3;

/// Characters of a name or a subject that are shown.
const MAX_WRITTEN: usize = 72;

/// Since when: `2019-03-02 in commit 0123456789ab "Add it" by Ada <ada@example.org>, and in 2 more commits`.
pub(super) fn since(finding: &Finding) -> Option<String> {
    let first = came_in::first(finding)?;
    let mut parts = Vec::new();
    if let Some(date) = &first.date {
        parts.push(format!("{} in", date.get(..10).unwrap_or(date)));
    }
    if let Some(commit) = &first.commit {
        parts.push(format!("commit {}", short(commit)));
    }
    if let Some(subject) = &first.subject {
        parts.push(format!("\"{}\"", cut(subject)));
    }
    match (&first.author, &first.email) {
        (Some(author), Some(email)) => parts.push(format!("by {} <{}>", cut(author), cut(email))),
        (Some(one), None) | (None, Some(one)) => parts.push(format!("by {}", cut(one))),
        (None, None) => {}
    }
    let mut text = parts.join(" ");
    let commits: HashSet<_> = finding
        .locations
        .iter()
        .filter_map(|location| location.commit.as_deref())
        .collect();
    if let Some(more @ 1..) = (commits.len() as u64).checked_sub(1) {
        text += &format!(", and in {}", counted(more, "more commit", "more commits"));
    }
    Some(text)
}

/// What a person wrote, cut to a readable length: git sets no limit to a name or a subject.
fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_WRITTEN) {
        Some((at, _)) => Cow::Owned(format!("{}...", text.get(..at).unwrap_or(text))),
        None => Cow::Borrowed(text),
    }
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
    let mut seen = HashSet::new();
    let mut names: Vec<&str> = places
        .iter()
        .flat_map(|place| &place.refs)
        .map(|name| short_ref(name))
        .filter(|name| seen.insert(*name))
        .collect();
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
