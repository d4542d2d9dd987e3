//! The question and the answer.

use std::collections::HashMap;

use bstr::{BString, ByteSlice};
use gix::ObjectId;
use leakward_core::{Skipped, SkippedKind};
use rayon::iter::{
    IndexedParallelIterator as _, IntoParallelRefIterator as _, ParallelIterator as _,
};

use super::authorship::Authorship;
use super::chronicle::Chronicle;
use super::origins::Origins;
use super::reach::{Reached, RefOrder};
use super::since::Comparing;
use crate::git::commits::{History, Tips};
use crate::git::lookup::Lookup;
use crate::git::tree_index::leads::{Leads, Things, Ways};
use crate::git::{Covered, Head, HistoryIndex, ObjectKinds, Refs, Repository};
use crate::workers::Workers;

/// LIMIT: missing objects that are traced for the next answer's sake.
const MISSING_TO_TRACE: usize = 5_000;

/// PERF: fewer objects are not worth a thread, with caches of its own.
const LOOKED_UP_TOGETHER: usize = 64;

/// What an answer leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leave {
    Nothing,
    /// What the next answer can go on with.
    Chronicle,
}

/// What came to a repository since a [`Chronicle`] was written.
pub struct News<'n> {
    /// What a scan of everything else has met.
    pub covered: &'n Covered,
    /// Whether a blob is new.
    pub is_new: &'n dyn Fn(&ObjectId) -> bool,
}

/// What is asked for. Duplicates do no harm.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Blobs with findings.
    pub blobs: Vec<ObjectId>,
    /// Names of files or folders with findings: the last part of a path.
    pub names: Vec<BString>,
    /// Commits with findings in their message.
    pub commits: Vec<ObjectId>,
    /// Annotated tags with findings in their message.
    pub tags: Vec<ObjectId>,
}

/// A path at which something stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path, with `/` between folders; bytes that are not UTF-8 are replaced.
    pub path: String,
    /// The first commit that had it there; nothing when a ref names the tree without a commit.
    pub commit: Option<ObjectId>,
    /// Place of that commit in an order in which parents come before their children; comparable within one answer.
    pub order: Option<u32>,
    /// Whether `HEAD` still has it there.
    pub in_head: bool,
}

/// Where one thing comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traced {
    /// Its places, the oldest first. Empty when no known commit has it.
    pub places: Vec<Place>,
    /// Places beyond the limit.
    pub more_places: u64,
    /// Whether some ref reaches it.
    pub reachable: bool,
    /// Names of refs that reach it, without `refs/heads/` and the like, the shortest first; a handful.
    pub refs: Vec<String>,
    /// Refs that reach it beyond those.
    pub more_refs: u64,
}

/// The answer.
#[derive(Clone, Debug, Default)]
pub struct Provenance {
    blobs: HashMap<ObjectId, Traced>,
    names: HashMap<BString, Traced>,
    commits: HashMap<ObjectId, Traced>,
    tags: HashMap<ObjectId, Traced>,
    authorship: HashMap<ObjectId, Authorship>,
    skipped: Vec<Skipped>,
}

impl Provenance {
    /// Answers `question`, in the current Rayon pool. What is known of the history need not be read again.
    #[must_use]
    pub fn of(
        repository: &Repository,
        question: &Question,
        history: Option<Box<HistoryIndex>>,
    ) -> Self {
        Self::answering(repository, question, history, Leave::Nothing).0
    }

    /// The same, with what the next one can go on with; none when something is missing or is too much.
    #[must_use]
    pub fn with_chronicle(
        repository: &Repository,
        question: &Question,
        history: Option<Box<HistoryIndex>>,
    ) -> (Self, Option<Chronicle>) {
        Self::answering(repository, question, history, Leave::Chronicle)
    }

    fn answering(
        repository: &Repository,
        question: &Question,
        history: Option<Box<HistoryIndex>>,
        leave: Leave,
    ) -> (Self, Option<Chronicle>) {
        let asked = question.without_duplicates();
        if asked.is_empty() {
            return (Self::default(), None);
        }
        let (tracing, mut index, ahead) = Tracing::start(repository, &asked, history, leave);
        // What trees refer to and is not here yet would come unnoticed.
        let hash = tracing.lookup.hash();
        let can_leave = asked.can_leave(leave) && tracing.misses_nothing();
        let trees = &tracing.history.trees;
        let missing = (can_leave.then(|| index.missing(trees, MISSING_TO_TRACE, hash))).flatten();
        let question = asked.with_blobs(missing.iter().flatten().copied());
        let ways = match ahead {
            Some(ahead) if ahead.blobs == question.blobs => ahead.ways,
            _ => Ahead::of(repository, &index, &question).ways,
        };
        index.forget_trees();
        let leads = Leads::along(&index, ways);
        let origins = Origins::of(&tracing.history, &tracing.order, &leads, &tracing.roots());
        let chronicle = (missing.is_some() && !origins.cut).then(|| {
            let boundary = repository.shallow_boundary();
            let (history, order) = (&tracing.history, &tracing.order);
            Chronicle::of((history, order), &question.blobs, &origins, boundary)
        });
        let origins = origins.only(|thing| asked.number_in(&question, thing));
        (tracing.finish(&origins), chronicle)
    }

