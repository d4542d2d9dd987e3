//! Runs of base64 digits (which hexadecimal digits are as well), found without looking at most bytes.
//!
//! A run of at least 24 digits holds one of every 24 positions, so only every 24th byte is looked at; where it is a
//! digit the run is followed to both sides.
//!
//! PERF: source text is made of shorter words, so that a few steps back end the search: five to eight bytes in 24 are read.

use crate::byte_set::ByteSet;

/// Shortest run: 18 decoded bytes, shorter than any credential with a shape of its own in an encoding.
pub(crate) const SHORTEST: usize = 24;

/// Digits of both base64 alphabets.
pub(super) const DIGITS: ByteSet = ByteSet::ALNUM.with(b"+/_-");

/// Calls `found` with the start of every run of at least [`SHORTEST`] digits that starts in `from..to`.
///
/// Reads the byte before `from`: a run starts where no digit stands before.
pub(crate) fn find_runs(bytes: &[u8], from: usize, to: usize, mut found: impl FnMut(usize)) {
    let is_digit = |at: usize| bytes.get(at).is_some_and(|byte| DIGITS.contains(*byte));
    // A run that goes on from before `from` does not start here.
    let floor = if from > 0 && is_digit(from - 1) {
        DIGITS.run_end(bytes, from, bytes.len())
    } else {
        from
    };
    let mut probe = floor + SHORTEST - 1;
    while probe < bytes.len() && probe < to.saturating_add(SHORTEST) {
        if !is_digit(probe) {
            probe += SHORTEST;
            continue;
        }
        let start = DIGITS.run_start(bytes, probe, floor);
        if start + SHORTEST > probe + 1 {
            let end = DIGITS.run_end(bytes, probe, start + SHORTEST);
            if end - start < SHORTEST {
                probe = end + SHORTEST;
                continue;
            }
        }
        if start >= to {
            return;
        }
        found(start);
        probe = DIGITS.run_end(bytes, probe, bytes.len()) + SHORTEST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn every_run(bytes: &[u8], from: usize, to: usize) -> Vec<usize> {
        let is_digit = |at: usize| DIGITS.contains(bytes[at]);
        (from..to.min(bytes.len()))
            .filter(|&at| {
                (at == 0 || !is_digit(at - 1))
                    && at + SHORTEST <= bytes.len()
                    && (at..at + SHORTEST).all(is_digit)
            })
            .collect()
    }

    proptest! {
        #[test]
        fn the_same_runs_are_found_as_by_looking_at_every_byte(
            words in proptest::collection::vec(("[a-z]{0,60}", "[ .=]{1,3}"), 0..20),
            from in 0_usize..200,
            length in 0_usize..400,
        ) {
            let text: String = words.iter().map(|(word, gap)| format!("{word}{gap}")).collect();
            let mut found = Vec::new();
            find_runs(text.as_bytes(), from, from + length, |start| found.push(start));
            prop_assert_eq!(found, every_run(text.as_bytes(), from, from + length));
        }
    }
}
