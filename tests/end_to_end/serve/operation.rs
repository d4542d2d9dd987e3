//! What operators meet: health, metrics, the document of the API, roles, the command line.

use leakward_tests::{API_TOKEN, HttpServer, Sandbox, eventually, github_push, http};
use serde_json::json;

use super::service;
use crate::leakward;

const CONFIG: &str = "repositories = ['acme/*']\n\
    [github]\nwebhook_secrets = [{ env = 'TEST_WEBHOOK_SECRET' }]\nurl = 'http://127.0.0.1:9'\napi = 'http://127.0.0.1:9'\n";

#[test]
fn health_readiness_and_metrics_are_for_everybody_and_the_rest_is_not() {
    let sandbox = Sandbox::new();
    let serve = service(&sandbox, CONFIG).start();
    let bare = |path: &str| http(serve.port(), "GET", path, &[], b"");
    assert_eq!(
        (bare("/healthz").status, bare("/readyz").status),
        (200, 200)
    );
    let metrics = bare("/metrics");
    assert!(
        metrics
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/openmetrics-text"))
    );
    assert!(metrics.body.ends_with("# EOF\n"));
    for path in ["/v1/incidents", "/v1/deliveries", "/v1/inventory"] {
        assert_eq!(bare(path).status, 401, "{path}");
        assert_eq!(serve.get(path).status, 200, "{path}");
    }
    assert_eq!(bare("/").status, 303, "people are sent to log in");
    let page = bare("/login");
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(
        page.header("x-content-type-options").as_deref(),
        Some("nosniff")
    );
    let document = bare("/v1/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.0");
    for path in [
        "/v1/incidents",
        "/v1/incidents/{fingerprint}/approve",
        "/v1/webhooks/github",
        "/v1/leaks",
    ] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
}

#[test]
fn a_viewer_looks_and_does_not_decide() {
    let sandbox = Sandbox::new();
    let more =
        "[[login.tokens]]\nname = 'reader'\nrole = 'viewer'\ntoken = { env = 'TEST_VIEWER' }\n";
    let serve = service(&sandbox, &format!("{CONFIG}{more}"))
        .env("TEST_VIEWER", "look only")
        .start();
    let token = [("Authorization", "Bearer look only")];
    assert_eq!(
        http(serve.port(), "GET", "/v1/incidents", &token, b"").status,
        200
    );
    let path = format!("/v1/incidents/{}/close", "0".repeat(32));
    assert_eq!(
        http(serve.port(), "POST", &path, &token, b"{\"reason\": \"x\"}").status,
        403
    );
    assert_eq!(
        serve.post(&path, &json!({"reason": "x"})).status,
        404,
        "an admin learns that there is none"
    );
    assert_eq!(
        http(serve.port(), "POST", "/v1/deliveries/1/retry", &token, b"").status,
        403
    );
}

#[test]
fn a_form_from_elsewhere_is_refused() {
    let sandbox = Sandbox::new();
    let serve = service(&sandbox, CONFIG).start();
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let body = format!("token={}", serve.one_time_token());
    let entered = http(serve.port(), "POST", "/login", &form, body.as_bytes());
    assert_eq!(entered.status, 303);
    assert_eq!(
        http(serve.port(), "POST", "/login", &form, body.as_bytes()).status,
        401,
        "it was for one log-in"
    );
    let cookie = entered.header("set-cookie").expect("a session");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    let cookie = cookie.split(';').next().expect("a value").to_owned();
    let page = http(serve.port(), "GET", "/", &[("Cookie", &cookie)], b"");
    assert_eq!(page.status, 200);
    let word = page
        .body
        .split("name=\"form_token\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a form");
    let leave = |headers: &[(&str, &str)], word: &str| {
        let all = [&[form[0], ("Cookie", cookie.as_str())][..], headers].concat();
        http(
            serve.port(),
            "POST",
            "/logout",
            &all,
            format!("form_token={word}").as_bytes(),
        )
        .status
    };
    assert_eq!(leave(&[], "guessed"), 403);
    assert_eq!(leave(&[("Origin", "https://evil.example")], word), 403);
    assert_eq!(leave(&[("Sec-Fetch-Site", "cross-site")], word), 403);
    assert_eq!(leave(&[], word), 303);
}

