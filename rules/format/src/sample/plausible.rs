//! Whether random characters could pass for a real credential's.
//!
//! One draw in some hundred spells `foo`, counts `1234` or repeats a letter, and a scanner rightly takes that for a sample. A test
//! would then fail for one seed in some hundred, so such a draw is thrown away.

use std::ops::Range;

/// Short words turn up by chance in long random text, and there nobody takes them for a sign.
const LONGEST_FOR_SHORT_WORDS: usize = 200;

const SHORT_WORDS: [&str; 20] = [
    "foo", "bar", "baz", "qux", "xxx", "xyz", "abc", "fake", "mock", "test", "demo", "todo",
    "null", "none", "true", "your", "dead", "0000", "ffff", "here",
];

const LONG_WORDS: [&str; 20] = [
    "example",
    "sample",
    "dummy",
    "placeholder",
    "changeme",
    "replace",
    "insert",
    "fixme",
    "redacted",
    "removed",
    "hidden",
    "masked",
    "invalid",
    "lorem",
    "password",
    "secret",
    "empty",
    "false",
    "undefined",
    "token",
];

/// Bytes of the longest of them.
const LONGEST_WORD: usize = 11;

/// As many equal or consecutive characters look made up.
const LONGEST_RUN: usize = 4;

/// Random characters have about nine tenths of the entropy that is possible at their number.
const LEAST_SHARE_OF_ENTROPY: f64 = 0.8;

/// Too few characters say nothing.
const SHORTEST_FOR_ENTROPY: usize = 8;

/// A stretch of random characters and how many different ones there could be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Drawn {
    pub(super) range: Range<usize>,
    pub(super) alphabet: usize,
}

/// Whether the random stretches of a text look random, alone and together with what stands around them in the
/// credential.
pub(super) fn is_plausible(text: &str, credential: &Range<usize>, drawn: &[Drawn]) -> bool {
    let runs_and_entropy = drawn.iter().all(|stretch| {
        let Some(own) = text.get(stretch.range.clone()) else {
            return true;
        };
        longest_run(own.as_bytes()) < LONGEST_RUN && has_entropy(own.as_bytes(), stretch.alphabet)
    });
    runs_and_entropy
        && !drawn
            .iter()
            .any(|stretch| spells_a_word(text, credential, &stretch.range))
}

/// Shannon entropy in bits per byte.
pub(super) fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    bytes
        .iter()
        .for_each(|byte| counts[usize::from(*byte)] += 1);
    let total = bytes.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / total;
            -share * share.log2()
        })
        .sum()
}

fn has_entropy(bytes: &[u8], alphabet: usize) -> bool {
    let possible = (bytes.len().min(alphabet) as f64).log2();
    bytes.len() < SHORTEST_FOR_ENTROPY || entropy(bytes) >= LEAST_SHARE_OF_ENTROPY * possible
}

fn longest_run(bytes: &[u8]) -> usize {
    let longest_by = |step: i16| {
        let mut longest = 1;
        let mut current = 1;
        for pair in bytes.windows(2) {
            let goes_on = i16::from(pair[1]) - i16::from(pair[0]) == step;
            current = if goes_on { current + 1 } else { 1 };
            longest = longest.max(current);
        }
        longest
    };
    [0, 1, -1].into_iter().map(longest_by).max().unwrap_or(1)
}

/// A word counts when random characters have a part in it; one that the template writes out is meant.
fn spells_a_word(text: &str, credential: &Range<usize>, drawn: &Range<usize>) -> bool {
    // No further than a word reaches, or a text of many stretches is gone through for each of them.
    let start = drawn.start.saturating_sub(LONGEST_WORD);
    let start = start.max(credential.start.min(drawn.start));
    let end = drawn.end.saturating_add(LONGEST_WORD);
    let end = end.min(credential.end.max(drawn.end));
    let lower = text
        .as_bytes()
        .get(start..end)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let spells = |word: &&str| {
        let places = lower.windows(word.len()).enumerate();
        let mut found = places.filter(|(_, found)| *found == word.as_bytes());
        found.any(|(offset, _)| {
            let found = start + offset..start + offset + word.len();
            found.start < drawn.end && drawn.start < found.end
        })
    };
    let short = drawn.len() <= LONGEST_FOR_SHORT_WORDS && SHORT_WORDS.iter().any(spells);
    short || LONG_WORDS.iter().any(spells)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plausible(literal: &str, random: &str) -> bool {
        let text = [literal, random].concat();
        let drawn = Drawn {
            range: literal.len()..text.len(),
            alphabet: 62,
        };
        is_plausible(&text, &(0..text.len()), &[drawn])
    }

    #[test]
    fn words_runs_and_dull_texts_are_refused() {
        for (literal, random) in [
            ("pre_", "k2fOo8sPqM"),
            ("pre_", "kW1234sPqM"),
            ("pre_", "kWdcbasPqM"),
            ("pre_", "kWzzzzsPqM"),
            ("pre_", "abababab"),
            ("te", "stK8mWqP"),
        ] {
            assert!(!plausible(literal, random), "{literal}{random}");
        }
    }

    /// The whole credential was gone through for each of its stretches.
    #[test]
    fn a_credential_of_many_stretches_is_gone_through_once() {
        let words = SHORT_WORDS.iter().chain(&LONG_WORDS).map(|word| word.len());
        assert_eq!(words.max(), Some(LONGEST_WORD));
        let text = "k2é-".repeat(1 << 15);
        let stretches = (0..text.len()).step_by(5);
        let drawn = stretches.map(|start| Drawn {
            range: start..start + 2,
            alphabet: 62,
        });
        let drawn: Vec<Drawn> = drawn.collect();
        assert!(is_plausible(&text, &(0..text.len()), &drawn));
    }

    #[test]
    fn words_that_the_template_writes_out_are_meant() {
        assert!(plausible("sk_test_", "k2fGo8sPqM"));
    }
}
