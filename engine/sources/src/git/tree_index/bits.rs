//! A set of small numbers, one bit each.

/// A set of numbers below a bound.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// The empty set of numbers below `bound`.
    pub(super) fn new(bound: usize) -> Self {
        Self(vec![0; bound.div_ceil(64)])
    }

    /// The set of these numbers.
    pub(super) fn of(numbers: impl Iterator<Item = usize>) -> Self {
        let mut bits = Self(Vec::new());
        for number in numbers {
            if bits.0.len() <= number / 64 {
                bits.0.resize(number / 64 + 1, 0);
            }
            bits.set(number);
        }
        bits
    }

    /// Adds a number; one that is not below the bound is left out.
    pub(super) fn set(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    /// Whether a number is in the set.
    pub(super) fn has(&self, number: usize) -> bool {
        let word = self.0.get(number / 64);
        word.is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// The numbers in the set, from the smallest on.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        let words = (0_u32..).zip(&self.0);
        words.flat_map(|(at, &word)| {
            let bits = (0..64).filter(move |bit| word >> bit & 1 == 1);
            bits.map(move |bit| at * 64 + bit)
        })
    }
}
