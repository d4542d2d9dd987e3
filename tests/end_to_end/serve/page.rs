//! The page in a real browser: Debian's Chromium, driven by its own driver.
//!
//! With `LEAKWARD_SCREENSHOTS=FOLDER` pictures are kept, for people to look at.

use std::time::{SystemTime, UNIX_EPOCH};

use leakward_tests::{Browser, Credential, Requirement, Sandbox, Service, eventually, missing};
use serde_json::json;

use super::service;

const CONFIG: &str = "repositories = ['acme/*']\n\
    [github]\nwebhook_secrets = [{ env = 'TEST_WEBHOOK_SECRET' }]\nurl = 'http://127.0.0.1:9'\napi = 'http://127.0.0.1:9'\n";

/// A browser with one window; nothing when there is none on this machine.
pub(super) fn browser(sandbox: &Sandbox, width: u32, height: u32) -> Option<Browser> {
    if missing(Requirement::Tool("chromium")) || missing(Requirement::Tool("chromedriver")) {
        return None;
    }
    let browser = Browser::start(sandbox);
    browser.resize(width, height);
    Some(browser)
}

/// Logs in with the token that was printed.
pub(super) fn log_in(browser: &Browser, serve: &Service) -> String {
    let base = format!("http://127.0.0.1:{}", serve.port());
    browser.open(&base);
    browser.press(serve.one_time_token());
    browser.press(ENTER);
    eventually("the list is there", || browser.text().contains("Incidents"));
    base
}

/// What the browser complained about, but for log-ins that failed, which are answers that it notes too.
pub(super) fn complaints(browser: &Browser) -> Vec<String> {
    let mut complaints = browser.complaints();
    complaints.retain(|message| !message.contains("401"));
    complaints
}

/// A service with a few incidents.
fn with_incidents(sandbox: &Sandbox) -> Service {
    let serve = service(sandbox, CONFIG).start();
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock")
        .as_secs();
    for (number, place) in [
        "#deploys in the chat",
        "<script>alert(1)</script>",
        "a bug report",
    ]
    .iter()
    .enumerate()
    {
        let leak = Credential::named(&format!("page {number}"));
        let body = json!({"seen_at": place, "secret": leak.text(), "public": number == 0});
        assert_eq!(
            serve.leak(&format!("l-{number}"), seconds, &body).status,
            202
        );
    }
    assert_eq!(serve.wait_for_incidents(3).len(), 3);
    serve.wait_until_idle();
    serve
}

const TAB: &str = "\u{e004}";
pub(super) const ENTER: &str = "\u{e007}";

#[test]
fn a_person_logs_in_looks_and_closes_an_incident_with_the_keyboard_alone() {
    let sandbox = Sandbox::new();
    let Some(browser) = browser(&sandbox, 1_280, 900) else {
        return;
    };
    let serve = with_incidents(&sandbox);
    let base = format!("http://127.0.0.1:{}", serve.port());
    browser.open(&base);
    assert!(browser.url().ends_with("/login"), "{}", browser.url());
    browser.picture("login");
    browser.press("not the token");
    browser.press(ENTER);
    eventually("it is refused", || browser.text().contains("not known"));
    browser.script("document.querySelector('input[name=token]').focus()");
    browser.press(serve.one_time_token());
    browser.press(ENTER);
    eventually("the list is there", || browser.text().contains("Incidents"));
    browser.picture("list-light");
    browser.prefer("dark");
    browser.picture("list-dark");
    browser.prefer("light");
    assert!(
        browser.text().contains("<script>alert(1)</script>"),
        "foreign text is shown as text"
    );
    // To the second row, and into it.
    browser.press("jj");
    browser.press(ENTER);
    eventually("an incident is there", || {
        browser.url().contains("/incidents/")
    });
    browser.picture("incident-light");
    assert!(browser.text().contains("From leak to dead"));
    // Everything can be reached by tabbing, in the order of the page.
    browser.script("document.querySelector('#content').focus()");
    let reached = || {
        browser.script("return document.activeElement.name || document.activeElement.textContent")
    };
    let tab_to = |what: &str| {
        let found = (0..20).any(|_| {
            browser.press(TAB);
            reached() == what
        });
        assert!(found, "{what} is reached by tabbing");
    };
    tab_to("Close it by hand");
    browser.press(ENTER);
    tab_to("reason");
    browser.press("it was revoked by hand");
    tab_to("Close");
    browser.press(ENTER);
    eventually("it is closed", || {
        browser
            .text()
            .contains("closed the incident: it was revoked by hand")
    });
    browser.prefer("dark");
    browser.picture("incident-dark");
    for path in ["/charts", "/inventory", "/deliveries"] {
        browser.open(&format!("{base}{path}"));
        browser.picture(path.trim_start_matches('/'));
        assert!(
            browser.script("return document.querySelectorAll('h1').length") == 1,
            "{path}"
        );
    }
    assert_eq!(complaints(&browser), Vec::<String>::new());
}

#[test]
fn nothing_is_wider_than_a_phone() {
    let sandbox = Sandbox::new();
    let Some(browser) = browser(&sandbox, 360, 740) else {
        return;
    };
    let serve = with_incidents(&sandbox);
    let base = log_in(&browser, &serve);
    let first = serve.wait_for_incidents(1)[0]["fingerprint"]
        .as_str()
        .expect("text")
        .to_owned();
    for (name, path) in [
        ("list", "/".to_owned()),
        ("incident", format!("/incidents/{first}")),
        ("charts", "/charts".to_owned()),
        ("inventory", "/inventory".to_owned()),
        ("deliveries", "/deliveries".to_owned()),
    ] {
        browser.open(&format!("{base}{path}"));
        browser.picture(&format!("phone-{name}"));
        let width = browser.script("return document.documentElement.scrollWidth");
        assert!(
            width.as_u64().is_some_and(|width| width <= 360),
            "{name}: {width}"
        );
    }
    assert_eq!(complaints(&browser), Vec::<String>::new());
}
