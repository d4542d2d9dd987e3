//! Called as gitleaks and as TruffleHog: flags, files, reports and exit statuses; against the real gitleaks where it is
//! installed.

use std::fs;
use std::path::{Path, PathBuf};

use leakward_tests::{Credential, Program, Repository, Requirement, Run, Sandbox, missing};
use serde_json::Value;

use crate::leakward;

fn gitleaks(sandbox: &Sandbox) -> Program {
    leakward(sandbox).args(["compat", "gitleaks"])
}

/// A repository with a leak in history only, one at HEAD, and one that is not committed.
fn repository() -> (Repository, [Credential; 3]) {
    let credentials = ["history", "head", "untracked"].map(Credential::named);
    let repository = Repository::new();
    repository.commit_file("old.py", credentials[0].file());
    repository.commit_file("old.py", "x = 1\n");
    repository.commit_file("new.py", credentials[1].file());
    repository.write("untracked.py", credentials[2].file());
    (repository, credentials)
}

fn entries(run: &Run) -> Vec<Value> {
    let value: Value = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}", run.transcript()));
    value.as_array().expect("a list").clone()
}

fn secrets(run: &Run) -> Vec<String> {
    let mut secrets: Vec<String> = entries(run)
        .iter()
        .map(|entry| entry["Secret"].as_str().expect("a secret").to_owned())
        .collect();
    secrets.sort();
    secrets
}

fn sorted(credentials: &[&Credential]) -> Vec<String> {
    let mut texts: Vec<String> = credentials
        .iter()
        .map(|one| one.text().to_owned())
        .collect();
    texts.sort();
    texts
}

#[test]
fn each_command_looks_at_what_gitleaks_would() {
    let (repository, [history, head, untracked]) = repository();
    let scan = |words: &[&str]| {
        let run = gitleaks(repository.sandbox())
            .in_folder(repository.folder())
            .args(words)
            .args(["--report-path", "-", "--no-banner"])
            .run();
        run.expect_status(1);
        secrets(&run)
    };
    let all = sorted(&[&history, &head]);
    assert_eq!(scan(&["git"]), all);
    assert_eq!(scan(&["git", "."]), all);
    assert_eq!(scan(&["detect", "--source", "."]), all);
    assert_eq!(scan(&["git", "--log-opts=HEAD~1..HEAD"]), sorted(&[&head]));
    assert_eq!(scan(&["git", "--log-opts", "-n 1"]), sorted(&[&head]));
    assert_eq!(
        scan(&["git", "--log-opts", "--all --no-merges -1"]),
        sorted(&[&head])
    );
    assert_eq!(scan(&["git", "--log-opts=HEAD~1"]), sorted(&[&history]));
    assert_eq!(scan(&["dir"]), sorted(&[&head, &untracked]));
    assert_eq!(scan(&["file", "untracked.py"]), sorted(&[&untracked]));
    assert_eq!(
        scan(&["detect", "--no-git", "-s", "untracked.py"]),
        sorted(&[&untracked])
    );
    repository.git(&["add", "untracked.py"]);
    for staged in [
        &["git", "--staged"][..],
        &["git", "--pre-commit", "--staged"],
        &["protect", "--staged"],
    ] {
        assert_eq!(scan(staged), sorted(&[&untracked]), "{staged:?}");
    }
}

#[test]
fn standard_input_is_scanned_in_both_spellings() {
    let sandbox = Sandbox::new();
    let credential = Credential::named("piped");
    for words in [&["stdin"][..], &["detect", "--pipe"]] {
        let run = gitleaks(&sandbox)
            .args(words)
            .args(["-r", "-", "-f", "json"])
            .input(credential.file())
            .run();
        run.expect_status(1).expect_message(&["leaks found: 1"]);
        assert_eq!(secrets(&run), [credential.text()]);
    }
    let run = gitleaks(&sandbox).arg("stdin").input("nothing\n").run();
    run.expect_status(0).expect_message(&["no leaks found"]);
}

#[test]
fn exit_statuses_are_those_of_gitleaks() {
    let (repository, _) = repository();
    let status = |words: &[&str]| {
        let program = gitleaks(repository.sandbox()).in_folder(repository.folder());
        program.args(words).run().status
    };
    assert_eq!(status(&["git"]), Some(1));
    assert_eq!(status(&["git", "--exit-code", "42"]), Some(42));
    assert_eq!(status(&["git", "--exit-code=0"]), Some(0));
    assert_eq!(status(&["git", "--no-such-flag"]), Some(126));
    assert_eq!(status(&["git", "no/such/folder"]), Some(1));
    assert_eq!(
        status(&["git", "--exit-code", "42", "no/such/folder"]),
        Some(1)
    );
    assert_eq!(status(&["version"]), Some(0));
    assert_eq!(status(&["--help"]), Some(0));
    assert_eq!(status(&["git", "--report-format", "template"]), Some(1));
}

