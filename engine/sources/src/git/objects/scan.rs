//! Plans which objects are decoded from where, walks them on all cores, and tells of those that cannot be read.
//!
//! Order: the packs, then the loose objects, then a second try for what is damaged in one place and also stored in
//! another.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gix::ObjectId;
use gix::objs::Kind;
use leakward_core::{Skipped, SkippedKind};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::gaps::Gaps;
use super::kinds::ObjectKinds;
use super::known::{Covered, Known, NothingKnown};
use super::lfs::Lfs;
use super::reader::Reader;
use super::show::Show;
use super::sink::{ObjectSink, Shown};
use super::store::{Store, StoreSize};
use crate::git::loose::{Loose, LooseReader};
use crate::git::pack::chains::chains;
use crate::git::pack::duplicates::Duplicates;
use crate::git::pack::fault::Fault;
use crate::git::pack::file::Pack;
use crate::git::pack::survey::{Surroundings, survey};
use crate::git::pack::walk::{Lost, Plan, Walk};
use crate::git::tree_index::indexing::Indexing;
use crate::git::{GitError, Repository};
use crate::visitor::Visitor;
use crate::workers::Workers;

impl Repository {
    /// How much its packs and loose objects hold.
    #[must_use]
    pub fn store_size(&self) -> StoreSize {
        self.store().size()
    }

    /// Shows every object of the wanted kinds once, reachable or not, and tells what cannot be read. Empty blobs are left
    /// out.
    ///
    /// An object whose header is damaged can look as if it were of another kind. So nothing but all kinds with the names
    /// is sure to miss nothing in a damaged repository without telling. `threads` of 0 are as many as there are cores.
    ///
    /// # Errors
    /// When the threads cannot be started; anything else is told to the visitor.
    pub fn scan_objects<V: Visitor>(
        &self,
        kinds: ObjectKinds,
        visitor: &V,
        threads: usize,
    ) -> Result<(), GitError> {
        self.scan_new_objects(kinds, &NothingKnown, visitor, threads)?;
        Ok(())
    }

    /// The same for those objects that are not known yet. What is known is not shown, wherever it is stored.
    ///
    /// # Errors
    /// When the threads cannot be started; anything else is told to the visitor.
    pub fn scan_new_objects<V: Visitor>(
        &self,
        kinds: ObjectKinds,
        known: &dyn Known,
        visitor: &V,
        threads: usize,
    ) -> Result<Covered, GitError> {
        in_pool(threads, || {
            let store = Arc::new(self.store());
            let size = store.size();
            visitor.expect(size.packed_objects + size.loose_objects, size.packed_bytes);
            let gaps = self.is_partial_clone().then(|| Gaps::new(&store));
            let show = self.show(&store, visitor, gaps);
            let mut covered = Scan::new(self, &store, &show, kinds)
                .but_not(known)
                .run_everything();
            let (gaps, mut index) = show.finish();
            covered.gaps = gaps;
            let all = ObjectKinds::NAMES.and(ObjectKinds::COMMITS);
            if covered.known == 0 && !covered.is_partial && kinds.contains_all(all) {
                covered.index = Some(Box::new(index));
            } else {
                covered.commits = std::mem::take(&mut index.commits);
            }
            covered
        })
    }

    /// The packs with these checksums, and the ids in each, sorted.
    #[must_use]
    pub fn ids_in_packs(&self, checksums: &[ObjectId]) -> Vec<(ObjectId, Vec<ObjectId>)> {
        let store = Store::of_packs(self.object_folders(), self.object_hash(), self.limits());
        let chosen = store
            .packs
            .iter()
            .filter(|pack| checksums.contains(&pack.checksum()));
        chosen
            .map(|pack| {
                let ids = (0..pack.objects()).filter_map(|at| pack.id(at));
                (pack.checksum(), ids.collect())
            })
            .collect()
    }

