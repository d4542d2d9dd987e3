//! Looks at something of any size from front to back, with a bounded part of it in memory.
//!
//! What is no larger than a window is one piece. Anything larger is shown in windows that overlap. Each match counts in
//! exactly one of them: the one that has at least half of the overlap on both sides of where the match starts.

use std::io::{self, Read};

use leakward_core::Span;
use memchr::memchr_iter;

use crate::piece::{Origin, Part, Piece};
use crate::visitor::Visitor;

/// LIMIT: how much is looked at at once. It bounds the memory of each thread.
pub(crate) const WINDOW_BYTES: usize = 16 << 20;

/// What two windows have in common: the longest credential on either side of where one starts, four times over, so that
/// what stands beside a credential is seen as well.
const OVERLAP_BYTES: usize = 512 << 10;

/// First size of a buffer.
const FIRST_BYTES: usize = 64 << 10;

/// Shows all of `content` to `visitor`. `buffer` is memory to be used again.
///
/// # Errors
/// What `content` says. What was read until then has been shown.
pub(crate) fn look_through<V: Visitor + ?Sized>(
    visitor: &V,
    worker: &mut V::Worker,
    origin: &Origin,
    content: &mut dyn Read,
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    let mut kept = 0;
    let mut lines_before = 0_u32;
    let mut counts_from = 0;
    loop {
        let (filled, ended) = fill(content, buffer, kept);
        let is_last = ended.is_err() || filled < WINDOW_BYTES;
        let bytes = buffer.get(..filled).unwrap_or_default();
        let counts = Span {
            start: counts_from,
            end: if is_last {
                usize::MAX
            } else {
                bytes.len() - OVERLAP_BYTES / 2
            },
        };
        // What is empty has been looked at all the same; it is counted.
        visitor.alone(
            worker,
            Piece {
                origin,
                bytes,
                part: Part {
                    lines_before,
                    counts,
                },
            },
        );
        if is_last || visitor.stop() {
            return ended;
        }
        let next = bytes.len() - OVERLAP_BYTES;
        let lines = memchr_iter(b'\n', bytes.get(..next).unwrap_or_default()).count();
        lines_before = lines_before.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        counts_from = OVERLAP_BYTES / 2;
        buffer.copy_within(next..filled, 0);
        kept = OVERLAP_BYTES;
    }
}

/// Reads on after the first `kept` bytes of `buffer`, up to a whole window. Returns how many bytes there are, also when it
/// fails.
///
/// PERF: the buffer stays as long as it was; made longer for each of thousands of small members, it would be filled with
/// zeros each time.
fn fill(content: &mut dyn Read, buffer: &mut Vec<u8>, kept: usize) -> (usize, io::Result<()>) {
    let mut filled = kept;
    loop {
        if filled == WINDOW_BYTES {
            return (filled, Ok(()));
        }
        if filled == buffer.len() {
            let larger = buffer.len().saturating_mul(2);
            buffer.resize(larger.clamp(FIRST_BYTES, WINDOW_BYTES), 0);
        }
        let rest = buffer.get_mut(filled..).unwrap_or_default();
        match content.read(rest) {
            Ok(0) => return (filled, Ok(())),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Err(error)),
        }
    }
}
