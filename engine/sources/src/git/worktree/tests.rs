//! The working tree against what git says of it, and against what somebody could hide in it.

use super::*;
use crate::git::testbed::{Bench, Testbed};
use crate::recording::Recording;

fn scan(bench: &Bench, history: HistoryScan) -> (Recording, WorktreeScan) {
    let seen = Recording::default();
    let repository = bench.open();
    let scan = Worktree::of(&repository)
        .unwrap()
        .scan(&seen, &|_| false, history);
    (seen, scan)
}

/// Makes the index older than nothing and newer than all files, so that no entry is racy.
fn settle(bench: &Bench) {
    let past = std::time::SystemTime::now() - std::time::Duration::from_secs(100);
    for path in bench.git(&["ls-files"]).lines() {
        if let Ok(file) = std::fs::File::options()
            .write(true)
            .open(bench.root().join(path))
        {
            file.set_modified(past).unwrap();
        }
    }
    bench.git(&["update-index", "-q", "--refresh"]);
}

#[test]
fn without_the_history_every_tracked_and_untracked_file_is_read_but_not_the_ignored_ones() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[(".gitignore", "*.log\nbuild/\n"), ("a", "1")], "first");
    bench.write("untracked/.env", "2");
    bench.write("x.log", "3");
    bench.write("build/y", "4");
    let (seen, _) = scan(&bench, HistoryScan::Left);
    assert_eq!(seen.paths(), [".gitignore", "a", "untracked/.env"]);
    assert!(
        seen.pieces()
            .contains_key(&Origin::Worktree("a".to_owned()))
    );

    let seen = Recording::default();
    let repository = bench.open();
    let worktree = Worktree::of(&repository)
        .unwrap()
        .with_ignore_rules(IgnoreRules::Disregard);
    worktree.scan(&seen, &|_| false, HistoryScan::Left);
    assert_eq!(seen.paths().len(), 5);
}

#[test]
fn a_tracked_file_is_read_although_it_is_ignored() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.write(".gitignore", "secrets/\n*.key\n");
    bench.write("secrets/a", "1");
    bench.write("b.key", "2");
    bench.git(&["add", "-f", "."]);
    bench.write("secrets/untracked", "3");
    let (seen, scan) = scan(&bench, HistoryScan::Left);
    assert_eq!(seen.paths(), [".gitignore", "b.key", "secrets/a"]);
    assert_eq!(scan.walked.files, 3);
}

#[test]
fn with_the_history_unchanged_files_are_not_read_and_are_found_by_their_blob() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(
        &[
            ("a", "same"),
            ("d/b", "same"),
            ("changed", "old"),
            ("gone", "x"),
        ],
        "first",
    );
    settle(&bench);
    bench.write("changed", "new");
    bench.write("untracked", "text");
    std::fs::remove_file(bench.root().join("gone")).unwrap();
    let (seen, scan) = scan(&bench, HistoryScan::Included);
    assert_eq!(seen.paths(), ["changed", "untracked"]);
    assert_eq!(scan.unchanged.len(), 2);
    let blob = bench.id("HEAD:a");
    let paths = scan.unchanged.paths_of(&[blob].into());
    assert_eq!(paths, [("a".to_owned(), blob), ("d/b".to_owned(), blob)]);
    assert!(scan.unchanged.paths_of(&HashSet::new()).is_empty());
}

#[test]
fn a_change_that_keeps_size_and_time_is_read() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[("a", "before")], "first");
    settle(&bench);
    let file = bench.root().join("a");
    let modified = file.metadata().unwrap().modified().unwrap();
    bench.write("a", "after!");
    std::fs::File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_modified(modified)
        .unwrap();
    let (seen, _) = scan(&bench, HistoryScan::Included);
    assert!(seen.saw("after!"));
}

#[test]
fn a_file_that_may_have_changed_while_the_index_was_written_is_read() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[("a", "text")], "first");
    let future = std::time::SystemTime::now() + std::time::Duration::from_secs(100);
    std::fs::File::options()
        .write(true)
        .open(bench.root().join("a"))
        .unwrap()
        .set_modified(future)
        .unwrap();
    bench.git(&["update-index", "-q", "--refresh"]);
    let (seen, _) = scan(&bench, HistoryScan::Included);
    assert_eq!(seen.paths(), ["a"]);
}

#[test]
fn files_whose_blob_is_not_there_or_is_converted_are_read() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[("a", "text"), ("crlf", "line\n")], "first");
    let blob = bench.id("HEAD:a");
    std::fs::remove_file(bench.loose_file(&blob)).unwrap();
    settle(&bench);
    assert_eq!(scan(&bench, HistoryScan::Included).0.paths(), ["a"]);
    bench.write("d/.gitattributes", "*.bin filter=crypt\n");
    bench.git(&["add", "d"]);
    settle(&bench);
    assert_eq!(
        scan(&bench, HistoryScan::Included).0.paths(),
        ["a", "crlf", "d/.gitattributes"]
    );
}

