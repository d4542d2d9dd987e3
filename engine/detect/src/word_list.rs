//! A fixed list of words, written as one text.
//!
//! The lists of the judge hold a few dozen lower-case words; looking for ` word ` in the text is quick enough and
//! keeps the lists readable.

use memchr::memmem;

/// A fixed list of lower-case words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WordList(&'static str);

impl WordList {
    /// The words of a text, each with a space before and after it.
    pub(crate) const fn new(words: &'static str) -> WordList {
        WordList(words)
    }

    /// Whether `word`, in lower case, is in the list.
    pub(crate) fn contains(self, word: &[u8]) -> bool {
        let is_plain = !word.is_empty() && !word.contains(&b' ');
        is_plain
            && memmem::find_iter(self.0.as_bytes(), word).any(|at| {
                let byte_at = |at: usize| self.0.as_bytes().get(at);
                let before = at.checked_sub(1).and_then(byte_at);
                before == Some(&b' ') && byte_at(at + word.len()) == Some(&b' ')
            })
    }

    /// The words.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'static [u8]> {
        self.0.split_ascii_whitespace().map(str::as_bytes)
    }

    /// Whether some word of the list stands in `text`, which is in lower case.
    pub(crate) fn any_in(self, text: &[u8]) -> bool {
        self.iter().any(|word| memmem::find(text, word).is_some())
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
        assert!(list.any_in(b"xxgammaxx") && !list.any_in(b"delta"));
    }
}
