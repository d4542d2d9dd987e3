//! Reads the header of every entry of a pack, and grows the forest of those that are wanted.
//!
//! A delta does not say what kind of object it makes; its base does. So kinds are handed down from base to delta,
//! through headers alone, before anything is inflated: the trees of a repository, most of its objects, are then never
//! touched again.
//!
//! INVARIANT: an object of the index is in the forest, or not wanted, or among the faults.

use std::collections::HashMap;

use gix::ObjectId;
use gix::objs::Kind;
use rayon::iter::{
    IndexedParallelIterator, IntoParallelIterator, IntoParallelRefMutIterator, ParallelIterator,
};

use super::entry::Stored;
use super::fault::Fault;
use super::file::Pack;
use super::forest::{Entries, Forest, Mark, ROOT};
use super::order::Order;

/// PERF: below this many entries a thread costs more than it does.
const ENTRIES_FOR_A_THREAD: usize = 4_096;

/// What stands outside of the pack that is surveyed.
pub(crate) trait Surroundings: Sync {
    /// Whether the object of this kind, at this position of the index, is wanted.
    fn wants(&self, kind: Kind, position: u32) -> bool;

    /// The kind of an object that the pack does not hold.
    fn kind_of(&self, id: &ObjectId) -> Result<Kind, Fault>;
}

/// The forest of the wanted objects of `pack`, and the positions of those that cannot be decoded.
pub(crate) fn survey(
    pack: &Pack,
    surroundings: &impl Surroundings,
) -> Result<(Forest, Vec<(u32, Fault)>), String> {
    let order = Order::for_pack(pack).ok_or("it has too many objects for its size to be walked")?;
    let mut survey = Survey {
        pack,
        surroundings,
        entries: Entries {
            order,
            parents: Vec::new(),
            marks: Vec::new(),
        },
        faults: HashMap::new(),
        lost: Vec::new(),
    };
    survey.list();
    survey.read_headers();
    survey.hand_down_kinds();
    survey.choose();
    let (mut lost, order) = (survey.lost, &survey.entries.order);
    let positions = survey
        .faults
        .into_iter()
        .map(|(entry, fault)| (order.position(entry), fault));
    lost.extend(positions.filter_map(|(position, fault)| Some((position?, fault))));
    let forest = Forest::grow(survey.entries, pack.size());
    lost.extend(
        forest
            .circular()
            .iter()
            .map(|&position| (position, Fault::Circle)),
    );
    Ok((forest, lost))
}

struct Survey<'a, S> {
    pack: &'a Pack,
    surroundings: &'a S,
    entries: Entries,
    /// By entry: why it cannot be decoded.
    faults: HashMap<usize, Fault>,
    /// By position: what never became an entry.
    lost: Vec<(u32, Fault)>,
}

