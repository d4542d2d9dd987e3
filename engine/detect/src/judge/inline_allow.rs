//! Comments that say "this one is allowed here".
//!
//! Ours, and those of the scanners that people come from. The comment stands on a line that the credential
//! touches.

use leakward_core::Span;
use memchr::{memchr, memrchr};

/// What such a comment contains.
const MARKS: &[&[u8]] = &[
    b"leakward:allow",
    b"gitleaks:allow",
    b"betterleaks:allow",
    b"trufflehog:ignore",
    b"kingfisher:ignore",
    b"pragma: allowlist secret",
];

/// LIMIT: how far before and after a credential its line is looked at; a comment of a person is not farther away.
pub(crate) const LINE_REACH: usize = 1_024;

/// Whether a line that `span` touches has an allowing comment.
pub(crate) fn allows(bytes: &[u8], span: Span) -> bool {
    let head_from = span.start.saturating_sub(LINE_REACH);
    let head = bytes.get(head_from..span.start).unwrap_or_default();
    let tail = bytes
        .get(span.end..span.end.saturating_add(LINE_REACH).min(bytes.len()))
        .unwrap_or_default();
    let from = memrchr(b'\n', head).map_or(head_from, |at| head_from + at + 1);
    let to = memchr(b'\n', tail).unwrap_or(tail.len()) + span.end;
    let line = bytes.get(from..to).unwrap_or_default();
    // Every mark has a colon, which most lines have not.
    memchr(b':', line).is_some()
        && MARKS
            .iter()
            .any(|mark| memchr::memmem::find(line, mark).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(text: &str) -> bool {
        let start = text.find("KEY").unwrap_or(0);
        allows(text.as_bytes(), Span::new(start, start + 3))
    }

    #[test]
    fn a_comment_allows_its_own_line_only() {
        assert!(allowed("a\nx = KEY # leakward:allow\n"));
        assert!(allowed("x = KEY // gitleaks:allow"));
        assert!(allowed("x = KEY  # betterleaks:allow"));
        assert!(allowed("/* trufflehog:ignore */ x = KEY"));
        assert!(allowed("x = KEY # kingfisher:ignore\r\n"));
        assert!(allowed("x = KEY # pragma: allowlist secret"));
        assert!(!allowed("# leakward:allow\nx = KEY\n# gitleaks:allow"));
        assert!(!allowed("x = KEY # allow: leakward"));
    }
}
