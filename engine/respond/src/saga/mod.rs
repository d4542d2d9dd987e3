//! The saga: a response as a list of steps, each written down before and after, so that it can go on after a crash at any
//! point.
//!
//! A step is looked at (`run`), written down, done, and written down again. What was begun and has no end in the journal is
//! first looked for in the outside world: the provider is asked what it made, the store what waits in it. The laws of this
//! crate are held by `tests/saga`, which injects every fault before, during and after every call.

mod back;
mod create;
mod deliver;
mod entry;
mod failure;
mod progress;
mod promote;
mod record;
mod revoke;
mod run;
mod stage;
mod step;
mod world;

pub use crate::database::SagaId;
pub use back::OldCredential;
pub use entry::changes;
pub(crate) use entry::parts_in;
pub use failure::SagaError;
pub(crate) use progress::Progress;
pub use record::{Knowledge, Phase, Record};
pub use run::{Outcome, Saga, steps};
pub use step::Step;
pub use world::{
    Identities, Journal, Messenger, Patience, Pause, Prover, Receivers, Witness, World,
};
