//! The names that a statement gives something to. Not for what it gives them.

use super::text::identifiers;

/// LIMIT: names that one statement gives something to.
const MOST_NAMES: usize = 8;

/// The names that a statement gives something to: `a = …`, `for a in …`, `with … as a`.
pub(super) fn assigned(text: &str) -> Vec<&str> {
    const KEYWORDS: [&str; 7] = ["const", "let", "var", "my", "our", "for", "export"];
    let bytes = text.as_bytes();
    let is_sign = |at: usize| {
        let around = (
            at.checked_sub(1).and_then(|at| bytes.get(at)),
            bytes.get(at + 1),
        );
        let before = around.0.is_some_and(|byte| b"=!<>".contains(byte));
        !before && !around.1.is_some_and(|byte| b"=>".contains(byte))
    };
    let mut signs = text.match_indices('=').map(|(at, _)| at);
    let left = signs.find(|at| is_sign(*at)).and_then(|at| text.get(..at));
    let left = left.filter(|left| !left.contains('(')).unwrap_or_default();
    let looped = text
        .split_once("for ")
        .or_else(|| text.split_once("for("))
        .map(|(_, rest)| rest);
    let looped =
        looped.and_then(|rest| rest.split_once(" in ").or_else(|| rest.split_once(" of ")));
    let looped = looped.map(|(names, _)| names).unwrap_or_default();
    let named = text
        .split_once(" as ")
        .map(|(_, rest)| rest)
        .unwrap_or_default();
    let named = identifiers(named).map(|(_, word)| word).take(1);
    let names = [left, looped]
        .into_iter()
        .flat_map(|text| identifiers(text).map(|(_, word)| word).take(MOST_NAMES));
    names
        .chain(named)
        .filter(|name| !KEYWORDS.contains(name))
        .collect()
}
