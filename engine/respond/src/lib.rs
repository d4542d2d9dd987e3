//! Revoke and rotate: plan → policy → journal → steps → proof.
//!
//! The only crate that changes the outside world, through secret stores and providers.
#![forbid(unsafe_code)]
