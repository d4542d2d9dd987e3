//! For tests: real repositories, made by the git program in a folder that goes away with the value.

use std::path::{Path, PathBuf};
use std::process::Command;

use gix::ObjectId;

use super::{Discovery, OpenOptions, Repository};

/// A folder for one test's repositories.
pub(crate) struct Testbed {
    folder: tempfile::TempDir,
}

/// One repository in it.
pub(crate) struct Bench {
    root: PathBuf,
    home: PathBuf,
}

impl Testbed {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// An empty repository with a working tree.
    pub(crate) fn init(&self, name: &str, options: &[&str]) -> Bench {
        let bench = self.at(name);
        std::fs::create_dir_all(&bench.root).unwrap();
        let mut arguments = vec!["init", "-q", "-b", "main"];
        arguments.extend(options);
        bench.git(&arguments);
        bench
    }

    /// The repository that is, or will be, at `name`.
    pub(crate) fn at(&self, name: &str) -> Bench {
        Bench {
            root: self.path().join(name),
            home: self.path().to_owned(),
        }
    }
}

impl Bench {
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Runs git and gives back what it printed, without the last line break.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Runs git where it may fail.
    pub(crate) fn git_may_fail(&self, arguments: &[&str]) {
        self.command(arguments).output().unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .args(arguments)
            .current_dir(&self.root)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.com")
            .env("GIT_COMMITTER_NAME", "Ada")
            .env("GIT_COMMITTER_EMAIL", "ada@example.com")
            .env("GIT_AUTHOR_DATE", "2001-02-03T04:05:06+0100")
            .env("GIT_COMMITTER_DATE", "2001-02-03T04:05:06+0100");
        command
    }

    /// Writes a file of the working tree.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Writes files, stages everything and commits; gives back the commit.
    pub(crate) fn commit(&self, files: &[(&str, &str)], message: &str) -> ObjectId {
        for (path, text) in files {
            self.write(path, text);
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.id("HEAD")
    }

    /// Commits with this committer date, in seconds since 1970.
    pub(crate) fn commit_at(&self, seconds: u64, files: &[(&str, &str)], message: &str) -> ObjectId {
        for (path, text) in files {
            self.write(path, text);
        }
        self.git(&["add", "-A"]);
        let date = format!("{seconds} +0000");
        let output = self
            .command(&["commit", "-q", "--allow-empty", "-m", message])
            .env("GIT_COMMITTER_DATE", &date)
            .env("GIT_AUTHOR_DATE", &date)
            .output()
            .unwrap();
        assert!(output.status.success());
        self.id("HEAD")
    }

    /// The object that a revision names.
    pub(crate) fn id(&self, revision: &str) -> ObjectId {
        ObjectId::from_hex(self.git(&["rev-parse", revision]).as_bytes()).unwrap()
    }

    /// Opens it as Leakward does.
    pub(crate) fn open(&self) -> Repository {
        let options = OpenOptions {
            discovery: Discovery::Exact,
            ..OpenOptions::default()
        };
        Repository::open(&self.root, options).unwrap()
    }
}
