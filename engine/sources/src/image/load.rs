//! Finds out which images there are: follows indexes to manifests, manifests to configurations and layers.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use leakward_core::Skipped;
use serde::de::DeserializeOwned;

use super::config::ConfigParts;
use super::containerd::{Containerd, NamedImage};
use super::digest::Digest;
use super::document::{ConfigDocument, Descriptor, Document, PlatformEntry, SavedImage};
use super::engine;
use super::error::ImageError;
use super::layout::Layout;
use super::one_image::{Image, ImageLayer};
use super::store::{BlobName, BlobStore, read_document};
use super::tarball::Tarball;

/// LIMIT: how many indexes deep an index is followed. Builders write one or two.
const MAX_INDEX_DEPTH: usize = 4;

/// LIMIT: most manifests of one target.
const MAX_MANIFESTS: usize = 20_000;

/// What an image runs on: `linux/amd64`, `linux/arm/v7`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

/// A text that names no platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no platform; write OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, such as linux/amd64"
)]
pub struct NotAPlatform(String);

impl FromStr for Platform {
    type Err = NotAPlatform;

    fn from_str(text: &str) -> Result<Self, NotAPlatform> {
        let mut parts = text.split('/').map(str::to_owned);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(os), Some(architecture), variant, None) if !os.is_empty() => Ok(Self {
                os,
                architecture,
                variant,
            }),
            _ => Err(NotAPlatform(text.to_owned())),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant
            .iter()
            .try_for_each(|variant| write!(f, "/{variant}"))
    }
}

impl Platform {
    fn of(os: &str, architecture: &str, variant: Option<&String>) -> Option<Self> {
        let is_said = !os.is_empty() && !architecture.is_empty() && os != "unknown";
        is_said.then(|| Self {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.filter(|variant| !variant.is_empty()).cloned(),
        })
    }

    /// Whether an image for `other` is one for this. Without a variant, all of them are meant.
    fn takes(&self, other: &Self) -> bool {
        self.os == other.os
            && self.architecture == other.architecture
            && (self.variant.is_none() || self.variant == other.variant)
    }
}

/// The images of one target.
pub struct Images {
    pub(super) store: Box<dyn BlobStore>,
    /// The images, in the order in which they are listed.
    pub images: Vec<Image>,
    /// Documents that say something of an image, and their parts.
    pub(super) documents: Vec<(ConfigParts, Vec<u8>)>,
    /// What could not be read on the way.
    pub skipped: Vec<Skipped>,
}

impl Images {
    /// The images in the OCI layout, or in the tar file, at `path`; with `platform`, only those for it.
    ///
    /// # Errors
    /// When there is nothing of the kind, or no image for the platform.
    pub fn at(path: &Path, platform: Option<&Platform>) -> Result<Self, ImageError> {
        let what = path.display().to_string();
        if path.is_dir() {
            return Self::of_layout(Box::new(Layout::new(path)), &what, platform);
        }
        Self::of_tarball(Tarball::open(path)?, &what, platform)
    }

    /// The image called `name` of the container engine that listens at `socket`.
    ///
    /// # Errors
    /// When the engine cannot be asked or has no such image, or none for the platform.
    pub fn of_engine(
        name: &str,
        socket: &Path,
        platform: Option<&Platform>,
    ) -> Result<Self, ImageError> {
        let tarball = Tarball::of_temporary(engine::saved(socket, name)?)?;
        Self::of_tarball(tarball, name, platform)
    }

    /// Images that containerd keeps on this machine. Of an image for several platforms it has what it fetched.
    ///
    /// # Errors
    /// When its folder cannot be read, or has no such image, or none for the platform.
    pub fn of_containerd(
        containerd: &Containerd,
        platform: Option<&Platform>,
    ) -> Result<Self, ImageError> {
        let meant = containerd.images()?;
        let store = Box::new(Layout::new(&containerd.contents()));
        let mut loading = Loading::new(store.as_ref(), platform);
        loading.kept = Kept::WhatWasFetched;
        for image in &meant.images {
            loading.fetched(image);
        }
        for error in meant.unreadable {
            loading.tell(Err(error));
        }
        let what = containerd.contents().display().to_string();
        loading.finish(&what).map(|found| found.with(store))
    }

