//! What TruffleHog 3 takes on its command line, as far as it has a meaning here.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::args::VerificationArgs;

/// leakward, called as trufflehog
#[derive(Debug, Parser)]
#[command(name = "trufflehog", max_term_width = 100, version = concat!("3 (leakward ", env!("CARGO_PKG_VERSION"), ")"))]
pub(super) struct TrufflehogCli {
    #[command(flatten)]
    pub(super) global: GlobalArgs,
    #[command(subcommand)]
    pub(super) command: TrufflehogCommand,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum TrufflehogCommand {
    /// Scan a git repository: file://PATH, or an address.
    Git(GitArgs),
    /// Scan folders and files.
    Filesystem(FilesystemArgs),
    /// Scan container images.
    Docker(DockerArgs),
    /// Scan standard input.
    Stdin,
}

/// Which results are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ResultKind {
    /// The provider accepts it.
    Verified,
    /// It was asked, and the answer proves nothing.
    Unknown,
    /// It does not work, or nobody was asked.
    Unverified,
    /// Those that TruffleHog's filters turn down; ours are never shown.
    #[value(name = "filtered_unverified")]
    FilteredUnverified,
}

/// Flags of all commands.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of TruffleHog's command line"
)]
pub(super) struct GlobalArgs {
    /// One JSON object a line.
    #[arg(short, long, global = true)]
    pub(super) json: bool,
    /// Annotations for GitHub Actions.
    #[arg(long, global = true)]
    pub(super) github_actions: bool,
    /// Not supported.
    #[arg(long, global = true, hide = true)]
    pub(super) json_legacy: bool,
    /// Exit with status 183 when there are results.
    #[arg(long, global = true)]
    pub(super) fail: bool,
    /// Exit with an error when something could not be scanned. So it is in any case.
    #[arg(long, global = true)]
    pub(super) fail_on_scan_errors: bool,
    /// Which results are shown. Default: verified,unknown,unverified.
    #[arg(long, global = true, value_name = "KINDS", value_delimiter = ',')]
    pub(super) results: Vec<ResultKind>,
    /// Only what the provider accepts.
    #[arg(long, global = true)]
    pub(super) only_verified: bool,
    /// Ask nobody.
    #[arg(long, global = true)]
    pub(super) no_verification: bool,
    /// Worker threads.
    #[arg(long, global = true, value_name = "N")]
    pub(super) concurrency: Option<NonZeroUsize>,
    /// There is nothing to update.
    #[arg(long, global = true)]
    pub(super) no_update: bool,
    /// Say less.
    #[arg(long, global = true, value_name = "N", default_value_t = 0)]
    pub(super) log_level: u8,
    /// Asks every provider again.
    #[arg(long, global = true)]
    pub(super) no_verification_cache: bool,
    /// Does not open archives.
    #[arg(long, global = true)]
    pub(super) force_skip_archives: bool,
    /// Not supported.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Not supported.
    #[arg(long, global = true, value_name = "NAMES")]
    pub(super) include_detectors: Option<String>,
    /// Not supported.
    #[arg(long, global = true, value_name = "NAMES")]
    pub(super) exclude_detectors: Option<String>,
    /// How providers are asked: leakward's own flags.
    #[command(flatten)]
    pub(super) verification: VerificationArgs,
}

/// Files of regular expressions over paths, one a line.
#[derive(Debug, Args)]
pub(super) struct PathArgs {
    /// Only paths that one of these matches.
    #[arg(short, long, value_name = "FILE")]
    pub(super) include_paths: Option<PathBuf>,
    /// Not paths that one of these matches.
    #[arg(short = 'x', long, value_name = "FILE")]
    pub(super) exclude_paths: Option<PathBuf>,
}

/// `trufflehog git`
#[derive(Debug, Args)]
pub(super) struct GitArgs {
    /// The repository.
    #[arg(value_name = "URI")]
    pub(super) uri: String,
    #[command(flatten)]
    pub(super) paths: PathArgs,
    /// Globs of paths that are passed over.
    #[arg(long, value_name = "GLOBS", value_delimiter = ',')]
    pub(super) exclude_globs: Vec<String>,
    /// Only commits after this one; HEAD for what is staged.
    #[arg(long, value_name = "COMMIT")]
    pub(super) since_commit: Option<String>,
    /// Only this branch.
    #[arg(long, value_name = "NAME")]
    pub(super) branch: Option<String>,
    /// Only so many commits back.
    #[arg(long, value_name = "N")]
    pub(super) max_depth: Option<u32>,
    /// The repository is bare; that is found out.
    #[arg(long)]
    pub(super) bare: bool,
    /// Configuration of a repository has no effect here.
    #[arg(long)]
    pub(super) trust_local_git_config: bool,
}

/// `trufflehog filesystem`
#[derive(Debug, Args)]
pub(super) struct FilesystemArgs {
    /// Folders and files.
    #[arg(value_name = "PATH")]
    pub(super) targets: Vec<String>,
    /// The same (deprecated).
    #[arg(long, value_name = "PATH")]
    pub(super) directory: Vec<String>,
    #[command(flatten)]
    pub(super) paths: PathArgs,
}

/// `trufflehog docker`
#[derive(Debug, Args)]
pub(super) struct DockerArgs {
    /// Images: a name in a registry, file://PATH of a saved one; may be given several times.
    #[arg(long, value_name = "IMAGE", required = true)]
    pub(super) image: Vec<String>,
}
