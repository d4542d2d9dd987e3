//! The durable queue: what came in and is still to be done, what was done, and what nobody could do.
//!
//! A delivery is waiting, running, done or parked. Running ones carry a lease: when its time is up without a word of the worker,
//! somebody else takes it. So every delivery is handled at least once, and handling one twice must do no harm.
//!
//! INVARIANT: [`Intake::accept`] answers only after the transaction is on disk.
//! INVARIANT: of two deliveries with the same id, or with the same body, only one is ever handled.

mod claim;
mod intake;
mod job;
mod look;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use claim::{Claimed, Claims, LEASE, Outcome, Wish};
pub(crate) use intake::{Accepted, Intake, IntakeError};
pub(crate) use job::{Job, NewJob, State};
pub(crate) use look::{Depth, Filter};
pub(crate) use table::Queue;