    fn of_tarball(
        tarball: Tarball,
        what: &str,
        platform: Option<&Platform>,
    ) -> Result<Self, ImageError> {
        // Docker writes both since version 25; the layout has the digests, and names all platforms.
        if tarball.is_layout() {
            Self::of_layout(Box::new(tarball), what, platform)
        } else {
            Self::of_saved(Box::new(tarball), what, platform)
        }
    }

    /// The images of a layout.
    fn of_layout(
        store: Box<dyn BlobStore>,
        what: &str,
        platform: Option<&Platform>,
    ) -> Result<Self, ImageError> {
        let name = BlobName::Path("index.json".to_owned());
        let bytes = read_document(store.open(&name)?, &name)?;
        let index: Document = parse(&bytes, &name.words())?;
        let mut loading = Loading::new(store.as_ref(), platform);
        loading.index(&Digest::of(&bytes), bytes, &index, what, 0);
        loading.finish(what).map(|found| found.with(store))
    }

    /// The images of `manifests`, each with the name that it is known by.
    pub(crate) fn of_manifests(
        store: Box<dyn BlobStore>,
        manifests: &[(String, Digest)],
        what: &str,
        platform: Option<&Platform>,
    ) -> Result<Self, ImageError> {
        let mut loading = Loading::new(store.as_ref(), platform);
        for (name, digest) in manifests {
            loading.manifest_by_digest(digest, name, &Descriptor::default(), 0);
        }
        loading.finish(what).map(|found| found.with(store))
    }

    /// The images that `docker save` wrote.
    fn of_saved(
        store: Box<dyn BlobStore>,
        what: &str,
        platform: Option<&Platform>,
    ) -> Result<Self, ImageError> {
        let name = BlobName::Path("manifest.json".to_owned());
        let bytes = read_document(store.open(&name)?, &name)?;
        let saved: Vec<SavedImage> = parse(&bytes, &name.words())?;
        let mut loading = Loading::new(store.as_ref(), platform);
        for image in &saved {
            let ended = loading.saved(image);
            loading.tell(ended);
        }
        loading.finish(what).map(|found| found.with(store))
    }

    /// The images that have the layer.
    pub fn with_layer<'i>(&'i self, digest: &'i str) -> impl Iterator<Item = (&'i Image, usize)> {
        self.images
            .iter()
            .flat_map(move |image| image.layer_indices(digest).map(move |index| (image, index)))
    }
}

/// What has been found, without the place where it lies.
struct Found {
    images: Vec<Image>,
    documents: Vec<(ConfigParts, Vec<u8>)>,
    skipped: Vec<Skipped>,
}

impl Found {
    fn with(self, store: Box<dyn BlobStore>) -> Images {
        Images {
            store,
            images: self.images,
            documents: self.documents,
            skipped: self.skipped,
        }
    }
}

/// The search while it goes on.
struct Loading<'s> {
    store: &'s dyn BlobStore,
    platform: Option<&'s Platform>,
    found: Found,
    /// Documents that are among the found ones.
    shown: HashSet<Digest>,
    /// Manifests and indexes that were followed, by digest and name.
    followed: HashSet<(Digest, String)>,
    manifests: usize,
    /// Platforms that were left out.
    left_out: Vec<String>,
    kept: Kept,
    /// How many images for some platform were met.
    met: usize,
    /// What was never fetched, and might be all that there is of its image.
    not_fetched: Vec<String>,
}

/// How much of an image for several platforms a place has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// All of it: what an index lists and is not there is missing.
    All,
    /// What somebody wanted to run.
    WhatWasFetched,
}

