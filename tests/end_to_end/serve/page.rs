//! The page in a real browser: Debian's Chromium, driven by its own driver.
//!
//! With `LEAKWARD_SCREENSHOTS=FOLDER` pictures are kept, for people to look at.

use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use leakward_tests::{Credential, Requirement, Sandbox, Service, eventually, missing, try_http};
use serde_json::{Value, json};

use super::service;

const CONFIG: &str = "repositories = ['acme/*']\n\
    [github]\nwebhook_secrets = [{ env = 'TEST_WEBHOOK_SECRET' }]\nurl = 'http://127.0.0.1:9'\napi = 'http://127.0.0.1:9'\n";

/// A browser with one window.
struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// Nothing when there is none on this machine.
    fn start(sandbox: &Sandbox, width: u32, height: u32) -> Option<Self> {
        if missing(Requirement::Tool("chromium")) || missing(Requirement::Tool("chromedriver")) {
            return None;
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .expect("a port")
            .local_addr()
            .expect("an address")
            .port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .env("HOME", sandbox.home())
            .env("TMPDIR", sandbox.temporary())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the driver");
        let mut browser = Self {
            driver,
            port,
            session: String::new(),
        };
        eventually("the driver is ready", || {
            try_http(port, "GET", "/status", &[], b"")
                .is_ok_and(|answer| answer.body.contains("\"ready\":true"))
        });
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en-GB",
                    "--no-proxy-server", format!("--window-size={width},{height}"), "--hide-scrollbars",
                ],
            },
        }}});
        let made = browser.call("POST", "/session", &wanted);
        browser.session = made["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("{made}"))
            .to_owned();
        // Headless windows are not narrower than 500 pixels by themselves; a phone is.
        browser.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({
                "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
            }),
        );
        Some(browser)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if method == "GET" {
            String::new()
        } else {
            body.to_string()
        };
        let headers = [("Content-Type", "application/json")];
        let answer = leakward_tests::http(self.port, method, path, &headers, body.as_bytes());
        answer.json()["value"].clone()
    }

    fn of_session(&self, method: &str, path: &str, body: &Value) -> Value {
        self.call(method, &format!("/session/{}{path}", self.session), body)
    }

    fn devtools(&self, command: &str, parameters: &Value) {
        let body = json!({"cmd": command, "params": parameters});
        self.of_session("POST", "/goog/cdp/execute", &body);
    }

    fn go(&self, url: &str) {
        self.of_session("POST", "/url", &json!({ "url": url }));
    }

    fn url(&self) -> String {
        self.of_session("GET", "/url", &Value::Null)
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    fn script(&self, script: &str) -> Value {
        self.of_session(
            "POST",
            "/execute/sync",
            &json!({"script": script, "args": []}),
        )
    }

    fn text(&self) -> String {
        self.script("return document.body.innerText")
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Types keys, one after the other, where the focus is.
    fn keys(&self, keys: &[&str]) {
        let actions: Vec<Value> = keys
            .iter()
            .flat_map(|key| {
                [
                    json!({"type": "keyDown", "value": key}),
                    json!({"type": "keyUp", "value": key}),
                ]
            })
            .collect();
        let body = json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]});
        self.of_session("POST", "/actions", &body);
    }

    fn type_text(&self, text: &str) {
        let letters: Vec<String> = text.chars().map(String::from).collect();
        self.keys(&letters.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// What the browser complained about: a broken policy, a script's error.
    fn complaints(&self) -> Vec<String> {
        let log = self.of_session("POST", "/se/log", &json!({"type": "browser"}));
        let log = log.as_array().cloned().unwrap_or_default();
        log.iter()
            .filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING")
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            // A failed log-in is an answer that the browser notes too.
            .filter(|message| !message.contains("401"))
            .collect()
    }

    fn dark(&self, is_dark: bool) {
        let value = if is_dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.devtools("Emulation.setEmulatedMedia", &features);
    }

    /// Keeps a picture, when somebody wants to look at it.
    fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("LEAKWARD_SCREENSHOTS") else {
            return;
        };
        let picture = self.of_session("GET", "/screenshot", &Value::Null);
        let file = std::path::Path::new(&folder).join(format!("{name}.b64"));
        std::fs::write(file, picture.as_str().unwrap_or_default()).expect("a picture");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            // Ends the browser; the driver alone would leave it.
            let path = format!("/session/{}", self.session);
            let _ended = try_http(self.port, "DELETE", &path, &[], b"");
        }
        let _ended = self.driver.kill();
        let _reaped = self.driver.wait();
    }
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
const ENTER: &str = "\u{e007}";

