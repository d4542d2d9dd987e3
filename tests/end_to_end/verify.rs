//! Verification as users run it: `scan --verify` and `leakward verify`, against a small server of our own.
//!
//! What answers mean and what is refused on the way is tested in `engine/verify`; here is what only a whole run shows.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use leakward_tests::{Credential, HttpsServer, Program, Report, Repository, Sandbox};

use crate::leakward;

const LIVE: (u16, &str) = (200, r#"{"login":"octocat"}"#);
const DEAD: (u16, &str) = (401, r#"{"message":"Bad credentials"}"#);

/// A server that says the same to everybody, and repeats what it was sent.
struct Provider {
    port: u16,
    received: Arc<Mutex<Vec<String>>>,
}

impl Provider {
    fn answering((status, body): (u16, &'static str)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut request = String::new();
                let mut buffer = [0; 4096];
                while !request.contains("\r\n\r\n") {
                    let count = stream.read(&mut buffer).unwrap_or(0);
                    if count == 0 {
                        break;
                    }
                    request.push_str(&String::from_utf8_lossy(&buffer[..count]));
                }
                let token = request.split("Bearer ").nth(1).unwrap_or_default();
                let token = token.lines().next().unwrap_or_default().to_owned();
                log.lock().expect("the log").push(request);
                let answer = format!(
                    "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\nx-oauth-scopes: repo, {token}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                // A client that has gone needs no answer.
                stream.write_all(answer.as_bytes()).ok();
            }
        });
        Self { port, received }
    }

    fn received(&self) -> Vec<String> {
        self.received.lock().expect("the log").clone()
    }

    /// A command that asks this server in the provider's place.
    fn asked_by(&self, program: Program) -> Program {
        program
            .arg("--allow-private")
            .arg("--endpoint")
            .arg(format!("github=http://127.0.0.1:{}", self.port))
    }
}

fn repository() -> (Repository, Credential) {
    let credential = Credential::named("to be verified");
    let repository = Repository::new();
    repository.commit_file("src/settings.py", credential.file());
    repository.commit_file("src/again.py", credential.file());
    (repository, credential)
}

fn scan(repository: &Repository) -> Program {
    leakward(repository.sandbox())
        .arg("scan")
        .arg(repository.folder())
}

#[test]
fn nobody_is_asked_without_verify() {
    let (repository, _) = repository();
    let provider = Provider::answering(LIVE);
    provider.asked_by(scan(&repository)).run().expect_status(1);
    assert!(provider.received().is_empty());
}

#[test]
fn a_live_credential_is_asked_about_once_and_every_report_says_whose_it_is() {
    let (repository, credential) = repository();
    let provider = Provider::answering(LIVE);
    let run = provider
        .asked_by(scan(&repository))
        .args([
            "--verify", "-f", "json", "-o", "a.json", "-f", "sarif", "-o", "b.sarif", "-f", "csv",
            "-o", "c.csv", "-f", "terminal",
        ])
        .run();
    run.expect_status(1);
    assert_eq!(provider.received().len(), 1);
    assert!(provider.received()[0].contains(&format!("Bearer {}", credential.text())));
    let read = |name: &str| fs::read_to_string(repository.sandbox().path(name)).expect(name);
    let report = Report::parse(&read("a.json"), "a.json");
    let verification = &report.findings()[0]["verification"];
    assert_eq!(verification["verdict"], "live", "{verification:#}");
    assert_eq!(verification["identity"][0]["value"], "octocat");
    assert_eq!(verification["scopes"], serde_json::json!(["repo"]));
    assert_eq!(
        (&verification["method"], &verification["path"]),
        (&"GET".into(), &"/user".into())
    );
    assert!(read("b.sarif").contains("It still works (user octocat)"));
    assert!(read("c.csv").contains("user: octocat"));
    assert!(
        run.stdout.contains("live") && run.stdout.contains("octocat"),
        "{}",
        run.transcript()
    );
}

/// Reports that other tools define have no place for a verdict.
#[test]
fn every_report_of_our_own_carries_the_verdict() {
    let (repository, _) = repository();
    for (answer, words) in [
        (
            LIVE,
            [
                "live",
                "still works",
                "| **yes** |",
                "\"v\":0",
                "\"Verified\":true",
            ],
        ),
        (
            DEAD,
            [
                "dead",
                "no longer works",
                "| no |",
                "\"v\":1",
                "\"Verified\":false",
            ],
        ),
    ] {
        let provider = Provider::answering(answer);
        for format in [
            "terminal",
            "json",
            "jsonl",
            "sarif",
            "csv",
            "markdown",
            "html",
            "junit",
            "gitlab",
            "codequality",
            "github",
            "trufflehog-json",
        ] {
            let run = provider
                .asked_by(scan(&repository))
                .args(["--verify", "--verify-cache-ttl", "0", "-f", format])
                .run();
            run.expect_status(1);
            // The page has every word in it, for its legend.
            let words = match format {
                "html" => words.get(3..4).unwrap_or_default(),
                _ => &words,
            };
            assert!(
                words.iter().any(|word| run.stdout.contains(word)),
                "{format}: {}",
                run.transcript()
            );
        }
    }
}

#[test]
fn a_live_credential_is_more_severe_by_one_step() {
    let sandbox = Sandbox::new();
    let rule = "version = 1\nprovider = \"Acme\"\n\n[[rule]]\nid = \"acme-key\"\ntitle = \"Acme key\"\nseverity = \"medium\"\nliterals = [\"acme_\"]\npattern = 'acme_[0-9a-z]{16}'\nsamples = ['acme_{base36:16}']\n\n[rule.verify]\nendpoint = \"https://api.acme.example\"\nrequest = \"GET /user\"\nauth = \"bearer\"\nlive = ['200 & /login']\ndead = ['401']\n";
    sandbox.write("acme.toml", rule);
    let digits: String = Credential::named("acme").text()[8..24].to_ascii_lowercase();
    sandbox.write("folder/key.txt", format!("key {}{digits}\n", "acme_"));
    for (answer, severity) in [(LIVE, "high"), (DEAD, "medium")] {
        let provider = Provider::answering(answer);
        let run = leakward(&sandbox)
            .args([
                "scan",
                "--rules",
                "acme.toml",
                "--only-rule",
                "acme-key",
                "folder",
            ])
            .args(["--verify", "--verify-cache-ttl", "0", "-f", "json"])
            .args(["--allow-private", "--endpoint"])
            .arg(format!("acme-key=http://127.0.0.1:{}", provider.port))
            .run();
        let report = run.expect_status(1).report();
        assert_eq!(
            report.findings()[0]["severity"],
            severity,
            "{}",
            run.transcript()
        );
    }
}

#[test]
fn with_control_an_endpoint_that_accepts_anything_proves_nothing() {
    let (repository, _) = repository();
    let provider = Provider::answering(LIVE);
    let run = provider
        .asked_by(scan(&repository))
        .args(["--verify", "--control", "-f", "json"])
        .run();
    let report = run.report();
    let verification = &report.findings()[0]["verification"];
    assert_eq!(verification["verdict"], "unknown", "{verification:#}");
    assert!(
        verification.to_string().contains("control passed"),
        "{verification:#}"
    );
    assert_eq!(provider.received().len(), 2);
}

/// A proxy that writes down what it is asked for, and makes no connection.
fn refusing_proxy() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).unwrap_or(0);
            let request = String::from_utf8_lossy(&buffer[..count]).into_owned();
            log.lock().expect("the log").push(request);
            // A client that has gone needs no answer.
            stream
                .write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
                .ok();
        }
    });
    (port, asked)
}

