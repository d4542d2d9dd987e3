//! The platforms that have releases, and what each installer calls them. One row each; nothing else lists them.

use anyhow::{Context as _, bail};

use crate::dist::Kind;

/// A platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// As rustc names it.
    pub triple: &'static str,
    /// The operating system and the processor, as npm names them.
    pub npm: (&'static str, &'static str),
    /// The processor, as Debian names it.
    pub debian: &'static str,
    /// The processor, as Red Hat and Python's tags name it.
    pub machine: &'static str,
}

/// Every platform. Those of Linux with musl are the ones that packages are made of: they run on any distribution.
const ALL: &[Target] = &[
    row(
        "x86_64-unknown-linux-musl",
        ("linux", "x64"),
        "amd64",
        "x86_64",
    ),
    row(
        "aarch64-unknown-linux-musl",
        ("linux", "arm64"),
        "arm64",
        "aarch64",
    ),
    row(
        "x86_64-unknown-linux-gnu",
        ("linux", "x64"),
        "amd64",
        "x86_64",
    ),
    row(
        "aarch64-unknown-linux-gnu",
        ("linux", "arm64"),
        "arm64",
        "aarch64",
    ),
    row("x86_64-apple-darwin", ("darwin", "x64"), "", "x86_64"),
    row("aarch64-apple-darwin", ("darwin", "arm64"), "", "arm64"),
    row("x86_64-pc-windows-msvc", ("win32", "x64"), "", "amd64"),
];

const fn row(
    triple: &'static str,
    npm: (&'static str, &'static str),
    debian: &'static str,
    machine: &'static str,
) -> Target {
    Target {
        triple,
        npm,
        debian,
        machine,
    }
}

impl Target {
    /// Every platform that has releases.
    #[must_use]
    pub fn all() -> &'static [Self] {
        ALL
    }

    /// The platform that rustc calls so.
    ///
    /// # Errors
    /// When there are no releases for it.
    pub fn parse(triple: &str) -> anyhow::Result<Self> {
        let known = ALL.iter().find(|target| target.triple == triple);
        let names: Vec<&str> = ALL.iter().map(|target| target.triple).collect();
        known
            .copied()
            .with_context(|| format!("{triple} is none of {}", names.join(", ")))
    }

    /// The platform of this machine.
    ///
    /// # Errors
    /// When rustc does not say, or there are no releases for it.
    pub fn of_this_machine() -> anyhow::Result<Self> {
        let output = std::process::Command::new("rustc").arg("-vV").output();
        let text = output.context("rustc")?.stdout;
        let text = String::from_utf8_lossy(&text).into_owned();
        match text.lines().find_map(|line| line.strip_prefix("host: ")) {
            Some(host) => Self::parse(host),
            None => bail!("rustc -vV does not say what machine this is"),
        }
    }

    /// What is made for it.
    #[must_use]
    pub fn kinds(self) -> Vec<Kind> {
        let mut kinds = vec![Kind::Archive, Kind::Wheel, Kind::Npm, Kind::Sbom];
        if self.is_linux() {
            kinds.extend([Kind::Deb, Kind::Rpm]);
        }
        kinds
    }

    /// Whether it is a Linux.
    #[must_use]
    pub fn is_linux(self) -> bool {
        self.npm.0 == "linux"
    }

    /// Whether it is Windows.
    #[must_use]
    pub fn is_windows(self) -> bool {
        self.npm.0 == "win32"
    }

    /// What the program's file is called.
    #[must_use]
    pub fn program(self) -> &'static str {
        if self.is_windows() {
            "leakward.exe"
        } else {
            "leakward"
        }
    }
}
