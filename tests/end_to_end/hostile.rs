//! A scanned repository is foreign matter: nothing that it configures is run, and nothing outside of it is read.
//!
//! Each test first shows that git itself falls into the trap, then that the scanner does not.

use std::fs;

use leakward_tests::{Credential, Place, Program, Repository, Trap};

use crate::{leakward, revealing_scan, scan};

/// A repository with a leak in its history and a trap beside it.
fn repository() -> (Repository, Trap, Credential) {
    let credential = Credential::named("bait");
    let repository = Repository::new();
    repository.commit_file("settings.py", credential.file());
    let trap = Trap::new(repository.sandbox());
    (repository, trap, credential)
}

/// Every way in which the program touches a repository.
fn every_way(repository: &Repository) -> Vec<Program> {
    let scan = || {
        leakward(repository.sandbox())
            .arg("scan")
            .in_folder(repository.folder())
    };
    vec![
        scan().arg("."),
        scan().arg("--staged"),
        scan().args(["--range", "HEAD~1..HEAD"]),
        scan().args(["--since", "HEAD~1"]),
        scan().arg("--worktree"),
        scan().arg("--no-ignore"),
        scan().args(["--policy-ref", "HEAD"]),
        scan().args(["--as", "dir"]).arg("."),
        leakward(repository.sandbox())
            .args(["baseline", "create", "--output", "-"])
            .in_folder(repository.folder()),
    ]
}

/// Lets the program near the trap in every way, and expects the leak still to be found.
fn expect_no_effect(repository: &Repository, trap: &Trap, credential: &Credential) {
    for program in every_way(repository) {
        let run = program.run();
        assert!(run.status.is_some(), "{}", run.transcript());
        trap.expect_unsprung();
    }
    let run = scan(repository);
    trap.expect_unsprung();
    run.report()
        .expect(credential, &Place::git("settings.py").in_settings());
}

#[test]
fn a_file_system_monitor_is_not_started() {
    let (repository, trap, credential) = repository();
    repository.commit_file("more.txt", "x\n");
    repository.git(&["config", "core.fsmonitor", trap.command()]);
    repository.git(&["status"]);
    trap.expect_live();
    expect_no_effect(&repository, &trap, &credential);
}

#[test]
fn hooks_are_not_run() {
    let (repository, trap, credential) = repository();
    let folder = repository.sandbox().folder("hooks");
    for hook in [
        "pre-commit",
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "pre-auto-gc",
        "post-merge",
    ] {
        trap.install(repository.sandbox(), &folder.join(hook));
        trap.install(
            repository.sandbox(),
            &repository.git_dir().join("hooks").join(hook),
        );
    }
    repository.git(&["config", "core.hooksPath", folder.to_str().expect("UTF-8")]);
    repository.commit_file("more.txt", "x\n");
    trap.expect_live();
    expect_no_effect(&repository, &trap, &credential);
}

#[test]
fn text_conversion_is_not_run() {
    let (repository, trap, credential) = repository();
    repository.commit_file(".gitattributes", "*.py diff=trap\n");
    repository.git(&["config", "diff.trap.textconv", trap.command()]);
    repository.git(&["log", "--patch", "--textconv"]);
    trap.expect_live();
    expect_no_effect(&repository, &trap, &credential);
}

#[test]
fn an_external_diff_is_not_run() {
    let (repository, trap, credential) = repository();
    repository.commit_file(".gitattributes", "*.py diff=trap\n");
    repository.git(&["config", "diff.external", trap.command()]);
    repository.git(&["config", "diff.trap.command", trap.command()]);
    repository.write("settings.py", credential.file() + "changed = 1\n");
    repository.git(&["diff", "--ext-diff"]);
    trap.expect_live();
    expect_no_effect(&repository, &trap, &credential);
}

