//! What the line around a candidate says.

use crate::word_list::WordList;
use leakward_core::Span;
use memchr::{memchr, memrchr};

/// LIMIT: how far before and after a candidate its line is looked at.
const LINE_REACH: usize = 256;

/// Words that stand beside digests and ids.
const DIGEST_WORDS: &[&str] = &[
    "commit",
    "sha1",
    "sha-1",
    "sha256",
    "sha512",
    "sha_",
    "md5",
    "digest",
    "checksum",
    "integrity",
    "fingerprint",
    "thumbprint",
    "revision",
    "etag",
    "blob",
    "git_",
    "hash",
    "uses:",
    "resolved",
    "rev ",
    "rev=",
    "rev:",
    "?ref=",
    "&ref=",
    "tree ",
    "parent ",
    "submodule",
];

/// Words that mark samples.
const SAMPLE_WORDS: WordList = WordList::new(" example sample dummy fake placeholder e.g. lorem ");

/// The line around a candidate, in lower case, without the candidate.
#[derive(Debug)]
pub(crate) struct Context {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Context {
    /// The line around `span`.
    pub(crate) fn of(bytes: &[u8], span: Span) -> Context {
        let head = bytes
            .get(span.start.saturating_sub(LINE_REACH)..span.start)
            .unwrap_or_default();
        let tail = bytes
            .get(span.end..span.end.saturating_add(LINE_REACH).min(bytes.len()))
            .unwrap_or_default();
        let head = head
            .get(memrchr(b'\n', head).map_or(0, |at| at + 1)..)
            .unwrap_or_default();
        let tail = tail
            .get(..memchr(b'\n', tail).unwrap_or(tail.len()))
            .unwrap_or_default();
        Context {
            before: head.to_ascii_lowercase(),
            after: tail.to_ascii_lowercase(),
        }
    }

    fn holds_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| {
            let word = word.as_bytes();
            memchr::memmem::find(&self.before, word).is_some()
                || memchr::memmem::find(&self.after, word).is_some()
        })
    }

    /// Whether it speaks of digests or revisions.
    pub(crate) fn speaks_of_digests(&self) -> bool {
        self.holds_any(DIGEST_WORDS)
    }

    /// Whether it speaks of samples.
    pub(crate) fn speaks_of_samples(&self) -> bool {
        SAMPLE_WORDS.any_in(&self.before) || SAMPLE_WORDS.any_in(&self.after)
    }

    /// Whether the line is part of minified or generated text: no line end within reach on either side.
    pub(crate) fn is_endless(&self) -> bool {
        self.before.len() >= LINE_REACH && self.after.len() >= LINE_REACH
    }
}
