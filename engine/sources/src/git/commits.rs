//! The commits that some tips reach, as a graph in memory.
//!
//! Each commit is decoded once; only its tree, parents and committer date are kept. A parent that is not there (beyond a
//! shallow boundary, or lost) ends the history there: it is told, and its children become roots.
//!
//! The commit-graph file is not used on purpose: whoever made the repository could have written another history
//! into it than the one that the commits tell. To be sure of what it says the commits would have to be read, and then it saves nothing: a
//! scan of everything reads them anyway for their messages, the next one knows them ([`Chronicle`](super::Chronicle)), and a range is short.

use std::cmp::Ordering;
use std::collections::HashSet;

use gix::ObjectId;
use gix::objs::Kind;
use leakward_core::Skipped;
use rayon::slice::ParallelSliceMut as _;

use super::Repository;
use super::commit_table::{CommitRow, CommitTable};
use super::fan;
use super::lookup::{Absent, Lookup};

/// What is kept of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommitFacts {
    pub(crate) tree: ObjectId,
    pub(crate) parents: Vec<ObjectId>,
    /// Seconds since 1970, as the committer's clock had it.
    pub(crate) time: i64,
}

impl CommitFacts {
    /// Reads the header lines of a commit; nothing when there is no tree in it.
    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let mut lines = data.split(|&byte| byte == b'\n');
        let tree = ObjectId::from_hex(lines.next()?.strip_prefix(b"tree ")?).ok()?;
        let mut facts = Self {
            tree,
            parents: Vec::new(),
            time: 0,
        };
        for line in lines {
            if let Some(hex) = line.strip_prefix(b"parent ") {
                facts.parents.push(ObjectId::from_hex(hex).ok()?);
            } else if let Some(signature) = line.strip_prefix(b"committer ") {
                facts.time = seconds_in(signature).unwrap_or(0);
                break;
            } else if line.is_empty() {
                break;
            }
        }
        Some(facts)
    }
}

/// The seconds in `Name <mail> 1234567890 +0100`.
fn seconds_in(signature: &[u8]) -> Option<i64> {
    let after = signature.rsplit(|&byte| byte == b'>').next()?;
    let digits = std::str::from_utf8(after)
        .ok()?
        .split_ascii_whitespace()
        .next()?;
    digits.parse().ok()
}

/// What the tips of a history lead to, tags followed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tips {
    /// Commits.
    pub(crate) commits: Vec<ObjectId>,
    /// Trees that are named directly.
    pub(crate) trees: Vec<ObjectId>,
    /// Blobs that are named directly.
    pub(crate) blobs: Vec<ObjectId>,
    /// Annotated tags on the way.
    pub(crate) tags: Vec<ObjectId>,
    /// What could not be read.
    pub(crate) skipped: Vec<Skipped>,
}

/// Longest chain of tags of tags that is followed.
const MAX_TAG_CHAIN: usize = 100;

impl Tips {
    /// Follows each of `targets`.
    pub(crate) fn of(lookup: &Lookup, targets: &[ObjectId]) -> Self {
        Self::with_known(lookup, targets, |_| false)
    }

    /// The same; what is known to be a commit need not be read.
    pub(crate) fn with_known(
        lookup: &Lookup,
        targets: &[ObjectId],
        is_commit: impl Fn(&ObjectId) -> bool,
    ) -> Self {
        let mut tips = Self::default();
        let mut seen = HashSet::new();
        let mut buffer = Vec::new();
        for &target in targets {
            if is_commit(&target) && seen.insert(target) {
                tips.commits.push(target);
            }
            tips.follow(lookup, target, &mut seen, &mut buffer);
        }
        tips
    }

    fn follow(
        &mut self,
        lookup: &Lookup,
        target: ObjectId,
        seen: &mut HashSet<ObjectId>,
        buffer: &mut Vec<u8>,
    ) {
        let mut id = target;
        for _ in 0..MAX_TAG_CHAIN {
            if !seen.insert(id) {
                return;
            }
            match lookup.any(&id, buffer) {
                Ok((Kind::Commit, _)) => return self.commits.push(id),
                Ok((Kind::Tree, _)) => return self.trees.push(id),
                Ok((Kind::Blob, _)) => return self.blobs.push(id),
                Ok((Kind::Tag, data)) => {
                    self.tags.push(id);
                    match tagged(data) {
                        Some(next) => id = next,
                        None => {
                            return self.skipped.push(
                                Absent::Corrupt("a tag of nothing".to_owned()).told("tag", &id),
                            );
                        }
                    }
                }
                Err(absent) => return self.skipped.push(absent.told("object", &id)),
            }
        }
    }
}

