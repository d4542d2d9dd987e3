//! Leaked tokens revoked with one request, as GitHub takes them from anybody.

use std::sync::{Arc, Mutex};

use leakward_tests::{Credential, HttpServer, Program, Repository, Sandbox};
use serde_json::Value;

use crate::leakward;

/// GitHub as far as tokens go: who is this, and revoke these.
struct Github {
    server: HttpServer,
    revoked: Arc<Mutex<Vec<String>>>,
}

impl Github {
    fn start(dead: &[&Credential]) -> Self {
        let revoked: Vec<String> = dead.iter().map(|one| one.text().to_owned()).collect();
        let revoked = Arc::new(Mutex::new(revoked));
        let known = Arc::clone(&revoked);
        let server = HttpServer::start(move |asked| {
            let mut revoked = known.lock().expect("the list");
            if asked.line.starts_with("POST /credentials/revoke") {
                let named = asked.json()["credentials"].clone();
                let named = named.as_array().cloned().unwrap_or_default();
                revoked.extend(named.iter().filter_map(Value::as_str).map(str::to_owned));
                return (202, "{}".to_owned());
            }
            if revoked
                .iter()
                .any(|token| asked.head.contains(token.as_str()))
            {
                return (401, r#"{"message":"Bad credentials"}"#.to_owned());
            }
            (200, r#"{"login":"octocat"}"#.to_owned())
        });
        Self { server, revoked }
    }

    fn of(&self, program: Program) -> Program {
        program
            .arg("--allow-private")
            .arg("--endpoint")
            .arg(format!("github={}", self.server.url()))
    }
}

/// No file of the program holds one of the tokens, and the audit log is whole.
fn nothing_left_behind(sandbox: &Sandbox, credentials: &[Credential]) {
    leakward(sandbox)
        .args(["audit", "verify"])
        .run()
        .expect_status(0);
    for (path, content) in sandbox.left_behind() {
        let text = String::from_utf8_lossy(&content);
        for credential in credentials {
            assert!(
                !text.contains(credential.text()),
                "{} holds a token",
                path.display()
            );
        }
    }
}

#[test]
fn all_tokens_of_a_public_repository_are_revoked_with_one_request() {
    let credentials: Vec<Credential> = ["one", "two", "three", "four"]
        .iter()
        .map(|name| Credential::named(&format!("{name}, to be revoked together")))
        .collect();
    let repository = Repository::new();
    for (number, credential) in credentials.iter().enumerate() {
        repository.commit_file(&format!("src/settings{number}.py"), credential.file());
    }
    let sandbox = repository.sandbox();
    let scan = leakward(sandbox)
        .args(["scan", "-f", "json", "-o", "report.json"])
        .arg(repository.folder())
        .run();
    scan.expect_status(1);
    let github = Github::start(&[&credentials[3]]);
    let revoke = |more: &[&str]| {
        let words = [
            "revoke",
            "--report",
            "report.json",
            "--together",
            "--public",
        ];
        github.of(leakward(sandbox).args(words).args(more)).run()
    };

    let dry = revoke(&["--dry-run"]);
    dry.expect_status(0);
    for words in [
        "Revoke 3 credentials together",
        "POST https://api.github.com/credentials/revoke, 1000 in one request at most: 1 requests",
        "dead already",
        "cannot be undone",
        "nothing was changed",
    ] {
        assert!(dry.stdout.contains(words), "{words}: {}", dry.transcript());
    }
    assert_eq!(
        github.revoked.lock().expect("it").len(),
        1,
        "a dry run revokes nothing"
    );
    assert!(github.server.asked_for("POST").is_empty());

    let done = revoke(&["--unattended"]);
    done.expect_status(0);
    assert_eq!(
        done.stdout
            .matches("the old credential is proven dead")
            .count(),
        3,
        "{}",
        done.transcript()
    );
    let requests = github.server.asked_for("POST");
    assert_eq!(requests.len(), 1, "one request for all");
    assert_eq!(
        requests[0].json()["credentials"].as_array().map(Vec::len),
        Some(3)
    );
    assert!(
        !requests[0].head.to_lowercase().contains("authorization"),
        "from anybody"
    );

    let again = revoke(&["--yes"]);
    again.expect_status(0);
    assert_eq!(
        again.stdout.matches("dead already").count(),
        4,
        "{}",
        again.transcript()
    );
    assert_eq!(github.server.asked_for("POST").len(), 1);
    nothing_left_behind(sandbox, &credentials);
    let wrong = leakward(sandbox)
        .args(["revoke", "--report", "report.json", "--yes"])
        .run();
    wrong.expect_status(2);
}
