//! Which server a credential is sent to.
//!
//! In this order: what the user named for the rule or its provider, which replaces everything else; the host that the rule
//! names; a host that stands beside the credential, when the user allows that. A token that stands beside a company's own
//! server is never sent to the public host of the same product.

use leakward_core::{Rule, Verification};

use crate::address::AddressPolicy;
use crate::fill::{Where, fill, is_label, value};
use crate::plan::NotAsked;
use crate::settings::{FoundHosts, Settings};
use crate::subject::{Subject, Value, ValueSource};

/// A server, and the path before every path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// `https`, or another protocol's scheme.
    pub(crate) scheme: String,
    /// Host name or address.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// Empty, or begins with a slash and does not end with one.
    pub(crate) path: String,
}

impl Target {
    /// Reads `scheme://host[:port][/path]`; without a scheme it is https.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = (rest.get(..end)?, rest.get(end..)?);
        let (host, port) = split_port(authority)?;
        let is_host = !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b));
        let is_path = path.is_empty() || (path.starts_with('/') && !path.contains(['?', '#', ' ']));
        (is_host && is_path).then(|| Self {
            scheme: scheme.to_ascii_lowercase(),
            host: host.to_ascii_lowercase(),
            port,
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// Host and, where one is given, port.
    pub(crate) fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// Scheme, host and port.
    pub(crate) fn server(&self) -> String {
        format!("{}://{}", self.scheme, self.authority())
    }

    /// What every URL begins with.
    pub(crate) fn base(&self) -> String {
        format!("{}{}", self.server(), self.path)
    }
}

fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let bare = authority.rfind(']').map_or(0, |end| end + 1);
    match authority.get(bare..)?.split_once(':') {
        Some((name, port)) => {
            let host = authority.get(..bare + name.len())?;
            Some((host, Some(port.parse().ok()?)))
        }
        None => Some((authority, None)),
    }
}

/// The server for a credential.
pub(crate) fn target(
    rule: &Rule,
    verify: &Verification,
    subject: &Subject,
    settings: &Settings,
    policy: AddressPolicy,
) -> Result<Target, NotAsked> {
    let named = settings
        .endpoints
        .iter()
        .find(|endpoint| endpoint.is_for(rule));
    if let Some(endpoint) = named {
        return checked(&endpoint.base, policy);
    }
    if let Some(value) = beside(verify, subject) {
        return from_value(rule, verify, &value, settings, policy);
    }
    match &verify.endpoint {
        Some(endpoint) => from_rule(endpoint, subject, policy),
        None => Err(NotAsked::NeedsEndpoint(rule.id.to_string())),
    }
}

/// The value that names the server, and who says so.
struct Beside {
    text: String,
    source: ValueSource,
}

fn beside(verify: &Verification, subject: &Subject) -> Option<Beside> {
    let name = verify.endpoint_from.as_ref()?;
    let source = if &**name == "secret" {
        ValueSource::Found
    } else {
        subject.value(name).map(|value: &Value| value.source)?
    };
    let text = value(name, subject)?.to_string();
    Some(Beside { text, source })
}

fn from_value(
    rule: &Rule,
    verify: &Verification,
    value: &Beside,
    settings: &Settings,
    policy: AddressPolicy,
) -> Result<Target, NotAsked> {
    let name = verify.endpoint_from.as_deref().unwrap_or_default();
    let unfit = || NotAsked::UnfitValue(name.to_owned());
    let found = Target::parse(&value.text).ok_or_else(unfit)?;
    let is_the_rules_own = verify
        .endpoint
        .as_deref()
        .and_then(Target::parse)
        .is_some_and(|own| own.host == found.host && found.port.is_none());
    let is_allowed = value.source == ValueSource::Given || settings.found_hosts == FoundHosts::Ask;
    if !is_the_rules_own && !is_allowed {
        return Err(NotAsked::FoundHost {
            host: found.authority(),
            of: rule.id.to_string(),
        });
    }
    checked(&value.text, policy)
}

fn from_rule(endpoint: &str, subject: &Subject, policy: AddressPolicy) -> Result<Target, NotAsked> {
    let short = shortened(endpoint, subject);
    let filled = fill(endpoint, Where::Host, short.as_ref().unwrap_or(subject))?;
    #[expect(
        clippy::disallowed_methods,
        reason = "a host name's label is sent to the resolver in the clear anyway"
    )]
    let text = String::from_utf8_lossy(filled.expose()).into_owned();
    checked(&text, policy)
}

/// A companion is sometimes found as the whole host, where the rule wants its first label: `shop.acme.dev` for
/// `{shop}.acme.dev`. Then it is cut, if it is of that very domain.
fn shortened(endpoint: &str, subject: &Subject) -> Option<Subject> {
    let (open, close) = (endpoint.find('{')?, endpoint.find('}')?);
    let (name, domain) = (endpoint.get(open + 1..close)?, endpoint.get(close + 1..)?);
    let whole = value(name, subject)?;
    let host = whole.split_once("://").map_or(&**whole, |(_, rest)| rest);
    let label = host.trim_end_matches('/').strip_suffix(domain)?;
    if !is_label(label) || domain.is_empty() {
        return None;
    }
    let mut cut = subject.clone();
    for value in cut.values.iter_mut().filter(|value| value.name == name) {
        value.secret = leakward_core::Secret::new(label.as_bytes());
    }
    Some(cut)
}

fn checked(base: &str, policy: AddressPolicy) -> Result<Target, NotAsked> {
    let target = Target::parse(base).ok_or_else(|| NotAsked::BadEndpoint(base.to_owned()))?;
    let in_the_clear = target.scheme == "http";
    if in_the_clear && policy == AddressPolicy::PublicOnly {
        return Err(NotAsked::BadEndpoint(target.server()));
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_scheme_host_port_and_path() {
        let shown = |text: &str| Target::parse(text).map(|target| (target.server(), target.path));
        let is = |server: &str, path: &str| Some((server.to_owned(), path.to_owned()));
        assert_eq!(shown("ghe.corp"), is("https://ghe.corp", ""));
        assert_eq!(
            shown("https://GHE.corp:8443/api/v3/"),
            is("https://ghe.corp:8443", "/api/v3")
        );
        assert_eq!(shown("http://[::1]:80"), is("http://[::1]:80", ""));
        for wrong in [
            "",
            "https://",
            "https://a b",
            "https://u@h",
            "https://h:x",
            "https://h/?q",
        ] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }
}
