//! Alerts that code hosts raise themselves: looked into, and told what became of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use leakward_tests::{Asked, Credential, HttpServer, Rotation, eventually, github_push};
use serde_json::{Value, json};

use super::{GIT_PASSWORD, Hosted, PROGRAM};

fn alert_event(number: u64, action: &str) -> Vec<u8> {
    json!({
        "action": action, "alert": {"number": number, "secret_type": "github_personal_access_token"},
        "repository": {"full_name": "acme/app", "default_branch": "main"},
    })
    .to_string()
    .into_bytes()
}

#[test]
fn an_alert_is_fetched_with_its_secret_and_places_when_the_host_is_up_again() {
    let secret = Credential::named("in an alert").text().to_owned();
    let told = secret.clone();
    let is_up = Arc::new(AtomicBool::new(false));
    let up = Arc::clone(&is_up);
    let api = HttpServer::start(move |asked| {
        if !up.load(Ordering::SeqCst) {
            return (503, r#"{"message": "unicorn"}"#.to_owned());
        }
        let body = match asked.line.as_str() {
            "GET /repos/acme/app/secret-scanning/alerts/7" => json!({
                "number": 7, "state": "open", "secret": told, "secret_type": "github_personal_access_token",
                "secret_type_display_name": "GitHub Personal Access Token",
                "html_url": "https://github.example/acme/app/security/secret-scanning/7", "publicly_leaked": true,
            }),
            line if line.starts_with("GET /repos/acme/app/secret-scanning/alerts/7/locations") => {
                json!([
                    {"type": "issue_body", "details": {"html_url": "https://github.example/acme/app/issues/1"}},
                ])
            }
            _ => json!({}),
        };
        (200, body.to_string())
    });
    let Some(hosted) = Hosted::new(api) else {
        return;
    };
    let serve = hosted.start("");
    assert_eq!(
        serve
            .github("secret_scanning_alert", "a-1", &alert_event(7, "created"))
            .status,
        202
    );
    eventually("the failure is shown", || {
        let listed = serve.get("/v1/deliveries").json();
        listed["deliveries"][0]["note"]
            .as_str()
            .is_some_and(|note| note.contains("503"))
    });
    is_up.store(true, Ordering::SeqCst);
    let incidents = serve.wait_for_incidents(1);
    let fingerprint = incidents[0]["fingerprint"].as_str().expect("a fingerprint");
    assert_eq!(incidents[0]["exposure"], "public");
    assert_eq!(
        incidents[0]["places"][0]["url"],
        "https://github.example/acme/app/issues/1"
    );
    let whole: Value = serve.get(&format!("/v1/incidents/{fingerprint}")).json();
    assert_eq!(whole["alerts"][0]["number"], "7");
    assert!(!serve.log().contains(&secret[8..24]));
    let mut event: Value = serde_json::from_slice(&alert_event(7, "created")).expect("JSON");
    event["location"] = json!({"type": "issue_body", "details": {}});
    let with_location = event.to_string().into_bytes();
    // The location event is about the same credential: one incident.
    assert_eq!(
        serve
            .github("secret_scanning_alert_location", "a-2", &with_location)
            .status,
        202
    );
    serve.wait_until_idle();
    assert_eq!(serve.get("/v1/incidents").json()["total"], 1);
}

/// A code host whose service rotates what leaks; `hosts` are the tables of hosts.
fn rotating(hosted: &Hosted, policy: &str, hosts: &str) -> Rotation {
    let sandbox = hosted.repository.sandbox();
    let mut bed = Rotation::new(PROGRAM.as_ref(), sandbox, Some(policy), hosts);
    bed.start = bed.start.env("TEST_GIT_TOKEN", GIT_PASSWORD).env(
        "SSL_CERT_FILE",
        hosted.git.certificate().display().to_string(),
    );
    bed
}

/// GitHub with a token, as tables of a configuration.
fn github(hosted: &Hosted) -> String {
    format!(
        "[github]\nwebhook_secrets = [{{ env = 'TEST_WEBHOOK_SECRET' }}]\nurl = '{}'\napi = '{}'\n\
         token = {{ env = 'TEST_GIT_TOKEN' }}\n",
        hosted.git.url("").trim_end_matches('/'),
        hosted.api.url(),
    )
}

/// GitHub's answers about alert 7, whose secret is what `secret` holds by then.
fn alert_seven(asked: &Asked, secret: &std::sync::Mutex<String>) -> Option<(u16, String)> {
    let body = match asked.line.as_str() {
        "GET /repos/acme/app/secret-scanning/alerts/7" => json!({
            "number": 7, "state": "open", "secret": *secret.lock().expect("a secret"), "secret_type": "sendgrid_api_key",
            "secret_type_display_name": "SendGrid API Key", "publicly_leaked": false,
            "html_url": "https://github.example/acme/app/security/secret-scanning/7",
        }),
        line if line.starts_with("GET /repos/acme/app/secret-scanning/alerts/7/locations") => {
            json!([{"type": "issue_body", "details": {"html_url": "https://github.example/acme/app/issues/1"}}])
        }
        _ => return None,
    };
    Some((200, body.to_string()))
}

const PATCH: &str = "PATCH /repos/acme/app/secret-scanning/alerts/7";

#[test]
fn an_alert_is_called_active_while_somebody_decides_and_resolved_when_the_key_is_dead() {
    let secret = Arc::<std::sync::Mutex<String>>::default();
    let told = Arc::clone(&secret);
    let refusals = std::sync::atomic::AtomicU32::new(0);
    let api = HttpServer::start(move |asked| {
        // The first time that it is told something, it is down.
        if asked.line.starts_with("PATCH") && refusals.fetch_add(1, Ordering::SeqCst) == 0 {
            return (502, r#"{"message": "bad gateway"}"#.to_owned());
        }
        alert_seven(asked, &told).unwrap_or((200, "{}".to_owned()))
    });
    let Some(hosted) = Hosted::new(api) else {
        return;
    };
    let bed = rotating(&hosted, &Rotation::approvals(1), &github(&hosted));
    let key = bed.key(hosted.repository.sandbox(), "mailer");
    secret.lock().expect("a secret").clone_from(&key);
    let serve = bed.start.start();
    let created = alert_event(7, "created");
    assert_eq!(
        serve.github("secret_scanning_alert", "a", &created).status,
        202
    );
    let incident = serve.wait_for_incidents(1)[0]["fingerprint"].clone();
    let incident = incident.as_str().expect("text");
    eventually("that the host is down is shown", || {
        let listed = serve.get("/v1/deliveries").json();
        let all = listed["deliveries"].as_array().expect("a list");
        all.iter().any(|one| {
            one["source"] == "tell"
                && one["note"]
                    .as_str()
                    .is_some_and(|note| note.contains("502"))
        })
    });
    eventually("it is told when it is up again", || {
        hosted.api.asked_for(PATCH).len() >= 2
    });
    assert_eq!(
        hosted.api.asked_for(PATCH)[1].json(),
        json!({"state": "open", "validity": "active"})
    );
    let approve = serve.post(&format!("/v1/incidents/{incident}/approve"), &json!({}));
    assert_eq!(approve.status, 202);
    eventually("the alert is resolved", || {
        hosted.api.asked_for(PATCH).len() >= 3
    });
    let last = hosted.api.asked_for(PATCH)[2].json();
    assert_eq!(
        (&last["state"], &last["resolution"], &last["validity"]),
        (&json!("resolved"), &json!("revoked"), &json!("inactive"))
    );
    let page = format!("/incidents/{incident}");
    assert!(
        last["resolution_comment"]
            .as_str()
            .is_some_and(|text| text.contains(&page))
    );
    assert!(!bed.issuer.knows(&key));
    serve.wait_until_idle();
    let whole = serve.get(&format!("/v1/incidents/{incident}")).json();
    assert_eq!(whole["alerts"][0]["told"], "resolved as revoked");
    // GitHub tells us of our own change, and that is no news.
    let resolved = alert_event(7, "resolved");
    assert_eq!(
        serve.github("secret_scanning_alert", "b", &resolved).status,
        202
    );
    serve.wait_until_idle();
    assert_eq!(hosted.api.asked_for(PATCH).len(), 3);
}

#[test]
fn a_response_that_waits_for_its_grace_period_tells_the_alert_when_it_is_over() {
    let secret = Arc::<std::sync::Mutex<String>>::default();
    let told = Arc::clone(&secret);
    let api =
        HttpServer::start(move |asked| alert_seven(asked, &told).unwrap_or((200, "{}".to_owned())));
    let Some(hosted) = Hosted::new(api) else {
        return;
    };
    // Longer than is waited for in the process; meanwhile it is killed.
    let more = format!("grace_seconds = 7\n{}", github(&hosted));
    let bed = rotating(&hosted, &Rotation::approvals(0), &more);
    let key = bed.key(hosted.repository.sandbox(), "mailer");
    secret.lock().expect("a secret").clone_from(&key);
    let serve = bed.start.start();
    let created = alert_event(7, "created");
    assert_eq!(
        serve.github("secret_scanning_alert", "a", &created).status,
        202
    );
    eventually("there is a successor", || bed.issuer.acts().made == 1);
    serve.wait_until_idle();
    assert!(bed.issuer.knows(&key), "both work for a while");
    serve.kill();
    let serve = bed.start.start();
    let resolved = || {
        let told = hosted.api.asked_for(PATCH);
        told.last()
            .is_some_and(|last| last.json()["resolution"] == "revoked")
    };
    eventually("the alert is resolved", resolved);
    assert!(!bed.issuer.knows(&key));
    assert_eq!(serve.get("/v1/incidents?state=closed").json()["total"], 1);
}

#[test]
fn an_app_proves_itself_once_and_uses_the_token_of_its_installation() {
    let issued = json!({"token": GIT_PASSWORD, "expires_at": "2999-01-01T00:00:00Z"}).to_string();
    let api = HttpServer::start(move |asked| match asked.line.as_str() {
        "POST /app/installations/77/access_tokens" => (201, issued.clone()),
        _ => (201, "{}".to_owned()),
    });
    let Some(hosted) = Hosted::new(api) else {
        return;
    };
    let sandbox = hosted.repository.sandbox();
    let key = sandbox.path("app.pem");
    let openssl = |arguments: &[&str]| {
        let output = sandbox
            .command("openssl")
            .args(arguments)
            .output()
            .expect("openssl");
        assert!(output.status.success(), "{output:?}");
        output.stdout
    };
    openssl(&["genrsa", "-traditional", "-out", "app.pem", "2048"]);
    openssl(&["rsa", "-in", "app.pem", "-pubout", "-out", "app.pub"]);
    let config = format!(
        "repositories = ['acme/*']\n[github]\nwebhook_secrets = [{{ env = 'TEST_WEBHOOK_SECRET' }}]\nurl = '{}'\napi = '{}'\n\
         app = {{ id = '4711', key = {{ file = '{}' }} }}\ntell = ['check', 'comment', 'status']\n",
        hosted.git.url("").trim_end_matches('/'),
        hosted.api.url(),
        key.display(),
    );
    let certificate = hosted.git.certificate().display().to_string();
    let serve = super::service(sandbox, &config)
        .env("SSL_CERT_FILE", certificate)
        .start();
    let mut before = hosted.repository.id("HEAD");
    for number in 0..2 {
        let leak = Credential::named(&format!("seen by an App {number}"));
        let after = hosted.repository.commit_file("settings.py", leak.file());
        hosted.push("main");
        let body = github_push("acme/app", "refs/heads/main", &before, &after);
        let mut push: Value = serde_json::from_slice(&body).expect("JSON");
        push["installation"] = json!({"id": 77});
        let body = push.to_string();
        assert_eq!(
            serve
                .github("push", &format!("d-{number}"), body.as_bytes())
                .status,
            202
        );
        serve.wait_until_idle();
        let checks = hosted.api.asked_for("POST /repos/acme/app/check-runs");
        let check = checks.last().expect("a check run").json();
        assert_eq!(
            (&check["head_sha"], &check["conclusion"], &check["status"]),
            (&json!(after), &json!("failure"), &json!("completed"))
        );
        assert_eq!(check["output"]["title"], "1 leaked credential");
        before = after;
    }
    assert_eq!(
        hosted.api.asked_for("POST /repos/acme/app/commits/").len(),
        2
    );
    assert_eq!(
        hosted.api.asked_for("POST /repos/acme/app/statuses/").len(),
        2
    );
    let proofs = hosted
        .api
        .asked_for("POST /app/installations/77/access_tokens");
    assert_eq!(proofs.len(), 1, "a token is used until it is about to end");
    let bearer = |asked: &Asked| {
        let line = asked
            .head
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with("authorization:"));
        line.and_then(|line| line.rsplit(' ').next())
            .unwrap_or_default()
            .to_owned()
    };
    let jwt = bearer(&proofs[0]);
    let (signed, signature) = jwt.rsplit_once('.').expect("a JWT");
    sandbox.write("signed", signed);
    let padded =
        signature.replace('-', "+").replace('_', "/") + &"=".repeat((4 - signature.len() % 4) % 4);
    sandbox.write("signature.b64", padded);
    openssl(&[
        "base64",
        "-d",
        "-A",
        "-in",
        "signature.b64",
        "-out",
        "signature",
    ]);
    openssl(&[
        "dgst",
        "-sha256",
        "-verify",
        "app.pub",
        "-signature",
        "signature",
        "signed",
    ]);
    for asked in hosted.api.asked() {
        assert!(
            !asked.line.contains(GIT_PASSWORD) && !asked.line.contains("ey"),
            "{}",
            asked.line
        );
        let is_proof = asked.line.contains("/access_tokens");
        assert!(is_proof || bearer(&asked) == GIT_PASSWORD, "{}", asked.head);
    }
    assert!(!hosted.git.log().contains(GIT_PASSWORD) && !serve.log().contains(GIT_PASSWORD));
}

#[test]
fn a_vulnerability_of_gitlab_is_resolved_when_the_key_is_dead() {
    let refusals = std::sync::atomic::AtomicU32::new(0);
    let api = HttpServer::start(move |asked| {
        let body = match asked.line.as_str() {
            "GET /api/v4/projects/5" => json!({"default_branch": "main"}),
            "POST /api/graphql" if refusals.fetch_add(1, Ordering::SeqCst) == 0 => {
                return (503, "{}".to_owned());
            }
            "POST /api/graphql" => json!({"data": {"vulnerabilityResolve": {"errors": []}}}),
            _ => return (404, "{}".to_owned()),
        };
        (200, body.to_string())
    });
    let Some(hosted) = Hosted::new(api) else {
        return;
    };
    let config = format!(
        "[gitlab]\nwebhook_tokens = [{{ env = 'TEST_WEBHOOK_SECRET' }}]\nurl = '{}'\napi = '{}'\n\
         token = {{ env = 'TEST_GIT_TOKEN' }}\n",
        hosted.git.url("").trim_end_matches('/'),
        hosted.api.url(),
    );
    let bed = rotating(&hosted, &Rotation::approvals(0), &config);
    let key = bed.key(hosted.repository.sandbox(), "mailer");
    hosted.repository.commit_file(
        "config/mail.env",
        format!("# mail\nSENDGRID_API_KEY={key}\n"),
    );
    hosted.push("main");
    let serve = bed.start.start();
    let event = |state: &str| {
        json!({
            "object_kind": "vulnerability",
            "object_attributes": {
                "url": "https://gitlab.example/acme/app/-/security/vulnerabilities/9", "title": "SendGrid API token",
                "state": state, "project_id": 5, "severity": "critical", "report_type": "secret_detection",
                "location": {"file": "config/mail.env", "start_line": 2},
            },
        })
        .to_string()
    };
    let detected = event("detected");
    assert_eq!(
        serve
            .gitlab("Vulnerability Hook", detected.as_bytes())
            .status,
        202
    );
    eventually("it is told", || {
        hosted.api.asked_for("POST /api/graphql").len() >= 2
    });
    let asked = &hosted.api.asked_for("POST /api/graphql")[1];
    assert!(
        asked.head.to_ascii_lowercase().contains("private-token:"),
        "{}",
        asked.head
    );
    let body = asked.json();
    assert!(
        body["query"]
            .as_str()
            .is_some_and(|query| query.contains("vulnerabilityResolve"))
    );
    assert_eq!(body["variables"]["id"], "gid://gitlab/Vulnerability/9");
    assert!(!bed.issuer.knows(&key) && !asked.body.contains(&key));
    serve.wait_until_idle();
    let resolved = event("resolved");
    assert_eq!(
        serve
            .gitlab("Vulnerability Hook", resolved.as_bytes())
            .status,
        202
    );
    serve.wait_until_idle();
    assert_eq!(hosted.api.asked_for("POST /api/graphql").len(), 2);
}

#[test]
fn a_mutation_that_gitlab_refuses_is_shown_to_people() {
    let api = HttpServer::start(|asked| {
        let body = match asked.line.as_str() {
            "GET /api/v4/projects/5" => json!({"default_branch": "main"}),
            // GraphQL says no with status 200.
            _ => json!({"data": {"vulnerabilityResolve": {"errors": ["not allowed to do that"]}}}),
        };
        (200, body.to_string())
    });
    let Some(hosted) = Hosted::new(api) else {
        return;
    };
    let config = format!(
        "[gitlab]\nwebhook_tokens = [{{ env = 'TEST_WEBHOOK_SECRET' }}]\nurl = '{}'\napi = '{}'\n\
         token = {{ env = 'TEST_GIT_TOKEN' }}\n",
        hosted.git.url("").trim_end_matches('/'),
        hosted.api.url(),
    );
    let bed = rotating(&hosted, &Rotation::approvals(0), &config);
    let key = bed.key(hosted.repository.sandbox(), "mailer");
    hosted
        .repository
        .commit_file("mail.env", format!("SENDGRID_API_KEY={key}\n"));
    hosted.push("main");
    let serve = bed.start.start();
    let event = json!({"object_attributes": {
        "url": "https://gitlab.example/acme/app/-/security/vulnerabilities/9", "state": "detected", "project_id": 5,
        "report_type": "secret_detection", "location": {"file": "mail.env", "start_line": 1},
    }});
    assert_eq!(
        serve
            .gitlab("Vulnerability Hook", event.to_string().as_bytes())
            .status,
        202
    );
    eventually("what GitLab said is shown", || {
        let parked = serve.get("/v1/deliveries?state=parked").json();
        parked["deliveries"][0]["note"]
            .as_str()
            .is_some_and(|note| note.contains("not allowed to do that"))
    });
}
