//! A small deterministic source of random numbers: xoshiro256++ seeded by splitmix64 (Blackman and Vigna, public domain).
//!
//! It makes test data, never keys that protect anything.

/// The same numbers for the same seed, on every machine.
#[derive(Clone, Debug)]
pub(super) struct Random([u64; 4]);

impl Random {
    /// `attempt` gives further sequences of the same seed.
    pub(super) fn new(seed: u64, attempt: u64) -> Self {
        let mut mixer = seed ^ attempt.wrapping_mul(0xD1B5_4A32_D192_ED03);
        Self(std::array::from_fn(|_| splitmix(&mut mixer)))
    }

    pub(super) fn number(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number below `bound`; 0 when the bound is 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.number()) * bound as u128;
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `least` to `most`, both included.
    pub(super) fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most.saturating_sub(least).saturating_add(1))
    }

    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.number().to_le_bytes())
            .flatten()
            .take(count)
            .collect()
    }

    pub(super) fn array<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.number().to_le_bytes()[0])
    }

    /// One of a list, which must not be empty.
    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// Characters of an ASCII alphabet.
    pub(super) fn text(&mut self, alphabet: &[u8], count: usize) -> String {
        (0..count)
            .map(|_| char::from(*self.pick(alphabet)))
            .collect()
    }
}

fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_and_attempts_differ() {
        let numbers = |seed, attempt| {
            let mut random = Random::new(seed, attempt);
            [random.number(), random.number()]
        };
        assert_eq!(numbers(7, 0), numbers(7, 0));
        assert_ne!(numbers(7, 0), numbers(8, 0));
        assert_ne!(numbers(7, 0), numbers(7, 1));
    }

    #[test]
    fn splitmix_follows_its_published_sequence() {
        let mut state = 0;
        assert_eq!(splitmix(&mut state), 0xE220_A839_7B1D_CDAF);
        assert_eq!(splitmix(&mut state), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn bounds_are_kept() {
        let mut random = Random::new(1, 0);
        let drawn: Vec<usize> = (0..1000).map(|_| random.between(3, 5)).collect();
        assert!(drawn.iter().all(|number| (3..=5).contains(number)));
        assert!([3, 4, 5].iter().all(|number| drawn.contains(number)));
    }
}