    /// Shows the blobs with these ids, each once, and tells which of them cannot be read.
    ///
    /// Unlike [`Repository::scan_objects`] this also finds objects in [`Repository::outside_alternates`]: whoever calls it
    /// answers for the ids.
    ///
    /// # Errors
    /// When the threads cannot be started; anything else is told to the visitor.
    pub fn scan_blobs<V: Visitor>(
        &self,
        ids: &[ObjectId],
        visitor: &V,
        threads: usize,
    ) -> Result<(), GitError> {
        in_pool(threads, || {
            let store = Store::of_packs(self.object_folders(), self.object_hash(), self.limits());
            let store = Arc::new(store);
            visitor.expect(ids.len() as u64, 0);
            let show = self.show(&store, visitor, None);
            let scan = Scan::new(self, &store, &show, ObjectKinds::ALL);
            let (plans, loose) = scan.plan(ids);
            scan.run(plans, &loose);
            drop(show.finish());
        })
    }

    /// Those of `ids` that are not in the repository itself, so that only a folder outside of it can hold them.
    #[must_use]
    pub fn not_held(&self, ids: &[ObjectId]) -> Vec<ObjectId> {
        let store = Store::of_packs(self.object_folders(), self.object_hash(), self.limits());
        let held =
            |id: &ObjectId| store.packed(id).next().is_some() || store.loose_folder(id).is_some();
        ids.iter().filter(|id| !held(id)).copied().collect()
    }

    /// Hands every object of the wanted kinds to `sink`, in the current Rayon pool.
    pub(crate) fn collect_objects<S: ObjectSink>(&self, kinds: ObjectKinds, sink: &S) {
        self.collect_from(&self.store(), kinds, sink);
    }

    /// The same from a store that was opened already.
    pub(crate) fn collect_from<S: ObjectSink>(&self, store: &Store, kinds: ObjectKinds, sink: &S) {
        Scan::new(self, store, sink, kinds).run_everything();
    }

    fn show<'v, V: Visitor>(
        &self,
        store: &Arc<Store>,
        visitor: &'v V,
        gaps: Option<Gaps<'v>>,
    ) -> Show<'v, V> {
        Show::new(
            visitor,
            Indexing::new(Arc::clone(store), self.object_hash()),
            Lfs::new(self.common_dir(), store.limits.max_object_bytes),
            gaps,
        )
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(self.object_folders(), self.object_hash(), self.limits())
    }
}

/// In the current Rayon pool, when there is one of this size.
///
/// PERF: memory that a thread has freed serves no other one; with a second pool a scan of rails needed a third more.
fn in_pool<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> Result<R, GitError> {
    let is_in_one = rayon::current_thread_index().is_some();
    if is_in_one && (threads == 0 || threads == rayon::current_num_threads()) {
        return Ok(work());
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| GitError::Threads {
        threads,
        reason: error.to_string(),
    })?;
    Ok(pool.install(work))
}

/// One scan of one store.
struct Scan<'a, S: ObjectSink> {
    repository: &'a Repository,
    store: &'a Store,
    sink: &'a S,
    kinds: ObjectKinds,
    known: &'a dyn Known,
}

impl<'a, S: ObjectSink> Scan<'a, S> {
    fn new(repository: &'a Repository, store: &'a Store, sink: &'a S, kinds: ObjectKinds) -> Self {
        for doubt in &store.doubts {
            sink.tell("files of the object database", doubt.clone());
        }
        Self {
            repository,
            store,
            sink,
            kinds,
            known: &NothingKnown,
        }
    }

    /// Leaves out what is known.
    fn but_not(mut self, known: &'a dyn Known) -> Self {
        self.known = known;
        self
    }

