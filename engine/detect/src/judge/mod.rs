//! Judge: is this candidate a credential, how sure is that, and why.

pub(crate) mod checksum;
mod entropy;
mod inline_allow;
pub(crate) mod json;
#[expect(
    clippy::module_inception,
    reason = "the stage's main type has the stage's name"
)]
mod judge;
mod placeholder;

pub(crate) use entropy::shannon;
pub(crate) use inline_allow::allows;
pub(crate) use judge::{Judge, Judgement};
