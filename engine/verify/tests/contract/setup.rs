//! What the tests share: subjects made from rules' samples, and a verifier that asks our own server.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use leakward_core::{Fingerprint, FingerprintKey, Rule, RuleId, Secret};
use leakward_rules::sample::Template;
use leakward_verify::{
    AddressPolicy, Audit, Endpoint, Limits, Network, NetworkSettings, Settings, Subject,
    SystemClock, Value, ValueSource, Verified, Verifier,
};

use crate::server::Server;

/// A credential of `rule` as its first sample shows it.
pub(crate) fn subject(rule: &Rule, seed: u64) -> Subject {
    let text = rule.samples.first().map_or_else(
        || "a-credential-without-sample-0123456789".to_owned(),
        |sample| {
            let rendered = Template::parse(sample).expect("a sample").render(seed);
            rendered.text[rendered.secret.clone()].to_owned()
        },
    );
    let mut subject = plain(rule.id.as_str(), &text);
    let companions = rule
        .companions
        .iter()
        .map(|companion| companion.name.to_string());
    let needs = rule.verify.iter().flat_map(|verify| verify.needs.iter());
    let names = companions.chain(needs.map(ToString::to_string));
    subject.values = names
        .map(|name| Value {
            secret: Secret::new(format!("value-of-{name}").as_bytes()),
            name,
            source: ValueSource::Found,
        })
        .collect();
    subject
}

/// A credential of any form.
pub(crate) fn plain(rule: &str, secret: &str) -> Subject {
    let rule = RuleId::from(rule);
    let secret = Secret::new(secret.as_bytes());
    Subject {
        fingerprint: fingerprint(&rule, &secret),
        rule,
        secret,
        values: Vec::new(),
    }
}

fn fingerprint(rule: &RuleId, secret: &Secret) -> Fingerprint {
    FingerprintKey::default().fingerprint(rule, secret)
}

/// Limits that make tests quick and keep their meaning.
pub(crate) fn quick() -> Limits {
    Limits {
        call: Duration::from_secs(20),
        spacing: Duration::ZERO,
        per_host: 8,
        attempts: 1,
        longest_wait: Duration::from_millis(10),
        ..Limits::default()
    }
}

/// The audit log, to be looked at.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("the log")).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Settings in which every rule of `rules` is asked at `server`, below `/mode/RULE`.
pub(crate) fn settings(server: &Server, rules: &[Rule], mode: &str) -> Settings {
    Settings {
        endpoints: rules
            .iter()
            .map(|rule| Endpoint {
                of: rule.id.to_string(),
                base: server.url(&format!("/{mode}/{}", rule.id)),
            })
            .collect(),
        limits: quick(),
        ..Settings::default()
    }
}

/// A way out that trusts `server` and may reach this machine.
pub(crate) fn network(server: &Server, settings: &Settings) -> Network {
    let network = NetworkSettings {
        policy: AddressPolicy::PrivateAllowed,
        extra_authorities: server.authority.clone(),
        proxy: None,
    };
    Network::new(&network, &settings.limits).expect("a way out")
}

/// Verifies at `server`.
pub(crate) fn verify(
    server: &Server,
    rules: &[Rule],
    settings: &Settings,
    subjects: &[Subject],
) -> Vec<Verified> {
    let network = network(server, settings);
    let audit = Audit::new(Log::default());
    Verifier::new(rules, settings, &network, &audit, &SystemClock).verify(subjects)
}

/// The built-in rule of that id.
pub(crate) fn rule(id: &str) -> Rule {
    leakward_rules::find(leakward_rules::built_in(), id)
        .unwrap_or_else(|| panic!("a rule called {id}"))
        .clone()
}

/// Verifies one sample of a rule against one reply, and gives the verdict's word and its reason.
pub(crate) fn verdict_of(id: &str, server: &Server) -> (String, Verified) {
    let rules = [rule(id)];
    let settings = settings(server, &rules, "x");
    let verified = verify(server, &rules, &settings, &[subject(&rules[0], 1)]);
    let one = verified.into_iter().next().expect("a verdict");
    (one.verdict.as_str().to_owned(), one)
}
