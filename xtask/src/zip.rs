//! A writer of zip files (PKWARE's APPNOTE 6.3) with what wheels and Windows' archives need: deflated files with permissions.
//!
//! By hand, because the libraries bring features into the workspace that would make everybody compile half of it again. What is
//! written is read back by Python's and Info-ZIP's readers in the tests.

use std::io::Write as _;

use anyhow::{Context as _, ensure};
use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::contents::Entry;
use crate::dist::Effort;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// Version 2.0: folders and deflate.
const NEEDED: u16 = 20;
/// Made on Unix, so that permissions count.
const MADE_BY: u16 = 3 << 8 | NEEDED;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
const DEFLATED: u16 = 8;
/// Zip's first day; it knows none before, and no zone.
const DAY: u16 = 1 << 5 | 1;
const REGULAR_FILE: u32 = 0o100_000;

/// A zip file of these entries, in this order.
pub(crate) fn write(entries: &[Entry], effort: Effort) -> anyhow::Result<Vec<u8>> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let offset = u32::try_from(file.len()).context("a zip file of 4 GiB")?;
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(effort.level()));
        encoder.write_all(&entry.content)?;
        let packed = encoder.finish()?;
        let shared = shared(entry, packed.len())?;
        put32(&mut file, LOCAL);
        file.extend_from_slice(&shared);
        file.extend_from_slice(entry.path.as_bytes());
        file.extend_from_slice(&packed);
        put32(&mut directory, CENTRAL);
        put16(&mut directory, MADE_BY);
        directory.extend_from_slice(&shared);
        // No comment, the first disk, no wish about text.
        for _ in 0..3 {
            put16(&mut directory, 0);
        }
        put32(&mut directory, (REGULAR_FILE | entry.mode) << 16);
        put32(&mut directory, offset);
        directory.extend_from_slice(entry.path.as_bytes());
    }
    let start = u32::try_from(file.len()).context("a zip file of 4 GiB")?;
    let count = u16::try_from(entries.len()).context("too many files for a zip file")?;
    file.extend_from_slice(&directory);
    put32(&mut file, END);
    for number in [0, 0, count, count] {
        put16(&mut file, number);
    }
    put32(&mut file, u32::try_from(directory.len())?);
    put32(&mut file, start);
    put16(&mut file, 0);
    Ok(file)
}

/// What stands before a file and in the directory alike.
fn shared(entry: &Entry, packed: usize) -> anyhow::Result<Vec<u8>> {
    ensure!(
        !entry.path.starts_with('/'),
        "{} is no path for a zip file",
        entry.path
    );
    let mut head = Vec::with_capacity(26);
    for number in [NEEDED, FLAGS, DEFLATED, 0, DAY] {
        put16(&mut head, number);
    }
    put32(&mut head, crc32fast::hash(&entry.content));
    put32(&mut head, u32::try_from(packed).context("a file of 4 GiB")?);
    put32(
        &mut head,
        u32::try_from(entry.content.len()).context("a file of 4 GiB")?,
    );
    put16(
        &mut head,
        u16::try_from(entry.path.len()).context("a name that is too long")?,
    );
    put16(&mut head, 0);
    Ok(head)
}

fn put16(bytes: &mut Vec<u8>, number: u16) {
    bytes.extend_from_slice(&number.to_le_bytes());
}

fn put32(bytes: &mut Vec<u8>, number: u32) {
    bytes.extend_from_slice(&number.to_le_bytes());
}
