//! Asks providers whether credentials still work, as `leakward scan --verify` does, and writes each call down.

use std::fs::OpenOptions;
use std::path::Path;

use leakward_core::Rule;
use leakward_verify::{
    AddressPolicy, Audit, FoundHosts, Network, NetworkSettings, Settings, Subject, SystemClock,
    Verified, Verifier,
};

use crate::config::Verify;

/// Asks providers.
pub(crate) struct Verification {
    settings: Settings,
    network: Network,
    audit: Audit,
}

/// Why nobody can be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {reason}")]
pub(crate) struct NotReady {
    what: String,
    reason: String,
}

impl Verification {
    /// As configured; calls are written down in the file `calls`.
    pub(crate) fn new(verify: &Verify, calls: &Path) -> Result<Self, NotReady> {
        let (settings, network) = way_out(verify)?;
        Ok(Self {
            settings,
            network,
            audit: audit(calls)?,
        })
    }

    /// Asks about each credential. Blocks.
    pub(crate) fn verify(&self, rules: &[Rule], subjects: &[Subject]) -> Vec<Verified> {
        Verifier::new(
            rules,
            &self.settings,
            &self.network,
            &self.audit,
            &SystemClock,
        )
        .verify(subjects)
    }
}

fn wrong(what: &str, reason: &dyn std::fmt::Display) -> NotReady {
    NotReady {
        what: what.to_owned(),
        reason: reason.to_string(),
    }
}

/// What the operator decided about asking providers, and the way out to them.
pub(crate) fn way_out(verify: &Verify) -> Result<(Settings, Network), NotReady> {
    let endpoints = verify
        .endpoints
        .iter()
        .map(|text| {
            text.parse()
                .map_err(|error| wrong("verify.endpoints", &error))
        })
        .collect::<Result<_, _>>()?;
    let settings = Settings {
        endpoints,
        found_hosts: if verify.found_hosts {
            FoundHosts::Ask
        } else {
            FoundHosts::Refuse
        },
        ..Settings::default()
    };
    let extra_authorities = match &verify.ca_file {
        Some(path) => {
            std::fs::read(path).map_err(|error| wrong(&path.display().to_string(), &error))?
        }
        None => Vec::new(),
    };
    let policy = if verify.allow_private {
        AddressPolicy::PrivateAllowed
    } else {
        AddressPolicy::PublicOnly
    };
    let network = NetworkSettings {
        policy,
        extra_authorities,
        proxy: None,
    };
    let network =
        Network::new(&network, &settings.limits).map_err(|error| wrong("the network", &error))?;
    Ok((settings, network))
}

/// The log of calls, opened for appending.
pub(crate) fn audit(file: &Path) -> Result<Audit, NotReady> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let opened = options
        .open(file)
        .map_err(|error| wrong(&file.display().to_string(), &error))?;
    Ok(Audit::new(opened))
}
