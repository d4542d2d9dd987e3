//! Access keys of AWS, at moto: one that was revoked by mistake is switched on again, and what that leaves behind.

use std::process::Command;

use leakward_tests::{Program, Repository, Run, free_port, http};

use super::world::{Server, program, scanned, start};
use crate::leakward;

/// moto in which a key that is switched off does not authenticate.
const STRICT: &str = include_str!("../../../engine/respond/tests/shared/strict_moto.py");

const RULE: &str = "aws-secret-access-key";

/// An account with an administrator, and the application's key in a repository.
struct Scene {
    server: Server,
    repository: Repository,
    finding: String,
    /// Id and secret.
    app: (String, String),
    admin: String,
}

/// A call with which users are made; moto looks at nobody's signature before the seventh. The answer.
fn free_call(port: u16, request: &str) -> String {
    let signed = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x";
    let headers = [
        ("host", "iam.amazonaws.com"),
        ("authorization", signed),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let body = format!("{request}&Version=2010-05-08");
    let answer = http(port, "POST", "/", &headers, body.as_bytes());
    assert_eq!(answer.status, 200, "{request}");
    answer.body
}

impl Scene {
    fn new() -> Option<Self> {
        let moto = program("moto_server")?;
        // The interpreter that moto was installed for.
        let script = std::fs::read_to_string(&moto).unwrap_or_default();
        let named = script
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("#!"));
        let python = named.filter(|line| line.contains("python"));
        let port = free_port();
        let mut command = Command::new(python.map_or("python3", str::trim));
        command
            .args(["-c", STRICT, "-H", "127.0.0.1", "-p", &port.to_string()])
            .env("INITIAL_NO_AUTH_ACTION_COUNT", "6");
        let server = start(command, port, tempfile::tempdir().expect("a folder"));
        let key = |user: &str| {
            free_call(port, &format!("Action=CreateUser&UserName={user}"));
            let made = free_call(port, &format!("Action=CreateAccessKey&UserName={user}"));
            let one = |name: &str| {
                let (_, rest) = made.split_once(&format!("<{name}>")).expect(name);
                rest.split('<').next().unwrap_or_default().to_owned()
            };
            (one("AccessKeyId"), one("SecretAccessKey"))
        };
        let (boss, app) = (key("boss"), key("app"));
        let policy = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D";
        let put = "Action=PutUserPolicy&UserName=boss&PolicyName=all&PolicyDocument";
        free_call(port, &format!("{put}={policy}"));
        free_call(port, "Action=ListUsers");
        let repository = Repository::new();
        let (id, secret) = &app;
        let text = format!("AWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={secret}\n");
        repository.commit_file("deploy/settings.env", text);
        let (finding, _) = scanned(&repository, RULE);
        Some(Self {
            server,
            repository,
            finding,
            admin: format!("{}:{}", boss.0, boss.1),
            app,
        })
    }

    fn leakward(&self, words: &[&str]) -> Program {
        let endpoint = format!("{RULE}=http://127.0.0.1:{}", self.server.port);
        leakward(self.repository.sandbox())
            .args(words)
            .args(["--endpoint", &endpoint, "--allow-private"])
            .env("LEAKWARD_IDENTITY_AWS_ADMIN", &self.admin)
    }

    fn restore(&self, more: &[&str]) -> Run {
        let id = format!("id={}", self.app.0);
        self.leakward(&["respond", "restore", &self.finding, "--with", &id])
            .args(more)
            .arg("--credential")
            .input(self.app.1.clone())
            .run()
    }

    fn revoke(&self) {
        let finding = format!("--finding={}", self.finding);
        let words = ["revoke", "--report", "report.json", &finding, "--yes"];
        let done = self.leakward(&words).run();
        done.expect_status(0);
        assert!(done.stdout.contains("proven dead"), "{}", done.transcript());
        assert_eq!(self.verdict(), "dead");
    }

    /// Where the policy wants two people for what was revoked, it wants two for this as well.
    fn one_of_two_is_not_enough(&self) {
        let sandbox = self.repository.sandbox();
        let policy = leakward(sandbox).args(["policy", "show"]).run().stdout;
        let two = policy.replace("default approvals := 1", "default approvals := 2");
        assert_ne!(policy, two);
        std::fs::write(sandbox.path("two.rego"), two).expect("a policy");
        let alone = self.restore(&["--yes", "--policy", "two.rego"]);
        alone.expect_status(1);
        let told = &alone.stdout;
        assert!(
            told.contains("2 people have to say yes, "),
            "{}",
            alone.transcript()
        );
        assert_eq!(self.verdict(), "dead");
        let words = ["respond", "approve", &self.finding];
        let shown = leakward(sandbox).args(words).run();
        shown.expect_status(0);
        for word in ["Switch on again", "is Inactive", "it leaked"] {
            assert!(shown.stdout.contains(word), "{}", shown.transcript());
        }
        let same_again = self.restore(&["--yes", "--policy", "two.rego"]);
        same_again.expect_status(1);
        assert_eq!(self.verdict(), "dead", "one person counts once");
    }

    fn verdict(&self) -> String {
        let id = format!("id={}", self.app.0);
        let words = ["verify", "--rule", RULE, "--verify-cache-ttl", "0s"];
        let run = self
            .leakward(&words)
            .args(["--with", &id])
            .input(self.app.1.clone())
            .run();
        run.stdout.lines().next().unwrap_or_default().to_owned()
    }

    fn shown(&self) -> String {
        let words = ["respond", "show", &self.finding];
        let shown = leakward(self.repository.sandbox()).args(words).run();
        shown.expect_status(0);
        shown.stdout
    }
}

