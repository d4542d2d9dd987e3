//! End-to-end tests: the program, as a user runs it, against real git repositories, folders and pipes.
//!
//! Part of the package `leakward` (see `cli/Cargo.toml`), because cargo then builds the program first and says where
//! it is. Fixtures are in the crate `leakward-tests`; which case of git is covered by which test stands in
//! `docs/coverage.md`, and `coverage_table` keeps that page true.

mod archives;
mod arguments;
mod baseline;
mod binary_strings;
mod canary;
mod ci_files;
mod clone;
mod compat;
mod configuration;
mod coverage_table;
mod dependencies;
mod exit_status;
mod fingerprints;
mod git_coverage;
mod gitleaks_parity;
mod guard;
mod guide;
mod hooks;
mod hostile;
mod html_report;
mod ignore_files;
mod images;
mod inline_comments;
mod interrupt;
mod lsp;
mod mcp;
mod other_tools;
mod packages;
mod pairs;
mod policy_ref;
mod readme;
mod reference;
mod report_command;
mod reports;
mod respond;
mod rule_tools;
mod rules;
mod scan_cache;
mod selection;
mod serve;
mod store;
mod triage;
mod verify;

use std::path::Path;

use leakward_tests::{Program, Report, Repository, Run, Sandbox};

/// The program, to be run in `sandbox`.
fn leakward(sandbox: &Sandbox) -> Program {
    Program::new(Path::new(env!("CARGO_BIN_EXE_leakward")), sandbox)
}

/// A scan with a JSON report on standard output that shows the credentials, so that tests can tell them apart.
fn revealing_scan(sandbox: &Sandbox) -> Program {
    leakward(sandbox).args(["scan", "--reveal", "--format", "json"])
}

/// Scans a repository as a user does who names nothing but its folder.
fn scan(repository: &Repository) -> Run {
    scan_with(repository, &[])
}

/// Scans a repository with more arguments.
fn scan_with(repository: &Repository, arguments: &[&str]) -> Run {
    revealing_scan(repository.sandbox())
        .args(arguments)
        .arg(repository.folder())
        .run()
}

/// The report of a scan that was complete and found something.
fn findings_of(repository: &Repository) -> Report {
    let run = scan(repository);
    run.expect_status(1);
    run.report()
}
