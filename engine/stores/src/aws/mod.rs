//! AWS: Secrets Manager and the Parameter Store of Systems Manager, and the platform's chain of credentials.

pub(crate) mod credentials;
mod json_api;
pub(crate) mod parameters;
pub(crate) mod secrets_manager;

pub use parameters::ParameterStore;
pub use secrets_manager::SecretsManager;
