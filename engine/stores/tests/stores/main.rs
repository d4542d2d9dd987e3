//! Every store against the same laws, and what only one kind of store can do.
//!
//! Real servers where there are some (OpenBao, moto, PostgreSQL), which the tests start; servers of our own that keep a provider's contract
//! where there are none; files really.
#![expect(
    clippy::disallowed_methods,
    reason = "tests compare the values that stores hold"
)]

mod aws;
mod azure;
mod consumers;
mod contract;
mod files;
mod gcp;
mod index;
mod kubernetes;
mod laws;
mod lossy;
mod openbao;
mod openbao_engines;
mod process;

use std::collections::BTreeMap;
use std::path::Path;

use leakward_stores::{Store, StoreSpec, Surroundings};

/// The surroundings of a machine with these variables.
fn surroundings(folder: &Path, variables: &[(&str, &str)]) -> Surroundings {
    let variables: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Surroundings::with_variables(folder, variables)
}

/// The store that a text names.
fn store(text: &str, surroundings: &Surroundings) -> Box<dyn Store> {
    let spec: StoreSpec = text.parse().expect(text);
    let opened = leakward_stores::open(&spec, surroundings);
    opened
        .and_then(leakward_stores::Opened::into_store)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A random word that nobody could mistake for something else: values of tests are made, never written down.
fn random(length: usize) -> String {
    let mut bytes = vec![0; length];
    aws_lc_rs::rand::fill(&mut bytes).expect("randomness");
    bytes
        .iter()
        .map(|byte| char::from(b"abcdefghijkmnpqrstuvwxyz23456789"[usize::from(byte % 32)]))
        .collect()
}
