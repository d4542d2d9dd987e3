//! What can be counted about a value, once, for all the tests that ask.

use super::words;

/// What can be counted about a value.
#[derive(Clone, Debug)]
pub(crate) struct Traits {
    /// Length in bytes.
    pub(crate) length: usize,
    /// Lower-case letters.
    pub(crate) lower: usize,
    /// Upper-case letters.
    pub(crate) upper: usize,
    /// Digits.
    pub(crate) digits: usize,
    /// Spaces and other white space.
    pub(crate) spaces: usize,
    /// Bytes outside of ASCII.
    pub(crate) foreign: usize,
    /// Everything else: punctuation and symbols.
    pub(crate) symbols: usize,
    /// Different bytes.
    pub(crate) distinct: usize,
    /// Surprise per character: below 5 it reads like words, above 6.5 it does not.
    pub(crate) surprise: f32,
    /// Whether it is made of hexadecimal digits, the letters all of one case.
    pub(crate) is_hex: bool,
    /// How often a digit stands beside a letter: often in what was drawn, once or twice in a name with a number.
    pub(crate) switches: usize,
}

impl Traits {
    /// Counts `value`.
    pub(crate) fn of(value: &[u8]) -> Traits {
        let count = |is: fn(&u8) -> bool| value.iter().filter(|byte| is(byte)).count();
        let mut seen = [false; 256];
        for &byte in value {
            if let Some(seen) = seen.get_mut(usize::from(byte)) {
                *seen = true;
            }
        }
        let (lower, upper) = (count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase));
        let digits = count(u8::is_ascii_digit);
        let spaces = count(u8::is_ascii_whitespace);
        let foreign = count(|byte| !byte.is_ascii());
        let all_hex = !value.is_empty() && value.iter().all(u8::is_ascii_hexdigit);
        Traits {
            length: value.len(),
            lower,
            upper,
            digits,
            spaces,
            foreign,
            symbols: value.len() - lower - upper - digits - spaces - foreign,
            distinct: seen.iter().filter(|seen| **seen).count(),
            surprise: words::surprise(value),
            is_hex: all_hex && (lower == 0 || upper == 0),
            switches: value
                .windows(2)
                .filter(|pair| {
                    matches!(pair, [a, b] if a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric()
                        && a.is_ascii_digit() != b.is_ascii_digit())
                })
                .count(),
        }
    }

    /// How many of lower case, upper case, digits and symbols it has.
    pub(crate) fn classes(&self) -> usize {
        [
            self.lower,
            self.upper,
            self.digits,
            self.symbols + self.foreign,
        ]
        .iter()
        .filter(|count| **count > 0)
        .count()
    }

    /// Whether it looks drawn at random: too surprising for language, or hexadecimal with both kinds of digits.
    pub(crate) fn looks_random(&self) -> bool {
        if self.is_hex {
            return self.length >= 16
                && self.digits >= 3
                && self.lower + self.upper >= 3
                && self.distinct >= 6;
        }
        // Letters and digits by turns, as in base 36: plain to the table of words, and yet no words.
        if self.length >= 16
            && self.digits >= 4
            && self.lower + self.upper >= 4
            && self.switches * 5 >= self.length
            && self.symbols * 4 <= self.length
            && self.distinct >= 9
        {
            return true;
        }
        // Short values are noisier, so more is asked of them.
        let needed = if self.length < 12 { 6.3 } else { 5.9 };
        self.surprise >= needed && self.distinct * 2 >= self.length.min(24)
    }

    /// Whether it reads like words, names or paths.
    pub(crate) fn reads_like_words(&self) -> bool {
        !self.is_hex && self.surprise < 5.2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_by_class() {
        let traits = Traits::of("aB3 €-_".as_bytes());
        assert_eq!((traits.lower, traits.upper, traits.digits), (1, 1, 1));
        assert_eq!((traits.spaces, traits.foreign, traits.symbols), (1, 3, 2));
        assert_eq!(
            (traits.classes(), traits.length, traits.distinct),
            (4, 9, 9)
        );
    }

    #[test]
    fn random_values_are_told_from_words() {
        for value in [
            "qW8zK2vPxL7m",
            "3f9a1c0b7d2e4856",
            "xkqzvbntrp",
            "dd05f1c54d63749eda95f9fa6d49v442a",
        ] {
            assert!(Traits::of(value.as_bytes()).looks_random(), "{value}");
        }
        for value in [
            "authentication",
            "user_password_field",
            "deadbeef",
            "aaaaaaaaaaaaaaaaaaaa",
            "0000000000000000",
        ] {
            assert!(!Traits::of(value.as_bytes()).looks_random(), "{value}");
        }
    }
}
