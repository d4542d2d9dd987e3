//! A list that holds nothing twice, and has a limit.
//!
//! What comes beyond the limit is not taken. That something came is known, so that it can be told.

use std::collections::HashSet;
use std::hash::Hash;

/// A list of up to `MOST` things, each of them once, in the order in which they came.
#[derive(Clone, Debug)]
pub(super) struct Unique<T, const MOST: usize> {
    items: Vec<T>,
    known: HashSet<T>,
    is_cut: bool,
}

impl<T, const MOST: usize> Default for Unique<T, MOST> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            known: HashSet::new(),
            is_cut: false,
        }
    }
}

impl<T: Clone + Eq + Hash, const MOST: usize> Unique<T, MOST> {
    /// Puts a thing in, unless it is there, or there are too many.
    pub(super) fn add(&mut self, item: T) {
        if self.known.contains(&item) {
            return;
        }
        if self.items.len() == MOST {
            self.is_cut = true;
            return;
        }
        self.known.insert(item.clone());
        self.items.push(item);
    }

    /// Puts in what another list has, and what it knows of its limit.
    pub(super) fn add_all<const OTHERS: usize>(&mut self, others: Unique<T, OTHERS>) {
        self.is_cut |= others.is_cut;
        others.items.into_iter().for_each(|item| self.add(item));
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether something was left out.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    pub(super) fn as_slice(&self) -> &[T] {
        &self.items
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_in_it_twice_and_what_is_too_much_is_known() {
        let mut list: Unique<u8, 2> = Unique::default();
        for item in [2, 1, 2] {
            list.add(item);
        }
        assert_eq!((list.as_slice(), list.is_cut()), (&[2, 1][..], false));
        list.add(3);
        assert_eq!((list.as_slice(), list.is_cut()), (&[2, 1][..], true));
        let mut all: Unique<u8, 9> = Unique::default();
        all.add_all(list);
        assert_eq!((all.iter().len(), all.is_cut()), (2, true));
    }
}
