//! What can be typed after `leakward rules test`, `explain` and `lint`.

use std::path::PathBuf;

use clap::Args;

use crate::args::RulesFormat;

/// `leakward rules test`
#[derive(Debug, Args)]
pub(crate) struct RulesTestArgs {
    /// A rule file: Leakward's own format, or that of gitleaks, betterleaks, Nosey Parker, Titus, Kingfisher or TruffleHog.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Files, folders or repositories to try the rules on.
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// Only these rules of the file (ids or globs); may be given several times.
    #[arg(long, value_name = "ID")]
    pub(crate) only_rule: Vec<String>,
    /// `text` or `json`.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: RulesFormat,
}

/// `leakward rules explain`
#[derive(Debug, Args)]
pub(crate) struct RulesExplainArgs {
    /// The rule's id.
    #[arg(value_name = "RULE")]
    pub(crate) id: String,
    /// More rules; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Vec<PathBuf>,
    /// `text` or `json`.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: RulesFormat,
}

/// `leakward rules lint`
#[derive(Debug, Args)]
pub(crate) struct RulesLintArgs {
    /// Rule files. Default: the built-in rules.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Measure what the rules cost and how often they match on this folder or repository; may be given several times.
    #[arg(long, value_name = "TARGET")]
    pub(crate) on: Vec<String>,
    /// `text` or `json`.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: RulesFormat,
}
