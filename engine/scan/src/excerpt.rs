//! The line around a credential as it may be shown: every credential on it masked, long lines cut around it.
//!
//! INVARIANT: no byte of any match that is handed in appears in the text, apart from what
//! [`Secret::masked`](leakward_core::Secret::masked) shows of it.

use std::ops::Range;

use leakward_core::{Excerpt, Span};

/// Most characters shown before and after the credential.
const MARGIN: usize = 60;

/// Bytes looked at before and after the credential: enough for the margin in four-byte characters, with some more
/// so that a cut is seen as one.
const LOOK: usize = 4 * MARGIN + 16;

/// LIMIT: a credential that starts farther before the line is not masked on it; rules match no longer ones.
const LONGEST: usize = 64 << 10;

/// A credential on the line: where it stands and what is shown instead.
#[derive(Clone, Debug)]
pub struct Masked {
    /// Where, in the piece's bytes.
    pub span: Span,
    /// What is shown.
    pub text: String,
}

/// The excerpt for `of`, with `all` credentials of the piece masked. `all` is sorted by start; spans may overlap.
#[must_use]
pub fn excerpt(bytes: &[u8], of: &Masked, all: &[Masked]) -> Excerpt {
    let mut before = String::new();
    let mut after = String::new();
    push_masked(
        &mut before,
        bytes,
        line_start(bytes, of.span.start)..of.span.start,
        all,
    );
    push_masked(
        &mut after,
        bytes,
        of.span.end..line_end(bytes, of.span.end),
        all,
    );
    assemble(&before, &of.text, &after)
}

/// The text of `range`, with whatever of `all` reaches into it masked.
fn push_masked(to: &mut String, bytes: &[u8], range: Range<usize>, all: &[Masked]) {
    let mut at = range.start;
    // PERF: a file can hold a hundred thousand credentials; only those that start near enough are looked at.
    let first = all.partition_point(|masked| masked.span.start + LONGEST < range.start);
    let near = all
        .get(first..)
        .unwrap_or_default()
        .iter()
        .take_while(|masked| masked.span.start < range.end);
    for masked in near.filter(|masked| masked.span.end > range.start) {
        push_text(to, bytes, at..masked.span.start);
        to.push_str(&masked.text);
        at = at.max(masked.span.end);
    }
    push_text(to, bytes, at..range.end);
}

fn assemble(before: &str, credential: &str, after: &str) -> Excerpt {
    let before = before.trim_start();
    let after = after.trim_end();
    let cut_before = before.chars().count().saturating_sub(MARGIN);
    let mut text = String::new();
    if cut_before > 0 {
        text.push('…');
    }
    text.extend(before.chars().skip(cut_before));
    let start = text.chars().count();
    text.push_str(credential);
    let marked = Range {
        start,
        end: text.chars().count(),
    };
    text.extend(after.chars().take(MARGIN));
    if after.chars().count() > MARGIN {
        text.push('…');
    }
    Excerpt { text, marked }
}

fn push_text(to: &mut String, bytes: &[u8], range: Range<usize>) {
    to.push_str(&String::from_utf8_lossy(
        bytes.get(range).unwrap_or_default(),
    ));
}

/// Start of the line, or as far back as can matter for what is shown: a minified file is one line of megabytes.
fn line_start(bytes: &[u8], offset: usize) -> usize {
    let farthest = offset.saturating_sub(LOOK);
    let before = bytes.get(farthest..offset).unwrap_or_default();
    before
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(farthest, |newline| farthest + newline + 1)
}

fn line_end(bytes: &[u8], offset: usize) -> usize {
    let farthest = bytes.len().min(offset.saturating_add(LOOK));
    let after = bytes.get(offset..farthest).unwrap_or_default();
    after
        .iter()
        .position(|&byte| byte == b'\n' || byte == b'\r')
        .map_or(farthest, |newline| offset + newline)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(start: usize, end: usize) -> Masked {
        Masked {
            span: Span::new(start, end),
            text: "***".to_owned(),
        }
    }

    fn shown(text: &str, of: (usize, usize), others: &[(usize, usize)]) -> (String, String) {
        let of = masked(of.0, of.1);
        let mut all: Vec<Masked> = others
            .iter()
            .map(|&(start, end)| masked(start, end))
            .chain([of.clone()])
            .collect();
        all.sort_by_key(|masked| masked.span);
        let excerpt = excerpt(text.as_bytes(), &of, &all);
        let marked = excerpt
            .text
            .chars()
            .skip(excerpt.marked.start)
            .take(excerpt.marked.len())
            .collect();
        (excerpt.text, marked)
    }

    #[test]
    fn the_line_is_shown_with_every_credential_masked() {
        assert_eq!(
            shown("a\n  k = SECRET; b\nc", (8, 14), &[]),
            ("k = ***; b".to_owned(), "***".to_owned())
        );
        assert_eq!(
            shown("x=AAA y=BBB z=CCC", (8, 11), &[(2, 5), (14, 17)]).0,
            "x=*** y=*** z=***"
        );
        assert_eq!(shown("x=AAA y=BBB", (2, 5), &[(8, 11)]).0, "x=*** y=***");
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides() {
        let text = format!("{}SECRET{}", "a".repeat(5000), "b".repeat(5000));
        let (shown, marked) = shown(&text, (5000, 5006), &[]);
        assert_eq!(marked, "***");
        assert_eq!(shown.chars().count(), 2 + 2 * MARGIN + 3);
    }

    #[test]
    fn a_credential_of_many_lines_shows_its_surroundings_once() {
        assert_eq!(
            shown("key: BEGIN\nx\nEND # c\n", (5, 16), &[]).0,
            "key: *** # c"
        );
    }

    #[test]
    fn overlapping_credentials_are_both_hidden() {
        let (text, _) = shown("p=AAAABBBB;", (2, 10), &[(6, 10)]);
        assert_eq!(text, "p=***;");
    }
}
