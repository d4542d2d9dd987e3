//! The documents of an image, as far as they say where things are: index, manifest, and the list that `docker save` writes.
//!
//! Formats: OCI Image Format Specification 1.1; Docker "Image Manifest Version 2, Schema 2". Unknown fields are ignored:
//! their texts are looked at with the document's own bytes.

use std::collections::BTreeMap;

use serde::Deserialize;

/// An index or a manifest: they are told apart by what they have.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Document {
    /// What an index lists.
    pub(super) manifests: Option<Vec<Descriptor>>,
    /// A manifest's configuration.
    pub(super) config: Option<Descriptor>,
    /// A manifest's layers, the lowest first; `blobs` in early artifact manifests.
    #[serde(alias = "blobs")]
    pub(super) layers: Option<Vec<Descriptor>>,
    /// Free texts.
    pub(super) annotations: Option<BTreeMap<String, String>>,
    /// What docker wrote before 2016: layers of schema 1.
    pub(super) fs_layers: Option<serde_json::Value>,
}

/// What is said of a blob by whoever refers to it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
    pub(super) platform: Option<PlatformEntry>,
    pub(super) annotations: Option<BTreeMap<String, String>>,
    pub(super) urls: Option<Vec<String>>,
}

/// What an image runs on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PlatformEntry {
    pub(super) os: String,
    pub(super) architecture: String,
    pub(super) variant: Option<String>,
}

/// One image in the `manifest.json` of `docker save`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct SavedImage {
    pub(super) config: String,
    pub(super) repo_tags: Option<Vec<String>>,
    pub(super) layers: Vec<String>,
}

/// An image's configuration, as far as layers and build steps go.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ConfigDocument {
    pub(super) os: String,
    pub(super) architecture: String,
    pub(super) variant: Option<String>,
    pub(super) rootfs: Option<RootFs>,
    pub(super) history: Option<Vec<HistoryEntry>>,
}

/// The digests of the unpacked layers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RootFs {
    pub(super) diff_ids: Vec<String>,
}

/// One build step.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HistoryEntry {
    pub(super) created_by: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) author: Option<String>,
    pub(super) empty_layer: bool,
}
