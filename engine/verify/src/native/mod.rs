//! Verifiers for what one HTTP request cannot say: signatures, and protocols that are not HTTP.
//!
//! Each is one file with one `Native`, listed in `ALL` under the name that rules use. A verifier of a login speaks the
//! protocol just as far as the server's answer to the password, and no further.

mod amqp;
mod aws_sts;
mod azure_storage;
mod bytes;
mod case;
mod connection;
mod gcp_service_account;
mod ldap;
mod mongodb;
mod mysql;
mod offline_only;
mod postgresql;
mod redis;
mod scram;
mod smtp;
mod uri;

pub(crate) use case::Case;
pub(crate) use connection::{Login, LoginPlan};

use crate::answer::Answer;
use crate::judge::Judgement;
use crate::plan::NotAsked;
use crate::request::Request;
use crate::scrub::Facts;
use crate::subject::Subject;

/// A verifier written in Rust.
pub(crate) struct Native {
    /// The name in rules.
    pub(crate) name: &'static str,
    /// What it does, in a few words for people.
    pub(crate) about: &'static str,
    /// What would be asked.
    pub(crate) prepare: fn(&Case<'_>) -> Result<Exchange, NotAsked>,
}

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
    pub(crate) path: &'static str,
    pub(crate) read: fn(&Answer, &Subject) -> (Judgement, Facts),
}

/// Every native verifier.
static ALL: [&Native; 11] = [
    &amqp::NATIVE,
    &aws_sts::NATIVE,
    &azure_storage::NATIVE,
    &gcp_service_account::NATIVE,
    &ldap::NATIVE,
    &mongodb::NATIVE,
    &mysql::NATIVE,
    &offline_only::NATIVE,
    &postgresql::NATIVE,
    &redis::NATIVE,
    &smtp::NATIVE,
];

/// The verifier of that name.
pub(crate) fn find(name: &str) -> Option<&'static Native> {
    ALL.iter().copied().find(|native| native.name == name)
}

/// Names of all native verifiers, and what they do.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALL.iter().map(|native| (native.name, native.about))
}