    fn run_everything(self) -> Covered {
        let packs = self.store.packs.iter();
        let (old, new): (Vec<usize>, Vec<usize>) = packs
            .enumerate()
            .map(|(number, _)| number)
            .partition(|&number| self.is_known(number));
        let known = KnownCount::default();
        let (plans, ()) = rayon::join(
            || self.plan_everything(&old, &new, &known),
            || {
                if !new.is_empty() {
                    self.sink.prepare();
                }
            },
        );
        let (store, sink) = (self.store, self.sink);
        let (loose, known_loose): (Vec<Loose>, Vec<Loose>) = store
            .loose
            .iter()
            .partition(|object| !self.known.has(&object.id));
        known.add(known_loose.len() as u64);
        let damaged = self.run(plans, &loose);
        // Who stops does not know where.
        let ended = !sink.stop();
        let checksum = |number: &usize| store.packs.get(*number).map(Pack::checksum);
        let covered = new
            .iter()
            .filter(|number| ended && !damaged.packs.contains(number));
        let new_packs: Vec<ObjectId> = covered.filter_map(checksum).collect();
        Covered {
            packs: old
                .iter()
                .filter_map(checksum)
                .chain(new_packs.iter().copied())
                .collect(),
            new_packs,
            loose: (store.loose.iter().map(|object| object.id))
                .filter(|id| ended && !damaged.loose.contains(id))
                .collect(),
            known: known.count(),
            gaps: Vec::new(),
            index: None,
            commits: crate::git::commit_table::CommitTable::default(),
            is_partial: !ended,
            is_whole: ended && damaged.packs.is_empty() && damaged.loose.is_empty(),
        }
    }

    fn is_known(&self, number: usize) -> bool {
        let pack = self.store.packs.get(number);
        pack.is_some_and(|pack| pack.doubt().is_none() && self.known.has_pack(&pack.checksum()))
    }

