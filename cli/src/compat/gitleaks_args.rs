//! What gitleaks 8 takes on its command line. Names, short forms and defaults are gitleaks' own.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// leakward, called as gitleaks
#[derive(Debug, Parser)]
#[command(name = "gitleaks", disable_version_flag = true, max_term_width = 100)]
pub(super) struct GitleaksCli {
    #[command(flatten)]
    pub(super) global: GlobalArgs,
    #[command(subcommand)]
    pub(super) command: GitleaksCommand,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum GitleaksCommand {
    /// Scan the history of a git repository.
    Git(GitArgs),
    /// Scan folders or files.
    #[command(aliases = ["file", "directory"])]
    Dir(DirArgs),
    /// Scan standard input.
    Stdin,
    /// Scan a repository (deprecated: use git, dir or stdin).
    Detect(DetectArgs),
    /// Scan what is not committed (deprecated: use git --staged).
    Protect(ProtectArgs),
    /// Show the version.
    Version,
}

/// The formats of gitleaks' reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    Json,
    Csv,
    Junit,
    Sarif,
    Template,
}

/// Flags of all commands.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of gitleaks' command line"
)]
pub(super) struct GlobalArgs {
    /// Rules and allowlists. Default: GITLEAKS_CONFIG, GITLEAKS_CONFIG_TOML, .gitleaks.toml in the target, the built-in rules.
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Exit status when there are leaks.
    #[arg(long, global = true, value_name = "N", default_value_t = 1)]
    pub(super) exit_code: u8,
    /// Where the report goes; `-` for standard output.
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(super) report_path: Option<PathBuf>,
    /// Its format. Default: that of the file's extension, or json.
    #[arg(short = 'f', long, global = true, value_name = "FORMAT")]
    pub(super) report_format: Option<ReportFormat>,
    /// Not supported.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) report_template: Option<PathBuf>,
    /// A JSON report whose findings are not shown again.
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(super) baseline_path: Option<PathBuf>,
    /// Least important messages that are shown.
    #[arg(
        short,
        long,
        global = true,
        value_name = "LEVEL",
        default_value = "info"
    )]
    pub(super) log_level: LogLevel,
    /// Show findings on standard output.
    #[arg(short, long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true")]
    pub(super) verbose: std::primitive::bool,
    /// Without colours.
    #[arg(long, global = true)]
    pub(super) no_color: bool,
    /// Without the banner. There is none.
    #[arg(long, global = true)]
    pub(super) no_banner: bool,
    /// How many percent of each secret are hidden; all when no number is given.
    #[arg(long, global = true, value_name = "PERCENT", num_args = 0..=1, require_equals = true, default_value = "0", default_missing_value = "100", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) redact: u8,
    /// Larger files are passed over.
    #[arg(long, global = true, value_name = "MB")]
    pub(super) max_target_megabytes: Option<u64>,
    /// Show also what gitleaks:allow marks.
    #[arg(long, global = true)]
    pub(super) ignore_gitleaks_allow: bool,
    /// Apply only these rules; may be given several times.
    #[arg(long, global = true, value_name = "ID", value_delimiter = ',')]
    pub(super) enable_rule: Vec<String>,
    /// A .gitleaksignore, or the folder with one.
    #[arg(
        short = 'i',
        long,
        global = true,
        value_name = "PATH",
        default_value = "."
    )]
    pub(super) gitleaks_ignore_path: PathBuf,
    /// How many encodings deep values are decoded. Default: leakward's own.
    #[arg(long, global = true, value_name = "N")]
    pub(super) max_decode_depth: Option<usize>,
    /// How many archives deep archives are opened.
    #[arg(long, global = true, value_name = "N", default_value_t = 0)]
    pub(super) max_archive_depth: usize,
    /// Longest time, in seconds; 0 for no limit.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 0)]
    pub(super) timeout: u64,
    /// Not supported.
    #[arg(long, global = true, value_name = "MODE")]
    pub(super) diagnostics: Option<String>,
    /// Not supported.
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(super) diagnostics_dir: Option<PathBuf>,
}

/// Importance of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

/// `gitleaks git`
#[derive(Debug, Args)]
pub(super) struct GitArgs {
    /// The repository. Default: the current folder.
    #[arg(value_name = "REPOSITORY", default_value = ".")]
    pub(super) repository: String,
    /// What git log would be told.
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    pub(super) log_opts: Option<String>,
    /// Only what is staged.
    #[arg(long)]
    pub(super) staged: bool,
    /// Only what is not committed.
    #[arg(long)]
    pub(super) pre_commit: bool,
    /// The host, for links, which are not written.
    #[arg(long, value_name = "NAME")]
    pub(super) platform: Option<String>,
}

/// `gitleaks dir`
#[derive(Debug, Args)]
pub(super) struct DirArgs {
    /// Folders or files. Default: the current folder.
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<String>,
    /// Not supported.
    #[arg(long)]
    pub(super) follow_symlinks: bool,
}

/// `gitleaks detect`
#[derive(Debug, Args)]
pub(super) struct DetectArgs {
    /// The repository or folder.
    #[arg(short, long, value_name = "PATH", default_value = ".")]
    pub(super) source: String,
    /// A folder, whether it is a repository or not.
    #[arg(long)]
    pub(super) no_git: bool,
    /// Standard input.
    #[arg(long)]
    pub(super) pipe: bool,
    /// Not supported.
    #[arg(long)]
    pub(super) follow_symlinks: bool,
    /// What git log would be told.
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    pub(super) log_opts: Option<String>,
    /// The host, for links, which are not written.
    #[arg(long, value_name = "NAME")]
    pub(super) platform: Option<String>,
}

/// `gitleaks protect`
#[derive(Debug, Args)]
pub(super) struct ProtectArgs {
    /// The repository.
    #[arg(short, long, value_name = "PATH", default_value = ".")]
    pub(super) source: String,
    /// Only what is staged.
    #[arg(long)]
    pub(super) staged: bool,
    /// What git log would be told.
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    pub(super) log_opts: Option<String>,
}
