//! The index read where it lies, for a look at what is staged.
//!
//! A hook runs with each commit, and most of an index is folders in which nothing is staged: to decode all entries of a hundred thousand
//! files takes longer than everything else that the hook does. Here only where each entry begins is noted, and the few that are asked for
//! are decoded. What is rare (paths that share beginnings, split and sparse indexes) and what is damaged is left to the whole reader
//! ([`super::Index`]), which is the slow twin.
//!
//! The format: <https://git-scm.com/docs/index-format>.

use std::fs::File;

use bstr::{BStr, ByteSlice};
use gix::ObjectId;
use gix::index::{entry::Mode, extension};
use memmap2::Mmap;

use super::{Repository, cached_trees};
use crate::tree::mapped;

/// Signature, version, number of entries.
const HEADER: usize = 12;

/// Times, numbers and sizes of an entry, before its id. Its mode stands among them.
const STAT: usize = 40;
const MODE: usize = 24;

/// In the flags: the path's length, or that it is longer than can be said; that more flags follow.
const PATH_LENGTH: u16 = 0x0fff;
const IS_EXTENDED: u16 = 0x4000;

/// In the flags that follow: `git add --intent-to-add`.
const INTENT_TO_ADD: u16 = 0x2000;

/// The index, as it lies there.
pub(crate) struct PlainIndex {
    bytes: Mmap,
    /// Where each entry begins.
    starts: Vec<u32>,
    id_length: usize,
    cached: Option<extension::Tree>,
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listed<'i> {
    pub(crate) path: &'i BStr,
    pub(crate) mode: Mode,
    pub(crate) id: ObjectId,
    /// It has no content yet.
    pub(crate) is_announced: bool,
}

impl PlainIndex {
    /// Maps it; none when there is none, or when it is for the whole reader.
    pub(crate) fn of(repository: &Repository) -> Option<Self> {
        let path = repository.index_file();
        let length = path
            .symlink_metadata()
            .ok()
            .filter(std::fs::Metadata::is_file)?
            .len();
        let file = File::open(path).ok()?;
        // Git writes a new file and renames it, so that what was mapped stays.
        let bytes = mapped::map(&file, usize::try_from(length).ok()?).ok()?;
        let id_length = repository.object_hash().len_in_bytes();
        let (starts, end) = starts(&bytes, id_length)?;
        let cached = remembered(bytes.get(end..)?, repository)?;
        Some(Self {
            bytes,
            starts,
            id_length,
            cached,
        })
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// The trees that git remembers of folders in which nothing has changed.
    pub(crate) fn cached(&self) -> Option<&extension::Tree> {
        self.cached.as_ref()
    }

    /// The path of an entry.
    pub(crate) fn path(&self, at: usize) -> Option<&BStr> {
        let start = *self.starts.get(at)? as usize;
        let (path, _) = path(&self.bytes, start, self.id_length)?;
        Some(path.as_bstr())
    }

    /// An entry.
    pub(crate) fn entry(&self, at: usize) -> Option<Listed<'_>> {
        let entry = self.bytes.get(*self.starts.get(at)? as usize..)?;
        let flags = u16_at(entry, STAT + self.id_length)?;
        let is_announced = flags & IS_EXTENDED != 0
            && u16_at(entry, STAT + self.id_length + 2)? & INTENT_TO_ADD != 0;
        Some(Listed {
            path: self.path(at)?,
            mode: Mode::from_bits_truncate(u32_at(entry, MODE)?),
            id: ObjectId::try_from(entry.get(STAT..STAT + self.id_length)?).ok()?,
            is_announced,
        })
    }
}

/// Where the entries begin, and where what follows them does. None when it is not what is read here.
fn starts(bytes: &[u8], id_length: usize) -> Option<(Vec<u32>, usize)> {
    let version = u32_at(bytes, 4)?;
    if !bytes.starts_with(b"DIRC") || !(2..=3).contains(&version) {
        return None;
    }
    let count = u32_at(bytes, 8)? as usize;
    // An entry takes more than that: a count that cannot be true allocates nothing.
    let mut starts = Vec::with_capacity(count.min(bytes.len() / STAT));
    let mut start = HEADER;
    for _ in 0..count {
        starts.push(u32::try_from(start).ok()?);
        let (path, end) = path(bytes, start, id_length)?;
        if path.is_empty() || *bytes.get(end)? != 0 {
            return None;
        }
        // At least one zero, so that the next one begins at a multiple of eight.
        start += (end - start + 8) & !7;
    }
    Some((starts, start))
}

/// The path of the entry that begins there, and where it ends.
fn path(bytes: &[u8], start: usize, id_length: usize) -> Option<(&[u8], usize)> {
    let at = start + STAT + id_length;
    let flags = u16_at(bytes, at)?;
    let begin = at + if flags & IS_EXTENDED == 0 { 2 } else { 4 };
    let length = match flags & PATH_LENGTH {
        PATH_LENGTH => bytes.get(begin..)?.find_byte(0)?,
        length => usize::from(length),
    };
    Some((bytes.get(begin..begin + length)?, begin + length))
}

