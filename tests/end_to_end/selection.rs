//! Which part of a repository is scanned: a range, what is new since, what is staged, the working tree alone.

use leakward_tests::{Credential, Place, Report, Repository};

use crate::{leakward, scan_with};

fn report(repository: &Repository, arguments: &[&str], status: i32) -> Report {
    let run = scan_with(repository, arguments);
    run.expect_status(status);
    run.report()
}

/// Three commits, each with a leak of its own in a file of its own.
fn three_commits() -> (Repository, [Credential; 3], [String; 3]) {
    let credentials = ["first", "second", "third"].map(Credential::named);
    let repository = Repository::new();
    let commits = [0, 1, 2].map(|number: usize| {
        repository.commit_file(&format!("settings{number}.py"), credentials[number].file())
    });
    (repository, credentials, commits)
}

#[test]
fn a_range_shows_what_its_commits_brought_in() {
    let (repository, [first, second, third], commits) = three_commits();
    let range = format!("{}..{}", commits[0], commits[1]);
    let report = report(&repository, &["--range", &range], 1);
    report.expect(
        &second,
        &Place::git("settings1.py")
            .in_settings()
            .commit(&commits[1])
            .reachable(),
    );
    report.expect_absent(&first).expect_absent(&third);
}

#[test]
fn a_range_does_not_show_uncommitted_files() {
    let (repository, ..) = three_commits();
    let untracked = Credential::named("untracked");
    repository.write("untracked.py", untracked.file());
    report(&repository, &["--range", "HEAD~1..HEAD"], 1).expect_absent(&untracked);
}

#[test]
fn a_range_with_an_open_end_reaches_to_head() {
    let (repository, [first, second, third], _) = three_commits();
    let report = report(&repository, &["--range", "HEAD~1.."], 1);
    report.expect_absent(&first).expect_absent(&second);
    assert!(report.holds(&third), "{}", report.overview());
}

#[test]
fn a_range_without_a_leak_is_clean() {
    let (repository, ..) = three_commits();
    repository.commit_file("README.md", "clean\n");
    report(&repository, &["--range", "HEAD~1..HEAD"], 0);
}

#[test]
fn a_range_shows_a_leak_that_the_next_commit_removed() {
    let credential = Credential::named("there and gone");
    let repository = Repository::new();
    repository.commit_file("README.md", "x\n");
    let leak = repository.commit_file("settings.py", credential.file());
    repository.remove("settings.py").commit("remove it");
    let report = report(&repository, &["--range", "HEAD~2..HEAD"], 1);
    report.expect(
        &credential,
        &Place::git("settings.py").in_settings().commit(&leak),
    );
}

#[test]
fn a_range_shows_the_text_of_its_merge_commits_and_messages() {
    let (merged, said) = (
        Credential::named("in the merge"),
        Credential::named("in its message"),
    );
    let repository = Repository::new();
    repository.commit_file("README.md", "x\n");
    repository.git(&["checkout", "--quiet", "-b", "feature"]);
    repository.commit_file("feature.txt", "x\n");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.commit_file("main.txt", "x\n");
    repository.git(&["merge", "--quiet", "--no-commit", "--no-ff", "feature"]);
    repository.write("settings.py", merged.file());
    let merge = repository.commit(&format!("merge with {said}"));
    let report = report(&repository, &["--range", "HEAD^1..HEAD"], 1);
    report.expect(
        &merged,
        &Place::git("settings.py").in_settings().commit(&merge),
    );
    report.expect(&said, &Place::kind("message").line(1).commit(&merge));
}

#[test]
fn since_shows_what_came_after_on_every_branch() {
    let (repository, [first, second, third], commits) = three_commits();
    let elsewhere = Credential::named("on another branch");
    repository.git(&["checkout", "--quiet", "-b", "feature", &commits[0]]);
    let commit = repository.commit_file("elsewhere.py", elsewhere.file());
    repository.git(&["checkout", "--quiet", "main"]);
    let report = report(&repository, &["--since", &commits[0]], 1);
    report.expect_absent(&first);
    report.expect(
        &second,
        &Place::git("settings1.py").in_settings().commit(&commits[1]),
    );
    report.expect(
        &third,
        &Place::git("settings2.py").in_settings().commit(&commits[2]),
    );
    report.expect(
        &elsewhere,
        &Place::git("elsewhere.py").in_settings().commit(&commit),
    );
}

