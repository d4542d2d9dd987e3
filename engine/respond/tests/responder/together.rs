//! Many credentials, few requests: paced, sent again when an answer is lost, each with a decision and a proof of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use leakward_respond::Applied;
use leakward_respond::incident::State;
use leakward_respond::saga::Outcome;
use serde_json::json;

use crate::desk::{Desk, Provider};
use crate::played::{self, Received, Reply, Server};

struct World {
    desk: Desk,
    provider: Arc<Mutex<Provider>>,
    server: Server,
}

/// A provider that treats its first requests as `first` says, and takes all later ones.
fn world(first: Vec<Reply>) -> World {
    let clock = Arc::new(AtomicU64::new(1_800_000_000));
    let provider: Arc<Mutex<Provider>> = Arc::default();
    let (asked, time) = (Arc::clone(&provider), Arc::clone(&clock));
    let server = Server::start(move |request: &Received| {
        let mut provider = asked.lock().expect("the provider");
        provider.asked_at.push(time.load(Ordering::SeqCst));
        let number = provider.asked_at.len() - 1;
        let reply = first.get(number).cloned();
        // A lost answer is one to a request that was carried out.
        if matches!(reply, None | Some(Reply::Nothing)) {
            provider.kill_named(request);
        }
        reply.unwrap_or_else(|| played::json(202, &json!({})))
    });
    World {
        desk: Desk::new(&server.base(), &provider, &clock),
        provider,
        server,
    }
}

fn finished(
    results: &[(
        leakward_core::Fingerprint,
        Result<Applied, leakward_respond::RespondError>,
    )],
) -> usize {
    results
        .iter()
        .filter(|(_, result)| *result == Ok(Applied::Ran(Outcome::Finished)))
        .count()
}

#[test]
fn many_credentials_take_few_requests_with_a_minute_between_and_each_is_proven_dead() {
    let world = world(vec![Reply::Nothing, played::json(503, &json!({}))]);
    let ready = world.desk.ready(&["live"; 25]);
    let subjects: Vec<_> = ready.iter().map(|one| one.subject.clone()).collect();
    let batches = world.desk.responder.batches(&subjects);
    assert_eq!(batches.len(), 1);
    assert_eq!(batches[0].requests(), 3);
    let results = world
        .desk
        .responder
        .revoke_batch(&batches[0], &ready)
        .expect("written down");
    assert_eq!(finished(&results), 25, "{results:?}");
    let provider = world.provider.lock().expect("the provider");
    assert_eq!(
        provider.asked_at.len(),
        5,
        "three requests, of which one was sent three times"
    );
    for pair in provider.asked_at.windows(2) {
        assert!(pair[1] - pair[0] >= 60, "{:?}", provider.asked_at);
    }
    let received = world.server.received();
    assert_eq!(received.len(), 5);
    let from_anybody = |request: &Received| !request.all().to_lowercase().contains("authorization");
    assert!(received.iter().all(from_anybody));
    assert_eq!(world.desk.audit.verify().problems, []);
    let log = std::fs::read_to_string(&world.desk.log).expect("the log");
    assert_eq!(
        log.matches("\"phase\":\"before\",\"text\":\"revoke it together")
            .count(),
        25
    );
    assert!(!log.contains("token-number"), "no value in the log");
}

#[test]
fn what_the_policy_does_not_let_run_is_not_in_the_request() {
    let world = world(Vec::new());
    let ready = world.desk.ready(&["live", "unknown", "live"]);
    let subjects: Vec<_> = ready.iter().map(|one| one.subject.clone()).collect();
    let batch = world.desk.responder.batches(&subjects).remove(0);
    let results = world
        .desk
        .responder
        .revoke_batch(&batch, &ready)
        .expect("written down");
    assert_eq!(finished(&results), 2, "{results:?}");
    let waits = results
        .iter()
        .filter(|(_, result)| matches!(result, Ok(Applied::WaitsForApproval { needed: 1, .. })));
    assert_eq!(waits.count(), 1);
    assert_eq!(world.provider.lock().expect("it").dead.len(), 2);
}

#[test]
fn a_provider_that_refuses_all_leaves_each_with_a_sentence_and_nothing_revoked() {
    let world = world(vec![played::json(422, &json!({"message": "no"})); 40]);
    let ready = world.desk.ready(&["live"; 3]);
    let subjects: Vec<_> = ready.iter().map(|one| one.subject.clone()).collect();
    let batch = world.desk.responder.batches(&subjects).remove(0);
    let results = world
        .desk
        .responder
        .revoke_batch(&batch, &ready)
        .expect("written down");
    assert_eq!(finished(&results), 0, "{results:?}");
    for (_, result) in &results {
        assert!(
            matches!(
                result,
                Ok(Applied::Ran(Outcome::Parked {
                    resume_at: None,
                    ..
                }))
            ),
            "{result:?}"
        );
    }
    assert!(world.provider.lock().expect("it").dead.is_empty());
}

/// Somebody else contained it while this was planned: that it is refused proves nothing.
#[test]
fn an_end_that_nobody_proved_is_told_as_that() {
    let world = world(Vec::new());
    let ready = world.desk.ready(&["live", "live"]);
    let because = "it was refused before that as well";
    for (one, state) in ready.iter().zip([State::Contained, State::Closed]) {
        world.desk.changed(one, |incident| {
            incident.state = state;
            incident.verdict = "dead".to_owned();
            incident.because = because.to_owned();
        });
    }
    let subjects: Vec<_> = ready.iter().map(|one| one.subject.clone()).collect();
    let batch = world.desk.responder.batches(&subjects).remove(0);
    let results = world.desk.responder.revoke_batch(&batch, &ready);
    let told: Vec<_> = (results.expect("written down").into_iter())
        .map(|(_, result)| result)
        .collect();
    let unproven = Outcome::Unproven(because.to_owned());
    let expected = [unproven, Outcome::Finished].map(|outcome| Ok(Applied::Ran(outcome)));
    assert_eq!(told, expected);
    assert_eq!(world.server.received().len(), 0, "nothing was asked for");
}
