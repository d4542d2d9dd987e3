//! Standard input, or any other stream, as one piece.
//!
//! A credential can stand anywhere in a stream, also across what would be the edge of two buffers; so the whole
//! of it is read before anything is looked at, up to the limit.

use std::io::Read;

use leakward_core::{Limits, Skipped, SkippedKind};

use crate::piece::{Origin, Piece};
use crate::tree::{Contents, ReadError};
use crate::visitor::Visitor;

/// Reads `input` to its end and looks at it. Returns how many bytes were looked at.
///
/// A stream that is longer than the limit or breaks off is told to [`Visitor::skipped`], and what was read
/// until then is looked at.
pub fn scan<V: Visitor>(input: impl Read, visitor: &V, limits: &Limits) -> u64 {
    let mut contents = Contents::default();
    let failed = contents.fill(input, 0, limits.max_stdin_bytes).err();
    if let Some(error) = failed {
        visitor.skipped(Skipped {
            kind: match error {
                ReadError::TooLarge { .. } => SkippedKind::Limit,
                ReadError::Io(_) | ReadError::NotAFile => SkippedKind::Unreadable,
            },
            what: "standard input".to_owned(),
            reason: format!(
                "only its first {} bytes were looked at: {error}",
                contents.filled().len()
            ),
        });
    }
    let bytes = contents.filled();
    let piece = Piece::new(&Origin::Stdin, bytes);
    visitor.alone(&mut visitor.worker(), piece);
    visitor.advance(1, bytes.len() as u64);
    bytes.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Recording;

    #[test]
    fn a_stream_is_one_piece_however_it_arrives() {
        let seen = Recording::default();
        let input = (&b"first half, "[..]).chain(&b"second half"[..]);
        assert_eq!(scan(input, &seen, &Limits::default()), 23);
        assert_eq!(seen.pieces()[&Origin::Stdin], b"first half, second half");
    }

    #[test]
    fn of_a_stream_over_the_limit_the_beginning_is_looked_at_and_the_cut_is_told() {
        let seen = Recording::default();
        let limits = Limits {
            max_stdin_bytes: 5,
            ..Limits::default()
        };
        assert_eq!(scan(&b"0123456789"[..], &seen, &limits), 5);
        assert_eq!(seen.pieces()[&Origin::Stdin], b"01234");
        assert_eq!(seen.all_skipped()[0].kind, SkippedKind::Limit);
    }

    #[test]
    fn of_a_stream_that_breaks_off_what_was_read_is_looked_at_and_the_error_is_told() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _buffer: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("the pipe broke"))
            }
        }
        let seen = Recording::default();
        scan((&b"before"[..]).chain(Broken), &seen, &Limits::default());
        assert_eq!(seen.pieces()[&Origin::Stdin], b"before");
        assert!(seen.all_skipped()[0].reason.contains("the pipe broke"));
    }
}
