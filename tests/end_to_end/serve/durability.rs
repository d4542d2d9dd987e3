//! What was accepted is on disk: it survives a crash, and what cannot be stored is not accepted.

use std::path::Path;
use std::time::Duration;

use leakward_tests::{Credential, HttpServer, Rotation, Sandbox, eventually, github_push, id_of};

use super::{Hosted, PROGRAM, service};

#[test]
fn nothing_that_was_accepted_is_lost_when_the_process_is_killed() {
    let api = HttpServer::start(|_| (201, "{}".to_owned()));
    let Some(hosted) = Hosted::new(api) else {
        return;
    };
    let start = hosted.prepared("tell = ['status']\n");
    let mut before = hosted.repository.id("HEAD");
    let mut commits = Vec::new();
    for number in 0..4 {
        let leak = Credential::named(&format!("killed {number}"));
        let after = hosted
            .repository
            .commit_file(&format!("{number}.py"), leak.file());
        commits.push((before, after.clone()));
        before = after;
    }
    hosted.push("main");
    for (number, (before, after)) in commits.iter().enumerate() {
        let serve = start.start();
        let body = github_push("acme/app", "refs/heads/main", before, after);
        assert_eq!(
            serve.github("push", &format!("d-{number}"), &body).status,
            202
        );
        serve.kill();
    }
    let serve = start.start();
    serve.wait_until_idle();
    assert_eq!(serve.wait_for_incidents(4).len(), 4);
    for (_, after) in &commits {
        let told = hosted
            .api
            .asked_for(&format!("POST /repos/acme/app/statuses/{after}"));
        assert!(!told.is_empty(), "{after}");
    }
}

#[test]
fn a_second_process_is_kept_from_the_same_folder() {
    let sandbox = Sandbox::new();
    let start = service(&sandbox, "repositories = ['acme/*']\n");
    let first = start.start();
    let second = std::panic::catch_unwind(|| start.start());
    assert!(second.is_err(), "it must not start");
    assert!(first.log().contains("another process") || first.get("/healthz").status == 200);
}

#[test]
fn a_back_up_that_was_taken_while_it_served_can_be_restored() {
    let api = HttpServer::start(|_| (201, "{}".to_owned()));
    let Some(hosted) = Hosted::new(api) else {
        return;
    };
    let start = hosted.prepared("");
    let serve = start.start();
    let leak = Credential::named("before the back-up");
    let before = hosted.repository.id("HEAD");
    let after = hosted.repository.commit_file("a.py", leak.file());
    hosted.push("main");
    let body = github_push("acme/app", "refs/heads/main", &before, &after);
    assert_eq!(serve.github("push", "d", &body).status, 202);
    assert_eq!(serve.wait_for_incidents(1).len(), 1);
    serve.wait_until_idle();
    // As docs/serve.md says.
    let sandbox = hosted.repository.sandbox();
    let copy = sandbox.path("back-up");
    back_up(sandbox, &start.data().join("leakward.db"), &copy);
    assert_eq!(serve.terminate(), Some(0), "it ends in good order");
    for name in ["leakward.db", "leakward.db-wal", "leakward.db-shm"] {
        // The last two are gone after a good end.
        let _gone = std::fs::remove_file(start.data().join(name));
    }
    std::fs::remove_dir_all(start.data().join("mirrors")).expect("mirrors, which are made again");
    std::fs::copy(&copy, start.data().join("leakward.db")).expect("the back-up");
    let serve = start.start();
    assert_eq!(serve.wait_for_incidents(1).len(), 1);
    assert_eq!(
        serve.github("push", "d", &body).status,
        200,
        "what was handled is still known"
    );
}

