//! Stores that are files in a folder: `.env`, SOPS. And sealed files, which only get copies.

mod dotenv;
mod file_store;
mod leaves;
mod sealed;
mod sops;
mod sops_cipher;
mod sops_document;

pub(crate) use dotenv::KIND as DOTENV;
pub use file_store::FileStore;
pub(crate) use sealed::KIND as SEALED;
pub(crate) use sops::KIND as SOPS;
