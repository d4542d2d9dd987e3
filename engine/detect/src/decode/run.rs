//! Runs of base64 digits (which hexadecimal digits are as well): where something encoded may stand.
//!
//! With AVX2, 32 bytes at a time become 32 bits, digit or not, and long rows of ones are looked for. Without, a run of at
//! least 24 digits holds one of any 24 neighbouring positions, so that only every 24th byte is looked at and, where it is a
//! digit, those before it up to the next stranger.

#[cfg(target_arch = "x86_64")]
use super::run_avx2;
use crate::byte_set::ByteSet;

/// Shortest run: 18 decoded bytes, shorter than any credential with a shape of its own in an encoding.
pub(crate) const SHORTEST: usize = 24;

/// Digits of both base64 alphabets.
pub(super) const DIGITS: ByteSet = ByteSet::ALNUM.with(b"+/_-");

/// Calls `found` with the start of every run of at least [`SHORTEST`] digits that starts in `from..to`.
///
/// Reads the byte before `from`: a run starts where no digit stands before.
pub(crate) fn find_runs(bytes: &[u8], from: usize, to: usize, found: impl FnMut(usize)) {
    let to = to.min(bytes.len());
    let is_inside = from > 0
        && bytes
            .get(from - 1)
            .is_some_and(|byte| DIGITS.contains(*byte));
    // A run that goes on from before `from` does not start here.
    let floor = if is_inside {
        DIGITS.run_end(bytes, from, bytes.len())
    } else {
        from
    };
    #[cfg(target_arch = "x86_64")]
    if run_avx2::is_available() {
        run_avx2::find(bytes, floor, to, found);
        return;
    }
    skip_and_look_back(bytes, floor, to, found);
}

/// The version for every processor.
fn skip_and_look_back(bytes: &[u8], from: usize, to: usize, mut found: impl FnMut(usize)) {
    // No run starts before `floor` that was not told already.
    let mut floor = from;
    while floor < to {
        let probe = floor + SHORTEST - 1;
        if probe >= bytes.len() {
            return;
        }
        // The look at the probe itself is the first step back.
        let start = DIGITS.run_start(bytes, probe + 1, floor);
        if start > floor {
            floor = start;
            continue;
        }
        found(floor);
        floor = DIGITS.run_end(bytes, probe, bytes.len());
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
            words in proptest::collection::vec(("[a-z]{0,60}", "[ .=@`{\u{e9}]{1,3}"), 0..20),
            from in 0_usize..200,
            length in 0_usize..400,
        ) {
            let text: String = words.iter().map(|(word, gap)| format!("{word}{gap}")).collect();
            let (bytes, to) = (text.as_bytes(), from + length);
            let expected = every_run(bytes, from, to);
            let mut found = Vec::new();
            find_runs(bytes, from, to, |start| found.push(start));
            prop_assert_eq!(&found, &expected);
            let mut slowly = Vec::new();
            let inside = from > 0 && from <= bytes.len() && DIGITS.contains(bytes[from - 1]);
            let floor = if inside { DIGITS.run_end(bytes, from, bytes.len()) } else { from };
            skip_and_look_back(bytes, floor, to.min(bytes.len()), |start| slowly.push(start));
            prop_assert_eq!(&slowly, &expected);
        }
    }

    #[test]
    fn every_byte_is_the_same_digit_or_stranger_to_both_versions() {
        for byte in 0..=u8::MAX {
            let mut text = vec![b' '; 20];
            text.extend([byte; 40]);
            text.extend([b' '; 70]);
            let mut found = Vec::new();
            find_runs(&text, 0, text.len(), |start| found.push(start));
            let expected: &[usize] = if DIGITS.contains(byte) { &[20] } else { &[] };
            assert_eq!(found, expected, "{byte}");
        }
    }
}
