//! What can be typed after `leakward guard`.

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use leakward_assist::guard::{Agent, Stance};

use crate::args::PolicyArgs;

/// The end of the help.
const STATUSES: &str = "Exit status: 0 the answer is on standard output, in the form that the agent documents. For a diff, a text \
and --agent json: 0 allow, 1 deny, 2 it could not be looked at. For windsurf, and for a prompt of copilot: 2 deny. 2 also when the \
command line is wrong.";

/// `leakward guard`
#[derive(Debug, Args)]
#[command(after_help = STATUSES)]
pub(crate) struct GuardArgs {
    /// Whose hook it is. Default: found out from what stands on standard input.
    #[arg(long, value_name = "NAME")]
    pub(crate) agent: Option<AgentArg>,
    /// When it cannot be decided: input that cannot be read, a policy file that cannot be used, a file that is too large.
    #[arg(long, value_name = "WHAT", default_value = "deny")]
    pub(crate) on_error: StanceArg,
    /// When the agent is about to read a file that holds credentials, or runs a command that prints one.
    #[arg(long, value_name = "WHAT", default_value = "deny")]
    pub(crate) on_read: StanceArg,
    /// When the agent is about to change leakward.toml, .leakwardignore or the settings of this hook.
    #[arg(long, value_name = "WHAT", default_value = "ask")]
    pub(crate) on_policy_edit: StanceArg,
    /// Print the settings file for this agent, and where it goes on standard error; read nothing.
    #[arg(long, value_name = "NAME")]
    pub(crate) settings: Option<AgentArg>,
    /// Which rules and decisions.
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

/// The name of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AgentArg(pub(crate) Agent);

impl ValueEnum for AgentArg {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [AgentArg; Agent::ALL.len()] = {
            let mut all = [AgentArg(Agent::Text); Agent::ALL.len()];
            let mut index = 0;
            while index < all.len() {
                all[index] = AgentArg(Agent::ALL[index]);
                index += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.as_str()).help(self.0.name()))
    }
}

/// What is done about something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StanceArg {
    /// Stop it.
    Deny,
    /// Let a person decide, where the agent can ask; else stop it.
    Ask,
    /// Let it go on.
    Allow,
}

impl From<StanceArg> for Stance {
    fn from(typed: StanceArg) -> Self {
        match typed {
            StanceArg::Deny => Self::Deny,
            StanceArg::Ask => Self::Ask,
            StanceArg::Allow => Self::Allow,
        }
    }
}
