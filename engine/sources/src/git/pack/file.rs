//! One pack with its index, both mapped into memory.
//!
//! The index's table layout is read by gix-pack, which checks it when it is opened; what the tables *say* is not
//! believed: every offset is checked against the pack before it is followed.
//!
//! LIMIT: a file that somebody else shortens while it is mapped ends the process (as it does git's); packs are never
//! changed in place by any known program.

use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::odb::pack::{data, index};

use super::entry::{EntryHeader, Stored};
use super::fault::Fault;
use super::position::position;
use crate::git::prefetch::prefetch;

/// Length of `PACK`, version and count.
const HEADER_LENGTH: u64 = 12;

/// One pack with its index.
pub(crate) struct Pack {
    index: index::File,
    data: data::File,
    name: String,
}

/// An entry's header and the bytes behind it, up to the end of the pack.
pub(crate) struct Entry<'p> {
    pub(crate) header: EntryHeader,
    pub(crate) compressed: &'p [u8],
}

impl Pack {
    /// Opens the pack that belongs to an `.idx` file.
    pub(crate) fn open(index_path: &Path, hash: gix::hash::Kind) -> Result<Self, String> {
        let index = index::File::at(index_path, hash).map_err(|error| error.to_string())?;
        let data_path = index_path.with_extension("pack");
        let data = data::File::at(&data_path, hash).map_err(|error| error.to_string())?;
        Ok(Self {
            index,
            data,
            name: name_of(&data_path),
        })
    }

    /// The pack's file name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What is wrong with the pack as a whole, although its entries may be fine.
    pub(crate) fn doubt(&self) -> Option<String> {
        let (in_pack, in_index) = (self.data.num_objects(), self.index.num_objects());
        if in_pack != in_index {
            return Some(format!(
                "it holds {in_pack} objects, but its index lists {in_index}"
            ));
        }
        (self.data.checksum() != self.index.pack_checksum())
            .then(|| "it does not end as its index says: it was cut off or changed".to_owned())
    }

    /// What it ends with: a hash over all of it.
    pub(crate) fn checksum(&self) -> ObjectId {
        self.data.checksum()
    }

    /// How many objects its index lists.
    pub(crate) fn objects(&self) -> u32 {
        self.index.num_objects()
    }

    /// Size of the pack file.
    pub(crate) fn size(&self) -> u64 {
        u64::try_from(self.data.data_len()).unwrap_or(u64::MAX)
    }

    /// The id of the object at a position of the index; none when there is no such position.
    pub(crate) fn id(&self, position: u32) -> Option<ObjectId> {
        (position < self.objects()).then(|| self.index.oid_at_index(position).to_owned())
    }

    /// The same without a copy.
    pub(crate) fn id_at(&self, position: u32) -> Option<&gix::oid> {
        (position < self.objects()).then(|| self.index.oid_at_index(position))
    }

    /// Asks for the id at a position before it is needed.
    pub(crate) fn expect_id(&self, position: u32) {
        if let Some(id) = self.id_at(position) {
            prefetch(id.as_bytes());
        }
    }

    /// The offset that the index tells for a position; none when there is no such position.
    pub(crate) fn offset(&self, position: u32) -> Option<u64> {
        (position < self.objects()).then(|| self.index.pack_offset_at_index(position))
    }

    /// Where in the index an id stands.
    pub(crate) fn position(&self, id: &gix::oid) -> Option<u32> {
        position(self.objects(), |at| self.index.oid_at_index(at), id)
    }

    /// Where the pack's entries can start.
    pub(crate) fn holds(&self, offset: u64) -> bool {
        (HEADER_LENGTH..self.size()).contains(&offset)
    }

    /// The entry at `offset`.
    pub(crate) fn entry(&self, offset: u64) -> Result<Entry<'_>, Fault> {
        if !self.holds(offset) {
            return Err(Fault::OutsidePack);
        }
        let bytes = self
            .data
            .entry_slice(offset..self.size())
            .ok_or(Fault::OutsidePack)?;
        let header = EntryHeader::parse(bytes, self.index.object_hash())?;
        let compressed = bytes.get(header.length..).unwrap_or_default();
        Ok(Entry { header, compressed })
    }

    /// Where in this pack the base of a delta at `offset` starts; none when it is not in this pack.
    pub(crate) fn base_offset(&self, offset: u64, stored: Stored) -> Result<Option<u64>, Fault> {
        match stored {
            Stored::Whole(_) => Ok(None),
            Stored::OffsetDelta(distance) => offset
                .checked_sub(distance)
                .filter(|base| *base < offset && self.holds(*base))
                .map(Some)
                .ok_or(Fault::BaseNotAnEntry),
            Stored::IdDelta(base) => Ok(self.position(&base).and_then(|at| self.offset(at))),
        }
    }
}

/// The last component of a path, for messages.
pub(crate) fn name_of(path: &Path) -> String {
    let name = path.file_name().map(PathBuf::from).unwrap_or_default();
    name.display().to_string()
}
