//! What cannot be read: missing, damaged, forbidden, or nothing there at all. It is named, the rest is scanned, and
//! the run is incomplete: exit status 2. "No findings" must never mean "could not read".

use std::fs;
use std::path::{Path, PathBuf};

use leakward_tests::{Credential, Place, Program, Repository, Requirement, Sandbox, missing};

use crate::{leakward, revealing_scan, scan, scan_with};

/// A repository with the credential in its history, and its only commit.
fn leaky(credential: &Credential) -> (Repository, String) {
    let repository = Repository::new();
    let commit = repository.commit_file("settings.py", credential.file());
    (repository, commit)
}

/// Changes a file that git made read-only.
fn damage(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("the file to damage");
    change(&mut bytes);
    fs::remove_file(path).expect("the file to replace");
    fs::write(path, bytes).expect("the damaged file");
}

/// A repository with forty files of random text in one pack; the credentials stand at the end of the files.
fn forty_files() -> (Repository, Vec<Credential>, PathBuf) {
    let repository = Repository::new();
    let credentials: Vec<Credential> = (0..40)
        .map(|number| Credential::named(&format!("file {number}")))
        .collect();
    for (number, credential) in credentials.iter().enumerate() {
        let noise: String = (0..40)
            .map(|line| {
                format!(
                    "{}\n",
                    &Credential::named(&format!("{number}/{line}")).text()[20..]
                )
            })
            .collect();
        repository.write(
            &format!("file{number}.txt"),
            noise + credential.text() + "\n",
        );
    }
    repository.commit("forty files");
    repository.git(&["repack", "-a", "-d", "--quiet", "--window=0"]);
    repository.git(&["rm", "-r", "--quiet", "."]);
    repository.commit_file("README.md", "nothing is left in the working tree\n");
    let pack = repository.only_pack();
    (repository, credentials, pack)
}

#[test]
fn a_shallow_clone_says_where_its_history_ends() {
    let (past, present) = (
        Credential::named("before the boundary"),
        Credential::named("after the boundary"),
    );
    let (origin, _) = leaky(&past);
    origin.remove("settings.py").commit("remove it");
    let commit = origin.commit_file("later.py", present.file());
    let url = format!("file://{}", origin.folder().display());
    origin.git(&["clone", "--quiet", "--depth", "1", &url, "../shallow"]);
    let shallow = origin.existing("shallow");
    let run = scan(&shallow);
    let report = run.expect_status(1).report();
    report.expect(
        &present,
        &Place::git("later.py")
            .in_settings()
            .commit(&commit)
            .reachable(),
    );
    report.expect_absent(&past).expect_skipped(&["shallow"]);
    assert!(
        report.complete(),
        "a shallow clone is the user's own choice\n{}",
        report.overview()
    );
}

#[test]
fn a_partial_clone_is_incomplete_and_counts_what_is_missing() {
    let (past, present) = (
        Credential::named("not fetched"),
        Credential::named("fetched"),
    );
    let (origin, _) = leaky(&past);
    origin.remove("settings.py").commit("remove it");
    origin.commit_file("later.py", present.file());
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let blob = origin.blob("HEAD~2", "settings.py");
    let url = format!("file://{}", origin.folder().display());
    origin.git(&["clone", "--quiet", "--filter=blob:none", &url, "../partial"]);
    let partial = origin.existing("partial");
    let run = scan(&partial);
    let report = run.expect_status(2).report();
    report.expect(&present, &Place::git("later.py").in_settings().reachable());
    report.expect_absent(&past).expect_skipped(&["missing"]);
    assert!(
        !report.complete() && report.skipped().contains(&blob[..7]),
        "{}",
        report.overview()
    );
    scan_with(&partial, &["--allow-incomplete"]).expect_status(1);
}

#[test]
fn a_clone_without_trees_is_incomplete() {
    let (origin, _) = leaky(&Credential::named("no trees"));
    origin.commit_file("README.md", "more\n");
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", origin.folder().display());
    origin.git(&[
        "clone",
        "--quiet",
        "--filter=tree:0",
        "--no-checkout",
        &url,
        "../treeless",
    ]);
    let run = scan(&origin.existing("treeless"));
    run.expect_status(2).report().expect_skipped(&["missing"]);
}

#[test]
fn a_missing_loose_object_is_named() {
    let credential = Credential::named("beside a missing object");
    let repository = Repository::new();
    repository
        .write("lost.txt", "soon lost\n")
        .write("settings.py", credential.file());
    let commit = repository.commit("two files");
    let lost = repository.blob("HEAD", "lost.txt");
    fs::remove_file(repository.loose_object(&lost)).expect("a loose object");
    let report = scan(&repository).expect_status(2).report();
    report.expect(
        &credential,
        &Place::git("settings.py").in_settings().commit(&commit),
    );
    report.expect_skipped(&["missing", &lost]);
}

