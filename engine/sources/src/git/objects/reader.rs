//! One object at a time, by its id or its place, through as many deltas and packs as it takes.
//!
//! The walk over whole packs needs this only at its edges: for bases outside of the pack, for objects whose copy in one
//! pack is damaged, and for bases that were let go to save memory.

use gix::ObjectId;
use gix::objs::Kind;

use super::store::Store;
use crate::git::loose::LooseReader;
use crate::git::pack::buffer::Buffer;
use crate::git::pack::delta::Delta;
use crate::git::pack::entry::Stored;
use crate::git::pack::fault::Fault;
use crate::git::pack::file::{Entry, Pack};
use crate::git::pack::inflate::{Inflate, InflateError};

/// LIMIT: how often the reading of one object may go over to another pack or a loose object, all tries together.
const MAX_HOPS: usize = 32;

/// Deflate makes no more than 1,032 bytes out of one.
const MAX_RATIO: u64 = 1_032;

/// Reads objects, one after the other.
pub(crate) struct Reader<'s> {
    store: &'s Store,
    inflate: Inflate,
    instructions: Buffer,
    loose: LooseReader,
    hops_left: usize,
}

/// An object, decoded.
pub(crate) struct Decoded {
    pub(crate) kind: Kind,
    pub(crate) content: Buffer,
}

impl<'s> Reader<'s> {
    pub(crate) fn new(store: &'s Store) -> Self {
        Self {
            store,
            inflate: Inflate::new(),
            instructions: Buffer::default(),
            loose: LooseReader::new(store.limits.max_object_bytes),
            hops_left: 0,
        }
    }

    /// The object with this id; none when the repository does not hold it. Of several copies the first that can be
    /// read.
    pub(crate) fn read(&mut self, id: &ObjectId) -> Result<Option<Decoded>, Fault> {
        self.hops_left = MAX_HOPS;
        self.read_copy(id)
    }

    fn read_copy(&mut self, id: &ObjectId) -> Result<Option<Decoded>, Fault> {
        let mut fault = None;
        let store = self.store;
        for (pack, position) in store.packed(id) {
            let Some((pack, offset)) = store
                .packs
                .get(pack)
                .and_then(|pack| Some((pack, pack.offset(position)?)))
            else {
                continue;
            };
            match self.decode_entry(pack, offset) {
                Ok(decoded) => return Ok(Some(decoded)),
                Err(error) => fault = Some(error),
            }
        }
        for path in store.loose_paths(id) {
            if std::fs::symlink_metadata(&path).is_err() {
                continue;
            }
            match self.loose.read(&path, |_| true) {
                Ok(object) => {
                    let content = object.content.unwrap_or_default();
                    let mut copy = Buffer::default();
                    copy.resized(content.len()).copy_from_slice(content);
                    return Ok(Some(Decoded {
                        kind: object.kind,
                        content: copy,
                    }));
                }
                Err(error) => fault = Some(error),
            }
        }
        fault.map_or(Ok(None), Err)
    }

    /// The object whose entry is at `offset` of `pack`.
    pub(crate) fn decode(&mut self, pack: &Pack, offset: u64) -> Result<Decoded, Fault> {
        self.hops_left = MAX_HOPS;
        self.decode_entry(pack, offset)
    }

    /// The base of a delta, from anywhere in the repository.
    pub(crate) fn base(&mut self, id: &ObjectId) -> Result<Decoded, Fault> {
        self.hops_left = MAX_HOPS;
        self.hop_to(id)
    }

    fn decode_entry(&mut self, pack: &Pack, offset: u64) -> Result<Decoded, Fault> {
        let mut deltas = Vec::new();
        let mut next = offset;
        let mut object = loop {
            let entry = pack.entry(next)?;
            if let Stored::Whole(kind) = entry.header.stored {
                let mut content = Buffer::default();
                inflate(
                    &entry,
                    &mut self.inflate,
                    &mut content,
                    self.store.limits.max_object_bytes,
                )?;
                break Decoded { kind, content };
            }
            if deltas.len() >= self.store.limits.max_delta_depth {
                return Err(Fault::TooDeep(self.store.limits.max_delta_depth));
            }
            deltas.push(next);
            match (
                pack.base_offset(next, entry.header.stored)?,
                entry.header.stored,
            ) {
                (Some(base), _) => next = base,
                (None, Stored::IdDelta(base)) => break self.hop_to(&base)?,
                (None, _) => return Err(Fault::BaseNotAnEntry),
            }
        };
        let mut result = Buffer::default();
        for offset in deltas.into_iter().rev() {
            let entry = pack.entry(offset)?;
            self.apply(&entry, object.content.bytes(), &mut result)?;
            std::mem::swap(&mut object.content, &mut result);
        }
        Ok(object)
    }

