//! Container images as a target: which layers have to be looked at, and where in which image a find is from.
//!
//! A layer is looked at once, whichever images share it; when everything has been looked at, each sighting gets a place in
//! every image that has its layer, with the build step that made it and what later layers make of its file.

use std::collections::HashSet;
use std::sync::Arc;

use leakward_core::{ImagePlace, LayerState, LocationKind};
use leakward_sources::image::containerd::Containerd;
use leakward_sources::image::registry::Registry;
use leakward_sources::image::{
    Digest, Hidden, Image, ImageError, ImageLayer, ImageScan, Images, KnownLayers, LayerListing,
    Platform,
};
use leakward_sources::{Origin, Visitor as _};

use crate::collector::Collected;
use crate::layer_cache::LayerCache;
use crate::place::Place;
use crate::request::{ImageOptions, Tags};
use crate::run::{Context, ScanError, Scanned, inside, simple_places};
use crate::target::{ImageTarget, Target};

/// Scans the images that `image` names.
pub(crate) fn scan(
    image: &ImageTarget,
    target: &Target,
    context: Context<'_>,
) -> Result<Scanned, ScanError> {
    context.progress.phase("image");
    let options = &context.request.images;
    let images = open(image, options, options.platform.as_ref())?;
    let known = Known {
        base: base_layers(options)?,
        cache: options.cache.as_ref().map(|folder| {
            let rules = context.detector.rules();
            let settings = &context.policy.detection;
            LayerCache::new(folder, rules, settings, context.request.archives)
        }),
    };
    let collector = context.collector();
    let limits = &context.policy.detection.limits;
    context.progress.phase("layers");
    let scan = images.scan(&context.unpacking(&collector), limits, &known);
    let stopped = collector.stop();
    let mut collected = collector.finish();
    if let Some(cache) = known.cache.as_ref().filter(|_| !stopped) {
        remember(cache, &scan, &mut collected);
    }
    let places = ImagePlaces {
        images: &images,
        scan: &scan,
        target: target.name(),
    };
    let scope = scope(&images, &scan);
    Ok(context.finish(collected, target, scope, |origin, line| {
        places.of_piece(origin, line)
    }))
}

fn open(
    image: &ImageTarget,
    options: &ImageOptions,
    platform: Option<&Platform>,
) -> Result<Images, ImageError> {
    match (image, options.tags) {
        (ImageTarget::Path(path), _) => Images::at(path, platform),
        (ImageTarget::Engine(name, socket), _) => Images::of_engine(name, socket, platform),
        (ImageTarget::Containerd(name), _) => {
            let containerd = Containerd {
                folder: options.containerd.folder.clone(),
                name: name.clone(),
                namespace: options.containerd.namespace.clone(),
            };
            Images::of_containerd(&containerd, platform)
        }
        (ImageTarget::Registry(reference), Tags::Named) => {
            Registry::pull(reference, &options.registry, platform)
        }
        (ImageTarget::Registry(reference), Tags::All) => {
            Registry::pull_all_tags(reference, &options.registry, platform)
        }
    }
}

/// What was scanned, in words.
fn scope(images: &Images, scan: &ImageScan) -> String {
    let (count, layers) = (images.images.len(), scan.listings.len());
    let mut words = format!(
        "{count} image{}, {layers} distinct layer{}",
        if count == 1 { "" } else { "s" },
        if layers == 1 { "" } else { "s" },
    );
    if scan.known > 0 {
        words += &format!(
            ", {} of them known to be clean or of a base image",
            scan.known
        );
    }
    words
}

/// Layers that need not be looked at.
struct Known {
    /// Digests of layers, and of what they unpack to, of images that were told to be left out.
    base: HashSet<String>,
    cache: Option<LayerCache>,
}

impl KnownLayers for Known {
    fn listing(&self, layer: &ImageLayer) -> Option<LayerListing> {
        let diff_id = layer.diff_id.as_ref().map(Digest::as_str);
        let is_base = [Some(layer.digest.as_str()), diff_id]
            .into_iter()
            .flatten()
            .any(|digest| self.base.contains(digest));
        if is_base {
            return Some(LayerListing::default());
        }
        self.cache.as_ref()?.get(&layer.digest)
    }
}

fn base_layers(options: &ImageOptions) -> Result<HashSet<String>, ImageError> {
    let mut digests = HashSet::new();
    let of_one_image = ImageOptions {
        tags: Tags::Named,
        ..options.clone()
    };
    for image in &options.skip_base {
        let base = open(image, &of_one_image, None)?;
        for layer in base.images.iter().flat_map(|image| &image.layers) {
            digests.insert(layer.digest.to_string());
            digests.extend(layer.diff_id.as_ref().map(ToString::to_string));
        }
    }
    Ok(digests)
}

