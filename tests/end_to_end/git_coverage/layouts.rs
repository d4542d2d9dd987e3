//! Ways in which a repository can be laid out on disk: without a working tree, with several, inside another one.

use std::fs;

use leakward_tests::{Credential, Place, Repository};

use crate::{findings_of, leakward, revealing_scan, scan};

/// A repository whose history, and nothing else, holds the credential; and the commit that brought it in.
fn leaky(credential: &Credential) -> (Repository, String) {
    let repository = Repository::new();
    let commit = repository.commit_file("settings.py", credential.file());
    repository
        .remove("settings.py")
        .commit_file("README.md", "clean\n");
    (repository, commit)
}

#[test]
fn the_repository_around_the_current_folder() {
    let credential = Credential::named("current folder");
    let (repository, commit) = leaky(&credential);
    repository.write("src/deep/main.py", "x = 1\n");
    let run = revealing_scan(repository.sandbox())
        .in_folder(&repository.path("src/deep"))
        .run();
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable();
    run.expect_status(1).report().expect(&credential, &place);
}

#[test]
fn a_bare_repository() {
    let credential = Credential::named("bare");
    let (repository, commit) = leaky(&credential);
    repository.git(&["clone", "--quiet", "--bare", ".", "../project.git"]);
    let bare = repository.existing("project.git");
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable();
    findings_of(&bare).expect(&credential, &place);
}

#[test]
fn a_mirror_with_every_ref() {
    let credential = Credential::named("mirror");
    let (repository, commit) = leaky(&credential);
    repository.git(&["update-ref", "refs/pull/1/head", &commit]);
    repository.git(&["clone", "--quiet", "--mirror", ".", "../mirror"]);
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable();
    findings_of(&repository.existing("mirror")).expect(&credential, &place);
}

#[test]
fn the_git_folder_itself() {
    let credential = Credential::named("git folder");
    let (repository, commit) = leaky(&credential);
    let run = revealing_scan(repository.sandbox())
        .arg(repository.path(".git"))
        .run();
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable();
    run.expect_status(1).report().expect(&credential, &place);
}

#[test]
fn a_linked_worktree() {
    let (past, present, staged) = (
        Credential::named("past of the worktree"),
        Credential::named("in the worktree"),
        Credential::named("in its index"),
    );
    let (repository, commit) = leaky(&past);
    repository.git(&["worktree", "add", "--quiet", "-b", "feature", "../linked"]);
    let linked = repository.existing("linked");
    assert!(
        linked.path(".git").is_file(),
        "a linked worktree has a file there"
    );
    linked.write("staged.py", staged.file());
    linked.git(&["add", "--all"]);
    linked
        .remove("staged.py")
        .write("present.py", present.file());
    let report = findings_of(&linked);
    report.expect(
        &past,
        &Place::git("settings.py")
            .in_settings()
            .commit(&commit)
            .reachable(),
    );
    report.expect(&present, &Place::worktree("present.py").in_settings());
    report.expect(&staged, &Place::index("staged.py").in_settings());
}

