//! Layers that were looked at before and had nothing in them, by digest.
//!
//! A base image's layers come back in every image that is built on it. Only that a layer is clean is remembered, and which
//! paths it has and hides (as hashes, see [`LayerListing`]): never a finding, so that no credential, nor anything made from
//! one, is on disk. A layer with findings is looked at again.
//!
//! INVARIANT: what is remembered holds for one set of rules and settings; their hash is part of the name. A file that is
//! damaged is as good as none.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use leakward_core::Rule;
use leakward_detect::Settings;
use leakward_sources::archive::Archives;
use leakward_sources::image::{Digest, LayerListing};

/// The first bytes of a remembered layer.
const MARK: &[u8] = b"leakward layer 1\n";

/// Length of the digest that follows the mark: of everything after it.
const CHECK_BYTES: usize = "sha256:".len() + 64;

/// Layers that had nothing in them.
pub struct LayerCache {
    folder: PathBuf,
}

impl LayerCache {
    /// What is remembered in `folder` for these rules and settings.
    #[must_use]
    pub fn new(folder: &Path, rules: &[Rule], settings: &Settings, archives: Archives) -> Self {
        let held_to = format!(
            "{} {rules:?} {settings:?} {archives:?}",
            env!("CARGO_PKG_VERSION"),
        );
        let digest = Digest::of(held_to.as_bytes());
        Self {
            folder: folder.join(digest.parts().1.get(..32).unwrap_or_default()),
        }
    }

    /// The paths of a layer that had nothing in it.
    #[must_use]
    pub fn get(&self, layer: &Digest) -> Option<LayerListing> {
        let bytes = fs::read(self.file(layer.as_str())).ok()?;
        let rest = bytes.strip_prefix(MARK)?;
        let (check, listing) = rest.split_at_checked(CHECK_BYTES)?;
        (Digest::of(listing).as_str().as_bytes() == check).then(|| LayerListing::read(listing))?
    }

    /// Remembers a layer that had nothing in it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, layer: &str, listing: &LayerListing) -> io::Result<()> {
        let mut bytes = Vec::new();
        listing.write(&mut bytes)?;
        fs::create_dir_all(&self.folder)?;
        // Another scan may be writing the same layer.
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(MARK)?;
        file.write_all(Digest::of(&bytes).as_str().as_bytes())?;
        file.write_all(&bytes)?;
        file.persist(self.file(layer))
            .map(drop)
            .map_err(|error| error.error)
    }

    fn file(&self, layer: &str) -> PathBuf {
        self.folder.join(layer.replace(':', "-"))
    }
}
