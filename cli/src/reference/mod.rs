//! `leakward reference`: pages of the documentation that are made of the program itself, so that they cannot say what it does
//! not do. `cargo xtask docs` writes them into docs/, and a test fails when they differ.
//!
//! Nothing here decides anything: commands come from the definitions of the command line, rules from the rule pack,
//! settings from the schemas of the structs that configuration files are read into.

mod commands;
mod configuration;
mod markdown;
mod rules;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ValueEnum;

/// What is made of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Page {
    /// docs/reference/commands.md
    Commands,
    /// docs/reference/rules.md
    Rules,
    /// docs/reference/configuration.md
    Configuration,
    /// docs/leakward.schema.json
    Schema,
    /// docs/serve.schema.json
    ServeSchema,
}

/// Prints a page.
pub(crate) fn print(page: Page) -> anyhow::Result<ExitCode> {
    let text = match page {
        Page::Commands => commands::page(),
        Page::Rules => rules::page(leakward_rules::built_in()),
        Page::Configuration => configuration::page(&project(), &service()),
        Page::Schema => pretty(&project())?,
        Page::ServeSchema => pretty(&service())?,
    };
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output")
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// The schema of `leakward.toml`.
fn project() -> serde_json::Value {
    schema(
        leakward_scan::config::Config::schema().into(),
        "leakward.toml",
    )
}

/// The schema of the service's configuration.
fn service() -> serde_json::Value {
    schema(leakward_serve::Config::schema().into(), "serve.toml")
}

fn schema(mut schema: serde_json::Value, title: &str) -> serde_json::Value {
    configuration::without_null(&mut schema);
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".to_owned(), title.into());
    }
    schema
}

fn pretty(schema: &serde_json::Value) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(schema)? + "\n")
}