#[test]
fn a_revision_that_is_not_there_is_an_error_that_names_it() {
    let (repository, ..) = three_commits();
    for (arguments, word) in [
        (["--range", "no-such-branch..HEAD"], "no-such-branch"),
        (["--range", "HEAD~1..no-such-tag"], "no-such-tag"),
        (["--range", "nonsense"], "nonsense"),
        (["--since", "no-such-branch"], "no-such-branch"),
    ] {
        scan_with(&repository, &arguments)
            .expect_status(2)
            .expect_message(&[word]);
    }
}

#[test]
fn staged_shows_what_the_next_commit_would_bring_in() {
    let (committed, staged, unstaged, untracked) = (
        Credential::named("committed"),
        Credential::named("staged"),
        Credential::named("unstaged"),
        Credential::named("untracked"),
    );
    let repository = Repository::new();
    repository
        .write("clean.py", "x = 1\n")
        .commit_file("committed.py", committed.file());
    repository.write("staged.py", staged.file());
    repository.git(&["add", "staged.py"]);
    repository
        .write("clean.py", unstaged.file())
        .write("untracked.py", untracked.file());
    let report = report(&repository, &["--staged"], 1);
    report.expect(&staged, &Place::index("staged.py").in_settings());
    report
        .expect_absent(&committed)
        .expect_absent(&unstaged)
        .expect_absent(&untracked);
}

#[test]
fn staged_reads_the_index_where_the_file_differs() {
    let (staged, present) = (
        Credential::named("staged part"),
        Credential::named("present part"),
    );
    let repository = Repository::new();
    repository.commit_file("settings.py", "token = None\n");
    repository.write("settings.py", staged.file());
    repository.git(&["add", "settings.py"]);
    repository.write("settings.py", present.file());
    let report = report(&repository, &["--staged"], 1);
    report
        .expect(&staged, &Place::index("settings.py").in_settings())
        .expect_absent(&present);
    repository.remove("settings.py");
    assert!(self::report(&repository, &["--staged"], 1).holds(&staged));
}

#[test]
fn staged_reads_what_was_packed() {
    let credential = Credential::named("staged and packed");
    let repository = Repository::new();
    repository.commit_file("README.md", "x\n");
    repository.write("settings.py", credential.file());
    repository.git(&["add", "settings.py"]);
    let blob = repository.git(&["rev-parse", ":settings.py"]);
    repository.pack_objects(&[&blob]);
    report(&repository, &["--staged"], 1)
        .expect(&credential, &Place::index("settings.py").in_settings());
}

#[test]
fn staged_on_an_unborn_branch_shows_the_first_commit() {
    let credential = Credential::named("first commit to be");
    let repository = Repository::new();
    repository.write("settings.py", credential.file());
    repository.git(&["add", "settings.py"]);
    report(&repository, &["--staged"], 1)
        .expect(&credential, &Place::index("settings.py").in_settings());
}

#[test]
fn nothing_staged_is_clean_so_that_a_hook_lets_it_pass() {
    let repository = Repository::new();
    repository.commit_file("settings.py", Credential::named("old").file());
    report(&repository, &["--staged"], 0);
    repository.git(&["rm", "--quiet", "settings.py"]);
    report(&repository, &["--staged"], 0);
}

/// Installs `leakward scan --staged` as the repository's pre-commit hook.
#[cfg(unix)]
fn install_hook(repository: &Repository) {
    let text = format!(
        "#!/bin/sh\nexec '{}' scan --staged\n",
        env!("CARGO_BIN_EXE_leakward")
    );
    let source = repository.sandbox().write("hook.txt", text);
    let hook = repository.git_dir().join("hooks/pre-commit");
    std::fs::create_dir_all(hook.parent().expect("a folder")).expect("the folder of hooks");
    repository.sandbox().copy_program(&source, &hook);
}

