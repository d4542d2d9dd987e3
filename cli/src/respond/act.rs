//! `leakward revoke` and `leakward rotate`: plan, ask, do.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use leakward_core::{Fingerprint, Verdict};
use leakward_respond::incident::{EntryPlace, Event, Moment};
use leakward_respond::plan::{Goal, Order};
use leakward_respond::{Applied, Incident, RespondError, Wanted};
use leakward_stores::Index;
use leakward_verify::Verified;

use super::approve::proof;
use super::args::{EntryArgs, RevokeArgs, RotateArgs};
use super::consent::Answer;
use super::credential::{Leaked, leaked};
use super::person::person;
use super::setup::{Memory, connected, connections, responder};
use super::{print, text};
use crate::messages::Messages;
use crate::store::Connections;
use crate::user_folders;
use crate::verification::seconds;

/// Takes a credential away.
pub(crate) fn revoke(args: &RevokeArgs, messages: Messages) -> anyhow::Result<ExitCode> {
    if args.credential.together {
        return super::together::revoke(args, messages);
    }
    let wanted = Wanted {
        goal: Goal::Revoke,
        entry: None,
        grace: 0,
        order: None,
    };
    act(args, wanted, messages)
}

/// Puts a successor in a credential's place, and takes it away.
pub(crate) fn rotate(args: &RotateArgs, messages: Messages) -> anyhow::Result<ExitCode> {
    if args.what.credential.together {
        bail!(
            "successors are made one by one: give --finding; --together is for `leakward revoke`"
        );
    }
    let wanted = Wanted {
        goal: Goal::Rotate,
        entry: None,
        grace: seconds(&args.grace).context("--grace")?.as_secs(),
        order: args.containment_first.then_some(Order::ContainmentFirst),
    };
    act(&args.what, wanted, messages)
}

