//! What a native verifier works with.

use leakward_core::{Rule, Verification};
use zeroize::Zeroizing;

use super::uri::Uri;
use crate::address::AddressPolicy;
use crate::fill::value;
use crate::plan::NotAsked;
use crate::settings::{FoundHosts, Settings};
use crate::subject::{Subject, ValueSource};
use crate::target::{Target, target};

/// What a native verifier works with.
pub(crate) struct Case<'a> {
    pub(crate) rule: &'a Rule,
    pub(crate) verify: &'a Verification,
    pub(crate) subject: &'a Subject,
    pub(crate) settings: &'a Settings,
    pub(crate) policy: AddressPolicy,
    /// Seconds since 1970.
    pub(crate) now: u64,
}

impl Case<'_> {
    /// The credential as text.
    pub(crate) fn secret(&self) -> Result<Zeroizing<String>, NotAsked> {
        self.value("secret")
    }

    /// A value that must be there.
    pub(crate) fn value(&self, name: &str) -> Result<Zeroizing<String>, NotAsked> {
        value(name, self.subject).ok_or_else(|| NotAsked::NeedsValue(name.to_owned()))
    }

    /// A value that may be there.
    pub(crate) fn maybe(&self, name: &str) -> Option<Zeroizing<String>> {
        value(name, self.subject)
    }

    /// A value that the user gave; what stood near the credential does not count.
    pub(crate) fn given(&self, name: &str) -> Option<Zeroizing<String>> {
        self.subject
            .value(name)
            .filter(|value| value.source == ValueSource::Given)?;
        self.maybe(name)
    }

    /// The server, as for HTTP questions.
    pub(crate) fn target(&self) -> Result<Target, NotAsked> {
        target(
            self.rule,
            self.verify,
            self.subject,
            self.settings,
            self.policy,
        )
    }

    /// The server that a value names which the user gave. What stands in the place of the rule's own server is another one.
    pub(crate) fn target_from(&self, name: &'static str) -> Result<Target, NotAsked> {
        let verify = Verification {
            endpoint: None,
            endpoint_from: Some(name.into()),
            ..self.verify.clone()
        };
        let settings = Settings {
            endpoints: Vec::new(),
            ..self.settings.clone()
        };
        target(self.rule, &verify, self.subject, &settings, self.policy)
    }

    /// The server that the user named, as `--endpoint` or as `host`; nobody else's word counts.
    pub(crate) fn named_server(&self) -> Result<Uri, NotAsked> {
        let endpoint = self
            .settings
            .endpoints
            .iter()
            .find(|endpoint| endpoint.is_for(self.rule));
        if let Some(endpoint) = endpoint {
            return Uri::parse(&endpoint.base)
                .ok_or_else(|| NotAsked::BadEndpoint(endpoint.base.clone()));
        }
        let given = self
            .subject
            .value("host")
            .filter(|value| value.source == ValueSource::Given);
        match (given, self.maybe("host")) {
            (Some(_), Some(host)) => {
                Uri::of_host(&host).ok_or_else(|| NotAsked::UnfitValue("host".to_owned()))
            }
            _ => Err(NotAsked::NeedsEndpoint(self.rule.id.to_string())),
        }
    }

    /// Whether the user named the server.
    pub(crate) fn is_server_named(&self) -> bool {
        self.settings
            .endpoints
            .iter()
            .any(|endpoint| endpoint.is_for(self.rule))
    }

    /// The connection URI around the credential, or given as `uri`, with the credential as its password; and the server that
    /// it may be sent to.
    pub(crate) fn login_uri(&self) -> Result<Uri, NotAsked> {
        let (uri, source) = self.uri()?;
        self.allowed(uri, source)
    }

    /// The same for a URI that was put together from the text around the credential.
    pub(crate) fn login_uri_of(&self, found: Uri) -> Result<Uri, NotAsked> {
        self.allowed(found, ValueSource::Found)
    }

    fn allowed(&self, mut uri: Uri, source: ValueSource) -> Result<Uri, NotAsked> {
        let endpoint = self
            .settings
            .endpoints
            .iter()
            .find(|endpoint| endpoint.is_for(self.rule));
        if let Some(endpoint) = endpoint {
            let bad = || NotAsked::BadEndpoint(endpoint.base.clone());
            let named = Target::parse(&endpoint.base).ok_or_else(bad)?;
            uri.scheme = named.scheme;
            uri.host = named.host;
            uri.port = named.port;
            return Ok(uri);
        }
        if let Some(own) = self.verify.endpoint.as_deref().and_then(Target::parse) {
            uri.host = own.host;
            return Ok(uri);
        }
        let is_allowed =
            source == ValueSource::Given || self.settings.found_hosts == FoundHosts::Ask;
        if !is_allowed {
            return Err(NotAsked::FoundHost {
                host: uri.host,
                of: self.rule.id.to_string(),
            });
        }
        Ok(uri)
    }

    fn uri(&self) -> Result<(Uri, ValueSource), NotAsked> {
        let secret = self.secret()?;
        if let Some(given) = self.maybe("uri") {
            let uri = Uri::parse(&given).ok_or_else(|| NotAsked::UnfitValue("uri".to_owned()))?;
            let source = self
                .subject
                .value("uri")
                .map_or(ValueSource::Found, |value| value.source);
            return Ok((uri.with_password(&secret), source));
        }
        if let Some(host) = self.maybe("host") {
            let source = self
                .subject
                .value("host")
                .map_or(ValueSource::Found, |value| value.source);
            let uri = Uri::of_host(&host).ok_or_else(|| NotAsked::UnfitValue("host".to_owned()))?;
            let user = self.maybe("user").or_else(|| self.maybe("dn"));
            return Ok((
                uri.with_user(user.as_deref().map(String::as_str))
                    .with_plain_password(&secret),
                source,
            ));
        }
        let (before, after) = (self.maybe("before"), self.maybe("after"));
        let around = before
            .zip(after)
            .and_then(|(before, after)| Uri::around(&before, &secret, &after));
        around
            .or_else(|| Uri::parse(&secret))
            .map(|uri| (uri, ValueSource::Found))
            .ok_or_else(|| NotAsked::NeedsValue("uri".to_owned()))
    }
}
