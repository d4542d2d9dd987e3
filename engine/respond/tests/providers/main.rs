//! The providers that come with the program: every definition of the pack against a server that plays done, done already, refused,
//! failing and a lost answer; the native ones against real servers.

mod aws;
mod contract;
mod databases;
mod openbao;
mod played;
mod services;
mod setup;