#[cfg(unix)]
#[test]
fn a_pre_commit_hook_stops_a_leak_however_the_commit_is_made() {
    for commit in [
        &["commit", "--message", "add"][..],
        &["commit", "--all", "--message", "with an index of its own"],
        &[
            "commit",
            "--only",
            "settings.py",
            "--message",
            "with another index of its own",
        ],
        &[
            "commit",
            "--include",
            "settings.py",
            "--message",
            "with the index locked",
        ],
        &["commit", "--amend", "--all", "--no-edit"],
    ] {
        let credential = Credential::named("hook");
        let repository = Repository::new();
        repository.commit_file("settings.py", "token = None\n");
        install_hook(&repository);
        repository.write("settings.py", credential.file());
        if !commit
            .iter()
            .any(|word| matches!(*word, "--all" | "--only" | "--include"))
        {
            repository.git(&["add", "settings.py"]);
        }
        let output = repository.try_git(commit, "");
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(!output.status.success(), "{commit:?} went through\n{said}");
        assert!(
            said.contains("settings.py") && !said.contains(credential.tell_tale()),
            "{said}"
        );
        repository.write("settings.py", "token = load()\n");
        repository.git(&["add", "settings.py"]);
        repository.git(commit);
    }
}

#[cfg(unix)]
#[test]
fn a_pre_commit_hook_works_in_a_linked_worktree_and_in_a_subfolder() {
    let credential = Credential::named("hook in a worktree");
    let repository = Repository::new();
    repository.commit_file("deep/er/settings.py", "token = None\n");
    install_hook(&repository);
    repository.git(&["worktree", "add", "--quiet", "../linked"]);
    let linked = repository.existing("linked");
    linked.write("deep/er/settings.py", credential.file());
    let output = linked
        .existing("linked/deep/er")
        .try_git(&["commit", "--all", "--message", "leak"], "");
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("deep/er/settings.py"),
        "{said}"
    );
}

#[test]
fn staged_outside_of_a_repository_is_an_error() {
    let repository = Repository::new();
    let folder = repository.sandbox().folder("plain");
    repository.sandbox().write("plain/a.py", "x = 1\n");
    for option in [
        &["--staged"][..],
        &["--range", "a..b"],
        &["--since", "a"],
        &["--reachable-only"],
    ] {
        leakward(repository.sandbox())
            .arg("scan")
            .args(option)
            .arg(&folder)
            .run()
            .expect_status(2);
    }
}

#[test]
fn the_working_tree_alone() {
    let (past, present) = (Credential::named("past"), Credential::named("present"));
    let repository = Repository::new();
    repository.commit_file("past.py", past.file());
    repository.remove("past.py").commit("remove it");
    repository.commit_file("present.py", present.file());
    let report = report(&repository, &["--worktree"], 1);
    report
        .expect(&present, &Place::worktree("present.py").in_settings())
        .expect_absent(&past);
}

#[test]
fn only_what_refs_reach() {
    let (reached, dangling) = (Credential::named("reached"), Credential::named("dangling"));
    let repository = Repository::new();
    let commit = repository.commit_file("settings.py", reached.file());
    let _blob = repository.store_blob(dangling.file());
    let report = report(&repository, &["--reachable-only"], 1);
    report.expect(
        &reached,
        &Place::git("settings.py")
            .in_settings()
            .commit(&commit)
            .reachable(),
    );
    report.expect_absent(&dangling);
}

#[test]
fn one_thread_and_many_find_the_same() {
    let (repository, credentials, _) = three_commits();
    repository.pack();
    let by_threads = ["1", "2", "7"].map(|threads| {
        let report = report(&repository, &["--threads", threads], 1);
        credentials
            .each_ref()
            .map(|credential| report.finding(credential).clone())
    });
    assert_eq!(by_threads[0], by_threads[1]);
    assert_eq!(by_threads[0], by_threads[2]);
}