    /// Goes on from what an earlier one has left, with what came since. None when that is not enough to be sure of the answer:
    /// then everything has to be looked at.
    ///
    /// Who made the commits is left for [`Provenance::read_authorship`].
    #[must_use]
    pub fn going_on(
        repository: &Repository,
        question: &Question,
        mut chronicle: Chronicle,
        news: &News<'_>,
    ) -> Option<(Self, Chronicle)> {
        let question = question.without_duplicates();
        if !question.names.is_empty() {
            return None;
        }
        let lookup = Lookup::new(repository);
        chronicle.go_on(repository, &lookup, &question, news)?;
        let refs = repository.refs();
        let mut history = chronicle.take_history();
        let tips = Tips::with_known(&lookup, &refs.targets(), |id| history.number(id).is_some());
        history.reach(&tips.commits)?;
        if !tips.skipped.is_empty() {
            return None;
        }
        let tracing = Tracing::of(repository, &question, lookup, refs, history);
        let roots = tracing.roots();
        let comparing = Comparing::new(repository, &tracing.lookup);
        let origins = chronicle.origins(comparing, &question, &tracing.order, &roots)?;
        let (answer, history) = tracing.answered(&origins);
        chronicle.give_back(history);
        Some((answer, chronicle))
    }

    /// Reads who made the commits and tags that were asked for, and the commits of places of these blobs.
    pub fn read_authorship(&mut self, repository: &Repository, wanted: impl Fn(&ObjectId) -> bool) {
        let blobs = self.blobs.iter().filter(|(id, _)| wanted(id));
        let of_places = blobs
            .map(|(_, traced)| traced)
            .chain(self.names.values())
            .flat_map(|traced| &traced.places)
            .filter_map(|place| place.commit);
        let asked = self.commits.keys().chain(self.tags.keys()).copied();
        let mut wanted: Vec<ObjectId> = of_places.chain(asked).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let workers = Workers::new(|| (Lookup::new(repository), Vec::new()));
        let read: Vec<_> = wanted
            .par_iter()
            .with_min_len(LOOKED_UP_TOGETHER)
            .map(|id| {
                let (lookup, buffer) = &mut *workers.borrow();
                (*id, Authorship::read(lookup, id, buffer))
            })
            .collect();
        for (id, read) in read {
            match read {
                Ok(authorship) => {
                    self.authorship.insert(id, authorship);
                }
                Err(absent) => self.skipped.push(absent.told("object", &id)),
            }
        }
    }

    /// Whether it knows of everything that is asked for.
    #[must_use]
    pub fn answers(&self, question: &Question) -> bool {
        question.blobs.iter().all(|id| self.blobs.contains_key(id))
            && question
                .names
                .iter()
                .all(|name| self.names.contains_key(name))
            && (question.commits.iter()).all(|id| self.commits.contains_key(id))
            && question.tags.iter().all(|id| self.tags.contains_key(id))
    }

    /// Where a blob comes from.
    #[must_use]
    pub fn blob(&self, id: &ObjectId) -> Option<&Traced> {
        self.blobs.get(id)
    }

    /// Where files or folders of this name come from.
    #[must_use]
    pub fn name(&self, name: &[u8]) -> Option<&Traced> {
        self.names.get(name.as_bstr())
    }

    /// Which refs reach a commit. It has no places.
    #[must_use]
    pub fn commit(&self, id: &ObjectId) -> Option<&Traced> {
        self.commits.get(id)
    }

    /// Which refs lead to an annotated tag. It has no places.
    #[must_use]
    pub fn tag(&self, id: &ObjectId) -> Option<&Traced> {
        self.tags.get(id)
    }

    /// Who made a commit or a tag that was asked for, or the commit of a place.
    #[must_use]
    pub fn authorship(&self, id: &ObjectId) -> Option<&Authorship> {
        self.authorship.get(id)
    }

