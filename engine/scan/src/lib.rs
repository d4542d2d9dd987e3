//! Drives sources through detection on all cores, and makes findings of what comes out.
//!
//! A source calls the [`collector::Collector`] for each piece; it detects, and keeps a sighting for each match. When all
//! sources are done, sightings become findings: one for each (rule, credential), with their places (asked of git's
//! history only for blobs that hold something), without what baseline, ignore files and configuration leave out.
//!
//! INVARIANT: whatever could not be looked at ends up in [`leakward_core::Outcome::skipped`].
#![forbid(unsafe_code)]

pub mod allow;
pub mod baseline;
pub mod cache;
pub mod collector;
pub mod config;
pub mod credential;
pub mod date;
mod detect_secrets;
pub mod excerpt;
mod folding;
mod git_gaps;
mod git_places;
mod git_scan;
pub mod gitleaks;
pub mod grouping;
pub mod ignore_file;
mod image_scan;
mod interruptible_input;
mod keeping;
pub mod layer_cache;
mod other_tools;
mod pairs;
pub mod path_glob;
pub mod place;
pub mod policy;
pub mod progress;
pub mod request;
pub mod rule_file;
pub mod run;
mod scrub;
pub mod sighting;
pub mod target;
pub mod text_scanner;
