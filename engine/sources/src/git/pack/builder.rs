//! For tests: packs written entry by entry, honest or lying, in ways that git itself never writes them.

use std::io::Write;
use std::path::Path;

use gix::ObjectId;
use gix::objs::Kind;

/// A pack in the making.
pub(crate) struct PackBuilder {
    bytes: Vec<u8>,
    /// Id and offset of each entry that the index will list.
    pub(crate) entries: Vec<(ObjectId, u64)>,
}

/// The id that git gives to an object.
pub(crate) fn id_of(kind: Kind, content: &[u8]) -> ObjectId {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, content).unwrap()
}

/// A delta that keeps what both begin and end with: the simplest one that is a real one.
pub(crate) fn delta_between(base: &[u8], result: &[u8]) -> Vec<u8> {
    let start = base.iter().zip(result).take_while(|(a, b)| a == b).count();
    let most = base.len().min(result.len()) - start;
    let end = base
        .iter()
        .rev()
        .zip(result.iter().rev())
        .take(most)
        .take_while(|(a, b)| a == b)
        .count();
    let mut delta = Vec::new();
    push_size(&mut delta, base.len());
    push_size(&mut delta, result.len());
    push_copy(&mut delta, 0, start);
    for new in result[start..result.len() - end].chunks(100) {
        delta.push(new.len() as u8);
        delta.extend_from_slice(new);
    }
    push_copy(&mut delta, base.len() - end, end);
    delta
}

fn push_size(delta: &mut Vec<u8>, mut size: usize) {
    while size > 0x7f {
        delta.push(0x80 | (size & 0x7f) as u8);
        size >>= 7;
    }
    delta.push(size as u8);
}

fn push_copy(delta: &mut Vec<u8>, from: usize, len: usize) {
    if len > 0 {
        assert!(from < 1 << 32 && len < 1 << 16);
        delta.push(0xbf);
        delta.extend_from_slice(&(from as u32).to_le_bytes());
        delta.extend_from_slice(&(len as u16).to_le_bytes());
    }
}

impl PackBuilder {
    pub(crate) fn new() -> Self {
        Self {
            bytes: b"PACK\0\0\0\x02\0\0\0\0".to_vec(),
            entries: Vec::new(),
        }
    }

    /// Where the next entry will start.
    pub(crate) fn next_offset(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Adds a whole object.
    pub(crate) fn whole(&mut self, kind: Kind, content: &[u8]) -> ObjectId {
        let number = match kind {
            Kind::Commit => 1,
            Kind::Tree => 2,
            Kind::Blob => 3,
            Kind::Tag => 4,
        };
        self.entry(id_of(kind, content), number, &[], content)
    }

    /// Adds a blob as changes of the entry at `base_offset`.
    pub(crate) fn offset_delta(
        &mut self,
        base_offset: u64,
        base: &[u8],
        result: &[u8],
    ) -> ObjectId {
        let mut distance = self.next_offset() - base_offset;
        let mut encoded = vec![(distance & 0x7f) as u8];
        while distance > 0x7f {
            distance = (distance >> 7) - 1;
            encoded.insert(0, 0x80 | (distance & 0x7f) as u8);
        }
        self.entry(
            id_of(Kind::Blob, result),
            6,
            &encoded,
            &delta_between(base, result),
        )
    }

    /// Adds a blob as changes of the blob with the content `base`, wherever that is.
    pub(crate) fn id_delta(&mut self, base: &[u8], result: &[u8]) -> ObjectId {
        let base_id = id_of(Kind::Blob, base);
        self.entry(
            id_of(Kind::Blob, result),
            7,
            base_id.as_bytes(),
            &delta_between(base, result),
        )
    }

    /// Adds an entry of any kind, and says that it is the object `id`.
    pub(crate) fn entry(
        &mut self,
        id: ObjectId,
        number: u8,
        base: &[u8],
        inflated: &[u8],
    ) -> ObjectId {
        self.lying_entry(id, number, base, inflated, inflated.len())
    }

    /// Adds an entry that says it has `size` bytes.
    pub(crate) fn lying_entry(
        &mut self,
        id: ObjectId,
        number: u8,
        base: &[u8],
        inflated: &[u8],
        size: usize,
    ) -> ObjectId {
        self.entries.push((id, self.next_offset()));
        let mut byte = number << 4 | (size & 15) as u8;
        let mut rest = size >> 4;
        while rest > 0 {
            self.bytes.push(byte | 0x80);
            byte = (rest & 0x7f) as u8;
            rest >>= 7;
        }
        self.bytes.push(byte);
        self.bytes.extend_from_slice(base);
        let mut encoder =
            flate2::write::ZlibEncoder::new(&mut self.bytes, flate2::Compression::fast());
        encoder.write_all(inflated).unwrap();
        encoder.finish().unwrap();
        id
    }

    /// Writes `pack-NAME.pack` and its index into a folder.
    pub(crate) fn write(mut self, folder: &Path, name: &str) {
        std::fs::create_dir_all(folder).unwrap();
        let count = u32::try_from(self.entries.len()).unwrap();
        self.bytes[8..12].copy_from_slice(&count.to_be_bytes());
        let checksum = sha1(&self.bytes);
        self.bytes.extend_from_slice(checksum.as_bytes());
        self.entries.sort();
        let index = index_of(&self.entries, &checksum);
        std::fs::write(folder.join(format!("pack-{name}.pack")), self.bytes).unwrap();
        std::fs::write(folder.join(format!("pack-{name}.idx")), index).unwrap();
    }
}

fn sha1(bytes: &[u8]) -> ObjectId {
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    hasher.update(bytes);
    hasher.try_finalize().unwrap()
}

/// A version 2 index over sorted entries.
fn index_of(entries: &[(ObjectId, u64)], checksum: &ObjectId) -> Vec<u8> {
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for byte in 0..=255_u8 {
        let up_to = entries
            .iter()
            .filter(|(id, _)| id.as_bytes()[0] <= byte)
            .count();
        index.extend_from_slice(&(up_to as u32).to_be_bytes());
    }
    for (id, _) in entries {
        index.extend_from_slice(id.as_bytes());
    }
    index.extend(vec![0; entries.len() * 4]);
    for (_, offset) in entries {
        index.extend_from_slice(&(*offset as u32).to_be_bytes());
    }
    index.extend_from_slice(checksum.as_bytes());
    let own = sha1(&index);
    index.extend_from_slice(own.as_bytes());
    index
}