impl<'s> Loading<'s> {
    fn new(store: &'s dyn BlobStore, platform: Option<&'s Platform>) -> Self {
        Self {
            store,
            platform,
            found: Found {
                images: Vec::new(),
                documents: Vec::new(),
                skipped: Vec::new(),
            },
            shown: HashSet::new(),
            followed: HashSet::new(),
            manifests: 0,
            left_out: Vec::new(),
            kept: Kept::All,
            met: 0,
            not_fetched: Vec::new(),
        }
    }

    fn finish(mut self, what: &str) -> Result<Found, ImageError> {
        let is_asked_for = self.platform.filter(|_| self.found.images.is_empty());
        if let Some(platform) = is_asked_for.filter(|_| self.found.skipped.is_empty()) {
            return Err(ImageError::NoSuchPlatform {
                what: what.to_owned(),
                platform: platform.to_string(),
                there: self.left_out.join(", "),
            });
        }
        let nothing = self.found.images.is_empty() && self.found.skipped.is_empty();
        if let Some(what) = self.not_fetched.first().filter(|_| nothing) {
            return Err(ImageError::Missing { what: what.clone() });
        }
        for what in std::mem::take(&mut self.not_fetched) {
            self.tell(Err(ImageError::Missing { what }));
        }
        Ok(self.found)
    }

    fn tell(&mut self, ended: Result<(), ImageError>) {
        if let Err(error) = ended {
            let kind = error.kind();
            let text = error.to_string();
            let (what, reason) = text.split_once(": ").unwrap_or((&text, ""));
            self.found.skipped.push(Skipped {
                kind,
                what: what.to_owned(),
                reason: reason.to_owned(),
            });
        }
    }

    fn index(
        &mut self,
        digest: &Digest,
        bytes: Vec<u8>,
        index: &Document,
        name: &str,
        depth: usize,
    ) {
        for listed in index.manifests.iter().flatten() {
            let ended = self.listed(listed, name, depth);
            self.tell(ended);
        }
        let parts = ConfigParts::of_annotations(digest, index.annotations.as_ref());
        self.show(digest, parts, bytes);
    }

    /// A manifest, or an index, that an index lists.
    fn listed(&mut self, listed: &Descriptor, above: &str, depth: usize) -> Result<(), ImageError> {
        if depth > MAX_INDEX_DEPTH || self.manifests >= MAX_MANIFESTS {
            return Err(ImageError::Limit {
                what: listed.digest.clone(),
                reason: format!(
                    "indexes are followed {MAX_INDEX_DEPTH} deep, to {MAX_MANIFESTS} manifests"
                ),
            });
        }
        self.manifests += 1;
        let platform = listed.platform.as_ref().and_then(PlatformEntry::named);
        if !self.wants(platform.as_ref(), listed.platform.is_some()) {
            return Ok(());
        }
        let name = listed.name(above).unwrap_or_else(|| above.to_owned());
        let digest = digest(&listed.digest, above)?;
        match self.manifest(&digest, &name, listed, depth) {
            Err(ImageError::Missing { what }) if self.kept == Kept::WhatWasFetched => {
                self.not_fetched.push(what);
            }
            ended => self.tell(ended),
        }
        Ok(())
    }

    /// An image of a place that has what was fetched. Where one platform of it is there, nobody wanted the others; an image of
    /// which nothing is there is missing.
    fn fetched(&mut self, image: &NamedImage) {
        let (met, not_fetched) = (self.met, self.not_fetched.len());
        // Another image of this name, in another namespace, has the same parts, and says nothing of what this one has.
        self.followed.clear();
        self.manifest_by_digest(&image.digest, &image.name, &Descriptor::default(), 0);
        let is_missing = self.met == met && self.not_fetched.len() > not_fetched;
        self.not_fetched.truncate(not_fetched);
        if is_missing {
            let what = format!("every platform of {} {}", image.name, image.digest);
            self.not_fetched.push(what);
        }
    }

