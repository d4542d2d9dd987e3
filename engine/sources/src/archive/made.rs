//! For tests: archives made by hand, as no program would make them.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A member of a tar archive, with its padding.
pub(crate) fn tar_member(name: &[u8], kind: u8, content: &[u8]) -> Vec<u8> {
    tar_header(name, kind, &format!("{:011o}\0", content.len()), content)
}

/// A link of either kind in a tar archive.
pub(crate) fn tar_link(name: &[u8], kind: u8, target: &[u8]) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[157..157 + target.len()].copy_from_slice(target);
    finished(block, name, kind, "00000000000\0")
}

/// A member whose header states a size of its own.
pub(crate) fn tar_header(name: &[u8], kind: u8, size: &str, content: &[u8]) -> Vec<u8> {
    let mut block = finished(vec![0; 512], name, kind, size);
    block.extend_from_slice(content);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

/// The header with what every one has.
fn finished(mut block: Vec<u8>, name: &[u8], kind: u8, size: &str) -> Vec<u8> {
    block[..name.len()].copy_from_slice(name);
    block[124..124 + size.len()].copy_from_slice(size.as_bytes());
    block[156] = kind;
    block[257..263].copy_from_slice(b"ustar\0");
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}
