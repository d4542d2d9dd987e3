//! A fixed list of words, written as one text.
//!
//! The lists of the judge hold a few dozen lower-case words; looking for ` word ` in the text is quick enough and
//! keeps the lists readable.

use memchr::memmem;

/// A fixed list of lower-case words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WordList {
    words: &'static str,
    /// PERF: a bit for each [`mark`] of a word: most words that are asked for are in no list, and need not be looked for.
    marks: [u64; 4],
    /// PERF: a bit for each [`start`] of a word: what begins so in a text may be one, and hardly anything else is compared.
    starts: [u64; 8],
}

/// One of 512 numbers, by the first three bytes of a word; of a shorter one the rest is zero.
const fn start(first: u8, second: u8, third: u8) -> usize {
    let mixed = (first as u32).wrapping_mul(0x9E37_79B1)
        ^ (second as u32).wrapping_mul(0x85EB_CA6B)
        ^ (third as u32).wrapping_mul(0xC2B2_AE35);
    (mixed >> 23) as usize
}

/// One of 256 numbers, by a word's first and last byte and its length.
const fn mark(first: u8, last: u8, length: usize) -> u8 {
    first
        .wrapping_mul(31)
        .wrapping_add(last.wrapping_mul(7))
        .wrapping_add(length as u8)
}

impl WordList {
    /// The words of a text, each with a space before and after it.
    #[expect(
        clippy::indexing_slicing,
        reason = "the compiler evaluates it, and a place that is not there is its error"
    )]
    pub(crate) const fn new(words: &'static str) -> WordList {
        let bytes = words.as_bytes();
        let mut marks = [0; 4];
        let mut starts = [0; 8];
        let (mut at, mut from) = (0, 0);
        while at < bytes.len() {
            if bytes[at] == b' ' {
                if at > from {
                    let mark = mark(bytes[from], bytes[at - 1], at - from);
                    marks[(mark >> 6) as usize] |= 1 << (mark & 63);
                    let second = if at > from + 1 { bytes[from + 1] } else { 0 };
                    let third = if at > from + 2 { bytes[from + 2] } else { 0 };
                    let start = start(bytes[from], second, third);
                    starts[start >> 6] |= 1 << (start & 63);
                }
                from = at + 1;
            }
            at += 1;
        }
        WordList {
            words,
            marks,
            starts,
        }
    }

    /// Whether `word`, in lower case, is in the list.
    pub(crate) fn contains(self, word: &[u8]) -> bool {
        let (Some(&first), Some(&last)) = (word.first(), word.last()) else {
            return false;
        };
        let mark = mark(first, last, word.len());
        let marks = self.marks.get(usize::from(mark >> 6));
        let may_be = marks.is_some_and(|marks| marks >> (mark & 63) & 1 == 1);
        may_be
            && !word.contains(&b' ')
            && memmem::find_iter(self.words.as_bytes(), word).any(|at| {
                let byte_at = |at: usize| self.words.as_bytes().get(at);
                let before = at.checked_sub(1).and_then(byte_at);
                before == Some(&b' ') && byte_at(at + word.len()) == Some(&b' ')
            })
    }

    /// The words.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'static [u8]> {
        self.words.split_ascii_whitespace().map(str::as_bytes)
    }

    /// Whether some word of the list stands in `text`, which is in lower case.
    pub(crate) fn any_in(self, text: &[u8]) -> bool {
        self.find_in(text).next().is_some()
    }

    /// Where words of the list stand in `text`, which is in lower case, and which.
    pub(crate) fn find_in(self, text: &[u8]) -> impl Iterator<Item = (usize, &'static [u8])> {
        let may_start = move |first, second, third| {
            let start = start(first, second, third);
            let starts = self.starts.get(start >> 6);
            starts.is_some_and(|starts| starts >> (start & 63) & 1 == 1)
        };
        let starts = (0..text.len()).filter(move |at| {
            let byte = |offset: usize| text.get(at + offset).copied().unwrap_or(0);
            let (first, second, third) = (byte(0), byte(1), byte(2));
            may_start(first, second, third) || may_start(first, second, 0) || may_start(first, 0, 0)
        });
        starts.flat_map(move |at| {
            let rest = text.get(at..).unwrap_or_default();
            let words = self.iter().filter(move |word| rest.starts_with(word));
            words.map(move |word| (at, word))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_in_the_list_and_parts_are_not() {
        let list = WordList::new(" alpha be be-ta gamma ");
        for word in ["alpha", "be", "be-ta", "gamma"] {
            assert!(list.contains(word.as_bytes()), "{word}");
        }
        for word in ["", "al", "ta", "alpha be", "gammas", " "] {
            assert!(!list.contains(word.as_bytes()), "{word}");
        }
        // The slow twin, for words that share much with those of the list.
        let letters = b"abegmpt-";
        for number in 0..8_usize.pow(5) {
            let word: Vec<u8> = (0..5)
                .map(|place| letters[number / 8_usize.pow(place) % 8])
                .take(1 + number % 5)
                .collect();
            let is_listed = list.iter().any(|listed| listed == word);
            assert_eq!(list.contains(&word), is_listed);
        }
        assert!(list.any_in(b"xxgammaxx") && !list.any_in(b"delta"));
    }

    proptest::proptest! {
        #[test]
        fn words_in_a_text_are_found_as_by_looking_for_each(text in "[a-e \0]{0,40}") {
            let list = WordList::new(" a bc cde abcd e-e dea ");
            let text = text.as_bytes();
            let mut slowly: Vec<(usize, &[u8])> = list
                .iter()
                .flat_map(|word| (0..text.len()).filter(move |at| text[*at..].starts_with(word)).map(move |at| (at, word)))
                .collect();
            slowly.sort_unstable();
            let mut found: Vec<(usize, &[u8])> = list.find_in(text).collect();
            found.sort_unstable();
            proptest::prop_assert_eq!(found, slowly);
        }
    }
}
