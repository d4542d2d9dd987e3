//! Decode: credentials inside of encodings, found in the decoded bytes and mapped back to the original ones.

pub(crate) mod base64;