fn act(args: &RevokeArgs, mut wanted: Wanted, messages: Messages) -> anyhow::Result<ExitCode> {
    let leaked = leaked(
        &args.credential,
        &args.means.policy,
        &args.means.verification,
        messages,
    )?;
    let memory = Memory::open(&args.means.state)?;
    let connections = connections(&args.means.policy)?;
    let open = memory.ledger.open_saga(leaked.subject.fingerprint)?;
    let place = match &open {
        Some(row) => row.plan.place(),
        None => {
            wanted.entry = entry(&args.entry, &connections, &leaked)?;
            let entry = wanted.entry.as_ref();
            entry.map(|entry| (entry.store.as_str(), entry.path.as_str()))
        }
    };
    let stores = connected(place, &args.means.verification, &connections)?;
    let responder = responder(&memory, &args.means, Arc::clone(&leaked.rules), stores)?;
    if let Some(row) = open {
        // It plans no other: what that one has done already is not there any more to be planned with.
        print(&text::steps(&row.plan))?;
        print("this response is under way already\n")?;
        if let Some(status) = Answer::of(&args.consent).or_ask("Go on with it?")? {
            return Ok(status);
        }
        let outcome = responder.resume(row.fingerprint, Some(leaked.subject))?;
        return ended(&memory, row.fingerprint, &Applied::Ran(outcome), messages);
    }
    let verified = responder.prover().prove(&leaked.subject);
    let incident = incident(args, &memory, &leaked, &verified)?;
    let is_refused = incident.verdict == "dead" && wanted.goal == Goal::Revoke;
    if is_refused && !responder.still_stands(&leaked.subject)? {
        print("the credential is dead already: the provider refuses it. Nothing was done.\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    let (plan, mut decision) = responder.prepare(&incident, &leaked.subject, &wanted)?;
    print(&text::plan(&plan, &decision))?;
    if !plan.is_possible() && !args.consent.dry_run {
        responder.apply(&plan, &decision, &leaked.subject)?;
        return Ok(ExitCode::from(super::STATUS_WAITS));
    }
    if let Some(status) = Answer::of(&args.consent).or_ask("Do this?")? {
        return Ok(status);
    }
    if !args.consent.unattended {
        let asking = responder.asking();
        let waiting = asking.ask(&plan)?;
        let proof = proof(&args.consent.proof, &waiting)?;
        match asking.approve(plan.fingerprint, &person(), proof) {
            Ok(incident) => {
                decision = responder.prepare(&incident, &leaked.subject, &wanted)?.1;
            }
            // Another process has begun it in this moment, and says so below.
            Err(RespondError::NothingWaits(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let applied = responder.apply(&plan, &decision, &leaked.subject)?;
    ended(&memory, plan.fingerprint, &applied, messages)
}

/// Says how it ended.
fn ended(
    memory: &Memory,
    fingerprint: Fingerprint,
    applied: &Applied,
    messages: Messages,
) -> anyhow::Result<ExitCode> {
    memory.tell_failures(messages);
    print(&text::applied(fingerprint, applied))?;
    Ok(text::status(applied))
}

/// The incident of the credential, with a verdict of this moment. A dry run writes nothing down.
pub(super) fn incident(
    args: &RevokeArgs,
    memory: &Memory,
    leaked: &Leaked,
    verified: &Verified,
) -> anyhow::Result<Incident> {
    let now = now();
    let verdict = verified.verdict.as_str().to_owned();
    let ledger = &memory.ledger;
    let database = ledger.database();
    if args.consent.dry_run {
        let known = ledger.wait(database.incident(leaked.sighting.fingerprint));
        let mut incident = known.unwrap_or_else(|_| Incident::open(&leaked.sighting, now));
        incident.verdict = verdict;
        return Ok(incident);
    }
    ledger.wait(database.saw(&leaked.sighting, &person(), now))?;
    let text = match &verified.verdict {
        Verdict::Unknown(unknown) => format!("asked the provider: unknown ({})", unknown.reason),
        verdict => format!("asked the provider: {verdict}"),
    };
    Ok(ledger.change(leaked.sighting.fingerprint, now, |incident| {
        incident.verdict.clone_from(&verdict);
        if !verified.evidence.identity.is_empty() {
            incident.identity.clone_from(&verified.evidence.identity);
        }
        incident.timeline.at(Moment::Verified, now);
        Some(Event {
            fingerprint: incident.fingerprint,
            at: now,
            actor: person(),
            kind: "verified".to_owned(),
            text: text.clone(),
        })
    })?)
}

fn now() -> u64 {
    use leakward_verify::Clock as _;
    leakward_verify::SystemClock.now()
}

/// Where applications read it: as typed, or as the index knows.
fn entry(
    args: &EntryArgs,
    connections: &Connections,
    leaked: &Leaked,
) -> anyhow::Result<Option<EntryPlace>> {
    if let (Some(store), Some(path)) = (&args.store, &args.path) {
        return Ok(Some(EntryPlace {
            store: store.clone(),
            path: path.clone(),
            field: args.field.clone().unwrap_or_default(),
        }));
    }
    let Some(file) = user_folders::state().map(|folder| folder.join("store-index.json")) else {
        return Ok(None);
    };
    let index = Index::read(&file)?;
    let mut held: Vec<EntryPlace> = index
        .locate(connections.key(), &leaked.subject.secret)
        .into_iter()
        .filter(|holding| holding.is_current)
        .map(|holding| EntryPlace {
            store: holding.store,
            path: holding.path,
            field: holding.field,
        })
        .collect();
    held.dedup_by(|one, other| one.store == other.store && one.path == other.path);
    if held.len() > 1 {
        let places: Vec<String> = held
            .iter()
            .map(|place| format!("{} {}", place.store, place.path))
            .collect();
        bail!(
            "several entries hold this credential ({}): say which with --store and --path, one after the other",
            places.join(", ")
        );
    }
    Ok(held.pop())
}
