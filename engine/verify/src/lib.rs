//! Is this credential alive, and whose is it? Asks the provider, and changes nothing there.
//!
//! What is asked and what an answer means is data in the rules ([`leakward_core::verification`]), or a verifier of this
//! crate where one HTTP request cannot say it ([`native`]). What the credential itself says is not asked at all
//! ([`offline`]).
//!
//! The way of a credential: offline facts → cache → plan (which server, which request) → schedule (each server at its own
//! pace) → judge → evidence. [`Verifier::plan`] stops after the plan and sends nothing.
//!
//! INVARIANT: a verdict is Live or Dead only when an answer says so in the words of the definition; everything else is
//! Unknown with a reason. A credential goes to the host that its rule names, or to the one that the user put in its place,
//! and nowhere else: redirects are not followed, and the address that is connected to is looked at.
#![forbid(unsafe_code)]

mod address;
mod answer;
mod audit;
pub mod aws;
pub mod base64url;
mod cache;
mod call;
pub mod certificates;
mod clock;
mod control;
pub mod database;
mod details;
mod fill;
mod http;
mod http_question;
mod judge;
mod key_use;
mod keys;
pub mod native;
mod network;
pub mod offline;
mod outcome;
mod plan;
mod request;
mod schedule;
mod scrub;
mod settings;
pub mod ssh;
mod subject;
mod target;
pub mod token_key;
mod verifier;

pub use address::AddressPolicy;
pub use answer::Answer;
pub use audit::{Audit, AuditError};
pub use cache::{Cache, CacheError};
pub use call::{CallError, CallSpec, found_at};
pub use clock::{Clock, SystemClock};
pub use judge::{Judgement, judge, meets};
pub use key_use::KeyUse;
pub use leakward_core::time::{parse_rfc3339, rfc3339};
pub use network::{Network, NetworkError, NetworkSettings};
pub use outcome::Verified;
pub use plan::{NotAsked, PlannedCall};
pub use scrub::harmless;
pub use settings::{
    ControlProbe, Details, Endpoint, EndpointError, FoundHosts, Limits, Reach, Settings,
};
pub use subject::{Subject, Value, ValueSource};
pub use verifier::Verifier;