#[test]
fn a_proxy_is_taken_from_the_flag_or_from_the_environment() {
    let (repository, credential) = repository();
    for by_flag in [true, false] {
        let (port, asked) = refusing_proxy();
        let address = format!("http://127.0.0.1:{port}");
        let program = scan(&repository)
            .args(["--verify", "-f", "json", "--verify-cache-ttl", "0"])
            .args(["--endpoint", "github=https://ghe.corp.example/api/v3"]);
        let program = match by_flag {
            true => program.args(["--proxy", &address]),
            false => program.env("HTTPS_PROXY", &address),
        };
        let run = program.run();
        assert_eq!(
            run.report().findings()[0]["verification"]["verdict"],
            "unknown"
        );
        let asked = asked.lock().expect("the log").join("");
        assert!(asked.starts_with("CONNECT ghe.corp.example:443"), "{asked}");
        assert!(!asked.contains(credential.text()));
    }
}

#[test]
fn a_certificate_authority_of_the_user_s_is_trusted_and_no_other() {
    let (repository, _) = repository();
    let sandbox = repository.sandbox();
    if leakward_tests::missing(leakward_tests::Requirement::Tool("openssl")) {
        return;
    }
    let server = HttpsServer::start(sandbox, sandbox.root(), "nobody's");
    let address = server.url("api");
    let run = |more: &[&str]| {
        let program = scan(&repository)
            .args([
                "--verify",
                "-f",
                "json",
                "--verify-cache-ttl",
                "0",
                "--allow-private",
            ])
            .args(["--endpoint", &format!("github={address}")]);
        program.args(more).run()
    };
    let strict = run(&[]);
    assert_eq!(
        strict.report().findings()[0]["verification"]["verdict"],
        "unknown"
    );
    assert_eq!(server.log(), "");
    let certificate = server.certificate().display().to_string();
    run(&["--ca-file", &certificate]);
    assert!(server.log().contains("/api/user"), "{}", server.log());
    run(&["--ca-file", "not-there.pem"])
        .expect_status(2)
        .expect_message(&["not-there.pem"]);
}

