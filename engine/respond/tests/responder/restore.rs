//! What may be switched on again, and by whom: what a response of ours has revoked, when none runs, where the provider can, and after
//! a yes to exactly that.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use leakward_core::Verdict;
use leakward_respond::approval::{Approvers, Proof};
use leakward_respond::incident::State;
use leakward_respond::responder::{Ready, Restored};
use leakward_respond::saga::Outcome;
use leakward_respond::{Applied, RespondError};
use serde_json::{Value, json};

use crate::desk::{Desk, Provider};
use crate::played::{self, Received, Server};

fn clock() -> Arc<AtomicU64> {
    Arc::new(AtomicU64::new(1_800_000_000))
}

fn restore(desk: &Desk, ready: &Ready) -> Result<Result<Restored, Applied>, RespondError> {
    let (fingerprint, subject) = (ready.plan.fingerprint, Some(ready.subject.clone()));
    desk.responder
        .restore(fingerprint, subject, "ann", "the export needs it")
}

fn log(desk: &Desk) -> String {
    std::fs::read_to_string(&desk.log).expect("the log")
}

#[test]
fn a_revocation_that_is_final_is_told_as_that_and_nothing_is_tried() {
    let provider: Arc<Mutex<Provider>> = Arc::default();
    let taken = Arc::clone(&provider);
    let server = Server::start(move |request: &Received| {
        let mut provider = taken.lock().expect("it");
        provider.asked_at.push(0);
        // The first one is refused.
        if provider.asked_at.len() == 1 {
            return played::json(403, &json!({}));
        }
        provider.kill_named(request);
        played::json(202, &json!({}))
    });
    let desk = Desk::new(&server.base(), &provider, &clock());
    let ready = desk.ready(&["live"]).remove(0);
    let fingerprint = ready.plan.fingerprint;
    let refused = || restore(&desk, &ready).expect_err("it cannot be");
    assert_eq!(refused(), RespondError::NotRevoked(fingerprint));
    desk.is_parked(&ready);
    assert_eq!(refused(), RespondError::UnderWay(fingerprint));
    let ended = desk
        .responder
        .resume(fingerprint, Some(ready.subject.clone()));
    assert_eq!(ended, Ok(Outcome::Finished));
    let asked = server.received().len();
    let error = refused();
    assert!(matches!(error, RespondError::Final { .. }), "{error:?}");
    let told = error.to_string();
    assert!(told.contains("cannot take it back"), "{told}");
    assert_eq!(server.received().len(), asked, "nobody is asked");
    assert!(!log(&desk).contains("restoring"));
}

/// How many have to say yes, by what is to be done.
fn policy(revoke: u32, restore: u32) -> String {
    format!(
        "package leakward\nimport rego.v1\ndefault containment_first := false\ndefault approvals := {revoke}\n\
         approvals := {restore} if input.plan.goal == \"restore\"\nreasons contains \"so it is here\"\n\
         deny contains \"never on a Friday\" if input.incident.environment == \"friday\"\n"
    )
}

/// Somebody's credential that was revoked, at a provider that can give it life again.
struct Revoked {
    desk: Desk,
    server: Server,
    ready: Ready,
}

impl Revoked {
    fn new(policy: &str) -> Self {
        let provider: Arc<Mutex<Provider>> = Arc::default();
        let taken = Arc::clone(&provider);
        let server = Server::start(move |request: &Received| {
            let mut provider = taken.lock().expect("it");
            match request.path.as_str() {
                "/credentials/restore" => provider.dead.clear(),
                _ => provider.kill_named(request),
            }
            played::json(202, &json!({}))
        });
        let mut desk = Desk::with_way_back(policy, &server.base(), &provider, &clock());
        desk.responder = desk.responder.approved_by(Approvers::OperatingSystem);
        let ready = desk.ready(&["live"]).remove(0);
        let revoked = Self {
            desk,
            server,
            ready,
        };
        revoked.revoke();
        revoked
    }

    /// Everybody says yes to it.
    fn revoke(&self) {
        let asking = self.desk.responder.asking();
        asking.ask(&self.ready.plan).expect("asked");
        for who in ["ann", "bob", "eve"] {
            self.says_yes(who).expect("a yes");
        }
        let applied = self.desk.apply(&self.ready);
        assert_eq!(applied, Ok(Applied::Ran(Outcome::Finished)));
    }

