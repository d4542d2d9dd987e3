//! What is asked of a scan, resolved: nothing in here is text that still has to be understood, but for revisions,
//! which only the repository can understand.

use std::path::PathBuf;
use std::sync::Arc;

use leakward_core::Skipped;
use leakward_sources::archive::Archives;
use leakward_sources::git::Arriving;
use leakward_sources::image::Platform;
use leakward_sources::image::containerd::USUAL_FOLDER;
use leakward_sources::image::registry::RegistryOptions;
use leakward_sources::tree::IgnoreRules;

use crate::cache::CacheChoice;
use crate::date::Date;
use crate::grouping::Reveal;
use crate::policy::Overrides;
use crate::run::Prepared;
use crate::target::{ImageTarget, Target};

/// Which part of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All history, reachable or not, and the working tree.
    #[default]
    Everything,
    /// The history that refs reach, and the working tree.
    ReachableOnly,
    /// What is staged for the next commit.
    Staged,
    /// What the commits of a range brought in.
    Range(String),
    /// What commits that are not reachable from this one brought in.
    Since(String),
    /// What a push brought in: what its tips reach, and what was known before does not.
    Pushed {
        /// The tips.
        tips: Vec<String>,
        /// What was known before.
        known: Vec<String>,
    },
    /// The working tree alone.
    Worktree,
    /// The history that refs reach, without the working tree.
    History,
    /// The history that this revision reaches, without the working tree.
    From(String),
    /// So many commits back from HEAD, along first parents, and what they merged.
    Newest(u32),
    /// What a push brings.
    Arriving(Arriving),
    /// This text, under this name: the message of a commit that is about to be made.
    Text(String, Vec<u8>),
}

impl Scope {
    /// Whether there may be nothing in it: a commit that only removes files, or a push of nothing but a name, must get
    /// past a hook.
    #[must_use]
    pub fn may_be_nothing(&self) -> bool {
        matches!(self, Self::Staged | Self::Arriving(_) | Self::Text(..))
    }
}

/// Whether the hashes are computed by which code hosts follow a finding over line shifts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineHashes {
    /// No report asks for them.
    #[default]
    Skip,
    /// For the first place of each finding.
    Compute,
}

/// What a name in a registry stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tags {
    /// The image with its tag or digest.
    #[default]
    Named,
    /// The images of all tags of its repository.
    All,
}

/// How images are scanned.
#[derive(Clone, Debug, Default)]
pub struct ImageOptions {
    /// Only images for this platform.
    pub platform: Option<Platform>,
    /// Whether a name in a registry stands for all tags of its repository.
    pub tags: Tags,
    /// How registries are spoken to.
    pub registry: RegistryOptions,
    /// Where containerd keeps images.
    pub containerd: ContainerdOptions,
    /// Images whose layers are not looked at.
    pub skip_base: Vec<ImageTarget>,
    /// Where layers that were looked at and had nothing in them are remembered.
    pub cache: Option<PathBuf>,
}

/// Where containerd keeps images.
#[derive(Clone, Debug)]
pub struct ContainerdOptions {
    /// Its folder.
    pub folder: PathBuf,
    /// Only images of this namespace.
    pub namespace: Option<String>,
}

impl Default for ContainerdOptions {
    fn default() -> Self {
        Self {
            folder: PathBuf::from(USUAL_FOLDER),
            namespace: None,
        }
    }
}

/// Whether credentials are kept for what comes after the scan, beside the findings, which never hold them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Credentials {
    /// They are forgotten.
    #[default]
    Forget,
    /// They are kept in memory, with the values near by: the user asked to verify them.
    Keep,
}

/// Whether it is counted what each rule costs. Everything is looked at then, also what earlier scans know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// Nobody asks.
    #[default]
    Nothing,
    /// Hits, tries, time and finds of each rule.
    Rules,
}

/// What is asked of a scan.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// What to scan; at least one.
    pub targets: Vec<Target>,
    /// What was to be scanned beside them and cannot be: a target that is not there.
    pub unusable: Vec<Skipped>,
    /// Which part of the repositories among them.
    pub scope: Scope,
    /// The index that a hook is to look at instead of the repository's own.
    pub index_file: Option<PathBuf>,
    /// Whether `.gitignore` leaves files out.
    pub ignore_rules: IgnoreRules,
    /// How images are scanned.
    pub images: ImageOptions,
    /// Whether archives are opened.
    pub archives: Archives,
    /// What was typed that policy files would say otherwise.
    pub overrides: Overrides,
    /// A policy that was made before, in the place of the overrides and of the targets' policy files.
    pub prepared: Option<Arc<Prepared>>,
    /// The ref that policy files are read from instead of the working tree.
    pub policy_ref: Option<String>,
    /// Whether findings carry the credential itself.
    pub reveal: Reveal,
    /// Whether credentials are kept beside the findings.
    pub credentials: Credentials,
    /// Whether hashes of lines are computed.
    pub line_hashes: LineHashes,
    /// Whether candidates that were turned down are told, with the reason, as notes.
    pub explain: bool,
    /// Whether it is counted what each rule costs.
    pub measure: Measure,
    /// Where it is remembered what all history was found to hold nothing in.
    pub cache: CacheChoice,
    /// Worker threads.
    pub threads: usize,
    /// Today's date, for decisions that end.
    pub today: Date,
}

impl Scope {
    /// What of a repository is scanned, in words.
    #[must_use]
    pub fn in_words(&self, bare: bool) -> String {
        match self {
            Self::Everything if bare => "all history".to_owned(),
            Self::Everything => "all history and the working tree".to_owned(),
            Self::ReachableOnly if bare => "the history that refs reach".to_owned(),
            Self::ReachableOnly => "the history that refs reach and the working tree".to_owned(),
            Self::Staged => "what is staged".to_owned(),
            Self::Range(range) => format!("the commits of {range}"),
            Self::Since(revision) => format!("the commits since {revision}"),
            Self::Pushed { tips, .. } => format!("what was pushed with {}", tips.join(", ")),
            Self::Worktree => "the working tree".to_owned(),
            Self::History => "the history that refs reach".to_owned(),
            Self::From(revision) => format!("the history of {revision}"),
            Self::Newest(count) => format!("the newest {count} commits"),
            Self::Arriving(_) => "what is pushed".to_owned(),
            Self::Text(name, _) => name.clone(),
        }
    }
}
