//! `leakward serve`, as code hosts, programs and people meet it.

mod alerts;
mod approval;
mod dead_key;
mod deliveries;
mod deploy;
mod durability;
mod login;
mod operation;
mod page;
mod postgresql;
mod pushes;
mod tls;

use std::path::Path;

use leakward_tests::{
    HttpServer, HttpsServer, Repository, Requirement, Sandbox, Service, ServiceStart, missing,
};

/// A password for the git server; no credential of any provider.
const GIT_PASSWORD: &str = "sesame-for-the-test-server";

/// The program's path.
const PROGRAM: &str = env!("CARGO_BIN_EXE_leakward");

/// The program, to be served with this configuration.
fn service(sandbox: &Sandbox, config: &str) -> ServiceStart {
    ServiceStart::new(Path::new(PROGRAM), sandbox, config)
}

/// A repository on a code host of its own: git behind TLS and a token, and an API.
struct Hosted {
    repository: Repository,
    git: HttpsServer,
    api: HttpServer,
}

impl Hosted {
    /// Hosts `acme/app`; nothing when something is missing on this machine.
    fn new(api: HttpServer) -> Option<Self> {
        if missing(Requirement::Tool("python3")) || missing(Requirement::Tool("openssl")) {
            return None;
        }
        let repository = Repository::new();
        repository.commit_file("README", "an application\n");
        let root = repository.sandbox().folder("served");
        repository.git(&["clone", "--quiet", "--bare", ".", "../served/acme/app.git"]);
        let git = HttpsServer::start(repository.sandbox(), &root, GIT_PASSWORD);
        Some(Self {
            repository,
            git,
            api,
        })
    }

    /// Pushes a branch, as a developer does; by force when it has to be.
    fn push(&self, branch: &str) {
        self.repository.git(&[
            "push",
            "--quiet",
            "--force",
            "../served/acme/app.git",
            branch,
        ]);
    }

    /// A service for this host, with more configuration.
    fn start(&self, more: &str) -> Service {
        self.prepared(more).start()
    }

    fn prepared(&self, more: &str) -> ServiceStart {
        let config = format!(
            "repositories = ['acme/*']\n[github]\nwebhook_secrets = [{{ env = 'TEST_WEBHOOK_SECRET' }}]\n\
             url = '{}'\napi = '{}'\ntoken = {{ env = 'TEST_GIT_TOKEN' }}\n{more}",
            self.git.url("").trim_end_matches('/'),
            self.api.url(),
        );
        service(self.repository.sandbox(), &config)
            .env("TEST_GIT_TOKEN", GIT_PASSWORD)
            .env(
                "SSL_CERT_FILE",
                self.git.certificate().display().to_string(),
            )
    }
}
