//! What can be typed. Only shapes and help texts; what it means is resolved in the command's own file.
//!
//! Help texts are written for somebody who reads them once, in a hurry: what it does, then the default.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use crate::rules_args::{RulesExplainArgs, RulesLintArgs, RulesTestArgs};

/// Finds leaked credentials in git histories, folders and streams.
#[derive(Debug, Parser)]
#[command(name = "leakward", version, about, max_term_width = 100, after_help = EXIT_STATUS)]
pub(crate) struct Cli {
    /// Messages on standard error.
    #[command(flatten)]
    pub(crate) messages: MessageArgs,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_STATUS: &str = "Exit status: 0 nothing found and everything scanned; 1 findings; 2 an error, or something \
could not be scanned (this wins over 1). See --exit-code and --allow-incomplete of `leakward scan`.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look for leaked credentials.
    Scan(Box<ScanArgs>),
    /// Accept today's findings, so that later scans show only new ones.
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// Take a leaked credential away: prints a plan, asks, and does not stop before the provider refuses the credential.
    Revoke(Box<crate::respond::RevokeArgs>),
    /// Put a successor where applications read the credential, prove it, and then take the leaked one away.
    Rotate(Box<crate::respond::RotateArgs>),
    /// What is known of leaked credentials and done about them; go on with what was interrupted.
    #[command(subcommand)]
    Respond(crate::respond::RespondCommand),
    /// What may be done without asking: print the policy, test it.
    #[command(subcommand)]
    Policy(crate::respond::PolicyCommand),
    /// Check the log of what was done.
    #[command(subcommand)]
    Audit(crate::respond::AuditCommand),
    /// Ask providers whether credentials still work, and whose they are. Changes nothing.
    Verify(Box<VerifyArgs>),
    /// What live credentials reach: `verify` with `--details`, shown as a tree. Changes nothing.
    Inspect(Box<VerifyArgs>),
    /// List, show and check rules.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Connected secret stores: what they hold, how old it is, and what of it leaked.
    #[command(subcommand)]
    Store(crate::store::StoreCommand),
    /// Listen to code hosts and respond to leaks without a person, within policy.
    Serve(crate::serve_args::ServeArgs),
    /// List, show, approve and close incidents of a running service.
    #[command(subcommand)]
    Incidents(Box<crate::serve_args::IncidentsCommand>),
    /// Walk through a report's findings in a terminal: look, decide, verify, plan.
    Triage(crate::triage::TriageArgs),
    /// Convert, merge and compare reports.
    #[command(subcommand)]
    Report(crate::report_args::ReportCommand),
    /// Be called as another scanner: its flags, files, reports and exit statuses.
    #[command(subcommand)]
    Compat(crate::compat::CompatCommand),
    /// Git hooks: put them in, take them out, run them.
    #[command(subcommand)]
    Hook(crate::hook_args::HookCommand),
    /// Answer the hook of an AI coding agent: may this tool call, this prompt, this diff go on? Reads it from standard input.
    Guard(Box<crate::guard_args::GuardArgs>),
    /// Serve AI agents on standard input and output: tools that scan and explain, over the Model Context Protocol.
    Mcp(Box<crate::serving_args::McpArgs>),
    /// Serve an editor on standard input and output: credentials are marked as they are typed (Language Server Protocol).
    Lsp(Box<crate::serving_args::LspArgs>),
    /// Print the completions of a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write manual pages into a folder.
    Man {
        /// The folder.
        folder: PathBuf,
    },
    /// Print a page of the documentation that is made of the program.
    #[command(hide = true)]
    Reference {
        /// Which one.
        page: crate::reference::Page,
    },
}

/// Messages on standard error.
#[derive(Debug, Args)]
pub(crate) struct MessageArgs {
    /// Say nothing on standard error but errors.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more on standard error; twice for more still.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// How messages on standard error are written.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// When to use colours. NO_COLOR and CLICOLOR_FORCE are honoured.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
}

/// How messages on standard error are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a target is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TargetKindArg {
    /// A git repository: all history and the working tree.
    Git,
    /// A folder, whatever is in it.
    Dir,
    /// One file.
    File,
    /// Standard input.
    Stdin,
    /// Container images: an OCI layout (folder or tar file), what `docker save` wrote, a name in a registry.
    Image,
}

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SensitivityArg {
    /// What should block a commit.
    Default,
    /// What an auditor wants to see.
    High,
}