#[test]
fn no_act_of_a_provider_is_repeated_when_the_process_is_killed_in_the_middle_of_responses() {
    const KEYS: usize = 6;
    let sandbox = Sandbox::new();
    let bed = Rotation::new(
        PROGRAM.as_ref(),
        &sandbox,
        Some(&Rotation::approvals(0)),
        "",
    );
    let path = |number: usize| format!("app/{number}");
    let keys: Vec<String> = (0..KEYS)
        .map(|number| bed.key(&sandbox, &path(number)))
        .collect();
    for (number, key) in keys.iter().enumerate() {
        let serve = bed.start.start();
        bed.leak(&serve, &format!("leak-{number}"), key);
        // Each time at another step; `leakward-bench serve` does it at random, and more often.
        std::thread::sleep(Duration::from_millis(60 + 170 * number as u64));
        serve.kill();
    }
    let serve = bed.start.start();
    let mut closed = serde_json::Value::Null;
    eventually("all are closed", || {
        closed = serve.get("/v1/incidents").json();
        let all = closed["incidents"].as_array().expect("a list");
        all.len() == KEYS && all.iter().all(|one| one["state"] == "closed")
    });
    let acts = bed.issuer.acts();
    for (number, key) in keys.iter().enumerate() {
        assert!(
            acts.removed.contains(id_of(key)) && !bed.issuer.knows(key),
            "{number}"
        );
        assert!(
            bed.issuer.knows(&bed.in_store(&sandbox, &path(number))),
            "{number}"
        );
    }
    assert_eq!(acts.removed_in_vain, 0, "nothing is taken away twice");
    assert_eq!(bed.issuer.working(), KEYS, "no successor is left over");
    bed.verify_audit(&sandbox, None).expect_status(0);
}

/// Nothing could be planned any more: the store has been put up anew, without the entry.
#[test]
fn a_key_that_leaks_again_while_its_response_waits_is_not_planned_anew() {
    let sandbox = Sandbox::new();
    let policy = Rotation::approvals(0);
    let bed = Rotation::new(
        PROGRAM.as_ref(),
        &sandbox,
        Some(&policy),
        "grace_seconds = 3600\n",
    );
    let key = bed.key(&sandbox, "mailer");
    let serve = bed.start.start();
    bed.leak(&serve, "first", &key);
    eventually("the successor is in the store", || {
        bed.in_store(&sandbox, "mailer") != key
    });
    serve.wait_until_idle();
    let state = || serve.get("/v1/incidents").json()["incidents"][0]["state"].clone();
    assert_eq!(state(), "responding", "{}", serve.log());
    std::fs::remove_file(sandbox.path("store.age")).expect("removed");
    let _another = bed.key(&sandbox, "another");
    bed.leak(&serve, "second", &key);
    serve.wait_until_idle();
    assert_eq!(state(), "responding", "{}", serve.log());
    assert!(bed.issuer.knows(&key), "its time has not come");
}

#[test]
fn a_back_up_holds_what_was_done_and_the_audit_log_goes_on_after_it_is_restored() {
    let sandbox = Sandbox::new();
    let bed = Rotation::new(
        PROGRAM.as_ref(),
        &sandbox,
        Some(&Rotation::approvals(0)),
        "",
    );
    let (first, second) = (bed.key(&sandbox, "app/1"), bed.key(&sandbox, "app/2"));
    let serve = bed.start.start();
    let closed = |serve: &leakward_tests::Service, count: u64| {
        eventually("it is closed", || {
            serve.get("/v1/incidents?state=closed").json()["total"].as_u64() == Some(count)
        });
        serve.wait_until_idle();
    };
    bed.leak(&serve, "first", &first);
    closed(&serve, 1);
    // While it serves, the database first, as docs/serve.md says.
    let data = bed.start.data();
    let kept = sandbox.folder("kept");
    back_up(
        &sandbox,
        &data.join("leakward.db"),
        &kept.join("leakward.db"),
    );
    for name in ["audit.jsonl", "audit.key", "serve.key"] {
        std::fs::copy(data.join(name), kept.join(name)).expect("a copy");
    }
    serve.kill();
    std::fs::remove_dir_all(data).expect("the data of the service");
    std::fs::rename(&kept, data).expect("the back-up in its place");
    bed.verify_audit(&sandbox, None).expect_status(0);
    let serve = bed.start.start();
    bed.leak(&serve, "first", &first);
    bed.leak(&serve, "second", &second);
    closed(&serve, 2);
    assert_eq!(bed.issuer.acts().made, 2, "what was done is not done again");
    assert_eq!(bed.issuer.working(), 2);
    bed.verify_audit(&sandbox, None).expect_status(0);
}

/// SQLite's own copy of a database that is in use.
fn back_up(sandbox: &Sandbox, from: &Path, to: &Path) {
    const SCRIPT: &str = "import sqlite3, sys\nsource = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True)\n\
        source.backup(sqlite3.connect(sys.argv[2]))\n";
    let output = sandbox
        .command("python3")
        .args(["-c", SCRIPT])
        .args([from, to])
        .output()
        .expect("python3");
    assert!(output.status.success(), "{output:?}");
}
