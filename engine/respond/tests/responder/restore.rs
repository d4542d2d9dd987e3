//! What may be switched on again: what a response of ours has revoked, when none runs, and where the provider can.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use leakward_respond::saga::Outcome;
use leakward_respond::{Applied, RespondError};
use serde_json::{Value, json};

use crate::desk::{Desk, Provider};
use crate::played::{self, Received, Server};

#[test]
fn a_revocation_that_is_final_is_told_as_that_and_nothing_is_tried() {
    let provider: Arc<Mutex<Provider>> = Arc::default();
    let taken = Arc::clone(&provider);
    let server = Server::start(move |request: &Received| {
        let body: Value = serde_json::from_str(&request.body).expect("JSON");
        let mut provider = taken.lock().expect("it");
        provider.asked_at.push(0);
        // The first one is refused.
        if provider.asked_at.len() == 1 {
            return played::json(403, &json!({}));
        }
        let named = body["credentials"].as_array().expect("a list");
        let named = named.iter().filter_map(Value::as_str).map(str::to_owned);
        provider.dead.extend(named);
        played::json(202, &json!({}))
    });
    let clock = Arc::new(AtomicU64::new(1_800_000_000));
    let desk = Desk::new(&server.base(), &provider, &clock);
    let ready = desk.ready(&["live"]).remove(0);
    let fingerprint = ready.plan.fingerprint;
    let restore = || {
        let subject = Some(ready.subject.clone());
        let restored = desk.responder.restore(fingerprint, subject, "ann", "");
        restored.expect_err("it cannot be")
    };
    assert_eq!(restore(), RespondError::NotRevoked(fingerprint));
    let parked = desk
        .responder
        .apply(&ready.plan, &ready.decision, &ready.subject);
    assert!(
        matches!(parked, Ok(Applied::Ran(Outcome::Parked { .. }))),
        "{parked:?}"
    );
    assert_eq!(restore(), RespondError::UnderWay(fingerprint));
    let ended = desk
        .responder
        .resume(fingerprint, Some(ready.subject.clone()));
    assert_eq!(ended, Ok(Outcome::Finished));
    let asked = server.received().len();
    let error = restore();
    assert!(matches!(error, RespondError::Final { .. }), "{error:?}");
    let told = error.to_string();
    assert!(told.contains("cannot take it back"), "{told}");
    assert_eq!(server.received().len(), asked, "nobody is asked");
    let log = std::fs::read_to_string(&desk.log).expect("the log");
    assert!(!log.contains("restoring"));
}