    /// Plans for all wanted objects of all packs, and what is lost already.
    fn plan_everything(&self, old: &[usize], new: &[usize], known: &KnownCount) -> Plans<'a> {
        let pack_at = |number: &usize| self.store.packs.get(*number);
        let old: Vec<&Pack> = old.iter().filter_map(pack_at).collect();
        let packs: Vec<&Pack> = new.iter().filter_map(pack_at).collect();
        let objects = |packs: &[&Pack]| packs.iter().map(|pack| u64::from(pack.objects())).sum();
        known.add(objects(&old));
        self.known.expect(objects(&packs));
        let duplicates = Duplicates::among(&packs);
        let reader = Mutex::new(Reader::new(self.store));
        let planned: Vec<_> = packs
            .par_iter()
            .enumerate()
            .map(|(place, pack)| {
                let surroundings = Everything {
                    reader: &reader,
                    duplicates: &duplicates,
                    place,
                    pack,
                    known: self.known,
                    old: &old,
                    count: known,
                    kinds: self.kinds,
                };
                survey(pack, &surroundings)
            })
            .collect();
        let mut plans = Plans::default();
        for (number, planned) in new.iter().zip(planned) {
            self.add_plan(&mut plans, *number, planned);
        }
        // What another pack shows is not lost.
        plans.lost.retain(|lost| {
            let place = new.iter().position(|number| *number == lost.pack);
            !place.is_some_and(|place| duplicates.contains(place, lost.position))
        });
        for plan in &plans.walked {
            let left_out = u64::from(plan.pack.objects()).saturating_sub(plan.forest.len() as u64);
            let weights = plan
                .forest
                .roots()
                .filter_map(|root| plan.forest.node(root));
            let kept: u64 = weights.map(|root| u64::from(root.weight) << 10).sum();
            self.sink
                .advance(left_out, plan.pack.size().saturating_sub(kept));
        }
        plans
    }

    /// Plans for the objects with these ids; of the missing ones tells the visitor.
    fn plan(&self, ids: &[ObjectId]) -> (Plans<'a>, Vec<Loose>) {
        let mut positions = vec![Vec::new(); self.store.packs.len()];
        let mut loose = Vec::new();
        for id in ids.iter().collect::<BTreeSet<_>>() {
            if let Some((pack, position)) = self.store.packed(id).next() {
                positions
                    .get_mut(pack)
                    .into_iter()
                    .for_each(|list| list.push(position));
            } else if let Some(folder) = self.store.loose_folder(id) {
                loose.push(Loose { folder, id: *id });
            } else {
                self.borrowed(id);
            }
        }
        let mut plans = Plans::default();
        for (number, (pack, positions)) in self.store.packs.iter().zip(positions).enumerate() {
            if !positions.is_empty() {
                self.add_plan(&mut plans, number, chains(pack, positions));
            }
        }
        (plans, loose)
    }

    fn add_plan(&self, plans: &mut Plans<'a>, number: usize, planned: Planned) {
        let Some(pack) = self.store.packs.get(number) else {
            return;
        };
        match planned {
            Ok((forest, lost)) => {
                plans.walked.push(Plan {
                    number,
                    pack,
                    forest,
                });
                plans
                    .lost
                    .extend(lost.into_iter().map(|(position, fault)| Lost {
                        pack: number,
                        position,
                        fault,
                    }));
            }
            Err(reason) => {
                plans.refused.push(number);
                let skipped = Skipped {
                    kind: SkippedKind::Limit,
                    what: format!("objects/pack/{}", pack.name()),
                    reason,
                };
                self.sink.tell("packs", skipped);
            }
        }
    }

    /// Decodes and shows everything that is planned; gives back where something could not be.
    fn run(self, plans: Plans<'a>, loose: &[Loose]) -> Damaged {
        let threads = rayon::current_num_threads();
        let mut lost = plans.lost;
        lost.extend(Walk::new(self.store, self.sink, threads).run(&plans.walked));
        drop(plans.walked);
        let damaged = Damaged {
            packs: (lost.iter().map(|lost| lost.pack))
                .chain(plans.refused)
                .collect(),
            loose: self.show_loose(loose),
        };
        self.try_again(lost);
        damaged
    }

    /// Gives back those that cannot be read.
    fn show_loose(&self, loose: &[Loose]) -> BTreeSet<ObjectId> {
        let damaged = Mutex::new(BTreeSet::new());
        let limit = self.store.limits.max_object_bytes;
        let workers = Workers::new(|| (LooseReader::new(limit), self.sink.worker()));
        loose.par_iter().with_min_len(16).for_each(|object| {
            if self.sink.stop() {
                return;
            }
            if self.store.packed(&object.id).next().is_none() {
                let (reader, worker) = &mut *workers.borrow();
                if let Err(fault) = self.show_loose_object(*object, reader, worker) {
                    self.tell(&object.id, "loose object", &fault);
                    let mut damaged = damaged.lock().unwrap_or_else(PoisonError::into_inner);
                    damaged.insert(object.id);
                }
            }
            self.sink.advance(1, 0);
        });
        damaged.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn show_loose_object(
        &self,
        object: Loose,
        reader: &mut LooseReader,
        worker: &mut S::Worker,
    ) -> Result<(), Fault> {
        let Some(path) = self.store.loose_path(object.folder, &object.id) else {
            return Ok(());
        };
        let read = reader.read(&path, |kind| self.kinds.contains(kind))?;
        if let Some(content) = read.content.filter(|content| !content.is_empty()) {
            self.show_object(worker, object.id, read.kind, content);
        }
        Ok(())
    }

    fn show_object(&self, worker: &mut S::Worker, id: ObjectId, kind: Kind, content: &[u8]) {
        let shown = Shown {
            id,
            kind,
            content,
            change: None,
            listed: None,
        };
        drop(self.sink.object(worker, &shown));
    }

    /// Shows those lost objects of which there is another copy, and tells of the others.
    fn try_again(&self, lost: Vec<Lost>) {
        if lost.is_empty() {
            return;
        }
        let mut reader = Reader::new(self.store);
        let mut worker = self.sink.worker();
        for lost in lost {
            let Some((pack, id)) = self
                .store
                .packs
                .get(lost.pack)
                .and_then(|pack| Some((pack, pack.id(lost.position)?)))
            else {
                continue;
            };
            if self.sink.stop() {
                return;
            }
            let copies = self.store.packed(&id).count()
                + usize::from(self.store.loose_folder(&id).is_some());
            match (copies > 1).then(|| reader.read(&id)) {
                Some(Ok(Some(found))) if !self.kinds.contains(found.kind) => {}
                Some(Ok(Some(found))) => {
                    self.show_object(&mut worker, id, found.kind, found.content.bytes());
                }
                _ => self.tell(&id, pack.name(), &lost.fault),
            }
        }
    }

    /// An object that only a folder outside of the repository can hold.
    fn borrowed(&self, id: &ObjectId) {
        if !self.repository.outside_alternates().is_empty()
            && let Ok(object) = self.repository.gix().find_object(*id)
        {
            self.show_object(&mut self.sink.worker(), *id, object.kind, &object.data);
            return;
        }
        let reason = if self.repository.is_partial_clone() {
            "it is not here: a partial clone leaves objects out; `git fetch --refetch` brings them"
        } else {
            "it is nowhere in the repository"
        };
        let skipped = Skipped {
            kind: SkippedKind::Missing,
            what: format!("object {id}"),
            reason: reason.to_owned(),
        };
        self.sink.tell("missing objects", skipped);
    }

    fn tell(&self, id: &ObjectId, place: &str, fault: &Fault) {
        let sort = match fault.kind() {
            SkippedKind::Limit => "objects over a limit",
            SkippedKind::Missing => "objects with missing bases",
            SkippedKind::Unreadable => "unreadable objects",
            _ => "damaged objects",
        };
        let skipped = Skipped {
            kind: fault.kind(),
            what: format!("object {id} in {place}"),
            reason: fault.to_string(),
        };
        self.sink.tell(sort, skipped);
    }
}

