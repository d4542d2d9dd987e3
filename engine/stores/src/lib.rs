//! Connected secret stores: where applications read their credentials.
//!
//! One trait ([`Store`]), one file for each kind of store. A store is told what to change and changes exactly that; when and
//! why is decided in `leakward-respond`. Blocking on purpose: the steps of a response follow each other.
#![forbid(unsafe_code)]

mod error;
mod store;

pub use error::StoreError;
pub use store::{Entry, Fields, Metadata, Select, Staged, Store, Version};
