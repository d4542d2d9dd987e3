//! The reports as their readers see them: as a whole (snapshots), for any outcome (laws), and against the
//! schemas that other programs check them with.

mod any_outcome;
mod fixture;
mod laws;
mod sarif_limits;
mod schemas;
mod snapshots;

use leakward_core::Outcome;
use leakward_report::{Format, Report, Settings};

/// What `format` makes of `outcome`, with the rules of the fixture.
fn written(format: &str, outcome: &Outcome, settings: &Settings) -> String {
    let format: Format = format.parse().expect("a known format");
    let rules = fixture::rules();
    let report = Report {
        outcome,
        rules: &rules,
        tool_version: "1.2.3",
    };
    let mut bytes = Vec::new();
    leakward_report::write(format, &report, settings, &mut bytes)
        .expect("a vector takes all bytes");
    String::from_utf8(bytes).expect("every format is UTF-8")
}
