//! Revoke and rotate: plan → policy → journal → steps → proof.
//!
//! The only crate that changes the outside world, through secret stores and providers. An [`Incident`] is one leaked
//! credential; a [`Plan`] says what would be done about it; the saga does it, each step written down before and after.
//!
//! LAW: the old credential is never revoked before its successor is proven to work and is promoted in the store, unless the
//! plan says that containment comes first; and then the journal says so.
//! LAW: no successor is ever lost: it is in the store before it is used.
//! LAW: what cannot be written down is not done.
#![forbid(unsafe_code)]

pub mod approval;
pub mod audit;
pub mod database;
pub mod incident;
mod ledger;
pub mod notify;
pub mod plan;
pub mod policy;
pub mod provider;
pub mod providers;
pub mod responder;
pub mod saga;

pub use database::{Database, DatabaseError};
pub use incident::{Incident, Sighting};
pub use ledger::Ledger;
pub use plan::Plan;
pub use provider::{Provider, ProviderError, Providers};
pub use responder::{Applied, Parts, RespondError, Responder, Resumed, Wanted};