    fn hop_to(&mut self, id: &ObjectId) -> Result<Decoded, Fault> {
        self.hops_left = self.hops_left.checked_sub(1).ok_or(Fault::Circle)?;
        let found = self.read_copy(id).map_err(Fault::of_base)?;
        found.ok_or(Fault::BaseMissing(*id))
    }

    fn apply(&mut self, entry: &Entry<'_>, base: &[u8], result: &mut Buffer) -> Result<(), Fault> {
        let limit = self.store.limits.max_object_bytes;
        inflate(entry, &mut self.inflate, &mut self.instructions, limit)?;
        let delta = Delta::parse(self.instructions.bytes())?;
        let size = within(delta.result_size, limit)?;
        delta.apply(base, result.resized(size), &mut Vec::new())?;
        Ok(())
    }

    /// The kind of an object, from headers alone; none when the repository does not hold it.
    pub(crate) fn kind(&mut self, id: &ObjectId) -> Result<Option<Kind>, Fault> {
        let mut id = *id;
        for _ in 0..MAX_HOPS {
            let Some((pack, position)) = self.store.packed(&id).next() else {
                return self.loose_kind(&id);
            };
            let Some(pack) = self.store.packs.get(pack) else {
                return Ok(None);
            };
            match self.kind_in(pack, position)? {
                Ok(kind) => return Ok(Some(kind)),
                Err(base) => id = base,
            }
        }
        Err(Fault::Circle)
    }

    /// The kind of an object of a pack, or the id of the base outside of it that knows.
    fn kind_in(&self, pack: &Pack, position: u32) -> Result<Result<Kind, ObjectId>, Fault> {
        let mut offset = pack.offset(position).ok_or(Fault::OutsidePack)?;
        for _ in 0..=self.store.limits.max_delta_depth {
            let stored = pack.entry(offset)?.header.stored;
            offset = match (stored, pack.base_offset(offset, stored)?) {
                (Stored::Whole(kind), _) => return Ok(Ok(kind)),
                (_, Some(base)) => base,
                (Stored::IdDelta(base), None) => return Ok(Err(base)),
                (Stored::OffsetDelta(_), None) => return Err(Fault::BaseNotAnEntry),
            };
        }
        Err(Fault::TooDeep(self.store.limits.max_delta_depth))
    }

    fn loose_kind(&mut self, id: &ObjectId) -> Result<Option<Kind>, Fault> {
        for path in self.store.loose_paths(id) {
            if std::fs::symlink_metadata(&path).is_ok() {
                return self
                    .loose
                    .read(&path, |_| false)
                    .map(|object| Some(object.kind));
            }
        }
        Ok(None)
    }
}

/// Inflates what an entry holds, and returns the length of its compressed bytes.
pub(crate) fn inflate(
    entry: &Entry<'_>,
    with: &mut Inflate,
    into: &mut Buffer,
    limit: u64,
) -> Result<usize, Fault> {
    let size = within(entry.header.size, limit)?;
    let most = (entry.compressed.len() as u64).saturating_mul(MAX_RATIO);
    if entry.header.size > most {
        // Not even worth the memory.
        return Err(InflateError::Shorter.into());
    }
    Ok(with.exactly(entry.compressed, into.resized(size))?)
}

/// A size that is not over the limit.
pub(crate) fn within(size: u64, limit: u64) -> Result<usize, Fault> {
    usize::try_from(size)
        .ok()
        .filter(|_| size <= limit)
        .ok_or(Fault::TooLarge { size, limit })
}