/// `leakward scan`
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub(crate) struct ScanArgs {
    /// A git repository, a folder, a file, `-` for standard input, the https or ssh URL of a repository, or a
    /// container image: an OCI layout, a file that `docker save` wrote, `registry.example/name:tag`; `image:NAME` when
    /// it is not clear; `docker:NAME` for one of the local container engine, `containerd:NAME` for one that containerd keeps (`containerd:`
    /// for all). Default: the repository around the current folder, or the current folder.
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// Take the targets for this instead of finding out.
    #[arg(long = "as", value_name = "KIND")]
    pub(crate) kind: Option<TargetKindArg>,
    /// Which part of a repository.
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// How container images are scanned.
    #[command(flatten)]
    pub(crate) images: ImageArgs,
    /// Which rules and decisions.
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    /// Where findings go.
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Also look at files that .gitignore leaves out.
    #[arg(long)]
    pub(crate) no_ignore: bool,
    /// Look at archives, compressed files and documents as the bytes that they are, not at what is in them.
    #[arg(long)]
    pub(crate) no_archives: bool,
    /// In programs and other binaries, also look at their strings, each as a line of its own: runs of at least N
    /// characters in ASCII or UTF-16LE. N is 8 unless you say otherwise.
    #[arg(
        long,
        value_name = "N",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "8"
    )]
    pub(crate) binary_strings: Option<leakward_detect::ShortestString>,
    /// What is remembered for the next scan.
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// Worker threads. Default: one for each processor.
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Say for every candidate, kept or turned down, why.
    #[arg(long)]
    pub(crate) explain: bool,
    /// Read a tool call of an AI coding agent, or a diff, from standard input and answer its hook: `leakward guard` without
    /// its options.
    #[arg(long, exclusive = true)]
    pub(crate) stdin_json: bool,
    /// Tell what each rule cost and found: as a table on standard error, or as JSON into FILE.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) rule_stats: Option<Option<PathBuf>>,
    /// Ask providers whether the credentials still work.
    #[arg(long, help_heading = VERIFICATION)]
    pub(crate) verify: bool,
    /// Report only findings with these verdicts; asks providers as --verify does.
    #[arg(long, value_name = "VERDICT", value_delimiter = ',', help_heading = VERIFICATION)]
    pub(crate) only: Vec<VerdictArg>,
    /// How providers are asked.
    #[command(flatten)]
    pub(crate) verification: VerificationArgs,
}

/// The heading in the help.
const VERIFICATION: &str = "Verification";

/// What is known about whether a credential works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerdictArg {
    /// The provider accepts it.
    Live,
    /// It no longer works.
    Dead,
    /// It was asked, and the answer proves nothing.
    Unknown,
    /// Nobody was asked.
    NotChecked,
}

/// How providers are asked.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = VERIFICATION)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub(crate) struct VerificationArgs {
    /// Say what would be sent where, and send nothing.
    #[arg(long)]
    pub(crate) egress_plan: bool,
    /// Send nothing; tell what credentials say about themselves (expiry, account).
    #[arg(long)]
    pub(crate) offline: bool,
    /// Ask this server in the place of the one that the rule names: `github=https://ghe.corp/api/v3`. NAME is a rule's id
    /// or a provider; may be given several times.
    #[arg(long, value_name = "NAME=URL")]
    pub(crate) endpoint: Vec<leakward_verify::Endpoint>,
    /// A value that verification needs and the scan did not find: `id=…`; may be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) with: Vec<String>,
    /// Ask hosts that stand beside a credential. Whoever wrote the scanned text chose them.
    #[arg(long)]
    pub(crate) allow_found_hosts: bool,
    /// Connect to private and local addresses, and send passwords without TLS in such networks.
    #[arg(long)]
    pub(crate) allow_private: bool,
    /// Send a changed credential as well before anything is called live.
    #[arg(long)]
    pub(crate) control: bool,
    /// Read what live credentials reach: repositories, projects, applications. Only where the rule says how; changes nothing.
    #[arg(long)]
    pub(crate) details: bool,
    /// Use also keys that are known to tell whoever laid them out.
    #[arg(long)]
    pub(crate) ask_canaries: bool,
    /// Certificates in PEM that are trusted beside the system's.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Proxy for HTTP. Default: HTTPS_PROXY and its like.
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// How long a verdict holds before it is asked for again: seconds, or `90m`, `12h`, `0`. Default: 1h.
    #[arg(long, value_name = "TIME")]
    pub(crate) verify_cache_ttl: Option<String>,
    /// Where verdicts are kept, without credentials. Default: leakward/verify.json in the user's cache folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) verify_cache: Option<PathBuf>,
    /// Where each call is written down, without credentials. Default: leakward/verify-audit.jsonl in the user's state folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) verify_audit: Option<PathBuf>,
    /// Longest time for one call, in seconds. Default: 15.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) verify_call_timeout: Option<u64>,
    /// Longest time for all calls, in seconds. Default: 600.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) verify_timeout: Option<u64>,
    /// Calls to one host at the same time. Default: 4.
    #[arg(long, value_name = "N")]
    pub(crate) verify_per_host: Option<NonZeroUsize>,
    /// Calls to one host in a second. Default: 20.
    #[arg(long, value_name = "N")]
    pub(crate) verify_rate: Option<std::num::NonZeroU32>,
}

