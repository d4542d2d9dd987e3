//! Google Cloud: Secret Manager, and the platform's credentials.

mod credentials;
mod secret_manager;

pub use secret_manager::GcpSecretManager;
pub(crate) use secret_manager::KIND;
