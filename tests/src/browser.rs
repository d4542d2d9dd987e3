//! A real browser: Chromium without a window, driven over WebDriver (W3C) by ChromeDriver.
//!
//! What the tests of the HTML report and of the service's page need: open a page, run a script in it, press keys, read what it
//! complained of, look at it in the dark, on a phone, and as a picture.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

/// A running browser; it ends when this is dropped.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    /// Kept open: a driver that cannot print ends.
    _output: BufReader<ChildStdout>,
    port: u16,
    session: String,
}

impl Browser {
    /// Starts one, with an empty profile in the sandbox.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(sandbox: &Sandbox) -> Self {
        let mut driver = sandbox
            .command("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver");
        let mut output = BufReader::new(driver.stdout.take().expect("a pipe"));
        let port = output
            .by_ref()
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, port) = line.split_once("started successfully on port ")?;
                port.trim_end_matches('.').parse().ok()
            })
            .expect("chromedriver says its port");
        let mut browser = Self {
            driver,
            _output: output,
            port,
            session: String::new(),
        };
        let profile = sandbox.folder("browser");
        let answer = browser.ask("POST", "/session", &capabilities(&profile));
        browser.session = answer["sessionId"].as_str().expect("a session").to_owned();
        browser
    }

    /// Opens a page and waits until it is loaded.
    pub fn open(&self, address: &str) {
        self.command("POST", "/url", &json!({ "url": address }));
    }

    /// What a script in the page returns; null for one that only does something.
    pub fn script(&self, script: &str) -> Value {
        self.command(
            "POST",
            "/execute/sync",
            &json!({"script": script, "args": []}),
        )
    }

    /// Presses keys, one after another. Special keys are WebDriver's: `\u{e007}` is Enter, `\u{e00c}` Escape.
    pub fn press(&self, keys: &str) {
        let press = |key: char| {
            let key = key.to_string();
            [
                json!({"type": "keyDown", "value": key}),
                json!({"type": "keyUp", "value": key}),
            ]
        };
        let actions: Vec<Value> = keys.chars().flat_map(press).collect();
        let source = json!({"type": "key", "id": "keyboard", "actions": actions});
        self.command("POST", "/actions", &json!({ "actions": [source] }));
    }

    /// What the browser wrote into its console since it was last asked: refused scripts, errors.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let log = self.command("POST", "/se/log", &json!({"type": "browser"}));
        let entries = log.as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .map(|entry| entry["message"].to_string())
            .collect()
    }

    /// The address of the page.
    #[must_use]
    pub fn url(&self) -> String {
        self.script("return location.href")
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// What can be read on the page.
    #[must_use]
    pub fn text(&self) -> String {
        self.script("return document.body.innerText")
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Makes the page so large; below 600 it is a phone's.
    pub fn resize(&self, width: u32, height: u32) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    /// As somebody sees it who prefers `light` or `dark`.
    pub fn prefer(&self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", &features);
    }

    /// Keeps a picture of the whole page as `NAME.png` in the folder that `LEAKWARD_SCREENSHOTS` names, if it does.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("LEAKWARD_SCREENSHOTS") else {
            return;
        };
        let whole = json!({"format": "png", "captureBeyondViewport": true});
        let taken = self.devtools("Page.captureScreenshot", &whole);
        let file = std::fs::File::create(Path::new(&folder).join(format!("{name}.png")))
            .expect("a picture");
        let mut decoding = std::process::Command::new("base64")
            .arg("-d")
            .stdin(Stdio::piped())
            .stdout(file)
            .spawn()
            .expect("base64");
        let mut input = decoding.stdin.take().expect("its input");
        input
            .write_all(taken["data"].as_str().unwrap_or_default().as_bytes())
            .expect("the picture");
        drop(input);
        assert!(decoding.wait().expect("base64").success());
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        self.command("POST", "/goog/cdp/execute", &body)
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        self.ask(method, &format!("/session/{}{path}", self.session), body)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("chromedriver");
        let body = body.to_string();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )
        .expect("a request");
        let mut value: Value = serde_json::from_slice(&body_of(stream)).expect("JSON");
        assert!(
            value["value"]["error"].is_null(),
            "{path}: {}",
            value["value"]["message"]
        );
        value["value"].take()
    }
}

/// The body of an answer. ChromeDriver keeps the connection open whatever it is asked, so its length counts.
fn body_of(stream: TcpStream) -> Vec<u8> {
    let mut answer = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        answer.read_line(&mut line).expect("a header");
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(number) = line.strip_prefix("content-length:") {
            length = number.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    answer.read_exact(&mut body).expect("a body");
    body
}

/// Without a window, and without the browser's own calls to other machines.
fn capabilities(profile: &Path) -> Value {
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1400,1000",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([format!("--user-data-dir={}", profile.display())])
    .collect::<Vec<String>>();
    json!({"capabilities": {"alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": {"args": arguments, "binary": "/usr/bin/chromium"},
        "goog:loggingPrefs": {"browser": "ALL"},
    }}})
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            self.command("DELETE", "", &json!({}));
        }
        // Both fail only when it has ended already.
        let _ended = (self.driver.kill(), self.driver.wait());
    }
}