#[test]
fn filters_are_not_run() {
    let (repository, trap, credential) = repository();
    repository.commit_file(".gitattributes", "*.py filter=trap\n");
    repository.git(&["config", "filter.trap.smudge", trap.command()]);
    repository.git(&["config", "filter.trap.clean", trap.command()]);
    repository.write("settings.py", credential.file() + "changed = 1\n");
    repository.git(&["diff"]);
    trap.expect_live();
    repository.git(&["config", "filter.trap.process", trap.command()]);
    let _ends_badly = repository.try_git(&["diff"], "");
    trap.expect_live();
    expect_no_effect(&repository, &trap, &credential);
}

#[test]
fn an_included_configuration_is_not_followed() {
    let (repository, trap, credential) = repository();
    repository.commit_file("more.txt", "x\n");
    let text = format!("[core]\n\tfsmonitor = {}\n", trap.command());
    let included = repository.sandbox().write("included.config", text);
    repository.git(&["config", "include.path", included.to_str().expect("UTF-8")]);
    repository.git(&["status"]);
    trap.expect_live();
    expect_no_effect(&repository, &trap, &credential);
}

#[test]
fn the_users_own_configuration_and_environment_start_nothing_either() {
    let (repository, trap, credential) = repository();
    repository.commit_file("more.txt", "x\n");
    let text = format!("[core]\n\tfsmonitor = {}\n", trap.command());
    repository.sandbox().write("home/.gitconfig", text);
    let run = revealing_scan(repository.sandbox())
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "core.fsmonitor")
        .env("GIT_CONFIG_VALUE_0", trap.command())
        .env("GIT_EXTERNAL_DIFF", trap.command())
        .env("GIT_DIR", "/nonexistent")
        .env("GIT_OBJECT_DIRECTORY", "/nonexistent")
        .arg(repository.folder())
        .run();
    trap.expect_unsprung();
    run.expect_status(1)
        .report()
        .expect(&credential, &Place::git("settings.py").in_settings());
}

#[test]
fn helpers_for_credentials_ssh_and_pagers_are_not_run() {
    let (repository, trap, credential) = repository();
    repository.commit_file("more.txt", "x\n");
    for key in [
        "credential.helper",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "core.askPass",
        "gpg.program",
        "uploadpack.packObjectsHook",
    ] {
        repository.git(&["config", key, trap.command()]);
    }
    repository.git(&["remote", "add", "origin", "ssh://nobody@localhost:1/x"]);
    let _fails = repository.try_git(&["fetch", "origin"], "");
    trap.expect_live();
    expect_no_effect(&repository, &trap, &credential);
}

#[test]
fn a_promisor_remote_is_not_asked_for_missing_objects() {
    let (repository, trap, credential) = repository();
    repository.commit_file("lost.txt", "soon lost\n");
    let lost = repository.blob("HEAD", "lost.txt");
    fs::remove_file(repository.loose_object(&lost)).expect("a loose object");
    repository.git(&["config", "core.repositoryFormatVersion", "1"]);
    repository.git(&["config", "extensions.partialClone", "origin"]);
    repository.git(&["config", "remote.origin.promisor", "true"]);
    repository.git(&["config", "remote.origin.url", "ssh://nobody@localhost:1/x"]);
    repository.git(&["config", "core.sshCommand", trap.command()]);
    let _fails = repository.try_git(&["cat-file", "-p", &lost], "");
    trap.expect_live();
    expect_no_effect(&repository, &trap, &credential);
    scan(&repository)
        .expect_status(2)
        .report()
        .expect_skipped(&["missing", &lost]);
}

