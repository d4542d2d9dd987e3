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
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    /// Runs git where it may fail.
    pub(crate) fn git_may_fail(&self, arguments: &[&str]) {
        self.command(arguments).output().unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
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

    /// Commits these files on a new branch `side`, and goes back to `main`.
    pub(crate) fn commit_beside(&self, files: &[(&str, &str)]) -> ObjectId {
        self.git(&["checkout", "-q", "-b", "side"]);
        let side = self.commit(files, "side");
        self.git(&["checkout", "-q", "main"]);
        side
    }

    /// Commits with this committer date, in seconds since 1970.
    pub(crate) fn commit_at(
        &self,
        seconds: u64,
        files: &[(&str, &str)],
        message: &str,
    ) -> ObjectId {
        for (path, text) in files {
            self.write(path, text);
        }
        self.git(&["add", "-A"]);
        let date = format!("@{seconds} +0000");
        let output = self
            .command(&["commit", "-q", "--allow-empty", "-m", message])
            .env("GIT_COMMITTER_DATE", &date)
            .env("GIT_AUTHOR_DATE", &date)
            .output()
            .unwrap();
        assert!(output.status.success());
        self.id("HEAD")
    }

    /// Imports a history made by chance: merges of up to three parents, renames, deletions, files that become folders,
    /// the same text at several paths, and clocks that go wrong. Branches `b0`, `b1`, … keep everything reachable.
    pub(crate) fn import_by_chance(&self, seed: u64, commits: usize) {
        use std::io::Write as _;
        let stream = by_chance(seed, commits);
        let mut child = self
            .command(&["fast-import", "--quiet", "--force"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(stream.as_bytes())
            .unwrap();
        assert!(child.wait().unwrap().success());
    }

    /// The object that a revision names.
    pub(crate) fn id(&self, revision: &str) -> ObjectId {
        ObjectId::from_hex(self.git(&["rev-parse", revision]).as_bytes()).unwrap()
    }

    /// The file of an object that is in no pack.
    pub(crate) fn loose_file(&self, id: &ObjectId) -> PathBuf {
        let hex = id.to_string();
        let folder = self.root().join(".git/objects").join(&hex[..2]);
        folder.join(&hex[2..])
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

/// A stream for `git fast-import`.
fn by_chance(seed: u64, commits: usize) -> String {
    use std::fmt::Write as _;
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut dice = |sides: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % sides
    };
    let paths = [
        "a", "b", "d/a", "d/b", "d/e/a", "d/e/f", "g/a", "g/h/i/j", "a/b", "z",
    ];
    let mut stream = String::new();
    for mark in 1..=commits as u64 {
        let date = 1_000_000_000 + mark * 100 + if dice(8) == 0 { dice(100_000) } else { 0 };
        let branch = dice(4);
        writeln!(
            stream,
            "commit refs/heads/b{branch}\nmark :{mark}\ncommitter C <c@example.com> {date} +0000"
        )
        .unwrap();
        let message = format!("commit {mark}\n");
        write!(stream, "data {}\n{message}", message.len()).unwrap();
        if mark > 1 && dice(25) > 0 {
            let near = |dice: u64| mark - 1 - dice % (mark - 1).min(6);
            writeln!(stream, "from :{}", near(dice(1000))).unwrap();
            for _ in 0..dice(4).saturating_sub(1) {
                writeln!(stream, "merge :{}", near(dice(1000))).unwrap();
            }
        }
        for _ in 0..dice(4) {
            let path = paths[dice(paths.len() as u64) as usize];
            match dice(6) {
                0 => writeln!(stream, "D {path}").unwrap(),
                _ => {
                    let text = format!("text {}\n", dice(40));
                    write!(
                        stream,
                        "M 100644 inline {path}\ndata {}\n{text}",
                        text.len()
                    )
                    .unwrap();
                }
            }
        }
    }
    // Branches move on; what they leave behind stays reachable through these.
    for mark in 1..=commits {
        writeln!(stream, "reset refs/keep/{mark}\nfrom :{mark}\n").unwrap();
    }
    stream
}
