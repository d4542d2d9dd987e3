//! The question and the answer.

use std::collections::{HashMap, HashSet};

use bstr::{BString, ByteSlice};
use gix::ObjectId;
use leakward_core::{Skipped, SkippedKind};

use super::authorship::Authorship;
use super::introduced::{Introductions, PathNumber};
use super::reach::{Reached, RefOrder};
use crate::git::commits::{History, Tips};
use crate::git::lookup::Lookup;
use crate::git::tree_index::leads::{Leads, Things};
use crate::git::{Head, HistoryIndex, ObjectKinds, Refs, Repository};

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
        let question = question.without_duplicates();
        if question.is_empty() {
            return Self::default();
        }
        let (tracing, index) = Tracing::start(repository, &question, history);
        let things = Things::of(&index, &question.blobs, &question.names);
        let depth = repository.limits().max_tree_depth;
        tracing.finish(&Leads::to(&index, &things, depth))
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
}

/// The search while it goes on.
struct Tracing<'q> {
    repository: &'q Repository,
    question: &'q Question,
    lookup: Lookup,
    refs: Refs,
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
    ) -> (Self, HistoryIndex) {
        let lookup = Lookup::new(repository);
        let refs = Refs::of(repository);
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
        let mut tips = Tips::with_known(&lookup, &refs.targets(), &index.commits);
        let known = std::mem::take(&mut index.commits);
        let history = History::with_known(repository, &lookup, &tips.commits, &known);
        drop(known);
        if question.things() > 0 {
            let roots = [history.reached_trees(), &tips.trees].concat();
            let (completed, skipped) = index.complete(repository, &roots);
            index = completed;
            answer.skipped.extend(skipped);
        }
        answer.skipped.extend_from_slice(refs.skipped());
        answer.skipped.append(&mut tips.skipped);
        answer.skipped.extend_from_slice(&history.skipped);
        let indirect = refs
            .all()
            .iter()
            .filter(|named| history.number(&named.target).is_none())
            .map(|named| (named.name.clone(), Tips::of(&lookup, &[named.target])))
            .collect();
        let tracing = Self {
            order: history.oldest_first(),
            indirect,
            repository,
            question,
            lookup,
            refs,
            history,
            answer,
        };
        (tracing, index)
    }

    fn finish(mut self, graph: &Leads<'_>) -> Provenance {
        let mut traced = vec![Traced::default(); self.question.things()];
        let mut found = Introductions::find(&self.history, &self.order, graph);
        let in_head = self.in_head(&mut found, graph);
        self.place(&found, graph, &in_head, &mut traced);
        self.place_named_trees(&mut found, graph, &mut traced);
        if found.cut || graph.cut {
            self.answer.skipped.push(Skipped {
                kind: SkippedKind::Limit,
                what: "paths of findings".to_owned(),
                reason: "there are more paths than can be listed".to_owned(),
            });
        }
        self.name_refs(&mut traced, self.brought_by(&found));
        self.name_refs_of_blobs(&mut traced);
        let names = traced.split_off(self.question.blobs.len());
        self.answer.blobs = self.question.blobs.iter().copied().zip(traced).collect();
        self.answer.names = self.question.names.iter().cloned().zip(names).collect();
        self.trace_tags();
        self.read_authorship();
        self.answer
    }

    /// What `HEAD` has where.
    fn in_head(&self, found: &mut Introductions, graph: &Leads<'_>) -> HashSet<(u32, PathNumber)> {
        let head = self.head_tree().and_then(|head| graph.tree(&head));
        head.map(|head| found.contents(graph, head))
            .unwrap_or_default()
            .into_iter()
            .collect()
    }

    /// For each thing the commits that brought it, those that no ref reaches left out.
    fn brought_by(&self, found: &Introductions) -> Vec<Vec<u32>> {
        let mut brought_by = vec![Vec::new(); self.question.things()];
        for ((thing, _), commits) in &found.brought {
            if let Some(list) = brought_by.get_mut(*thing as usize) {
                list.extend(
                    commits
                        .iter()
                        .filter(|&&commit| self.history.is_reached(commit)),
                );
            }
        }
        brought_by
    }

    /// Fills in the places of each thing: those that some ref reaches, or, when there are none, the others.
    fn place(
        &self,
        found: &Introductions,
        graph: &Leads<'_>,
        in_head: &HashSet<(u32, PathNumber)>,
        traced: &mut [Traced],
    ) {
        let mut ranks = vec![0_u32; self.history.len()];
        for (place, &commit) in (0..).zip(&self.order) {
            if let Some(rank) = ranks.get_mut(commit as usize) {
                *rank = place;
            }
        }
        let mut has_reached = vec![false; traced.len()];
        let mut sorted: Vec<(u32, u32, PathNumber, u32)> = Vec::with_capacity(found.brought.len());
        for (&(thing, path), commits) in &found.brought {
            let reached = commits
                .iter()
                .find(|&&commit| self.history.is_reached(commit));
            if let Some(has_reached) = has_reached.get_mut(thing as usize) {
                *has_reached |= reached.is_some();
            }
            if let Some(&first) = reached.or(commits.first()) {
                let rank = ranks.get(first as usize).copied().unwrap_or(u32::MAX);
                sorted.push((thing, rank, path, first));
            }
        }
        sorted.retain(|&(thing, _, _, first)| {
            self.history.is_reached(first) || has_reached.get(thing as usize) == Some(&false)
        });
        sorted.sort_by_cached_key(|&(thing, rank, path, _)| {
            (thing, rank, found.paths.text(path, graph))
        });
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
                path: found.paths.text(path, graph).to_str_lossy().into_owned(),
                commit: self.history.ids.get(first as usize).copied(),
                order: Some(rank),
                in_head: in_head.contains(&(thing, path)),
            });
        }
    }

    /// Fills in the places in trees that a ref names without a commit.
    fn place_named_trees(
        &self,
        found: &mut Introductions,
        graph: &Leads<'_>,
        traced: &mut [Traced],
    ) {
        for (name, tips) in &self.indirect {
            for tree in tips.trees.iter().filter_map(|tree| graph.tree(tree)) {
                for (thing, path) in found.contents(graph, tree) {
                    let Some(traced) = traced.get_mut(thing as usize) else {
                        continue;
                    };
                    traced.reach(name);
                    if !found.brought.contains_key(&(thing, path)) {
                        traced.places.push(Place {
                            path: found.paths.text(path, graph).to_str_lossy().into_owned(),
                            commit: None,
                            order: None,
                            in_head: false,
                        });
                    }
                }
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

    /// Reads who made the commits and tags that the answer names.
    fn read_authorship(&mut self) {
        let answer = &mut self.answer;
        let of_places = answer
            .blobs
            .values()
            .chain(answer.names.values())
            .flat_map(|traced| &traced.places)
            .filter_map(|place| place.commit);
        let mut wanted: Vec<ObjectId> = of_places
            .chain(self.question.commits.iter().copied())
            .chain(self.question.tags.iter().copied())
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut buffer = Vec::new();
        for id in wanted {
            match Authorship::read(&self.lookup, &id, &mut buffer) {
                Ok(authorship) => {
                    answer.authorship.insert(id, authorship);
                }
                Err(absent) => answer.skipped.push(absent.told("object", &id)),
            }
        }
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
