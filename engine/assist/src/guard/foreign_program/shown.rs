//! The stretches of a statement that are printed. Not for what stands in them.

use super::text::{Span, dotted, ends_of_brackets};
use super::words::PRINTS;

/// The stretches of a statement that are printed.
pub(super) fn what_is_printed(text: &str) -> Vec<Span> {
    let ends = ends_of_brackets(text);
    let mut shown = Vec::new();
    for (span, word) in dotted(text) {
        let is_it = |print: &&str| {
            word.strip_suffix(*print)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let behind = text.get(span.end..).unwrap_or_default();
        // Ruby's shortest.
        let is_p = word == "p"
            && [" ENV", " File", " IO"]
                .iter()
                .any(|next| behind.starts_with(next));
        if !is_p && !PRINTS.iter().any(is_it) {
            continue;
        }
        let open = span.end + (behind.len() - behind.trim_start().len());
        match text.as_bytes().get(open) {
            Some(b'(') => shown.push(open..ends.get(&open).copied().unwrap_or(text.len())),
            // It is given a name, or is one: `print = 1`.
            None | Some(b'=' | b',' | b')' | b']') => {}
            Some(_) => {
                shown.push(open..text.len());
                break;
            }
        }
    }
    // One inside of another one is printed with it.
    let mut end = 0;
    shown.retain(|span| {
        let is_new = span.end > end;
        end = end.max(span.end);
        is_new
    });
    shown
}
