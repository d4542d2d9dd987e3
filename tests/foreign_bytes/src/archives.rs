//! Archives, and what a container image says of itself.

use std::io::{Read as _, Write as _};
use std::sync::Mutex;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use leakward_core::{Limits, Skipped};
use leakward_sources::archive::{
    ArReader, Archives, CpioReader, TarReader, Unpacking, ZipDirectory,
};
use leakward_sources::image::containerd::listed_images;
use leakward_sources::image::registry::Reference;
use leakward_sources::image::{Digest, Images, LayerListing};
use leakward_sources::{Origin, Piece, Visitor};

/// Counts what it is shown.
#[derive(Default)]
struct Counting(Mutex<u64>);

impl Visitor for Counting {
    type Worker = ();
    type Note = ();

    fn worker(&self) {}

    fn whole(&self, _worker: &mut (), piece: Piece<'_>) {
        *self.0.lock().expect("no panic before") += piece.bytes.len() as u64;
    }

    fn skipped(&self, skipped: Skipped) {
        let is_fault = skipped.reason.contains("a fault of this program");
        assert!(!is_fault, "a reader panicked: {skipped:?}");
    }
}

/// Whatever is in it is shown or told, within the limits.
pub(crate) fn members(bytes: &[u8]) {
    let limits = Limits {
        max_archive_depth: 4,
        max_archive_entries: 1_000,
        max_unpacked_bytes: 1 << 20,
        max_held_archive_bytes: 1 << 20,
        ..Limits::default()
    };
    let counting = Counting::default();
    let unpacking = Unpacking::new(&counting, &limits, Archives::Open);
    let mut worker = unpacking.worker();
    unpacking.alone(&mut worker, Piece::new(&Origin::Stdin, bytes));
    let streamed = unpacking.stream(&mut worker, &Origin::Stdin, &mut &*bytes);
    streamed.expect("bytes in memory can be read");
    // Each of both may show what it unpacks, and each archive in it as the bytes that it is.
    let most = 2 * (limits.max_unpacked_bytes + bytes.len() as u64) * 5;
    assert!(*counting.0.lock().expect("no panic before") <= most);
}

/// Contents are no longer than the archive, and it ends.
pub(crate) fn tar(bytes: &[u8]) {
    let mut reader = TarReader::new(bytes);
    let mut contents = 0;
    while let Ok(Some(entry)) = reader.next_entry() {
        let mut content = Vec::new();
        if reader.read_to_end(&mut content).is_ok() {
            assert_eq!(content.len() as u64, entry.size);
        }
        contents += content.len();
    }
    assert!(contents <= bytes.len());
}

/// As for [`tar`].
pub(crate) fn ar(bytes: &[u8]) {
    let Ok(mut reader) = ArReader::new(bytes) else {
        return;
    };
    let mut contents = 0;
    while let Ok(Some(_name)) = reader.next_entry() {
        let mut content = Vec::new();
        let _cut_off = reader.read_to_end(&mut content);
        contents += content.len();
    }
    assert!(contents <= bytes.len());
}

/// As for [`tar`].
pub(crate) fn cpio(bytes: &[u8]) {
    let mut reader = CpioReader::new(bytes);
    let mut contents = 0;
    while let Ok(Some(_name)) = reader.next_entry() {
        let mut content = Vec::new();
        let _cut_off = reader.read_to_end(&mut content);
        contents += content.len();
    }
    assert!(contents <= bytes.len());
}

/// Each entry's content is a part of the file, and there are no more than asked for.
pub(crate) fn zip(bytes: &[u8]) {
    const MOST: u64 = 100;
    let directory = ZipDirectory::read(bytes, MOST);
    let file = bytes.as_ptr_range();
    for entry in &directory.entries {
        let packed = entry.packed.as_ptr_range();
        let is_inside = file.start <= packed.start && packed.end <= file.end;
        assert!(entry.packed.is_empty() || is_inside);
    }
    // One more tells that there are more.
    assert!(directory.entries.len() as u64 <= MOST + 1);
}

