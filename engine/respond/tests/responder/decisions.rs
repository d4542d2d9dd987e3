//! Why something was done is in every line of the audit log: of the right response, also when several run at once, and also when
//! another process goes on with it.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use leakward_respond::Applied;
use leakward_respond::approval::{Approvers, Proof};
use leakward_respond::incident::State;
use leakward_respond::saga::Outcome;
use serde_json::{Value, json};

use crate::desk::{Desk, Provider};
use crate::played::{self, Received, Server};

fn desk(status: u16) -> (Desk, Arc<Mutex<Provider>>) {
    let provider: Arc<Mutex<Provider>> = Arc::default();
    let taken = Arc::clone(&provider);
    let server = Server::start(move |request: &Received| {
        if status == 202 {
            taken.lock().expect("it").kill_named(request);
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
        played::json(status, &json!({}))
    });
    let clock = Arc::new(AtomicU64::new(1_800_000_000));
    (Desk::new(&server.base(), &provider, &clock), provider)
}

/// The lines of the log about each credential, with the decision that they name.
fn decisions(desk: &Desk) -> Vec<(String, Value)> {
    let log = std::fs::read_to_string(&desk.log).expect("the log");
    log.lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .filter(|line| line["saga"].is_string())
        .map(|line| {
            (
                line["incident"].as_str().expect("one").to_owned(),
                line["decision"].clone(),
            )
        })
        .collect()
}

#[test]
fn responses_that_run_at_once_name_their_own_reasons() {
    let (desk, _) = desk(202);
    let ready = desk.ready(&["live", "unknown"]);
    let asking = desk.responder.asking();
    asking.ask(&ready[1].plan).expect("asked");
    desk.responder
        .approve(ready[1].plan.fingerprint, "bob")
        .expect("approved");
    std::thread::scope(|scope| {
        for one in &ready {
            let desk = &desk;
            scope.spawn(move || {
                assert_eq!(desk.apply(one), Ok(Applied::Ran(Outcome::Finished)));
            });
        }
    });
    let all = decisions(&desk);
    assert!(all.len() >= 6, "{all:?}");
    for (incident, decision) in all {
        let by = match incident == ready[1].plan.fingerprint.to_string() {
            true => json!(["bob"]),
            false => json!([]),
        };
        assert_eq!(decision["approved_by"], by, "{incident}");
    }
}

#[test]
fn whoever_goes_on_with_a_response_names_the_reasons_of_its_beginning() {
    let (desk, provider) = desk(403);
    let ready = desk.ready(&["unknown"]).remove(0);
    desk.responder.asking().ask(&ready.plan).expect("asked");
    desk.responder
        .approve(ready.plan.fingerprint, "bob")
        .expect("approved");
    desk.is_parked(&ready);
    // Another process would start without the reasons in memory.
    desk.audit.forget(ready.plan.fingerprint);
    provider
        .lock()
        .expect("it")
        .dead
        .insert(crate::desk::text(&ready.subject));
    let resumed = desk
        .responder
        .resume(ready.plan.fingerprint, Some(ready.subject.clone()));
    assert!(resumed.is_ok(), "{resumed:?}");
    for (_, decision) in decisions(&desk) {
        assert_eq!(decision["approved_by"], json!(["bob"]));
        assert_eq!(decision["policy"], "default");
    }
    assert!(
        desk.incident(&ready).approvals.is_empty(),
        "the next response needs a yes of its own"
    );
}

#[test]
fn the_service_believes_those_who_were_logged_in_and_a_no_ends_it() {
    let (desk, _) = desk(202);
    let ready = desk.ready(&["unknown"]).remove(0);
    let fingerprint = ready.plan.fingerprint;
    let waits = desk.apply(&ready);
    assert!(
        matches!(waits, Ok(Applied::WaitsForApproval { .. })),
        "{waits:?}"
    );
    let word = desk
        .responder
        .asking()
        .approve(fingerprint, "ann", Proof::OperatingSystem);
    let error = word.expect_err("nobody was logged in").to_string();
    assert!(error.contains("does not count"), "{error}");
    desk.responder
        .approve(fingerprint, "bob")
        .expect("logged in");
    let rejected = desk
        .responder
        .reject(fingerprint, "ann", "it is a test's")
        .expect("a no");
    assert_eq!(rejected.state, State::NeedsPerson);
    assert_eq!(
        rejected.because,
        "ann said no to the response: it is a test's"
    );
    assert!(rejected.approvals.is_empty() && rejected.waiting.is_none());
    let waits = desk.apply(&ready);
    assert!(
        matches!(waits, Ok(Applied::WaitsForApproval { .. })),
        "bob's yes is gone: {waits:?}"
    );
    let log = std::fs::read_to_string(&desk.log).expect("the log");
    assert!(log.contains("\"phase\":\"approved\"") && log.contains("\"phase\":\"rejected\""));
    assert_eq!(Approvers::default(), Approvers::Service);
}

/// Contained: it was revoked, and that it is refused proves nothing.
#[test]
fn what_was_not_proven_is_not_told_as_that_where_nobody_can_act() {
    let (desk, _) = desk(202);
    let mut ready = desk.ready(&["live"]).remove(0);
    ready.plan.provider = None;
    let ended = |state: State| {
        desk.changed(&ready, |incident| {
            incident.state = state;
            incident.verdict = "dead".to_owned();
            incident.because = "it was refused before that as well".to_owned();
        });
        desk.apply(&ready)
    };
    let unproven = Outcome::Unproven("it was refused before that as well".to_owned());
    assert_eq!(ended(State::Contained), Ok(Applied::Ran(unproven)));
    assert_eq!(ended(State::Closed), Ok(Applied::Ran(Outcome::Finished)));
}
