//! Kubernetes: Secrets as a store, and workloads that have to read again as consumers. Plain REST.

mod api;
mod kubeconfig;
mod refresh;
mod secrets;

pub(crate) use refresh::{EXTERNAL_SECRETS, RESTARTS};
pub(crate) use secrets::KIND;
pub use secrets::KubernetesSecrets;