/// Remembers the layers that were read to their end and in which there was nothing to report or to complain about.
fn remember(cache: &LayerCache, scan: &ImageScan, collected: &mut Collected) {
    let sightings = collected.sightings.iter().map(|sighting| &*sighting.origin);
    let unread = collected.unread.iter().map(|unread| &unread.origin);
    let told: HashSet<Arc<str>> = sightings.chain(unread).filter_map(layer_of).collect();
    let clean = scan
        .read
        .iter()
        .filter(|digest| !told.contains(digest.as_str()));
    for digest in clean {
        let Some(listing) = scan.listings.get(digest) else {
            continue;
        };
        if let Err(error) = cache.put(digest, listing) {
            // Without a cache the next scan takes longer, and that is all.
            collected
                .notes
                .push(format!("layers are not remembered: {error}"));
            return;
        }
    }
}

fn layer_of(origin: &Origin) -> Option<Arc<str>> {
    match origin.outermost() {
        Origin::Layer(layer, _) | Origin::LayerName(layer, _) => Some(Arc::clone(layer)),
        _ => None,
    }
}

/// Where pieces of images belong.
struct ImagePlaces<'i> {
    images: &'i Images,
    scan: &'i ImageScan,
    target: String,
}

impl ImagePlaces<'_> {
    /// The places of what stands on this line of a piece.
    fn of_piece(&self, origin: &Origin, line: u32) -> Vec<Place> {
        match origin {
            Origin::Member(archive, path) => inside(self.of_piece(archive, line), path),
            Origin::Layer(layer, path) => self.of_layer_file(LocationKind::Layer, layer, path),
            Origin::LayerName(layer, path) => self.of_layer_file(LocationKind::Path, layer, path),
            Origin::ImageConfig(document, part) => self.of_document(document, part, line),
            _ => simple_places(origin),
        }
    }

    fn of_layer_file(&self, kind: LocationKind, layer: &Arc<str>, path: &str) -> Vec<Place> {
        let place = |(image, index): (&Image, usize)| Place {
            image: Some(ImagePlace {
                layer: Some(layer.to_string()),
                layer_index: u32::try_from(index).ok(),
                created_by: image
                    .layers
                    .get(index)
                    .and_then(|layer| layer.created_by.clone()),
                state: Some(self.state(image, index, path)),
                ..named(image)
            }),
            ..Place::outside(kind, path)
        };
        self.images.with_layer(layer).map(place).collect()
    }

    /// What the layers above make of the file at `path` in this layer.
    fn state(&self, image: &Image, index: usize, path: &str) -> LayerState {
        let above = image.layers.iter().skip(index + 1);
        let listings = above.filter_map(|layer| self.scan.listings.get(layer.digest.as_str()));
        match listings.into_iter().find_map(|listing| listing.hides(path)) {
            Some(Hidden::Deleted) => LayerState::Deleted,
            Some(Hidden::Overwritten) => LayerState::Overwritten,
            None => LayerState::Visible,
        }
    }

    fn of_document(&self, document: &Arc<str>, part: &str, line: u32) -> Vec<Place> {
        let path = if part.is_empty() {
            "the document itself"
        } else {
            part
        };
        let of_image = |image: &Image| {
            let step = image
                .steps
                .iter()
                .find(|step| step.part == part && step.line == line);
            ImagePlace {
                created_by: step.map(|step| step.created_by.clone()),
                ..named(image)
            }
        };
        let of_index = || ImagePlace {
            image: self.target.clone(),
            manifest: None,
            platform: None,
            layer: None,
            layer_index: None,
            created_by: None,
            state: None,
        };
        let images = self.images.images.iter();
        let mut of_images: Vec<ImagePlace> = images
            .filter(|image| image.documents.contains(document))
            .map(of_image)
            .collect();
        if of_images.is_empty() {
            of_images.push(of_index());
        }
        let place = |image| Place {
            blob: Some(document.to_string()),
            image: Some(image),
            ..Place::outside(LocationKind::ImageConfig, path)
        };
        of_images.into_iter().map(place).collect()
    }
}

fn named(image: &Image) -> ImagePlace {
    ImagePlace {
        image: image.name.clone(),
        manifest: image.manifest.as_ref().map(ToString::to_string),
        platform: image.platform.clone(),
        layer: None,
        layer_index: None,
        created_by: None,
        state: None,
    }
}
