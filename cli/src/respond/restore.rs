//! `leakward respond restore`: a credential that was revoked by mistake is switched on again, where its provider can do that.
//!
//! Shows it and takes one yes down; whether that is enough is decided by [`Responder::restore`].

use std::process::ExitCode;
use std::sync::Arc;

use leakward_core::Verdict;
use leakward_respond::approval::Proof;
use leakward_respond::plan::Plan;
use leakward_respond::{RespondError, Responder};

use super::args::RestoreArgs;
use super::consent::Answer;
use super::credential::again;
use super::person::person;
use super::setup::{Connected, Memory, connected, connections, responder};
use super::{STATUS_WAITS, print, text};
use crate::messages::Messages;
use crate::verify_command::rule_set;

/// Shows what was revoked, asks, and has it switched on again.
pub(super) fn restore(args: &RestoreArgs, messages: Messages) -> anyhow::Result<ExitCode> {
    let memory = Memory::open(&args.means.state)?;
    let rules: Arc<[leakward_core::Rule]> = rule_set(&args.means.policy)?.into();
    let connections = connections(&args.means.policy)?;
    let responder = |stores: Connected| {
        let rules = Arc::clone(&rules);
        responder(&memory, &args.means, rules, stores)
    };
    let revoked = responder(Connected::default())?.revoked(args.incident)?;
    print(&text::plan(&revoked.plan, &revoked.decision))?;
    let answer = Answer::to_restore(args);
    if let Some(status) = answer.or_ask("Switch it on again?")? {
        return Ok(status);
    }
    let subject = match args.credential {
        true => Some(again(
            &revoked.plan.rule,
            args.incident,
            &args.means.verification,
        )?),
        false => None,
    };
    let stores = connected(revoked.plan.place(), &args.means.verification, &connections)?;
    let responder = responder(stores)?;
    if revoked.decision.deny.is_empty() {
        say_yes(&responder, &revoked.plan)?;
    }
    let restored = responder.restore(args.incident, subject, &person(), &args.because)?;
    memory.tell_failures(messages);
    let restored = match restored {
        Ok(restored) => restored,
        Err(applied) => {
            print(&text::applied(args.incident, &applied))?;
            return Ok(text::status(&applied));
        }
    };
    print(&text::restored(args.incident, &restored))?;
    let is_live = restored.verdict == Verdict::Live;
    Ok(ExitCode::from(if is_live { 0 } else { STATUS_WAITS }))
}

/// Whoever runs this says yes to it. With a list of approvers that takes a signature: `leakward respond approve`.
fn say_yes(responder: &Responder, plan: &Plan) -> anyhow::Result<()> {
    let asking = responder.asking();
    asking.ask(plan)?;
    match asking.approve(plan.fingerprint, &person(), Proof::OperatingSystem) {
        Ok(_) | Err(RespondError::DoesNotCount { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
