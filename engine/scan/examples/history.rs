//! A scan of all history, for measuring and for comparing two versions of this program: seconds and counts on standard
//! error, every finding with all its places on standard output, one a line, sorted.
//!
//! `cargo run --profile profiling -p leakward-scan --example history -- REPOSITORY [THREADS]`
//!
//! It links without the rest of the program, so that a change to the scan is tried in a fraction of the time.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use leakward_scan::progress::Silent;
use leakward_scan::request::Request;
use leakward_scan::run;
use leakward_scan::target::Target;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let repository = arguments
        .next()
        .ok_or("which repository? history REPOSITORY [THREADS]")?;
    let threads = arguments.next().map_or(Ok(0), |text| text.parse())?;
    let request = Request {
        targets: vec![Target::resolve(&repository, None)?],
        threads,
        ..Request::default()
    };
    let started = Instant::now();
    let scanned = run::run(&request, &Silent, &AtomicBool::new(false))?;
    let outcome = scanned.outcome;
    let stats = &outcome.stats;
    eprintln!(
        "{:.2} s, {} pieces, {} MB, {} findings, {} turned down, {} not looked at",
        started.elapsed().as_secs_f64(),
        stats.pieces,
        stats.bytes / 1_000_000,
        outcome.findings.len(),
        stats.rejected,
        outcome.skipped.len(),
    );
    let mut lines: Vec<String> = outcome
        .findings
        .iter()
        .map(|finding| format!("{finding:?}"))
        .chain(outcome.skipped.iter().map(|skipped| format!("{skipped:?}")))
        .collect();
    lines.sort_unstable();
    for line in lines {
        println!("{line}");
    }
    Ok(())
}
