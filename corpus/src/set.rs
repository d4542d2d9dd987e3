//! The two sets of material: one to tune on, one to measure on.
//!
//! They draw from disjoint seeds. Besides, one part in five of all texts that were written by hand (surroundings, ways to
//! write an assignment, names, look-alikes) is kept from the set for tuning, so that the other one also measures how a
//! detector does on what nobody saw.

use std::fmt;
use std::str::FromStr;

use crate::dice::hash;

/// What the material is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Set {
    /// To look at, to find causes, to fit weights.
    Fit,
    /// To measure. Its misses are counted and never shown.
    Score,
}

impl Set {
    /// Both.
    pub const ALL: [Set; 2] = [Set::Fit, Set::Score];

    /// The word on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Set::Fit => "fit",
            Set::Score => "score",
        }
    }

    /// The seed of this set that belongs to the user's: the lowest bit tells the sets apart.
    pub(crate) fn seed(self, seed: u64) -> u64 {
        (seed << 1) | u64::from(self == Set::Score)
    }

    /// Those of the texts that this set may use. Each list keeps at least one.
    pub(crate) fn admitted<T: AsRef<str>>(self, texts: Vec<T>) -> Vec<T> {
        if self == Set::Score || texts.iter().all(|text| is_held_out(text.as_ref())) {
            return texts;
        }
        texts
            .into_iter()
            .filter(|text| !is_held_out(text.as_ref()))
            .collect()
    }
}

/// Whether a text is kept from the set for tuning.
pub(crate) fn is_held_out(text: &str) -> bool {
    hash(text).is_multiple_of(5)
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither fit nor score")]
pub struct UnknownSet(String);

impl FromStr for Set {
    type Err = UnknownSet;

    fn from_str(word: &str) -> Result<Self, UnknownSet> {
        Set::ALL
            .into_iter()
            .find(|set| set.as_str() == word)
            .ok_or_else(|| UnknownSet(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sets_share_no_seed() {
        for fit in 0..100 {
            assert!((0..100).all(|score| Set::Fit.seed(fit) != Set::Score.seed(score)));
        }
    }

    #[test]
    fn one_text_in_five_or_so_is_held_out_from_fitting() {
        let texts: Vec<String> = (0..1000).map(|number| format!("text {number}")).collect();
        let kept = Set::Fit.admitted(texts.clone()).len();
        assert!((750..850).contains(&kept), "{kept}");
        assert_eq!(Set::Score.admitted(texts).len(), 1000);
    }

    #[test]
    fn no_list_becomes_empty() {
        let held_out = (0..)
            .map(|number: u32| number.to_string())
            .find(|text| is_held_out(text))
            .unwrap();
        assert_eq!(Set::Fit.admitted(vec![held_out]).len(), 1);
    }
}