    /// What could not be read on the way, so that places may be missing.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }
}

impl Traced {
    /// Notes a ref that leads to it without a commit.
    fn reach(&mut self, name: &str) {
        self.reachable = true;
        self.refs.push(name.to_owned());
    }
}

impl Question {
    fn is_empty(&self) -> bool {
        self.blobs.is_empty()
            && self.names.is_empty()
            && self.commits.is_empty()
            && self.tags.is_empty()
    }

    fn without_duplicates(&self) -> Self {
        let mut question = self.clone();
        question.names.sort_unstable();
        question.names.dedup();
        for ids in [
            &mut question.blobs,
            &mut question.commits,
            &mut question.tags,
        ] {
            ids.sort_unstable();
            ids.dedup();
        }
        question
    }

    fn things(&self) -> usize {
        self.blobs.len() + self.names.len()
    }

    /// Whether the answer may leave something for the next one to go on with.
    fn can_leave(&self, leave: Leave) -> bool {
        leave == Leave::Chronicle && !self.blobs.is_empty() && self.names.is_empty()
    }

    /// The same with these blobs, too.
    fn with_blobs(&self, blobs: impl Iterator<Item = ObjectId>) -> Self {
        let mut question = self.clone();
        question.blobs.extend(blobs);
        question.without_duplicates()
    }

    /// The number here of what is a thing of a question that asks for more blobs.
    fn number_in(&self, larger: &Self, thing: u32) -> Option<u32> {
        let thing = thing as usize;
        match larger.blobs.get(thing) {
            Some(blob) => self.blobs.binary_search(blob).ok(),
            None => Some(thing - larger.blobs.len() + self.blobs.len()),
        }
        .and_then(|number| u32::try_from(number).ok())
    }
}

/// Trees whose contents are asked for.
pub(super) struct Roots {
    pub(super) head: Option<ObjectId>,
    /// With the number of the ref that names them.
    pub(super) named: Vec<(usize, ObjectId)>,
}

/// What was found out before all was known that is asked for.
struct Ahead {
    /// The blobs that it was found out for.
    blobs: Vec<ObjectId>,
    ways: Ways,
}

impl Ahead {
    fn of(repository: &Repository, index: &HistoryIndex, question: &Question) -> Self {
        let things = Things::of(index, &question.blobs, &question.names);
        Self {
            blobs: question.blobs.clone(),
            ways: Ways::to(index, &things, repository.limits().max_tree_depth),
        }
    }
}

/// The search while it goes on.
struct Tracing<'q> {
    repository: &'q Repository,
    question: &'q Question,
    lookup: Lookup,
    refs: &'q Refs,
    /// All commits, those that refs reach first.
    history: History,
    order: Vec<u32>,
    /// Refs that do not name a commit directly, and what they lead to.
    indirect: Vec<(String, Tips)>,
    answer: Provenance,
}

impl<'q> Tracing<'q> {
    /// Reads everything that the answer needs.
    fn start(
        repository: &'q Repository,
        question: &'q Question,
        history: Option<Box<HistoryIndex>>,
        leave: Leave,
    ) -> (Self, HistoryIndex, Option<Ahead>) {
        let lookup = Lookup::new(repository);
        let refs = repository.refs();
        let mut answer = Provenance::default();
        let mut index = history.map_or_else(
            || {
                let kinds = if question.things() == 0 {
                    ObjectKinds::COMMITS
                } else {
                    ObjectKinds::COMMITS.and(ObjectKinds::NAMES)
                };
                let (index, skipped) = HistoryIndex::read(repository, kinds);
                answer.skipped.extend(skipped);
                index
            },
            |index| *index,
        );
        let mut tips = Tips::with_known(&lookup, &refs.targets(), |id| {
            index.commits.find(id).is_some()
        });
        let known = std::mem::take(&mut index.commits);
        // One after the other: beside each other they took some hundredths of a second less, and the table of commits stood in memory together
        // with the notes about trees.
        let history =
            History::with_known(repository, &Lookup::new(repository), &tips.commits, &known);
        drop(known);
        // What it finds is of no use when there are trees that the index does not have; that is seldom.
        let hash = lookup.hash();
        let missing = question
            .can_leave(leave)
            .then(|| index.missing(&[], MISSING_TO_TRACE, hash));
        let expected = question.with_blobs(missing.flatten().into_iter().flatten());
        let ahead = Ahead::of(repository, &index, &expected);
        let mut is_complete = true;
        if question.things() > 0 {
            let trees = history.reached().map(|(_, tree)| tree);
            let roots: Vec<ObjectId> = trees.chain(tips.trees.iter().copied()).collect();
            let trees = index.trees();
            let (completed, skipped) = index.complete(repository, &roots, &ahead.ways.read);
            index = completed;
            answer.skipped.extend(skipped);
            is_complete = index.trees() == trees;
        }
        answer.skipped.append(&mut tips.skipped);
        let mut tracing = Self::of(repository, question, lookup, refs, history);
        answer.skipped.append(&mut tracing.answer.skipped);
        tracing.answer = answer;
        (tracing, index, is_complete.then_some(ahead))
    }