/// `leakward verify`
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Verify the findings of this report (json or jsonl): they are read again from where they were found.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "rule",
        required_unless_present = "rule"
    )]
    pub(crate) report: Option<PathBuf>,
    /// Only this finding of the report, by its fingerprint; may be given several times.
    #[arg(long, value_name = "FINGERPRINT", requires = "report")]
    pub(crate) finding: Vec<leakward_core::Fingerprint>,
    /// Verify one credential of this rule, read from standard input.
    #[arg(long, value_name = "ID")]
    pub(crate) rule: Option<String>,
    /// Where the report's findings are, if not where the report says.
    #[arg(value_name = "TARGET", conflicts_with = "rule")]
    pub(crate) targets: Vec<String>,
    /// Report only findings with these verdicts.
    #[arg(long, value_name = "VERDICT", value_delimiter = ',')]
    pub(crate) only: Vec<VerdictArg>,
    /// Which rules and decisions.
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    /// Where findings go.
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// How providers are asked.
    #[command(flatten)]
    pub(crate) verification: VerificationArgs,
}

/// Which part of a repository.
#[derive(Debug, Default, Args)]
#[group(multiple = false)]
pub(crate) struct ScopeArgs {
    /// Only what is staged for the next commit.
    #[arg(long)]
    pub(crate) staged: bool,
    /// Only what the commits of this range brought in: `A..B`, `A...B` or `A..`.
    #[arg(long, value_name = "A..B")]
    pub(crate) range: Option<String>,
    /// Only what commits that are not reachable from this one brought in, on all refs.
    #[arg(long, value_name = "REV")]
    pub(crate) since: Option<String>,
    /// Only the working tree, no history.
    #[arg(long)]
    pub(crate) worktree: bool,
    /// Only the history that refs reach, not what lies unreferenced in the object database.
    #[arg(long)]
    pub(crate) reachable_only: bool,
}

/// How container images are scanned.
#[derive(Debug, Args)]
pub(crate) struct ImageArgs {
    /// Of images for several platforms, scan only this one: OS/ARCHITECTURE[/VARIANT]. Default: all.
    #[arg(long, value_name = "PLATFORM")]
    pub(crate) platform: Option<leakward_sources::image::Platform>,
    /// Scan the images of all tags of the repository.
    #[arg(long)]
    pub(crate) all_tags: bool,
    /// Log in to the registry with this name, and with the password that stands on standard input. Default: what
    /// `docker login` or `podman login` wrote down.
    #[arg(long, value_name = "NAME")]
    pub(crate) registry_user: Option<String>,
    /// Ask this registry first: MIRROR for Docker Hub's images, REGISTRY=MIRROR for another's; may be given several times.
    #[arg(long, value_name = "MIRROR")]
    pub(crate) registry_mirror: Vec<leakward_sources::image::registry::Mirror>,
    /// Speak to registries without TLS when they have none, and send them passwords that way.
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Where containerd keeps its images, for `containerd:NAME`. Default: /var/lib/containerd.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) containerd_root: Option<PathBuf>,
    /// Only containerd's images of this namespace, such as `k8s.io`. Default: all namespaces.
    #[arg(long, value_name = "NAME", env = "CONTAINERD_NAMESPACE")]
    pub(crate) containerd_namespace: Option<String>,
    /// Do not look at layers of this image again; may be given several times.
    #[arg(long, value_name = "IMAGE")]
    pub(crate) skip_base: Vec<String>,
    /// Look at every layer, also at those that earlier scans looked at and found nothing in.
    #[arg(long)]
    pub(crate) no_layer_cache: bool,
}

