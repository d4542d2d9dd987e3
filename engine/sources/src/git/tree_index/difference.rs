//! What a tree has and what its delta base has not, and the other way round, entry by entry.
//!
//! A folder with two thousand files is stored anew whenever one of them changes, as a delta of a few dozen bytes. So of
//! each tree is noted where its entries begin; a tree that copies a stretch of its base takes these beginnings over,
//! and only what stands between is decoded: in the new tree what was added, in the base what was removed.
//!
//! Proof that nothing is lost: entries follow each other without gaps, and where one ends depends on nothing but the
//! bytes since it began. So from a beginning of an entry on, equal bytes are the same entries, up to the last entry that
//! ends within the stretch. Stretches are only taken over in the order in which they stand in the base, each once; so every
//! entry of the base was either taken over or removed, and as bags of entries the tree is its base, less what was
//! removed, and what was added. When a delta copies in another order the tree is read as a whole.
//!
//! PERF: curl's 205,000 trees have over a hundred million entries, of which 2 in 1,000 are decoded.

use std::cmp::Ordering;

use crate::git::lookup::Absent;
use crate::git::objects::sink::Change;
use crate::git::trees::{self, TreeEntry};
use crate::visitor::Edit;

/// Where the entries of a tree begin, and where the last one ends; growing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Beginnings(Vec<u32>);

/// How a tree differs from another one: places of entries in both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Where in the tree the entries begin that the base does not have.
    pub(crate) added: Vec<u32>,
    /// Where in the base the entries begin that the tree does not have.
    pub(crate) removed: Vec<u32>,
    /// Whether it differs from the base; otherwise everything in it is added, and nothing of the base counts.
    pub(super) is_change: bool,
}

/// A tree that was read.
pub(crate) struct ReadTree {
    pub(crate) beginnings: Beginnings,
    pub(crate) difference: Difference,
    /// When it is damaged; what stands before the damage was read.
    pub(crate) damage: Option<Absent>,
}

impl ReadTree {
    /// Reads a tree; `base` tells of the tree that it was made from where its entries begin.
    pub(crate) fn read<N>(
        content: &[u8],
        hash: gix::hash::Kind,
        change: Option<Change<'_, N>>,
        base: impl Fn(&N) -> Option<&Beginnings>,
    ) -> Self {
        let base = change.and_then(|change| Some((change, base(change.note)?)));
        if let Some((change, beginnings)) = base
            && let Some(mut read) = Self::as_change(content, hash, beginnings, change.edits)
        {
            read.difference.drop_equal(content, change.base, hash);
            if read.difference.len() < read.beginnings.entries() {
                return read;
            }
        }
        Self::whole(content, hash)
    }

    /// Reads a tree on its own.
    pub(crate) fn whole(content: &[u8], hash: gix::hash::Kind) -> Self {
        let mut begins = Vec::with_capacity(content.len() / 32 + 2);
        let mut damage = None;
        let mut at = 0;
        while at < content.len() {
            begins.push(narrow(at));
            let Some((_, length)) = trees::entry_at(content, at, hash) else {
                begins.pop();
                damage = Some(trees::damaged_at(at));
                break;
            };
            at += length;
        }
        let added = begins.clone();
        begins.push(narrow(at));
        Self {
            beginnings: Beginnings(begins),
            difference: Difference {
                added,
                removed: Vec::new(),
                is_change: false,
            },
            damage,
        }
    }

    /// Reads a tree as a change; nothing when its edits copy in another order than that of the base.
    fn as_change(
        content: &[u8],
        hash: gix::hash::Kind,
        base: &Beginnings,
        edits: &[Edit],
    ) -> Option<Self> {
        let mut begins: Vec<u32> = Vec::with_capacity(base.0.len() + 4);
        let mut difference = Difference {
            is_change: true,
            ..Difference::default()
        };
        let mut edits = edits.iter().peekable();
        let mut damage = None;
        // The place in the list of the base's beginnings up to which everything was taken over or removed.
        let mut next = 0;
        let mut at = 0;
        while at < content.len() {
            while edits.next_if(|edit| end_of(edit) <= at).is_some() {}
            let copied = edits.peek().and_then(|edit| base.copied(edit, at));
            if let Some((first, last)) = copied {
                if first < next {
                    return None;
                }
                difference
                    .removed
                    .extend_from_slice(base.0.get(next..first)?);
                let taken = base.0.get(first..last)?;
                let start = taken.first().copied()?;
                begins.extend(taken.iter().map(|begin| begin - start + narrow(at)));
                at += (base.0.get(last)? - start) as usize;
                next = last;
                continue;
            }
            begins.push(narrow(at));
            let Some((_, length)) = trees::entry_at(content, at, hash) else {
                begins.pop();
                damage = Some(trees::damaged_at(at));
                break;
            };
            difference.added.push(narrow(at));
            at += length;
        }
        let entries = base.0.len().saturating_sub(1);
        difference
            .removed
            .extend_from_slice(base.0.get(next..entries)?);
        begins.push(narrow(at));
        Some(Self {
            beginnings: Beginnings(begins),
            difference,
            damage,
        })
    }
}

