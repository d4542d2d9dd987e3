//! Git hooks: real commits and real pushes, with hooks that `leakward hook install` put in, beside hooks that were there.

use std::fs;
use std::path::Path;
use std::process::Output;

use leakward_tests::{Credential, Repository, Requirement, Run, missing};

use crate::leakward;

/// The folder of the program, so that hooks of other tools find it by its name.
fn search_path() -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_leakward"));
    let folder = program.parent().expect("a folder").display();
    format!("{folder}:{}", std::env::var("PATH").unwrap_or_default())
}

fn hook(repository: &Repository, arguments: &[&str]) -> Run {
    leakward(repository.sandbox())
        .in_folder(repository.folder())
        .arg("hook")
        .args(arguments)
        .run()
}

fn install(repository: &Repository, arguments: &[&str]) -> Run {
    let words: Vec<&str> = ["install"].iter().chain(arguments).copied().collect();
    let run = hook(repository, &words);
    run.expect_status(0);
    run
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

fn commit(repository: &Repository, message: &str) -> Output {
    repository.try_git(&["commit", "--quiet", "--message", message], "")
}

fn expect_refused(output: &Output, words: &[&str]) {
    let said = said(output);
    assert!(!output.status.success(), "it went through: {said}");
    for word in words {
        assert!(said.contains(word), "nothing is said of {word:?}: {said}");
    }
}

fn expect_done(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}

/// A repository with one clean commit.
fn repository() -> Repository {
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    repository
}

#[test]
fn a_commit_with_a_credential_is_refused_and_a_clean_one_is_not() {
    let repository = repository();
    install(&repository, &[]);
    let credential = Credential::named("hook");
    repository.write("settings.py", credential.file());
    repository.git(&["add", "settings.py"]);
    let output = commit(&repository, "leak");
    expect_refused(&output, &["settings.py:2:10", "--no-verify"]);
    assert!(!said(&output).contains(credential.text()));
    repository.write("settings.py", "token = input()\n");
    repository.git(&["add", "settings.py"]);
    let output = commit(&repository, "clean");
    expect_done(&output);
    assert_eq!(
        said(&output),
        "",
        "a hook that has nothing to say is silent"
    );
    expect_done(&repository.try_git(&["commit", "--quiet", "--allow-empty", "-m", "empty"], ""));
}

#[test]
fn what_is_staged_counts_and_not_the_working_copy() {
    let repository = repository();
    install(&repository, &["--pre-commit"]);
    let credential = Credential::named("partial");
    repository.write("a.py", "x = 1\n");
    repository.git(&["add", "a.py"]);
    repository.write("a.py", credential.file());
    expect_done(&commit(&repository, "the leak stays in the working copy"));
    repository.git(&["add", "a.py"]);
    repository.write("a.py", "x = 2\n");
    expect_refused(&commit(&repository, "the leak is staged"), &["a.py"]);
    // `git commit --all` gives the hook an index of its own, in which the file is clean.
    expect_done(&repository.try_git(&["commit", "--quiet", "--all", "-m", "clean"], ""));
}

#[test]
fn hooks_that_were_there_still_run_and_are_as_they_were_afterwards() {
    let repository = repository();
    let hooks = repository.git_dir().join("hooks");
    fs::create_dir_all(&hooks).expect("the folder of hooks");
    let shell = "#!/bin/sh\necho \"shell $0\" >>ran\nexec true\n";
    let python = "#!/usr/bin/env python3\nopen('ran', 'a').write('python\\n')\n";
    let push = "#!/bin/sh\ncat >>ran\n";
    for (name, text) in [
        ("pre-commit", shell),
        ("commit-msg", python),
        ("pre-push", push),
    ] {
        let file = hooks.join(name);
        fs::write(&file, text).expect("a hook");
        repository
            .sandbox()
            .copy_program(&file, &hooks.join("copy"));
        fs::rename(hooks.join("copy"), &file).expect("an executable hook");
    }
    install(&repository, &["--pre-commit", "--commit-msg", "--pre-push"]);
    install(&repository, &["--pre-commit", "--pre-push"]);
    repository.write("a", "a\n");
    repository.git(&["add", "a"]);
    expect_done(&commit(&repository, "a change"));
    repository.git(&["init", "--quiet", "--bare", "../bare"]);
    repository.git(&["push", "--quiet", "../bare", "main"]);
    let ran = fs::read_to_string(repository.path("ran")).expect("the hooks ran");
    assert!(ran.contains("shell") && ran.contains("python"), "{ran}");
    assert!(
        ran.contains("refs/heads/main"),
        "git's lines reach the hook below: {ran}"
    );
    hook(&repository, &["uninstall"]).expect_status(0);
    for (name, text) in [
        ("pre-commit", shell),
        ("commit-msg", python),
        ("pre-push", push),
    ] {
        assert_eq!(fs::read_to_string(hooks.join(name)).expect(name), text);
    }
    let left: Vec<_> = fs::read_dir(&hooks).expect("hooks").flatten().collect();
    assert!(
        left.iter()
            .all(|entry| !entry.file_name().to_string_lossy().contains("leakward"))
    );
    hook(&repository, &["uninstall"]).expect_status(0);
}

#[test]
fn a_hook_of_our_own_is_gone_after_uninstall() {
    let repository = repository();
    install(&repository, &["--pre-commit", "--pre-push"]);
    let hooks = repository.git_dir().join("hooks");
    assert!(hooks.join("pre-push").exists());
    hook(&repository, &["uninstall"]).expect_status(0);
    assert!(!hooks.join("pre-push").exists() && !hooks.join("pre-commit").exists());
}

#[test]
fn hooks_go_where_core_hooks_path_says() {
    let repository = repository();
    repository.git(&["config", "core.hooksPath", "tools/hooks"]);
    install(&repository, &[]);
    let text = fs::read_to_string(repository.path("tools/hooks/pre-commit")).expect("the hook");
    // It goes to other machines, where the program is elsewhere.
    assert!(
        text.contains("leakward=leakward") && !text.contains("target/"),
        "{text}"
    );
    assert!(!repository.git_dir().join("hooks/pre-commit").exists());
}

#[test]
fn a_message_with_a_credential_is_refused_and_comments_are_not_looked_at() {
    let repository = repository();
    install(&repository, &["--commit-msg"]);
    let credential = Credential::named("message");
    repository.write("a", "a\n");
    repository.git(&["add", "a"]);
    let output = commit(&repository, &format!("Deploy\n\nwith {credential}"));
    expect_refused(&output, &["message", "leakward:allow"]);
    let commented = format!(
        "Deploy\n\n# {credential}\n# ------------------------ >8 ------------------------\n{credential}\n"
    );
    let run = leakward(repository.sandbox())
        .in_folder(repository.folder())
        .args(["hook", "run", "commit-msg"])
        .arg(repository.sandbox().write("message", commented))
        .run();
    run.expect_status(0);
}

/// A bare repository beside this one, as its remote `origin`.
fn with_remote(repository: &Repository) -> Repository {
    repository.git(&[
        "init",
        "--quiet",
        "--bare",
        "--initial-branch=main",
        "../server",
    ]);
    repository.git(&["remote", "add", "origin", "../server"]);
    repository.existing("server")
}

#[test]
fn a_push_brings_what_the_other_side_does_not_have() {
    let repository = repository();
    let old = Credential::named("pushed before");
    repository.commit_file("old.py", old.file());
    with_remote(&repository);
    repository.git(&["push", "--quiet", "--set-upstream", "origin", "main"]);
    install(&repository, &["--pre-push"]);
    repository.commit_file("clean.py", "x = 1\n");
    expect_done(&repository.try_git(&["push", "--quiet"], ""));
    // A new branch and a tag of what is there already bring nothing.
    repository.git(&["tag", "v1"]);
    expect_done(&repository.try_git(&["push", "--quiet", "origin", "main:same", "v1"], ""));
    let new = Credential::named("pushed now");
    repository.git(&["checkout", "--quiet", "-b", "topic"]);
    repository.commit_file("new.py", new.file());
    repository.commit_file("new.py", "gone again\n");
    let output = repository.try_git(&["push", "--quiet", "origin", "topic"], "");
    expect_refused(&output, &["new.py", "Nothing was pushed"]);
    assert!(!said(&output).contains("old.py"), "{}", said(&output));
    expect_done(&repository.try_git(&["push", "--quiet", "origin", ":same"], ""));
    let tagged = Credential::named("in a tag");
    repository.git(&[
        "tag",
        "--annotate",
        "v2",
        "main",
        "--message",
        &format!("with {tagged}"),
    ]);
    expect_refused(
        &repository.try_git(&["push", "--quiet", "origin", "v2"], ""),
        &["tag"],
    );
}

#[test]
fn a_server_refuses_a_push_with_a_credential() {
    for hook_option in ["--pre-receive", "--update"] {
        let repository = repository();
        let server = with_remote(&repository);
        install(&server, &[hook_option]);
        expect_done(&repository.try_git(&["push", "--quiet", "origin", "main"], ""));
        let credential = Credential::named("received");
        repository.git(&["checkout", "--quiet", "-b", "topic"]);
        repository.commit_file("new.py", credential.file());
        let output = repository.try_git(&["push", "--quiet", "origin", "topic", "main"], "");
        expect_refused(&output, &["remote:", "new.py:2:10", "The push is refused"]);
        assert!(!said(&output).contains(credential.text()));
        assert!(
            server
                .try_git(&["rev-parse", "--verify", "--quiet", "topic"], "")
                .stdout
                .is_empty()
        );
        repository.commit_file("new.py", "x = 1\n");
        expect_refused(
            &repository.try_git(&["push", "--quiet", "origin", "topic"], ""),
            &["in commit"],
        );
        repository.git(&["reset", "--quiet", "--soft", "main"]);
        repository.commit_staged("squashed");
        expect_done(&repository.try_git(&["push", "--quiet", "origin", "topic"], ""));
        // A hundred new objects and more arrive as a pack, fewer as files.
        for number in 0..120 {
            repository.write(&format!("many/{number}"), format!("{number}\n"));
        }
        repository.write("many/last.py", credential.file());
        repository.commit("many");
        let output = repository.try_git(&["push", "--quiet", "origin", "topic"], "");
        expect_refused(&output, &["many/last.py"]);
    }
}

#[test]
fn what_a_server_does_when_time_is_over_can_be_chosen() {
    for (way, goes_through) in [("closed", false), ("open", true)] {
        let repository = repository();
        let server = with_remote(&repository);
        install(
            &server,
            &["--pre-receive", "--time-budget", "0", "--fail", way],
        );
        let output = repository.try_git(&["push", "--quiet", "origin", "main"], "");
        assert_eq!(output.status.success(), goes_through, "{}", said(&output));
        let word = if goes_through {
            "let through"
        } else {
            "not everything"
        };
        assert!(said(&output).contains(word), "{}", said(&output));
    }
}

#[test]
fn what_a_server_does_about_an_error_can_be_chosen() {
    for (way, goes_through) in [("closed", false), ("open", true)] {
        let repository = repository();
        let server = with_remote(&repository);
        repository.commit_file("leakward.toml", "[scan]\nsensitivty = \"high\"\n");
        repository.git(&["push", "--quiet", "origin", "main"]);
        install(&server, &["--pre-receive", "--fail", way]);
        repository.commit_file("a", "a\n");
        let output = repository.try_git(&["push", "--quiet", "origin", "main"], "");
        assert_eq!(output.status.success(), goes_through, "{}", said(&output));
        assert!(said(&output).contains("sensitivity"), "{}", said(&output));
    }
}

#[test]
fn a_push_cannot_switch_off_its_own_scan() {
    let repository = repository();
    let server = with_remote(&repository);
    repository.git(&["push", "--quiet", "origin", "main"]);
    install(&server, &["--pre-receive"]);
    repository.write("leakward.toml", "[paths]\nexclude = [\"*.py\"]\n");
    repository.commit_file("new.py", Credential::named("excluded by itself").file());
    expect_refused(
        &repository.try_git(&["push", "--quiet", "origin", "main"], ""),
        &["new.py"],
    );
}

#[test]
fn global_hooks_run_in_every_repository_and_so_do_its_own() {
    let repository = repository();
    let sandbox = repository.sandbox();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.test"];
        let mut command = sandbox.command("git");
        let output = command
            .current_dir(repository.folder())
            .args(identity)
            .args(arguments)
            .output();
        output.expect("git")
    };
    install(&repository, &["--global", "--pre-commit"]);
    let own = repository.git_dir().join("hooks/pre-commit");
    fs::create_dir_all(own.parent().expect("a folder")).expect("the folder");
    let script = sandbox.write("own", "#!/bin/sh\necho own >>ran\n");
    sandbox.copy_program(&script, &own);
    repository.write("a", "a\n");
    expect_done(&git(&["add", "a"]));
    expect_done(&git(&["commit", "--quiet", "-m", "clean"]));
    assert_eq!(
        fs::read_to_string(repository.path("ran")).expect("its own hook ran"),
        "own\n"
    );
    repository.write("b.py", Credential::named("global").file());
    expect_done(&git(&["add", "b.py"]));
    expect_refused(&git(&["commit", "--quiet", "-m", "leak"]), &["b.py"]);
    // Without --global it says where hooks are now.
    let run = hook(&repository, &["install"]);
    run.expect_status(2).expect_message(&["--global"]);
    hook(&repository, &["uninstall", "--global"]).expect_status(0);
    let set = git(&["config", "--global", "core.hooksPath"]);
    assert!(!set.status.success() && set.stdout.is_empty());
    expect_done(&git(&["commit", "--quiet", "-m", "leak"]));
}

