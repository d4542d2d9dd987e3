//! From a push to an incident: fetched over TLS with a token, scanned, written down, told.

use leakward_tests::{Credential, HttpServer, eventually, github_push};
use serde_json::json;

use super::{GIT_PASSWORD, Hosted};

const NOTHING: &str = "0000000000000000000000000000000000000000";

fn quiet_api() -> HttpServer {
    HttpServer::start(|_| (201, "{}".to_owned()))
}

#[test]
fn a_pushed_credential_becomes_an_incident_and_the_commit_is_marked() {
    let Some(hosted) = Hosted::new(quiet_api()) else {
        return;
    };
    let serve = hosted.start("tell = ['status', 'comment']\n");
    let leak = Credential::named("pushed to main");
    let before = hosted.repository.id("HEAD");
    let after = hosted.repository.commit_file("settings.py", leak.file());
    hosted.push("main");
    let body = github_push("acme/app", "refs/heads/main", &before, &after);
    assert_eq!(serve.github("push", "d-1", &body).status, 202);
    let incidents = serve.wait_for_incidents(1);
    assert_eq!(incidents.len(), 1);
    let incident = &incidents[0];
    assert_eq!(incident["places"][0]["path"], "settings.py");
    assert_eq!(incident["places"][0]["commit"], json!(after));
    assert_eq!(incident["places"][0]["target"], "github:acme/app");
    serve.wait_until_idle();
    let statuses = hosted
        .api
        .asked_for(&format!("POST /repos/acme/app/statuses/{after}"));
    assert_eq!(statuses.len(), 1);
    assert_eq!(statuses[0].json()["state"], "failure");
    assert!(statuses[0].head.contains(&format!("Bearer {GIT_PASSWORD}")));
    let comments = hosted
        .api
        .asked_for(&format!("POST /repos/acme/app/commits/{after}/comments"));
    assert_eq!(comments.len(), 1);
    // Neither what is told, nor the log, nor anything on disk but git's own objects holds the credential or the token.
    let told: String = hosted
        .api
        .asked()
        .iter()
        .map(|asked| asked.body.clone())
        .collect();
    for text in [told, serve.log(), serve.get("/v1/incidents").body] {
        assert!(!text.contains(leak.tell_tale()) && !text.contains(GIT_PASSWORD));
    }
}

#[test]
fn only_what_is_new_is_fetched_and_a_clean_push_is_clean() {
    let Some(hosted) = Hosted::new(quiet_api()) else {
        return;
    };
    let serve = hosted.start("tell = ['status']\n");
    let first = hosted.repository.id("HEAD");
    let mut before = NOTHING.to_owned();
    let mut after = first;
    for number in 0..3 {
        let body = github_push("acme/app", "refs/heads/main", &before, &after);
        assert_eq!(
            serve.github("push", &format!("d-{number}"), &body).status,
            202
        );
        serve.wait_until_idle();
        before = after;
        after = hosted
            .repository
            .commit_file("notes", format!("note {number}\n"));
        hosted.push("main");
    }
    let fetches = hosted
        .git
        .log()
        .lines()
        .filter(|line| line.contains("POST") && line.contains("git-upload-pack"))
        .count();
    // The handshake of protocol 2 lists refs with one request, the fetch is another.
    assert!(fetches <= 3 * 2, "{}", hosted.git.log());
    let states: Vec<_> = hosted
        .api
        .asked()
        .iter()
        .map(|asked| asked.json()["state"].clone())
        .collect();
    assert_eq!(states, vec![json!("success"); 3]);
    assert_eq!(serve.get("/v1/incidents").json()["total"], 0);
}