#[test]
fn secrets_are_hidden_as_far_as_redact_says() {
    let (repository, [_, head, _]) = repository();
    let secret = |words: &[&str]| {
        let run = gitleaks(repository.sandbox())
            .in_folder(repository.folder())
            .args(["git", "--log-opts=HEAD~1..", "-r", "-"])
            .args(words)
            .run();
        secrets(&run).remove(0)
    };
    assert_eq!(secret(&[]), head.text());
    assert_eq!(secret(&["--redact"]), "REDACTED");
    assert_eq!(secret(&["--redact=100"]), "REDACTED");
    assert_eq!(
        secret(&["--redact=75"]),
        format!("{}...", &head.text()[..10])
    );
    let run = gitleaks(repository.sandbox())
        .in_folder(repository.folder())
        .args(["git", "--redact", "-v"])
        .run();
    assert!(
        run.stdout.contains("new.py") && !run.stdout.contains(head.text()),
        "{}",
        run.transcript()
    );
}

#[test]
fn a_report_of_each_format_is_written_by_name_or_by_extension() {
    let (repository, _) = repository();
    for (words, file, begin) in [
        (
            &["-f", "csv"][..],
            "a.out",
            "RuleID,Commit,File,SymlinkFile",
        ),
        (&[], "a.csv", "RuleID,Commit,File,SymlinkFile"),
        (&[], "a.json", "["),
        (&["-f", "junit"], "a.out", "<?xml"),
        (&[], "a.sarif", "{"),
    ] {
        let run = gitleaks(repository.sandbox())
            .args(["git", "--report-path", file])
            .args(words)
            .arg(repository.folder())
            .run();
        run.expect_status(1);
        let text = fs::read_to_string(repository.sandbox().path(file)).expect(file);
        assert!(text.starts_with(begin), "{file}: {text}");
    }
}

#[test]
fn ignore_files_comments_and_baselines_of_gitleaks_hold() {
    let (repository, [history, head, _]) = repository();
    let sandbox = repository.sandbox();
    let scan = |words: &[&str]| {
        let run = gitleaks(sandbox)
            .in_folder(repository.folder())
            .args(["git", "-r", "-"])
            .args(words)
            .run();
        (run.status, secrets(&run), run.stdout)
    };
    let (_, _, report) = scan(&[]);
    sandbox.write("baseline.json", &report);
    let baseline = sandbox.path("baseline.json");
    let baseline = baseline.to_str().expect("UTF-8");
    assert_eq!(scan(&["--baseline-path", baseline]).0, Some(0));
    let fingerprint = serde_json::from_str::<Vec<Value>>(&report)
        .expect("a list")
        .iter()
        .find(|entry| entry["Secret"] == history.text())
        .and_then(|entry| entry["Fingerprint"].as_str().map(str::to_owned))
        .expect("a fingerprint");
    let ignore = sandbox.write(
        "decisions/.gitleaksignore",
        format!("# known\n{fingerprint}\n"),
    );
    let folder = ignore.parent().expect("a folder").to_str().expect("UTF-8");
    assert_eq!(scan(&["-i", folder]).1, sorted(&[&head]));
    repository.write(".gitleaksignore", &fingerprint);
    assert_eq!(scan(&[]).1, sorted(&[&head]));
    let allowed = Credential::named("allowed");
    repository.commit_file("allowed.py", format!("t = '{allowed}' # gitleaks:allow\n"));
    assert!(!scan(&[]).1.contains(&allowed.text().to_owned()));
    assert!(
        scan(&["--ignore-gitleaks-allow"])
            .1
            .contains(&allowed.text().to_owned())
    );
}

#[test]
fn a_configuration_of_gitleaks_is_read_where_gitleaks_reads_it() {
    let (repository, _) = repository();
    // The next commit takes everything that lies about, and this is not what is asked here.
    fs::remove_file(repository.folder().join("untracked.py")).expect("the file");
    let rule =
        "[[rules]]\nid = \"house-token\"\nregex = \"house-[0-9]{8}\"\nkeywords = [\"house-\"]\n";
    let house = ["house", "12345678"].join("-");
    repository.commit_file("house.txt", format!("{house}\n"));
    let config = repository.sandbox().write("house.toml", rule);
    let scan = |words: &[&str], variable: Option<&str>| {
        let mut program = gitleaks(repository.sandbox()).in_folder(repository.folder());
        if let Some(file) = variable {
            program = program.env("GITLEAKS_CONFIG", file);
        }
        let run = program.args(["git", "-r", "-"]).args(words).run();
        run.expect_status(1);
        let ids = entries(&run);
        ids.iter()
            .map(|entry| entry["RuleID"].to_string())
            .collect::<Vec<_>>()
    };
    let file = config.to_str().expect("UTF-8");
    let only = ["\"house-token\""];
    assert_eq!(scan(&["--config", file], None), only);
    assert_eq!(scan(&[], Some(file)), only);
    let enabled = scan(&["--enable-rule", "github-pat"], None);
    assert_eq!(enabled, ["\"github-pat-classic\""; 2]);
    repository.commit_file(".gitleaks.toml", rule);
    assert_eq!(scan(&[], None), only);
}

