//! `leakward respond` and `leakward audit`: what is under way, and what was done.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use leakward_core::Fingerprint;
use leakward_respond::database::IncidentFilter;
use leakward_respond::incident::State;
use leakward_respond::saga::{Journal as _, Outcome};
use leakward_verify::{Clock as _, SystemClock};

use super::approve::{Printed, approve, reject};
use super::args::{AuditCommand, ResumeArgs, StateArgs};
use super::person::person;
use super::restore::restore;
use super::setup::{Connected, Memory, connected, connections, notifier, responder};
use super::{RespondCommand, credential, print, text};
use crate::messages::Messages;
use crate::verify_command::rule_set;

/// Runs one of the commands about incidents.
pub(crate) fn respond(command: &RespondCommand, messages: Messages) -> anyhow::Result<ExitCode> {
    match command {
        RespondCommand::List { only, state } => {
            let memory = Memory::open(state)?;
            let filter = IncidentFilter {
                state: *only,
                ..IncidentFilter::default()
            };
            let ledger = &memory.ledger;
            let now = SystemClock.now();
            let incidents = ledger.wait(ledger.database().incidents(&filter))?;
            let lines: String = incidents
                .iter()
                .map(|incident| text::line(incident, now))
                .collect();
            print(&lines)?;
            Ok(ExitCode::SUCCESS)
        }
        RespondCommand::Show { incident, state } => show(*incident, state),
        RespondCommand::Approve {
            incident,
            print,
            proof,
            state,
        } => {
            let printed = match print {
                true => Printed::TextToSign,
                false => Printed::Plan,
            };
            approve(*incident, printed, proof, state)
        }
        RespondCommand::Reject {
            incident,
            because,
            state,
        } => reject(*incident, because, state),
        RespondCommand::Resume(args) => go_on(args, Way::On, messages),
        RespondCommand::GiveUp(args) => go_on(args, Way::Back, messages),
        RespondCommand::Restore(args) => restore(args, messages),
    }
}

fn show(fingerprint: Fingerprint, state: &StateArgs) -> anyhow::Result<ExitCode> {
    let memory = Memory::open(state)?;
    let (ledger, database) = (&memory.ledger, memory.ledger.database());
    let incident = ledger.wait(database.incident(fingerprint))?;
    let events = ledger.wait(database.events(fingerprint))?;
    let mut journals = Vec::new();
    for saga in ledger.wait(database.sagas(fingerprint))? {
        journals.push((saga.id.to_string(), ledger.records(&saga.id)?));
    }
    let told = notifier(&memory, state)?.told(fingerprint)?;
    let now = SystemClock.now();
    let history = text::History {
        events: &events,
        journals: &journals,
        told: &told,
    };
    print(&text::incident(&incident, &history, now))?;
    Ok(ExitCode::SUCCESS)
}

/// Which way a response goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    On,
    Back,
}

fn go_on(args: &ResumeArgs, way: Way, messages: Messages) -> anyhow::Result<ExitCode> {
    let memory = Memory::open(&args.means.state)?;
    let ledger = &memory.ledger;
    let mut open = ledger.wait(ledger.database().open_sagas())?;
    if let Some(incident) = args.incident {
        open.retain(|row| row.fingerprint == incident);
        open.first()
            .with_context(|| format!("{incident}: no response is under way"))?;
    } else if way == Way::Back {
        anyhow::bail!("say which with --incident");
    }
    let connections = connections(&args.means.policy)?;
    let rules: Arc<[leakward_core::Rule]> = rule_set(&args.means.policy)?.into();
    let mut waits = 0_usize;
    for row in &open {
        let subject = match args.credential {
            true => {
                let (rule, verification) = (&row.plan.rule, &args.means.verification);
                Some(credential::again(rule, row.fingerprint, verification)?)
            }
            false => None,
        };
        let responder = responder(
            &memory,
            &args.means,
            Arc::clone(&rules),
            connected(row.plan.place(), &args.means.verification, &connections)?,
        )?;
        let outcome = match way {
            Way::On => responder.resume(row.fingerprint, subject),
            Way::Back => responder.give_up(row.fingerprint, subject, &person()),
        };
        match outcome {
            Ok(outcome) => {
                let is_over = matches!(outcome, Outcome::Finished | Outcome::Unproven(_));
                waits += usize::from(!is_over);
                print(&text::outcome(row.fingerprint, &outcome))?;
            }
            Err(error) if args.incident.is_none() => {
                waits += 1;
                messages.warning(&format!("{}: {error}", row.fingerprint));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let settled = settle_ended(args, &memory, &rules)?;
    let unsent = notifier(&memory, &args.means.state)?.flush()?;
    if unsent > 0 {
        messages.warning(&format!(
            "{unsent} messages could not be sent; the next `leakward respond resume` tries again"
        ));
    }
    if open.is_empty() && settled == 0 {
        print("no response is under way\n")?;
    }
    Ok(ExitCode::from(if waits > 0 {
        super::STATUS_WAITS
    } else {
        0
    }))
}

/// Incidents whose response came to its end just before its process did; how many.
fn settle_ended(
    args: &ResumeArgs,
    memory: &Memory,
    rules: &Arc<[leakward_core::Rule]>,
) -> anyhow::Result<usize> {
    let filter = IncidentFilter {
        state: Some(State::Responding),
        ..IncidentFilter::default()
    };
    let ledger = &memory.ledger;
    let responding = ledger.wait(ledger.database().incidents(&filter))?;
    if responding.is_empty() {
        return Ok(0);
    }
    let (rules, stores) = (Arc::clone(rules), Connected::default());
    let responder = responder(memory, &args.means, rules, stores)?;
    let mut settled = 0;
    for incident in responding {
        if let Some(outcome) = responder.settle_ended(incident.fingerprint)? {
            settled += 1;
            print(&text::outcome(incident.fingerprint, &outcome))?;
        }
    }
    Ok(settled)
}

/// Looks at the audit log. Status 1 when something is wrong with it.
pub(crate) fn audit(command: &AuditCommand) -> anyhow::Result<ExitCode> {
    let AuditCommand::Verify { state } = command;
    let memory = Memory::open(state)?;
    let checked = memory.audit.verify();
    let mut text = String::new();
    for (sink, lines) in &checked.lines {
        text += &format!("{sink}: {lines} lines\n");
    }
    for problem in &checked.problems {
        let line = match problem.line {
            0 => String::new(),
            line => format!(" line {line}"),
        };
        text += &format!("WRONG {}{line}: {}\n", problem.sink, problem.what);
    }
    if let Some(head) = &checked.head {
        text += &format!("last seal {head}\n");
    }
    text += if checked.problems.is_empty() {
        "every line is as it was written\n"
    } else {
        "the audit log was changed\n"
    };
    print(&text)?;
    Ok(ExitCode::from(u8::from(!checked.problems.is_empty())))
}