#[test]
fn what_a_push_by_force_drops_is_looked_at_too() {
    let Some(hosted) = Hosted::new(quiet_api()) else {
        return;
    };
    let serve = hosted.start("");
    let leak = Credential::named("dropped by force");
    let base = hosted.repository.id("HEAD");
    let dropped = hosted.repository.commit_file("key.py", leak.file());
    hosted.push("main");
    hosted
        .repository
        .git(&["reset", "--quiet", "--hard", &base]);
    let after = hosted.repository.commit_file("other", "nothing to see\n");
    hosted.push("main");
    let body = github_push("acme/app", "refs/heads/main", &dropped, &after);
    assert_eq!(serve.github("push", "d", &body).status, 202);
    let incidents = serve.wait_for_incidents(1);
    assert_eq!(incidents[0]["places"][0]["commit"], json!(dropped));
}

#[test]
fn a_new_branch_brings_what_the_default_branch_does_not_have() {
    let Some(hosted) = Hosted::new(quiet_api()) else {
        return;
    };
    let old = Credential::named("long known on main");
    hosted.repository.commit_file("old.py", old.file());
    hosted.push("main");
    let serve = hosted.start("");
    hosted
        .repository
        .git(&["checkout", "--quiet", "-b", "topic"]);
    let new = Credential::named("new on a topic");
    let after = hosted.repository.commit_file("new.py", new.file());
    hosted.push("topic");
    let body = github_push("acme/app", "refs/heads/topic", NOTHING, &after);
    assert_eq!(serve.github("push", "d", &body).status, 202);
    serve.wait_until_idle();
    let incidents = serve.wait_for_incidents(1);
    assert_eq!(incidents.len(), 1, "what main has is no news of this push");
    assert_eq!(incidents[0]["places"][0]["path"], "new.py");
}

#[test]
fn a_push_cannot_switch_its_own_scan_off() {
    let Some(hosted) = Hosted::new(quiet_api()) else {
        return;
    };
    let serve = hosted.start("");
    let leak = Credential::named("with a configuration of its own");
    let before = hosted.repository.id("HEAD");
    hosted
        .repository
        .write("leakward.toml", "version = 1\n[paths]\nexclude = ['**']\n");
    let after = hosted.repository.commit_file("a.py", leak.file());
    hosted.push("main");
    let body = github_push("acme/app", "refs/heads/main", &before, &after);
    assert_eq!(serve.github("push", "d", &body).status, 202);
    assert_eq!(serve.wait_for_incidents(1).len(), 1);
}

#[test]
fn a_git_server_is_told_before_it_takes_a_push() {
    let Some(hosted) = Hosted::new(quiet_api()) else {
        return;
    };
    let serve = hosted.start("");
    let leak = Credential::named("before it is taken");
    let after = hosted.repository.commit_file("a.py", leak.file());
    let batch = |range: &[&str]| {
        let listed = hosted
            .repository
            .git(&[&["rev-list", "--objects"][..], range].concat());
        let format = "--batch=%(objectname) %(objecttype) %(objectsize) %(rest)";
        hosted
            .repository
            .try_git(&["cat-file", format], listed + "\n")
            .stdout
    };
    let ask = |body: &[u8], token: &str| {
        let token = format!("Bearer {token}");
        let path = "/v1/pre-receive?repository=acme/app";
        leakward_tests::http(
            serve.port(),
            "POST",
            path,
            &[("Authorization", &token)],
            body,
        )
    };
    let leaking = batch(&[&after]);
    let denied = ask(&leaking, leakward_tests::WEBHOOK_SECRET);
    assert_eq!(denied.status, 422, "{denied:?}");
    assert_eq!(denied.json()["leaks"][0]["path"], "a.py");
    assert!(!denied.body.contains(leak.tell_tale()));
    let clean = batch(&[&format!("{after}~1")]);
    assert_eq!(ask(&clean, leakward_tests::WEBHOOK_SECRET).status, 200);
    assert_eq!(ask(&clean, "another").status, 401);
}

