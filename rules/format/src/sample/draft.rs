//! A text in the making: what generators write to.

use std::ops::Range;

use super::plausible::Drawn;
use super::random::Random;

/// Whether checksums come out right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checks {
    Valid,
    /// Every checksum and structure test is wrong in a small way: for near-misses.
    Broken,
}

/// The text so far.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) random: Random,
    pub(super) drawn: Vec<Drawn>,
    text: String,
    open: Option<usize>,
    close: Option<usize>,
    checks: Checks,
    has_checks: bool,
}

impl Draft {
    pub(super) fn new(random: Random, checks: Checks) -> Self {
        Self {
            random,
            drawn: Vec::new(),
            text: String::new(),
            open: None,
            close: None,
            checks,
            has_checks: false,
        }
    }

    /// Writes text as it is.
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Writes characters drawn from an alphabet of so many.
    pub(super) fn push_drawn(&mut self, text: &str, alphabet: usize) {
        let start = self.text.len();
        self.text.push_str(text);
        self.drawn.push(Drawn {
            range: start..self.text.len(),
            alphabet,
        });
    }

    /// Writes a checksum, or something that carries one: the right form or the wrong one.
    pub(super) fn push_checked(&mut self, valid: &str, broken: &str) {
        self.has_checks = true;
        self.text.push_str(match self.checks {
            Checks::Valid => valid,
            Checks::Broken => broken,
        });
    }

    /// Writes a checksum whose wrong form differs in its last character.
    pub(super) fn push_check(&mut self, valid: &str) {
        self.push_checked(valid, &altered(valid));
    }

    /// The credential as far as it is written.
    pub(super) fn credential(&self) -> &str {
        self.text.get(self.open.unwrap_or(0)..).unwrap_or_default()
    }

    pub(super) fn open(&mut self) {
        self.open = Some(self.text.len());
    }

    pub(super) fn close(&mut self) {
        self.close = Some(self.text.len());
    }

    /// Writes a whole file in which this part is the credential, unless the template marks another.
    pub(super) fn push_credential(&mut self, text: &str) {
        let is_marked = self.open.is_some();
        if !is_marked {
            self.open();
        }
        self.push(text);
        if !is_marked {
            self.close();
        }
    }

    /// Whether some generator wrote something that can be checked.
    pub(super) fn has_checks(&self) -> bool {
        self.has_checks
    }

    /// Makes a text of its own inside this one, from the same random numbers, and gives it out instead of writing it.
    pub(super) fn apart(&mut self, write: impl FnOnce(&mut Draft)) -> String {
        let mut inner = Draft::new(self.random.clone(), self.checks);
        write(&mut inner);
        self.random = inner.random;
        self.has_checks |= inner.has_checks;
        inner.text
    }

    /// The text and where the credential is in it.
    pub(super) fn finish(self) -> (String, Range<usize>, Vec<Drawn>) {
        let start = self.open.unwrap_or(0);
        let end = self.close.unwrap_or(self.text.len());
        (self.text, start..end, self.drawn)
    }
}

/// The same text with another last letter or digit of the same kind.
pub(super) fn altered(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let last = bytes
        .iter()
        .rposition(u8::is_ascii_alphanumeric)
        .and_then(|place| bytes.get_mut(place));
    if let Some(byte) = last {
        *byte = match *byte {
            b'7' => b'2',
            b'0'..=b'8' => *byte + 1,
            b'9' => b'0',
            // 'f' is the last hexadecimal digit.
            b'f' | b'z' => b'a',
            b'F' | b'Z' => b'A',
            other => other + 1,
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_altered_text_differs_in_one_character_of_the_same_kind() {
        for (text, expected) in [
            ("ab9", "ab0"),
            ("09F", "09A"),
            ("zzz==", "zza=="),
            ("A27", "A22"),
        ] {
            assert_eq!(altered(text), expected);
        }
    }
}