    /// With a history that is there already.
    fn of(
        repository: &'q Repository,
        question: &'q Question,
        lookup: Lookup,
        refs: &'q Refs,
        history: History,
    ) -> Self {
        let indirect = refs
            .all()
            .iter()
            .filter(|named| history.number(&named.target).is_none())
            .map(|named| (named.name.clone(), Tips::of(&lookup, &[named.target])))
            .collect();
        let mut answer = Provenance::default();
        answer.skipped.extend_from_slice(refs.skipped());
        answer.skipped.extend_from_slice(&history.skipped);
        Self {
            order: history.oldest_first(),
            indirect,
            repository,
            question,
            lookup,
            refs,
            history,
            answer,
        }
    }

    /// Whether everything that was to be read could be.
    fn misses_nothing(&self) -> bool {
        self.answer.skipped.is_empty() && !self.history.has_gaps
    }

    /// The trees whose contents are asked for: `HEAD`'s, and those that a ref names without a commit.
    fn roots(&self) -> Roots {
        let of_ref = |(number, (_, tips)): (usize, &(String, Tips))| {
            let trees = tips.trees.iter();
            trees.map(|tree| (number, *tree)).collect::<Vec<_>>()
        };
        Roots {
            head: self.head_tree(),
            named: self.indirect.iter().enumerate().flat_map(of_ref).collect(),
        }
    }

    /// The answer, with who made the commits.
    fn finish(self, origins: &Origins) -> Provenance {
        let repository = self.repository;
        let (mut answer, _) = self.answered(origins);
        answer.read_authorship(repository, |_| true);
        answer
    }

    /// The answer, and the history it came from.
    fn answered(mut self, origins: &Origins) -> (Provenance, History) {
        let mut traced = vec![Traced::default(); self.question.things()];
        self.place(origins, &mut traced);
        self.place_named_trees(origins, &mut traced);
        if origins.cut {
            self.answer.skipped.push(Skipped {
                kind: SkippedKind::Limit,
                what: "paths of findings".to_owned(),
                reason: "there are more paths than can be listed".to_owned(),
            });
        }
        self.name_refs(&mut traced, self.brought_by(origins));
        self.name_refs_of_blobs(&mut traced);
        let names = traced.split_off(self.question.blobs.len());
        self.answer.blobs = self.question.blobs.iter().copied().zip(traced).collect();
        self.answer.names = self.question.names.iter().cloned().zip(names).collect();
        self.trace_tags();
        (self.answer, self.history)
    }

    /// For each thing the commits that brought it, those that no ref reaches left out.
    fn brought_by(&self, origins: &Origins) -> Vec<Vec<u32>> {
        let mut brought_by = vec![Vec::new(); self.question.things()];
        for brought in &origins.brought {
            if let Some(list) = brought_by.get_mut(brought.thing as usize) {
                let commits = brought.commits.iter().copied();
                list.extend(commits.filter(|&commit| self.history.is_reached(commit)));
            }
        }
        for list in &mut brought_by {
            list.sort_unstable();
            list.dedup();
        }
        brought_by
    }

