//! A command that a hostile repository would like a scanner to run: it leaves a mark when it runs.
//!
//! Each test springs its trap with git itself first, to prove that the trap would work, and only then lets the
//! scanner near it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;

/// A command that leaves a mark.
#[derive(Debug)]
pub struct Trap {
    script: PathBuf,
    mark: PathBuf,
}

impl Trap {
    /// Sets a trap in the sandbox. Its command also passes its input on, so that it can serve as a filter.
    #[must_use]
    pub fn new(sandbox: &Sandbox) -> Self {
        let mark = sandbox.path("the-trap-was-sprung");
        let text = format!(
            "#!/bin/sh\ntouch '{}'\ncat \"$@\" 2>/dev/null\nexit 0\n",
            mark.display()
        );
        let source = sandbox.write("trap.txt", text);
        let script = sandbox.path("trap.sh");
        sandbox.copy_program(&source, &script);
        Self { script, mark }
    }

    /// The command, for a configuration value.
    #[must_use]
    pub fn command(&self) -> &str {
        self.script.to_str().expect("a path in UTF-8")
    }

    /// Puts the command at `path` as a program of its own: a hook.
    pub fn install(&self, sandbox: &Sandbox, path: &Path) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("the hook's folder");
        sandbox.copy_program(&self.script, path);
    }

    /// Asserts that git does run the command, and takes the mark away again.
    ///
    /// # Panics
    /// When the trap was not sprung: the test would prove nothing.
    pub fn expect_live(&self) {
        assert!(
            self.mark.exists(),
            "git itself did not run the command: the trap is not live"
        );
        fs::remove_file(&self.mark).expect("the mark");
    }

    /// Asserts that the command was not run.
    ///
    /// # Panics
    /// When it was.
    pub fn expect_unsprung(&self) {
        assert!(
            !self.mark.exists(),
            "a command that the scanned repository brought was run"
        );
    }
}
