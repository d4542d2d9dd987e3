//! A response that waits for people: who may say yes, what they see before they do, and what a no means.

use leakward_tests::{Rotation, Sandbox, Service, eventually, http};
use serde_json::{Value, json};

use super::PROGRAM;
use super::page::{ENTER, browser, complaints, log_in};
use crate::leakward;

/// Three people beside the tests' admin.
const PEOPLE: &str = "[[login.tokens]]\nname = 'vera'\nrole = 'viewer'\ntoken = { env = 'TEST_VERA' }\n\
    [[login.tokens]]\nname = 'ann'\nrole = 'approver'\ntoken = { env = 'TEST_ANN' }\n\
    [[login.tokens]]\nname = 'bob'\nrole = 'approver'\ntoken = { env = 'TEST_BOB' }\n";

fn bed(sandbox: &Sandbox, policy: Option<&str>) -> Rotation {
    let mut bed = Rotation::new(PROGRAM.as_ref(), sandbox, policy, PEOPLE);
    for name in ["vera", "ann", "bob"] {
        let variable = format!("TEST_{}", name.to_uppercase());
        bed.start = bed.start.env(&variable, token(name));
    }
    bed
}

fn token(name: &str) -> String {
    format!("the token of {name}")
}

/// What somebody decides; the status of the answer.
fn decide(serve: &Service, who: &str, incident: &str, decision: &str) -> u16 {
    let bearer = format!("Bearer {}", token(who));
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
    ];
    let path = format!("/v1/incidents/{incident}/{decision}");
    let body = json!({"reason": format!("{who} says so")}).to_string();
    http(serve.port(), "POST", &path, &headers, body.as_bytes()).status
}

fn whole(serve: &Service, incident: &str) -> Value {
    serve.get(&format!("/v1/incidents/{incident}")).json()
}

/// Waits until the only incident is in this state; its fingerprint.
fn wait_for(serve: &Service, state: &str) -> String {
    let mut last = Value::Null;
    eventually(&format!("the incident is {state}"), || {
        last = serve.get("/v1/incidents").json()["incidents"][0].clone();
        // What a person has to see to does not get better by waiting.
        assert!(
            last["state"] != "needs-person" || state == "needs-person",
            "{last:#}\n{}",
            serve.log()
        );
        last["state"] == state
    });
    last["fingerprint"].as_str().expect("text").to_owned()
}

#[test]
fn a_person_sees_the_plan_approves_it_in_the_browser_and_the_key_is_dead() {
    let sandbox = Sandbox::new();
    let Some(browser) = browser(&sandbox, 1_280, 1_000) else {
        return;
    };
    let bed = bed(&sandbox, None);
    let key = bed.key(&sandbox, "mailer/production");
    let serve = bed.start.start();
    bed.leak(&serve, "leak", &key);
    let incident = wait_for(&serve, "waiting-for-approval");
    assert!(bed.issuer.knows(&key) && bed.issuer.acts().made == 0);
    let base = log_in(&browser, &serve);
    browser.picture("waiting-list");
    browser.open(&format!("{base}/incidents/{incident}"));
    let text = browser.text();
    for seen in [
        "Plan: rotate",
        "mailer/production",
        "create",
        "promote",
        "revoke",
        "one person has to say yes",
        "Approve",
        "Reject",
    ] {
        assert!(text.contains(seen), "{seen} in {text}");
    }
    assert!(!text.contains(&key));
    browser.picture("waiting-light");
    browser.prefer("dark");
    browser.picture("waiting-dark");
    browser.prefer("light");
    browser.resize(390, 844);
    browser.picture("waiting-phone");
    let width = browser.script("return document.documentElement.scrollWidth");
    assert!(width.as_u64().is_some_and(|width| width <= 390), "{width}");
    browser.script("document.querySelector('input[name=reason]').focus()");
    browser.press("announced in the channel");
    browser.press(ENTER);
    // Whoever leaves the page before it answers may have said nothing.
    eventually("the answer", || {
        browser.text().contains("announced in the channel")
    });
    eventually("the key is dead", || {
        browser.open(&format!("{base}/incidents/{incident}"));
        browser.text().contains("after it was found")
    });
    browser.picture("dead-phone");
    browser.resize(1_280, 1_000);
    browser.picture("dead-light");
    let text = browser.text();
    for seen in [
        "approved",
        "rotated",
        "revoked",
        "proven dead",
        "announced in the channel",
    ] {
        assert!(text.contains(seen), "{seen} in {text}");
    }
    assert!(!bed.issuer.knows(&key));
    assert!(
        bed.issuer
            .knows(&bed.in_store(&sandbox, "mailer/production"))
    );
    for page in ["/", "/charts", "/inventory", "/deliveries"] {
        browser.open(&format!("{base}{page}"));
        browser.picture(&format!("after{}", page.replace('/', "-")));
    }
    assert_eq!(complaints(&browser), Vec::<String>::new());
}