#[test]
fn the_hooks_of_pre_commit_the_framework_run() {
    if missing(Requirement::Tool("pre-commit")) {
        return;
    }
    let repository = repository();
    let hooks = repository.neighbour("hooks");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.pre-commit-hooks.yaml");
    hooks.commit_file(
        ".pre-commit-hooks.yaml",
        fs::read(file).expect("the hooks' file"),
    );
    let config = format!(
        "repos:\n  - repo: {}\n    rev: {}\n    hooks:\n      - id: leakward-system\n",
        hooks.folder().display(),
        hooks.id("HEAD")
    );
    repository.commit_file(".pre-commit-config.yaml", config);
    repository.write("leak.py", Credential::named("framework").file());
    repository.git(&["add", "leak.py"]);
    let run = || {
        let mut command = repository.sandbox().command("pre-commit");
        let output = command
            .arg("run")
            .current_dir(repository.folder())
            .env("PATH", search_path())
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "protocol.file.allow")
            .env("GIT_CONFIG_VALUE_0", "always")
            .output();
        output.expect("pre-commit")
    };
    expect_refused(&run(), &["leak.py:2:10", "Failed"]);
    repository.write("leak.py", "x = 1\n");
    repository.git(&["add", "leak.py"]);
    expect_done(&run());
}

