//! Judge: is this candidate a credential, how sure is that, and why.
//!
//! Each test looks at one thing and says one sentence; the judge adds their points. What was turned down can be
//! asked for ([`Detector::detect_explained`](crate::Detector::detect_explained)).

mod allowed;
pub(crate) mod checksum;
mod ciphertext;
mod code;
mod companions;
mod context;
mod disproved;
mod entropy;
mod generic;
mod inline_allow;
pub(crate) mod json;
#[expect(
    clippy::module_inception,
    reason = "the stage's main type has the stage's name"
)]
mod judge;
#[cfg(test)]
mod laws;
mod look_alike;
mod name_like;
mod near_value;
mod notation;
mod numbers;
mod overlap;
mod placeholder;
mod reference;
mod role;
mod scale;
mod sequence;
mod traits;
mod weak;
mod words;

pub(crate) use checksum::structure::is_known_pair;
pub(crate) use companions::{Companions, numbers as rule_numbers};
pub(crate) use context::begins_comment;
pub(crate) use disproved::Disproved;
pub(crate) use entropy::shannon;
pub(crate) use generic::is_well_known;
pub(crate) use inline_allow::allows;
pub(crate) use judge::{Judge, Judgement};
pub(crate) use name_like::{is_called_secret, is_shouted, names_a_session};
pub(crate) use overlap::Spans;
pub(crate) use placeholder::{is_name_of_secret, reason as placeholder_reason};
pub(crate) use role::{Role, judge as judge_role};
pub(crate) use traits::Traits;