#[test]
fn what_could_not_be_read_is_never_no_leaks() {
    let repository = Repository::new();
    repository.commit_file("a", "clean\n");
    let blob = repository.blob("HEAD", "a");
    fs::remove_file(repository.loose_object(&blob)).expect("the blob");
    let run = gitleaks(repository.sandbox())
        .args(["git", "-r", "-", "--exit-code", "42"])
        .arg(repository.folder())
        .run();
    run.expect_status(1)
        .expect_message(&["no leaks found in partial scan"]);
    assert!(
        run.stdout.contains("incomplete-scan"),
        "{}",
        run.transcript()
    );
}

#[cfg(unix)]
#[test]
fn a_link_called_gitleaks_or_trufflehog_is_that_tool() {
    let (repository, _) = repository();
    let sandbox = repository.sandbox();
    for (name, words, status) in [
        ("gitleaks", &["git", "--exit-code", "9"][..], 9),
        ("trufflehog", &["git", "--no-verification", "--fail"], 183),
    ] {
        let link = sandbox.path(name);
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_leakward"), &link).expect("a link");
        let uri = format!("file://{}", repository.folder().display());
        let target = if name == "gitleaks" {
            repository.folder().display().to_string()
        } else {
            uri
        };
        Program::new(&link, sandbox)
            .args(words)
            .arg(target)
            .run()
            .expect_status(status);
    }
}

/// What is compared of an entry: everything but the rule and what follows from it, the text of the match, and numbers
/// that the tools count in other units.
fn comparable(entry: &Value) -> Vec<String> {
    let fields = [
        "StartLine",
        "EndLine",
        "StartColumn",
        "EndColumn",
        "Secret",
        "File",
        "SymlinkFile",
        "Commit",
        "Author",
        "Email",
        "Date",
        "Message",
        "Tags",
    ];
    fields
        .iter()
        .map(|field| format!("{field}={}", entry[field]))
        .collect()
}

#[test]
fn the_real_gitleaks_writes_the_same_fields_and_ends_with_the_same_status() {
    if missing(Requirement::Tool("gitleaks")) {
        return;
    }
    let (repository, _) = repository();
    let sandbox = repository.sandbox();
    let real = |words: &[&str]| {
        let mut command = sandbox.command("gitleaks");
        let output = command
            .current_dir(repository.folder())
            .args(words)
            .output();
        Run::new("real gitleaks", &output.expect("gitleaks"))
    };
    let ours = |words: &[&str]| {
        let program = gitleaks(sandbox).in_folder(repository.folder());
        program.args(words).run()
    };
    for words in [
        &["git", "-f", "json", "-r", "-"][..],
        &["git", "--log-opts=HEAD~1..HEAD", "-f", "json", "-r", "-"],
        &["dir", "untracked.py", "-f", "json", "-r", "-"],
        &["git", "--redact", "-f", "json", "-r", "-"],
        &["detect", "-f", "json", "-r", "-", "--no-git"],
        &["git", "--exit-code", "7", "-f", "json", "-r", "-"],
    ] {
        let (real, ours) = (real(words), ours(words));
        assert_eq!(
            ours.status,
            real.status,
            "{words:?}\n{}\n{}",
            real.transcript(),
            ours.transcript()
        );
        let keys = |run: &Run| -> Vec<String> {
            let first = entries(run).into_iter().next().expect("a finding");
            first
                .as_object()
                .expect("an object")
                .keys()
                .cloned()
                .collect()
        };
        let without_link: Vec<String> = keys(&real)
            .into_iter()
            .filter(|key| key != "Link")
            .collect();
        assert_eq!(keys(&ours), without_link, "{words:?}");
        let all = |run: &Run| {
            let mut all: Vec<_> = entries(run).iter().map(comparable).collect();
            all.sort();
            all
        };
        assert_eq!(all(&ours), all(&real), "{words:?}");
    }
    for words in [
        &["git", "--no-such-flag"][..],
        &["git", "/no/such/folder"],
        &["dir", "/no/such/folder"],
        &["git", "--exit-code", "x"],
        &["no-such-command"],
    ] {
        let (real, ours) = (real(words), ours(words));
        assert_eq!(
            ours.status == Some(0),
            real.status == Some(0),
            "{words:?}\n{}",
            real.transcript()
        );
        if words.contains(&"--no-such-flag") {
            assert_eq!(ours.status, real.status, "{words:?}");
        }
    }
    let header = |run: &Run| run.stdout.lines().next().unwrap_or_default().to_owned();
    let csv = ["git", "-r", "-", "-f", "csv"];
    assert_eq!(header(&ours(&csv)), header(&real(&csv)));
}

