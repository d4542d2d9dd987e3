//! What was accepted is on disk: it survives a crash, and what cannot be stored is not accepted.

use leakward_tests::{Credential, HttpServer, Sandbox, github_push};

use super::{Hosted, service};

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
    let script = format!(
        "import sqlite3, sys\nsource = sqlite3.connect('file:{}?mode=ro', uri=True)\ntarget = sqlite3.connect('{}')\nsource.backup(target)\n",
        start.data().join("leakward.db").display(),
        copy.display()
    );
    let output = sandbox
        .command("python3")
        .args(["-c", &script])
        .output()
        .expect("python3");
    assert!(output.status.success(), "{output:?}");
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
