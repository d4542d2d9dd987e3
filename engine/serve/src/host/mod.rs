//! Our side of the code hosts' APIs: who we are there, what we ask, what we tell.
//!
//! INVARIANT: tokens are sent to the configured address and nowhere else: redirects are not followed, and no address from a
//! delivery is used.

mod api;
mod app_token;
mod error;
mod gitea;
mod github;
mod gitlab;
mod hosts;

pub(crate) use error::HostError;
pub(crate) use github::AlertState;
pub(crate) use hosts::Hosts;