#[test]
fn only_live_leaves_out_what_is_dead() {
    let (repository, _) = repository();
    let provider = Provider::answering(DEAD);
    let run = provider
        .asked_by(scan(&repository))
        .args(["--only", "live", "-f", "json"])
        .run();
    run.expect_status(0);
    assert!(run.report().findings().is_empty());
    assert_eq!(provider.received().len(), 1);
}

#[test]
fn a_verdict_is_kept_for_a_while() {
    let (repository, _) = repository();
    let provider = Provider::answering(LIVE);
    for expected in ["provider", "cache"] {
        let run = provider
            .asked_by(scan(&repository))
            .args(["--verify", "-f", "json"])
            .run();
        assert_eq!(
            run.report().findings()[0]["verification"]["source"],
            expected
        );
    }
    let run = provider
        .asked_by(scan(&repository))
        .args(["--verify", "--verify-cache-ttl", "0", "-f", "json"])
        .run();
    assert_eq!(
        run.report().findings()[0]["verification"]["source"],
        "provider"
    );
    assert_eq!(provider.received().len(), 2);
}

#[test]
fn an_egress_plan_names_the_call_and_makes_none() {
    let (repository, credential) = repository();
    let provider = Provider::answering(LIVE);
    let run = provider
        .asked_by(scan(&repository))
        .arg("--egress-plan")
        .run();
    run.expect_status(0);
    assert!(
        run.stdout
            .contains(&format!("GET http://127.0.0.1:{}/user", provider.port)),
        "{}",
        run.transcript()
    );
    assert!(!run.stdout.contains(credential.text()));
    assert!(provider.received().is_empty());
}

#[test]
fn the_findings_of_a_report_are_verified_from_where_they_were_found() {
    let (repository, credential) = repository();
    let provider = Provider::answering(DEAD);
    scan(&repository)
        .args(["-f", "json", "-o", "r.json"])
        .run()
        .expect_status(1);
    let sandbox = repository.sandbox();
    let report = Report::parse(
        &fs::read_to_string(sandbox.path("r.json")).expect("r.json"),
        "r.json",
    );
    assert!(!report.value().to_string().contains(credential.text()));
    let fingerprint = report.findings()[0]["fingerprint"]
        .as_str()
        .expect("a fingerprint")
        .to_owned();
    let verify = |more: &[&str]| {
        let program = leakward(sandbox)
            .args([
                "verify",
                "--report",
                "r.json",
                "-f",
                "json",
                "--verify-cache-ttl",
                "0",
            ])
            .args(more);
        provider.asked_by(program).run()
    };
    let run = verify(&[]);
    run.expect_status(1);
    assert_eq!(
        run.report().findings()[0]["verification"]["verdict"],
        "dead"
    );
    verify(&["--finding", &fingerprint]).expect_status(1);
    verify(&["--finding", "00000000000000000000000000000000"]).expect_status(2);
    assert_eq!(provider.received().len(), 2);
}

#[test]
fn a_finding_that_is_gone_is_told_and_not_passed_over() {
    let (repository, _) = repository();
    let sandbox = repository.sandbox();
    let provider = Provider::answering(LIVE);
    scan(&repository)
        .args(["-f", "json", "-o", "r.json"])
        .run()
        .expect_status(1);
    let empty = repository.neighbour("empty");
    empty.commit_file("a", "b\n");
    let program = leakward(sandbox)
        .args(["verify", "--report", "r.json"])
        .arg(empty.folder());
    let run = provider.asked_by(program).run();
    run.expect_status(2);
    assert!(
        run.transcript().contains("not found again"),
        "{}",
        run.transcript()
    );
}

