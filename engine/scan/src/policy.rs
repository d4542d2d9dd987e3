//! What a scan is held to: rules, limits, exclusions and decisions, read from the target's own files or, with
//! `--policy-ref`, from another ref of its repository, and overridden by what was typed.
//!
//! Not for: parsing the files (each has a module of its own) and for applying them (grouping does).
//!
//! INVARIANT: with a policy ref, nothing is read from the working tree. A pull request that brings an ignore file can
//! then not switch its own scan off.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use globset::GlobSet;
use leakward_core::{Confidence, FingerprintKey, Limits, Rule, Secret, Severity};
use leakward_detect::{InlineAllow, Sensitivity, Settings, ShortestString};
use leakward_rule_import::{Base, ImportErrors};
use leakward_rules::{RuleFileErrors, Selection, UnknownRule};

use crate::allow::AllowList;
use crate::baseline::{Baseline, BaselineError};
use crate::config::{Config, ConfigError, SensitivityWord};
use crate::gitleaks::GitleaksIgnore;
use crate::ignore_file::{IgnoreFile, IgnoreFileError};
use crate::other_tools::{self, Configuration, GITLEAKS_CONFIG};
use crate::path_glob::{NotAGlob, path_globs};
use crate::rule_file::RuleFile;

/// Where policy files are read from.
pub trait PolicyFiles {
    /// The file at `path` (relative to the target's root), or nothing when there is none.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>>;

    /// A file that was named on the command line, relative to the current folder.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    fn read_named(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }
}

/// Policy files in a folder.
#[derive(Clone, Debug)]
pub struct Folder(pub PathBuf);

impl PolicyFiles for Folder {
    /// A link that leads out of the folder is an error: what is scanned must not choose which other files are read.
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let real = match std::fs::canonicalize(self.0.join(path)) {
            Ok(real) => real,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        if !real.starts_with(std::fs::canonicalize(&self.0)?) {
            return Err(io::Error::other(
                "it leads out of the folder that is scanned and is not followed",
            ));
        }
        std::fs::read(real).map(Some)
    }
}

/// No policy files at all: standard input, a single file.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl PolicyFiles for NoFiles {
    fn read(&self, _path: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }
}

/// What was typed; each wins over the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--rules`
    pub rule_files: Vec<PathBuf>,
    /// `--only-rule`
    pub only_rules: Vec<String>,
    /// `--disable-rule`
    pub disabled_rules: Vec<String>,
    /// `--baseline`
    pub baseline: Option<PathBuf>,
    /// `--sensitivity`
    pub sensitivity: Option<Sensitivity>,
    /// `--min-severity`
    pub min_severity: Option<Severity>,
    /// `--exclude`
    pub exclude: Vec<String>,
    /// `--no-inline-allow`
    pub inline_allow: Option<InlineAllow>,
    /// `--binary-strings`
    pub binary_strings: Option<ShortestString>,
    /// A `.gitleaksignore` elsewhere than at the target's root, read beside that one.
    pub gitleaks_ignore: Option<PathBuf>,
    /// Largest object that is read.
    pub max_object_bytes: Option<u64>,
    /// How many encodings deep a value is decoded.
    pub max_decode_depth: Option<usize>,
    /// How many archives deep archives are opened.
    pub max_archive_depth: Option<usize>,
}

/// What a scan is held to.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The rules to apply.
    pub rules: Cow<'static, [Rule]>,
    /// How to detect.
    pub detection: Settings,
    /// Findings below are left out.
    pub min_severity: Severity,
    /// Findings below are left out.
    pub min_confidence: Confidence,
    /// Places at such paths are left out.
    pub exclude: GlobSet,
    /// Credentials that are known to be no leak.
    pub allow: AllowList,
    /// Places in these commits are left out; prefixes of at least seven digits.
    pub allowed_commits: Vec<String>,
    /// Findings known before.
    pub baseline: Baseline,
    /// Findings somebody decided to live with.
    pub ignore: IgnoreFile,
    /// The same, in gitleaks' format.
    pub gitleaks_ignore: GitleaksIgnore,
    /// The key of fingerprints.
    pub key: FingerprintKey,
    /// Things worth telling.
    pub notes: Vec<String>,
    /// Paths of the policy files themselves, which are not scanned for what they name (a baseline holds hashes only).
    pub files: Vec<String>,
}