#[test]
fn where_the_policy_wants_two_people_one_is_not_enough_however_often() {
    let sandbox = Sandbox::new();
    let bed = bed(&sandbox, Some(&Rotation::approvals(2)));
    let key = bed.key(&sandbox, "mailer");
    let serve = bed.start.start();
    bed.leak(&serve, "leak", &key);
    let incident = wait_for(&serve, "waiting-for-approval");
    assert_eq!(decide(&serve, "vera", &incident, "approve"), 403);
    assert_eq!(decide(&serve, "vera", &incident, "reject"), 403);
    assert_eq!(decide(&serve, "ann", &incident, "approve"), 202);
    assert_eq!(
        whole(&serve, &incident)["incident"]["approvals"][0]["what"],
        "ann",
        "it is seen at once"
    );
    assert_eq!(decide(&serve, "ann", &incident, "approve"), 202);
    serve.wait_until_idle();
    let between = whole(&serve, &incident);
    assert_eq!(between["incident"]["state"], "waiting-for-approval");
    assert_eq!(
        between["incident"]["approvals"].as_array().map(Vec::len),
        Some(1)
    );
    assert!(bed.issuer.knows(&key) && bed.issuer.acts().made == 0);
    assert_eq!(decide(&serve, "bob", &incident, "approve"), 202);
    wait_for(&serve, "closed");
    assert!(!bed.issuer.knows(&key));
    assert_eq!(
        decide(&serve, "bob", &incident, "approve"),
        409,
        "it is over"
    );
}

#[test]
fn a_yes_that_is_in_the_queue_is_not_put_there_again_by_a_restart() {
    let sandbox = Sandbox::new();
    let bed = bed(&sandbox, Some(&Rotation::approvals(2)));
    let key = bed.key(&sandbox, "mailer");
    let serve = bed.start.start();
    bed.leak(&serve, "leak", &key);
    let incident = wait_for(&serve, "waiting-for-approval");
    assert_eq!(decide(&serve, "ann", &incident, "approve"), 202);
    serve.wait_until_idle();
    drop(serve);
    let serve = bed.start.start();
    // What a start picks up it does before long; bob's yes shows that it is past that.
    assert_eq!(decide(&serve, "bob", &incident, "approve"), 202);
    wait_for(&serve, "closed");
    let listed = serve.get("/v1/deliveries").json();
    let deliveries = listed["deliveries"].as_array().expect("a list");
    let approvals = deliveries.iter().filter(|one| one["event"] == "approve");
    assert_eq!(approvals.count(), 2, "ann's and bob's: {listed:#}");
}

#[test]
fn a_yes_counts_although_nobody_waits_for_the_answer() {
    use std::io::Write as _;

    let sandbox = Sandbox::new();
    let bed = bed(&sandbox, Some(&Rotation::approvals(1)));
    let key = bed.key(&sandbox, "mailer");
    let serve = bed.start.start();
    bed.leak(&serve, "leak", &key);
    let incident = wait_for(&serve, "waiting-for-approval");
    eventually("a yes is taken down", || {
        let address = ("127.0.0.1", serve.port());
        let mut stream = std::net::TcpStream::connect(address).expect("a connection");
        let request = format!(
            "POST /v1/incidents/{incident}/approve HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: 13\r\n\r\n{{\"reason\":\"\"}}",
            token("ann")
        );
        stream.write_all(request.as_bytes()).expect("a request");
        drop(stream);
        std::thread::sleep(std::time::Duration::from_millis(200));
        let whole = whole(&serve, &incident).to_string();
        whole.contains("approved the response")
    });
    // Nobody says it again: what is taken down is done.
    wait_for(&serve, "closed");
    assert!(!bed.issuer.knows(&key));
}

#[test]
fn what_is_rejected_changes_nothing_needs_a_person_and_can_be_approved_anew() {
    let sandbox = Sandbox::new();
    let bed = bed(&sandbox, Some(&Rotation::approvals(2)));
    let key = bed.key(&sandbox, "mailer");
    let serve = bed.start.start();
    bed.leak(&serve, "leak", &key);
    let incident = wait_for(&serve, "waiting-for-approval");
    assert_eq!(decide(&serve, "ann", &incident, "approve"), 202);
    serve.wait_until_idle();
    assert_eq!(decide(&serve, "bob", &incident, "reject"), 200);
    let rejected = whole(&serve, &incident);
    assert_eq!(rejected["incident"]["state"], "needs-person");
    assert_eq!(
        rejected["incident"]["approvals"],
        json!([]),
        "a no takes back what was said before"
    );
    assert!(
        rejected["incident"]["because"]
            .as_str()
            .is_some_and(|text| text.contains("bob said no to the response: bob says so")),
        "{rejected:#}"
    );
    assert!(bed.issuer.knows(&key) && bed.issuer.acts().made == 0);
    // From the command line, by the tests' admin and by bob, who has changed his mind.
    let url = format!("http://127.0.0.1:{}", serve.port());
    for (name, token) in [
        ("tester", leakward_tests::API_TOKEN.to_owned()),
        ("bob", token("bob")),
    ] {
        leakward(&sandbox)
            .args(["incidents", "approve", &incident, "--reason", name])
            .args(["--server", &url])
            .env("LEAKWARD_TOKEN", token)
            .run()
            .expect_status(0);
    }
    eventually("it is closed", || {
        whole(&serve, &incident)["incident"]["state"] == "closed"
    });
    assert!(!bed.issuer.knows(&key));
}
