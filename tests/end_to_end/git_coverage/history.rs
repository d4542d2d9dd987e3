//! What only the history knows: deleted files, merges, renames, changes of type; and which commit brought it in.

use leakward_tests::{Credential, Place, Repository};

use crate::findings_of;

#[test]
fn a_file_that_was_deleted_later() {
    let credential = Credential::named("deleted");
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    let commit = repository.commit_file("settings.py", credential.file());
    repository
        .remove("settings.py")
        .commit("remove the settings");
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable()
        .field("in_head", false);
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn a_line_that_was_removed_later() {
    let credential = Credential::named("removed line");
    let repository = Repository::new();
    let commit = repository.commit_file("settings.py", credential.file());
    repository.commit_file("settings.py", "# settings of the service\nretries = 3\n");
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable()
        .field("in_head", false);
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn the_root_commit() {
    let credential = Credential::named("root commit");
    let repository = Repository::new();
    let commit = repository.commit_file("settings.py", credential.file());
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable()
        .field("in_head", true);
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn a_second_root_commit() {
    let credential = Credential::named("second root");
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    repository.git(&["checkout", "--quiet", "--orphan", "pages"]);
    let commit = repository.commit_file("settings.py", credential.file());
    repository.git(&["checkout", "--quiet", "main"]);
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn the_first_commit_is_named_with_its_author_and_date() {
    let credential = Credential::named("first commit");
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    let first = repository.commit_file("settings.py", credential.file());
    repository.commit_file("settings.py", credential.file() + "more = 1\n");
    repository.commit_file("settings.py", credential.file() + "more = 2\n");
    let date = repository.git(&["show", "--no-patch", "--format=%aI", &first]);
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&first)
        .field("author", "Ada Author")
        .field("email", "ada@example.test");
    let report = findings_of(&repository);
    let location = report
        .location(&credential, &place)
        .unwrap_or_else(|| panic!("{}", report.overview()));
    let reported = location["date"].as_str().expect("a date");
    assert_eq!(reported.get(..19), date.get(..19), "{}", report.overview());
}

#[test]
fn text_that_only_a_merge_commit_has() {
    let credential = Credential::named("evil merge");
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    repository.git(&["checkout", "--quiet", "-b", "feature"]);
    repository.commit_file("feature.txt", "new\n");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.commit_file("main.txt", "new\n");
    repository.git(&["merge", "--quiet", "--no-commit", "--no-ff", "feature"]);
    repository.write("settings.py", credential.file());
    let merge = repository.commit("merge feature");
    assert!(repository.id("HEAD^2").len() == 40, "a merge commit");
    repository
        .remove("settings.py")
        .commit("remove the settings");
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&merge)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn the_resolution_of_a_conflict() {
    let credential = Credential::named("conflict");
    let repository = Repository::new();
    repository.commit_file("settings.py", "token = None\n");
    repository.git(&["checkout", "--quiet", "-b", "feature"]);
    repository.commit_file("settings.py", "token = one()\n");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.commit_file("settings.py", "token = two()\n");
    let conflict = repository.try_git(&["merge", "--quiet", "feature"], "");
    assert!(
        !conflict.status.success(),
        "the merge must stop with a conflict"
    );
    repository.write("settings.py", credential.file());
    let merge = repository.commit("merge feature");
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&merge)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn an_octopus_merge() {
    let credential = Credential::named("octopus");
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    let mut leak = String::new();
    for branch in ["one", "two", "three"] {
        repository.git(&["checkout", "--quiet", "-b", branch, "main"]);
        let content = if branch == "three" {
            credential.file()
        } else {
            format!("{branch}\n")
        };
        leak = repository.commit_file(&format!("{branch}.py"), content);
    }
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&[
        "merge",
        "--quiet",
        "--no-ff",
        "--message",
        "octopus",
        "one",
        "two",
        "three",
    ]);
    repository.git(&["branch", "--quiet", "-D", "one", "two", "three"]);
    let place = Place::git("three.py")
        .in_settings()
        .commit(&leak)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn a_rename_together_with_an_edit() {
    let credential = Credential::named("rename with edit");
    let repository = Repository::new();
    let lines: String = (0..40)
        .map(|line| format!("line {line} of a long file\n"))
        .collect();
    repository.commit_file("old/name.txt", &lines);
    repository.git(&["mv", "old", "new"]);
    let rename =
        repository.commit_file("new/name.txt", format!("{lines}token = \"{credential}\"\n"));
    repository.commit_file("new/name.txt", &lines);
    let place = Place::git("new/name.txt")
        .line(41)
        .column(10)
        .commit(&rename)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn a_renamed_file_is_one_finding_with_both_paths() {
    let credential = Credential::named("renamed");
    let repository = Repository::new();
    let first = repository.commit_file("old.py", credential.file());
    repository.git(&["mv", "old.py", "new.py"]);
    let second = repository.commit_staged("rename the settings");
    let report = findings_of(&repository);
    report.expect(
        &credential,
        &Place::git("old.py")
            .in_settings()
            .commit(&first)
            .field("in_head", false),
    );
    report.expect(
        &credential,
        &Place::git("new.py")
            .in_settings()
            .commit(&second)
            .field("in_head", true),
    );
}

#[test]
fn one_content_at_many_paths_is_one_finding() {
    let credential = Credential::named("copies");
    let repository = Repository::new();
    for folder in ["a", "b", "c/d"] {
        repository.write(&format!("{folder}/settings.py"), credential.file());
    }
    let commit = repository.commit("three copies");
    let report = findings_of(&repository);
    for folder in ["a", "b", "c/d"] {
        report.expect(
            &credential,
            &Place::git(&format!("{folder}/settings.py"))
                .in_settings()
                .commit(&commit),
        );
    }
    assert_eq!(report.findings().len(), 1, "{}", report.overview());
}

#[cfg(unix)]
#[test]
fn a_file_that_became_a_link_and_a_file_again() {
    let (before, between, after) = (
        Credential::named("before the link"),
        Credential::named("as the link"),
        Credential::named("after the link"),
    );
    let repository = Repository::new();
    let first = repository.commit_file("settings.py", before.file());
    let second = repository
        .remove("settings.py")
        .link("settings.py", format!("vault/{between}"))
        .commit("a link");
    let third = repository
        .remove("settings.py")
        .commit_file("settings.py", after.file());
    repository.commit_file("settings.py", "clean\n");
    let report = findings_of(&repository);
    report.expect(
        &before,
        &Place::git("settings.py")
            .in_settings()
            .commit(&first)
            .reachable(),
    );
    report.expect(
        &between,
        &Place::git("settings.py")
            .line(1)
            .column(7)
            .commit(&second)
            .reachable(),
    );
    report.expect(
        &after,
        &Place::git("settings.py")
            .in_settings()
            .commit(&third)
            .reachable(),
    );
}

#[cfg(unix)]
#[test]
fn the_target_of_a_symbolic_link() {
    let credential = Credential::named("link target");
    let repository = Repository::new();
    let commit = repository
        .link(
            "current",
            format!("https://deploy:{credential}@git.example.test/x"),
        )
        .commit("a link");
    let place = Place::git("current")
        .line(1)
        .column(16)
        .commit(&commit)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn a_file_that_became_a_folder() {
    let credential = Credential::named("file to folder");
    let repository = Repository::new();
    let first = repository.commit_file("config", credential.file());
    repository
        .remove("config")
        .write("config/main.py", "x = 1\n")
        .commit("a folder now");
    findings_of(&repository).expect(
        &credential,
        &Place::git("config")
            .in_settings()
            .commit(&first)
            .reachable(),
    );
}

#[test]
fn the_first_commit_is_an_ancestor_even_where_clocks_were_wrong() {
    let credential = Credential::named("wrong clocks");
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    repository.turn_clock(2_051_222_400);
    let first = repository.commit_file("settings.py", credential.file());
    repository.turn_clock(1_609_459_200);
    repository.remove("settings.py").commit("remove it");
    let again = repository.commit_file("settings.py", credential.file());
    repository.git(&["gc", "--quiet"]);
    let report = findings_of(&repository);
    report.expect(
        &credential,
        &Place::git("settings.py")
            .in_settings()
            .commit(&first)
            .reachable(),
    );
    assert!(
        report
            .location(&credential, &Place::git("settings.py").commit(&again))
            .is_none(),
        "{}",
        report.overview()
    );
}
