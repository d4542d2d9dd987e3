//! Objects in files of their own: `objects/ab/cdef…`, a zlib stream of `blob 123\0` and the content.
//!
//! The kind is learned from the first few bytes, so trees are never inflated, nor files over the limit.
//!
//! Only files whose names are ids are objects; others (`tmp_obj_…` of an interrupted git) are no business of ours.
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

use std::fs::{DirEntry, File};
use std::io::Read;
use std::path::Path;

use gix::ObjectId;
use gix::objs::Kind;
use leakward_core::{Skipped, SkippedKind};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::pack::buffer::Buffer;
use super::pack::fault::Fault;
use super::pack::inflate::Inflate;

/// The longest header there is: `commit`, a space, twenty digits, NUL.
const HEADER_LENGTH: usize = 28;

/// Compressed bytes that surely hold the header, and most small objects wholly.
const FIRST_READ: usize = 4 << 10;

/// One object in a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loose {
    /// Which of the repository's object folders holds it.
    pub(crate) folder: usize,
    pub(crate) id: ObjectId,
}

/// The loose objects of the object folder with this number, and what looks like one and is none.
pub(crate) fn list(
    number: usize,
    folder: &Path,
    hash: gix::hash::Kind,
) -> (Vec<Loose>, Vec<Skipped>) {
    let listed: Vec<_> = (0_u8..=255)
        .into_par_iter()
        .map(|byte| list_part(number, folder, byte, hash))
        .collect();
    let (mut objects, mut doubts) = (Vec::new(), Vec::new());
    for (found, told) in listed {
        objects.extend(found);
        doubts.extend(told);
    }
    (objects, doubts)
}

fn list_part(
    number: usize,
    folder: &Path,
    byte: u8,
    hash: gix::hash::Kind,
) -> (Vec<Loose>, Vec<Skipped>) {
    let (mut objects, mut doubts) = (Vec::new(), Vec::new());
    let start = format!("{byte:02x}");
    let part = folder.join(&start);
    let mut doubt = |name: &str, reason: &str| {
        doubts.push(Skipped {
            kind: SkippedKind::Unreadable,
            what: format!("objects/{start}{name}"),
            reason: reason.to_owned(),
        });
    };
    let is_link = std::fs::symlink_metadata(&part).map(|metadata| metadata.is_symlink());
    let entries = match (is_link, std::fs::read_dir(&part)) {
        (Err(error), _) if error.kind() == std::io::ErrorKind::NotFound => {
            return (objects, doubts);
        }
        (Ok(true), _) => {
            doubt("", "a symbolic link is not followed");
            return (objects, doubts);
        }
        (_, Ok(entries)) => entries,
        (_, Err(error)) => {
            doubt("", &error.to_string());
            return (objects, doubts);
        }
    };
    for entry in entries {
        match entry {
            Ok(entry) => match id_of(&start, &entry, hash) {
                Some(id) if entry.file_type().is_ok_and(|kind| kind.is_file()) => {
                    objects.push(Loose { folder: number, id });
                }
                Some(_) => doubt(
                    &format!("/{}", entry.file_name().display()),
                    "it is no plain file",
                ),
                None => {}
            },
            Err(error) => doubt("", &error.to_string()),
        }
    }
    (objects, doubts)
}

/// The id that a file's name spells.
fn id_of(start: &str, entry: &DirEntry, hash: gix::hash::Kind) -> Option<ObjectId> {
    let name = entry.file_name();
    let hex = format!("{start}{}", name.to_str()?);
    if hex.len() != hash.len_in_hex() {
        return None;
    }
    ObjectId::from_hex(hex.as_bytes()).ok()
}

/// Reads loose objects, one after the other, into buffers that are used again.
pub(crate) struct LooseReader {
    inflate: Inflate,
    compressed: Vec<u8>,
    whole: Buffer,
    limit: u64,
}

/// A loose object: its kind, and its content when it was wanted.
pub(crate) struct LooseObject<'r> {
    pub(crate) kind: Kind,
    pub(crate) content: Option<&'r [u8]>,
}

