//! Container images: OCI layouts (a folder or a tar file), what `docker save` writes, registries, and what container engines
//! have on this machine.
//!
//! Every layer is read, from front to back and without unpacking it anywhere, each distinct one once however many images
//! share it; what a later layer deletes or overwrites is in the image all the same. Which images hold a layer, and
//! whether a file of it can still be seen, is asked for afterwards ([`Images::with_layer`], [`LayerListing`]).
//!
//! INVARIANT: digests are verified to the last byte; what is missing, damaged or over a limit is told. Paths in a layer are
//! labels: no file is ever made from one, and no link is followed.

pub mod bolt;
mod config;
pub mod containerd;
mod digest;
mod document;
pub mod engine;
mod error;
mod layer;
mod layout;
mod listing;
mod load;
mod one_image;
pub mod registry;
mod scan;
mod store;
mod tarball;
#[cfg(test)]
mod tests;

pub use config::ConfigStep;
pub use digest::Digest;
pub use error::ImageError;
pub use layout::is_layout;
pub use listing::{Hidden, LayerListing};
pub use load::{Images, NotAPlatform, Platform};
pub use one_image::{Image, ImageLayer};
pub use scan::{ImageScan, KnownLayers, NothingKnown};
pub use tarball::is_image_archive;
