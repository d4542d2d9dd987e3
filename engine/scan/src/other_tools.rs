//! Configuration and rules in the formats of other scanners, and where gitleaks would look for its own.
//!
//! Only what is read from where; what the files mean is the importer's part.

use std::path::{Path, PathBuf};

use leakward_rule_import::{Format, Import, import};

use crate::config::Config;
use crate::policy::{Overrides, PolicyError, PolicyFiles, read_named, read_text};

/// The name of gitleaks' configuration at a target's root.
pub(crate) const GITLEAKS_CONFIG: &str = ".gitleaks.toml";

/// The environment variable that names gitleaks' configuration.
const CONFIG_VARIABLE: &str = "GITLEAKS_CONFIG";

/// The environment variable that holds it.
const TEXT_VARIABLE: &str = "GITLEAKS_CONFIG_TOML";

/// A configuration: ours, or another tool's.
pub(crate) enum Configuration {
    /// `leakward.toml`, or nothing at all.
    Own(Box<Config>),
    /// Another tool's, by its name.
    Foreign(Box<Import>, String),
}

/// The configuration of a scan: what was typed, else `leakward.toml` at the target's root, else what gitleaks would take.
///
/// # Errors
/// A file that cannot be read or used.
pub(crate) fn load_configuration(
    files: &dyn PolicyFiles,
    overrides: &Overrides,
) -> Result<Configuration, PolicyError> {
    if let Some(path) = &overrides.config {
        return configuration(
            files,
            &read_named(files, path)?,
            &path.display().to_string(),
        );
    }
    if let Some(text) = read_text(files, Config::NAME)? {
        return Ok(Configuration::Own(Box::new(Config::parse(
            &text,
            Config::NAME,
        )?)));
    }
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(path) = set(CONFIG_VARIABLE) {
        let text = read_named(files, Path::new(&path))?;
        return foreign(files, &text, &path, Format::Gitleaks);
    }
    if let Some(text) = set(TEXT_VARIABLE) {
        return foreign(files, &text, TEXT_VARIABLE, Format::Gitleaks);
    }
    match read_text(files, GITLEAKS_CONFIG)? {
        Some(text) => foreign(files, &text, GITLEAKS_CONFIG, Format::Gitleaks),
        None => Ok(Configuration::Own(Box::default())),
    }
}

fn configuration(
    files: &dyn PolicyFiles,
    text: &str,
    name: &str,
) -> Result<Configuration, PolicyError> {
    match Format::of(text) {
        Some(format) => foreign(files, text, name, format),
        None => Ok(Configuration::Own(Box::new(Config::parse(text, name)?))),
    }
}

fn foreign(
    files: &dyn PolicyFiles,
    text: &str,
    name: &str,
    format: Format,
) -> Result<Configuration, PolicyError> {
    let import = read(files, text, name, format)?;
    Ok(Configuration::Foreign(Box::new(import), name.to_owned()))
}

/// Reads a rule file of another tool; what it extends is read as named files are.
///
/// # Errors
/// Everything that is wrong in it.
pub(crate) fn read(
    files: &dyn PolicyFiles,
    text: &str,
    name: &str,
    format: Format,
) -> Result<Import, PolicyError> {
    let mut loader = |path: &str| {
        let bytes = files.read_named(&PathBuf::from(path))?;
        String::from_utf8(bytes).map_err(std::io::Error::other)
    };
    Ok(import(text, name, format, &mut loader)?)
}