impl Beginnings {
    /// The whole entries that `edit` copies to the place `at` and after it: the number of the first one, and of the one
    /// behind the last.
    fn copied(&self, edit: &Edit, at: usize) -> Option<(usize, usize)> {
        let &Edit::Copy { from, to, len } = edit else {
            return None;
        };
        let start = u32::try_from(from + at.checked_sub(to)?).ok()?;
        let end = u32::try_from(from + len).ok()?;
        let first = self.0.binary_search(&start).ok()?;
        let last = self
            .0
            .partition_point(|&begin| begin <= end)
            .checked_sub(1)?;
        (last > first).then_some((first, last))
    }

    /// How many entries there are.
    fn entries(&self) -> usize {
        self.0.len().saturating_sub(1)
    }
}

impl Difference {
    /// How many entries make the difference.
    fn len(&self) -> usize {
        self.added.len() + self.removed.len()
    }

    /// Drops what is the same on both sides: a delta cuts anywhere, so an entry can be new only in part of its bytes, and
    /// of those not in any that counts.
    fn drop_equal(&mut self, content: &[u8], base: &[u8], hash: gix::hash::Kind) {
        if self.added.is_empty() || self.removed.is_empty() {
            return;
        }
        let raw = |data, at: u32| {
            let (entry, length) = trees::entry_at(data, at as usize, hash)?;
            let bytes: &[u8] = data.get(at as usize..)?.get(..length)?;
            Some((entry.name, bytes))
        };
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        let mut new = self.added.iter().copied().peekable();
        let mut old = self.removed.iter().copied().peekable();
        while let (Some(&there), Some(&here)) = (new.peek(), old.peek()) {
            let order = match (raw(content, there), raw(base, here)) {
                (Some(there), Some(here)) if there == here => {
                    new.next();
                    old.next();
                    continue;
                }
                (Some((there, _)), Some((here, _))) => there.cmp(here),
                (None, _) => Ordering::Less,
                (_, None) => Ordering::Greater,
            };
            if order != Ordering::Greater {
                added.extend(new.next());
            }
            if order != Ordering::Less {
                removed.extend(old.next());
            }
        }
        added.extend(new);
        removed.extend(old);
        (self.added, self.removed) = (added, removed);
    }
}

/// The entries at these places.
pub(crate) fn entries<'a>(
    data: &'a [u8],
    places: &[u32],
    hash: gix::hash::Kind,
) -> impl Iterator<Item = TreeEntry<'a>> {
    places
        .iter()
        .filter_map(move |&at| Some(trees::entry_at(data, at as usize, hash)?.0))
}

