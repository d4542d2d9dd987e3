//! `leakward hook`: what can be typed.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::args::PolicyArgs;

/// `leakward hook`
#[derive(Debug, Subcommand)]
pub(crate) enum HookCommand {
    /// Put hooks into a repository, beside those that are there. Default: pre-commit.
    Install(HookInstallArgs),
    /// Take the hooks out again, and leave everything else as it was.
    Uninstall(HookUninstallArgs),
    /// What the hooks call: look at what git tells the hook. Silent when all is well.
    Run(Box<HookRunArgs>),
}

/// The hooks of git in which something can be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HookName {
    /// Before a commit: what is staged.
    PreCommit,
    /// Before a commit: its message. Git gives the file's name.
    CommitMsg,
    /// Before a push: the commits that the other side does not have.
    PrePush,
    /// On a server, for all refs of a push at once.
    PreReceive,
    /// On a server, for each ref of a push.
    Update,
}

impl HookName {
    /// Every hook.
    pub(crate) const ALL: [Self; 5] = [
        Self::PreCommit,
        Self::CommitMsg,
        Self::PrePush,
        Self::PreReceive,
        Self::Update,
    ];

    /// The name of its file.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::CommitMsg => "commit-msg",
            Self::PrePush => "pre-push",
            Self::PreReceive => "pre-receive",
            Self::Update => "update",
        }
    }

    /// Whether git tells it something on standard input, which later hooks want to read as well.
    pub(crate) fn reads_input(self) -> bool {
        matches!(self, Self::PrePush | Self::PreReceive)
    }
}

/// What happens when the scan cannot be finished: an error, a time that is over, something that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnFailure {
    /// Git goes on, with a warning.
    Open,
    /// Git is stopped.
    #[default]
    Closed,
}

/// How long a hook may take, and what then.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct HookLimitArgs {
    /// Longest time for the scan, in seconds. Default: no limit.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) time_budget: Option<u64>,
    /// What happens when the scan cannot be finished: `open` lets git go on with a warning, `closed` stops it. Findings
    /// stop it in any case. Default: closed.
    #[arg(long, value_name = "WAY")]
    pub(crate) fail: Option<OnFailure>,
}

/// `leakward hook install`
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub(crate) struct HookInstallArgs {
    /// Look at what is staged before each commit.
    #[arg(long)]
    pub(crate) pre_commit: bool,
    /// Look at what the other side does not have before each push.
    #[arg(long)]
    pub(crate) pre_push: bool,
    /// Look at the message of each commit.
    #[arg(long)]
    pub(crate) commit_msg: bool,
    /// On a server: look at each push as a whole.
    #[arg(long)]
    pub(crate) pre_receive: bool,
    /// On a server: look at each ref of a push.
    #[arg(long)]
    pub(crate) update: bool,
    /// For all repositories of this user (git's core.hooksPath). Their own hooks still run.
    #[arg(long, conflicts_with = "repository")]
    pub(crate) global: bool,
    /// Limits that the hooks are called with.
    #[command(flatten)]
    pub(crate) limits: HookLimitArgs,
    /// The repository. Default: the one around the current folder.
    #[arg(value_name = "REPOSITORY")]
    pub(crate) repository: Option<PathBuf>,
}

impl HookInstallArgs {
    /// The hooks that were asked for.
    pub(crate) fn hooks(&self) -> Vec<HookName> {
        let asked = [
            (self.pre_commit, HookName::PreCommit),
            (self.commit_msg, HookName::CommitMsg),
            (self.pre_push, HookName::PrePush),
            (self.pre_receive, HookName::PreReceive),
            (self.update, HookName::Update),
        ];
        let hooks: Vec<HookName> = asked
            .into_iter()
            .filter_map(|(asked, hook)| asked.then_some(hook))
            .collect();
        if hooks.is_empty() {
            vec![HookName::PreCommit]
        } else {
            hooks
        }
    }
}

/// `leakward hook uninstall`
#[derive(Debug, Args)]
pub(crate) struct HookUninstallArgs {
    /// Those that were installed with --global.
    #[arg(long, conflicts_with = "repository")]
    pub(crate) global: bool,
    /// The repository. Default: the one around the current folder.
    #[arg(value_name = "REPOSITORY")]
    pub(crate) repository: Option<PathBuf>,
}

/// `leakward hook run`
#[derive(Debug, Args)]
pub(crate) struct HookRunArgs {
    /// Limits.
    #[command(flatten)]
    pub(crate) limits: HookLimitArgs,
    /// Which rules and decisions.
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    /// The hook.
    #[arg(value_name = "HOOK")]
    pub(crate) hook: HookName,
    /// What git gives the hook.
    #[arg(
        value_name = "ARGUMENT",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) arguments: Vec<String>,
}
