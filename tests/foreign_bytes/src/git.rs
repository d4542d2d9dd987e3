//! Promises of what reads git's formats and addresses: nothing panics, edits explain their result, folders of anything are
//! refused or read.

use std::fs;
use std::path::Path;

use gix::hash::Kind;
use leakward_core::{Limits, Skipped};
use leakward_sources::fuzzing::{self, IndexRead};
use leakward_sources::git::clone::RemoteUrl;
use leakward_sources::git::pack::{Delta, EntryHeader};
use leakward_sources::git::{
    Chronicle, Discovery, ObjectKinds, OpenOptions, Refs, Repository, Scope, Staged,
};
use leakward_sources::{Edit, Piece, Visitor};

/// As the walk limits objects.
const MAX_RESULT_BYTES: u64 = 1 << 20;

/// An address to clone from: its name holds nothing of the user's part.
pub(crate) fn remote_url(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(url) = RemoteUrl::parse(&text) {
        assert!(!url.host().is_empty() && !url.host().contains('@'));
    }
    let _range = Scope::range(&text);
}

/// A tree: its entries lie one after the other.
pub(crate) fn tree(bytes: &[u8]) {
    for hash in [Kind::Sha1, Kind::Sha256] {
        let end = fuzzing::walk_tree(bytes, hash);
        assert!(end <= bytes.len());
    }
}

/// What a cache knows of a history: what can be read is written again as it was.
pub(crate) fn chronicle(bytes: &[u8]) {
    for hash in [Kind::Sha1, Kind::Sha256] {
        if let Some(mut chronicle) = Chronicle::from_parts([bytes].into_iter(), hash) {
            chronicle.forget_parts();
            let written = chronicle.part();
            let again = Chronicle::from_parts([written.as_slice()].into_iter(), hash);
            assert!(again.is_some_and(|mut again| {
                again.forget_parts();
                again.part() == written
            }));
        }
    }
}

/// Commits, tags and LFS pointers, each read from anything.
pub(crate) fn commit(bytes: &[u8]) {
    fuzzing::read_commit(bytes);
}

/// Whatever visits only counts.
struct Blind;

impl Visitor for Blind {
    type Worker = ();
    type Note = ();

    fn worker(&self) {}

    fn whole(&self, (): &mut (), _piece: Piece<'_>) {}

    fn skipped(&self, _skipped: Skipped) {}
}

fn options() -> OpenOptions {
    OpenOptions {
        discovery: Discovery::Exact,
        limits: Limits {
            max_object_bytes: MAX_RESULT_BYTES,
            max_live_base_bytes: 1 << 16,
            ..Limits::default()
        },
        index_file: None,
    }
}

/// An empty bare repository.
fn make_repository(folder: &Path) {
    fs::create_dir_all(folder.join("objects/pack")).expect("folders");
    fs::create_dir_all(folder.join("objects/info")).expect("folders");
    fs::create_dir_all(folder.join("objects/ab")).expect("folders");
    fs::create_dir_all(folder.join("refs/heads")).expect("folders");
    fs::write(folder.join("HEAD"), "ref: refs/heads/main\n").expect("HEAD");
}

/// The files of a repository that strangers can write.
const FILES: [&str; 8] = [
    "HEAD",
    "config",
    "packed-refs",
    "index",
    "objects/info/alternates",
    "shallow",
    "refs/heads/main",
    "objects/ab/cdef0123456789abcdef0123456789abcdef01",
];

const CONFIG: &[u8] = b"[core]\n\trepositoryformatversion = 0\n\tbare = true\n";

const CONFIG_OF_SHA256: &[u8] =
    b"[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n";

/// What stands between two files in an input.
const BETWEEN: &[u8] = b"\n----\n";

/// A repository with files of any bytes: it is refused, or read to its end.
pub(crate) fn repository(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    make_repository(folder.path());
    let mut rest = bytes;
    for file in FILES {
        let at = rest
            .windows(BETWEEN.len())
            .position(|window| window == BETWEEN);
        let (content, after) = match at {
            Some(at) => (&rest[..at], &rest[at + BETWEEN.len()..]),
            None => (rest, &[][..]),
        };
        if !content.is_empty() {
            fs::write(folder.path().join(file), content).expect("a file");
        }
        rest = after;
    }
    let Ok(repository) = Repository::open(folder.path(), options()) else {
        return;
    };
    let refs = Refs::of(&repository);
    refs.scan_names(&Blind);
    drop(repository.shortcomings());
    drop(repository.shallow_boundary());
    drop(Staged::of(&repository));
    let _scanned = repository.scan_objects(ObjectKinds::ALL, &Blind, 1);
}

/// An index, of either hash: who reads it where it lies and who decodes all of it say the same, where neither refuses it.
pub(crate) fn index(bytes: &[u8]) {
    for config in [CONFIG, CONFIG_OF_SHA256] {
        if let (Some(plain), Some(decoded)) = read_index(bytes, config) {
            assert_eq!(plain, decoded);
        }
    }
}

fn read_index(bytes: &[u8], config: &[u8]) -> (Option<IndexRead>, Option<IndexRead>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    make_repository(folder.path());
    fs::write(folder.path().join("config"), config).expect("a configuration");
    fs::write(folder.path().join("index"), bytes).expect("an index");
    let repository = Repository::open(folder.path(), options()).expect("a repository");
    fuzzing::read_index(&repository)
}

/// The header of a pack entry: it lies within the bytes, or is refused.
pub(crate) fn pack_entry(bytes: &[u8]) {
    for hash in [Kind::Sha1, Kind::Sha256] {
        if let Ok(header) = EntryHeader::parse(bytes, hash) {
            assert!(header.length <= bytes.len());
        }
    }
}

/// A table of refs: what is in it has taken bytes of it.
pub(crate) fn reftable(bytes: &[u8]) {
    for hash in [Kind::Sha1, Kind::Sha256] {
        let (refs, _entries_that_are_compressed) = fuzzing::read_reftable(bytes, hash);
        assert!(refs <= bytes.len() / 3);
    }
}

/// Splits at a length of two bytes that stands in front.
fn two_parts(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = input.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))
}

