//! The packages of one platform.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use clap::ValueEnum;

use crate::contents::{Contents, Entry};
use crate::target::Target;
use crate::{VERSION, archive, deb, npm, red_hat, sbom, wheel, zip};

/// What can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// The program with everything that goes with it, to be unpacked: tar.gz, or zip for Windows.
    Archive,
    /// A Python wheel.
    Wheel,
    /// The platform's package for npm.
    Npm,
    /// For Debian and its descendants.
    Deb,
    /// For Fedora, Red Hat, SUSE and theirs.
    Rpm,
    /// The list of what was linked into the program, as CycloneDX has it.
    Sbom,
}

/// What packages are made of, and where they go.
#[derive(Clone, Debug)]
pub struct Dist {
    /// The sources: licences and README, and what cargo says of dependencies.
    pub root: PathBuf,
    /// The program.
    pub binary: PathBuf,
    /// The same, or of the same version, and can be run here: it writes completions and manual pages.
    pub native: PathBuf,
    /// The platform of `binary`.
    pub target: Target,
    /// The folder.
    pub output: PathBuf,
    /// Seconds since 1970 that files are said to be of.
    pub time: u64,
    /// How much work is put into making packages small.
    pub effort: Effort,
}

/// How much work is put into making packages small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// For tests.
    Least,
    /// For people.
    Most,
}

impl Effort {
    /// As zlib numbers it.
    pub(crate) fn level(self) -> u32 {
        match self {
            Self::Least => 1,
            Self::Most => 9,
        }
    }
}

impl Dist {
    /// Makes packages, and says which.
    ///
    /// # Errors
    /// When something cannot be read, run or written, or there is no such package for the platform.
    pub fn make(&self, kinds: &[Kind]) -> anyhow::Result<Vec<PathBuf>> {
        let program = fs::read(&self.binary).with_context(|| self.binary.display().to_string())?;
        let contents = Contents::collect(&self.root, &self.native)?;
        fs::create_dir_all(&self.output).with_context(|| self.output.display().to_string())?;
        kinds
            .iter()
            .map(|kind| {
                let (name, bytes) = self
                    .one(*kind, &program, &contents)
                    .with_context(|| format!("{kind:?} for {}", self.target.triple))?;
                put(&self.output, &name, &bytes)
            })
            .collect()
    }

    fn one(
        &self,
        kind: Kind,
        program: &[u8],
        contents: &Contents,
    ) -> anyhow::Result<(String, Vec<u8>)> {
        match kind {
            Kind::Archive => self.archive(program, contents),
            Kind::Wheel => wheel::make(self, program, contents),
            Kind::Npm => npm::platform(self, program, contents),
            Kind::Deb => deb::make(self, program, contents),
            Kind::Rpm => red_hat::make(self, program, contents),
            Kind::Sbom => sbom::make(&self.root, self.target, self.time),
        }
    }

    fn archive(&self, program: &[u8], contents: &Contents) -> anyhow::Result<(String, Vec<u8>)> {
        let folder = format!("leakward-{VERSION}-{}", self.target.triple);
        let mut entries = vec![Entry::program(self.target.program(), program)];
        for (name, text) in &contents.texts {
            entries.push(Entry::text(*name, text.clone()));
        }
        for (name, completion) in &contents.completions {
            entries.push(Entry::text(
                format!("completions/{name}"),
                completion.clone(),
            ));
        }
        for (name, page) in &contents.manual {
            entries.push(Entry::text(format!("man/{name}"), page.clone()));
        }
        if self.target.is_windows() {
            return Ok((format!("{folder}.zip"), zip::write(&entries, self.effort)?));
        }
        let tar = archive::tar(&entries, &format!("{folder}/"), self.time)?;
        Ok((
            format!("{folder}.tar.gz"),
            archive::gzip(&tar, self.effort)?,
        ))
    }
}

/// Writes a file, and says which.
pub(crate) fn put(folder: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, bytes).with_context(|| path.display().to_string())?;
    Ok(path)
}

/// The time that files are said to be of: `SOURCE_DATE_EPOCH`, or that of the commit.
///
/// # Errors
/// When neither is known.
pub fn commit_time(root: &Path) -> anyhow::Result<u64> {
    if let Ok(seconds) = std::env::var("SOURCE_DATE_EPOCH") {
        return seconds.parse().context("SOURCE_DATE_EPOCH");
    }
    let mut git = Command::new("git");
    let output = git
        .args(["log", "-1", "--format=%ct"])
        .current_dir(root)
        .output();
    let output = output.context("git cannot be run; set SOURCE_DATE_EPOCH")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.trim()
        .parse()
        .context("git does not say of when the commit is; set SOURCE_DATE_EPOCH")
}
