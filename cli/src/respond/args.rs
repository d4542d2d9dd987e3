//! What can be typed after `leakward revoke`, `rotate`, `respond`, `policy` and `audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use leakward_core::Fingerprint;

use crate::args::{PolicyArgs, VerificationArgs};

/// `leakward revoke`
#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    #[command(flatten)]
    pub(crate) credential: CredentialArgs,
    #[command(flatten)]
    pub(crate) entry: EntryArgs,
    #[command(flatten)]
    pub(crate) consent: ConsentArgs,
    #[command(flatten)]
    pub(crate) means: MeansArgs,
}

/// `leakward rotate`
#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    #[command(flatten)]
    pub(crate) what: RevokeArgs,
    /// How long old and new both work, so that applications can change over: seconds, or `15m`, `12h`.
    #[arg(long, value_name = "TIME", default_value = "60s")]
    pub(crate) grace: String,
    /// Revoke the old credential at once, before it has a successor. Applications are without one until then.
    #[arg(long)]
    pub(crate) containment_first: bool,
}

/// Which credential.
#[derive(Debug, Args)]
pub(crate) struct CredentialArgs {
    /// A finding of this report (json or jsonl), read again from where it was found.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "rule",
        required_unless_present = "rule",
        requires = "which"
    )]
    pub(crate) report: Option<PathBuf>,
    /// Which finding, by its fingerprint.
    #[arg(long, value_name = "FINGERPRINT", requires = "report", group = "which")]
    pub(crate) finding: Option<Fingerprint>,
    /// All findings that their provider revokes together with few requests (GitHub: a thousand tokens at a time, from anybody).
    #[arg(long, requires = "report", group = "which", conflicts_with_all = ["store", "path"])]
    pub(crate) together: bool,
    /// A credential of this rule, read from standard input.
    #[arg(long, value_name = "ID")]
    pub(crate) rule: Option<String>,
    /// Where the report's finding is, if not where the report says.
    #[arg(value_name = "TARGET", conflicts_with = "rule")]
    pub(crate) targets: Vec<String>,
    /// Strangers can read it: the place where it was found is public.
    #[arg(long)]
    pub(crate) public: bool,
}

/// Where applications read it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Store")]
pub(crate) struct EntryArgs {
    /// The store, by its NAME in the configuration, or KIND:PLACE. Default: where `leakward store index` has seen it.
    #[arg(long, value_name = "STORE", requires = "path")]
    pub(crate) store: Option<String>,
    /// The entry.
    #[arg(long, value_name = "PATH", requires = "store")]
    pub(crate) path: Option<String>,
    /// The field. Default: wherever the entry holds it.
    #[arg(long, value_name = "NAME", requires = "path")]
    pub(crate) field: Option<String>,
}

/// Who says yes.
#[derive(Debug, Args)]
pub(crate) struct ConsentArgs {
    /// Say yes without being asked. It counts as one person's approval.
    #[arg(long, conflicts_with_all = ["dry_run", "unattended"])]
    pub(crate) yes: bool,
    /// Do only what the policy lets run without anybody's approval.
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) unattended: bool,
    /// Print the plan. Nothing is changed anywhere.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) proof: ProofArgs,
}

/// Whose yes counts, and how it is proven.
#[derive(Debug, Args)]
#[command(next_help_heading = "Approval")]
pub(crate) struct ProofArgs {
    /// Sign the approval with this private SSH key. Counts where the key is on the list of --approvers.
    #[arg(long, value_name = "FILE", env = "LEAKWARD_APPROVAL_KEY")]
    pub(crate) key: Option<PathBuf>,
    /// The approval was signed elsewhere, as `ssh-keygen -Y sign -n leakward-approval` writes it: for keys in agents, on hardware
    /// or with a passphrase.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub(crate) signature: Option<PathBuf>,
}

