//! Which of many entries were chosen, and how many chosen ones stand before each.
//!
//! Two numbers for each 64 entries, so that the entries of a large pack can be renumbered in place.

/// A set of entries that answers how many of its members come before one.
#[derive(Debug, Default)]
pub(crate) struct Rank {
    words: Vec<u64>,
    before: Vec<u32>,
}

impl Rank {
    /// The set of those of `entries` entries for which `chosen` says so.
    pub(crate) fn of(entries: usize, chosen: impl Fn(usize) -> bool) -> Self {
        let mut rank = Self::default();
        let mut count = 0;
        for start in (0..entries).step_by(64) {
            let word = (start..entries.min(start + 64))
                .filter(|&entry| chosen(entry))
                .fold(0_u64, |word, entry| word | 1 << (entry - start));
            rank.before.push(count);
            rank.words.push(word);
            count += word.count_ones();
        }
        rank
    }

    /// How many members come before `entry`, when it is a member itself.
    pub(crate) fn get(&self, entry: usize) -> Option<u32> {
        let word = self.words.get(entry / 64)?;
        let bit = 1_u64 << (entry % 64);
        if word & bit == 0 {
            return None;
        }
        Some(self.before.get(entry / 64)? + (word & (bit - 1)).count_ones())
    }

    /// How many members there are.
    pub(crate) fn count(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_member_s_rank_is_the_number_of_members_before_it(members in prop::collection::vec(any::<bool>(), 0..300)) {
            let rank = Rank::of(members.len(), |entry| members[entry]);
            let mut before = 0;
            for (entry, &member) in members.iter().enumerate() {
                prop_assert_eq!(rank.get(entry), member.then_some(before));
                before += u32::from(member);
            }
            prop_assert_eq!(rank.get(members.len()), None);
            prop_assert_eq!(rank.count(), before as usize);
        }
    }
}