/// Where npm has put a package's program; none where the package is not installed.
fn npm_program(package: &'static str, file: &str) -> Option<std::path::PathBuf> {
    if missing(Requirement::NpmPackage(package)) {
        return None;
    }
    Some(leakward_tests::npm_folder(package).join(file))
}

#[test]
fn husky_keeps_its_hooks_and_runs_ours() {
    let Some(husky) = npm_program("husky", "bin.js") else {
        return;
    };
    let repository = repository();
    let mut command = repository.sandbox().command("node");
    let made = command.arg(husky).current_dir(repository.folder()).output();
    expect_done(&made.expect("node"));
    repository.write(".husky/pre-commit", "echo husky >>ran\n");
    install(&repository, &["--pre-commit"]);
    let output = |message| {
        repository.git(&["add", "--all"]);
        commit(&repository, message)
    };
    let text = fs::read_to_string(repository.path(".husky/pre-commit")).expect("the hook");
    assert!(text.contains("hook run pre-commit"), "{text}");
    // The hook belongs to everybody, so it calls the program by its name.
    let program = repository.sandbox().folder("bin").join("leakward");
    repository
        .sandbox()
        .copy_program(Path::new(env!("CARGO_BIN_EXE_leakward")), &program);
    let text = text.replace(
        "leakward=leakward",
        &format!("leakward={}", program.display()),
    );
    repository.write(".husky/pre-commit", text);
    expect_done(&output("clean"));
    assert!(repository.path("ran").exists(), "husky's own hook ran");
    repository.write("leak.py", Credential::named("husky").file());
    expect_refused(&output("leak"), &["leak.py"]);
    hook(&repository, &["uninstall"]).expect_status(0);
    let text = fs::read_to_string(repository.path(".husky/pre-commit")).expect("the hook");
    assert_eq!(text, "echo husky >>ran\n");
}

