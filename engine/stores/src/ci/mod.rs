//! Variables of CI systems, as consumers that get the new value.

mod github;
mod gitlab;

pub(crate) use github::KIND as GITHUB;
pub(crate) use gitlab::KIND as GITLAB;