/// What responses remember, may do, and act as.
#[derive(Debug, Args)]
#[command(next_help_heading = "Response")]
pub(crate) struct StateArgs {
    /// Incidents and journals: a file, or postgres://… . Default: leakward/respond.db in the user's state folder.
    #[arg(
        long,
        value_name = "URL",
        env = "LEAKWARD_DATABASE",
        hide_env_values = true
    )]
    pub(crate) database: Option<String>,
    /// The audit log, beside its copy in the database. Default: leakward/audit.jsonl in the user's state folder.
    #[arg(long, value_name = "FILE", env = "LEAKWARD_AUDIT")]
    pub(crate) audit: Option<PathBuf>,
    /// The key that seals the audit log; made when it is not there. Default: leakward/audit.key in the user's configuration folder.
    #[arg(long, value_name = "FILE", env = "LEAKWARD_AUDIT_KEY")]
    pub(crate) audit_key: Option<PathBuf>,
    /// What may run, in Rego. Default: the policy that `leakward policy show` prints.
    #[arg(long = "policy", value_name = "FILE", env = "LEAKWARD_POLICY")]
    pub(crate) policy_file: Option<PathBuf>,
    /// Whose approvals count: names and public SSH keys, as `allowed_signers` files have them. Default: whoever the operating system
    /// says that the user is.
    #[arg(long, value_name = "FILE", env = "LEAKWARD_APPROVERS")]
    pub(crate) approvers: Option<PathBuf>,
    /// Act as this: `postgresql-admin=env:ADMIN_URL`, `aws-admin=file:key.json`; may be given several times. Variables such as
    /// LEAKWARD_IDENTITY_POSTGRESQL_ADMIN are read by themselves.
    #[arg(long, value_name = "NAME=SOURCE")]
    pub(crate) identity: Vec<String>,
    /// Tell people: `slack=env:VARIABLE`, `teams=…`, `webhook=https://…`, `mail=smtp://host?from=…&to=…`,
    /// `github-issue=owner/name`, `gitlab-issue=group/project`; may be given several times.
    #[arg(long, value_name = "KIND=WHERE")]
    pub(crate) notify: Vec<String>,
}

/// What a responder is made of.
#[derive(Debug, Args)]
pub(crate) struct MeansArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    #[command(flatten)]
    pub(crate) verification: VerificationArgs,
}

/// `leakward respond`
#[derive(Debug, Subcommand)]
pub(crate) enum RespondCommand {
    /// List incidents, those that are due first in front.
    List {
        /// Only in this state.
        #[arg(long, value_name = "STATE")]
        only: Option<leakward_respond::incident::State>,
        #[command(flatten)]
        state: Box<StateArgs>,
    },
    /// Show one incident: what happened when, what was done, and what waits.
    Show {
        /// Its fingerprint.
        incident: Fingerprint,
        #[command(flatten)]
        state: Box<StateArgs>,
    },
    /// Go on with responses that were interrupted or wait.
    Resume(Box<ResumeArgs>),
    /// Say yes to the plan that waits for it. Prints the plan.
    Approve {
        /// Its fingerprint.
        incident: Fingerprint,
        /// Print the text that has to be signed, and nothing else.
        #[arg(long, conflicts_with_all = ["key", "signature"])]
        print: bool,
        #[command(flatten)]
        proof: ProofArgs,
        #[command(flatten)]
        state: Box<StateArgs>,
    },
    /// Say no to the plan that waits: it is not done, and a person has to look.
    Reject {
        /// Its fingerprint.
        incident: Fingerprint,
        /// Why, one sentence.
        #[arg(long, value_name = "TEXT", default_value = "")]
        because: String,
        #[command(flatten)]
        state: Box<StateArgs>,
    },
    /// Give a response up: takes away what was made, as long as no application uses it.
    GiveUp(Box<ResumeArgs>),
    /// Switch a credential on again that a response has revoked, where its provider can: it was the wrong one, or too early.
    Restore(Box<RestoreArgs>),
}

/// `leakward respond restore`
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// Its fingerprint.
    pub(crate) incident: Fingerprint,
    /// Why, one sentence.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) because: String,
    /// The credential is on standard input, for when no store has it.
    #[arg(long)]
    pub(crate) credential: bool,
    /// Say yes without being asked.
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// Print what would be done. Nothing is changed anywhere.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) means: MeansArgs,
}

/// `leakward respond resume`
#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// Only this incident. Default: all that are not over.
    #[arg(long, value_name = "FINGERPRINT")]
    pub(crate) incident: Option<Fingerprint>,
    /// The leaked credential is on standard input, for when the store no longer has it.
    #[arg(long, requires = "incident")]
    pub(crate) credential: bool,
    #[command(flatten)]
    pub(crate) means: MeansArgs,
}

/// `leakward policy`
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Print the policy that applies.
    Show {
        /// The policy. Default: the one that comes with the program.
        #[arg(long = "policy", value_name = "FILE", env = "LEAKWARD_POLICY")]
        policy_file: Option<PathBuf>,
    },
    /// Run the rules `test_…` of a policy and of files beside it.
    Test {
        /// Files with tests, Rego of the package `leakward`.
        files: Vec<PathBuf>,
        /// The policy. Default: the one that comes with the program.
        #[arg(long = "policy", value_name = "FILE", env = "LEAKWARD_POLICY")]
        policy_file: Option<PathBuf>,
    },
}

/// `leakward audit`
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Look at every line of every sink: edits, cuts, other orders.
    Verify {
        #[command(flatten)]
        state: Box<StateArgs>,
    },
}
