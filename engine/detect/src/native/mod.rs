//! Native: detectors written in Rust, for what a pattern cannot say.
//!
//! A rule names its detector; [`NativeDetector::ALL`] is the one list of them.

mod assignment;
mod authorization_header;
mod call_arguments;
mod native_detector;
mod private_key;
mod url_password;

pub(crate) use assignment::{NameKind, is_setting, name_words};
pub(crate) use native_detector::NativeDetector;
