//! Parts of a rule that are large and seldom looked at.

use std::ops::Deref;

/// A part that is a constant of the program, or was read from a user's file.
///
/// PERF: it is a reference and not the part itself, so that the table of the built-in rules stays small: the loader writes to every
/// page of it when the program starts, whatever is done afterwards.
#[derive(Clone, Debug)]
pub enum Part<T: 'static> {
    /// It is in the program.
    Embedded(&'static T),
    /// It was read.
    Read(Box<T>),
}

impl<T: Clone> Part<T> {
    /// Changes it. One that is in the program is copied for this.
    pub fn change(&mut self, how: impl FnOnce(&mut T)) {
        let mut part = T::clone(self);
        how(&mut part);
        *self = part.into();
    }
}

impl<T> Deref for Part<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Embedded(part) => part,
            Self::Read(part) => part,
        }
    }
}

impl<T> From<T> for Part<T> {
    fn from(part: T) -> Self {
        Self::Read(Box::new(part))
    }
}

impl<T: PartialEq> PartialEq for Part<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_the_same_wherever_it_is_and_can_be_changed() {
        static ONE: &str = "one";
        let embedded = Part::Embedded(&ONE);
        let mut read = Part::from("one");
        assert_eq!(embedded, read);
        read.change(|text| *text = "two");
        assert_ne!(embedded, read);
        let mut copy = embedded.clone();
        copy.change(|text| *text = "two");
        assert_eq!((*copy, *embedded), ("two", "one"));
    }
}
