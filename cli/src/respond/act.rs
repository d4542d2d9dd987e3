//! `leakward revoke` and `leakward rotate`: plan, ask, do.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use leakward_core::{Fingerprint, Verdict};
use leakward_respond::incident::{EntryPlace, Event, Moment};
use leakward_respond::plan::{Goal, Order, Plan};
use leakward_respond::{Applied, Incident, RespondError, Responder, Wanted};
use leakward_stores::Index;
use leakward_verify::{Subject, Verified};

use super::approve::proof;
use super::args::{EntryArgs, RevokeArgs, RotateArgs};
use super::credential::{Leaked, leaked, says_yes};
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
    let leaked = leaked(&args.credential, &args.policy, &args.verification, messages)?;
    let memory = Memory::open(&args.state)?;
    let connections = connections(&args.policy)?;
    let open = memory.ledger.open_saga(leaked.subject.fingerprint)?;
    let begun = open.as_ref().and_then(|row| row.plan.entry.as_ref());
    wanted.entry = match begun {
        Some(entry) => Some(EntryPlace {
            store: entry.store.clone(),
            path: entry.path.clone(),
            field: String::new(),
        }),
        None => entry(&args.entry, &connections, &leaked)?,
    };
    let place = wanted.entry.as_ref();
    let place = place.map(|entry| (entry.store.as_str(), entry.path.as_str()));
    let stores = connected(place, &args.verification, &connections)?;
    let responder = responder(
        &memory,
        &args.state,
        &args.verification,
        Arc::clone(&leaked.rules),
        stores,
    )?;
    if let Some(row) = open {
        return match go_on(args, &responder, &row.plan, leaked.subject)? {
            Ok(applied) => ended(&memory, row.fingerprint, &applied, messages),
            Err(nothing) => Ok(nothing),
        };
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
    if args.consent.dry_run {
        print("nothing was changed (--dry-run)\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    if !plan.is_possible() {
        responder.apply(&plan, &decision, &leaked.subject)?;
        return Ok(ExitCode::from(super::STATUS_WAITS));
    }
    if !args.consent.unattended {
        if !args.consent.yes && !says_yes("Do this?")? {
            print("nothing was changed\n")?;
            return Ok(ExitCode::from(super::STATUS_WAITS));
        }
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

/// Goes on with the response that is under way, and plans no other: what that one has done already is not there any more to be planned
/// with. A status where nothing was to be done.
fn go_on(
    args: &RevokeArgs,
    responder: &Responder,
    plan: &Plan,
    subject: Subject,
) -> anyhow::Result<Result<Applied, ExitCode>> {
    print(&text::steps(plan))?;
    print("this response is under way already\n")?;
    let consent = &args.consent;
    if consent.dry_run {
        print("nothing was changed (--dry-run)\n")?;
        return Ok(Err(ExitCode::SUCCESS));
    }
    if !(consent.yes || consent.unattended || says_yes("Go on with it?")?) {
        print("nothing was changed\n")?;
        return Ok(Err(ExitCode::from(super::STATUS_WAITS)));
    }
    let outcome = responder.resume(plan.fingerprint, Some(subject))?;
    Ok(Ok(Applied::Ran(outcome)))
}

/// Says how it ended.
fn ended(
    memory: &Memory,
    fingerprint: Fingerprint,
    applied: &Applied,
    messages: Messages,
) -> anyhow::Result<ExitCode> {
    for failure in memory.audit.failures() {
        messages.warning(&format!(
            "one of the audit logs could not be written: {failure}"
        ));
    }
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
