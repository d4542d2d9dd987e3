//! A repository named by its address: cloned with every ref into a temporary folder, scanned, and removed.

use std::fs;

use leakward_tests::{Credential, HttpsServer, Place, Program, Repository, Requirement, missing};

use crate::{leakward, revealing_scan};

/// A password for the server; no credential of any provider.
const PASSWORD: &str = "sesame-for-the-test-server";

/// A served repository with one leak on a branch and one that only a pull request has.
struct Served {
    repository: Repository,
    server: HttpsServer,
    on_branch: Credential,
    in_pull_request: Credential,
    commits: [String; 2],
}

fn serve() -> Option<Served> {
    if missing(Requirement::Tool("python3")) || missing(Requirement::Tool("openssl")) {
        return None;
    }
    let (on_branch, in_pull_request) = (
        Credential::named("served branch"),
        Credential::named("served pull request"),
    );
    let repository = Repository::new();
    let branch = repository.commit_file("settings.py", on_branch.file());
    repository.git(&["checkout", "--quiet", "--detach"]);
    let pull = repository.commit_file("pull.py", in_pull_request.file());
    repository.git(&["update-ref", "refs/pull/1/head", &pull]);
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["clone", "--quiet", "--mirror", ".", "../served/project.git"]);
    let server = HttpsServer::start(
        repository.sandbox(),
        &repository.sandbox().path("served"),
        PASSWORD,
    );
    Some(Served {
        repository,
        server,
        on_branch,
        in_pull_request,
        commits: [branch, pull],
    })
}

impl Served {
    fn trusting(&self, program: Program) -> Program {
        program.env("SSL_CERT_FILE", self.server.certificate())
    }

    fn expect_both(&self, program: Program) {
        let run = self.trusting(program).run();
        let report = run.expect_status(1).report();
        report.expect(
            &self.on_branch,
            &Place::git("settings.py")
                .in_settings()
                .commit(&self.commits[0])
                .reachable(),
        );
        report.expect(
            &self.in_pull_request,
            &Place::git("pull.py")
                .in_settings()
                .commit(&self.commits[1])
                .reachable(),
        );
        assert!(
            !format!("{}{}", run.stdout, run.stderr).contains(PASSWORD),
            "{}",
            run.transcript()
        );
        self.expect_nothing_left();
    }

    fn expect_nothing_left(&self) {
        let left = self.repository.sandbox().left_behind();
        for (path, content) in &left {
            assert!(
                !String::from_utf8_lossy(content).contains(PASSWORD),
                "the password is in {}",
                path.display()
            );
        }
        let temporary = self.repository.sandbox().temporary();
        let rest: Vec<_> = fs::read_dir(temporary).expect("the folder").collect();
        assert!(rest.is_empty(), "the clone must be removed: {rest:?}");
    }
}

#[test]
fn a_clone_has_every_ref_and_is_removed_afterwards() {
    let Some(served) = serve() else { return };
    let url = served.server.url_with_token("project.git", PASSWORD);
    served.expect_both(revealing_scan(served.repository.sandbox()).arg(url));
}

#[test]
fn a_token_in_the_environment_is_not_seen_in_the_process_list() {
    let Some(served) = serve() else { return };
    let url = served.server.url("project.git");
    served.expect_both(
        revealing_scan(served.repository.sandbox())
            .env("LEAKWARD_GIT_TOKEN", PASSWORD)
            .arg(url),
    );
}

#[test]
fn a_wrong_token_is_an_error_that_does_not_show_it() {
    let Some(served) = serve() else { return };
    let url = served
        .server
        .url_with_token("project.git", "wrong-password");
    let run = served
        .trusting(revealing_scan(served.repository.sandbox()).arg(url))
        .run();
    run.expect_status(2)
        .expect_message(&["localhost", "denied"]);
    assert!(
        !format!("{}{}", run.stdout, run.stderr).contains("wrong-password"),
        "{}",
        run.transcript()
    );
    served.expect_nothing_left();
}

#[test]
fn a_repository_that_is_not_there_is_an_error() {
    let Some(served) = serve() else { return };
    let url = served
        .server
        .url_with_token("no-such-project.git", PASSWORD);
    let run = served
        .trusting(revealing_scan(served.repository.sandbox()).arg(url))
        .run();
    run.expect_status(2)
        .expect_message(&["no-such-project.git"]);
    assert!(!run.stderr.contains(PASSWORD), "{}", run.transcript());
}

#[test]
fn a_server_that_cannot_be_trusted_gets_no_token() {
    let Some(served) = serve() else { return };
    let url = served.server.url_with_token("project.git", PASSWORD);
    let run = revealing_scan(served.repository.sandbox()).arg(url).run();
    run.expect_status(2);
    assert!(
        served.server.log().is_empty(),
        "no request may have come through: {}",
        served.server.log()
    );
}

#[test]
fn a_server_that_cannot_be_reached_is_an_error() {
    let repository = Repository::new();
    let run = leakward(repository.sandbox())
        .args(["scan", "https://localhost:1/project.git"])
        .run();
    run.expect_status(2).expect_message(&["localhost:1"]);
}

#[test]
fn a_plain_http_address_gets_no_token() {
    let repository = Repository::new();
    let run = leakward(repository.sandbox())
        .args(["scan", "http://user:sesame@localhost:1/project.git"])
        .run();
    run.expect_status(2);
    assert!(
        !format!("{}{}", run.stdout, run.stderr).contains("sesame"),
        "{}",
        run.transcript()
    );
}