/// Index, manifest and configuration are understood or told, and nothing outside of the folder is read.
pub(crate) fn image(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let blobs = folder.path().join("blobs/sha256");
    let written =
        |path: &std::path::Path, bytes: &[u8]| std::fs::write(path, bytes).expect("a file");
    std::fs::create_dir_all(&blobs).expect("a folder");
    written(&folder.path().join("oci-layout"), b"{}");
    let digest = Digest::of(bytes);
    written(&blobs.join(digest.parts().1), bytes);
    // Bytes at random never hold the right digest, so they are referred to as everything.
    let of_manifest = format!(r#"{{"manifests":[{{"digest":"{digest}"}}]}}"#);
    let manifest =
        format!(r#"{{"config":{{"digest":"{digest}"}},"layers":[{{"digest":"{digest}"}}]}}"#);
    let manifest_digest = Digest::of(manifest.as_bytes());
    written(&blobs.join(manifest_digest.parts().1), manifest.as_bytes());
    let of_config = format!(r#"{{"manifests":[{{"digest":"{manifest_digest}"}}]}}"#);
    for index in [bytes, of_manifest.as_bytes(), of_config.as_bytes()] {
        written(&folder.path().join("index.json"), index);
        let Ok(images) = Images::at(folder.path(), None) else {
            continue;
        };
        for layer in images.images.iter().flat_map(|image| &image.layers) {
            assert!(images.with_layer(layer.digest.as_str()).count() > 0);
        }
    }
    drop(LayerListing::read(bytes));
}

/// A database of containerd gives names and digests or an error, and pages in a circle end.
pub(crate) fn containerd(bytes: &[u8]) {
    let Ok(images) = listed_images(bytes) else {
        return;
    };
    for digest in images.into_iter().filter_map(|image| image.digest) {
        assert!(digest.as_str().contains(':'));
    }
}

/// One page that says where the database begins, and one with a tree in a tree.
pub(crate) fn containerd_databases() -> Vec<Vec<u8>> {
    const PAGE: usize = 512;
    let page = |kind: u16, entries: &[(u32, &[u8], &[u8])]| {
        let mut made = vec![0; 16 + 16 * entries.len()];
        made[8..10].copy_from_slice(&kind.to_le_bytes());
        made[10..12].copy_from_slice(&(entries.len() as u16).to_le_bytes());
        for (index, (flags, key, value)) in entries.iter().enumerate() {
            let at = 16 + 16 * index;
            let from = (made.len() - at) as u32;
            let numbers = [*flags, from, key.len() as u32, value.len() as u32];
            made[at..at + 16].copy_from_slice(&numbers.map(u32::to_le_bytes).concat());
            made.extend_from_slice(key);
            made.extend_from_slice(value);
        }
        made
    };
    let inline = |entries: &[(u32, &[u8], &[u8])]| [vec![0; 16], page(2, entries)].concat();
    let digest = format!("sha256:{}", "a0".repeat(32));
    let target = inline(&[(0, b"digest", digest.as_bytes())]);
    let image = inline(&[(1, b"target", &target)]);
    let images = inline(&[(1, b"a", &image)]);
    let namespace = inline(&[(1, b"images", &images)]);
    let namespaces = inline(&[(1, b"default", &namespace)]);
    let mut meta = vec![0; 56];
    meta[..4].copy_from_slice(&0xED0C_DAED_u32.to_le_bytes());
    meta[4] = 2;
    meta[8..12].copy_from_slice(&(PAGE as u32).to_le_bytes());
    meta[16] = 1;
    let sum = meta.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mut made = page(4, &[]);
    made.extend(meta);
    made.extend(sum.to_le_bytes());
    made.resize(PAGE, 0);
    made.extend(page(2, &[(1, b"v1", &namespaces)]));
    vec![made]
}

/// What is taken for a name leads to one host and one repository, and is read back from what it is shown as.
pub(crate) fn image_name(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let Ok(reference) = text.parse::<Reference>() else {
        return;
    };
    assert!(
        !reference
            .repository
            .contains(['?', '#', '%', '\\', ' ', '@'])
    );
    assert!(
        !reference
            .repository
            .split('/')
            .any(|part| part.is_empty() || part == "..")
    );
    assert!(!reference.registry.contains(['/', '?', '#', '@', '\\', ' ']));
    assert_eq!(reference.to_string().parse::<Reference>(), Ok(reference));
}

pub(crate) fn image_names() -> Vec<Vec<u8>> {
    let digest = "a0".repeat(32);
    [
        "alpine:3".to_owned(),
        "localhost:5000/team/app".to_owned(),
        format!("registry.example/team/app:1.4@sha256:{digest}"),
    ]
    .map(String::into_bytes)
    .to_vec()
}

pub(crate) fn images() -> Vec<Vec<u8>> {
    let digest = format!("sha256:{}", "a0".repeat(32));
    [
        format!(r#"{{"manifests":[{{"digest":"{digest}","platform":{{"os":"linux","architecture":"arm"}}}}]}}"#),
        format!(r#"{{"config":{{"digest":"{digest}"}},"layers":[{{"digest":"{digest}"}}],"annotations":{{"a":"b"}}}}"#),
        format!(
            r#"{{"os":"linux","config":{{"Env":["A=b"],"Cmd":["x"],"Labels":{{"c":"d"}}}},"rootfs":{{"diff_ids":["{digest}"]}},"history":[{{"created_by":"ENV A=b","empty_layer":true}}]}}"#
        ),
    ]
    .map(String::into_bytes)
    .to_vec()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub(crate) fn tars() -> Vec<Vec<u8>> {
    let member = |name: &str, kind: u8, content: &[u8]| {
        let mut block = vec![0; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        let size = format!("{:011o}", content.len());
        block[124..135].copy_from_slice(size.as_bytes());
        block[156] = kind;
        block[257..263].copy_from_slice(b"ustar\0");
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
        block[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
        block.extend_from_slice(content);
        block.resize(block.len().next_multiple_of(512), 0);
        block
    };
    let files = [
        member("a", b'0', b"content"),
        member("b/", b'5', b""),
        vec![0; 1024],
    ]
    .concat();
    let long = [
        member("././@LongLink", b'L', b"a long name\0"),
        member("pax", b'x', b"14 path=abcde\n"),
        member("sparse", b'S', b"content"),
    ];
    vec![files, long.concat()]
}

pub(crate) fn ars() -> Vec<Vec<u8>> {
    let member = |name: &str, content: &str| {
        let mut made = format!("{name:<16}{:<32}{:<10}`\n{content}", 0, content.len());
        if content.len() % 2 == 1 {
            made.push('\n');
        }
        made
    };
    let made = format!(
        "!<arch>\n{}{}{}{}",
        member("//", "a-name-of-more-than-sixteen.o/\n"),
        member("/0", "long"),
        member("short.o/", "odd"),
        member("#1/4", "abc\0content"),
    );
    vec![made.into_bytes()]
}

pub(crate) fn cpios() -> Vec<Vec<u8>> {
    let new = |name: &str, content: &str| {
        let fields = [
            0,
            0o100_644,
            0,
            0,
            1,
            0,
            content.len(),
            0,
            0,
            0,
            0,
            name.len() + 1,
            0,
        ];
        let head: String = fields.iter().map(|field| format!("{field:08x}")).collect();
        let mut made = format!("070701{head}{name}\0").into_bytes();
        made.resize(made.len().next_multiple_of(4), 0);
        made.extend(content.bytes());
        made.resize(made.len().next_multiple_of(4), 0);
        made
    };
    let old = format!("070707{:047}{:06o}{:011o}a\0content", 0, 2, 7);
    vec![
        [new("a", "content"), new("TRAILER!!!", "")].concat(),
        old.into_bytes(),
    ]
}

pub(crate) fn zips() -> Vec<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(b"content content content")
        .expect("memory");
    let packed = encoder.finish().expect("memory");
    let size = u32::try_from(packed.len()).expect("short").to_le_bytes();
    let sizes = [[0; 4], size, 23_u32.to_le_bytes()].concat();
    let local = [
        b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0",
        sizes.as_slice(),
        b"\x01\0\0\0a",
        &packed,
    ]
    .concat();
    let listed = [
        b"PK\x01\x02\x14\0\x14\0\0\0\x08\0\0\0\0\0",
        sizes.as_slice(),
        b"\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0a",
    ]
    .concat();
    let at = u32::try_from(local.len()).expect("short").to_le_bytes();
    let length = u32::try_from(listed.len()).expect("short").to_le_bytes();
    let end = [
        b"PK\x05\x06\0\0\0\0\x01\0\x01\0",
        length.as_slice(),
        &at,
        b"\0\0",
    ]
    .concat();
    vec![[local, listed, end].concat()]
}

/// One of each, and compressed ones.
pub(crate) fn archives() -> Vec<Vec<u8>> {
    let pdf = b"%PDF-1.7\n1 0 obj << /Filter /FlateDecode >>\nstream\nx\x9c\nendstream".to_vec();
    let class = b"\xca\xfe\xba\xbe\0\0\0\x34\0\x03\x01\0\x03abc\x08\0\x01".to_vec();
    let mail = b"From: a\nSubject: b\nX: quoted-printable\n\nto=\nken=3D".to_vec();
    let documents = vec![pdf, class, python_module(), mail, database()];
    let plain = [tars(), ars(), cpios(), zips(), vec![seven_zip()], documents].concat();
    let packed: Vec<Vec<u8>> = plain.iter().map(|bytes| gzip(bytes)).collect();
    [plain, packed].concat()
}

/// A module of Python 3.11 that says `a = "b"`.
fn python_module() -> Vec<u8> {
    let mut module = b"\xa7\x0d\r\n".to_vec();
    module.extend([0; 12]);
    module.push(b'c' | 0x80);
    module.extend([0; 20]);
    module.extend(b"s\x04\0\0\0\x64\x00\x5a\x00");
    module.extend(
        b")\x01z\x01b)\x01Z\x01a)\0)\0r\0\0\0\0r\0\0\0\0r\0\0\0\0\0\0\0\0s\0\0\0\0s\0\0\0\0",
    );
    module
}

/// A 7z archive with the file `a` in it, not compressed.
fn seven_zip() -> Vec<u8> {
    let content = b"content";
    let header = [
        &b"\x01\x04\x06\0\x01\x09\x07\0"[..],
        b"\x07\x0b\x01\0\x01\x01\0\x0c\x07\0\0",
        b"\x05\x01\x11\x05\0a\0\0\0\0\0",
    ]
    .concat();
    let start = [
        &(content.len() as u64).to_le_bytes()[..],
        &(header.len() as u64).to_le_bytes(),
        &crc32(&header).to_le_bytes(),
    ]
    .concat();
    let mark = b"7z\xbc\xaf\x27\x1c\0\x04";
    [
        mark,
        &crc32(&start).to_le_bytes()[..],
        &start,
        content,
        &header,
    ]
    .concat()
}

/// The checksum of 7z, and of gzip.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// An SQLite database of two pages with a row that is spread over both.
fn database() -> Vec<u8> {
    let mut pages = vec![0; 1024];
    let mut put = |at: usize, bytes: &[u8]| pages[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"SQLite format 3\0\x02\0\x01\x01\0");
    put(100, b"\x0d\0\0\0\x01\0\0\0\x01\x00");
    // 600 bytes, of which 92 are here; one text of 597 bytes.
    put(256, b"\x84\x58\x01\x03\x89\x37the text");
    put(256 + 3 + 92, b"\0\0\0\x02");
    pages
}