#[test]
fn lefthook_runs_ours_beside_its_own() {
    let Some(package) = npm_program("lefthook", "bin/index.js") else {
        return;
    };
    let repository = repository();
    repository.write(
        "lefthook.yml",
        "pre-commit:\n  commands:\n    own:\n      run: echo own >>ran\n",
    );
    install(&repository, &["--pre-commit"]);
    let run = || {
        let mut command = repository.sandbox().command("node");
        let output = command
            .arg(&package)
            .args(["run", "pre-commit"])
            .current_dir(repository.folder())
            .env("PATH", search_path())
            .output();
        output.expect("node")
    };
    repository.write("leak.py", Credential::named("lefthook").file());
    repository.git(&["add", "leak.py"]);
    expect_refused(&run(), &["leak.py"]);
    repository.git(&["rm", "--quiet", "--cached", "leak.py"]);
    expect_done(&run());
    assert!(
        repository.path("ran").exists(),
        "lefthook's own command ran"
    );
    hook(&repository, &["uninstall"]).expect_status(0);
    assert!(!repository.path("lefthook-local.yml").exists());
    // A hook that stands in the file already is not doubled.
    repository.write("lefthook-local.yml", "pre-commit:\n  parallel: true\n");
    let run = hook(&repository, &["install"]);
    run.expect_status(2)
        .expect_message(&["pre-commit:", "by hand"]);
}
