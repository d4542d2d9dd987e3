//! Ways in for the tests of `tests/foreign_bytes` and the fuzz targets. No part of the interface.

use leakward_core::rule::Checksum;
use leakward_core::{Limits, Span};

use crate::decode::{self, Decoded};
use crate::judge::checksum;

/// Decoded bytes, each with the source bytes that it came from.
#[derive(Clone, Debug)]
pub struct Undone {
    /// The decoded bytes.
    pub bytes: Vec<u8>,
    /// Where each came from.
    pub sources: Vec<Span>,
}

fn undone(decoded: Decoded) -> Undone {
    let one = |at: usize| decoded.original(Span::new(at, at + 1));
    Undone {
        sources: (0..decoded.bytes.len()).map(one).collect(),
        bytes: decoded.bytes,
    }
}

/// Undoes the run of digits that starts at `start`.
#[must_use]
pub fn undo_run(bytes: &[u8], start: usize) -> Option<Undone> {
    let decoded = decode::decode_run(bytes, start, &Limits::default());
    decoded.ok().map(undone)
}

/// Undoes the escapes around `at`.
#[must_use]
pub fn undo_escapes(bytes: &[u8], at: usize) -> Option<Undone> {
    decode::decode_at(bytes, at).ok().map(undone)
}

/// Reads wide characters.
#[must_use]
pub fn undo_wide(bytes: &[u8]) -> Option<Undone> {
    decode::decode_wide(bytes).map(undone)
}

/// Runs a checksum or structure test.
pub fn checksum(kind: Checksum, secret: &[u8]) {
    let _proof = checksum::test(kind, secret);
}