#[test]
fn a_host_that_is_down_is_asked_again_and_seen() {
    let Some(hosted) = Hosted::new(quiet_api()) else {
        return;
    };
    // A host that nobody answers for: the delivery is kept, and its reason shown.
    let start = hosted.prepared("");
    let serve = start.start();
    let gone = github_push(
        "acme/gone",
        "refs/heads/main",
        &"1".repeat(40),
        &"2".repeat(40),
    );
    assert_eq!(serve.github("push", "d", &gone).status, 202);
    eventually("the failure is shown", || {
        let listed = serve.get("/v1/deliveries").json();
        let one = &listed["deliveries"][0];
        one["state"] == "waiting"
            && one["attempts"].as_i64() >= Some(1)
            && one["note"]
                .as_str()
                .is_some_and(|note| note.contains("acme/gone"))
    });
}

#[test]
fn the_lists_of_files_in_a_push_are_not_believed() {
    let Some(hosted) = Hosted::new(quiet_api()) else {
        return;
    };
    let serve = hosted.start("");
    let leak = Credential::named("in a file that is not listed");
    let before = hosted.repository.id("HEAD");
    let after = hosted.repository.commit_file("secret.py", leak.file());
    hosted.push("main");
    let body = github_push("acme/app", "refs/heads/main", &before, &after);
    let mut push: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    // GitHub cuts these lists at 3,000 files and 2,048 commits.
    push["commits"] = json!([{"id": after, "added": ["README"], "removed": [], "modified": []}]);
    push["repository"]["clone_url"] = json!("https://evil.example/acme/app.git");
    let body = push.to_string().into_bytes();
    assert_eq!(serve.github("push", "d", &body).status, 202);
    let incidents = serve.wait_for_incidents(1);
    assert_eq!(incidents[0]["places"][0]["path"], "secret.py");
}

#[test]
fn what_was_dropped_and_is_gone_from_the_host_is_told_as_incomplete() {
    let Some(hosted) = Hosted::new(quiet_api()) else {
        return;
    };
    let serve = hosted.start("tell = ['status']\n");
    let after = hosted.repository.commit_file("other", "nothing to see\n");
    hosted.push("main");
    let body = github_push("acme/app", "refs/heads/main", &"d".repeat(40), &after);
    assert_eq!(serve.github("push", "d", &body).status, 202);
    serve.wait_until_idle();
    let listed = serve.get("/v1/deliveries").json().to_string();
    assert!(
        listed.contains("incomplete: the commits that were there before are gone"),
        "{listed}"
    );
    let told = hosted
        .api
        .asked_for(&format!("POST /repos/acme/app/statuses/{after}"));
    assert_eq!(told[0].json()["state"], "error", "never a success");
}

#[test]
fn a_branch_at_a_commit_that_leaked_before_is_not_called_clean() {
    let Some(hosted) = Hosted::new(quiet_api()) else {
        return;
    };
    let serve = hosted.start("tell = ['status']\n");
    let leak = Credential::named("before a branch is made");
    let before = hosted.repository.id("HEAD");
    let leaking = hosted.repository.commit_file("key.py", leak.file());
    let after = hosted.repository.commit_file("other", "nothing to see\n");
    hosted.push("main");
    let main = github_push("acme/app", "refs/heads/main", &before, &after);
    assert_eq!(serve.github("push", "d-1", &main).status, 202);
    serve.wait_until_idle();
    // A branch from the commit in the middle: nothing in it is new.
    for (delivery, commit) in [("d-2", &leaking), ("d-3", &after)] {
        let branch = format!("refs/heads/from-{delivery}");
        let body = github_push("acme/app", &branch, NOTHING, commit);
        assert_eq!(serve.github("push", delivery, &body).status, 202);
        serve.wait_until_idle();
    }
    let told = |commit: &str| -> Vec<serde_json::Value> {
        let asked = hosted
            .api
            .asked_for(&format!("POST /repos/acme/app/statuses/{commit}"));
        asked
            .iter()
            .map(|one| one.json()["state"].clone())
            .collect()
    };
    assert_eq!(told(&leaking), [json!("failure")]);
    assert_eq!(
        told(&after),
        [json!("failure")],
        "what it was told before stays"
    );
    assert_eq!(serve.get("/v1/incidents").json()["total"], 1);
}