/// What `rest`, the extensions and the checksum, says of trees. None when an extension changes what the entries mean.
#[expect(
    clippy::option_option,
    reason = "whether it can be read, and whether there are any"
)]
fn remembered(mut rest: &[u8], repository: &Repository) -> Option<Option<extension::Tree>> {
    let hash = repository.object_hash();
    let mut cached = None;
    while rest.len() > hash.len_in_bytes() {
        let (signature, size) = (rest.get(..4)?, u32_at(rest, 4)? as usize);
        let content = rest.get(8..8 + size)?;
        if signature == extension::tree::SIGNATURE {
            let most = repository.limits().max_tree_depth;
            if cached_trees::are_too_deep(content, hash.len_in_bytes(), most) {
                return None;
            }
            cached = extension::tree::decode(content, hash, None);
        } else if !signature.first()?.is_ascii_uppercase() {
            return None;
        }
        rest = rest.get(8 + size..)?;
    }
    (rest.len() == hash.len_in_bytes()).then_some(cached)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Index;
    use crate::git::testbed::{Bench, Testbed};

    /// All entries, and the same from the slow twin.
    fn agrees(bench: &Bench) -> usize {
        let repository = bench.open();
        let plain = PlainIndex::of(&repository).expect("an ordinary index");
        let whole = Index::of(&repository).expect("an index").expect("an index");
        let state: &gix::index::State = whole.file();
        let listed: Vec<Listed<'_>> = (0..plain.len())
            .map(|at| plain.entry(at).expect("an entry"))
            .collect();
        let decoded: Vec<Listed<'_>> = (state.entries().iter())
            .map(|entry| Listed {
                path: entry.path(state),
                mode: entry.mode,
                id: entry.id,
                is_announced: entry
                    .flags
                    .contains(gix::index::entry::Flags::INTENT_TO_ADD),
            })
            .collect();
        assert_eq!(listed, decoded);
        assert_eq!(plain.cached(), state.tree());
        assert!(plain.entry(plain.len()).is_none() && plain.path(plain.len()).is_none());
        plain.len()
    }

    impl Bench {
        fn add_path(&self, path: &str) {
            let info = format!("100755,{},{path}", self.id("HEAD:a"));
            self.git(&["update-index", "--add", "--cacheinfo", &info]);
        }
    }

    fn crowded(bed: &Testbed, options: &[&str]) -> Bench {
        let bench = bed.init("r", options);
        bench.commit(&[("a", "1"), ("d/b", "2"), ("d/e/c", "3")], "first");
        // Of all lengths modulo eight.
        for length in 1..20 {
            bench.write(&"n".repeat(length), "text");
        }
        bench.git(&["add", "-A"]);
        bench.add_path(&["x".repeat(250).as_str(); 16].join("/"));
        bench.write("announced", "text");
        bench.git(&["add", "--intent-to-add", "announced"]);
        bench
    }

    #[test]
    fn it_has_what_the_whole_reader_has() {
        let bed = Testbed::new();
        let bench = crowded(&bed, &[]);
        assert_eq!(agrees(&bench), 24);
        bench.git(&["rm", "-q", "--cached", "announced"]);
        assert_eq!(agrees(&bench), 23);
        let bed = Testbed::new();
        assert_eq!(agrees(&crowded(&bed, &["--object-format=sha256"])), 24);
    }

    #[test]
    fn a_path_that_is_longer_than_its_flags_can_say_is_read() {
        let bed = Testbed::new();
        let bench = crowded(&bed, &[]);
        let long = ["y".repeat(250).as_str(); 40].join("/");
        bench.add_path(&long);
        bench.write("z", "the last");
        bench.git(&["add", "z"]);
        // The whole reader takes such an index for a damaged one.
        let index = PlainIndex::of(&bench.open()).expect("an ordinary index");
        let paths: Vec<&BStr> = (0..index.len()).filter_map(|at| index.path(at)).collect();
        assert_eq!(paths.len(), 26);
        assert_eq!(paths[24..], [BStr::new(&long), BStr::new("z")]);
    }

    #[test]
    fn what_is_rare_and_what_is_damaged_is_left_to_the_whole_reader() {
        let bed = Testbed::new();
        let bench = crowded(&bed, &[]);
        let is_plain = || PlainIndex::of(&bench.open()).is_some();
        assert!(is_plain());
        let file = bench.root().join(".git/index");
        let whole = std::fs::read(&file).unwrap();
        let (_, entries_end) = starts(&whole, 20).unwrap();
        for length in 0..whole.len() {
            let bytes = &whole[..length];
            let cut =
                starts(bytes, 20).and_then(|(_, end)| remembered(bytes.get(end..)?, &bench.open()));
            // Twenty bytes behind the entries may be a checksum: then all entries are there.
            assert!(cut.is_none() || length >= entries_end + 20, "{length}");
        }
        bench.git(&["update-index", "--index-version", "4"]);
        assert!(!is_plain());
        bench.git(&["update-index", "--index-version", "2"]);
        assert!(is_plain());
        bench.git(&["update-index", "--split-index"]);
        assert!(!is_plain());
        bench.git(&["update-index", "--no-split-index"]);
        assert!(is_plain());
        std::fs::remove_file(&file).unwrap();
        assert!(!is_plain());
    }
}
