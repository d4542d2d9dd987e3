//! Azure: Key Vault, and the platform's credentials.

mod credentials;
mod key_vault;

pub use key_vault::AzureKeyVault;
pub(crate) use key_vault::KIND;
