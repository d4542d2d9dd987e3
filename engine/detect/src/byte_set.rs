//! A set of byte values: 256 bits.
//!
//! Character classes of rules and the hand-written scanners are sets of bytes, tested once for each byte of a
//! token; so membership is one shift and one mask, and sets can be built in constants.

/// A set of byte values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByteSet([u64; 4]);

impl ByteSet {
    /// No byte at all.
    pub(crate) const EMPTY: ByteSet = ByteSet([0; 4]);
    /// Letters and digits.
    pub(crate) const ALNUM: ByteSet = ByteSet::EMPTY
        .with_range(b'0', b'9')
        .with_range(b'A', b'Z')
        .with_range(b'a', b'z');
    /// Letters, digits and the underscore.
    pub(crate) const WORD: ByteSet = ByteSet::ALNUM.with(b"_");
    /// What a name may be made of in most languages and formats.
    pub(crate) const NAME: ByteSet = ByteSet::WORD.with(b"-.$");
    /// Both base64 alphabets and their padding.
    pub(crate) const BASE64: ByteSet = ByteSet::ALNUM.with(b"+/=_-");
    /// Hexadecimal digits.
    pub(crate) const HEX: ByteSet = ByteSet::EMPTY
        .with_range(b'0', b'9')
        .with_range(b'A', b'F')
        .with_range(b'a', b'f');
    /// Space, tab, carriage return, line feed.
    pub(crate) const SPACE: ByteSet = ByteSet::EMPTY.with(b" \t\r\n");
    /// Space and tab.
    pub(crate) const BLANK: ByteSet = ByteSet::EMPTY.with(b" \t");

    /// This set and the bytes of `more`.
    pub(crate) const fn with(self, more: &[u8]) -> ByteSet {
        let mut set = self;
        let mut rest = more;
        while let [byte, tail @ ..] = rest {
            set = set.with_range(*byte, *byte);
            rest = tail;
        }
        set
    }

    /// This set and all bytes from `first` to `last`.
    pub(crate) const fn with_range(self, first: u8, last: u8) -> ByteSet {
        let [mut a, mut b, mut c, mut d] = self.0;
        let mut byte = first;
        loop {
            let bit = 1 << (byte & 63);
            match byte >> 6 {
                0 => a |= bit,
                1 => b |= bit,
                2 => c |= bit,
                _ => d |= bit,
            }
            if byte >= last {
                return ByteSet([a, b, c, d]);
            }
            byte += 1;
        }
    }

    /// Every byte that is not in the set.
    pub(crate) const fn complement(self) -> ByteSet {
        let [a, b, c, d] = self.0;
        ByteSet([!a, !b, !c, !d])
    }

    /// Whether `byte` is in the set.
    #[inline]
    pub(crate) fn contains(&self, byte: u8) -> bool {
        self.0
            .get(usize::from(byte >> 6))
            .is_some_and(|word| word >> (byte & 63) & 1 == 1)
    }

    /// What is in either set.
    pub(crate) fn union(self, other: ByteSet) -> ByteSet {
        let [a, b, c, d] = self.0;
        let [e, f, g, h] = other.0;
        ByteSet([a | e, b | f, c | g, d | h])
    }

    /// Whether the sets have a byte in common.
    pub(crate) fn meets(self, other: ByteSet) -> bool {
        self.0.iter().zip(other.0).any(|(a, b)| a & b != 0)
    }

    /// How many bytes are in the set.
    pub(crate) fn len(self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// The bytes of the set, in order.
    pub(crate) fn iter(self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(move |&byte| self.contains(byte))
    }

    /// Whether some byte of a text is in the set.
    #[inline]
    pub(crate) fn meets_any(&self, text: &[u8]) -> bool {
        text.iter().any(|&byte| self.contains(byte))
    }

    /// Offset one past the last byte of the run that starts at `from`: the first byte not in the set, at most `limit`.
    #[inline]
    pub(crate) fn run_end(&self, bytes: &[u8], from: usize, limit: usize) -> usize {
        let limit = limit.min(bytes.len());
        let run = bytes.get(from.min(limit)..limit).unwrap_or_default();
        from.min(limit) + run.iter().take_while(|&&byte| self.contains(byte)).count()
    }

    /// Offset of the first byte of the run that ends at `to`, at least `floor`.
    #[inline]
    pub(crate) fn run_start(&self, bytes: &[u8], to: usize, floor: usize) -> usize {
        let to = to.min(bytes.len());
        let run = bytes.get(floor.min(to)..to).unwrap_or_default();
        to - run
            .iter()
            .rev()
            .take_while(|&&byte| self.contains(byte))
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        let set = ByteSet::EMPTY.with(b"a\xff").with_range(b'0', b'2');
        let held: Vec<u8> = set.iter().collect();
        assert_eq!(held, b"012a\xff");
        assert_eq!(set.len(), 5);
        assert!(set.meets_any(b"xyz1") && !set.meets_any(b"xyz") && !set.meets_any(b""));
        assert!(set.meets(ByteSet::ALNUM) && !set.meets(ByteSet::SPACE));
        assert_eq!(ByteSet::EMPTY.with_range(0, 255).len(), 256);
    }

    #[test]
    fn runs_end_at_the_first_stranger_and_at_the_limits() {
        let text = b"  abc-def";
        assert_eq!(ByteSet::WORD.run_end(text, 2, 99), 5);
        assert_eq!(ByteSet::WORD.run_end(text, 2, 4), 4);
        assert_eq!(ByteSet::WORD.run_end(text, 50, 99), 9);
        assert_eq!(ByteSet::WORD.run_start(text, 5, 0), 2);
        assert_eq!(ByteSet::WORD.run_start(text, 5, 4), 4);
    }
}