#[test]
fn a_damaged_loose_object_is_named() {
    let credential = Credential::named("beside a damaged object");
    let repository = Repository::new();
    repository
        .write("damaged.txt", "soon damaged\n")
        .write("settings.py", credential.file());
    repository.commit("two files");
    let damaged = repository.blob("HEAD", "damaged.txt");
    for change in [
        |bytes: &mut Vec<u8>| bytes.truncate(5),
        |bytes: &mut Vec<u8>| bytes.clear(),
        |bytes: &mut Vec<u8>| {
            bytes[0] ^= 0xff;
        },
    ] {
        let path = repository.loose_object(&damaged);
        let before = fs::read(&path).expect("a loose object");
        damage(&path, change);
        let report = scan(&repository).expect_status(2).report();
        report.expect(&credential, &Place::git("settings.py").in_settings());
        report.expect_skipped(&["corrupt", &damaged]);
        fs::write(&path, before).expect("the object back");
    }
}

#[test]
fn flipped_bytes_in_a_pack_cost_one_object_only() {
    let (repository, credentials, pack) = forty_files();
    let victim = repository.blob("HEAD~1", "file7.txt");
    let entry = repository.listing(&pack).entry(&victim).clone();
    let middle = usize::try_from(entry.offset + entry.packed_bytes / 2).expect("a small pack");
    damage(&pack, |bytes| {
        bytes[middle..middle + 8]
            .iter_mut()
            .for_each(|byte| *byte ^= 0x55);
    });
    let report = scan(&repository).expect_status(2).report();
    report.expect_skipped(&["corrupt", &victim]);
    // Contents, names and the history of findings are three readings of one pack, and this is one damage.
    let told = report.value()["skipped"].as_array().expect("a list");
    let of_victim = told.iter().filter(|one| one.to_string().contains(&victim));
    assert_eq!(of_victim.count(), 1, "{}", report.skipped());
    assert!(!report.complete(), "{}", report.overview());
    for (number, credential) in credentials
        .iter()
        .enumerate()
        .filter(|(number, _)| *number != 7)
    {
        report.expect(
            credential,
            &Place::git(&format!("file{number}.txt"))
                .line(41)
                .reachable(),
        );
    }
}

#[test]
fn a_truncated_pack_is_read_up_to_the_cut() {
    let (repository, credentials, pack) = forty_files();
    let listing = repository.listing(&pack);
    let cut = fs::metadata(&pack).expect("the pack").len() * 2 / 3;
    let before_the_cut: Vec<usize> = (0..40)
        .filter(|number| {
            let entry = listing.entry(&repository.blob("HEAD~1", &format!("file{number}.txt")));
            entry.offset + entry.packed_bytes <= cut
        })
        .collect();
    assert!(
        before_the_cut.len() > 5 && before_the_cut.len() < 40,
        "{before_the_cut:?}"
    );
    damage(&pack, |bytes| {
        bytes.truncate(usize::try_from(cut).expect("a small pack"));
    });
    let report = scan(&repository).expect_status(2).report();
    report.expect_skipped(&["pack-"]);
    for number in before_the_cut {
        assert!(
            report.holds(&credentials[number]),
            "file {number} lies before the cut\n{}",
            report.overview()
        );
    }
}

#[test]
fn a_pack_that_is_no_pack_is_named_and_the_rest_is_scanned() {
    let credential = Credential::named("beside a bad pack");
    let (repository, commit) = leaky(&credential);
    let folder = repository.git_dir().join("objects/pack");
    let name = format!("pack-{}", "0".repeat(40));
    fs::write(folder.join(format!("{name}.pack")), "this is no pack").expect("a bad pack");
    fs::write(folder.join(format!("{name}.idx")), "this is no index").expect("a bad index");
    let report = scan(&repository).expect_status(2).report();
    report.expect(
        &credential,
        &Place::git("settings.py").in_settings().commit(&commit),
    );
    report.expect_skipped(&[&name]);
}

#[test]
fn a_pack_whose_index_is_lost_is_named() {
    let credential = Credential::named("no index");
    let (repository, _) = leaky(&credential);
    repository.pack();
    fs::remove_file(repository.only_pack().with_extension("idx")).expect("the index of the pack");
    let run = scan(&repository);
    let report = run.expect_status(2).report();
    assert!(
        report.skipped().contains("pack-") || report.holds(&credential),
        "{}",
        report.overview()
    );
}

