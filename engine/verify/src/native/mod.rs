//! Verifiers for what one HTTP request cannot say: signatures, and protocols that are not HTTP.
//!
//! Each is one file with one `Native`, listed in `ALL` under the name that rules use. A verifier of a login speaks the
//! protocol just as far as the server's answer to the password, and no further.

mod amqp;
pub(crate) mod aws_iam;
pub(crate) mod aws_sts;
mod azure_cosmos;
mod azure_sas;
mod azure_service_bus;
mod azure_storage;
pub(crate) mod bson;
pub(crate) mod bytes;
mod case;
pub(crate) mod connection;
mod gcp_service_account;
mod jwks;
mod ldap;
pub(crate) mod mongodb;
mod mssql;
pub(crate) mod mysql;
mod offline_only;
pub(crate) mod postgresql;
mod private_key;
pub(crate) mod redis;
mod scram;
mod smtp;
pub(crate) mod sql;
pub(crate) mod ssh;
pub(crate) mod uri;

pub(crate) use case::Case;
pub(crate) use connection::{Login, LoginPlan};

use std::borrow::Cow;

use leakward_core::verification::Method;
use leakward_core::{Reach, Secret};

use crate::answer::Answer;
use crate::judge::Judgement;
use crate::plan::NotAsked;
use crate::request::{Request, Verb};
use crate::scrub::Facts;
use crate::subject::Subject;
use crate::target::Target;

/// A verifier written in Rust.
pub(crate) struct Native {
    /// The name in rules.
    pub(crate) name: &'static str,
    /// What it does, in a few words for people.
    pub(crate) about: &'static str,
    /// What would be asked.
    pub(crate) prepare: fn(&Case<'_>) -> Result<Exchange, NotAsked>,
    /// What a live credential reaches, where more than one call tells it. Logins say it in their plan.
    pub(crate) details: Option<DetailsFunction>,
    /// A credential that is like this one and not it, which has to be refused before "live" is believed; none where the answer
    /// itself proves that the server looks.
    pub(crate) control: Option<fn(&Subject) -> Option<Subject>>,
}

/// Reads what a live credential reaches, by calls that go through the function that it is given.
type DetailsFunction = fn(&Case<'_>, &Ask<'_>) -> Vec<Reach>;

/// Makes a call of `details`: written down before and after, to the server that the case allows.
pub(crate) type Ask<'a> = dyn Fn(&HttpExchange) -> Result<Answer, String> + 'a;

/// What would be asked.
pub(crate) enum Exchange {
    /// An HTTP request and how its answer is read.
    Http(Box<HttpExchange>),
    /// A login.
    Login(Box<LoginPlan>),
}

/// An HTTP request of a native verifier.
pub(crate) struct HttpExchange {
    pub(crate) request: Request,
    /// Scheme, host and port, for people.
    pub(crate) server: String,
    /// Host and port.
    pub(crate) host: String,
    /// What it is called in plan and audit log.
    pub(crate) step: &'static str,
    pub(crate) path: Cow<'static, str>,
    pub(crate) read: fn(&Answer, &Subject) -> (Judgement, Facts),
}

impl HttpExchange {
    /// Reads `path` at a server that the case allows.
    pub(crate) fn get(
        target: &Target,
        path: &str,
        headers: Vec<(String, Secret)>,
        read: fn(&Answer, &Subject) -> (Judgement, Facts),
    ) -> Self {
        Self {
            request: Request {
                method: Verb::Get,
                url: Secret::new(format!("{}{path}", target.base()).as_bytes()),
                headers,
                body: None,
            },
            server: target.server(),
            host: target.authority(),
            step: Method::Get.as_str(),
            path: format!("{}{path}", target.path).into(),
            read,
        }
    }
}

/// Every native verifier.
static ALL: [&Native; 18] = [
    &amqp::NATIVE,
    &aws_sts::NATIVE,
    &azure_cosmos::NATIVE,
    &azure_sas::NATIVE,
    &azure_service_bus::NATIVE,
    &azure_storage::NATIVE,
    &gcp_service_account::NATIVE,
    &jwks::NATIVE,
    &ldap::NATIVE,
    &mongodb::NATIVE,
    &mssql::NATIVE,
    &mysql::NATIVE,
    &offline_only::NATIVE,
    &postgresql::NATIVE,
    &private_key::NATIVE,
    &redis::NATIVE,
    &smtp::NATIVE,
    &ssh::NATIVE,
];

/// The verifier of that name.
pub(crate) fn find(name: &str) -> Option<&'static Native> {
    ALL.iter().copied().find(|native| native.name == name)
}

/// Names of all native verifiers, and what they do.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALL.iter().map(|native| (native.name, native.about))
}