/// A policy that cannot be used. Nothing is scanned then.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file that is there and cannot be read, or was named and is not there.
    #[error("{file}: {source}")]
    Read {
        /// Name of the file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file that is not text.
    #[error("{0}: not UTF-8 text")]
    NotText(String),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The ignore file.
    #[error(transparent)]
    Ignore(#[from] IgnoreFileError),
    /// The baseline.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// A rule file.
    #[error(transparent)]
    Rules(#[from] RuleFileErrors),
    /// A rule file of another tool.
    #[error(transparent)]
    OtherTool(#[from] ImportErrors),
    /// A glob.
    #[error(transparent)]
    Glob(#[from] NotAGlob),
    /// An expression of the allow list.
    #[error("[allow] values: {0:?} cannot be used: {1}")]
    Expression(String, String),
    /// The fingerprint key is to come from a variable that is not set.
    #[error(
        "the configuration takes the fingerprint key from the environment variable {0}, which is not set"
    )]
    Key(String),
    /// A rule is named that does not exist.
    #[error(transparent)]
    UnknownRule(#[from] UnknownRule),
}

impl Policy {
    /// Reads the policy files through `files` and puts `overrides` over them.
    ///
    /// # Errors
    /// The first thing that cannot be used, naming file, line and column where there are such.
    pub fn load(files: &dyn PolicyFiles, overrides: &Overrides) -> Result<Self, PolicyError> {
        let mut notes = Vec::new();
        let (config, base) = load_config(files, overrides, &mut notes)?;
        let key = fingerprint_key(&config)?;
        let rules = load_rules(files, base, &config, overrides, &mut notes)?;
        let exclude: Vec<String> = config
            .paths
            .exclude
            .iter()
            .chain(&overrides.exclude)
            .cloned()
            .collect();
        let baseline_name = config.scan.baseline.as_deref();
        Ok(Self {
            rules,
            detection: detection(&config, overrides),
            min_severity: overrides
                .min_severity
                .or(parse(config.scan.min_severity.as_deref()))
                .unwrap_or(Severity::Low),
            min_confidence: parse(config.scan.min_confidence.as_deref()).unwrap_or(Confidence::Low),
            exclude: path_globs(exclude.iter().map(String::as_str))?,
            allow: AllowList::new(&config.allow.values, &config.allow.words)?,
            allowed_commits: config.allow.commits.clone(),
            baseline: load_baseline(files, baseline_name, overrides, &key)?,
            ignore: load_ignore(files)?,
            gitleaks_ignore: load_gitleaks_ignore(files, overrides, &mut notes)?,
            key,
            notes,
            files: [
                Config::NAME,
                GITLEAKS_CONFIG,
                IgnoreFile::NAME,
                GitleaksIgnore::NAME,
            ]
            .into_iter()
            .chain(baseline_name)
            .map(str::to_owned)
            .collect(),
        })
    }
}

fn parse<T: std::str::FromStr>(word: Option<&str>) -> Option<T> {
    // The configuration checked the word when it was read.
    word.and_then(|word| word.parse().ok())
}

/// The configuration, and the rules that it begins with.
fn load_config(
    files: &dyn PolicyFiles,
    overrides: &Overrides,
    notes: &mut Vec<String>,
) -> Result<(Config, Cow<'static, [Rule]>), PolicyError> {
    match other_tools::load_configuration(files, overrides)? {
        Configuration::Own(config) => Ok((*config, leakward_rules::built_in().into())),
        Configuration::Foreign(import, name) => {
            let (tool, own) = (import.tool, import.rules.len());
            let base = match import.base {
                Base::BuiltIn => "and Leakward's built-in rules",
                Base::Nothing => "and no built-in ones",
            };
            notes.push(format!(
                "{name}: read as a configuration of {tool}; {own} rules of its own {base} are applied"
            ));
            let (rules, told) = import.apply(leakward_rules::built_in());
            notes.extend(told);
            // What it is written in must not be found by the rules that it brings.
            let mut config = Config::default();
            if !Path::new(&name).is_absolute() {
                config
                    .paths
                    .exclude
                    .push(format!("/{}", name.trim_start_matches("./")));
            }
            Ok((config, rules.into()))
        }
    }
}

fn fingerprint_key(config: &Config) -> Result<FingerprintKey, PolicyError> {
    let Some(variable) = &config.fingerprint.key_env else {
        return Ok(FingerprintKey::default());
    };
    match std::env::var(variable) {
        Ok(key) if !key.is_empty() => Ok(FingerprintKey::new(Secret::new(key.as_bytes()))),
        _ => Err(PolicyError::Key(variable.clone())),
    }
}

fn detection(config: &Config, overrides: &Overrides) -> Settings {
    const MIB: u64 = 1 << 20;
    let from_file = config.scan.sensitivity.map(|word| match word {
        SensitivityWord::Default => Sensitivity::Default,
        SensitivityWord::High => Sensitivity::High,
    });
    let inline_from_file = config.scan.inline_allow.map(|honour| {
        if honour {
            InlineAllow::Honour
        } else {
            InlineAllow::Ignore
        }
    });
    // The configuration checked the number when it was read.
    let strings_from_file = config
        .scan
        .binary_strings
        .and_then(|characters| ShortestString::new(characters).ok());
    let defaults = Limits::default();
    let table = &config.limits;
    let limits = Limits {
        max_object_bytes: overrides.max_object_bytes.unwrap_or(
            table
                .max_object_mib
                .map_or(defaults.max_object_bytes, |mib| mib.saturating_mul(MIB)),
        ),
        max_stdin_bytes: table
            .max_stdin_mib
            .map_or(defaults.max_stdin_bytes, |mib| mib.saturating_mul(MIB)),
        max_decode_depth: overrides
            .max_decode_depth
            .or(table.max_decode_depth)
            .unwrap_or(defaults.max_decode_depth),
        max_locations_per_finding: table
            .max_locations
            .unwrap_or(defaults.max_locations_per_finding),
        max_archive_depth: overrides
            .max_archive_depth
            .or(table.archive_depth)
            .unwrap_or(defaults.max_archive_depth),
        max_archive_entries: table
            .archive_entries
            .unwrap_or(defaults.max_archive_entries),
        max_unpacked_bytes: table
            .archive_unpacked_mib
            .map_or(defaults.max_unpacked_bytes, |mib| mib.saturating_mul(MIB)),
        max_archive_seconds: table
            .archive_seconds
            .unwrap_or(defaults.max_archive_seconds),
        max_unpacked_ratio: table.archive_ratio.unwrap_or(defaults.max_unpacked_ratio),
        ..defaults
    };
    Settings {
        sensitivity: overrides
            .sensitivity
            .or(from_file)
            .unwrap_or(Sensitivity::Default),
        inline_allow: overrides
            .inline_allow
            .or(inline_from_file)
            .unwrap_or(InlineAllow::Honour),
        limits,
        binary_strings: overrides.binary_strings.or(strings_from_file),
        clock: None,
    }
}

fn load_rules(
    files: &dyn PolicyFiles,
    base: Cow<'static, [Rule]>,
    config: &Config,
    overrides: &Overrides,
    notes: &mut Vec<String>,
) -> Result<Cow<'static, [Rule]>, PolicyError> {
    let mut rules = base;
    let mut texts = Vec::new();
    for name in &config.rules.files {
        let text = read_text(files, name)?.ok_or_else(|| not_found(name))?;
        texts.push((name.clone(), text));
    }
    for path in &overrides.rule_files {
        texts.push((path.display().to_string(), read_named(files, path)?));
    }
    for (name, text) in texts {
        let file = RuleFile::parse(files, &text, &name)?;
        notes.extend(file.notes);
        rules = leakward_rules::merge(&rules, file.rules).into();
    }
    let only: Vec<String> = if overrides.only_rules.is_empty() {
        config.rules.only.clone()
    } else {
        overrides.only_rules.clone()
    };
    let disabled: Vec<String> = config
        .rules
        .disable
        .iter()
        .chain(&overrides.disabled_rules)
        .cloned()
        .collect();
    if only.is_empty() && disabled.is_empty() {
        return Ok(rules);
    }
    let selection = Selection {
        enable: only,
        disable: disabled,
    };
    Ok(selection.apply(rules.into_owned())?.into())
}

fn load_baseline(
    files: &dyn PolicyFiles,
    name: Option<&str>,
    overrides: &Overrides,
    key: &FingerprintKey,
) -> Result<Baseline, PolicyError> {
    let (text, name) = match (&overrides.baseline, name) {
        (Some(path), _) => (read_named(files, path)?, path.display().to_string()),
        (None, Some(name)) => (
            read_text(files, name)?.ok_or_else(|| not_found(name))?,
            name.to_owned(),
        ),
        (None, None) => return Ok(Baseline::default()),
    };
    Ok(Baseline::parse(&text, &name, key)?)
}

fn load_ignore(files: &dyn PolicyFiles) -> Result<IgnoreFile, PolicyError> {
    match read_text(files, IgnoreFile::NAME)? {
        Some(text) => Ok(IgnoreFile::parse(&text, IgnoreFile::NAME)?),
        None => Ok(IgnoreFile::default()),
    }
}

fn load_gitleaks_ignore(
    files: &dyn PolicyFiles,
    overrides: &Overrides,
    notes: &mut Vec<String>,
) -> Result<GitleaksIgnore, PolicyError> {
    let mut ignore = GitleaksIgnore::default();
    let named = match &overrides.gitleaks_ignore {
        Some(path) => Some((read_named(files, path)?, path.display().to_string())),
        None => None,
    };
    let in_target = read_text(files, GitleaksIgnore::NAME)?;
    let in_target = in_target.map(|text| (text, GitleaksIgnore::NAME.to_owned()));
    for (text, name) in [in_target, named].into_iter().flatten() {
        let (more, not_understood) = GitleaksIgnore::parse(&text);
        ignore.add(more);
        notes.extend(not_understood.iter().map(|line| {
            format!(
                "{name}:{line}: neither commit:path:rule:line nor path:rule:line; it suppresses nothing"
            )
        }));
    }
    Ok(ignore)
}

pub(crate) fn read_text(
    files: &dyn PolicyFiles,
    name: &str,
) -> Result<Option<String>, PolicyError> {
    let bytes = files.read(name).map_err(|source| PolicyError::Read {
        file: name.to_owned(),
        source,
    })?;
    bytes
        .map(|bytes| String::from_utf8(bytes).map_err(|_| PolicyError::NotText(name.to_owned())))
        .transpose()
}

pub(crate) fn read_named(files: &dyn PolicyFiles, path: &Path) -> Result<String, PolicyError> {
    let name = path.display().to_string();
    let bytes = files.read_named(path).map_err(|source| PolicyError::Read {
        file: name.clone(),
        source,
    })?;
    String::from_utf8(bytes).map_err(|_| PolicyError::NotText(name))
}

fn not_found(name: &str) -> PolicyError {
    PolicyError::Read {
        file: name.to_owned(),
        source: io::Error::from(io::ErrorKind::NotFound),
    }
}
