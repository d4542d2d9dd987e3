//! What can be typed after `leakward serve` and `leakward incidents`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `leakward serve`
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The configuration: docs/serve.md.
    #[arg(long, value_name = "FILE", env = "LEAKWARD_SERVE_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Read the configuration and the secrets that it names, say what is wrong, and end.
    #[arg(long)]
    pub(crate) check: bool,
}

/// Where the service is, and who asks.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// The service's address.
    #[arg(
        long,
        value_name = "URL",
        env = "LEAKWARD_SERVER",
        default_value = "http://127.0.0.1:8686"
    )]
    pub(crate) server: String,
    /// The file with the token. Default: the environment variable LEAKWARD_TOKEN.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// `text` or `json`.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: IncidentsFormat,
}

/// How incidents are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum IncidentsFormat {
    /// For people.
    Text,
    /// What the service says.
    Json,
}

/// `leakward incidents`
#[derive(Debug, Subcommand)]
pub(crate) enum IncidentsCommand {
    /// List incidents; what is due first comes first.
    List {
        /// Only in this state; `unsettled` for all that are neither contained nor closed.
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        /// Only of this severity.
        #[arg(long, value_name = "SEVERITY")]
        severity: Option<String>,
        /// Only of this provider.
        #[arg(long, value_name = "NAME")]
        provider: Option<String>,
        /// Where the service is.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show one incident: what is known, what happened, what is planned.
    Show {
        /// The incident's fingerprint.
        incident: leakward_core::Fingerprint,
        /// Where the service is.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Let the service do what is planned.
    Approve {
        /// The incident's fingerprint.
        incident: leakward_core::Fingerprint,
        /// Why.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        /// Where the service is.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Keep the service from doing what is planned.
    Reject {
        /// The incident's fingerprint.
        incident: leakward_core::Fingerprint,
        /// Why.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        /// Where the service is.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Say that nothing is left to do.
    Close {
        /// The incident's fingerprint.
        incident: leakward_core::Fingerprint,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Where the service is.
        #[command(flatten)]
        server: ServerArgs,
    },
}
