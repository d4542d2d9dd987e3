//! HTTP as stores need it: one request, one answer, and the difference between "not done" and "nobody knows".
//!
//! No redirects: a token goes to the host that was named. No pool that outlives the store. Nothing of a request or an answer is
//! logged or put into an error but method, host and status.

mod answer;
mod ask;
mod client;

pub(crate) use answer::Answer;
pub(crate) use ask::{Ask, Effect};
pub(crate) use client::{Http, HttpSettings, Trust};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is in a part of a path or in a value of a query.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// One part of a path, or one value of a query.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// A path of several parts.
pub(crate) fn path(text: &str) -> String {
    let parts: Vec<String> = text
        .split('/')
        .filter(|part| !part.is_empty())
        .map(segment)
        .collect();
    parts.join("/")
}

/// A form.
pub(crate) fn form(pairs: &[(&str, &str)]) -> zeroize::Zeroizing<String> {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", segment(name), segment(value)))
        .collect();
    zeroize::Zeroizing::new(pairs.join("&"))
}
