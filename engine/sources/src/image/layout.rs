//! An OCI image layout in a folder: `oci-layout`, `index.json`, `blobs/ALGORITHM/DIGITS`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::ImageError;
use super::store::{BlobName, BlobStore};

/// A layout in a folder.
pub(super) struct Layout {
    root: PathBuf,
}

/// Whether the folder is an OCI image layout.
#[must_use]
pub fn is_layout(folder: &Path) -> bool {
    folder.join("oci-layout").is_file() && folder.join("index.json").is_file()
}

impl Layout {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }
}

impl BlobStore for Layout {
    /// A link is not followed out of the folder: what is scanned must not choose which other files are read.
    fn open<'s>(&'s self, name: &BlobName) -> Result<Box<dyn Read + Send + 's>, ImageError> {
        let path = match name {
            // INVARIANT: a digest has no slash and no dot in it.
            BlobName::Digest(digest) => {
                let (algorithm, digits) = digest.parts();
                self.root.join("blobs").join(algorithm).join(digits)
            }
            BlobName::Path(path) => self.root.join(path),
        };
        let what = || format!("{} in {}", name.words(), self.root.display());
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => ImageError::Missing { what: what() },
            _ => ImageError::Io {
                what: what(),
                source,
            },
        };
        let real = path.canonicalize().map_err(failed)?;
        if !real.starts_with(self.root.canonicalize().map_err(failed)?) {
            let source = io::Error::other("it leads out of the folder and is not followed");
            return Err(failed(source));
        }
        if !real.metadata().map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("it is not a file")));
        }
        Ok(Box::new(File::open(real).map_err(failed)?))
    }
}
