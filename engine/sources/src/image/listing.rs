//! Which paths a layer has, and which it hides in the layers below.
//!
//! A layer can have millions of paths, and all that is ever asked is whether one of them is there. So only the first 64
//! bits of a path's SHA-256 are kept: a wrong answer by chance needs billions of paths, and then a word in a report
//! ("overwritten") is wrong.

use std::io;

use sha2::{Digest as _, Sha256};

/// Which paths a layer has and which it hides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerListing {
    /// Everything that is no folder.
    files: Vec<u64>,
    folders: Vec<u64>,
    /// What is removed from the layers below.
    whiteouts: Vec<u64>,
    /// Folders of which everything in the layers below is removed.
    opaque: Vec<u64>,
}

/// How a layer hides a file of a layer below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// Something else is at its path.
    Overwritten,
    /// It, or a folder above it, was removed.
    Deleted,
}

/// Before the name of what is removed.
const WHITEOUT: &str = ".wh.";

/// The name of what makes its folder opaque.
const OPAQUE: &str = ".wh..wh..opq";

impl LayerListing {
    /// Adds a member that is no folder.
    pub(crate) fn add_file(&mut self, path: &str) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if name == OPAQUE {
            self.opaque.push(hash(folder));
        } else if let Some(removed) = name.strip_prefix(WHITEOUT) {
            // Names with the prefix twice are notes of the file system that docker began with.
            if !removed.starts_with(WHITEOUT) {
                self.whiteouts.push(hash(&joined(folder, removed)));
            }
        } else {
            self.files.push(hash(path));
        }
    }

    /// Adds a folder.
    pub(crate) fn add_folder(&mut self, path: &str) {
        self.folders.push(hash(path));
    }

    /// To be called when everything has been added.
    pub(crate) fn finish(&mut self) {
        for list in [
            &mut self.files,
            &mut self.folders,
            &mut self.whiteouts,
            &mut self.opaque,
        ] {
            list.sort_unstable();
            list.dedup();
            list.shrink_to_fit();
        }
    }

    /// Whether, and how, this layer hides the file at `path` of a layer below.
    #[must_use]
    pub fn hides(&self, path: &str) -> Option<Hidden> {
        let own = hash(path);
        if has(&self.files, own) || has(&self.folders, own) {
            return Some(Hidden::Overwritten);
        }
        if has(&self.whiteouts, own) {
            return Some(Hidden::Deleted);
        }
        for (end, _) in path.match_indices('/') {
            let folder = hash(path.get(..end).unwrap_or_default());
            if has(&self.whiteouts, folder) || has(&self.opaque, folder) {
                return Some(Hidden::Deleted);
            }
            if has(&self.files, folder) {
                return Some(Hidden::Overwritten);
            }
        }
        has(&self.opaque, hash("")).then_some(Hidden::Deleted)
    }

    /// Writes the listing in a form that [`LayerListing::read`] reads: for a cache, not for anybody else.
    ///
    /// # Errors
    /// What `to` says.
    pub fn write(&self, to: &mut dyn io::Write) -> io::Result<()> {
        for list in [&self.files, &self.folders, &self.whiteouts, &self.opaque] {
            to.write_all(&(list.len() as u64).to_le_bytes())?;
            for hash in list {
                to.write_all(&hash.to_le_bytes())?;
            }
        }
        Ok(())
    }

    /// Reads what [`LayerListing::write`] wrote. Nothing when it is anything else.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut number = || {
            let (first, after) = rest.split_first_chunk::<8>()?;
            rest = after;
            Some(u64::from_le_bytes(*first))
        };
        let mut list = || {
            let length = number()?;
            (0..length).map(|_| number()).collect::<Option<Vec<u64>>>()
        };
        let listing = Self {
            files: list()?,
            folders: list()?,
            whiteouts: list()?,
            opaque: list()?,
        };
        rest.is_empty().then_some(listing)
    }
}

/// A path in a layer as reports show it and as it is compared: without `./` and slashes around it.
pub(crate) fn layer_path(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    let parts: Vec<&str> = text
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    parts.join("/")
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

fn has(sorted: &[u64], hash: u64) -> bool {
    sorted.binary_search(&hash).is_ok()
}

fn hash(path: &str) -> u64 {
    let full = Sha256::digest(path.as_bytes());
    full.iter()
        .take(8)
        .fold(0, |number, &byte| (number << 8) | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(files: &[&str], folders: &[&str]) -> LayerListing {
        let mut listing = LayerListing::default();
        files.iter().for_each(|path| listing.add_file(path));
        folders.iter().for_each(|path| listing.add_folder(path));
        listing.finish();
        listing
    }

    #[test]
    fn whiteouts_opaque_folders_and_new_files_hide_what_is_below() {
        let upper = listing(
            &[
                "app/.wh.gone",
                "data/.wh..wh..opq",
                "etc/passwd",
                ".wh.srv",
                "lib",
                "a/.wh..wh.plnk",
            ],
            &["app", "data", "etc", "was-file"],
        );
        for (path, expected) in [
            ("app/gone", Some(Hidden::Deleted)),
            ("app/gone/deeper", Some(Hidden::Deleted)),
            ("app/gone2", None),
            ("app/stays", None),
            ("data/a/b", Some(Hidden::Deleted)),
            ("data", Some(Hidden::Overwritten)),
            ("etc/passwd", Some(Hidden::Overwritten)),
            ("srv/x", Some(Hidden::Deleted)),
            ("lib/x.so", Some(Hidden::Overwritten)),
            ("was-file", Some(Hidden::Overwritten)),
            ("a/plnk", None),
            ("elsewhere", None),
        ] {
            assert_eq!(upper.hides(path), expected, "{path}");
        }
    }

    #[test]
    fn an_opaque_root_hides_everything() {
        assert_eq!(
            listing(&[".wh..wh..opq"], &[]).hides("x"),
            Some(Hidden::Deleted)
        );
    }

    #[test]
    fn a_listing_reads_back_what_it_writes_and_nothing_else() {
        let made = listing(&["a", ".wh.b", "c/.wh..wh..opq"], &["d"]);
        let mut bytes = Vec::new();
        made.write(&mut bytes).expect("memory");
        assert_eq!(LayerListing::read(&bytes), Some(made));
        assert_eq!(LayerListing::read(bytes.get(1..).expect("bytes")), None);
        assert_eq!(LayerListing::read(&[255; 8]), None);
    }

    #[test]
    fn names_are_compared_without_what_does_not_count() {
        for name in ["./a/b", "/a/b", "a//b", "a/./b/"] {
            assert_eq!(layer_path(name.as_bytes()), "a/b");
        }
        assert_eq!(layer_path(b"../x"), "../x");
    }
}
