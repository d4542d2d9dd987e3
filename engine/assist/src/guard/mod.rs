//! `guard`: may this tool call, this prompt, this diff go on?
//!
//! An agent's hook hands over one JSON document on standard input. It is read in the shape that its agent documents
//! (`agent`, `call`), what it brings in and what it would read is scanned (`decide`), and the answer is written in the
//! form that the same agent documents (`answer`). docs/agents.md names the documentation of each.
//!
//! What counts: what an agent *brings*. A credential that stood in the replaced text or in the file already is none of
//! this call's doing, and taking one out must be possible.
//!
//! INVARIANT: an answer never holds a credential. What could not be looked at is never "allowed" in silence.

mod agent;
mod answer;
mod arguments;
mod call;
mod change;
mod command_line;
mod decide;
mod environment;
mod flow;
mod folders;
mod foreign_program;
pub(crate) mod fuzzing;
mod groups;
mod options;
mod patch;
mod pattern;
mod policy_edit;
mod program_names;
mod reason;
mod searches;
mod secret_printer;
mod shell;
mod site;
mod transfer;
mod unique;
mod variable;
mod variables;
mod view;
mod wrappers;

use std::path::PathBuf;

use leakward_scan::run::ScanError;

pub use agent::{Agent, SETTINGS};
pub use answer::Reply;

use crate::project::{Project, ScanSettings};
use answer::{Decided, Decision};
use call::Call;
use decide::{Guard, decision};

/// LIMIT: bytes of a hook's input. Agents hand over whole files, but no larger ones.
pub const MAX_INPUT: usize = 64 << 20;

/// What is decided about something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stance {
    /// It is stopped.
    #[default]
    Deny,
    /// A person is asked, where the agent can do that; else it is stopped.
    Ask,
    /// It goes on.
    Allow,
}

/// What a guard is held to.
#[derive(Clone, Debug)]
pub struct GuardSettings {
    /// Who asks; found out from the input when it is not said.
    pub agent: Option<Agent>,
    /// When it cannot be decided: bad input, a policy file that cannot be used, a file that cannot be read.
    pub on_error: Stance,
    /// When an agent wants to read a file that holds credentials, or to run a command that prints one.
    pub on_read: Stance,
    /// When an agent wants to change what the guard itself is held to.
    pub on_policy_edit: Stance,
    /// The folder of calls that do not say where they are made.
    pub folder: PathBuf,
    /// Rules and decisions.
    pub scan: ScanSettings,
}

/// Why a call cannot be decided.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// There is nothing on standard input.
    #[error("there is nothing on standard input; a hook hands over a JSON document, or a diff")]
    Empty,
    /// There is too much of it.
    #[error("more than {MAX_INPUT} bytes on standard input")]
    TooLong,
    /// It begins like JSON and is none.
    #[error("standard input is not the JSON that a hook hands over: {0}")]
    Json(serde_json::Error),
    /// It is JSON, and not what this agent documents.
    #[error("standard input is not what {agent} hands over: {problem}")]
    Shape {
        /// The agent.
        agent: &'static str,
        /// What is missing.
        problem: &'static str,
    },
    /// Neither JSON nor text.
    #[error("standard input is not text")]
    NotText,
    /// The policy.
    #[error(transparent)]
    Scan(#[from] ScanError),
}

/// Decides about `input`, and says it as whoever asks wants to hear it.
#[must_use]
pub fn guard(input: &[u8], settings: &GuardSettings) -> Reply {
    let call = match Call::read(input, settings.agent, &settings.folder) {
        Ok(call) => call,
        Err(error) => {
            let agent = settings.agent.unwrap_or_else(|| Agent::guess(input));
            let call = Call::unknown(agent, &settings.folder);
            return undecided(&call, &error.to_string(), settings.on_error);
        }
    };
    let project = Project::around(&call.folder);
    match Guard::new(&project, settings).decide(&call) {
        Ok(decided) if leaves_it_open(&decided, settings.on_error) => {
            let mut problem = decided.unread.join("; ");
            if decided.has_reason() {
                problem = format!("{problem}. {}", reason::of(&decided));
            }
            undecided(&call, &problem, settings.on_error)
        }
        Ok(decided) => answer::reply(&call, &decided),
        Err(error) => undecided(&call, &error.to_string(), settings.on_error),
    }
}

/// Whether what could not be looked at asks for more than what was found: the stricter of both counts.
fn leaves_it_open(decided: &Decided, on_error: Stance) -> bool {
    let is_stricter = decided.decision == Decision::Allow || decided.decision < decision(on_error);
    !decided.unread.is_empty() && is_stricter
}

/// The answer when it could not be found out.
fn undecided(call: &Call, problem: &str, on_error: Stance) -> Reply {
    let told = format!("Leakward could not look at this: {problem}");
    let (decision, message) = match on_error {
        Stance::Allow => (
            Decision::Allow,
            format!("{told}. It goes on all the same (--on-error allow)."),
        ),
        Stance::Ask => (Decision::Ask, format!("{told}. A person has to decide.")),
        Stance::Deny => (
            Decision::Deny,
            format!("{told}. So it is stopped; --on-error allow lets it go on."),
        ),
    };
    answer::of_failure(call, decision, &message)
}