    fn says_yes(&self, who: &str) -> Result<(), RespondError> {
        let (asking, fingerprint) = (self.desk.responder.asking(), self.ready.plan.fingerprint);
        let said = asking.approve(fingerprint, who, Proof::OperatingSystem);
        said.map(|_| ())
    }

    /// So many have to say yes, these have, and nothing was done.
    fn waits(&self, expected: u32, who: &[&str]) {
        let asked = self.server.received().len();
        match restore(&self.desk, &self.ready) {
            Ok(Err(Applied::WaitsForApproval { needed, by, .. })) => {
                assert_eq!(
                    (needed, by),
                    (expected, who.iter().map(ToString::to_string).collect())
                );
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(self.server.received().len(), asked, "nobody is asked");
        assert!(!log(&self.desk).contains("restoring"));
        let incident = self.desk.incident(&self.ready);
        assert_eq!(
            (incident.state, incident.verdict.as_str()),
            (State::Closed, "dead")
        );
    }

    fn is_restored(&self) {
        let restored = restore(&self.desk, &self.ready);
        let restored = restored.expect("no error").expect("it may be");
        assert_eq!(restored.verdict, Verdict::Live);
        let incident = self.desk.incident(&self.ready);
        assert!(incident.waiting.is_none() && incident.approvals.is_empty());
    }
}

#[test]
fn what_two_had_to_revoke_nobody_switches_on_alone() {
    for (revoke, restore, needed) in [(2, 0, 2), (0, 2, 2), (2, 3, 3), (3, 2, 3)] {
        let revoked = Revoked::new(&policy(revoke, restore));
        let names = ["ann", "bob", "eve"];
        for have in 0..needed {
            revoked.waits(needed, &names[..have as usize]);
            // The same person's counts once.
            for _ in 0..2 {
                revoked.says_yes(names[have as usize]).expect("a yes");
            }
        }
        revoked.is_restored();
        let log = log(&revoked.desk);
        let line = log
            .lines()
            .find(|line| line.contains("\"restoring\""))
            .expect("a line");
        let line: Value = serde_json::from_str(line).expect("JSON");
        let decision = &line["details"]["decision"];
        assert_eq!(decision["approved_by"], json!(names[..needed as usize]));
        assert_eq!(decision["approvals_needed"], needed);
    }
}

/// Also where a policy lets everything run by itself.
#[test]
fn nothing_is_switched_on_again_by_itself_nor_by_a_yes_to_something_else() {
    let revoked = Revoked::new(&policy(0, 0));
    revoked.waits(1, &[]);
    let at_the_service = revoked
        .desk
        .responder
        .approve(revoked.ready.plan.fingerprint, "bob");
    let error = at_the_service
        .expect_err("it is not shown there")
        .to_string();
    assert!(error.contains("leakward respond approve"), "{error}");
    revoked.says_yes("ann").expect("a yes");
    // Somebody wants to revoke it meanwhile: that yes is not one to this, nor is this one to that.
    let asking = revoked.desk.responder.asking();
    asking.ask(&revoked.ready.plan).expect("asked");
    revoked.says_yes("bob").expect("a yes");
    revoked.waits(1, &[]);
    revoked.says_yes("ann").expect("a yes");
    revoked.is_restored();
    // It takes a yes of its own each time.
    revoked.revoke();
    let again = restore(&revoked.desk, &revoked.ready);
    assert!(
        matches!(again, Ok(Err(Applied::WaitsForApproval { .. }))),
        "{again:?}"
    );
}

#[test]
fn what_the_policy_denies_is_not_switched_on_whoever_says_yes() {
    let revoked = Revoked::new(&policy(0, 0));
    let (desk, ready) = (&revoked.desk, &revoked.ready);
    revoked.waits(1, &[]);
    revoked.says_yes("ann").expect("a yes");
    desk.changed(ready, |incident| {
        incident.environment = Some("friday".to_owned());
    });
    let asked = revoked.server.received().len();
    let denied = restore(desk, ready);
    let why = vec!["never on a Friday".to_owned()];
    assert_eq!(denied, Ok(Err(Applied::NotAllowed(why))));
    assert_eq!(revoked.server.received().len(), asked, "nobody is asked");
    assert_eq!(desk.incident(ready).state, State::Closed);
    assert!(!log(desk).contains("restoring"));
    let no = desk.responder.reject(ready.plan.fingerprint, "bob", "");
    assert_eq!(no.expect("a no").state, State::Closed, "it is dead");
    assert!(desk.incident(ready).waiting.is_none());
}
