//! Webhooks in, dead keys out: a durable queue in front of the response, and a page for people.
//!
//! The way of a delivery: limits → signature over the raw body → parsing → the allow-list → the queue, on disk → 202. A worker
//! takes it from there: fetch what is new → scan → verify → incident → policy → response → what the code host is told.
//!
//! INVARIANT: what was answered with 202 is on disk; what is not on disk was answered with something else.
//! INVARIANT: the queue holds no credential in clear: what a delivery says is sealed (`sealing`), and erased when it is done.
#![forbid(unsafe_code)]

mod acting;
mod alerts;
mod channels;
mod config;
mod database;
mod eye;
mod hex;
mod host;
mod http;
mod incidents;
mod login;
mod metrics;
mod mirror;
mod page;
mod plans;
mod queue;
mod rate_limit;
mod response;
mod run;
mod sealing;
mod secret_source;
mod service;
mod signature;
mod telemetry;
mod time;
mod verification;
mod webhook;
mod work;

pub use config::{Config, ConfigError};
pub use database::StorageError;
pub use run::{ServeError, serve};
pub use secret_source::{SecretError, SecretSource};
