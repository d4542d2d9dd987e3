//! `leakward baseline create`: a scan whose findings are written down as known.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use leakward_scan::baseline::Baseline;

use crate::args::BaselineArgs;
use crate::messages::Messages;
use crate::scan_command::{request, run_request};

/// Scans and writes the baseline. An incomplete scan writes it as well, and ends with status 2.
pub(crate) fn create(args: &BaselineArgs, messages: Messages) -> anyhow::Result<ExitCode> {
    let request = request(&args.targets, None, &args.scope, &args.policy, args.threads)?;
    let outcome = run_request(&request, messages)?.outcome;
    let text = Baseline::write(&outcome.findings);
    if args.output == Path::new("-") {
        std::io::stdout()
            .write_all(text.as_bytes())
            .context("standard output")?;
    } else {
        std::fs::write(&args.output, text).with_context(|| args.output.display().to_string())?;
    }
    messages.info(&format!(
        "{}: {} findings",
        args.output.display(),
        outcome.findings.len()
    ));
    for skipped in outcome
        .skipped
        .iter()
        .filter(|skipped| skipped.kind.makes_incomplete())
    {
        messages.error(&format!("{}: {}", skipped.what, skipped.reason));
    }
    Ok(if outcome.complete() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}
