//! What the tests share: credentials, identities, and providers that act at our own servers.

use std::collections::BTreeMap;
use std::time::Duration;

use leakward_core::{FingerprintKey, Rule, RuleId, Secret};
use leakward_respond::provider::{Case, Provider, Providers as _};
use leakward_respond::providers::BuiltInProviders;
use leakward_rules::sample::Template;
use leakward_verify::{
    AddressPolicy, Audit, Endpoint, Limits, Network, NetworkSettings, Settings, Subject,
    SystemClock, Value, ValueSource, Verified, Verifier,
};

pub(crate) type Identities = BTreeMap<String, Secret>;

/// The built-in rule of that id.
pub(crate) fn rule(id: &str) -> Rule {
    leakward_rules::find(leakward_rules::built_in(), id)
        .unwrap_or_else(|| panic!("a rule called {id}"))
        .clone()
}

pub(crate) fn given(name: &str, text: &str) -> Value {
    Value {
        name: name.to_owned(),
        secret: Secret::new(text.as_bytes()),
        source: ValueSource::Given,
    }
}

/// A credential with values that the operator gave.
pub(crate) fn subject(rule: &Rule, secret: &str, values: &[(&str, &str)]) -> Subject {
    let id = RuleId::from(rule.id.as_str());
    let secret = Secret::new(secret.as_bytes());
    Subject {
        fingerprint: FingerprintKey::default().fingerprint(&id, &secret),
        rule: id,
        secret,
        values: values
            .iter()
            .map(|(name, text)| given(name, text))
            .collect(),
    }
}

/// A credential of `rule` as its first sample shows it.
pub(crate) fn sample(rule: &Rule) -> String {
    rule.samples.first().map_or_else(
        || "a-credential-without-sample-0123456789".to_owned(),
        |sample| {
            let rendered = Template::parse(sample).expect("a sample").render(7);
            rendered.text[rendered.secret.clone()].to_owned()
        },
    )
}

pub(crate) fn identities(of: &[(&str, &str)]) -> Identities {
    of.iter()
        .map(|(name, text)| ((*name).to_owned(), Secret::new(text.as_bytes())))
        .collect()
}

/// Settings with servers in the place of those that rules name.
pub(crate) fn settings(endpoints: &[(&str, &str)]) -> Settings {
    Settings {
        endpoints: endpoints
            .iter()
            .map(|(of, base)| Endpoint {
                of: (*of).to_owned(),
                base: (*base).to_owned(),
            })
            .collect(),
        limits: Limits {
            call: Duration::from_secs(30),
            spacing: Duration::ZERO,
            attempts: 1,
            ..Limits::default()
        },
        ..Settings::default()
    }
}

pub(crate) fn network(settings: &Settings) -> Network {
    network_trusting(settings, b"")
}

/// The same, trusting these certificates in PEM too.
pub(crate) fn network_trusting(settings: &Settings, authority: &[u8]) -> Network {
    let network = NetworkSettings {
        policy: AddressPolicy::PrivateAllowed,
        extra_authorities: authority.to_vec(),
        ..NetworkSettings::default()
    };
    Network::new(&network, &settings.limits).expect("a way out")
}

/// Providers that act at these servers.
pub(crate) fn providers(endpoints: &[(&str, &str)]) -> BuiltInProviders {
    let settings = settings(endpoints);
    let network = network(&settings);
    BuiltInProviders::new(settings, network, SystemClock)
}

/// Does something with the provider of a credential.
pub(crate) fn with<T>(
    providers: &BuiltInProviders,
    rule: &Rule,
    subject: &Subject,
    identities: &Identities,
    act: impl FnOnce(&dyn Provider, &Case<'_>) -> T,
) -> T {
    let provider = providers
        .find(rule)
        .unwrap_or_else(|| panic!("a provider for {}", rule.id));
    act(provider, &Case::new(rule, subject, identities))
}

/// Whether a credential works, asked at these servers.
pub(crate) fn verified(rule: &Rule, subject: &Subject, endpoints: &[(&str, &str)]) -> Verified {
    let settings = settings(endpoints);
    let network = network(&settings);
    let audit = Audit::new(std::io::sink());
    let rules = [rule.clone()];
    let subjects = [subject.clone()];
    let verified =
        Verifier::new(&rules, &settings, &network, &audit, &SystemClock).verify(&subjects);
    verified.into_iter().next().expect("a verdict")
}
