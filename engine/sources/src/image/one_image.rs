//! One image: what it is called, what it is made of, and which build step made which part.

use std::sync::Arc;

use super::config::ConfigStep;
use super::digest::Digest;
use super::store::BlobName;

/// One image for one platform.
#[derive(Clone, Debug)]
pub struct Image {
    /// Its name and tag where it has one, else the digest of its manifest, or of its configuration.
    pub name: String,
    /// Digest of its manifest; what `docker save` wrote has none.
    pub manifest: Option<Digest>,
    /// What it runs on: `linux/amd64`.
    pub platform: Option<String>,
    /// Its layers, the lowest first.
    pub layers: Vec<ImageLayer>,
    /// Digests under which its configuration and its manifest are shown as pieces.
    pub documents: Vec<Arc<str>>,
    /// Which build step says which variable, label or command.
    pub steps: Vec<ConfigStep>,
}

/// A layer of an image.
#[derive(Clone, Debug)]
pub struct ImageLayer {
    /// Its digest: of its bytes as they are stored.
    pub digest: Digest,
    /// The digest of what it unpacks to, as the configuration says.
    pub diff_id: Option<Digest>,
    /// The build step that made it.
    pub created_by: Option<String>,
    /// How it is asked for.
    pub(crate) blob: BlobName,
}

impl Image {
    /// The places, from 0, at which the layer stands in this image.
    pub fn layer_indices(&self, digest: &str) -> impl Iterator<Item = usize> {
        let layers = self.layers.iter().enumerate();
        layers
            .filter(move |(_, layer)| layer.digest.as_str() == digest)
            .map(|(index, _)| index)
    }
}