/// A forest and what is lost, or why there is none.
type Planned = Result<(crate::git::pack::forest::Forest, Vec<(u32, Fault)>), String>;

/// What is to be walked, and what is lost already.
#[derive(Default)]
struct Plans<'a> {
    walked: Vec<Plan<'a>>,
    lost: Vec<Lost>,
    /// Packs of which nothing is walked.
    refused: Vec<usize>,
}

/// Where something could not be shown.
struct Damaged {
    packs: BTreeSet<usize>,
    loose: BTreeSet<ObjectId>,
}

/// How many objects were known.
#[derive(Default)]
struct KnownCount(AtomicU64);

impl KnownCount {
    fn add(&self, objects: u64) {
        self.0.fetch_add(objects, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Wants all objects of some kinds once, those that are known left out.
struct Everything<'a> {
    /// Bases outside of a pack are rare, so all packs share one reader.
    reader: &'a Mutex<Reader<'a>>,
    duplicates: &'a Duplicates,
    /// Which of the packs that are walked this is.
    place: usize,
    pack: &'a Pack,
    known: &'a dyn Known,
    /// Packs that are not walked, because everything in them is known.
    old: &'a [&'a Pack],
    count: &'a KnownCount,
    kinds: ObjectKinds,
}

impl Everything<'_> {
    fn is_known(&self, position: u32) -> bool {
        if self.old.is_empty() && self.known.is_empty() {
            return false;
        }
        let Some(id) = self.pack.id(position) else {
            return false;
        };
        let is_known =
            self.known.has(&id) || self.old.iter().any(|pack| pack.position(&id).is_some());
        self.count.add(u64::from(is_known));
        is_known
    }
}

impl Surroundings for Everything<'_> {
    fn wants(&self, kind: Kind, position: u32) -> bool {
        self.kinds.contains(kind)
            && !self.duplicates.contains(self.place, position)
            && !self.is_known(position)
    }

    fn kind_of(&self, id: &ObjectId) -> Result<Kind, Fault> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let found = reader.kind(id).map_err(Fault::of_base)?;
        found.ok_or(Fault::BaseMissing(*id))
    }
}
