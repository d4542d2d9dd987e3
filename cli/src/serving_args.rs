//! What can be typed after `leakward mcp` and `leakward lsp`.

use std::path::PathBuf;

use clap::Args;

use crate::args::PolicyArgs;

/// `leakward mcp`
#[derive(Debug, Args)]
pub(crate) struct McpArgs {
    /// Another folder that may be looked at, beside the working folder; may be given several times.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) allow_path: Vec<PathBuf>,
    /// Which rules and decisions.
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

/// `leakward lsp`
#[derive(Debug, Args)]
pub(crate) struct LspArgs {
    /// Speak on standard input and output; there is no other way, and some editors say so.
    #[arg(long)]
    pub(crate) stdio: bool,
    /// Which rules and decisions.
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}
