//! Alerts that code hosts raise themselves: looked into, and told what became of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use leakward_tests::{Credential, HttpServer, eventually};
use serde_json::{Value, json};

use super::Hosted;

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