/// What a tag is for.
fn tagged(data: &[u8]) -> Option<ObjectId> {
    let line = data.split(|&byte| byte == b'\n').next()?;
    ObjectId::from_hex(line.strip_prefix(b"object ")?).ok()
}

/// A history: commits with numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) ids: Vec<ObjectId>,
    pub(crate) trees: Vec<ObjectId>,
    pub(crate) times: Vec<i64>,
    /// Parents of commit `n`: `parents[parents_end[n - 1]..parents_end[n]]`.
    parents: Vec<u32>,
    parents_end: Vec<u32>,
    /// The numbers of the commits, sorted by their ids.
    by_id: Vec<u32>,
    /// For each value of an id's first two bytes the first place of such an id in `by_id`; one more at the end. Empty when nobody
    /// counted them.
    fan: Vec<u32>,
    /// By number, whether the tips reach the commit.
    reached: Vec<bool>,
    /// Whether some commit has a parent that is not there, and not because the clone is shallow.
    pub(crate) has_gaps: bool,
    /// Commits that the tips reach and that are not there, and not because the clone is shallow.
    pub(crate) skipped: Vec<Skipped>,
}

/// Where a commit was found.
#[derive(Clone, Copy)]
enum Found {
    /// In the table of those that were known, at this place.
    Known(usize),
    /// In the table of those that had to be read, at this place.
    Read(usize),
}

impl Found {
    fn row<'t>(self, known: &'t CommitTable, read: &'t CommitTable) -> Option<CommitRow<'t>> {
        match self {
            Self::Known(place) => known.get(place),
            Self::Read(place) => read.get(place),
        }
    }
}

/// Which commits were met on the way.
struct Met<'t> {
    known: &'t CommitTable,
    of_known: Vec<bool>,
    others: gix::hashtable::HashSet<ObjectId>,
}

impl<'t> Met<'t> {
    fn of(known: &'t CommitTable) -> Self {
        Self {
            known,
            of_known: vec![false; known.len()],
            others: gix::hashtable::HashSet::default(),
        }
    }

    /// When it is met for the first time, it and its place among the known ones.
    fn first(&mut self, id: ObjectId) -> Option<(ObjectId, Option<usize>)> {
        let place = self.known.find(&id);
        let is_new = match place.and_then(|at| self.of_known.get_mut(at)) {
            Some(is_met) => !std::mem::replace(is_met, true),
            None => self.others.insert(id),
        };
        is_new.then_some((id, place))
    }

    /// The places of those known ones that were not met, by their ids.
    fn others(&self) -> impl Iterator<Item = usize> {
        let places = self.of_known.iter().enumerate();
        places
            .filter(|(_, is_met)| !**is_met)
            .map(|(place, _)| place)
    }
}

impl History {
    /// Loads everything that `tips` reach, commit by commit.
    #[cfg(test)]
    pub(crate) fn load(repository: &Repository, lookup: &Lookup, tips: &[ObjectId]) -> Self {
        Self::with_known(repository, lookup, tips, &CommitTable::default())
    }

    /// Everything that `tips` reach, and whatever else is in `known`. What is in `known` need not be read.
    pub(crate) fn with_known(
        repository: &Repository,
        lookup: &Lookup,
        tips: &[ObjectId],
        known: &CommitTable,
    ) -> Self {
        let boundary: HashSet<ObjectId> = repository.shallow_boundary().into_iter().collect();
        let mut met = Met::of(known);
        let mut skipped = Vec::new();
        let mut read_now = CommitTable::default();
        let mut found: Vec<Found> = Vec::with_capacity(known.len());
        let mut tips = tips.to_vec();
        tips.sort_unstable();
        let tips = tips.into_iter();
        let mut pending: Vec<_> = tips.filter_map(|id| met.first(id)).collect();
        let mut buffer = Vec::new();
        while let Some((id, place)) = pending.pop() {
            let next = match place {
                Some(place) => Found::Known(place),
                None => match read(lookup, &id, &boundary, &mut buffer) {
                    Ok(facts) => {
                        read_now.push(id, &facts);
                        Found::Read(read_now.len() - 1)
                    }
                    Err(absent) => {
                        skipped.push(absent.told("commit", &id));
                        continue;
                    }
                },
            };
            if let Some(row) = next.row(known, &read_now) {
                let parents = row.parents.iter().copied();
                let parents = parents.filter(|_| !boundary.contains(&id));
                pending.extend(parents.filter_map(|parent| met.first(parent)));
                found.push(next);
            }
        }
        let reached = vec![true; found.len()];
        found.extend(met.others().map(Found::Known));
        let rows = found.iter().filter_map(|one| one.row(known, &read_now));
        let rows = rows.map(|row| match boundary.contains(&row.id) {
            true => CommitRow {
                parents: &[],
                ..row
            },
            false => row,
        });
        Self {
            reached,
            skipped,
            ..Self::of_rows(&rows, found.len())
        }
    }