#[test]
fn a_person_logs_in_looks_and_closes_an_incident_with_the_keyboard_alone() {
    let sandbox = Sandbox::new();
    let Some(browser) = Browser::start(&sandbox, 1_280, 900) else {
        return;
    };
    let serve = with_incidents(&sandbox);
    let base = format!("http://127.0.0.1:{}", serve.port());
    browser.go(&base);
    assert!(browser.url().ends_with("/login"), "{}", browser.url());
    browser.picture("login");
    browser.type_text("not the token");
    browser.keys(&[ENTER]);
    eventually("it is refused", || browser.text().contains("not known"));
    browser.script("document.querySelector('input[name=token]').focus()");
    browser.type_text(serve.one_time_token());
    browser.keys(&[ENTER]);
    eventually("the list is there", || browser.text().contains("Incidents"));
    browser.picture("list-light");
    browser.dark(true);
    browser.picture("list-dark");
    browser.dark(false);
    assert!(
        browser.text().contains("<script>alert(1)</script>"),
        "foreign text is shown as text"
    );
    // To the second row, and into it.
    browser.keys(&["j", "j", ENTER]);
    eventually("an incident is there", || {
        browser.url().contains("/incidents/")
    });
    browser.picture("incident-light");
    assert!(browser.text().contains("From leak to dead"));
    // Everything can be reached by tabbing, in the order of the page; the reason comes before the buttons.
    browser.script("document.querySelector('#content').focus()");
    let reached = || {
        browser.script("return document.activeElement.name || document.activeElement.textContent")
    };
    let tabbed = (0..20).any(|_| {
        browser.keys(&[TAB]);
        reached() == "reason"
    });
    assert!(tabbed, "the reason is reached by tabbing");
    browser.type_text("it was revoked by hand");
    let on_close = (0..4).any(|_| {
        browser.keys(&[TAB]);
        reached() == "Close"
    });
    assert!(on_close, "the button is reached by tabbing");
    browser.keys(&[ENTER]);
    eventually("it is closed", || {
        browser
            .text()
            .contains("closed the incident: it was revoked by hand")
    });
    browser.dark(true);
    browser.picture("incident-dark");
    for path in ["/charts", "/inventory", "/deliveries"] {
        browser.go(&format!("{base}{path}"));
        browser.picture(path.trim_start_matches('/'));
        assert!(
            browser.script("return document.querySelectorAll('h1').length") == 1,
            "{path}"
        );
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn nothing_is_wider_than_a_phone() {
    let sandbox = Sandbox::new();
    let Some(browser) = Browser::start(&sandbox, 360, 740) else {
        return;
    };
    let serve = with_incidents(&sandbox);
    let base = format!("http://127.0.0.1:{}", serve.port());
    browser.go(&base);
    browser.type_text(serve.one_time_token());
    browser.keys(&[ENTER]);
    eventually("the list is there", || browser.text().contains("Incidents"));
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
        browser.go(&format!("{base}{path}"));
        browser.picture(&format!("phone-{name}"));
        let width = browser.script("return document.documentElement.scrollWidth");
        assert!(
            width.as_u64().is_some_and(|width| width <= 360),
            "{name}: {width}"
        );
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
