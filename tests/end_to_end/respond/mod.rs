//! Responses as a user runs them, against real servers: the whole loop, and what goes wrong on the way.

#![cfg(unix)]

mod access_keys;
mod approvals;
mod bad_input;
mod options;
mod rotation;
mod tls_keys;
mod together;
mod token_keys;
mod vault;
mod world;