impl LooseReader {
    /// A reader that refuses objects of more than `limit` bytes.
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            inflate: Inflate::new(),
            compressed: Vec::new(),
            whole: Buffer::default(),
            limit,
        }
    }

    /// Reads the object in the file at `path`; the content only when `wants` says so of its kind.
    pub(crate) fn read(
        &mut self,
        path: &Path,
        wants: impl Fn(Kind) -> bool,
    ) -> Result<LooseObject<'_>, Fault> {
        let unreadable = |error: std::io::Error| Fault::Unreadable(error.to_string());
        // Opening something that is no plain file could wait for ever.
        if !std::fs::symlink_metadata(path)
            .map_err(unreadable)?
            .is_file()
        {
            return Err(Fault::Unreadable("it is no plain file".to_owned()));
        }
        let mut file = File::open(path).map_err(unreadable)?;
        self.compressed.clear();
        let first = u64::try_from(FIRST_READ).unwrap_or(u64::MAX);
        (&mut file)
            .take(first)
            .read_to_end(&mut self.compressed)
            .map_err(unreadable)?;
        let mut start = [0; HEADER_LENGTH];
        let header = Header::parse(self.inflate.start(&self.compressed, &mut start)?)?;
        if !wants(header.kind) {
            return Ok(LooseObject {
                kind: header.kind,
                content: None,
            });
        }
        if header.size > self.limit {
            let (size, limit) = (header.size, self.limit);
            return Err(Fault::TooLarge { size, limit });
        }
        // Stored blocks make a stream larger than its content by a few bytes for each 64 KiB.
        let rest = self
            .limit
            .saturating_add(self.limit / 1_000)
            .saturating_add(first);
        file.take(rest)
            .read_to_end(&mut self.compressed)
            .map_err(unreadable)?;
        self.content(&header)
    }

    fn content(&mut self, header: &Header) -> Result<LooseObject<'_>, Fault> {
        let size = usize::try_from(header.size)
            .ok()
            .and_then(|size| size.checked_add(header.length))
            .ok_or(Fault::NotAnObject)?;
        self.inflate
            .exactly(&self.compressed, self.whole.resized(size))?;
        Ok(LooseObject {
            kind: header.kind,
            content: self.whole.bytes().get(header.length..),
        })
    }
}

/// `blob 123\0`.
struct Header {
    kind: Kind,
    size: u64,
    length: usize,
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let end = memchr::memchr(0, bytes).ok_or(Fault::NotAnObject)?;
        let text = bytes
            .get(..end)
            .and_then(|text| std::str::from_utf8(text).ok());
        let (kind, size) = text
            .and_then(|text| text.split_once(' '))
            .ok_or(Fault::NotAnObject)?;
        if !size.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Fault::NotAnObject);
        }
        Ok(Self {
            kind: Kind::from_bytes(kind.as_bytes()).map_err(|_| Fault::NotAnObject)?,
            size: size.parse().map_err(|_| Fault::NotAnObject)?,
            length: end.saturating_add(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(stored: &[u8]) -> Result<(Kind, Vec<u8>), Fault> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("object");
        let mut encoder = flate2::write::ZlibEncoder::new(
            File::create(&path).unwrap(),
            flate2::Compression::fast(),
        );
        encoder.write_all(stored).unwrap();
        encoder.finish().unwrap();
        let mut reader = LooseReader::new(100_000);
        let object = reader.read(&path, |kind| kind != Kind::Tree)?;
        Ok((object.kind, object.content.unwrap_or(b"not read").to_vec()))
    }

    #[test]
    fn an_object_is_read_by_its_header() {
        assert_eq!(read(b"blob 3\0abc"), Ok((Kind::Blob, b"abc".to_vec())));
        assert_eq!(read(b"blob 0\0"), Ok((Kind::Blob, Vec::new())));
        assert_eq!(read(b"tree 3\0abc"), Ok((Kind::Tree, b"not read".to_vec())));
        let mut large = b"commit 50000\0".to_vec();
        large.extend((0..50_000_u32).map(|n| (n * n % 253) as u8));
        assert_eq!(read(&large), Ok((Kind::Commit, large[13..].to_vec())));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for stored in [
            &b""[..],
            b"blob",
            b"blob 3",
            b"blub 3\0abc",
            b"blob +3\0abc",
            b"blob \0",
            b"blob 99999999999999999999\0",
        ] {
            assert!(
                matches!(read(stored), Err(Fault::NotAnObject)),
                "{stored:?}"
            );
        }
        for stored in [&b"blob 4\0abc"[..], b"blob 2\0abc"] {
            assert!(matches!(read(stored), Err(Fault::Inflate(_))), "{stored:?}");
        }
        let over = read(b"blob 100001\0");
        assert!(
            matches!(
                over,
                Err(Fault::TooLarge {
                    size: 100_001,
                    limit: 100_000
                })
            ),
            "{over:?}"
        );
    }
}