/// LIMIT: a tree is smaller than 4 GiB, as [`Limits::max_object_bytes`](leakward_core::Limits) sees to.
fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Where in the result an edit ends.
fn end_of(edit: &Edit) -> usize {
    match *edit {
        Edit::Copy { to, len, .. } | Edit::Insert { to, len } => to + len,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SHA1: gix::hash::Kind = gix::hash::Kind::Sha1;

    /// A tree with these names; the ids are full of bytes that could be taken for entries.
    fn tree(names: &[u16]) -> Vec<u8> {
        let mut content = Vec::new();
        for name in names {
            let mode = if name % 3 == 0 { "40000" } else { "100644" };
            content.extend_from_slice(format!("{mode} n{name}\0").as_bytes());
            let id = format!("100644 {name:05}\0abcdefghijk").into_bytes();
            content.extend_from_slice(&id[..20]);
        }
        content
    }

    fn changed(base: &[u8], edits: &[Edit], result: &[u8]) -> ReadTree {
        let noted = ReadTree::whole(base, SHA1).beginnings;
        let change = Change {
            note: &noted,
            base,
            edits,
        };
        ReadTree::read(result, SHA1, Some(change), |note| Some(note))
    }

    fn raw(content: &[u8], places: &[u32]) -> Vec<Vec<u8>> {
        let mut all: Vec<Vec<u8>> = places
            .iter()
            .map(|&at| {
                let (_, length) = trees::entry_at(content, at as usize, SHA1).unwrap();
                content[at as usize..at as usize + length].to_vec()
            })
            .collect();
        all.sort();
        all
    }

    /// The slow twin: all entries of the tree, and those of the base less what was removed, and what was added.
    fn agrees(base: &[u8], result: &[u8], read: &ReadTree) {
        let whole = ReadTree::whole(result, SHA1);
        assert_eq!(read.beginnings, whole.beginnings);
        assert_eq!(read.damage.is_some(), whole.damage.is_some());
        let difference = &read.difference;
        let mut made = if difference.is_change {
            raw(base, &ReadTree::whole(base, SHA1).difference.added)
        } else {
            Vec::new()
        };
        for removed in raw(base, &difference.removed) {
            let at = made.iter().position(|entry| *entry == removed);
            made.swap_remove(at.expect("what was removed was there"));
        }
        made.extend(raw(result, &difference.added));
        made.sort();
        assert_eq!(made, raw(result, &whole.difference.added));
    }

    /// Edits at chance, with what they make of `base`.
    fn apply(base: &[u8], steps: &[(bool, usize, usize)], insert: &[u8]) -> (Vec<Edit>, Vec<u8>) {
        let (mut edits, mut result) = (Vec::new(), Vec::new());
        for &(copies, from, len) in steps {
            let source = if copies { base } else { insert };
            let from = from % (source.len() + 1);
            let len = len.min(source.len() - from);
            if len > 0 {
                let to = result.len();
                edits.push(if copies {
                    Edit::Copy { from, to, len }
                } else {
                    Edit::Insert { to, len }
                });
                result.extend_from_slice(&source[from..from + len]);
            }
        }
        (edits, result)
    }

    proptest! {
        #[test]
        fn a_tree_is_its_base_less_what_was_removed_and_what_was_added(
            names in proptest::collection::vec(0_u16..999, 0..120),
            others in proptest::collection::vec(0_u16..999, 0..5),
            steps in proptest::collection::vec((proptest::bool::weighted(0.7), 0_usize..5000, 1_usize..4000), 1..8),
        ) {
            let base = tree(&names);
            let (edits, result) = apply(&base, &steps, &tree(&others));
            agrees(&base, &result, &changed(&base, &edits, &result));
        }

        #[test]
        fn of_a_tree_with_one_other_entry_that_entry_is_the_difference(
            names in proptest::collection::btree_set(0_u16..999, 3..200),
            at in any::<proptest::sample::Index>(),
            cut in 0_usize..20,
        ) {
            let names: Vec<u16> = names.into_iter().collect();
            let at = at.index(names.len());
            let base = tree(&names);
            let (before, replaced) = (tree(&names[..at]).len(), tree(&names[at..=at]).len());
            // Another id behind the same name, and the delta cuts somewhere in the entry.
            let mut new = tree(&names[at..=at]);
            let end = new.len();
            new[end - 20..].fill(b'#');
            let start = end - 20 - cut.min(end - 20);
            let steps = [(true, 0, before + start), (false, start, end), (true, before + replaced, base.len())];
            let (edits, result) = apply(&base, &steps, &new);
            let read = changed(&base, &edits, &result);
            agrees(&base, &result, &read);
            prop_assert_eq!(read.difference, Difference {
                added: vec![u32::try_from(before).unwrap()],
                removed: vec![u32::try_from(before).unwrap()],
                is_change: true,
            });
        }
    }

    #[test]
    fn of_a_damaged_tree_what_stands_before_the_damage_is_read() {
        let mut content = tree(&[3, 1, 6]);
        content.truncate(content.len() - 1);
        let read = ReadTree::whole(&content, SHA1);
        assert_eq!(
            (read.beginnings.entries(), read.damage.is_some()),
            (2, true)
        );
        let edits = [Edit::Copy {
            from: 0,
            to: 0,
            len: content.len(),
        }];
        agrees(
            &tree(&[3, 1, 6]),
            &content,
            &changed(&tree(&[3, 1, 6]), &edits, &content),
        );
    }

    #[test]
    fn a_tree_that_copies_in_another_order_is_read_as_a_whole() {
        let base = tree(&[1, 2, 3, 4]);
        let half = base.len() / 2;
        let (edits, result) = apply(&base, &[(true, half, half), (true, 0, half)], b"");
        let read = changed(&base, &edits, &result);
        assert!(!read.difference.is_change);
        agrees(&base, &result, &read);
    }
}
