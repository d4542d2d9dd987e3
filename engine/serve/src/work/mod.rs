//! What is done with deliveries, and by whom.
//!
//! INVARIANT: handling a delivery twice does no harm: incidents are one for each credential, the response writes down each step and
//! asks before it does one again, and what is told to others is told under an id of its own.

mod alert;
mod approval;
mod failure;
mod foreman;
mod found;
mod housekeeping;
mod keep;
mod leak;
mod push;
mod recall;
mod resume;
mod settle;
mod task;
mod worker;

pub(crate) use approval::enqueue_approval;
pub(crate) use failure::Failure;
pub(crate) use foreman::Foreman;
pub(crate) use housekeeping::{going_on, housekeeping};
use recall::recall;
use settle::settle;
pub(crate) use task::{
    Alert, Approval, GivenLeak, HostKind, How, Installation, Push, RepositoryName, Task, Telling,
    Told, Vulnerability,
};
