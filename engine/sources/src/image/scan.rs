//! Looks at images: what they say of themselves, and every distinct layer once, on all cores.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use leakward_core::Limits;

use super::digest::Digest;
use super::layer::{InFlight, LayerScan};
use super::listing::LayerListing;
use super::load::Images;
use super::one_image::ImageLayer;
use crate::visitor::Visitor;
use crate::workers::Workers;

/// Layers that need not be looked at.
pub trait KnownLayers: Sync {
    /// What is known of a layer that was looked at before and had nothing in it; nothing when it is to be looked at.
    fn listing(&self, layer: &ImageLayer) -> Option<LayerListing>;
}

/// Every layer is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct NothingKnown;

impl KnownLayers for NothingKnown {
    fn listing(&self, _layer: &ImageLayer) -> Option<LayerListing> {
        None
    }
}

/// What is known when all layers have been looked at.
#[derive(Debug, Default)]
pub struct ImageScan {
    /// The paths of each layer, by its digest.
    pub listings: HashMap<String, LayerListing>,
    /// Layers that were read now and to their end, by their digests.
    pub read: HashSet<String>,
    /// How many layers were known before.
    pub known: u64,
}

impl Images {
    /// Shows everything to `visitor`, in the current Rayon pool. What cannot be read is told to it.
    pub fn scan<V: Visitor>(
        &self,
        visitor: &V,
        limits: &Limits,
        known: &dyn KnownLayers,
    ) -> ImageScan {
        self.skipped
            .iter()
            .cloned()
            .for_each(|told| visitor.skipped(told));
        let workers = Workers::new(|| visitor.worker());
        for (parts, bytes) in &self.documents {
            parts.show(visitor, &mut *workers.borrow(), bytes);
        }
        let mut scan = ImageScan::default();
        let mut wanted: Vec<&ImageLayer> = Vec::new();
        let mut seen: HashSet<&Digest> = HashSet::new();
        for layer in self.images.iter().flat_map(|image| &image.layers) {
            if !seen.insert(&layer.digest) {
                continue;
            }
            match known.listing(layer) {
                Some(listing) => {
                    scan.known += 1;
                    scan.listings.insert(layer.digest.to_string(), listing);
                }
                None => wanted.push(layer),
            }
        }
        visitor.expect(wanted.len() as u64, 0);
        let done = Mutex::new(scan);
        let in_flight = InFlight::default();
        rayon::scope(|scope| {
            for layer in wanted {
                let (workers, done, in_flight) = (&workers, &done, &in_flight);
                scope.spawn(move |scope| {
                    let scan = LayerScan::new(visitor, limits, workers, in_flight, layer);
                    let (listing, is_whole) = scan.run(scope, self.store.as_ref());
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    if is_whole {
                        done.read.insert(layer.digest.to_string());
                    }
                    done.listings.insert(layer.digest.to_string(), listing);
                    visitor.advance(1, 0);
                });
            }
        });
        done.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