#[test]
fn what_only_the_detached_head_of_another_worktree_reaches() {
    let credential = Credential::named("detached elsewhere");
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    repository.git(&["worktree", "add", "--quiet", "--detach", "../linked"]);
    let commit = repository
        .existing("linked")
        .commit_file("settings.py", credential.file());
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn the_folder_of_a_submodule() {
    let (past, present) = (
        Credential::named("past of the submodule"),
        Credential::named("in the submodule"),
    );
    let (library, commit) = leaky(&past);
    let parent = library.neighbour("parent");
    parent.git(&[
        "submodule",
        "--quiet",
        "add",
        library.folder().to_str().expect("UTF-8"),
        "library",
    ]);
    parent.commit("add the library");
    let submodule = parent.existing("parent/library");
    assert!(
        submodule.path(".git").is_file(),
        "a submodule has a file there"
    );
    submodule.write("present.py", present.file());
    let report = findings_of(&submodule);
    report.expect(
        &past,
        &Place::git("settings.py")
            .in_settings()
            .commit(&commit)
            .reachable(),
    );
    report.expect(&present, &Place::worktree("present.py").in_settings());
}

#[test]
fn a_submodule_of_the_scanned_repository_is_scanned_or_named() {
    let credential = Credential::named("unscanned submodule");
    let (library, _) = leaky(&credential);
    let parent = library.neighbour("parent");
    parent.git(&[
        "submodule",
        "--quiet",
        "add",
        library.folder().to_str().expect("UTF-8"),
        "vendor/library",
    ]);
    parent.commit("add the library");
    let report = scan(&parent).report();
    let named = format!("{}{}", report.value()["skipped"], report.value()["notes"])
        .contains("vendor/library");
    assert!(report.holds(&credential) || named, "{}", report.overview());
}

#[test]
fn alternates_inside_the_repository() {
    let credential = Credential::named("alternates inside");
    let (repository, commit) = leaky(&credential);
    let git_dir = repository.git_dir();
    fs::rename(git_dir.join("objects"), git_dir.join("shared-objects")).expect("moved objects");
    fs::create_dir_all(git_dir.join("objects/info")).expect("a new object folder");
    fs::write(
        git_dir.join("objects/info/alternates"),
        "../shared-objects\n",
    )
    .expect("alternates");
    assert!(
        !repository.git(&["log", "--oneline"]).is_empty(),
        "git must be able to read it"
    );
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn a_clone_that_shares_the_objects_of_another_repository() {
    let credential = Credential::named("shared clone");
    let (repository, commit) = leaky(&credential);
    repository.git(&["clone", "--quiet", "--shared", ".", "../shared"]);
    let shared = repository.existing("shared");
    let blob = repository.blob(&commit, "settings.py");
    assert!(!shared.loose_object(&blob).exists() && shared.packs().is_empty());
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable();
    findings_of(&shared).expect(&credential, &place);
}

#[test]
fn a_repository_whose_git_folder_is_elsewhere() {
    let (history, untracked) = (
        Credential::named("separate git folder"),
        Credential::named("beside a separate git folder"),
    );
    let outer = Repository::new();
    outer.git(&[
        "init",
        "--quiet",
        "--initial-branch=main",
        "--separate-git-dir",
        "../apart.git",
        "../apart",
    ]);
    let apart = outer.existing("apart");
    let commit = apart.commit_file("settings.py", history.file());
    apart.write("new.py", untracked.file());
    assert!(apart.path(".git").is_file(), "a file that names the folder");
    let report = findings_of(&apart);
    let place = Place::git("settings.py").in_settings().commit(&commit);
    report.expect(&history, &place.reachable());
    report.expect(&untracked, &Place::worktree("new.py").in_settings());
}

#[test]
fn several_targets_in_one_run() {
    let (one, two) = (
        Credential::named("target one"),
        Credential::named("target two"),
    );
    let (repository, _) = leaky(&one);
    let neighbour = repository.neighbour("neighbour");
    neighbour.commit_file("settings.py", two.file());
    let run = revealing_scan(repository.sandbox())
        .arg(repository.folder())
        .arg(neighbour.folder())
        .run();
    let report = run.expect_status(1).report();
    report.expect(&one, &Place::kind("git").in_settings());
    report.expect(&two, &Place::kind("git").in_settings());
}

#[test]
fn a_folder_that_is_no_repository() {
    let credential = Credential::named("folder");
    let repository = Repository::new();
    repository
        .sandbox()
        .write("plain/deep/settings.py", credential.file());
    let run = revealing_scan(repository.sandbox()).arg("plain").run();
    run.expect_status(1)
        .report()
        .expect(&credential, &Place::file("deep/settings.py").in_settings());
}

#[test]
fn a_repository_read_as_a_plain_folder_shows_only_its_files() {
    let (past, present) = (Credential::named("past"), Credential::named("present"));
    let (repository, _) = leaky(&past);
    repository.write("present.py", present.file());
    let run = revealing_scan(repository.sandbox())
        .args(["--as", "dir"])
        .arg(repository.folder())
        .run();
    let report = run.expect_status(1).report();
    report.expect(&present, &Place::file("present.py").in_settings());
    report.expect_absent(&past);
}

#[test]
fn a_single_file() {
    let credential = Credential::named("single file");
    let repository = Repository::new();
    let file = repository.sandbox().write("settings.py", credential.file());
    let run = revealing_scan(repository.sandbox()).arg(&file).run();
    run.expect_status(1)
        .report()
        .expect(&credential, &Place::kind("file").in_settings());
}

#[test]
fn standard_input() {
    let credential = Credential::named("stdin");
    let repository = Repository::new();
    for arguments in [&["-"][..], &["--as", "stdin"], &["--as", "stdin", "-"]] {
        let run = revealing_scan(repository.sandbox())
            .args(arguments)
            .input(credential.file())
            .run();
        run.expect_status(1)
            .report()
            .expect(&credential, &Place::kind("stdin").in_settings());
    }
}

#[test]
fn the_kind_of_target_is_detected_and_printed() {
    let (repository, _) = leaky(&Credential::named("printed"));
    let run = leakward(repository.sandbox())
        .arg("scan")
        .arg(repository.folder())
        .run();
    let printed = format!("{}{}", run.stdout, run.stderr);
    assert!(
        printed.contains("git") && printed.contains("history"),
        "{}",
        run.transcript()
    );
}