    /// Fills in the places of each thing: those that some ref reaches, or, when there are none, the others.
    fn place(&self, origins: &Origins, traced: &mut [Traced]) {
        let mut ranks = vec![0_u32; self.history.len()];
        for (place, &commit) in (0..).zip(&self.order) {
            if let Some(rank) = ranks.get_mut(commit as usize) {
                *rank = place;
            }
        }
        let mut has_reached = vec![false; traced.len()];
        let mut sorted: Vec<(u32, u32, u32, u32)> = Vec::with_capacity(origins.brought.len());
        for brought in &origins.brought {
            let mut reached = brought.commits.iter();
            let reached = reached.find(|&&commit| self.history.is_reached(commit));
            if let Some(has_reached) = has_reached.get_mut(brought.thing as usize) {
                *has_reached |= reached.is_some();
            }
            if let Some(&first) = reached.or(brought.commits.first()) {
                let rank = ranks.get(first as usize).copied().unwrap_or(u32::MAX);
                sorted.push((brought.thing, rank, brought.path, first));
            }
        }
        sorted.retain(|&(thing, _, _, first)| {
            self.history.is_reached(first) || has_reached.get(thing as usize) == Some(&false)
        });
        sorted.sort_by_key(|&(thing, rank, path, _)| (thing, rank, origins.path(path)));
        let limit = self.repository.limits().max_locations_per_finding;
        for (thing, rank, path, first) in sorted {
            let Some(traced) = traced.get_mut(thing as usize) else {
                continue;
            };
            if traced.places.len() >= limit {
                traced.more_places += 1;
                continue;
            }
            traced.places.push(Place {
                path: origins.path(path).to_str_lossy().into_owned(),
                commit: self.history.ids.get(first as usize).copied(),
                order: Some(rank),
                in_head: origins.in_head.contains(&(thing, path)),
            });
        }
    }

    /// Fills in the places in trees that a ref names without a commit.
    fn place_named_trees(&self, origins: &Origins, traced: &mut [Traced]) {
        for &(number, thing, path) in &origins.named {
            let name = self.indirect.get(number).map(|(name, _)| name);
            let Some((traced, name)) = traced.get_mut(thing as usize).zip(name) else {
                continue;
            };
            traced.reach(name);
            if !origins.is_brought(thing, path) {
                traced.places.push(Place {
                    path: origins.path(path).to_str_lossy().into_owned(),
                    commit: None,
                    order: None,
                    in_head: false,
                });
            }
        }
    }

    /// Fills in the refs that name a blob directly.
    fn name_refs_of_blobs(&self, traced: &mut [Traced]) {
        for (name, tips) in &self.indirect {
            for blob in &tips.blobs {
                if let Ok(at) = self.question.blobs.binary_search(blob)
                    && let Some(traced) = traced.get_mut(at)
                {
                    traced.reach(name);
                }
            }
        }
    }

    /// Fills in which refs reach the things and the commits that were asked for.
    fn name_refs(&mut self, traced: &mut [Traced], mut questions: Vec<Vec<u32>>) {
        let things = questions.len();
        questions.extend(
            self.question
                .commits
                .iter()
                .map(|commit| self.reached_number(commit).into_iter().collect()),
        );
        let refs = RefOrder::of(self.refs.all(), &self.history, &self.lookup);
        let mut answers = refs.reaching(&self.history, &self.order, &questions);
        let of_commits = answers.split_off(things);
        let reachable =
            |reached: &Reached, commits: &[u32]| !commits.is_empty() || !reached.names.is_empty();
        for ((traced, reached), commits) in traced.iter_mut().zip(answers).zip(&questions) {
            traced.reachable |= reachable(&reached, commits);
            traced.refs.splice(0..0, reached.names);
            traced.more_refs += reached.more;
        }
        let commits = questions.get(things..).unwrap_or_default();
        for ((id, reached), commits) in self.question.commits.iter().zip(of_commits).zip(commits) {
            let traced = Traced {
                reachable: reachable(&reached, commits),
                refs: reached.names,
                more_refs: reached.more,
                ..Traced::default()
            };
            self.answer.commits.insert(*id, traced);
        }
    }

    /// Fills in which refs lead to the tags that were asked for.
    fn trace_tags(&mut self) {
        let mut reached: HashMap<ObjectId, Reached> = self
            .question
            .tags
            .iter()
            .map(|tag| (*tag, Reached::default()))
            .collect();
        for (name, tips) in &self.indirect {
            for tag in &tips.tags {
                if let Some(reached) = reached.get_mut(tag) {
                    reached.add(name);
                }
            }
        }
        self.answer.tags = reached
            .into_iter()
            .map(|(tag, reached)| {
                let traced = Traced {
                    reachable: !reached.names.is_empty(),
                    refs: reached.names,
                    more_refs: reached.more,
                    ..Traced::default()
                };
                (tag, traced)
            })
            .collect();
    }

    /// The number of a commit, when some ref reaches it.
    fn reached_number(&self, commit: &ObjectId) -> Option<u32> {
        self.history
            .number(commit)
            .filter(|&number| self.history.is_reached(number))
    }

    fn head_tree(&self) -> Option<ObjectId> {
        let Head::Commit(commit) = self.repository.head() else {
            return None;
        };
        let number = self.history.number(&commit)?;
        self.history.trees.get(number as usize).copied()
    }
}
