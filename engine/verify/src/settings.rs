//! What the user decided about verification, resolved.

use std::time::Duration;

use leakward_core::{Rule, Secret};

/// What the user decided.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Servers that take the place of those that rules name.
    pub endpoints: Vec<Endpoint>,
    /// Whether hosts that stand beside a credential may be asked.
    pub found_hosts: FoundHosts,
    /// How far questions go.
    pub reach: Reach,
    /// When a changed credential is sent as well.
    pub control: ControlProbe,
    /// Whether keys that are known to raise an alarm when they are used are used.
    pub ask_canaries: bool,
    /// Whether it is read what live credentials reach.
    pub details: Details,
    /// Values that hold for every credential.
    pub given: Vec<(String, Secret)>,
    /// Caps.
    pub limits: Limits,
}

/// A server that takes the place of the one that a rule names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// A rule's id, or a provider's name in lower-case words joined by dashes.
    pub of: String,
    /// Scheme, host, maybe a port and a path; without a slash at its end.
    pub base: String,
}

/// What was given is not `NAME=URL`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}: an endpoint is given as NAME=https://HOST, where NAME is a rule's id or a provider")]
pub struct EndpointError(String);

impl std::str::FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let error = || EndpointError(text.to_owned());
        let (of, base) = text.split_once('=').ok_or_else(error)?;
        let has_scheme = base.contains("://");
        let is_named = !of.is_empty() && !base.contains(['@', '{', '?', '#']);
        if !has_scheme || !is_named {
            return Err(error());
        }
        Ok(Self {
            of: of.to_ascii_lowercase(),
            base: base.trim_end_matches('/').to_owned(),
        })
    }
}

impl Endpoint {
    /// Whether it is meant for `rule`.
    #[must_use]
    pub fn is_for(&self, rule: &Rule) -> bool {
        self.of == rule.id.as_str() || self.of == slug(&rule.provider)
    }
}

/// A provider's name as lower-case words joined by dashes.
fn slug(provider: &str) -> String {
    let words: Vec<String> = provider
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}

/// Whether hosts that stand beside a credential may be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FoundHosts {
    /// They may not: whoever wrote the scanned text chose them.
    #[default]
    Refuse,
    /// They may.
    Ask,
}

/// How far questions go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Providers are asked.
    #[default]
    Network,
    /// Nothing is sent; only what the credential itself says is told.
    OfflineOnly,
}

/// Whether it is read what live credentials reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Details {
    /// It is not.
    #[default]
    Skip,
    /// It is, with the calls that the rules list; each only reads.
    Read,
}

/// When a changed credential is sent as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ControlProbe {
    /// Where the definition asks for it.
    #[default]
    WhereNeeded,
    /// Before anything is called live.
    Always,
}

/// Caps. Hitting one makes a verdict unknown, never another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first byte sent to the last one read. Default 15 s.
    pub call: Duration,
    /// For everything. Default 10 minutes.
    pub run: Duration,
    /// What is read of an answer. Default 1 MiB.
    pub body_bytes: usize,
    /// Calls to one host at the same time. Default 4.
    pub per_host: usize,
    /// Calls at the same time. Default 128.
    pub at_once: usize,
    /// Least time between the starts of two calls to one host. Default 50 ms, twenty a second.
    pub spacing: Duration,
    /// How often a call that can be repeated is tried. Default 3.
    pub attempts: u32,
    /// Longest wait that a server can ask for. Default 60 s.
    pub longest_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(15),
            run: Duration::from_secs(600),
            body_bytes: 1 << 20,
            per_host: 4,
            at_once: 128,
            spacing: Duration::from_millis(50),
            attempts: 3,
            longest_wait: Duration::from_secs(60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_name_and_an_address_without_anything_else() {
        let read = |text: &str| text.parse::<Endpoint>().map(|endpoint| endpoint.base);
        assert_eq!(
            read("github=https://ghe.corp/api/v3/"),
            Ok("https://ghe.corp/api/v3".to_owned())
        );
        for wrong in [
            "github",
            "=https://a.b",
            "github=ghe.corp",
            "github=https://u@ghe.corp",
            "x=https://a.b/?q",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_provider_is_named_by_its_words() {
        assert_eq!(slug("GitHub"), "github");
        assert_eq!(slug("Fly.io (apps)"), "fly-io-apps");
    }
}