    /// The graph of these commits, `most` at most. Parents that are not among them are left out.
    fn of_rows<'t>(rows: &(impl Iterator<Item = CommitRow<'t>> + Clone), most: usize) -> Self {
        let mut history = Self {
            ids: Vec::with_capacity(most),
            trees: Vec::with_capacity(most),
            times: Vec::with_capacity(most),
            parents_end: Vec::with_capacity(most),
            ..Self::default()
        };
        for row in rows.clone() {
            history.ids.push(row.id);
            history.trees.push(row.tree);
            history.times.push(row.time);
        }
        history.index();
        for row in rows.clone() {
            for parent in row.parents {
                match history.number(parent) {
                    Some(number) => history.parents.push(number),
                    None => history.has_gaps = true,
                }
            }
            history.end_parents();
        }
        history
    }

    /// Whether a tip reaches the commit.
    pub(crate) fn is_reached(&self, commit: u32) -> bool {
        self.reached.get(commit as usize) == Some(&true)
    }

    /// The commits that a tip reaches, by their ids and trees.
    pub(crate) fn reached(&self) -> impl Iterator<Item = (ObjectId, ObjectId)> {
        let all = self.ids.iter().zip(&self.trees).zip(&self.reached);
        all.filter(|(_, is_reached)| **is_reached)
            .map(|((id, tree), _)| (*id, *tree))
    }

    /// Finds out what `tips` reach. None when one of them is not in the history.
    pub(crate) fn reach(&mut self, tips: &[ObjectId]) -> Option<()> {
        let mut reached = vec![false; self.len()];
        let mut pending = Vec::new();
        for tip in tips {
            pending.push(self.number(tip)?);
        }
        while let Some(commit) = pending.pop() {
            if let Some(is_reached) = reached.get_mut(commit as usize)
                && !std::mem::replace(is_reached, true)
            {
                pending.extend(self.parents(commit));
            }
        }
        self.reached = reached;
        Some(())
    }

    /// Adds a commit whose parents have these numbers; it is found by its id after [`History::index`].
    pub(crate) fn push(&mut self, id: ObjectId, tree: ObjectId, time: i64, parents: &[u32]) {
        self.ids.push(id);
        self.trees.push(tree);
        self.times.push(time);
        self.parents.extend(parents);
        self.end_parents();
    }

    /// What was added last has all its parents.
    fn end_parents(&mut self) {
        let end = u32::try_from(self.parents.len()).unwrap_or(u32::MAX);
        self.parents_end.push(end);
    }

    /// Makes the commits ready to be found by their ids.
    ///
    /// PERF: a few that are new are put where they belong; sorting 160,000 again takes longer than the rest of a second scan's history.
    pub(crate) fn index(&mut self) {
        let ids = &self.ids;
        let id_of = |number: u32| ids.get(number as usize);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let new = number(self.by_id.len())..number(ids.len());
        if new.len() <= 16 {
            for number in new {
                let before = |&other: &u32| id_of(other) < id_of(number);
                let at = self.by_id.partition_point(before);
                self.by_id.insert(at, number);
                let behind = id_of(number).map_or(0, |id| fan::bucket(id) + 1);
                for start in self.fan.iter_mut().skip(behind) {
                    *start += 1;
                }
            }
        } else {
            self.by_id.extend(new);
            self.by_id
                .par_sort_unstable_by_key(|&number| id_of(number).copied());
            self.fan = fan::of(self.by_id.iter().filter_map(|&number| id_of(number)));
        }
    }

    /// How many commits there are.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The number of a commit.
    pub(crate) fn number(&self, id: &ObjectId) -> Option<u32> {
        let places = fan::places(&self.fan, id).unwrap_or(0..self.by_id.len());
        let numbers = self.by_id.get(places)?;
        let at = numbers.binary_search_by(|&number| {
            let other = self.ids.get(number as usize);
            other.map_or(Ordering::Less, |other| other.cmp(id))
        });
        numbers.get(at.ok()?).copied()
    }

    /// The numbers of a commit's parents.
    pub(crate) fn parents(&self, commit: u32) -> &[u32] {
        let commit = commit as usize;
        let end = |number: usize| self.parents_end.get(number).map_or(0, |&at| at as usize);
        let start = commit.checked_sub(1).map_or(0, end);
        self.parents.get(start..end(commit)).unwrap_or_default()
    }

    /// The commits, every parent before its children, and among those that are free to go the one with the earliest
    /// corrected date first.
    ///
    /// The corrected date is the committer's, or one second after the latest of the parents' when that is later: a
    /// wrong clock must not put a commit before the one it was made from.
    pub(crate) fn oldest_first(&self) -> Vec<u32> {
        // Dates can be as late as there are any, and each edge needs a second more than the one before it.
        let latest = i64::MAX.saturating_sub_unsigned(self.len() as u64);
        let mut corrected: Vec<i64> = self.times.iter().map(|&time| time.min(latest)).collect();
        let mut order: Vec<u32> = self.parents_first();
        for &number in &order {
            let of_parents = self.parents(number).iter();
            let dates = of_parents.filter_map(|&parent| corrected.get(parent as usize).copied());
            let after = dates.max().map(|date| date.saturating_add(1));
            if let Some(date) = corrected.get_mut(number as usize) {
                *date = after.map_or(*date, |after| after.max(*date));
            }
        }
        // Dates grow along every edge now, so that sorting by them keeps parents first; the id makes it the same on
        // every run.
        order.par_sort_unstable_by_key(|&number| {
            let index = number as usize;
            (corrected.get(index).copied(), self.ids.get(index).copied())
        });
        order
    }

    /// The commits, every parent before its children; as they are numbered, if that is such an order.
    fn parents_first(&self) -> Vec<u32> {
        let numbers = 0..u32::try_from(self.len()).unwrap_or(u32::MAX);
        let is_later = |number: u32| self.parents(number).iter().all(|&parent| parent < number);
        if numbers.clone().all(is_later) {
            return numbers.collect();
        }
        let mut waiting: Vec<u32> = vec![0; self.len()];
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); self.len()];
        let mut ready: Vec<u32> = Vec::new();
        for number in numbers {
            let parents = self.parents(number);
            if parents.is_empty() {
                ready.push(number);
            }
            if let Some(count) = waiting.get_mut(number as usize) {
                *count = u32::try_from(parents.len()).unwrap_or(u32::MAX);
            }
            for &parent in parents {
                if let Some(list) = children.get_mut(parent as usize) {
                    list.push(number);
                }
            }
        }
        let mut order: Vec<u32> = Vec::with_capacity(self.len());
        while let Some(number) = ready.pop() {
            order.push(number);
            for &child in children.get(number as usize).into_iter().flatten() {
                if let Some(count) = waiting.get_mut(child as usize) {
                    *count -= 1;
                    if *count == 0 {
                        ready.push(child);
                    }
                }
            }
        }
        order
    }
}