    fn manifest_by_digest(
        &mut self,
        digest: &Digest,
        name: &str,
        listed: &Descriptor,
        depth: usize,
    ) {
        let ended = self.manifest(digest, name, listed, depth);
        self.tell(ended);
    }

    fn manifest(
        &mut self,
        digest: &Digest,
        name: &str,
        listed: &Descriptor,
        depth: usize,
    ) -> Result<(), ImageError> {
        // An index may list the same thing over and over.
        if !self.followed.insert((digest.clone(), name.to_owned())) {
            return Ok(());
        }
        let blob = BlobName::Digest(digest.clone());
        let bytes = read_document(self.store.open_manifest(digest)?, &blob)?;
        let document: Document = parse(&bytes, digest.as_str())?;
        if document.manifests.is_some() {
            self.index(digest, bytes, &document, name, depth + 1);
            return Ok(());
        }
        if document.fs_layers.is_some() {
            return Err(ImageError::Malformed {
                what: digest.to_string(),
                reason:
                    "a manifest of schema 1, which docker gave up in 2016; push the image again"
                        .to_owned(),
            });
        }
        self.image(digest, &document, name, listed)?;
        let parts = ConfigParts::of_annotations(digest, document.annotations.as_ref());
        self.show(digest, parts, bytes);
        Ok(())
    }

    /// An image, or anything else that is stored like one.
    fn image(
        &mut self,
        manifest: &Digest,
        document: &Document,
        name: &str,
        listed: &Descriptor,
    ) -> Result<(), ImageError> {
        let mut image = Image {
            name: name.to_owned(),
            manifest: Some(manifest.clone()),
            platform: None,
            layers: Vec::new(),
            documents: vec![manifest.shared()],
            steps: Vec::new(),
        };
        let mut config = ConfigDocument::default();
        if let Some(of_config) = document
            .config
            .as_ref()
            .filter(|config| !config.digest.is_empty())
        {
            let blob = BlobName::Digest(digest(&of_config.digest, manifest.as_str())?);
            let read = self.config(&blob, &mut image, &mut config);
            self.tell(read);
        }
        let said = listed.platform.as_ref().and_then(PlatformEntry::named);
        let platform = config.platform().or(said);
        let is_image = !config.os.is_empty();
        if !self.wants(platform.as_ref(), is_image && listed.platform.is_none()) {
            return Ok(());
        }
        self.met += usize::from(platform.is_some());
        image.platform = platform.map(|platform| platform.to_string());
        let is_known = |other: &Image| other.manifest == image.manifest && other.name == image.name;
        if self.found.images.iter().any(is_known) {
            return Ok(());
        }
        let steps = steps_of_layers(&config);
        for (index, layer) in document.layers.iter().flatten().enumerate() {
            let digest = digest(&layer.digest, manifest.as_str())?;
            image.layers.push(ImageLayer {
                blob: BlobName::Digest(digest.clone()),
                digest,
                diff_id: config.diff_id(index),
                created_by: steps.get(index).cloned().flatten(),
            });
        }
        self.found.images.push(image);
        Ok(())
    }

    fn config(
        &mut self,
        blob: &BlobName,
        image: &mut Image,
        config: &mut ConfigDocument,
    ) -> Result<(), ImageError> {
        let bytes = read_document(self.store.open(blob)?, blob)?;
        let digest = match blob {
            BlobName::Digest(digest) => digest.clone(),
            BlobName::Path(_) => Digest::of(&bytes),
        };
        let parts = ConfigParts::of_config(&digest, &bytes);
        // Not every artifact has a configuration in JSON.
        *config = serde_json::from_slice(&bytes).unwrap_or_default();
        image.steps = parts.steps(config);
        image.documents.push(digest.shared());
        self.show(&digest, parts, bytes);
        Ok(())
    }

