//! HashiCorp Vault and OpenBao: the key/value engines as a store, and the engines that make and revoke credentials.
//!
//! <https://openbao.org/api-docs/>, <https://developer.hashicorp.com/vault/api-docs>.

mod engines;
mod keys;
mod login;
mod session;

pub use engines::{StaticCredentials, VaultEngines};
pub(crate) use keys::KIND;
pub use keys::Vault;