/// Reads one commit; a commit of the shallow boundary has no parents.
pub(crate) fn read(
    lookup: &Lookup,
    id: &ObjectId,
    boundary: &HashSet<ObjectId>,
    buffer: &mut Vec<u8>,
) -> Result<CommitFacts, Absent> {
    let data = lookup.of_kind(Kind::Commit, id, buffer)?;
    let mut facts = CommitFacts::parse(data)
        .ok_or_else(|| Absent::Corrupt("a commit without a tree".to_owned()))?;
    if boundary.contains(id) {
        facts.parents.clear();
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testbed::Testbed;

    #[test]
    fn the_headers_of_a_commit_are_read_and_a_strange_committer_does_not_hurt() {
        let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let good = format!(
            "tree {tree}\nparent {tree}\nauthor A <a> 1 +0\ncommitter A > B <b> -5 +0100\n\ntext"
        );
        let facts = CommitFacts::parse(good.as_bytes()).unwrap();
        assert_eq!((facts.parents.len(), facts.time), (1, -5));
        let strange = format!("tree {tree}\ncommitter nobody\n\nparent {tree}");
        let facts = CommitFacts::parse(strange.as_bytes()).unwrap();
        assert_eq!((facts.parents.len(), facts.time), (0, 0));
        assert_eq!(CommitFacts::parse(b"parent x"), None);
        assert_eq!(CommitFacts::parse(b""), None);
    }

    #[test]
    fn commits_are_found_by_their_ids_however_they_came() {
        let id = |number: u32| {
            let mut bytes = [0; 20];
            bytes[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_be_bytes());
            ObjectId::Sha1(bytes)
        };
        // A few, then many, then a few twice: those are put where they belong.
        let mut history = History::default();
        let mut next = 0;
        for new in [3, 500, 16, 1, 40, 0] {
            for number in next..next + new {
                history.push(id(number), id(0), 0, &[]);
            }
            next += new;
            history.index();
            for number in 0..next + 20 {
                let expected = (number < next).then_some(number);
                assert_eq!(history.number(&id(number)), expected, "{number} of {next}");
            }
        }
    }

    #[test]
    fn a_commit_with_a_wrong_clock_comes_after_its_parents_and_before_later_ones() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        let first = bench.commit_at(1_000_000, &[], "first");
        let early = bench.commit_at(5, &[], "clock in 1970");
        bench.git(&["checkout", "-q", "-b", "other", &first.to_string()]);
        let other = bench.commit_at(1_000_005, &[], "elsewhere");
        let repository = bench.open();
        let history = History::load(&repository, &Lookup::new(&repository), &[early, other]);
        let order: Vec<ObjectId> = history
            .oldest_first()
            .iter()
            .map(|&number| history.ids[number as usize])
            .collect();
        assert_eq!(order, [first, early, other]);
        assert_eq!(
            history.parents(history.number(&early).unwrap()),
            [history.number(&first).unwrap()]
        );
    }

    #[test]
    fn commits_at_the_end_of_time_come_after_their_parents() {
        let id = |byte: u8| ObjectId::Sha1([byte; 20]);
        // By its id alone each would come before its parent.
        let ids = [id(3), id(2), id(1)];
        let row = |number: usize| CommitRow {
            id: ids[number],
            tree: id(9),
            parents: &ids[number.saturating_sub(1)..number],
            time: i64::MAX,
        };
        let history = History::of_rows(&(0..ids.len()).map(row), ids.len());
        assert_eq!(history.oldest_first(), [0, 1, 2]);
    }

    #[test]
    fn commits_are_found_by_their_ids_however_many_are_added_at_a_time() {
        let id = |number: u32| {
            let mut bytes = [7; 20];
            bytes[..4].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_be_bytes());
            ObjectId::Sha1(bytes)
        };
        let mut history = History::default();
        let mut count = 0;
        for more in [3, 100, 1, 16, 17, 0, 5] {
            for number in count..count + more {
                history.push(id(number), id(number), 0, &[]);
            }
            count += more;
            history.index();
            for number in 0..count {
                assert_eq!(history.number(&id(number)), Some(number));
            }
            assert_eq!(history.number(&id(count)), None);
        }
    }

    #[test]
    fn a_shallow_boundary_ends_the_history_without_complaint_and_a_lost_commit_with_one() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        let first = bench.commit(&[("a", "1")], "first");
        bench.commit(&[("a", "2")], "second");
        let last = bench.commit(&[("a", "3")], "third");
        let url = format!("file://{}", bench.root().display());
        bench.git(&["clone", "-q", "--bare", "--depth=2", &url, "../shallow"]);
        let shallow = bed.at("shallow").open();
        let history = History::load(&shallow, &Lookup::new(&shallow), &[last]);
        assert_eq!((history.len(), history.skipped.len()), (2, 0));

        std::fs::remove_file(bench.loose_file(&first)).unwrap();
        let damaged = bench.open();
        let history = History::load(&damaged, &Lookup::new(&damaged), &[last]);
        assert_eq!((history.len(), history.skipped.len()), (2, 1));
        assert!(history.skipped[0].what.contains(&first.to_string()));
    }

    #[test]
    fn tips_are_followed_through_tags_to_whatever_they_are_for() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        let commit = bench.commit(&[("a", "1")], "first");
        bench.git(&["tag", "-a", "one", "-m", "x"]);
        bench.git(&["tag", "-a", "two", "one", "-m", "x"]);
        bench.git(&["tag", "-a", "tree", "HEAD^{tree}", "-m", "x"]);
        bench.git(&["tag", "blob", "HEAD:a"]);
        let repository = bench.open();
        let targets: Vec<ObjectId> = ["two", "tree", "blob"]
            .iter()
            .map(|name| bench.id(name))
            .collect();
        let tips = Tips::of(&Lookup::new(&repository), &targets);
        assert_eq!(tips.commits, [commit]);
        assert_eq!(tips.trees, [bench.id("HEAD^{tree}")]);
        assert_eq!(tips.blobs, [bench.id("HEAD:a")]);
        assert_eq!(tips.tags.len(), 3);
    }
}
