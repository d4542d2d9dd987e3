//! Connected secret stores: where applications read their credentials.
//!
//! One trait ([`Store`]), one file or folder for each kind of store; [`Consumer`] for places that only get copies. A store is told
//! what to change and changes exactly that; when and why is decided in `leakward-respond`. Blocking on purpose: the steps of a
//! response follow each other.
//!
//! [`StoreSpec`] names a store, [`open`] makes it, and nothing is sent before it is used. [`Index`] knows which store holds a
//! value without knowing the value.
//!
//! INVARIANT: values live in [`leakward_core::Secret`] only, and in the request that carries them; never in an error, a description or a
//! debug text. (The laws in `tests/stores/laws.rs` look for them.)
#![forbid(unsafe_code)]

mod age_keys;
mod aws;
mod azure;
mod ci;
mod consumer;
mod document;
mod error;
mod exposed;
mod files;
mod gcp;
mod http;
mod index;
mod kind;
mod kubernetes;
mod local;
mod parts;
mod random;
mod replaced_file;
mod spec;
mod stages;
mod store;
mod surroundings;
mod time;
mod vault;
mod version;

pub use aws::{ParameterStore, SecretsManager};
pub use azure::AzureKeyVault;
pub use consumer::{Consumer, Slot};
pub use error::{ALARM, StoreError};
pub use files::FileStore;
pub use gcp::GcpSecretManager;
pub use index::{
    Holding, Index, IndexError, IndexedEntry, IndexedStore, IndexedValue, Reading, Seen, Sought,
    Walked, consumers, find, owner, walk,
};
pub use kind::{KINDS, Kind, Opened, open};
pub use kubernetes::KubernetesSecrets;
pub use local::LocalStore;
pub use parts::{NoPart, Part, parts, with_part};
pub use random::random_text;
pub use replaced_file::write_private;
pub use spec::StoreSpec;
pub use store::{Entry, Fields, Health, Metadata, Retirement, Select, Staged, Store, Version};
pub use surroundings::Surroundings;
pub use vault::{StaticCredentials, Vault, VaultEngines};
