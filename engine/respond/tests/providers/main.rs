//! The providers that come with the program: every definition of the pack against a server that plays done, done already, refused,
//! failing and a lost answer; the native ones against real servers.

mod aws;
mod contract;
mod databases;
mod draft;
mod missing;
mod mongo_server;
mod mongodb;
mod natives;
mod openbao;
#[path = "../shared/played.rs"]
mod played;
#[path = "../shared/secure.rs"]
mod secure;
mod services;
mod setup;
mod signing;
