//! A measurement, not a test: a thousand credentials over fifty servers that take 100 ms each.
//!
//! `cargo test --release -p leakward-verify --test contract -- --ignored --nocapture pace`

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use leakward_core::Rule;
use leakward_core::verification::{Control, Method, Question};
use leakward_rules::built_in;
use leakward_verify::{
    AddressPolicy, Audit, Endpoint, Limits, Network, NetworkSettings, Settings, SystemClock,
    Verifier,
};

use crate::setup::{Log, plain};

const SERVERS: usize = 50;
const CREDENTIALS: usize = 1_000;
const LATENCY: Duration = Duration::from_millis(100);

/// A server that says 401 after a while; without TLS, because it is not what is measured.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).is_ok_and(|count| count > 0) {
                    thread::sleep(LATENCY);
                    let answer = b"HTTP/1.1 401 Played\r\ncontent-length: 2\r\n\r\n{}";
                    if stream.write_all(answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

/// Rules that ask with one GET and take 401 for dead.
fn rules() -> Vec<Rule> {
    let is_plain = |rule: &&Rule| {
        rule.verify
            .as_ref()
            .is_some_and(|verify| match &verify.question {
                Question::Http(question) => {
                    question.method == Method::Get
                        && question.control == Control::OnRequest
                        && verify.needs.is_empty()
                        && rule.companions.is_empty()
                        && question
                            .dead
                            .iter()
                            .any(|dead| dead.status.0 == 401 && dead.tests.is_empty())
                }
                Question::Native(_) => false,
            })
    };
    built_in()
        .iter()
        .filter(is_plain)
        .take(SERVERS)
        .cloned()
        .collect()
}

#[test]
#[ignore = "a measurement"]
fn a_thousand_credentials_over_fifty_servers() {
    let rules = rules();
    let settings = Settings {
        endpoints: rules
            .iter()
            .map(|rule| Endpoint {
                of: rule.id.to_string(),
                base: format!("http://127.0.0.1:{}", server()),
            })
            .collect(),
        limits: Limits::default(),
        ..Settings::default()
    };
    let network = NetworkSettings {
        policy: AddressPolicy::PrivateAllowed,
        ..NetworkSettings::default()
    };
    let network = Network::new(&network, &settings.limits).expect("a way out");
    let subjects: Vec<_> = (0..CREDENTIALS)
        .map(|index| {
            plain(
                rules[index % SERVERS].id.as_str(),
                &format!("credential-number-{index:06}"),
            )
        })
        .collect();
    let audit = Audit::new(Log::default());
    let started = Instant::now();
    let verified =
        Verifier::new(&rules, &settings, &network, &audit, &SystemClock).verify(&subjects);
    let took = started.elapsed();
    let dead = verified
        .iter()
        .filter(|verified| verified.verdict.as_str() == "dead")
        .count();
    let limits = &settings.limits;
    let each = u32::try_from(CREDENTIALS / SERVERS).expect("a small number");
    let by_rate = limits.spacing * (each - 1) + LATENCY;
    let by_host = LATENCY * each.div_ceil(u32::try_from(limits.per_host).expect("a small number"));
    let by_all =
        LATENCY * u32::try_from(CREDENTIALS.div_ceil(limits.at_once)).expect("a small number");
    let least = by_rate.max(by_host).max(by_all);
    println!(
        "{dead} of {CREDENTIALS} in {took:?}; at these limits {least:?} at least: {:.2} times",
        took.as_secs_f64() / least.as_secs_f64()
    );
    assert_eq!(dead, CREDENTIALS);
}
