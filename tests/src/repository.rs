//! A real git repository, built with the git program in a sandbox.
//!
//! Dates start at 2020-01-01 and go on by an hour with every command; author and committer are always the same two
//! people. So a test's commits have the same ids on every machine.

use std::cell::Cell;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::rc::Rc;

use crate::pack_listing::PackListing;
use crate::sandbox::Sandbox;

/// Seconds of 2020-01-01T00:00:00Z.
const FIRST_DATE: u64 = 1_577_836_800;

/// Which hash names the objects of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectFormat {
    /// 40 hexadecimal digits.
    Sha1,
    /// 64 hexadecimal digits.
    Sha256,
}

/// A git repository in a sandbox; several may share one sandbox.
#[derive(Clone, Debug)]
pub struct Repository {
    sandbox: Rc<Sandbox>,
    folder: PathBuf,
    clock: Rc<Cell<u64>>,
}

impl Repository {
    /// An empty repository with a working tree, on an unborn branch `main`.
    #[must_use]
    pub fn new() -> Self {
        Self::with_options(&[])
    }

    /// The same with other hashes.
    #[must_use]
    pub fn with_format(format: ObjectFormat) -> Self {
        match format {
            ObjectFormat::Sha1 => Self::with_options(&["--object-format=sha1"]),
            ObjectFormat::Sha256 => Self::with_options(&["--object-format=sha256"]),
        }
    }

    /// The same, made with more options of `git init`.
    #[must_use]
    pub fn with_options(options: &[&str]) -> Self {
        let repository = Self::at(Rc::new(Sandbox::new()), "repository");
        repository.init(options);
        repository
    }

    /// One more repository in the same sandbox, in the folder `name`.
    #[must_use]
    pub fn neighbour(&self, name: &str) -> Self {
        let neighbour = self.existing(name);
        neighbour.init(&[]);
        neighbour
    }

    /// A folder of the same sandbox that git made by itself: a clone, a worktree, a submodule.
    #[must_use]
    pub fn existing(&self, name: &str) -> Self {
        Self {
            clock: Rc::clone(&self.clock),
            ..Self::at(Rc::clone(&self.sandbox), name)
        }
    }

    fn at(sandbox: Rc<Sandbox>, name: &str) -> Self {
        let folder = sandbox.path(name);
        Self {
            sandbox,
            folder,
            clock: Rc::new(Cell::new(FIRST_DATE)),
        }
    }

    fn init(&self, options: &[&str]) {
        fs::create_dir_all(&self.folder).expect("the repository's folder");
        let arguments: Vec<&str> = ["init", "--quiet", "--initial-branch=main"]
            .into_iter()
            .chain(options.iter().copied())
            .collect();
        self.git(&arguments);
    }

    /// The sandbox it lives in.
    #[must_use]
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Its folder: the root of the working tree.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its git directory.
    #[must_use]
    pub fn git_dir(&self) -> PathBuf {
        PathBuf::from(self.git(&["rev-parse", "--absolute-git-dir"]))
    }

