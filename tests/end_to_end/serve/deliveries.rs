//! What is answered to deliveries, good and bad.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use leakward_tests::{Sandbox, WEBHOOK_SECRET, eventually, github_push, http, signature};
use serde_json::{Value, json};

use super::service;

/// Hosts that nobody answers for: what is accepted fails later, which is not looked at here.
const CONFIG: &str = "repositories = ['acme/*']\n\
    [limits]\nbody_bytes = 100000\nrefusals_per_minute = 30\n\
    [github]\nwebhook_secrets = [{ env = 'TEST_WEBHOOK_SECRET' }]\nurl = 'http://127.0.0.1:9'\napi = 'http://127.0.0.1:9'\n\
    [gitlab]\nwebhook_tokens = [{ env = 'TEST_WEBHOOK_SECRET' }]\nurl = 'http://127.0.0.1:9'\n\
    [gitea]\nwebhook_secrets = [{ env = 'TEST_WEBHOOK_SECRET' }]\nurl = 'http://127.0.0.1:9'\n";

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock")
        .as_secs()
}

fn push_to(repository: &str) -> Vec<u8> {
    github_push(
        repository,
        "refs/heads/main",
        &"1".repeat(40),
        &"2".repeat(40),
    )
}

#[test]
fn each_bad_delivery_gets_its_own_answer_and_is_counted() {
    let sandbox = Sandbox::new();
    let serve = service(&sandbox, CONFIG).start();
    let body = push_to("acme/app");
    let signed = signature(WEBHOOK_SECRET, &[&body]);
    let raw = |headers: &[(&str, &str)], body: &[u8]| {
        http(serve.port(), "POST", "/v1/webhooks/github", headers, body)
    };
    let head = [("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "d-0")];
    assert_eq!(raw(&head, &body).status, 401, "no signature");
    let wrong = signed.replace(['a', 'b', 'c', '1'], "0");
    for signature in [wrong.as_str(), "sha256=", "sha1=0000", &signed[..40]] {
        let headers = [head[0], head[1], ("X-Hub-Signature-256", signature)];
        assert_eq!(raw(&headers, &body).status, 401, "{signature}");
    }
    assert_eq!(serve.github("push", "d-1", b"{\"ref\": ").status, 400);
    let not_a_push = serve.github("push", "d-2", b"{\"ref\": 7}");
    assert_eq!(
        (
            not_a_push.status,
            not_a_push.header("content-type").as_deref()
        ),
        (400, Some("application/problem+json"))
    );
    assert_eq!(
        serve
            .github("push", "d-3", &push_to("strangers/app"))
            .status,
        404
    );
    assert_eq!(
        serve.github("push", "d-4", &push_to("acme/../app")).status,
        404
    );
    assert_eq!(serve.github("star", "d-5", b"{}").status, 204);
    assert_eq!(serve.github("ping", "d-6", b"{\"zen\": \"x\"}").status, 200);
    assert_eq!(
        serve.github("push", "d-7", &vec![b' '; 200_000]).status,
        413
    );
    assert_eq!(serve.gitlab("Push Hook", b"not json").status, 400);
    assert_eq!(serve.gitlab("Issue Hook", b"{}").status, 204);
    assert_eq!(serve.gitea("issues", "d-8", b"{}").status, 204);
    for (result, at_least) in [
        ("unauthorized", 5.0),
        ("malformed", 2.0),
        ("unknown-repository", 2.0),
        ("ignored", 1.0),
        ("pong", 1.0),
        ("too-large", 1.0),
    ] {
        let name = format!("leakward_deliveries_total{{source=\"github\",result=\"{result}\"}}");
        assert!(serve.metric(&name) >= at_least, "{name}");
    }
    assert_eq!(
        serve.get("/v1/deliveries").json()["deliveries"],
        json!([]),
        "nothing of it was kept"
    );
}

#[test]
fn a_replay_is_known_by_its_id_and_by_its_body() {
    let sandbox = Sandbox::new();
    let serve = service(&sandbox, CONFIG).start();
    let body = push_to("acme/app");
    assert_eq!(serve.github("push", "first", &body).status, 202);
    assert_eq!(
        serve.github("push", "first", &body).status,
        200,
        "the same again"
    );
    // The id is not signed: somebody who overheard a delivery can choose another.
    assert_eq!(
        serve.github("push", "second", &body).status,
        200,
        "the same under another id"
    );
    assert_eq!(
        serve.get("/v1/deliveries").json()["deliveries"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

#[test]
fn an_address_that_is_refused_too_often_is_not_listened_to() {
    let sandbox = Sandbox::new();
    let serve = service(&sandbox, CONFIG).start();
    let guess = || {
        http(
            serve.port(),
            "POST",
            "/v1/webhooks/github",
            &[("X-Hub-Signature-256", "sha256=00")],
            b"{}",
        )
    };
    let last = (0..40)
        .map(|_| guess())
        .find(|answer| answer.status != 401)
        .expect("a limit");
    assert_eq!(last.status, 429);
    assert!(
        last.header("retry-after")
            .is_some_and(|seconds| seconds.parse::<u64>().is_ok())
    );
}

#[test]
fn a_posted_leak_is_believed_only_with_a_fresh_signature() {
    let sandbox = Sandbox::new();
    let serve = service(&sandbox, CONFIG).start();
    let body = json!({"seen_at": "a chat", "host": "github", "repository": "acme/app", "commit": "3".repeat(40)});
    assert_eq!(
        serve.leak("l-1", now() - 3_000, &body).status,
        401,
        "an old one"
    );
    assert_eq!(
        serve.leak("l-2", now() + 3_000, &body).status,
        401,
        "one from the future"
    );
    assert_eq!(serve.leak("l-3", now(), &body).status, 202);
    assert_eq!(
        serve
            .leak("l-4", now(), &json!({"seen_at": "a chat"}))
            .status,
        400,
        "neither secret nor commit"
    );
    let elsewhere = json!({"seen_at": "x", "host": "github", "repository": "strangers/app", "commit": "3".repeat(40)});
    assert_eq!(serve.leak("l-5", now(), &elsewhere).status, 404);
}

#[test]
fn what_waits_is_sealed_and_never_in_clear_on_disk() {
    let sandbox = Sandbox::new();
    let start = service(&sandbox, CONFIG);
    let serve = start.start();
    // Branches are named after all sorts of things.
    let telling = "refs/heads/password-of-the-vault-is-swordfish";
    let body = github_push("acme/app", telling, &"1".repeat(40), &"2".repeat(40));
    assert_eq!(serve.github("push", "d", &body).status, 202);
    let leak = json!({"seen_at": "a chat", "secret": "swordfish-of-the-chat"});
    assert_eq!(serve.leak("l", now(), &leak).status, 202);
    serve.kill();
    let mut files = 0;
    for entry in std::fs::read_dir(start.data()).expect("a folder").flatten() {
        let content = std::fs::read(entry.path()).unwrap_or_default();
        files += 1;
        let told = content.windows(9).any(|window| window == b"swordfish");
        assert!(!told, "{}", entry.path().display());
    }
    assert!(files > 3);
}

/// Every example in GitHub's own collection is answered without an error, and those for us are accepted.
#[test]
fn githubs_own_examples_are_understood() {
    let Some(examples) = examples() else { return };
    let sandbox = Sandbox::new();
    let everybody = CONFIG
        .replace("acme/*", "*")
        .replace("body_bytes = 100000", "body_bytes = 26214400");
    let serve = service(&sandbox, &everybody).start();
    let (mut accepted, mut sent) = (0, 0);
    for event in examples.as_array().expect("a list of events") {
        let name = event["name"].as_str().expect("a name");
        for example in event["examples"].as_array().expect("examples") {
            sent += 1;
            let answer = serve.github(
                name,
                &format!("{name}-{sent}"),
                example.to_string().as_bytes(),
            );
            let is_ours = matches!(
                name,
                "push" | "installation" | "installation_repositories" | "ping"
            ) || name.starts_with("secret_scanning_alert");
            let fits = if is_ours {
                matches!(answer.status, 200 | 202)
            } else {
                answer.status == 204
            };
            assert!(fits, "{name}: {answer:?}");
            accepted += usize::from(answer.status == 202);
        }
    }
    assert!(sent > 100 && accepted > 5, "{accepted} of {sent}");
}

/// The npm package `@octokit/webhooks-examples`, which `.ci/run` installs.
fn examples() -> Option<Value> {
    let file = "node_modules/@octokit/webhooks-examples/api.github.com/index.json";
    let target = PathBuf::from(env!("CARGO_BIN_EXE_leakward"));
    let found = target
        .ancestors()
        .map(|folder| folder.join("npm").join(file))
        .find(|path| path.is_file());
    let Some(found) = found else {
        let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(
            !in_ci,
            "this test needs @octokit/webhooks-examples, and CI must not skip it"
        );
        eprintln!(
            "SKIPPED: this test needs @octokit/webhooks-examples (npm install --prefix target/npm)"
        );
        return None;
    };
    let text = std::fs::read_to_string(found).expect("the examples");
    Some(serde_json::from_str(&text).expect("JSON"))
}

#[test]
fn when_too_much_waits_senders_are_told_to_come_again() {
    let sandbox = Sandbox::new();
    let config = CONFIG.replace("[limits]\n", "[limits]\nwaiting = 1\n");
    let serve = service(&sandbox, &config).start();
    // Its host does not answer, so that it waits to be tried again.
    assert_eq!(
        serve.github("push", "d-1", &push_to("acme/app")).status,
        202
    );
    // Not for its first try, which somebody may be taking just now.
    eventually("it was tried and waits", || {
        let listed = serve.get("/v1/deliveries").json();
        let first = &listed["deliveries"][0];
        first["state"] == "waiting" && first["attempts"].as_i64().is_some_and(|tried| tried > 0)
    });
    let full = serve.github("push", "d-2", &push_to("acme/other"));
    assert_eq!(full.status, 503, "{full:?}");
    let wait = full.header("retry-after");
    assert!(wait.is_some_and(|seconds| seconds.parse::<u64>().is_ok()));
    assert!(serve.metric("leakward_deliveries_total{source=\"github\",result=\"full\"}") >= 1.0);
}