fn trufflehog(repository: &Repository, words: &[&str]) -> Run {
    leakward(repository.sandbox())
        .in_folder(repository.folder())
        .args(["compat", "trufflehog"])
        .args(words)
        .arg("--no-verification")
        .run()
}

#[test]
fn trufflehog_json_lines_and_its_status_are_kept() {
    let (repository, [history, head, untracked]) = repository();
    let uri = format!("file://{}", repository.folder().display());
    let raws = |run: &Run| {
        let mut raws: Vec<String> = run
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
            .map(|line| line["Raw"].as_str().expect("Raw").to_owned())
            .collect();
        raws.sort();
        raws
    };
    let run = trufflehog(&repository, &["git", &uri, "--json", "--fail"]);
    run.expect_status(183);
    assert_eq!(raws(&run), sorted(&[&history, &head]));
    let line: Value =
        serde_json::from_str(run.stdout.lines().next().expect("a line")).expect("JSON");
    let git = &line["SourceMetadata"]["Data"]["Git"];
    for field in ["commit", "file", "email", "repository", "timestamp", "line"] {
        assert!(!git[field].is_null(), "{field}: {line}");
    }
    assert_eq!(
        (&line["DetectorName"], &line["DetectorType"]),
        (&"Github".into(), &8.into())
    );
    assert_eq!(
        (&line["SourceName"], &line["Verified"]),
        (&"trufflehog - git".into(), &false.into())
    );
    let run = trufflehog(
        &repository,
        &["git", &uri, "--json", "--since-commit", "HEAD~1"],
    );
    run.expect_status(0);
    assert_eq!(raws(&run), sorted(&[&head]));
    let run = trufflehog(&repository, &["filesystem", "untracked.py", "--json"]);
    assert_eq!(raws(&run), sorted(&[&untracked]));
    let excluded: PathBuf = repository
        .sandbox()
        .write("exclude", "# tests\n^old\\.py$\n");
    let excluded = excluded.to_str().expect("UTF-8");
    let run = trufflehog(&repository, &["git", &uri, "--json", "-x", excluded]);
    assert_eq!(raws(&run), sorted(&[&head]));
    let run = trufflehog(
        &repository,
        &["git", &uri, "--only-verified", "--json", "--fail"],
    );
    run.expect_status(0);
    assert!(run.stdout.is_empty());
    repository.git(&["add", "untracked.py"]);
    let run = trufflehog(
        &repository,
        &[
            "git",
            "file://.",
            "--since-commit",
            "HEAD",
            "--json",
            "--fail",
        ],
    );
    run.expect_status(183);
    assert_eq!(raws(&run), sorted(&[&untracked]));
    trufflehog(&repository, &["git", "file:///no/such/folder", "--fail"]).expect_status(1);
    trufflehog(&repository, &["git", &uri, "--include-detectors", "aws"]).expect_status(1);
}

/// The commands of the `sh` blocks of the migration pages run, and end with a status that the page speaks of.
#[test]
fn every_command_of_the_migration_pages_runs() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let program = Path::new(env!("CARGO_BIN_EXE_leakward"));
    let folder = program.parent().expect("a folder").display();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    for tool in ["gitleaks", "trufflehog", "detect-secrets", "kingfisher"] {
        let (repository, _) = repository();
        repository.git(&["branch", "-M", "topic"]);
        repository.git(&["branch", "main", "HEAD~1"]);
        repository.git(&["update-ref", "refs/remotes/origin/main", "HEAD~1"]);
        repository.write("src/settings.py", "x = 1\n");
        let page =
            fs::read_to_string(docs.join(format!("migrate-from-{tool}.md"))).expect("the page");
        let mut inside = false;
        let mut ran = 0;
        for line in page.lines() {
            if line.starts_with("```") {
                inside = line == "```sh";
                continue;
            }
            let command = line.split("  #").next().unwrap_or_default().trim();
            if !inside || command.is_empty() || command.contains("registry.example") {
                continue;
            }
            let mut shell = repository.sandbox().command("sh");
            let output = shell
                .args(["-c", command])
                .current_dir(repository.folder())
                .env("PATH", &path)
                .output()
                .expect("a shell");
            let said = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            assert!(
                matches!(output.status.code(), Some(0 | 1 | 9 | 42 | 183))
                    && !said.contains("error:"),
                "{tool}: {command}: {:?}\n{said}",
                output.status
            );
            ran += 1;
        }
        assert!(ran >= 3, "{tool}: the page shows how it is done: {ran}");
    }
}
