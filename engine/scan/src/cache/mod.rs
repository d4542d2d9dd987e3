//! The scan cache: which objects of a repository were looked at before with the same rules, so that the next scan looks
//! at new ones only.
//!
//! What is kept: checksums of packs, and ids of objects; of those with findings, that they are to be looked at again, which of them hold the
//! same, and which commits brought them to which paths. No byte of any file, and nothing of what was found in it. So a cache can be deleted
//! at any time, and given to others who may know the ids and those paths.
//!
//! A cache that somebody else can write to can hide findings from who uses it: see docs/scan-cache.md.

mod choice;
mod key;
mod profiles;
mod scan_cache;
#[cfg(test)]
mod tests;

pub use choice::CacheChoice;
pub(crate) use key::CacheKey;
pub(crate) use profiles::Profiles;
pub(crate) use scan_cache::{History, Remembered, ScanCache};