impl<S: Surroundings> Survey<'_, S> {
    /// Lists all entries that the index names, in the pack's order.
    fn list(&mut self) {
        let mut order = std::mem::replace(&mut self.entries.order, Order::empty());
        order.reserve(self.pack.objects() as usize);
        for position in 0..self.pack.objects() {
            let offset = self.pack.offset(position).unwrap_or(0);
            if self.pack.holds(offset) {
                order.push(offset, Some(position));
            } else {
                self.lost.push((position, Fault::OutsidePack));
            }
        }
        order.sort();
        for position in order.remove_shared() {
            self.lost.push((position, Fault::SharedPlace));
        }
        self.entries.order = order;
    }

    /// Learns of every entry what it is or whose delta it is.
    fn read_headers(&mut self) {
        let (mut parents, mut marks, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        let numbers = (0..self.entries.order.len()).into_par_iter();
        numbers
            .with_min_len(ENTRIES_FOR_A_THREAD)
            .map(|entry| self.header(entry).unwrap_or((ROOT, Mark::BROKEN)))
            .unzip_into_vecs(&mut parents, &mut marks);
        for (entry, mark) in marks.iter().enumerate() {
            if *mark == Mark::BROKEN {
                // Rare enough to be read again for the reason.
                faults.extend(self.header(entry).err().map(|fault| (entry, fault)));
            }
        }
        self.entries.parents = parents;
        self.entries.marks = marks;
        self.faults.extend(faults);
    }

    fn header(&self, entry: usize) -> Result<(u32, Mark), Fault> {
        let order = &self.entries.order;
        let offset = order.offset(entry).ok_or(Fault::OutsidePack)?;
        let header = self.pack.entry(offset)?.header;
        let base = match header.stored {
            Stored::Whole(Kind::Blob) if header.size == 0 => return Ok((ROOT, Mark::EMPTY_BLOB)),
            Stored::Whole(kind) => return Ok((ROOT, Mark::of(kind))),
            Stored::OffsetDelta(_) => {
                let base = self
                    .pack
                    .base_offset(offset, header.stored)?
                    .ok_or(Fault::BaseNotAnEntry)?;
                order.find_before(entry, base)
            }
            Stored::IdDelta(_) => match self.pack.base_offset(offset, header.stored)? {
                Some(base) => order.find(base),
                None => return Ok((ROOT, Mark::UNKNOWN)),
            },
        };
        let base = base.and_then(|base| u32::try_from(base).ok());
        Ok((base.ok_or(Fault::BaseNotAnEntry)?, Mark::UNKNOWN))
    }

    /// Gives every delta the kind of its base.
    fn hand_down_kinds(&mut self) {
        let mut path = Vec::new();
        for entry in 0..self.entries.marks.len() {
            let mut next = entry;
            while let Some(mark) = self
                .entries
                .marks
                .get_mut(next)
                .filter(|mark| mark.is_open())
            {
                *mark = Mark::FOLLOWED;
                path.push(next);
                next = self.parent(next);
            }
            if path.is_empty() {
                continue;
            }
            let mut above = match self.entries.marks.get(next) {
                Some(&mark) if mark == Mark::FOLLOWED => Err(Fault::Circle),
                Some(&mark) => mark.kind().ok_or_else(|| self.fault_of_base(next)),
                None => self.kind_from_outside(path.last().copied().unwrap_or(entry)),
            };
            while let Some(entry) = path.pop() {
                above = self.settle(entry, above);
            }
        }
    }

    /// Notes what was learned of `entry`, and returns what its deltas learn from that.
    fn settle(&mut self, entry: usize, learned: Result<Kind, Fault>) -> Result<Kind, Fault> {
        let mark = learned
            .as_ref()
            .map_or(Mark::BROKEN, |&kind| Mark::of(kind));
        if let Some(slot) = self.entries.marks.get_mut(entry) {
            *slot = mark;
        }
        learned.map_err(|fault| {
            self.faults.insert(entry, fault.clone());
            fault.of_base()
        })
    }

    /// The kind of a delta whose base is not in this pack.
    fn kind_from_outside(&self, entry: usize) -> Result<Kind, Fault> {
        let offset = self.entries.order.offset(entry).ok_or(Fault::OutsidePack)?;
        match self.pack.entry(offset)?.header.stored {
            Stored::Whole(kind) => Ok(kind),
            Stored::OffsetDelta(_) => Err(Fault::BaseNotAnEntry),
            Stored::IdDelta(base) => self.surroundings.kind_of(&base),
        }
    }

    fn fault_of_base(&self, base: usize) -> Fault {
        self.faults
            .get(&base)
            .cloned()
            .unwrap_or(Fault::BaseNotAnEntry)
            .of_base()
    }

    fn parent(&self, entry: usize) -> usize {
        self.entries
            .parents
            .get(entry)
            .map_or(usize::MAX, |parent| *parent as usize)
    }

    /// Marks what is wanted.
    fn choose(&mut self) {
        let surroundings = self.surroundings;
        let Entries { order, marks, .. } = &mut self.entries;
        let marks = marks.par_iter_mut().with_min_len(ENTRIES_FOR_A_THREAD);
        marks.enumerate().for_each(|(entry, mark)| {
            let (Some(kind), Some(position)) = (mark.kind(), order.position(entry)) else {
                return;
            };
            if *mark != Mark::EMPTY_BLOB && surroundings.wants(kind, position) {
                mark.want();
            }
        });
    }
}
