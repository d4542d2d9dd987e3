//! Fixtures of the end-to-end tests: real git repositories, generated credentials, and runs of the program.
//!
//! Everything here happens in a temporary folder and in a scrubbed environment: the developer's own git
//! configuration, home and environment variables neither help nor disturb. Dates and identities are fixed, so that
//! object ids are the same on every machine.
//!
//! INVARIANT: no credential is written down anywhere; each is generated from a name (see [`Credential`]).
//!
//! Fixtures panic when something of theirs fails: a test whose repository could not be built must not pass.
#![forbid(unsafe_code)]

mod browser;
mod containerd;
mod credential;
mod file_server;
mod http;
mod https_server;
mod image;
mod issuer;
mod lfs;
mod pack_listing;
mod place;
mod port;
mod postgresql;
mod program;
mod registry;
mod report;
mod repository;
mod requirement;
mod rotation;
mod run;
mod sandbox;
mod service;
mod token_server;
mod trap;

pub use browser::Browser;
pub use containerd::Containerd;
pub use credential::Credential;
pub use file_server::FileServer;
pub use http::{Asked, HttpAnswer, HttpServer, eventually, http, try_http};
pub use https_server::{HttpsServer, make_certificate};
pub use image::{Image, PlantedFile};
pub use issuer::{Acts, Issuer, id_of};
pub use lfs::lfs_object;
pub use pack_listing::{PackEntry, PackListing};
pub use place::Place;
pub use port::free_port;
pub use postgresql::Postgresql;
pub use program::Program;
pub use registry::{REGISTRY_PASSWORD, REGISTRY_USER, Registry};
pub use report::Report;
pub use repository::{ObjectFormat, Repository};
pub use requirement::{Requirement, missing, npm_folder};
pub use rotation::Rotation;
pub use run::Run;
pub use sandbox::Sandbox;
pub use service::{API_TOKEN, Service, ServiceStart, WEBHOOK_SECRET, github_push, signature};
pub use token_server::TokenServer;
pub use trap::Trap;
