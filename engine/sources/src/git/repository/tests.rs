//! Finding and opening: every shape a repository has on disk, and those that are none.

use std::path::Path;

use leakward_core::SkippedKind;

use super::*;
use crate::git::testbed::{Bench, Testbed};

fn open(path: &Path) -> Result<Repository, GitError> {
    Repository::open(path, OpenOptions::default())
}

fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap()
}

fn with_commit(testbed: &Testbed, name: &str) -> Bench {
    let bench = testbed.init(name, &[]);
    bench.commit(&[("a/b/c.txt", "text")], "first");
    bench
}

/// Adds lines to the repository's own configuration.
fn configure(bench: &Bench, lines: &str) {
    let path = bench.root().join(".git/config");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, config + lines).unwrap();
}

#[test]
fn a_repository_is_found_at_its_root_in_a_folder_of_it_and_in_its_git_folder() {
    let testbed = Testbed::new();
    let bench = with_commit(&testbed, "repository");
    for path in ["", "a/b", ".git"] {
        let repository = open(&bench.root().join(path)).unwrap();
        assert_eq!(
            real(&repository.git_dir()),
            real(&bench.root().join(".git"))
        );
        assert_eq!(
            real(&repository.worktree().unwrap()),
            real(bench.root()),
            "{path:?}"
        );
        assert_eq!(repository.head(), Head::Commit(bench.id("HEAD")));
        assert_eq!(repository.shortcomings(), []);
    }
    let exact = OpenOptions {
        discovery: Discovery::Exact,
        ..OpenOptions::default()
    };
    let below = Repository::open(&bench.root().join("a"), exact.clone());
    assert!(matches!(below, Err(GitError::NotARepository { .. })));
    assert!(Repository::open(bench.root(), exact).is_ok());
}

#[test]
fn a_bare_repository_has_no_worktree() {
    let testbed = Testbed::new();
    let bench = testbed.init("bare.git", &["--bare"]);
    let repository = open(bench.root()).unwrap();
    assert_eq!(repository.worktree(), None);
    assert_eq!(
        repository.head(),
        Head::Unborn("refs/heads/main".to_owned())
    );
    assert_eq!(repository.store_size(), super::super::StoreSize::default());
}

#[test]
fn a_linked_worktree_shares_the_objects_and_has_its_own_root_and_head() {
    let testbed = Testbed::new();
    let bench = with_commit(&testbed, "main");
    bench.git(&["worktree", "add", "-q", "-b", "side", "../linked"]);
    let linked = testbed.at("linked");
    linked.commit(&[("d", "text")], "second");
    let repository = open(&linked.root().join("a")).unwrap();
    assert_eq!(real(&repository.worktree().unwrap()), real(linked.root()));
    assert_eq!(repository.common_dir(), real(&bench.root().join(".git")));
    assert_eq!(repository.head(), Head::Commit(linked.id("HEAD")));
    assert_ne!(linked.id("HEAD"), bench.id("HEAD"));
    assert!(repository.store_size().loose_objects > 6);
}

#[test]
fn a_submodule_is_a_repository_of_its_own() {
    let testbed = Testbed::new();
    let inner = with_commit(&testbed, "inner");
    let outer = with_commit(&testbed, "outer");
    let url = inner.root().display().to_string();
    outer.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        &url,
        "sub",
    ]);
    let repository = open(&outer.root().join("sub/a")).unwrap();
    assert_eq!(
        real(&repository.worktree().unwrap()),
        real(&outer.root().join("sub"))
    );
    assert_eq!(
        repository.common_dir(),
        real(&outer.root().join(".git/modules/sub"))
    );
    assert_eq!(repository.head(), Head::Commit(inner.id("HEAD")));
}

#[test]
fn what_is_no_repository_is_an_error_that_names_the_path() {
    let testbed = Testbed::new();
    let plain = testbed.path().join("plain");
    std::fs::create_dir_all(plain.join(".git")).unwrap();
    let error = Repository::open(&plain, OpenOptions::default()).unwrap_err();
    assert!(matches!(error, GitError::NotARepository { .. }), "{error}");
    assert!(error.to_string().contains("plain"));
    let error = open(&testbed.path().join("nowhere")).unwrap_err();
    assert!(matches!(error, GitError::Unreadable { .. }), "{error}");
    assert!(error.to_string().contains("nowhere"));
}

#[test]
fn a_damaged_repository_is_not_taken_for_a_plain_folder() {
    let testbed = Testbed::new();
    let headless = with_commit(&testbed, "headless");
    std::fs::remove_file(headless.root().join(".git/HEAD")).unwrap();
    let nowhere = testbed.path().join("pointer");
    std::fs::create_dir_all(&nowhere).unwrap();
    std::fs::write(nowhere.join(".git"), "gitdir: /nowhere/at/all\n").unwrap();
    for path in [headless.root(), &nowhere] {
        let error = open(path).unwrap_err();
        assert!(matches!(error, GitError::Damaged { .. }), "{error}");
    }
    let misconfigured = with_commit(&testbed, "misconfigured");
    configure(&misconfigured, "[core\n");
    let error = open(misconfigured.root()).unwrap_err();
    assert!(error.to_string().contains("misconfigured"), "{error}");
}

