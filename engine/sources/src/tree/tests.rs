//! Folder scans over real folders: what is looked at, what is not, and what is said about it.

use std::fs;
use std::path::Path;

use leakward_core::{Limits, SkippedKind};

use super::{IgnoreRules, Tree, Walked};
use crate::recording::Recording;

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn scan(root: &Path) -> (Recording, Walked) {
    let seen = Recording::default();
    let walked = Tree::new(root, Limits::default()).scan(&seen, &|_| false);
    (seen, walked)
}

#[test]
fn every_file_is_looked_at_hidden_ones_too_with_its_path_from_the_root() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        &[
            (".env", "one"),
            ("a/b/.hidden/c.txt", "two"),
            ("a/empty", ""),
        ],
    );
    let (seen, walked) = scan(root.path());
    assert_eq!(seen.paths(), [".env", "a/b/.hidden/c.txt", "a/empty"]);
    assert!(seen.saw("one") && seen.saw("two"));
    assert_eq!(walked.files, 3);
}

#[test]
fn a_folder_with_more_files_than_one_task_takes_is_looked_at_completely() {
    let root = tempfile::tempdir().unwrap();
    for number in 0..1_000 {
        fs::write(root.path().join(number.to_string()), number.to_string()).unwrap();
    }
    let (seen, walked) = scan(root.path());
    assert_eq!(seen.paths().len(), 1_000);
    assert_eq!(walked.files, 1_000);
}

#[test]
fn the_git_folder_is_left_alone_and_a_nested_repository_is_named() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        &[
            (".git/config", "x"),
            ("sub/.git/config", "x"),
            ("sub/file", "y"),
            ("module/.git", "gitdir: ../x"),
            ("module/file", "z"),
        ],
    );
    let (seen, walked) = scan(root.path());
    assert_eq!(seen.paths(), ["module/.git", "module/file", "sub/file"]);
    assert_eq!(walked.repositories, ["module", "sub"]);
}

#[test]
fn what_git_ignores_is_left_out_only_inside_a_worktree() {
    let files = [
        (".gitignore", "*.log\n/build/\n"),
        ("a.log", "1"),
        ("build/x", "2"),
        ("src/build/y", "3"),
        ("src/.gitignore", "!keep.log\n"),
        ("src/keep.log", "4"),
    ];
    let plain = tempfile::tempdir().unwrap();
    write(plain.path(), &files);
    assert_eq!(scan(plain.path()).0.paths().len(), files.len());

    let worktree = tempfile::tempdir().unwrap();
    write(worktree.path(), &files);
    fs::create_dir(worktree.path().join(".git")).unwrap();
    assert_eq!(
        scan(worktree.path()).0.paths(),
        [
            ".gitignore",
            "src/.gitignore",
            "src/build/y",
            "src/keep.log"
        ]
    );

    let seen = Recording::default();
    Tree::new(worktree.path(), Limits::default())
        .with_ignore_rules(IgnoreRules::Disregard)
        .scan(&seen, &|_| false);
    assert_eq!(seen.paths().len(), files.len());
}

#[test]
fn a_folder_inside_a_worktree_follows_the_rules_above_it() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        &[
            (".gitignore", "*.log\n"),
            ("a/b/x.log", "1"),
            ("a/b/y", "2"),
        ],
    );
    fs::create_dir(root.path().join(".git")).unwrap();
    assert_eq!(scan(&root.path().join("a")).0.paths(), ["b/y"]);
}

#[test]
fn the_rules_of_an_outer_repository_end_at_a_nested_one() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        &[
            (".gitignore", "*.log\n"),
            ("inner/x.log", "1"),
            ("x.log", "2"),
        ],
    );
    fs::create_dir(root.path().join(".git")).unwrap();
    fs::create_dir(root.path().join("inner/.git")).unwrap();
    assert_eq!(scan(root.path()).0.paths(), [".gitignore", "inner/x.log"]);
}

#[test]
fn what_the_configuration_excludes_is_counted_and_told_and_its_folders_are_not_entered() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        &[
            ("vendor/a/b", "1"),
            ("vendor/c", "2"),
            ("x.min.js", "3"),
            ("y", "4"),
        ],
    );
    let seen = Recording::default();
    let walked = Tree::new(root.path(), Limits::default()).scan(&seen, &|path| {
        path == "vendor/" || path.ends_with(".min.js")
    });
    assert_eq!(seen.paths(), ["y"]);
    assert_eq!(walked.excluded, 2);
    assert_eq!(seen.all_skipped()[0].kind, SkippedKind::Excluded);
}

#[test]
fn a_single_file_is_a_target_of_its_own() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &[("a/.env", "text")]);
    let (seen, walked) = scan(&root.path().join("a/.env"));
    assert_eq!(seen.paths(), [".env"]);
    assert_eq!(walked.files, 1);
}

#[test]
fn a_missing_target_is_told() {
    let root = tempfile::tempdir().unwrap();
    let (seen, walked) = scan(&root.path().join("nowhere"));
    assert_eq!(walked, Walked::default());
    assert_eq!(seen.all_skipped()[0].kind, SkippedKind::Unreadable);
}