    /// One image that `docker save` wrote.
    fn saved(&mut self, saved: &SavedImage) -> Result<(), ImageError> {
        let mut config = ConfigDocument::default();
        let mut image = Image {
            name: String::new(),
            manifest: None,
            platform: None,
            layers: Vec::new(),
            documents: Vec::new(),
            steps: Vec::new(),
        };
        self.config(
            &BlobName::Path(saved.config.clone()),
            &mut image,
            &mut config,
        )?;
        let platform = config.platform();
        if !self.wants(platform.as_ref(), true) {
            return Ok(());
        }
        image.platform = platform.map(|platform| platform.to_string());
        let tag = saved.repo_tags.iter().flatten().next().cloned();
        let by_digest = || image.documents.first().map(ToString::to_string);
        image.name = tag.or_else(by_digest).unwrap_or_default();
        let steps = steps_of_layers(&config);
        for (index, path) in saved.layers.iter().enumerate() {
            let digest = config.diff_id(index).ok_or_else(|| ImageError::Malformed {
                what: path.clone(),
                reason: "the image's configuration does not know this layer".to_owned(),
            })?;
            image.layers.push(ImageLayer {
                blob: BlobName::Path(path.clone()),
                diff_id: Some(digest.clone()),
                digest,
                created_by: steps.get(index).cloned().flatten(),
            });
        }
        self.found.images.push(image);
        Ok(())
    }

    /// Whether an image for `platform` is wanted. `is_told` says whether something is said of its platform at all.
    fn wants(&mut self, platform: Option<&Platform>, is_told: bool) -> bool {
        let Some(wanted) = self.platform else {
            return true;
        };
        match platform {
            Some(platform) if wanted.takes(platform) => true,
            Some(platform) => {
                self.left_out.push(platform.to_string());
                false
            }
            None => !is_told,
        }
    }

    fn show(&mut self, digest: &Digest, parts: ConfigParts, bytes: Vec<u8>) {
        if self.shown.insert(digest.clone()) {
            self.found.documents.push((parts, bytes));
        }
    }
}

/// The build step of each layer, the lowest first.
fn steps_of_layers(config: &ConfigDocument) -> Vec<Option<String>> {
    let history = config.history.iter().flatten();
    let of_layers = history.filter(|step| !step.empty_layer);
    of_layers
        .map(|step| step.created_by.clone().or_else(|| step.comment.clone()))
        .collect()
}

impl ConfigDocument {
    fn platform(&self) -> Option<Platform> {
        Platform::of(&self.os, &self.architecture, self.variant.as_ref())
    }

    fn diff_id(&self, index: usize) -> Option<Digest> {
        self.rootfs.as_ref()?.diff_ids.get(index)?.parse().ok()
    }
}

impl PlatformEntry {
    fn named(&self) -> Option<Platform> {
        Platform::of(&self.os, &self.architecture, self.variant.as_ref())
    }
}

impl Descriptor {
    /// The name that annotations give it: containerd's whole one, else the tag.
    fn name(&self, above: &str) -> Option<String> {
        let annotations = self.annotations.as_ref()?;
        if let Some(name) = annotations.get("io.containerd.image.name") {
            return Some(name.clone());
        }
        let tag = annotations.get("org.opencontainers.image.ref.name")?;
        Some(if tag.contains(['/', ':']) {
            tag.clone()
        } else {
            format!("{above}:{tag}")
        })
    }
}

fn digest(text: &str, of: &str) -> Result<Digest, ImageError> {
    text.parse().map_err(|_| ImageError::Malformed {
        what: of.to_owned(),
        reason: format!("it refers to {text:?}, which is no digest"),
    })
}

fn parse<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, ImageError> {
    serde_json::from_slice(bytes).map_err(|error| ImageError::Malformed {
        what: what.to_owned(),
        reason: format!("it cannot be understood: {error}"),
    })
}
