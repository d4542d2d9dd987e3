//! The program `leakward`, about to be run in a sandbox.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::run::Run;
use crate::sandbox::Sandbox;

/// A run of the program that is being put together.
#[derive(Debug)]
pub struct Program {
    command: Command,
    words: Vec<String>,
    input: Option<Vec<u8>>,
}

impl Program {
    /// The program at `path`, in the environment of `sandbox`, with the sandbox's root as its folder.
    #[must_use]
    pub fn new(path: &Path, sandbox: &Sandbox) -> Self {
        let mut command = sandbox.command(path);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self {
            command,
            words: Vec::new(),
            input: None,
        }
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.words
            .push(argument.as_ref().to_string_lossy().into_owned());
        self.command.arg(argument);
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<I: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = I>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// With this folder as its current one.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// With one more environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// With this on its standard input.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Some(bytes.into());
        self.command.stdin(Stdio::piped());
        self
    }

    /// As the user `nobody`, who owns nothing. Only root can do this.
    #[cfg(unix)]
    #[must_use]
    pub fn as_nobody(mut self, readable_copy: &Path) -> Self {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(readable_copy);
        command
            .args(self.command.get_args())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in self.command.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        if let Some(folder) = self.command.get_current_dir() {
            command.current_dir(folder);
        }
        command.uid(65_534).gid(65_534);
        self.command = command;
        self
    }

    /// Runs it to its end.
    #[must_use]
    pub fn run(mut self) -> Run {
        let mut child = self.spawn();
        if let (Some(input), Some(mut stdin)) = (self.input.take(), child.stdin.take()) {
            // The program may stop reading early, when it fails; its exit status tells.
            std::thread::spawn(move || {
                let _closed_early = stdin.write_all(&input);
            });
        }
        let output = child.wait_with_output().expect("the program's end");
        Run::new(&self.words.join(" "), &output)
    }

    /// Starts it, for tests that send it signals or feed it slowly.
    #[must_use]
    pub fn spawn(&mut self) -> Child {
        let path = PathBuf::from(self.command.get_program());
        self.command
            .spawn()
            .unwrap_or_else(|error| panic!("{} could not be started: {error}", path.display()))
    }
}
