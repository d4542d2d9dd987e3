//! The edges of a tree, taken over from the tree that it is stored as a change of.
//!
//! A folder with two thousand files is stored anew whenever one of them changes, as a delta of a few dozen bytes. So
//! of each tree is noted where entries begin (every so often), and where the edges are; a tree that copies a stretch
//! of its base takes over what was noted in it, and only what stands between is decoded.
//!
//! Proof that nothing is lost: entries follow each other without gaps, and where one ends depends on nothing but the
//! bytes since it began. So from a beginning of an entry on, equal bytes are the same entries, up to the last entry that
//! ends within the stretch.
//!
//! PERF: curl's 205,000 trees have over a hundred million entries; decoding all of them took 40 % of the whole pass.

use super::graph::Edge;
use crate::git::lookup::Absent;
use crate::git::trees::{self, TreeEntry};
use crate::visitor::Edit;

/// After so many decoded entries the beginning of the next one is noted.
const ENTRIES_PER_MARK: usize = 12;

/// What is noted of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TreeNote {
    /// Where some of the entries begin, and where the last one ends; growing.
    marks: Vec<usize>,
    /// The edges with the place of their entry; growing.
    edges: Vec<(usize, usize, Edge)>,
}

impl TreeNote {
    /// The edges of the tree.
    pub(super) fn edges(&self) -> impl Iterator<Item = Edge> {
        self.edges.iter().map(|(_, _, edge)| *edge)
    }