#[test]
fn a_working_tree_elsewhere_is_not_read() {
    let (repository, _, credential) = repository();
    let outside = Credential::named("outside the repository");
    let elsewhere = repository.sandbox().folder("elsewhere");
    repository
        .sandbox()
        .write("elsewhere/private.py", outside.file());
    repository.git(&[
        "config",
        "core.worktree",
        elsewhere.to_str().expect("UTF-8"),
    ]);
    let status = repository.git(&["status", "--short"]);
    assert!(
        status.contains("private.py"),
        "git itself looks there: {status}"
    );
    let report = scan(&repository).report();
    report
        .expect_absent(&outside)
        .expect(&credential, &Place::git("settings.py").in_settings());
    let worktree_only = revealing_scan(repository.sandbox())
        .arg("--worktree")
        .arg(repository.folder())
        .run();
    assert!(
        !worktree_only.stdout.contains(outside.text()),
        "{}",
        worktree_only.transcript()
    );
}

#[cfg(unix)]
#[test]
fn links_out_of_the_tree_are_not_followed() {
    let (repository, _, _) = repository();
    let outside = Credential::named("outside the tree");
    let file = repository
        .sandbox()
        .write("private/settings.py", outside.file());
    repository.link("file-link", &file);
    repository.link("folder-link", repository.sandbox().path("private"));
    repository.link("relative-link", "../private/settings.py");
    for commit in [false, true] {
        if commit {
            repository.commit("links");
        }
        for arguments in [
            &[][..],
            &["--worktree"],
            &["--staged"],
            &["--no-ignore"],
            &["--as", "dir"],
        ] {
            let run = revealing_scan(repository.sandbox())
                .args(arguments)
                .arg(repository.folder())
                .run();
            run.report().expect_absent(&outside);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_tracked_folder_replaced_by_a_link_does_not_lead_out_of_the_tree() {
    let (repository, _, _) = repository();
    let outside = Credential::named("behind the folder");
    repository.commit_file("config/settings.py", "token = None\n");
    repository
        .sandbox()
        .write("private/settings.py", outside.file());
    repository.remove("config/settings.py");
    fs::remove_dir(repository.path("config")).expect("the folder");
    repository.link("config", "../private");
    for arguments in [&[][..], &["--worktree"], &["--staged"]] {
        let run = revealing_scan(repository.sandbox())
            .args(arguments)
            .arg(repository.folder())
            .run();
        run.report().expect_absent(&outside);
    }
}

#[cfg(unix)]
#[test]
fn policy_files_that_are_links_out_of_the_tree_are_not_followed() {
    let (repository, _, credential) = repository();
    let ignore = repository.sandbox().write("elsewhere/ignore", "path:**\n");
    repository.link(".leakwardignore", &ignore);
    let run = scan(&repository);
    assert_ne!(run.status, Some(0), "{}", run.transcript());
    if run.status == Some(1) {
        run.report()
            .expect(&credential, &Place::git("settings.py").in_settings());
    }
}

#[test]
fn alternates_outside_the_repository_are_not_walked_and_said() {
    let (victim, _, outside) = repository();
    let inside = Credential::named("inside");
    let hostile = victim.neighbour("hostile");
    hostile.commit_file("settings.py", inside.file());
    let elsewhere = victim.git_dir().join("objects");
    fs::create_dir_all(hostile.git_dir().join("objects/info")).expect("a folder");
    fs::write(
        hostile.git_dir().join("objects/info/alternates"),
        format!("{}\n", elsewhere.display()),
    )
    .expect("alternates");
    let blob = victim.blob("HEAD", "settings.py");
    let read = hostile.git(&["cat-file", "-p", &blob]);
    assert!(read.contains(outside.text()), "git itself follows them");
    for arguments in [&[][..], &["--reachable-only"], &["--worktree"]] {
        let run = revealing_scan(victim.sandbox())
            .args(arguments)
            .arg(hostile.folder())
            .run();
        let report = run.expect_status(1).report();
        report.expect_absent(&outside);
        assert!(report.holds(&inside), "{}", report.overview());
    }
    scan(&hostile)
        .report()
        .expect_skipped(&[elsewhere.to_str().expect("UTF-8")]);
}

#[test]
fn a_git_file_that_points_elsewhere_is_not_followed() {
    let (victim, _, outside) = repository();
    let inside = Credential::named("inside");
    let hostile = victim.sandbox().folder("hostile");
    victim.sandbox().write("hostile/settings.py", inside.file());
    victim.sandbox().write(
        "hostile/.git",
        format!("gitdir: {}\n", victim.git_dir().display()),
    );
    let log = victim.existing("hostile").git(&["log", "--oneline"]);
    assert!(!log.is_empty(), "git itself follows the file");
    for arguments in [&[][..], &["--worktree"]] {
        let run = revealing_scan(victim.sandbox())
            .args(arguments)
            .arg(&hostile)
            .run();
        assert!(!run.stdout.contains(outside.text()), "{}", run.transcript());
        assert_ne!(run.status, Some(0), "{}", run.transcript());
    }
}

#[test]
fn a_git_file_that_points_to_a_git_folder_of_another_tree_is_not_followed() {
    let (outer, _, _) = repository();
    outer.git(&[
        "init",
        "-q",
        "--separate-git-dir",
        "../apart.git",
        "../apart",
    ]);
    let victim = outer.existing("apart");
    let outside = Credential::named("outside");
    victim.commit_file("settings.py", outside.file());
    // The same name, so that nothing but what the file system says of the file can tell.
    let hostile = victim.sandbox().folder("hostile");
    victim.sandbox().write("hostile/settings.py", "another\n");
    fs::copy(victim.path(".git"), hostile.join(".git")).expect("the file is copied");
    let log = victim.existing("hostile").git(&["log", "--oneline"]);
    assert!(!log.is_empty(), "git itself follows the file");
    let run = revealing_scan(victim.sandbox()).arg(&hostile).run();
    assert!(!run.stdout.contains(outside.text()), "{}", run.transcript());
    assert_ne!(run.status, Some(0), "{}", run.transcript());
}

#[cfg(unix)]
#[test]
fn an_object_folder_that_is_a_link_to_another_repository_is_not_followed() {
    let (victim, _, outside) = repository();
    let hostile = victim.neighbour("hostile");
    hostile.write("readme.txt", "x\n");
    let objects = hostile.git_dir().join("objects");
    fs::remove_dir_all(&objects).expect("the object folder");
    std::os::unix::fs::symlink(victim.git_dir().join("objects"), &objects).expect("a link");
    let run = scan(&hostile);
    assert!(!run.stdout.contains(outside.text()), "{}", run.transcript());
    run.report().expect_skipped(&["objects"]);
}

#[test]
fn a_shared_folder_of_another_repository_is_not_followed() {
    let (victim, _, outside) = repository();
    let hostile = victim.neighbour("hostile");
    hostile.write("readme.txt", "x\n");
    fs::write(
        hostile.git_dir().join("commondir"),
        format!("{}\n", victim.git_dir().display()),
    )
    .expect("commondir");
    let run = scan(&hostile);
    assert!(!run.stdout.contains(outside.text()), "{}", run.transcript());
    assert_ne!(run.status, Some(0), "{}", run.transcript());
}

#[test]
fn escape_sequences_in_names_do_not_reach_the_terminal() {
    let credential = Credential::named("escape");
    let repository = Repository::new();
    repository.commit_file("evil\u{1b}[2J\u{7}.py", credential.file());
    repository.commit_staged(&format!(
        "message \u{1b}]0;title\u{7} {}",
        Credential::named("in the message")
    ));
    for arguments in [&[][..], &["-v"], &["--color", "never"]] {
        let run = leakward(repository.sandbox())
            .arg("scan")
            .args(arguments)
            .arg(repository.folder())
            .run();
        run.expect_status(1);
        for text in [&run.stdout, &run.stderr] {
            assert!(
                !text.contains("\u{1b}[2J") && !text.contains('\u{7}') && !text.contains("\u{1b}]"),
                "{}",
                run.transcript()
            );
        }
    }
}
