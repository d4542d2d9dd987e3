//! tar and gzip files that depend on what goes in and on nothing else: the order is given, the owner is root, the time is the
//! commit's.

use std::io::Write as _;

use anyhow::Context as _;
use flate2::{Compression, GzBuilder};

use crate::contents::Entry;
use crate::dist::Effort;

/// Compresses as gzip does, without a name and a time.
pub(crate) fn gzip(bytes: &[u8], effort: Effort) -> anyhow::Result<Vec<u8>> {
    let builder = GzBuilder::new().mtime(0).operating_system(255);
    let mut encoder = builder.write(Vec::new(), Compression::new(effort.level()));
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// A tar file. Folders that the paths name are entries of their own, as package managers want it.
pub(crate) fn tar(entries: &[Entry], prefix: &str, time: u64) -> anyhow::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for folder in folders(entries, prefix) {
        let mut header = header(tar::EntryType::Directory, 0o755, time)?;
        builder.append_data(&mut header, folder, [].as_slice())?;
    }
    for entry in entries {
        let mut header = header(tar::EntryType::Regular, entry.mode, time)?;
        header.set_size(entry.content.len() as u64);
        let path = format!("{prefix}{}", entry.path);
        builder
            .append_data(&mut header, &path, entry.content.as_slice())
            .with_context(|| path.clone())?;
    }
    Ok(builder.into_inner()?)
}

fn header(kind: tar::EntryType, mode: u32, time: u64) -> anyhow::Result<tar::Header> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_mtime(time);
    header.set_size(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_username("root")?;
    header.set_groupname("root")?;
    Ok(header)
}

/// Every folder above an entry, each once and after those above it.
fn folders(entries: &[Entry], prefix: &str) -> Vec<String> {
    let mut folders: Vec<String> = entries
        .iter()
        .flat_map(|entry| {
            let path = format!("{prefix}{}", entry.path);
            let ends: Vec<usize> = path.match_indices('/').map(|(end, _)| end + 1).collect();
            ends.into_iter()
                .filter_map(|end| path.get(..end).map(str::to_owned))
                .collect::<Vec<_>>()
        })
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

#[cfg(test)]
mod tests {
    use super::{gzip, tar};
    use crate::contents::Entry;
    use crate::dist::Effort;

    fn entries() -> [Entry; 2] {
        [
            Entry::text("a/b/c.txt", "text"),
            Entry::program("a/run", "#!/bin/sh\n"),
        ]
    }

    #[test]
    fn the_same_entries_make_the_same_bytes() {
        let made = || {
            let tar = tar(&entries(), "x/", 1_700_000_000).unwrap();
            gzip(&tar, Effort::Most).unwrap()
        };
        assert_eq!(made(), made());
    }

    #[test]
    fn a_tar_file_has_its_folders_an_owner_and_the_given_time() {
        let bytes = tar(&entries(), "x/", 1_700_000_000).unwrap();
        let mut archive = ::tar::Archive::new(bytes.as_slice());
        let listed: Vec<(String, u32, u64, u64)> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                let path = entry.path().unwrap().display().to_string();
                (
                    path,
                    header.mode().unwrap(),
                    header.mtime().unwrap(),
                    header.uid().unwrap(),
                )
            })
            .collect();
        let paths: Vec<&str> = listed.iter().map(|(path, ..)| path.as_str()).collect();
        assert_eq!(paths, ["x/", "x/a/", "x/a/b/", "x/a/b/c.txt", "x/a/run"]);
        assert!(
            listed
                .iter()
                .all(|(_, _, time, owner)| (*time, *owner) == (1_700_000_000, 0))
        );
        assert_eq!(listed[4].1, 0o755);
    }
}
