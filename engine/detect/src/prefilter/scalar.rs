//! The pass over the bytes, one position at a time: for every processor, and the twin of the vector version.

use super::gram::Gram;
use super::gram_table::GramTable;

/// Calls `candidate` with every position in `from..to` at which four bytes stand whose hash some gram has.
///
/// Positions fewer than four bytes before the end are read as if spaces followed.
pub(super) fn candidates(
    table: &GramTable,
    bytes: &[u8],
    from: usize,
    to: usize,
    mut candidate: impl FnMut(usize, Gram),
) {
    let whole_to = to.min(bytes.len().saturating_sub(3));
    let whole = bytes
        .get(from..(whole_to + 3).min(bytes.len()))
        .unwrap_or_default();
    for (offset, window) in whole.windows(4).enumerate() {
        if let &[a, b, c, d] = window {
            let gram = Gram::of([a, b, c, d]);
            if table.may_hold(gram) {
                candidate(from + offset, gram);
            }
        }
    }
    for position in from.max(whole_to)..to.min(bytes.len()) {
        let mut padded = [b' '; 4];
        let rest = bytes.get(position..).unwrap_or_default();
        padded
            .iter_mut()
            .zip(rest)
            .for_each(|(to, from)| *to = *from);
        let gram = Gram::of(padded);
        if table.may_hold(gram) {
            candidate(position, gram);
        }
    }
}