#[test]
fn a_damaged_index_of_a_pack_is_named() {
    let (repository, _, pack) = forty_files();
    damage(&pack.with_extension("idx"), |bytes| {
        let middle = bytes.len() / 2;
        bytes.truncate(middle);
    });
    let run = scan(&repository);
    assert_eq!(run.status, Some(2), "{}", run.transcript());
    assert!(
        run.stdout.contains("pack-") || run.stderr.contains("pack-"),
        "{}",
        run.transcript()
    );
}

#[test]
fn a_damaged_index_file_is_named_and_the_history_is_scanned() {
    let credential = Credential::named("beside a damaged index");
    let (repository, commit) = leaky(&credential);
    fs::write(repository.git_dir().join("index"), "DIRC this is no index")
        .expect("a damaged index");
    let report = scan(&repository).expect_status(2).report();
    report.expect(
        &credential,
        &Place::git("settings.py").in_settings().commit(&commit),
    );
    report.expect_skipped(&["index"]);
}

#[test]
fn a_broken_ref_is_named_and_the_others_are_followed() {
    let credential = Credential::named("beside a broken ref");
    let (repository, commit) = leaky(&credential);
    fs::write(repository.git_dir().join("refs/heads/broken"), "nonsense\n").expect("a broken ref");
    let report = scan(&repository).expect_status(2).report();
    report.expect(
        &credential,
        &Place::git("settings.py")
            .in_settings()
            .commit(&commit)
            .reachable(),
    );
    report.expect_skipped(&["refs/heads/broken"]);
}

#[test]
fn a_ref_to_an_object_that_is_not_there_is_named() {
    let credential = Credential::named("beside a dangling ref");
    let (repository, commit) = leaky(&credential);
    fs::write(
        repository.git_dir().join("refs/heads/gone"),
        format!("{}\n", "1".repeat(40)),
    )
    .expect("a ref to nothing");
    let report = scan(&repository).expect_status(2).report();
    report.expect(
        &credential,
        &Place::git("settings.py")
            .in_settings()
            .commit(&commit)
            .reachable(),
    );
    report.expect_skipped(&["missing", &"1".repeat(40)]);
}

#[test]
fn an_empty_repository_has_nothing_to_scan() {
    let repository = Repository::new();
    let run = scan(&repository);
    run.expect_status(2).report().expect_skipped(&["nothing"]);
}

#[test]
fn an_unborn_head_does_not_hide_files_and_other_branches() {
    let (present, past) = (
        Credential::named("unborn, present"),
        Credential::named("unborn, other branch"),
    );
    let (repository, commit) = leaky(&past);
    repository.git(&["checkout", "--quiet", "--orphan", "fresh"]);
    repository.git(&["rm", "-r", "--quiet", "--cached", "."]);
    repository
        .remove("settings.py")
        .write("new.py", present.file());
    let report = scan(&repository).expect_status(1).report();
    report.expect(
        &past,
        &Place::git("settings.py")
            .in_settings()
            .commit(&commit)
            .reachable(),
    );
    report.expect(&present, &Place::worktree("new.py").in_settings());
    assert!(report.complete(), "{}", report.overview());
}

#[test]
fn a_repository_without_a_commit_is_scanned_for_its_files() {
    let credential = Credential::named("no commit yet");
    let repository = Repository::new();
    repository.write("settings.py", credential.file());
    scan(&repository)
        .expect_status(1)
        .report()
        .expect(&credential, &Place::worktree("settings.py").in_settings());
}

#[test]
fn an_empty_folder_has_nothing_to_scan() {
    let sandbox = Sandbox::new();
    sandbox.folder("empty");
    let run = revealing_scan(&sandbox).arg("empty").run();
    run.expect_status(2).report().expect_skipped(&["nothing"]);
}

#[test]
fn a_folder_with_everything_ignored_has_nothing_to_scan() {
    let repository = Repository::new();
    repository
        .write(".git/info/exclude", "*\n")
        .write("settings.py", "x = 1\n");
    scan(&repository)
        .expect_status(2)
        .report()
        .expect_skipped(&["nothing"]);
}

#[test]
fn an_empty_standard_input_has_nothing_to_scan() {
    let sandbox = Sandbox::new();
    let run = revealing_scan(&sandbox).arg("-").input("").run();
    run.expect_status(2).report().expect_skipped(&["nothing"]);
}

#[test]
fn a_missing_target_is_named() {
    let sandbox = Sandbox::new();
    let run = leakward(&sandbox).args(["scan", "no/such/folder"]).run();
    run.expect_status(2).expect_message(&["no/such/folder"]);
}

#[test]
fn a_missing_target_does_not_keep_the_others_from_being_scanned() {
    let credential = Credential::named("beside a missing target");
    let sandbox = Sandbox::new();
    sandbox.write("there/settings.py", credential.file());
    let run = revealing_scan(&sandbox)
        .args(["no/such/folder", "there"])
        .run();
    let report = run.expect_status(2).report();
    report.expect(&credential, &Place::file("there/settings.py").in_settings());
    report.expect_skipped(&["no/such/folder"]);
}