#[test]
fn a_key_that_was_revoked_by_mistake_is_switched_on_again() {
    let Some(scene) = Scene::new() else { return };
    let early = scene.restore(&["--yes"]);
    early.expect_status(2);
    scene.revoke();
    assert!(scene.shown().contains("closed"), "{}", scene.shown());

    let looked = scene.restore(&["--dry-run"]);
    looked.expect_status(0);
    for word in ["Switch on again", "is Inactive", "aws-admin", "it leaked"] {
        assert!(looked.stdout.contains(word), "{}", looked.transcript());
    }
    // Nobody is there to be asked.
    scene.restore(&[]).expect_status(2);
    assert_eq!(scene.verdict(), "dead");
    scene.one_of_two_is_not_enough();

    let done = scene.restore(&["--yes", "--because", "the nightly export needs it"]);
    done.expect_status(0);
    for word in ["is Active", "it works again", "leakward rotate"] {
        assert!(done.stdout.contains(word), "{}", done.transcript());
    }
    assert_eq!(scene.verdict(), "live");
    let shown = scene.shown();
    assert!(shown.contains("the nightly export needs it"), "{shown}");
    assert!(shown.contains("verdict   live"), "{shown}");
    let (_, timeline) = shown.split_once("Timeline\n").expect("a timeline");
    let (timeline, _) = timeline.split_once("Events\n").expect("events");
    for undone in ["revoked", "proven dead", "closed"] {
        assert!(!timeline.contains(undone), "{shown}");
    }
    let audit = leakward(scene.repository.sandbox())
        .args(["audit", "verify"])
        .run();
    audit.expect_status(0);
    let mut kept = String::new();
    for (path, content) in scene.repository.sandbox().left_behind() {
        let text = String::from_utf8_lossy(&content).into_owned();
        let holds = text.contains(&scene.app.1);
        assert!(!holds, "{} holds the key", path.display());
        if path.ends_with("audit.jsonl") {
            kept = text;
        }
    }
    for phase in ["restoring", "restored"] {
        let line = format!("\"phase\":\"{phase}\"");
        assert!(kept.contains(&line), "{kept}");
    }

    let again = scene.restore(&["--yes"]);
    again.expect_status(0);
    assert!(
        again.stdout.contains("active already"),
        "{}",
        again.transcript()
    );
    // What is alive again is taken away again.
    scene.revoke();
}
