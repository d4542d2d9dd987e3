//! A temporary folder with a home, a cache and a place for temporary files of its own, and the scrubbed
//! environment in which git and the program run.
//!
//! Not for: keeping hostile code in. It keeps the developer's machine out of the tests, and shows afterwards what a
//! run left behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A temporary folder to work in.
#[derive(Debug)]
pub struct Sandbox {
    root: TempDir,
}

impl Sandbox {
    /// An empty one. Other users may look into it, so that tests can read it without the rights of root.
    #[must_use]
    pub fn new() -> Self {
        Self::within(&std::env::temp_dir())
    }

    /// An empty one in this folder.
    #[must_use]
    pub fn within(folder: &Path) -> Self {
        let root = tempfile::Builder::new()
            .prefix("leakward-test-")
            .tempdir_in(folder)
            .expect("a temporary folder");
        let sandbox = Self { root };
        allow_everyone(sandbox.root());
        for folder in [sandbox.home(), sandbox.cache(), sandbox.temporary()] {
            fs::create_dir_all(&folder).expect("a folder in the sandbox");
            allow_everyone(&folder);
        }
        sandbox
    }

    /// The folder that holds everything else.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// A path in the sandbox; nothing is made there.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// Writes a file, with its folders, and returns where it is.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the file's folders");
        fs::write(&path, content).expect("the file");
        path
    }

    /// Makes a folder and returns where it is.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).expect("the folder");
        path
    }

    /// The home folder of git and of the program.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// Where programs put what they may lose.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.path("cache")
    }

    /// Where programs put temporary files.
    #[must_use]
    pub fn temporary(&self) -> PathBuf {
        self.path("tmp")
    }

    /// A command that sees nothing of the developer's environment but the search path.
    #[must_use]
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("XDG_CACHE_HOME", self.cache())
            .env("XDG_CONFIG_HOME", self.home().join(".config"))
            .env("TMPDIR", self.temporary())
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .current_dir(self.root());
        command
    }

    /// Copies a program or script to where anybody may run it.
    ///
    /// Another process does the copying: a file that this one has just written can be "busy" when it is run, because a
    /// child that another test's thread starts in that moment still holds it open.
    pub fn copy_program(&self, from: &Path, to: &Path) {
        for (tool, arguments) in [
            ("cp", vec![from, to]),
            ("chmod", vec![Path::new("755"), to]),
        ] {
            let status = self
                .command(tool)
                .args(&arguments)
                .status()
                .expect("cp and chmod");
            assert!(status.success(), "{tool} {arguments:?}");
        }
    }

    /// Every file under home, cache and temporary folder with its content: what a run left behind.
    #[must_use]
    pub fn left_behind(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        for folder in [self.home(), self.cache(), self.temporary()] {
            collect(&folder, &mut files);
        }
        files
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.is_symlink() {
            collect(&path, files);
        } else if path.is_file() {
            let content = fs::read(&path).expect("a readable file");
            files.push((path, content));
        }
    }
}

#[cfg(unix)]
fn allow_everyone(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777))
        .expect("permissions of the folder");
}

#[cfg(not(unix))]
fn allow_everyone(_folder: &Path) {}
