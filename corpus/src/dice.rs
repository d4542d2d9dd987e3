//! A small deterministic source of random numbers (splitmix64), which forks by name.
//!
//! A fork depends on its parent's seed and its own name only, so that a rule that is added changes the plants of no other rule.

/// The same numbers for the same seed, on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice { seed, state: seed }
    }

    /// Dice of their own for what is called `name`; how often these were thrown does not matter.
    pub(crate) fn fork(&self, name: &str) -> Dice {
        Dice::new(mixed(self.seed ^ hash(name)))
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.state)
    }

    /// A number below `bound`; 0 when the bound is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.number()) * bound as u128;
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `least` to `most`, both included.
    pub(crate) fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most.saturating_sub(least).saturating_add(1))
    }

    /// True so many times in a hundred.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of a list, which must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// One of a list of texts, which must not be empty.
    pub(crate) fn word<'a, S: AsRef<str>>(&mut self, list: &'a [S]) -> &'a str {
        self.pick(list).as_ref()
    }

    /// Characters of an ASCII alphabet.
    pub(crate) fn text(&mut self, alphabet: &str, count: usize) -> String {
        let alphabet = alphabet.as_bytes();
        (0..count)
            .map(|_| char::from(*self.pick(alphabet)))
            .collect()
    }

    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

/// FNV-1a, well mixed: a number for a text that is the same on every machine.
pub(crate) fn hash(text: &str) -> u64 {
    let fnv = text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    mixed(fnv)
}

fn mixed(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fork_depends_on_seed_and_name_only() {
        let mut thrown = Dice::new(7);
        let fresh = thrown.fork("a").number();
        thrown.number();
        assert_eq!(thrown.fork("a").number(), fresh);
        assert_ne!(thrown.fork("b").number(), fresh);
        assert_ne!(Dice::new(8).fork("a").number(), fresh);
    }

    #[test]
    fn bounds_are_kept_and_reached() {
        let mut dice = Dice::new(1);
        let drawn: Vec<usize> = (0..500).map(|_| dice.between(3, 5)).collect();
        assert!(drawn.iter().all(|number| (3..=5).contains(number)));
        assert!([3, 4, 5].iter().all(|number| drawn.contains(number)));
    }

    #[test]
    fn a_shuffle_keeps_every_element() {
        let mut list: Vec<u32> = (0..50).collect();
        Dice::new(3).shuffle(&mut list);
        assert_ne!(list, (0..50).collect::<Vec<_>>());
        list.sort_unstable();
        assert_eq!(list, (0..50).collect::<Vec<_>>());
    }
}