/// Which rules and decisions apply.
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    /// Configuration file. Default: leakward.toml at the target's root.
    #[arg(long, value_name = "FILE", env = "LEAKWARD_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// More rules; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Vec<PathBuf>,
    /// Apply only these rules (ids or globs); may be given several times.
    #[arg(long, value_name = "ID")]
    pub(crate) only_rule: Vec<String>,
    /// Do not apply these rules (ids or globs); may be given several times.
    #[arg(long, value_name = "ID")]
    pub(crate) disable_rule: Vec<String>,
    /// Show only what is not in this baseline (or gitleaks JSON report).
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Take configuration, ignore files and baseline from this ref, so that a pull request cannot switch
    /// its own scan off.
    #[arg(long, value_name = "REF")]
    pub(crate) policy_ref: Option<String>,
    /// How much is shown. Default: default.
    #[arg(long, value_name = "LEVEL")]
    pub(crate) sensitivity: Option<SensitivityArg>,
    /// Leave out findings below this severity: low, medium, high, critical.
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) min_severity: Option<leakward_core::Severity>,
    /// Leave out paths that match; may be given several times.
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Report also what comments such as `leakward:allow` mark.
    #[arg(long)]
    pub(crate) no_inline_allow: bool,
}

/// What is remembered for the next scan.
#[derive(Debug, Args)]
pub(crate) struct CacheArgs {
    /// Look at everything, also at what an earlier scan found to hold nothing, and remember nothing.
    #[arg(long, conflicts_with = "file")]
    pub(crate) no_cache: bool,
    /// Remember in this file, rather than in the user's cache folder, what of a repository's history was looked at.
    #[arg(long = "cache", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// Where findings go, and what the exit status says.
#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    /// Format of the report; may be given several times, each with its --output.
    #[arg(short, long, value_name = "FORMAT", value_parser = report_formats())]
    pub(crate) format: Vec<String>,
    /// Write the report to this file; its format is that of the --format before it, or its extension's.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Vec<PathBuf>,
    /// Show credentials in full. Everybody who can read the output can use them.
    #[arg(long)]
    pub(crate) reveal: bool,
    /// Exit status when there are findings.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) exit_code: u8,
    /// Treat what could not be scanned as a warning, not as an error.
    #[arg(long)]
    pub(crate) allow_incomplete: bool,
}

/// The names of all formats, so that the help lists them and a misspelt one is told with the nearest.
pub(crate) fn report_formats() -> clap::builder::PossibleValuesParser {
    let described =
        |format: leakward_report::Format| PossibleValue::new(format.name()).help(format.about());
    leakward_report::Format::all()
        .map(described)
        .collect::<Vec<_>>()
        .into()
}

/// `leakward baseline`
#[derive(Debug, Subcommand)]
pub(crate) enum BaselineCommand {
    /// Scan, and write the findings' fingerprints to a file that `leakward scan --baseline` takes.
    Create(Box<BaselineArgs>),
}

/// `leakward baseline create`
#[derive(Debug, Args)]
pub(crate) struct BaselineArgs {
    /// As for `leakward scan`.
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// Which part of a repository.
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// Which rules and decisions.
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    /// The file to write; `-` for standard output.
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "leakward-baseline.json"
    )]
    pub(crate) output: PathBuf,
    /// Look at everything, also at what an earlier scan found to hold nothing, and remember nothing.
    #[arg(long, conflicts_with = "cache")]
    pub(crate) no_cache: bool,
    /// Remember in this file, rather than in the user's cache folder, what of a repository's history was looked at.
    #[arg(long, value_name = "FILE")]
    pub(crate) cache: Option<PathBuf>,
    /// Worker threads. Default: one for each processor.
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// `leakward rules`
#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// List the rules that would be applied.
    List(RulesListArgs),
    /// Show everything about one rule.
    Show {
        /// The rule's id.
        id: String,
        /// More rules; may be given several times.
        #[arg(long, value_name = "FILE")]
        rules: Vec<PathBuf>,
    },
    /// Check rule files: syntax, patterns, and that each rule finds its own samples.
    Check {
        /// Rule files. Default: the built-in rules.
        files: Vec<PathBuf>,
    },
    /// Try the rules of a file: on their samples and near misses, and on files of yours.
    Test(Box<RulesTestArgs>),
    /// Say in words what a rule looks for, what it takes for a credential, and what is done with one.
    Explain(RulesExplainArgs),
    /// Find rules that overlap, have no text to be looked for, or match too much; and measure what they cost.
    Lint(Box<RulesLintArgs>),
}

/// `leakward rules list`
#[derive(Debug, Args)]
pub(crate) struct RulesListArgs {
    /// `text` or `json`.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: RulesFormat,
    /// More rules; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Vec<PathBuf>,
}

/// How rules are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RulesFormat {
    /// One line a rule.
    Text,
    /// An array of objects.
    Json,
}
