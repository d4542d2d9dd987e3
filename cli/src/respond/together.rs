//! `leakward revoke --report FILE --together`: all findings that their provider revokes with shared requests.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use leakward_core::{Fingerprint, Verdict};
use leakward_respond::Wanted;
use leakward_respond::plan::Goal;
use leakward_respond::responder::{Batch, Ready};
use leakward_respond::{Incident, Responder};
use leakward_verify::Subject;

use super::act::incident;
use super::approve::proof;
use super::args::RevokeArgs;
use super::consent::says_yes;
use super::credential::{Leaked, all_of_report};
use super::person::person;
use super::setup::{Connected, Memory, responder};
use super::{STATUS_WAITS, print, text};
use crate::messages::Messages;

/// A finding that is alive, or of which that is not known.
struct Open {
    leaked: Leaked,
    incident: Incident,
}

/// Revokes what can be revoked together.
pub(super) fn revoke(args: &RevokeArgs, messages: Messages) -> anyhow::Result<ExitCode> {
    let (all, missing) = all_of_report(&args.credential, &args.means.policy, messages)?;
    if missing > 0 {
        messages.warning(&format!(
            "{missing} findings of the report are not where it says any more and were left out"
        ));
    }
    let Some(first) = all.first() else {
        print("the report has no finding that could be read again\n")?;
        return Ok(ExitCode::from(u8::from(missing > 0)));
    };
    let memory = Memory::open(&args.means.state)?;
    let rules = Arc::clone(&first.rules);
    let responder = responder(&memory, &args.means, rules, Connected::default())?;
    let subjects: Vec<Subject> = all.iter().map(|leaked| leaked.subject.clone()).collect();
    let batches = responder.batches(&subjects);
    let others = tell_others(&all, &batches)?;
    let open = still_open(args, &memory, &responder, all, &batches)?;
    let mut waits = others + missing;
    for batch in &batches {
        let mut batch = batch.clone();
        batch.members.retain(|member| open.contains_key(member));
        if !batch.members.is_empty() {
            waits += run(args, &memory, &responder, &open, &batch)?;
        }
    }
    memory.tell_failures(messages);
    Ok(ExitCode::from(if waits > 0 { STATUS_WAITS } else { 0 }))
}

/// Findings that are revoked one by one; how many.
fn tell_others(all: &[Leaked], batches: &[Batch]) -> anyhow::Result<usize> {
    let mut others = 0;
    for leaked in all {
        let fingerprint = leaked.subject.fingerprint;
        if !batches
            .iter()
            .any(|batch| batch.members.contains(&fingerprint))
        {
            others += 1;
            print(&format!(
                "{fingerprint} {}: not revoked together with others; use --finding {fingerprint}\n",
                leaked.subject.rule
            ))?;
        }
    }
    Ok(others)
}

/// Asks the provider about each; those that are dead already are told and left out.
fn still_open(
    args: &RevokeArgs,
    memory: &Memory,
    responder: &Responder,
    all: Vec<Leaked>,
    batches: &[Batch],
) -> anyhow::Result<BTreeMap<Fingerprint, Open>> {
    let mut open = BTreeMap::new();
    for leaked in all {
        let fingerprint = leaked.subject.fingerprint;
        if !batches
            .iter()
            .any(|batch| batch.members.contains(&fingerprint))
        {
            continue;
        }
        let verified = responder.prover().prove(&leaked.subject);
        let incident = incident(args, memory, &leaked, &verified)?;
        if verified.verdict == Verdict::Dead {
            print(&format!(
                "{fingerprint} {}: dead already\n",
                leaked.subject.rule
            ))?;
            continue;
        }
        open.insert(fingerprint, Open { leaked, incident });
    }
    Ok(open)
}

/// One batch: plan, ask, do. How many of it wait.
fn run(
    args: &RevokeArgs,
    memory: &Memory,
    responder: &Responder,
    open: &BTreeMap<Fingerprint, Open>,
    batch: &Batch,
) -> anyhow::Result<usize> {
    let mut ready = prepared(responder, open, batch)?;
    print(&text::batch(batch, &ready))?;
    if args.consent.dry_run {
        print("nothing was changed (--dry-run)\n")?;
        return Ok(0);
    }
    if !args.consent.unattended {
        if !args.consent.yes && !says_yes("Do this?")? {
            print("nothing was changed\n")?;
            return Ok(batch.members.len());
        }
        for one in &ready {
            let asking = responder.asking();
            let waiting = asking.ask(&one.plan)?;
            let proof = proof(&args.consent.proof, &waiting)?;
            asking.approve(one.plan.fingerprint, &person(), proof)?;
        }
        let mut approved = BTreeMap::new();
        for (fingerprint, one) in open {
            let ledger = &memory.ledger;
            approved.insert(
                *fingerprint,
                Open {
                    incident: ledger.wait(ledger.database().incident(*fingerprint))?,
                    leaked: one.leaked.clone(),
                },
            );
        }
        ready = prepared(responder, &approved, batch)?;
    }
    let mut waits = 0;
    for (fingerprint, result) in responder.revoke_batch(batch, &ready)? {
        match result {
            Ok(applied) => {
                waits += usize::from(!text::is_done(&applied));
                print(&text::applied(fingerprint, &applied))?;
            }
            Err(error) => {
                waits += 1;
                print(&format!("{fingerprint}: {error}\n"))?;
            }
        }
    }
    Ok(waits)
}

fn prepared(
    responder: &Responder,
    open: &BTreeMap<Fingerprint, Open>,
    batch: &Batch,
) -> anyhow::Result<Vec<Ready>> {
    let wanted = Wanted {
        goal: Goal::Revoke,
        entry: None,
        grace: 0,
        order: None,
    };
    let mut ready = Vec::new();
    for one in batch.members.iter().filter_map(|member| open.get(member)) {
        let subject = one.leaked.subject.clone();
        let (plan, decision) = responder.prepare(&one.incident, &subject, &wanted)?;
        ready.push(Ready {
            plan,
            decision,
            subject,
        });
    }
    Ok(ready)
}
