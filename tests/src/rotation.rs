//! A service that rotates what leaks without a person: keys of an issuer that counts, in a store of the program itself.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::issuer::Issuer;
use crate::program::Program;
use crate::run::Run;
use crate::sandbox::Sandbox;
use crate::service::{Service, ServiceStart};

/// The service, the issuer, and the store.
#[derive(Debug)]
pub struct Rotation {
    program: std::path::PathBuf,
    store: String,
    /// Who issues the keys.
    pub issuer: Issuer,
    /// The service.
    pub start: ServiceStart,
}

impl Rotation {
    /// A policy: so many people have to say yes to anything.
    #[must_use]
    pub fn approvals(count: u32) -> String {
        format!(
            "package leakward\nimport rego.v1\ndefault approvals := {count}\ndefault containment_first := false\n\
             deny := set()\nreasons := set()\n"
        )
    }

    /// With this program, in the sandbox, a policy (or the one that comes with the program), and more configuration: lines of
    /// `[response]`, then tables.
    #[must_use]
    pub fn new(program: &Path, sandbox: &Sandbox, policy: Option<&str>, more: &str) -> Self {
        let issuer = Issuer::start();
        let store = format!("file:{}", sandbox.path("store.age").display());
        let policy = policy.map_or_else(String::new, |text| {
            let file = sandbox.write("policy.rego", text);
            format!("policy = '{}'\n", file.display())
        });
        let config = format!(
            "repositories = ['acme/*']\n[limits]\nrefusals_per_minute = 1e9\n\
             [verify]\nendpoints = ['sendgrid={}']\nallow_private = true\n\
             [response]\n{policy}{more}\n[response.stores.local]\nurl = '{store}'\n\
             [response.identities]\nsendgrid-admin = {{ env = 'TEST_ISSUER_ADMIN' }}\n",
            issuer.url(),
        );
        let identity = sandbox
            .home()
            .join(".local/state/leakward/age-identity.txt");
        let start = ServiceStart::new(program, sandbox, &config)
            .env("TEST_ISSUER_ADMIN", issuer.admin())
            .env("LEAKWARD_AGE_KEY_FILE", identity.display().to_string());
        Self {
            program: program.to_owned(),
            store,
            issuer,
            start,
        }
    }

    /// A key that applications read from this path of the store.
    #[must_use]
    pub fn key(&self, sandbox: &Sandbox, path: &str) -> String {
        let key = self.issuer.issue(path);
        Program::new(&self.program, sandbox)
            .args(["store", "put", &self.store, path, "--field", "key"])
            .input(key.clone())
            .run()
            .expect_status(0);
        key
    }

    /// What applications read from this path now.
    #[must_use]
    pub fn in_store(&self, sandbox: &Sandbox, path: &str) -> String {
        let words = [
            "store",
            "get",
            &self.store,
            path,
            "--field",
            "key",
            "--reveal",
        ];
        let run = Program::new(&self.program, sandbox).args(words).run();
        run.expect_status(0);
        run.stdout
    }

    /// Looks at every line of the audit log, in the file and in the database at this address (default: the service's file).
    #[must_use]
    pub fn verify_audit(&self, sandbox: &Sandbox, database: Option<&str>) -> Run {
        let data = self.start.data();
        let file = data.join("leakward.db").display().to_string();
        Program::new(&self.program, sandbox)
            .args([
                "audit",
                "verify",
                "--database",
                database.unwrap_or(&file),
                "--audit",
            ])
            .arg(data.join("audit.jsonl"))
            .arg("--audit-key")
            .arg(data.join("audit.key"))
            .run()
    }

    /// Tells the service that a key was seen somewhere: in a place of its own with each delivery.
    ///
    /// # Panics
    /// When it does not accept that.
    pub fn leak(&self, serve: &Service, delivery: &str, key: &str) {
        let answer = serve.leak(delivery, now(), &leak(key, delivery));
        assert!(matches!(answer.status, 200 | 202), "{answer:?}");
    }
}

/// What is posted about a leaked key.
fn leak(key: &str, place: &str) -> Value {
    json!({"seen_at": format!("the public paste {place}"), "secret": key, "public": true})
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}