#[test]
fn parked_deliveries_are_shown_and_can_be_tried_again() {
    let sandbox = Sandbox::new();
    let serve = service(
        &sandbox,
        &format!(
            "[limits]\nattempts = 1\n{}",
            CONFIG.replace("repositories = ['acme/*']\n", "")
        )
        .replace("[limits]", "repositories = ['acme/*']\n[limits]"),
    )
    .start();
    let body = github_push(
        "acme/app",
        "refs/heads/main",
        &"1".repeat(40),
        &"2".repeat(40),
    );
    assert_eq!(serve.github("push", "d", &body).status, 202);
    let parked = || serve.get("/v1/deliveries?state=parked").json()["deliveries"].clone();
    eventually("it is parked", || parked()[0]["state"] == "parked");
    let id = parked()[0]["id"].as_i64().expect("a number");
    assert_eq!(
        serve
            .post(&format!("/v1/deliveries/{id}/retry"), &json!({}))
            .status,
        202
    );
    eventually("it was tried again", || parked()[0]["attempts"] == 1);
    assert_eq!(
        serve.github("push", "d", &body).status,
        202,
        "a parked one that comes again is tried again"
    );
}

#[test]
fn incidents_are_listed_and_closed_from_the_command_line() {
    let sandbox = Sandbox::new();
    let serve = service(&sandbox, CONFIG).start();
    let seconds = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a clock")
        .as_secs();
    let leak = leakward_tests::Credential::named("from the command line");
    assert_eq!(
        serve
            .leak(
                "l",
                seconds,
                &json!({"seen_at": "a chat", "secret": leak.text()})
            )
            .status,
        202
    );
    let incident = serve.wait_for_incidents(1)[0]["fingerprint"]
        .as_str()
        .expect("text")
        .to_owned();
    serve.wait_until_idle();
    let url = format!("http://127.0.0.1:{}", serve.port());
    let incidents = |arguments: &[&str]| {
        let all = [&["incidents"][..], arguments, &["--server", &url][..]].concat();
        leakward(&sandbox)
            .args(all)
            .env("LEAKWARD_TOKEN", API_TOKEN)
            .run()
    };
    let listed = incidents(&["list"]);
    listed.expect_status(0);
    assert!(
        listed.stdout.contains(&incident) && !listed.stdout.contains(leak.tell_tale()),
        "{}",
        listed.stdout
    );
    let shown = incidents(&["show", &incident]);
    assert!(shown.stdout.contains("opened"), "{}", shown.stdout);
    incidents(&["close", &incident, "--reason", "revoked by hand"]).expect_status(0);
    let closed = incidents(&["list", "--state", "closed", "--format", "json"]);
    assert!(
        closed.stdout.contains("revoked by hand"),
        "{}",
        closed.stdout
    );
    incidents(&["close", &"0".repeat(32), "--reason", "x"]).expect_status(2);
    let run = leakward(&sandbox)
        .args(["incidents", "list", "--server", "http://leakward.example"])
        .env("LEAKWARD_TOKEN", "x")
        .run();
    run.expect_status(2).expect_message(&["clear text"]);
}

#[test]
fn spans_are_sent_to_a_collector() {
    let collector = HttpServer::start(|_| (200, "{}".to_owned()));
    let sandbox = Sandbox::new();
    let config = format!("{CONFIG}[telemetry]\notlp = '{}'\n", collector.url());
    let serve = service(&sandbox, &config).start();
    let body = github_push(
        "acme/app",
        "refs/heads/main",
        &"1".repeat(40),
        &"2".repeat(40),
    );
    assert_eq!(serve.github("push", "d", &body).status, 202);
    eventually("a span arrives", || {
        let sent = collector.asked_for("POST /v1/traces");
        sent.iter().any(|one| {
            one.json()["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"] == "delivery"
        })
    });
}