#[cfg(unix)]
#[test]
fn a_forbidden_file_is_named_and_the_rest_is_scanned() {
    let credential = Credential::named("beside a forbidden file");
    let sandbox = Sandbox::new();
    sandbox.write("folder/settings.py", credential.file());
    forbid(&sandbox.write("folder/forbidden.py", "x = 1\n"));
    let program = without_rights(&sandbox);
    let report = program.arg("folder").run().expect_status(2).report();
    report.expect(&credential, &Place::file("settings.py").in_settings());
    report.expect_skipped(&["unreadable", "forbidden.py"]);
}

#[cfg(unix)]
#[test]
fn a_forbidden_folder_is_named_and_the_rest_is_scanned() {
    let credential = Credential::named("beside a forbidden folder");
    let sandbox = Sandbox::new();
    sandbox.write("folder/settings.py", credential.file());
    let forbidden = sandbox.folder("folder/forbidden");
    sandbox.write("folder/forbidden/file.py", "x = 1\n");
    forbid(&forbidden);
    let program = without_rights(&sandbox);
    let run = program.arg("folder").run();
    allow(&forbidden);
    let report = run.expect_status(2).report();
    report.expect(&credential, &Place::file("settings.py").in_settings());
    report.expect_skipped(&["unreadable", "forbidden"]);
}

#[cfg(unix)]
#[test]
fn a_forbidden_loose_object_is_named_and_the_rest_is_scanned() {
    let credential = Credential::named("beside a forbidden object");
    let repository = Repository::new();
    repository
        .write("other.txt", "something else\n")
        .write("settings.py", credential.file());
    repository.commit("two files");
    let forbidden = repository.blob("HEAD", "other.txt");
    forbid(&repository.loose_object(&forbidden));
    let program = without_rights(repository.sandbox());
    let report = program
        .arg(repository.folder())
        .run()
        .expect_status(2)
        .report();
    report.expect(&credential, &Place::git("settings.py").in_settings());
    report.expect_skipped(&["unreadable", &forbidden]);
}

#[cfg(unix)]
#[test]
fn a_repository_that_belongs_to_somebody_else_is_scanned_all_the_same() {
    if missing(Requirement::Root) {
        return;
    }
    let credential = Credential::named("somebody else's");
    let (repository, commit) = leaky(&credential);
    let program = without_rights(repository.sandbox());
    let report = program
        .arg(repository.folder())
        .run()
        .expect_status(1)
        .report();
    report.expect(
        &credential,
        &Place::git("settings.py")
            .in_settings()
            .commit(&commit)
            .reachable(),
    );
}

/// The program for a user who cannot read what [`forbid`] forbade: the user at hand or, for root, nobody.
#[cfg(unix)]
fn without_rights(sandbox: &Sandbox) -> Program {
    let program = revealing_scan(sandbox);
    let probe = sandbox.write("probe", "x");
    forbid(&probe);
    if fs::read(&probe).is_err() {
        return program;
    }
    let copy = sandbox.path("leakward-for-everyone");
    sandbox.copy_program(Path::new(env!("CARGO_BIN_EXE_leakward")), &copy);
    program.as_nobody(&copy)
}

#[cfg(unix)]
fn forbid(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o000)).expect("permissions");
}

#[cfg(unix)]
fn allow(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
}

#[test]
fn a_pseudo_ref_to_a_pruned_commit_is_no_gap() {
    let credential = Credential::named("after a rebase");
    let (repository, commit) = leaky(&credential);
    repository.commit_file("other.txt", "soon gone\n");
    repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let gone = repository.id("ORIG_HEAD");
    repository.git(&["reflog", "expire", "--expire=now", "--all"]);
    repository.git(&["gc", "--quiet", "--prune=now"]);
    assert!(
        !repository
            .try_git(&["cat-file", "-e", &gone], "")
            .status
            .success(),
        "git must have removed the commit that ORIG_HEAD names"
    );
    let report = scan(&repository).expect_status(1).report();
    report.expect(
        &credential,
        &Place::git("settings.py").in_settings().commit(&commit),
    );
}

#[test]
fn an_entry_of_a_reflog_whose_commit_was_pruned_is_no_gap() {
    let credential = Credential::named("pruned stash");
    let (repository, _) = leaky(&credential);
    repository.write("settings.py", "one\n").git(&["stash"]);
    repository.write("settings.py", "two\n").git(&["stash"]);
    let older = repository.id("stash@{1}");
    fs::remove_file(repository.loose_object(&older)).expect("a loose object");
    let report = scan(&repository).report();
    report.expect(&credential, &Place::git("settings.py").in_settings());
}