#[test]
fn submodules_and_nested_repositories_are_read_as_files_and_named() {
    let bed = Testbed::new();
    let library = bed.init("library", &[]);
    library.commit(&[("code", "inside")], "first");
    let bench = bed.init("r", &[]);
    bench.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        "../library",
        "module",
    ]);
    bench.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{},away", library.id("HEAD")),
    ]);
    let nested = bed.init("r/nested", &[]);
    nested.write("file", "nested");
    let (seen, scan) = scan(&bench, HistoryScan::Left);
    assert!(seen.saw("inside") && seen.saw("nested"));
    assert_eq!(
        scan.notes,
        [
            "submodule away is not checked out: it is not scanned",
            "submodule module is scanned as files only; scan it by itself for its history",
            "nested is a repository of its own and is scanned as files only; scan it by itself for its history",
        ]
    );
}

#[test]
fn a_submodule_has_its_own_folder_as_working_tree() {
    let bed = Testbed::new();
    let library = bed.init("library", &[]);
    library.commit(&[("code", "inside")], "first");
    let bench = bed.init("r", &[]);
    bench.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        "../library",
        "module",
    ]);
    let (seen, _) = scan(&bed.at("r/module"), HistoryScan::Left);
    assert_eq!(seen.paths(), [".git", "code"]);
}

#[test]
fn a_bare_repository_has_no_working_tree() {
    let bed = Testbed::new();
    let bench = bed.init("r", &["--bare"]);
    assert!(Worktree::of(&bench.open()).is_none());
}

#[test]
fn a_linked_worktree_is_read_with_its_own_index() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[("a", "1")], "first");
    bench.git(&["worktree", "add", "-q", "--detach", "../linked"]);
    let linked = bed.at("linked");
    linked.commit(&[("b", "2")], "only here");
    settle(&linked);
    let (seen, scan) = scan(&linked, HistoryScan::Included);
    // The link to the repository is a file of the tree like any other.
    assert_eq!(seen.paths(), [".git"]);
    assert_eq!(scan.unchanged.len(), 2);
}

#[cfg(unix)]
mod hostile {
    use super::*;
    use std::os::unix::fs::symlink;

    fn outside(bed: &Testbed) -> PathBuf {
        let outside = bed.path().join("outside");
        std::fs::create_dir_all(outside.join("d")).unwrap();
        std::fs::write(outside.join("d/secret"), "outside of the tree").unwrap();
        outside
    }

    #[test]
    fn a_configured_worktree_elsewhere_has_no_effect() {
        let bed = Testbed::new();
        let elsewhere = outside(&bed);
        let bench = bed.init("r", &[]);
        bench.write("a", "inside");
        bench.git(&["add", "a"]);
        bench.git(&["config", "core.worktree", &elsewhere.display().to_string()]);
        let (seen, _) = scan(&bench, HistoryScan::Left);
        assert_eq!(seen.paths(), ["a"]);
        assert!(seen.saw("inside") && !seen.saw("outside of the tree"));
    }

    #[test]
    fn a_tracked_path_behind_a_link_is_not_read() {
        let bed = Testbed::new();
        let elsewhere = outside(&bed);
        let bench = bed.init("r", &[]);
        bench.commit(&[("d/secret", "inside"), (".gitignore", "d\n")], "first");
        std::fs::remove_dir_all(bench.root().join("d")).unwrap();
        symlink(elsewhere.join("d"), bench.root().join("d")).unwrap();
        let (seen, _) = scan(&bench, HistoryScan::Left);
        assert!(!seen.saw("outside of the tree"));
    }

    #[test]
    fn a_path_of_the_index_that_leads_out_of_the_tree_is_told_and_not_read() {
        let bed = Testbed::new();
        outside(&bed);
        let bench = bed.init("r", &[]);
        bench.write("xx/outside/d/secret", "inside");
        bench.git(&["add", "-A"]);
        std::fs::remove_dir_all(bench.root().join("xx")).unwrap();
        let file = bench.root().join(".git/index");
        let index = std::fs::read(&file).unwrap();
        let hostile = index.replace("xx/outside/d/secret", "../outside/d/secret");
        assert_ne!(index, hostile);
        std::fs::write(&file, hostile).unwrap();
        let (seen, _) = scan(&bench, HistoryScan::Left);
        assert!(!seen.saw("outside of the tree"));
        assert_eq!(seen.all_skipped().len(), 1);
    }

    #[test]
    fn an_index_that_is_a_link_is_told_and_not_followed() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.write("a", "1");
        bench.git(&["add", "a"]);
        let index = bench.root().join(".git/index");
        std::fs::rename(&index, bed.path().join("stolen")).unwrap();
        symlink(bed.path().join("stolen"), &index).unwrap();
        let (seen, _) = scan(&bench, HistoryScan::Included);
        assert_eq!(seen.paths(), ["a"]);
        assert_eq!(seen.all_skipped()[0].what, "index");
    }
}
