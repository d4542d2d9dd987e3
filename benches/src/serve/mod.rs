//! The service under load: deliveries a second, latency at a steady pace, and crashes at random under load.
//!
//! Client and service share the machine; the client signs beforehand and keeps its connections. Every delivery is a push to one of a
//! few branches of a real repository, so that workers fetch and look things up meanwhile, as in production.

mod bed;
mod crashes;
mod dead_key;
mod load;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;
use leakward_tests::{Postgresql, Service};

use bed::Disk;

/// All measurements, on SQLite, and on PostgreSQL where it is installed.
pub(crate) fn all(program: &Path) -> anyhow::Result<()> {
    let server = Postgresql::start_durable().map(Disk::Postgresql);
    for disk in [Disk::Sqlite].into_iter().chain(server) {
        println!("{}", disk.name());
        load::throughput(program, &disk)?;
        load::steady(program, &disk)?;
        dead_key::of_pushes(program, &disk)?;
        crashes::of_deliveries(program, &disk)?;
        crashes::of_responses(program, &disk)?;
    }
    Ok(())
}

/// How long it takes until nothing waits or runs any more.
fn drained(serve: &Service) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    loop {
        let some = |state: &str| {
            let listed = serve.get(&format!("/v1/deliveries?state={state}")).json();
            listed["deliveries"]
                .as_array()
                .is_some_and(|all| !all.is_empty())
        };
        if !some("waiting") && !some("running") {
            return Ok(begun.elapsed());
        }
        ensure!(
            begun.elapsed() < Duration::from_secs(900),
            "deliveries are not handled"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}