#[test]
fn a_file_over_the_limit_is_named_and_the_others_are_still_looked_at() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &[("big", "0123456789"), ("small", "012")]);
    let seen = Recording::default();
    let limits = Limits {
        max_object_bytes: 9,
        ..Limits::default()
    };
    Tree::new(root.path(), limits).scan(&seen, &|_| false);
    assert_eq!(seen.paths(), ["small"]);
    let skipped = seen.all_skipped();
    assert_eq!(
        (skipped[0].kind, skipped[0].what.as_str()),
        (SkippedKind::Limit, "big")
    );
}

#[test]
fn folders_nested_deeper_than_the_limit_are_named() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &[("1/2/3/deep", "x"), ("1/2/shallow", "y")]);
    let seen = Recording::default();
    let limits = Limits {
        max_tree_depth: 2,
        ..Limits::default()
    };
    Tree::new(root.path(), limits).scan(&seen, &|_| false);
    assert_eq!(seen.paths(), ["1/2/shallow"]);
    assert_eq!(seen.all_skipped()[0].what, "1/2/3");
}

#[cfg(unix)]
mod on_unix {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn links_are_not_followed_and_their_target_is_text() {
        let outside = tempfile::tempdir().unwrap();
        write(
            outside.path(),
            &[("secret", "outside"), ("folder/secret", "outside")],
        );
        let root = tempfile::tempdir().unwrap();
        symlink(outside.path().join("secret"), root.path().join("file-link")).unwrap();
        symlink(
            outside.path().join("folder"),
            root.path().join("folder-link"),
        )
        .unwrap();
        symlink(".", root.path().join("loop")).unwrap();
        symlink("https://user:pw@host", root.path().join("dangling")).unwrap();
        let (seen, walked) = scan(root.path());
        assert_eq!(
            seen.paths(),
            ["dangling", "file-link", "folder-link", "loop"]
        );
        assert!(!seen.saw("outside"));
        assert!(seen.saw("https://user:pw@host"));
        assert_eq!((walked.files, walked.links), (0, 4));
    }

    #[test]
    fn the_target_itself_may_be_a_link() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &[("real/file", "text")]);
        symlink("real", root.path().join("link")).unwrap();
        assert_eq!(scan(&root.path().join("link")).0.paths(), ["file"]);
        symlink("real/file", root.path().join("to-file")).unwrap();
        assert_eq!(scan(&root.path().join("to-file")).0.paths(), ["to-file"]);
    }

    #[test]
    fn pipes_and_sockets_are_counted_and_never_opened() {
        let root = tempfile::tempdir().unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(root.path().join("pipe"))
            .status()
            .unwrap();
        assert!(made.success());
        let _listener = std::os::unix::net::UnixListener::bind(root.path().join("socket")).unwrap();
        let (seen, walked) = scan(root.path());
        assert!(seen.pieces().is_empty());
        assert_eq!(walked.special, 2);
        assert!(seen.all_skipped().is_empty());
    }

    #[test]
    fn a_pipe_as_the_target_is_told_and_not_waited_for() {
        let root = tempfile::tempdir().unwrap();
        let pipe = root.path().join("pipe");
        let made = std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap();
        assert!(made.success());
        let told = scan(&pipe).0.all_skipped();
        assert_eq!(
            (told[0].kind, told[0].what.as_str()),
            (SkippedKind::Unreadable, "pipe")
        );
    }

    #[test]
    fn a_path_that_is_not_utf_8_is_shown_with_replacement_characters() {
        let root = tempfile::tempdir().unwrap();
        let name = std::ffi::OsStr::from_bytes(b"caf\xe9.txt");
        fs::write(root.path().join(name), "text").unwrap();
        assert_eq!(scan(root.path()).0.paths(), ["caf\u{fffd}.txt"]);
    }

    #[test]
    fn what_may_not_be_read_is_named_and_the_rest_is_looked_at() {
        let root = tempfile::tempdir().unwrap();
        write(
            root.path(),
            &[("closed", "x"), ("closed-folder/x", "x"), ("open", "y")],
        );
        for (path, mode) in [("closed", 0o000), ("closed-folder", 0o000)] {
            fs::set_permissions(root.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
        }
        // The superuser may read everything; then there is nothing to be told.
        let superuser = fs::read(root.path().join("closed")).is_ok();
        let (seen, _) = scan(root.path());
        fs::set_permissions(
            root.path().join("closed-folder"),
            fs::Permissions::from_mode(0o700),
        )
        .unwrap();
        let mut told: Vec<String> = seen
            .all_skipped()
            .into_iter()
            .map(|skipped| skipped.what)
            .collect();
        told.sort();
        let expected: &[&str] = if superuser {
            &[]
        } else {
            &["closed", "closed-folder"]
        };
        assert_eq!(told, expected);
        assert!(seen.saw("y"));
    }
}
