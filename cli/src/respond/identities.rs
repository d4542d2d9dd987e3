//! Whom the program acts as: read from the environment or from files each time, never from our own configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use leakward_core::Secret;
use leakward_respond::saga::Identities;

/// Variables that begin like this are identities.
const PREFIX: &str = "LEAKWARD_IDENTITY_";

/// Where a secret value is.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// In a variable of the environment.
    Variable(String),
    /// In a file.
    File(PathBuf),
}

impl Source {
    /// `env:NAME` or `file:PATH`.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        match text.split_once(':') {
            Some(("env", name)) => Ok(Self::Variable(name.to_owned())),
            Some(("file", path)) => Ok(Self::File(PathBuf::from(path))),
            // The text may be the value itself, so that it is not repeated.
            _ => bail!("a secret value is given as env:VARIABLE or file:PATH, never itself"),
        }
    }

    /// The value, as it is now.
    pub(super) fn read(&self) -> anyhow::Result<Secret> {
        let bytes = match self {
            Self::Variable(name) => std::env::var(name)
                .with_context(|| format!("the variable {name}"))?
                .into_bytes(),
            Self::File(path) => std::fs::read(path).with_context(|| path.display().to_string())?,
        };
        Ok(Secret::new(bytes.trim_ascii()))
    }
}

/// The identities that the user gave.
#[derive(Debug)]
pub(super) struct GivenIdentities(Vec<(String, Source)>);

impl GivenIdentities {
    /// From `NAME=SOURCE`, and from the environment. Each must be readable now.
    pub(super) fn new(given: &[String]) -> anyhow::Result<Self> {
        let mut all: Vec<(String, Source)> = std::env::vars()
            .filter_map(|(variable, _)| {
                let name = variable.strip_prefix(PREFIX)?;
                let name = name.to_ascii_lowercase().replace('_', "-");
                Some((name, Source::Variable(variable)))
            })
            .collect();
        for text in given {
            let (name, source) = text
                .split_once('=')
                .context("--identity takes NAME=env:VARIABLE or NAME=file:PATH")?;
            let source = Source::parse(source).context("--identity")?;
            source.read().context("--identity")?;
            all.push((name.to_owned(), source));
        }
        Ok(Self(all))
    }
}

impl Identities for GivenIdentities {
    fn read(&self) -> BTreeMap<String, Secret> {
        self.0
            .iter()
            // One that cannot be read any more is missing, and the provider says what it is needed for.
            .filter_map(|(name, source)| Some((name.clone(), source.read().ok()?)))
            .collect()
    }
}
