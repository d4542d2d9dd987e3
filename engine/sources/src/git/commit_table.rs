//! The commits that were read, in a table: what is kept of each, sorted by id.
//!
//! PERF: a map from ids to commits with a list of parents each took 160 bytes a commit while it was filled and as much again
//! while the history was made from it; this takes 113, once.
//!
//! INVARIANT: after [`CommitTable::sort`] rows are in the order of their ids, each id once.

use gix::ObjectId;
use rayon::slice::ParallelSliceMut as _;

use super::commits::CommitFacts;
use super::fan;

/// Commits by their ids.
#[derive(Debug, Default)]
pub(crate) struct CommitTable {
    rows: Vec<Row>,
    parents: Vec<ObjectId>,
    /// For each value of an id's first two bytes the first row of such an id; one more at the end.
    fan: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    id: ObjectId,
    tree: ObjectId,
    time: i64,
    first_parent: u32,
    parents: u32,
}

/// What is kept of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CommitRow<'t> {
    pub(crate) id: ObjectId,
    pub(crate) tree: ObjectId,
    pub(crate) parents: &'t [ObjectId],
    /// Seconds since 1970, as the committer's clock had it.
    pub(crate) time: i64,
}

/// Makes room for so many more. A table of half a million commits would stand there twice as large as it is if its room were doubled.
fn grow_by_a_fourth<T>(table: &mut Vec<T>, more: usize) {
    if table.capacity() - table.len() < more {
        table.reserve_exact(more.max(table.len() / 4 + 1_024));
    }
}

impl CommitTable {
    /// Adds a commit; the table is to be sorted afterwards.
    pub(crate) fn push(&mut self, id: ObjectId, facts: &CommitFacts) {
        let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        grow_by_a_fourth(&mut self.rows, 1);
        grow_by_a_fourth(&mut self.parents, facts.parents.len());
        self.rows.push(Row {
            id,
            tree: facts.tree,
            time: facts.time,
            first_parent: narrow(self.parents.len()),
            parents: narrow(facts.parents.len()),
        });
        self.parents.extend_from_slice(&facts.parents);
    }

    /// The commits of all these tables; the table is to be sorted afterwards.
    pub(crate) fn joined(tables: impl IntoIterator<Item = Self>) -> Self {
        let mut rest: Vec<Self> = tables.into_iter().collect();
        let mut joined = rest.pop().unwrap_or_default();
        let (rows, parents) = (rest.iter()).fold((0, 0), |(rows, parents), one| {
            (rows + one.rows.len(), parents + one.parents.len())
        });
        joined.rows.reserve_exact(rows);
        joined.parents.reserve_exact(parents);
        for other in rest {
            let first = u32::try_from(joined.parents.len()).unwrap_or(u32::MAX);
            joined.rows.extend(other.rows.into_iter().map(|row| Row {
                first_parent: row.first_parent.saturating_add(first),
                ..row
            }));
            joined.parents.extend(other.parents);
        }
        // They stay until the history is made of them.
        joined.rows.shrink_to_fit();
        joined.parents.shrink_to_fit();
        joined
    }

    /// Makes the commits ready to be found.
    pub(crate) fn sort(&mut self) {
        self.rows.par_sort_unstable_by_key(|row| row.id);
        self.rows.dedup_by_key(|row| row.id);
        self.fan = fan::of(self.rows.iter().map(|row| &row.id));
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The place of a commit in the table.
    pub(crate) fn find(&self, id: &ObjectId) -> Option<usize> {
        let places = fan::places(&self.fan, id)?;
        let first = places.start;
        let rows = self.rows.get(places)?;
        let at = rows.binary_search_by(|row| row.id.cmp(id)).ok()?;
        Some(first + at)
    }

    /// All commits, by their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = CommitRow<'_>> {
        (0..self.len()).filter_map(|place| self.get(place))
    }

    /// The commit at a place.
    pub(crate) fn get(&self, place: usize) -> Option<CommitRow<'_>> {
        let row = self.rows.get(place)?;
        let first = row.first_parent as usize;
        let parents = self.parents.get(first..first + row.parents as usize)?;
        Some(CommitRow {
            id: row.id,
            tree: row.tree,
            parents,
            time: row.time,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn id(number: u16) -> ObjectId {
        // Few first bytes, so that many share a bucket.
        let mut bytes = [0; 20];
        bytes[0] = (number % 3) as u8;
        bytes[19] = (number >> 8) as u8;
        bytes[18] = number as u8;
        ObjectId::Sha1(bytes)
    }

    proptest! {
        #[test]
        fn a_table_made_of_several_says_of_each_commit_what_a_map_says(
            parts in proptest::collection::vec(proptest::collection::vec(any::<u16>(), 0..40), 0..4),
            others in proptest::collection::vec(any::<u16>(), 0..20),
        ) {
            // Equal ids have equal facts, as commits have.
            let facts = |number: u16| CommitFacts {
                tree: id(number.wrapping_mul(7)),
                parents: (0..number % 4).map(|parent| id(parent + number / 2)).collect(),
                time: i64::from(number) - 9,
            };
            let (mut tables, mut map) = (Vec::new(), HashMap::new());
            for part in &parts {
                let mut own = CommitTable::default();
                for &number in part {
                    own.push(id(number), &facts(number));
                    map.insert(id(number), facts(number));
                }
                tables.push(own);
            }
            let mut table = CommitTable::joined(tables);
            table.sort();
            prop_assert_eq!(table.len(), map.len());
            for number in parts.iter().flatten().chain(&others).copied() {
                let row = table.find(&id(number)).and_then(|place| table.get(place));
                let told = row.map(|row| (row.id, CommitFacts { tree: row.tree, parents: row.parents.to_vec(), time: row.time }));
                prop_assert_eq!(told, map.get(&id(number)).map(|facts| (id(number), facts.clone())));
            }
            let ids: Vec<ObjectId> = (0..table.len()).filter_map(|place| Some(table.get(place)?.id)).collect();
            prop_assert!(ids.is_sorted());
        }
    }
}
