//! Native: detectors written in Rust, for what a pattern cannot say.
//!
//! A rule names its detector; [`NativeDetector::ALL`] is the one list of them.

mod native_detector;

pub(crate) use native_detector::NativeDetector;
