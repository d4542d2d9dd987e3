//! For credentials that nobody can be asked about; what they say themselves is told.

use super::{Case, Exchange, Native};
use crate::plan::NotAsked;

pub(super) static NATIVE: Native = Native {
    name: "offline-only",
    about: "asks nobody; the credential's own expiry is told",
    prepare,
    details: None,
    control: None,
};

fn prepare(_case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let reason = "nobody can be asked about it; only what it says itself is known";
    Err(NotAsked::Unusable(reason.to_owned()))
}
