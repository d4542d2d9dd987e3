//! Where the blobs of images lie.

use std::io::Read;

use super::digest::{Digest, Verifying};
use super::error::ImageError;

/// LIMIT: largest index, manifest or configuration. The OCI distribution specification asks registries for 4 MiB; real
/// configurations stay below one.
pub(super) const MAX_DOCUMENT_BYTES: u64 = 16 << 20;

/// How a blob is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum BlobName {
    /// By its digest.
    Digest(Digest),
    /// By its path in what `docker save` wrote.
    Path(String),
}

impl BlobName {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Digest(digest) => digest.to_string(),
            Self::Path(path) => path.clone(),
        }
    }
}

/// Where the blobs of images lie.
pub(crate) trait BlobStore: Send + Sync {
    /// The blob's bytes, from front to back. They are not verified here.
    ///
    /// # Errors
    /// When it is not there or cannot be opened.
    fn open<'s>(&'s self, name: &BlobName) -> Result<Box<dyn Read + Send + 's>, ImageError>;

    /// A manifest's bytes; where there is no difference, a blob like others.
    ///
    /// # Errors
    /// As for [`BlobStore::open`].
    fn open_manifest<'s>(
        &'s self,
        digest: &Digest,
    ) -> Result<Box<dyn Read + Send + 's>, ImageError> {
        self.open(&BlobName::Digest(digest.clone()))
    }
}

/// A whole small document, with its digest verified when it has one.
pub(super) fn read_document(
    content: Box<dyn Read + Send + '_>,
    name: &BlobName,
) -> Result<Vec<u8>, ImageError> {
    let what = || name.words();
    let io = |source| ImageError::Io {
        what: what(),
        source,
    };
    let mut bytes = Vec::new();
    let mut limited = content.take(MAX_DOCUMENT_BYTES + 1);
    match name {
        BlobName::Path(_) => drop(limited.read_to_end(&mut bytes).map_err(io)?),
        BlobName::Digest(digest) => {
            let mut verifying = Verifying::new(&mut limited, digest.clone());
            verifying.read_to_end(&mut bytes).map_err(io)?;
            if bytes.len() as u64 <= MAX_DOCUMENT_BYTES {
                verifying.finish().map_err(|error| ImageError::Malformed {
                    what: what(),
                    reason: error.to_string(),
                })?;
            }
        }
    }
    if bytes.len() as u64 > MAX_DOCUMENT_BYTES {
        return Err(ImageError::Limit {
            what: what(),
            reason: format!("a document of an image has at most {MAX_DOCUMENT_BYTES} bytes"),
        });
    }
    Ok(bytes)
}
