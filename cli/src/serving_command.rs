//! `leakward mcp` and `leakward lsp`: servers on standard input and output, for agents and for editors.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use leakward_assist::lsp::{self, LspSettings};
use leakward_assist::mcp::{self, McpSettings};

use crate::guard_command::scan_settings;
use crate::rules_explain_command;
use crate::scan_command::processors;
use crate::serving_args::{LspArgs, McpArgs};

/// Serves agents.
pub(crate) fn mcp(args: &McpArgs) -> anyhow::Result<ExitCode> {
    let folder = std::env::current_dir().context("the working folder")?;
    for folder in &args.allow_path {
        // A misspelt folder would only show when an agent is refused.
        std::fs::read_dir(folder).with_context(|| format!("--allow-path {}", folder.display()))?;
    }
    let settings = McpSettings {
        allowed: args
            .allow_path
            .iter()
            .map(|path| folder.join(path))
            .collect(),
        folder,
        scan: scan_settings(&args.policy),
        threads: processors(),
        explain: rules_explain_command::in_words,
        version: env!("CARGO_PKG_VERSION"),
    };
    mcp::serve(std::io::stdin().lock(), std::io::stdout(), &settings)?;
    Ok(ExitCode::SUCCESS)
}

/// Serves an editor.
pub(crate) fn lsp(args: &LspArgs) -> anyhow::Result<ExitCode> {
    lsp::serve_stdio(LspSettings {
        // An editor may be started from anywhere; a folder that is gone is none.
        folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        scan: scan_settings(&args.policy),
        explain: rules_explain_command::in_words,
        version: env!("CARGO_PKG_VERSION"),
    })?;
    Ok(ExitCode::SUCCESS)
}