    /// A path in its working tree.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file of the working tree, with its folders.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the file's folders");
        fs::write(path, content).expect("the file");
        self
    }

    /// Makes a symbolic link in the working tree.
    #[cfg(unix)]
    pub fn link(&self, name: &str, target: impl AsRef<Path>) -> &Self {
        std::os::unix::fs::symlink(target, self.path(name)).expect("the link");
        self
    }

    /// Removes a file of the working tree.
    pub fn remove(&self, name: &str) -> &Self {
        fs::remove_file(self.path(name)).expect("the file to remove");
        self
    }

    /// Commits everything in the working tree and returns the commit's id.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.commit_staged(message)
    }

    /// Commits what is staged and returns the commit's id.
    pub fn commit_staged(&self, message: &str) -> String {
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.id("HEAD")
    }

    /// Writes one file, commits it and returns the commit's id.
    pub fn commit_file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        self.write(name, content);
        self.commit("a change")
    }

    /// Turns the clock to so many seconds after 1970; the next commit is an hour later.
    pub fn turn_clock(&self, seconds: u64) -> &Self {
        self.clock.set(seconds);
        self
    }

    /// The id that a revision stands for.
    #[must_use]
    pub fn id(&self, revision: &str) -> String {
        self.git(&["rev-parse", "--verify", revision])
    }

    /// The id of a blob: of `path` in the commit `revision`.
    #[must_use]
    pub fn blob(&self, revision: &str, path: &str) -> String {
        self.id(&format!("{revision}:{path}"))
    }

    /// Stores a blob that nothing refers to, and returns its id.
    #[must_use]
    pub fn store_blob(&self, content: impl AsRef<[u8]>) -> String {
        self.git_with_input(&["hash-object", "-w", "--stdin"], content)
    }

    /// Stores many blobs; a process for each would take a minute.
    ///
    /// # Panics
    /// When git or the disk refuses.
    pub fn store_blobs(&self, contents: impl IntoIterator<Item = String>) {
        let folder = tempfile::tempdir().expect("a folder");
        let paths = contents.into_iter().enumerate().map(|(number, content)| {
            let path = folder.path().join(number.to_string());
            std::fs::write(&path, content).expect("a file");
            format!("{}\n", path.display())
        });
        let paths: String = paths.collect();
        self.git_with_input(&["hash-object", "-w", "--stdin-paths"], paths);
    }

    /// Packs everything that a ref reaches into one pack and leaves nothing loose of it.
    pub fn pack(&self) -> &Self {
        self.git(&["repack", "-a", "-d", "--quiet"]);
        self
    }

    /// Packs exactly the objects with these ids, removes their loose files and returns the pack's path.
    pub fn pack_objects(&self, ids: &[&str]) -> PathBuf {
        self.pack_objects_with(ids, &[])
    }

    /// The same with more options of `git pack-objects`.
    pub fn pack_objects_with(&self, ids: &[&str], options: &[&str]) -> PathBuf {
        let folder = self.git_dir().join("objects/pack");
        let base = folder.join("pack");
        let mut arguments = vec!["pack-objects", "--quiet"];
        arguments.extend(options);
        let base = base.to_str().expect("a path in UTF-8");
        arguments.push(base);
        let name = self.git_with_input(&arguments, ids.join("\n") + "\n");
        self.git(&["prune-packed", "--quiet"]);
        folder.join(format!("pack-{name}.pack"))
    }

    /// The only pack of the repository.
    #[must_use]
    pub fn only_pack(&self) -> PathBuf {
        let packs = self.packs();
        assert_eq!(packs.len(), 1, "one pack expected: {packs:?}");
        packs.into_iter().next().expect("one")
    }

    /// All packs of the repository.
    #[must_use]
    pub fn packs(&self) -> Vec<PathBuf> {
        let folder = self.git_dir().join("objects/pack");
        fs::read_dir(folder)
            .expect("the folder of packs")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "pack")
            })
            .collect()
    }

    /// What git says is in a pack.
    #[must_use]
    pub fn listing(&self, pack: &Path) -> PackListing {
        let text = self.git(&[
            "verify-pack",
            "--verbose",
            pack.to_str().expect("a path in UTF-8"),
        ]);
        PackListing::parse(&text)
    }

    /// Where a loose object is kept.
    #[must_use]
    pub fn loose_object(&self, id: &str) -> PathBuf {
        let (folder, file) = id.split_at(2);
        self.git_dir().join("objects").join(folder).join(file)
    }

    /// Runs git and returns what it printed, without the last line break.
    pub fn git(&self, arguments: &[&str]) -> String {
        self.git_with_input(arguments, "")
    }

    /// Runs git with something on its standard input.
    pub fn git_with_input(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> String {
        let output = self.try_git(arguments, input);
        assert!(
            output.status.success(),
            "git {arguments:?} failed: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout)
            .trim_end_matches('\n')
            .to_owned()
    }

    /// Runs git where it may fail, as it does in a damaged repository or after a merge with conflicts.
    pub fn try_git(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
        let mut child = self
            .git_command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the git program must be installed: these tests build real repositories");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A git that does not read its input to the end has closed the pipe; its exit status tells what matters.
        let _closed_early = stdin.write_all(input.as_ref());
        drop(stdin);
        child.wait_with_output().expect("git's end")
    }

    fn git_command(&self, arguments: &[&str]) -> Command {
        self.clock.set(self.clock.get() + 3600);
        let date = format!("{} +0000", self.clock.get());
        let mut command = self.sandbox.command("git");
        command
            .current_dir(&self.folder)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_AUTHOR_NAME", "Ada Author")
            .env("GIT_AUTHOR_EMAIL", "ada@example.test")
            .env("GIT_COMMITTER_NAME", "Carl Committer")
            .env("GIT_COMMITTER_EMAIL", "carl@example.test")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .args([
                "-c",
                "gc.auto=0",
                "-c",
                "maintenance.auto=false",
                "-c",
                "protocol.file.allow=always",
            ])
            .args([
                "-c",
                "core.autocrlf=false",
                "-c",
                "advice.detachedHead=false",
            ])
            .args(arguments);
        command
    }
}

impl Default for Repository {
    fn default() -> Self {
        Self::new()
    }
}