#[test]
fn a_format_of_the_future_is_an_error_and_an_unknown_extension_is_told() {
    let testbed = Testbed::new();
    let future = with_commit(&testbed, "future");
    configure(&future, "[core]\n\trepositoryFormatVersion = 7\n");
    let error = open(future.root()).unwrap_err();
    assert!(matches!(error, GitError::Unsupported { .. }), "{error}");
    let hash = with_commit(&testbed, "hash");
    configure(
        &hash,
        "[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tobjectFormat = sha3\n",
    );
    let error = open(hash.root()).unwrap_err();
    assert!(matches!(error, GitError::Unsupported { .. }), "{error}");
    let extended = with_commit(&testbed, "extended");
    configure(
        &extended,
        "[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tteleport = true\n\tnoop = 1\n",
    );
    let told = open(extended.root()).unwrap().shortcomings();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].kind, told[0].what.as_str()),
        (SkippedKind::Unsupported, "extensions.teleport")
    );
}

#[test]
fn the_object_hash_is_read() {
    let testbed = Testbed::new();
    let bench = testbed.init("sha256", &["--object-format=sha256"]);
    assert_eq!(
        open(bench.root()).unwrap().object_hash(),
        gix::hash::Kind::Sha256
    );
    let bench = testbed.init("sha1", &[]);
    assert_eq!(
        open(bench.root()).unwrap().object_hash(),
        gix::hash::Kind::Sha1
    );
}

#[test]
fn shallow_and_partial_clones_are_recognised() {
    let testbed = Testbed::new();
    let bench = with_commit(&testbed, "origin");
    bench.commit(&[("d", "text")], "second");
    bench.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", bench.root().display());
    bench.git(&["clone", "-q", "--depth=1", &url, "../shallow"]);
    bench.git(&[
        "clone",
        "-q",
        "--filter=blob:none",
        "--no-checkout",
        &url,
        "../partial",
    ]);
    let shallow = open(testbed.at("shallow").root()).unwrap();
    assert_eq!(shallow.shallow_boundary(), [bench.id("HEAD")]);
    assert_eq!(shallow.shortcomings()[0].kind, SkippedKind::Shallow);
    assert!(!shallow.is_partial_clone());
    let partial = open(testbed.at("partial").root()).unwrap();
    assert!(partial.is_partial_clone());
    assert!(partial.shallow_boundary().is_empty());
}

#[test]
fn a_hostile_configuration_has_no_effect() {
    let testbed = Testbed::new();
    let bench = with_commit(&testbed, "hostile");
    let trap = testbed.path().join("executed");
    let victim = testbed.path().join("victim");
    std::fs::create_dir_all(&victim).unwrap();
    let script = format!("touch {}", trap.display());
    configure(
        &bench,
        &format!(
            "[core]\n\tworktree = {victim}\n\tfsmonitor = {script}\n\thooksPath = {victim}\n\tsshCommand = {script}\n\
             [include]\n\tpath = {victim}/config\n[filter \"x\"]\n\tclean = {script}\n\tsmudge = {script}\n\tprocess = {script}\n\
             [diff \"x\"]\n\ttextconv = {script}\n[alias]\n\tstatus = !{script}\n",
            victim = victim.display(),
        ),
    );
    std::fs::write(victim.join("config"), "[core]\n\tbare = true\n").unwrap();
    std::fs::write(
        bench.root().join(".git/info/attributes"),
        "* filter=x diff=x\n",
    )
    .unwrap();
    let repository = open(bench.root()).unwrap();
    assert_eq!(real(&repository.worktree().unwrap()), real(bench.root()));
    let witness = crate::git::objects::witness::Witness::default();
    repository
        .scan_objects(super::super::ObjectKinds::ALL, &witness, 1)
        .unwrap();
    assert_eq!(witness.pieces().len(), 2);
    assert!(!trap.exists());
}

#[test]
fn replacement_refs_do_not_hide_what_they_replace() {
    let testbed = Testbed::new();
    let bench = with_commit(&testbed, "replaced");
    let hidden = bench.id("HEAD:a/b/c.txt");
    bench.commit(&[("a/b/c.txt", "harmless")], "second");
    let harmless = bench.id("HEAD:a/b/c.txt");
    bench.git(&["replace", &hidden.to_string(), &harmless.to_string()]);
    let repository = open(bench.root()).unwrap();
    assert_eq!(repository.gix().find_object(hidden).unwrap().data, b"text");
}

#[test]
fn broken_alternates_are_told_and_do_not_keep_it_closed() {
    let testbed = Testbed::new();
    let bench = with_commit(&testbed, "alternates");
    let info = bench.root().join(".git/objects/info");
    std::fs::create_dir_all(&info).unwrap();
    std::fs::write(info.join("alternates"), "/nowhere/at/all\n../objects\n").unwrap();
    let repository = open(bench.root()).unwrap();
    assert_eq!(repository.outside_alternates(), [] as [PathBuf; 0]);
    let told = repository.shortcomings();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].kind, SkippedKind::Unreadable);
    assert!(told[0].what.contains("nowhere"));
    assert_eq!(repository.store_size().loose_objects, 5);
    // Without the circle single objects can be looked up as well.
    std::fs::write(info.join("alternates"), "/nowhere/at/all\n").unwrap();
    let head = bench.id("HEAD");
    assert!(open(bench.root()).unwrap().gix().find_object(head).is_ok());
}
