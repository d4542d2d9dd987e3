//! The providers that come with the program: one that carries out what rules say in data (`http`), and one file for each
//! kind of credential that needs more than single requests.
//!
//! INVARIANT: a provider acts at the host that the rule names, or at the one that the operator put in its place
//! (`Settings::endpoints`), and nowhere else. Nothing here retries; an answer that does not say what happened is
//! [`ProviderError::OutcomeUnknown`].

mod answer;
mod aws_iam;
mod azure_storage;
mod by_hand;
mod certificate_entry;
mod gcp_service_account;
mod github_deploy_key;
mod http;
mod kubernetes;
mod mongodb_users;
mod private_key;
mod rabbitmq;
mod redis_acl;
mod rest;
mod signing_key;
mod sql_dialect;
mod sql_users;
mod vault_approle;
mod vault_pki;
mod vault_static_role;
mod written_key;

use std::collections::BTreeMap;
use std::sync::Arc;

use leakward_core::action::{Action, Means};
use leakward_core::{Rule, Secret};
use leakward_stores::Store;
use leakward_verify::{Clock, Network, Settings, Subject};

use crate::provider::{Case, Provider, ProviderError, Providers, Receipt, Together};

pub use written_key::as_found;

use aws_iam::AwsIam;
use azure_storage::AzureStorage;
use by_hand::ByHand;
use gcp_service_account::GcpServiceAccount;
use github_deploy_key::GithubDeployKey;
use http::HttpProvider;
use kubernetes::Kubernetes;
use mongodb_users::MongoUsers;
use private_key::PrivateKey;
use rabbitmq::RabbitMq;
use redis_acl::RedisAcl;
use sql_dialect::Dialect;
use sql_users::SqlUsers;
use vault_approle::VaultApprole;

/// The way out that all providers share.
pub(crate) struct Way {
    /// Endpoints that the operator put in the place of the rules', limits.
    pub(crate) settings: Settings,
    /// TLS, proxy, which addresses.
    pub(crate) network: Network,
    /// What time it is.
    pub(crate) clock: Box<dyn Clock>,
    /// Connected stores by their names, for keys whose public halves are published from one.
    pub(crate) stores: BTreeMap<String, Arc<dyn Store>>,
}

/// The providers that come with the program.
pub struct BuiltInProviders {
    http: HttpProvider,
    by_hand: ByHand,
    native: Vec<Box<dyn Provider>>,
}

impl BuiltInProviders {
    /// All of them, with one way out.
    #[must_use]
    pub fn new(settings: Settings, network: Network, clock: impl Clock + 'static) -> Self {
        Self::with_stores(settings, network, clock, BTreeMap::new())
    }

    /// The same; public keys can be published in these stores.
    #[must_use]
    pub fn with_stores(
        settings: Settings,
        network: Network,
        clock: impl Clock + 'static,
        stores: BTreeMap<String, Arc<dyn Store>>,
    ) -> Self {
        let way = Arc::new(Way {
            settings,
            network,
            clock: Box::new(clock),
            stores,
        });
        let native: Vec<Box<dyn Provider>> = vec![
            Box::new(AwsIam::new(Arc::clone(&way))),
            Box::new(AzureStorage::new(Arc::clone(&way))),
            Box::new(GcpServiceAccount::new(Arc::clone(&way))),
            Box::new(GithubDeployKey::new(Arc::clone(&way))),
            Box::new(Kubernetes::new(Arc::clone(&way))),
            Box::new(MongoUsers::new(Arc::clone(&way))),
            Box::new(PrivateKey::new(Arc::clone(&way))),
            Box::new(RabbitMq::new(Arc::clone(&way))),
            Box::new(RedisAcl::new(Arc::clone(&way))),
            Box::new(SqlUsers::new(Arc::clone(&way), Dialect::Postgresql)),
            Box::new(SqlUsers::new(Arc::clone(&way), Dialect::Mysql)),
            Box::new(VaultApprole::new(Arc::clone(&way))),
        ];
        Self {
            http: HttpProvider::new(way),
            by_hand: ByHand,
            native,
        }
    }

    /// Names of the providers that are written in Rust, as rules use them.
    pub fn native_names(&self) -> impl Iterator<Item = &str> {
        self.native.iter().map(|provider| provider.name())
    }

    /// Revokes credentials of one type, those that the provider takes together with one request (GitHub takes a thousand, sixty
    /// times an hour). The results are in the order of `subjects`.
    #[must_use]
    pub fn revoke_batch(
        &self,
        rule: &Rule,
        subjects: &[Subject],
        identities: &BTreeMap<String, Secret>,
    ) -> Vec<Result<Receipt, ProviderError>> {
        match rule.revoke.as_ref().map(|action| &action.means) {
            Some(Means::Http(_)) => self.http.revoke_batch(rule, subjects, identities),
            _ => subjects
                .iter()
                .map(|subject| {
                    let provider = self.find(rule).unwrap_or(&self.by_hand);
                    provider.revoke(&Case::new(rule, subject, identities))
                })
                .collect(),
        }
    }

    fn native(&self, name: &str) -> Option<&dyn Provider> {
        self.native
            .iter()
            .find(|provider| provider.name() == name)
            .map(|provider| &**provider)
    }
}

impl Providers for BuiltInProviders {
    fn together(&self, rule: &Rule) -> Option<Together> {
        HttpProvider::together(rule)
    }

    fn revoke_together(
        &self,
        case: &Case<'_>,
        subjects: &[Subject],
    ) -> Result<Receipt, ProviderError> {
        self.http.revoke_chunk(case, subjects)
    }

    fn find(&self, rule: &Rule) -> Option<&dyn Provider> {
        let means = |action: &Option<Action>| action.as_ref().map(|action| action.means.clone());
        for means in [means(&rule.revoke), means(&rule.rotate)]
            .into_iter()
            .flatten()
        {
            match means {
                Means::Native(name) => {
                    if let Some(native) = self.native(&name) {
                        return Some(native);
                    }
                }
                Means::Http(_) => return Some(&self.http),
                Means::ByHand => {}
            }
        }
        let has_page = rule.revoke.is_some() || rule.rotate.is_some() || rule.revoke_url.is_some();
        has_page.then_some(&self.by_hand as &dyn Provider)
    }
}

/// That a value is missing, and how it is given.
pub(crate) fn needs(provider: &str, name: &str, why: &str) -> ProviderError {
    ProviderError::Needs {
        provider: provider.to_owned(),
        name: name.to_owned(),
        why: why.to_owned(),
    }
}