/// A delta on a base: its edits explain its result, or it is refused.
pub(crate) fn delta(input: &[u8]) {
    let Some((base, delta)) = two_parts(input) else {
        return;
    };
    let Ok(delta) = Delta::parse(delta) else {
        return;
    };
    if delta.result_size > MAX_RESULT_BYTES {
        return;
    }
    let mut result = vec![0; usize::try_from(delta.result_size).unwrap_or(0)];
    let mut edits = Vec::new();
    if delta.apply(base, &mut result, &mut edits).is_err() {
        return;
    }
    let mut end = 0;
    for edit in edits {
        let (to, len) = match edit {
            Edit::Copy { from, to, len } => {
                assert_eq!(base[from..from + len], result[to..to + len]);
                (to, len)
            }
            Edit::Insert { to, len } => (to, len),
        };
        assert_eq!(to, end);
        end += len;
    }
    assert_eq!(end, result.len());
}

/// Makes sure that edits explain their piece.
struct Strict;

impl Visitor for Strict {
    type Worker = ();
    type Note = Vec<u8>;

    fn worker(&self) {}

    fn whole(&self, (): &mut (), piece: Piece<'_>) -> Vec<u8> {
        piece.bytes.to_vec()
    }

    fn changed(&self, (): &mut (), piece: Piece<'_>, base: &Vec<u8>, edits: &[Edit]) -> Vec<u8> {
        for edit in edits {
            if let Edit::Copy { from, to, len } = *edit {
                assert_eq!(base[from..from + len], piece.bytes[to..to + len]);
            }
        }
        piece.bytes.to_vec()
    }

    fn skipped(&self, _skipped: Skipped) {}
}

/// A pack with its index, both of any bytes: the walk comes to an end. The index stands first, after its length.
pub(crate) fn pack_walk(input: &[u8]) {
    let Some((index, pack)) = two_parts(input) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    make_repository(folder.path());
    let packs = folder.path().join("objects/pack");
    fs::write(packs.join("pack-a.idx"), index).expect("an index");
    fs::write(packs.join("pack-a.pack"), pack).expect("a pack");
    let repository = Repository::open(folder.path(), options()).expect("a repository");
    repository
        .scan_objects(ObjectKinds::ALL, &Strict, 1)
        .expect("a thread");
}