#[test]
fn one_credential_from_standard_input() {
    let sandbox = Sandbox::new();
    let credential = Credential::named("from a pipe");
    let run = |provider: &Provider, more: &[&str]| {
        let program = leakward(&sandbox)
            .args(["verify", "--rule", "github-pat-classic"])
            .args(more)
            .input(credential.text());
        provider.asked_by(program).run()
    };
    let live = run(&Provider::answering(LIVE), &["-f", "json"]);
    live.expect_status(1);
    assert!(
        live.stdout.contains(r#""verdict":"live""#),
        "{}",
        live.transcript()
    );
    run(&Provider::answering(DEAD), &[]).expect_status(0);
    run(&Provider::answering((500, "")), &[]).expect_status(2);
    run(&Provider::answering(LIVE), &["--offline"]).expect_status(2);
}

#[test]
fn what_a_live_credential_reaches_is_shown_as_a_tree_and_as_json() {
    let sandbox = Sandbox::new();
    let provider =
        Provider::answering((200, r#"[{"login":"octo-org","full_name":"octo-org/pay"}]"#));
    let run = |more: &[&str]| {
        let program = leakward(&sandbox)
            .args(["inspect", "--rule", "github-pat-classic"])
            .args(more)
            .input(Credential::named("inspected").text());
        provider.asked_by(program).run()
    };
    // The answer is a list, so that it says nothing about whose the token is.
    run(&[]).expect_status(2);
    let provider = Provider::answering((200, r#"{"login":"octocat"}"#));
    let program = leakward(&sandbox)
        .args(["inspect", "--rule", "github-pat-classic"])
        .input(Credential::named("inspected").text());
    let tree = provider.asked_by(program).run();
    tree.expect_status(1);
    for line in [
        "live\n├─ accepted (200)\n",
        "├─ whose it is\n│  └─ user: octocat\n",
        "├─ organizations (1)\n│  └─ octocat\n",
        "└─ repositories (0)\n",
    ] {
        assert!(tree.stdout.contains(line), "{}", tree.transcript());
    }
    let program = leakward(&sandbox)
        .args(["inspect", "--rule", "github-pat-classic", "-f", "json"])
        .input(Credential::named("inspected").text());
    let json = provider.asked_by(program).run();
    assert!(
        json.stdout
            .contains(r#""details":[{"name":"organizations""#),
        "{}",
        json.transcript()
    );
}

#[test]
fn a_private_address_needs_the_user_s_word() {
    let sandbox = Sandbox::new();
    let provider = Provider::answering(LIVE);
    let run = leakward(&sandbox)
        .args(["verify", "--rule", "github-pat-classic", "--endpoint"])
        .arg(format!("github=https://127.0.0.1:{}", provider.port))
        .input(Credential::named("private").text())
        .run();
    run.expect_status(2);
    assert!(run.stdout.contains("private"), "{}", run.transcript());
    assert!(provider.received().is_empty());
}

#[test]
fn a_verified_credential_comes_out_nowhere_even_if_the_provider_repeats_it() {
    let (repository, credential) = repository();
    for (answer, format) in [
        (LIVE, "terminal"),
        (LIVE, "json"),
        (DEAD, "sarif"),
        (DEAD, "csv"),
        ((500, "{}"), "jsonl"),
    ] {
        let provider = Provider::answering(answer);
        let run = provider
            .asked_by(scan(&repository))
            .args([
                "--verify",
                "--control",
                "-vv",
                "--verify-cache-ttl",
                "1h",
                "-f",
                format,
            ])
            .run();
        assert!(
            !run.transcript().contains(credential.text()),
            "{}",
            run.transcript()
        );
        assert!(!provider.received().is_empty());
    }
    let left = repository.sandbox().left_behind();
    let names: Vec<_> = left
        .iter()
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(
        names
            .iter()
            .any(|name| name.ends_with("verify-audit.jsonl")),
        "{names:?}"
    );
    for (path, bytes) in left {
        assert!(
            !String::from_utf8_lossy(&bytes).contains(credential.text()),
            "{}",
            path.display()
        );
    }
}