    /// Reads a tree. `edges_of` appends the edges that an entry is worth.
    ///
    /// When the tree is damaged, what stands before the damage is noted, and the damage is given back as well.
    pub(crate) fn read(
        content: &[u8],
        hash: gix::hash::Kind,
        change: Option<(&TreeNote, &[Edit])>,
        mut edges_of: impl FnMut(&TreeEntry<'_>, &mut Vec<Edge>),
    ) -> (Self, Option<Absent>) {
        let mut note = Self::default();
        let mut edits = change.map_or(&[][..], |(_, edits)| edits).iter().peekable();
        let mut found = Vec::new();
        let mut at = 0;
        let mut since_mark = ENTRIES_PER_MARK;
        while at < content.len() {
            while edits.next_if(|edit| end_of(edit) <= at).is_some() {}
            if let Some((base, _)) = change
                && let Some(after) = edits.peek().and_then(|edit| note.take_over(base, edit, at))
            {
                at = after;
                since_mark = 0;
                continue;
            }
            if since_mark >= ENTRIES_PER_MARK {
                note.marks.push(at);
                since_mark = 0;
            }
            let Some((entry, length)) = trees::entry_at(content, at, hash) else {
                return (note, Some(trees::damaged_at(at)));
            };
            since_mark += 1;
            edges_of(&entry, &mut found);
            note.edges
                .extend(found.drain(..).map(|edge| (at, at + length, edge)));
            at += length;
        }
        note.marks.push(at);
        (note, None)
    }

    /// Takes over what `base` noted in the stretch that `edit` copies, from `at` on, where an entry begins. Gives back
    /// where to go on, when that is any farther.
    fn take_over(&mut self, base: &TreeNote, edit: &Edit, at: usize) -> Option<usize> {
        let &Edit::Copy { from, to, len } = edit else {
            return None;
        };
        let start = from + at.checked_sub(to)?;
        let first = base.marks.binary_search(&start).ok()?;
        let last = base
            .marks
            .partition_point(|&mark| mark <= from + len)
            .checked_sub(1)?;
        let end = base.marks.get(last).copied().filter(|&end| end > start)?;
        let moved = |place: usize| place - start + at;
        self.marks.extend(
            base.marks
                .get(first..=last)?
                .iter()
                .map(|&mark| moved(mark)),
        );
        self.marks.dedup();
        let first = base.edges.partition_point(|(begin, ..)| *begin < start);
        let edges = base
            .edges
            .get(first..)?
            .iter()
            .take_while(|(_, after, _)| *after <= end);
        self.edges
            .extend(edges.map(|&(begin, after, edge)| (moved(begin), moved(after), edge)));
        Some(moved(end))
    }
}

/// Where in the result an edit ends.
fn end_of(edit: &Edit) -> usize {
    match *edit {
        Edit::Copy { to, len, .. } | Edit::Insert { to, len } => to + len,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::provenance::graph::Target;
    use proptest::prelude::*;

    /// A tree with these names; the ids are full of bytes that could be taken for entries.
    fn tree(names: &[u16]) -> Vec<u8> {
        let mut content = Vec::new();
        for name in names {
            content.extend_from_slice(
                format!(
                    "{} n{name}\0",
                    if name % 3 == 0 { "40000" } else { "100644" }
                )
                .as_bytes(),
            );
            let id = format!("100644 {name:05}\0abcdefghijk").into_bytes();
            content.extend_from_slice(&id[..20]);
        }
        content
    }

    /// Folders are worth an edge each, and some names two.
    fn edges_of(entry: &TreeEntry<'_>, edges: &mut Vec<Edge>) {
        let name = entry
            .name
            .iter()
            .fold(0, |sum: u32, byte| sum * 7 % 99_991 + u32::from(*byte));
        if entry.kind == trees::EntryKind::Tree {
            edges.push(Edge {
                name,
                target: Target::tree(name),
            });
        }
        if name % 10 == 1 {
            edges.extend(
                [Target::thing(1), Target::thing(name)].map(|target| Edge { name, target }),
            );
        }
    }

    fn read(content: &[u8], change: Option<(&TreeNote, &[Edit])>) -> (TreeNote, bool) {
        let (note, damage) = TreeNote::read(content, gix::hash::Kind::Sha1, change, edges_of);
        (note, damage.is_none())
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
        fn a_tree_read_as_a_change_has_the_edges_of_the_tree_read_whole(
            names in proptest::collection::vec(0_u16..999, 0..120),
            others in proptest::collection::vec(0_u16..999, 0..5),
            steps in proptest::collection::vec((proptest::bool::weighted(0.7), 0_usize..5000, 1_usize..4000), 1..8),
        ) {
            let base = tree(&names);
            let (noted, _) = read(&base, None);
            let (edits, result) = apply(&base, &steps, &tree(&others));
            let (slow, slow_ok) = read(&result, None);
            let (fast, fast_ok) = read(&result, Some((&noted, &edits)));
            prop_assert_eq!(&slow.edges, &fast.edges);
            prop_assert_eq!(slow_ok, fast_ok);
        }

        #[test]
        fn replaced_and_added_entries_are_read_and_the_others_taken_over(
            names in proptest::collection::vec(0_u16..999, 1..200),
            at in any::<proptest::sample::Index>(),
            new in 0_u16..999,
        ) {
            let base = tree(&names);
            let (noted, _) = read(&base, None);
            let at = at.index(names.len());
            let (before, replaced) = (tree(&names[..at]).len(), tree(&names[at..=at]).len());
            let steps = [(true, 0, before), (false, 0, 64), (true, before + replaced, base.len())];
            let (edits, result) = apply(&base, &steps, &tree(&[new]));
            let mut decoded = 0;
            let (fast, damage) = TreeNote::read(&result, gix::hash::Kind::Sha1, Some((&noted, &edits)), |entry, edges| {
                decoded += 1;
                edges_of(entry, edges);
            });
            prop_assert!(damage.is_none());
            prop_assert!(decoded <= 2 * ENTRIES_PER_MARK + 1, "{} entries were decoded", decoded);
            prop_assert_eq!(fast.edges, read(&result, None).0.edges);
        }
    }

    #[test]
    fn of_a_damaged_tree_what_stands_before_the_damage_is_noted() {
        let mut content = tree(&[3, 1, 6]);
        content.truncate(content.len() - 1);
        let (note, ok) = read(&content, None);
        assert_eq!((note.edges().count(), ok), (3, false));
    }
}