fn bytes_of(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

pub(crate) fn remote_urls() -> Vec<Vec<u8>> {
    bytes_of(&[
        "https://user:pw@host.acme.io:8443/group/repository.git?x#y",
        "ssh://git@host.acme.io/x.git",
        "git@host.acme.io:group/x.git",
        "http://127.0.0.1:80/x",
        "git+ssh://[::1]:22/x",
        "A..B",
        "main...",
    ])
}

pub(crate) fn trees() -> Vec<Vec<u8>> {
    let entry = |mode: &str, name: &str, length: usize| {
        [format!("{mode} {name}\0").into_bytes(), vec![7; length]].concat()
    };
    vec![
        [
            entry("100644", "a", 20),
            entry("40000", "b", 20),
            entry("120000", "c", 20),
            entry("160000", "d", 20),
        ]
        .concat(),
        [entry("100644", "a", 32), entry("40000", "ä", 32)].concat(),
    ]
}

pub(crate) fn chronicles() -> Vec<Vec<u8>> {
    let number = |number: u32| number.to_le_bytes().to_vec();
    let id = |byte: u8| vec![byte; 20];
    let time = || 1_234_567_890_i64.to_le_bytes().to_vec();
    let root = [id(1), id(2), time(), number(0)].concat();
    let child = [id(3), id(4), time(), number(1), number(0)].concat();
    let lists = [
        vec![number(1), id(9), number(2), root, child],
        vec![number(1), id(5), number(1), number(3), b"a/b".to_vec()],
        vec![number(1), number(0), number(0), number(1)],
    ];
    vec![lists.concat().concat(), vec![0; 20]]
}

pub(crate) fn commits() -> Vec<Vec<u8>> {
    let id = "0123456789012345678901234567890123456789";
    bytes_of(&[
        &format!(
            "tree {id}\nparent {id}\nauthor A <a@b> 1234567890 +0100\ncommitter C <c@d> 1234567891 -0330\n\nsubject\n\nbody\n"
        ),
        &format!("object {id}\ntype commit\ntag v1\ntagger T <t@u> 1 +0000\n\nmessage\n"),
        &format!(
            "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12\n",
            "ab".repeat(32)
        ),
    ])
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut encoder = flate2::read::ZlibEncoder::new(bytes, flate2::Compression::fast());
    std::io::Read::read_to_end(&mut encoder, &mut packed).expect("memory does not fail");
    packed
}

pub(crate) fn repositories() -> Vec<Vec<u8>> {
    let id = "0123456789012345678901234567890123456789";
    let loose = zlib(b"blob 3\0abc");
    let index = [b"DIRC\0\0\0\x02\0\0\0\0".to_vec(), vec![0; 20]].concat();
    let packed = format!(
        "# pack-refs with: peeled fully-peeled sorted\n{id} refs/heads/x\n{id} refs/tags/t\n^{id}\n"
    );
    let objects_format = b"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n\trefstorage = reftable\n".to_vec();
    let files = |config: Vec<u8>| {
        [
            b"ref: refs/heads/main\n".to_vec(),
            config,
            packed.clone().into_bytes(),
            index.clone(),
            b"/nowhere/objects\n../x\n".to_vec(),
            format!("{id}\n").into_bytes(),
            format!("{id}\n").into_bytes(),
            loose.clone(),
        ]
        .join(BETWEEN)
    };
    vec![
        files(CONFIG.to_vec()),
        files(objects_format),
        format!("{id}\n").into_bytes(),
        b"ref: ../../x\n".to_vec(),
    ]
}

/// An index of two files that remembers two trees.
fn index_of(version: u8, id_length: usize) -> Vec<u8> {
    let mut index = [&b"DIRC\0\0\0"[..], &[version], b"\0\0\0\x02"].concat();
    for (path, cut) in [("a/b", 0), ("c", 3)] {
        let start = index.len();
        let stat = [vec![0; 24], vec![0, 0, 0x81, 0xA4], vec![0; 12]];
        index.extend(stat.concat());
        index.extend(vec![7; id_length]);
        let length = u8::try_from(path.len()).expect("a short path");
        // In version 3 more flags follow: it is only announced.
        match version {
            3 => index.extend([0x40, length, 0x20, 0]),
            _ => index.extend([0, length]),
        }
        // In version 4 it begins with the path before it, without so many of its last bytes.
        index.extend((version == 4).then_some(cut));
        index.extend(path.bytes());
        let zeros = match version {
            4 => 1,
            _ => 8 - (index.len() - start) % 8,
        };
        index.resize(index.len() + zeros, 0);
    }
    let id = vec![b'i'; id_length];
    let trees = [&b"\x002 1\n"[..], &id, b"a\x001 0\n", &id].concat();
    let size = u32::try_from(trees.len()).expect("a short index");
    let checksum = vec![0; id_length];
    [&index, &b"TREE"[..], &size.to_be_bytes(), &trees, &checksum].concat()
}

pub(crate) fn indexes() -> Vec<Vec<u8>> {
    let versions = [2, 3, 4].into_iter();
    let of_each = |version| [20, 32].map(|id_length| index_of(version, id_length));
    versions.flat_map(of_each).collect()
}

pub(crate) fn pack_entries() -> Vec<Vec<u8>> {
    vec![
        vec![0x33, 0x78, 0x9C],
        vec![0xB5, 0x80, 0x01, 0x78],
        [vec![0x65, 0x81, 0x02], vec![9; 40]].concat(),
        [vec![0x75], vec![9; 40]].concat(),
    ]
}

/// A table of refs: its header, blocks, and a footer that says where logs begin.
fn table_of_refs(first: &[u8], logs: &[u8]) -> Vec<u8> {
    let header = b"REFT\x01\0\x10\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02";
    let mut table = [&header[..], first].concat();
    let logs_at = if logs.is_empty() { 0 } else { table.len() };
    table.extend(logs);
    let logs_at = u64::try_from(logs_at).expect("a short table");
    let footer = [&header[..], &[0; 24], &logs_at.to_be_bytes(), &[0; 8]].concat();
    let mut sum = flate2::Crc::new();
    sum.update(&footer);
    [table, footer, sum.sum().to_be_bytes().to_vec()].concat()
}

/// A block: its kind, its length with what stands before it, its records, one place where names begin anew.
fn block_of_refs(kind: u8, before: usize, records: &[u8]) -> Vec<u8> {
    let at = u8::try_from(before + 4).expect("a short block");
    let length = u8::try_from(before + 4 + records.len() + 5).expect("a short block");
    [&[kind, 0, 0, length][..], records, &[0, 0, at, 0, 1]].concat()
}

pub(crate) fn reftables() -> Vec<Vec<u8>> {
    let id = [7; 20];
    let records = [
        &[0, 4 << 3 | 3, b'H', b'E', b'A', b'D', 0, 12][..],
        b"refs/heads/x",
        &[0, 12 << 3 | 1],
        b"refs/heads/x",
        &[0],
        &id,
        &[5, 6 << 3 | 2],
        b"tags/t",
        &[1],
        &id,
        &id,
        &[10, 1 << 3, b'u', 0],
    ]
    .concat();
    let stash = [
        // 19 << 3 | 1, in two groups of bits.
        &[0, 0x80, 25][..],
        b"refs/stash\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE",
        &id,
        &id,
        b"\x01A\x03a@b\x05\0\x3C\x02m\n",
    ]
    .concat();
    let packed = |block: Vec<u8>| [&block[..4], &zlib(&block[4..])[..]].concat();
    let refs = block_of_refs(b'r', 24, &records);
    vec![
        table_of_refs(&refs, &packed(block_of_refs(b'g', 0, &stash))),
        table_of_refs(&refs, b""),
        table_of_refs(&packed(block_of_refs(b'g', 24, &stash)), b""),
    ]
}

/// A part behind its length.
fn with_length(first: &[u8], second: &[u8]) -> Vec<u8> {
    let length = u16::try_from(first.len()).expect("a short seed");
    [&length.to_le_bytes()[..], first, second].concat()
}

pub(crate) fn deltas() -> Vec<Vec<u8>> {
    let base = b"abcdefghijklmnopqrstuvwxyz";
    vec![
        with_length(base, &[26, 30, 0x90, 26, 4, b'1', b'2', b'3', b'4']),
        with_length(base, &[26, 10, 0x91, 5, 10]),
        with_length(base, &[26, 3, 3, b'x', b'y', b'z']),
    ]
}

pub(crate) fn packs() -> Vec<Vec<u8>> {
    let mut pack = b"PACK\0\0\0\x02\0\0\0\x02".to_vec();
    let first = pack.len();
    pack.push(0x33);
    pack.extend(zlib(b"abc"));
    let second = pack.len();
    pack.push(0x65);
    pack.push(u8::try_from(second - first).expect("a short pack"));
    pack.extend(zlib(&[3, 4, 0x90, 3, 1]));
    pack.extend([0; 20]);
    let mut index = b"\xFFtOc\0\0\0\x02".to_vec();
    for byte in 0_u32..256 {
        index.extend(u32::to_be_bytes(if byte < 0x10 {
            0
        } else if byte < 0x20 {
            1
        } else {
            2
        }));
    }
    index.extend([[0x10; 20], [0x20; 20]].concat());
    index.extend([0; 8]);
    for offset in [first, second] {
        index.extend(u32::to_be_bytes(
            u32::try_from(offset).expect("a short pack"),
        ));
    }
    index.extend([0; 40]);
    vec![
        with_length(&index, &pack),
        with_length(&index[..1_040], &pack),
        with_length(&index, &pack[..20]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_of_tables_are_read_to_their_end() {
        let read: Vec<(usize, usize)> = reftables()
            .iter()
            .map(|seed| fuzzing::read_reftable(seed, Kind::Sha1))
            .collect();
        assert_eq!(read, [(4, 1), (4, 0), (0, 1)]);
    }

    #[test]
    fn seeds_of_indexes_are_read_by_both_who_read_them() {
        for (version, is_plain) in [(2, true), (3, true), (4, false)] {
            for (id_length, config) in [(20, CONFIG), (32, CONFIG_OF_SHA256)] {
                let (plain, decoded) = read_index(&index_of(version, id_length), config);
                let decoded = decoded.expect("an index");
                let announced = [decoded.entries[0].3, decoded.entries[1].3];
                assert_eq!(announced, [version == 3; 2]);
                assert_eq!(decoded.entries[1].0, "c");
                assert_eq!(
                    decoded.trees.as_ref().map(|tree| tree.children.len()),
                    Some(1)
                );
                assert_eq!(plain, is_plain.then_some(decoded), "{version}");
            }
        }
    }
}
