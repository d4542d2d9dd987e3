//! How fast many credentials are gone through, beside what the limits allow; and that ten thousand of one slow server hold
//! up nobody else.
//!
//! What can be counted is counted here, and reckoned with in `schedule`. The one test that reads a clock is run by itself:
//! `cargo test --workspace --test contract -- --ignored --exact --nocapture
//! pace::a_thousand_credentials_over_fifty_servers_take_at_most_half_more_than_the_limits_allow`

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Condvar, Mutex};
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

/// A server that says 401 after a while, with so many bytes; without TLS, because it is not what is measured.
fn server(latency: Duration, bytes: usize) -> u16 {
    server_that(move || thread::sleep(latency), bytes)
}

/// A server that says 401, with so many bytes, when it is done waiting.
fn server_that(wait: impl Fn() + Clone + Send + 'static, bytes: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let body = format!("{{{}}}", " ".repeat(bytes.saturating_sub(2)));
    let answer = format!(
        "HTTP/1.1 401 Played\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (answer, wait) = (answer.clone(), wait.clone());
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).is_ok_and(|count| count > 0) {
                    wait();
                    if stream.write_all(answer.as_bytes()).is_err() {
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

/// A way out to this machine.
fn way_out(limits: &Limits) -> Network {
    let settings = NetworkSettings {
        policy: AddressPolicy::PrivateAllowed,
        ..NetworkSettings::default()
    };
    Network::new(&settings, limits).expect("a way out")
}

/// Settings in which each rule has a server of its own.
fn each_at(rules: &[Rule], ports: impl Iterator<Item = u16>) -> Settings {
    let endpoints = rules.iter().zip(ports).map(|(rule, port)| Endpoint {
        of: rule.id.to_string(),
        base: format!("http://127.0.0.1:{port}"),
    });
    Settings {
        endpoints: endpoints.collect(),
        ..Settings::default()
    }
}

/// The least time that the limits allow.
fn least(limits: &Limits) -> Duration {
    let each = u32::try_from(CREDENTIALS / SERVERS).expect("a small number");
    let by_rate = limits.spacing * (each - 1) + LATENCY;
    let by_host = LATENCY * each.div_ceil(u32::try_from(limits.per_host).expect("a small number"));
    let by_all =
        LATENCY * u32::try_from(CREDENTIALS.div_ceil(limits.at_once)).expect("a small number");
    by_rate.max(by_host).max(by_all)
}

/// So many credentials, in turn of each of the rules.
fn credentials(count: usize, rules: &[Rule]) -> Vec<leakward_verify::Subject> {
    let of = |index: usize| rules[index % rules.len()].id.as_str();
    (0..count)
        .map(|index| plain(of(index), &format!("credential-number-{index:06}")))
        .collect()
}

fn count_dead(verified: &[leakward_verify::Verified]) -> usize {
    let is_dead = |verified: &&leakward_verify::Verified| verified.verdict.as_str() == "dead";
    verified.iter().filter(is_dead).count()
}

/// How long one run over all of them takes; nothing when not all were answered.
fn time_of_all() -> Option<Duration> {
    let rules = rules();
    let settings = each_at(&rules, std::iter::repeat_with(|| server(LATENCY, 2)));
    let network = way_out(&settings.limits);
    let subjects = credentials(CREDENTIALS, &rules);
    let audit = Audit::new(Log::default());
    let started = Instant::now();
    let verified =
        Verifier::new(&rules, &settings, &network, &audit, &SystemClock).verify(&subjects);
    let took = started.elapsed();
    (count_dead(&verified) == CREDENTIALS).then_some(took)
}

/// The best of a few runs counts. Nothing else may run on the machine meanwhile.
#[test]
#[ignore = "reads a clock: run by hand when nothing else runs (benches/README.md)"]
fn a_thousand_credentials_over_fifty_servers_take_at_most_half_more_than_the_limits_allow() {
    const RUNS: usize = 3;
    let least = least(&Limits::default());
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let Some(took) = time_of_all() else { continue };
        let times = took.as_secs_f64() / least.as_secs_f64();
        println!("{CREDENTIALS} in {took:?}; at these limits {least:?} at least: {times:.2} times");
        best = best.min(times);
        if best <= 1.5 {
            return;
        }
    }
    panic!("{best:.2} times the least time");
}

/// Calls that servers keep open until so many are.
struct Gate {
    wanted: usize,
    /// How many are open, and the most that were.
    open: Mutex<(usize, usize)>,
    changed: Condvar,
}

impl Gate {
    /// Long enough for the busiest machine; a call that is not joined by enough others is answered then.
    const PATIENCE: Duration = Duration::from_secs(60);

    fn pass(&self) {
        let mut open = self.open.lock().expect("a count");
        open.0 += 1;
        open.1 = open.1.max(open.0);
        self.changed.notify_all();
        let too_few = |open: &mut (usize, usize)| open.1 < self.wanted;
        let waited = self
            .changed
            .wait_timeout_while(open, Self::PATIENCE, too_few);
        waited.expect("a count").0.0 -= 1;
    }
}

#[test]
fn as_many_calls_are_open_at_once_as_the_limits_allow_and_no_more() {
    let rules = rules();
    let at_once = Limits::default().at_once;
    assert_eq!(at_once, 128);
    let gate = Arc::new(Gate {
        wanted: at_once,
        open: Mutex::default(),
        changed: Condvar::new(),
    });
    let servers = std::iter::repeat_with(|| {
        let gate = Arc::clone(&gate);
        server_that(move || gate.pass(), 2)
    });
    let mut settings = each_at(&rules, servers);
    settings.limits.call = Gate::PATIENCE * 2;
    let network = way_out(&settings.limits);
    let subjects = credentials(6 * SERVERS, &rules);
    let audit = Audit::new(Log::default());
    let verified =
        Verifier::new(&rules, &settings, &network, &audit, &SystemClock).verify(&subjects);
    assert_eq!(count_dead(&verified), subjects.len());
    assert_eq!(gate.open.lock().expect("a count").1, at_once);
}

#[test]
fn ten_thousand_credentials_of_one_slow_server_hold_up_nobody_else() {
    const SLOW: usize = 10_000;
    const QUICK: usize = 40;
    let rules: Vec<Rule> = rules().into_iter().take(3).collect();
    let slow = server(Duration::from_millis(400), 2);
    let ports = [slow, server(Duration::ZERO, 2), server(Duration::ZERO, 2)];
    let mut settings = each_at(&rules, ports.into_iter());
    // The slow one would take a quarter of an hour; the others two seconds, at twenty a second.
    settings.limits.run = Duration::from_secs(12);
    let network = way_out(&settings.limits);
    let mut subjects: Vec<_> = (0..SLOW)
        .map(|index| plain(rules[0].id.as_str(), &format!("slow-credential-{index:06}")))
        .collect();
    subjects.extend((0..QUICK).map(|index| {
        plain(
            rules[1 + index % 2].id.as_str(),
            &format!("quick-credential-{index:06}"),
        )
    }));
    let audit = Audit::new(Log::default());
    let verified =
        Verifier::new(&rules, &settings, &network, &audit, &SystemClock).verify(&subjects);
    let (of_slow, of_quick) = verified.split_at(SLOW);
    let told = |all: &[leakward_verify::Verified], verdict: &str| {
        all.iter()
            .filter(|verified| verified.verdict.as_str() == verdict)
            .count()
    };
    assert_eq!(told(of_quick, "dead"), QUICK);
    // Some of the slow ones had their turn; the run ended before the others, which are unknown and not dead.
    let asked = told(of_slow, "dead");
    assert!((1..SLOW / 10).contains(&asked), "{asked}");
    assert_eq!(told(of_slow, "unknown"), SLOW - asked);
}

/// How many credentials the process of its own goes through.
const COUNT: &str = "LEAKWARD_TEST_CREDENTIALS";

/// Bytes of each answer in that process.
const ANSWER_BYTES: usize = 64 << 10;

/// The most memory that a process needed for so many credentials, in KiB.
#[cfg(target_os = "linux")]
fn peak(credentials: usize) -> u64 {
    let program = std::env::current_exe().expect("this program");
    let output = std::process::Command::new(program)
        .args([
            "--exact",
            "pace::in_a_process_of_its_own",
            "--ignored",
            "--nocapture",
        ])
        .env(COUNT, credentials.to_string())
        .output()
        .expect("this program");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = told.lines().find_map(|line| line.split("peak: ").nth(1));
    line.and_then(|text| text.trim().parse().ok())
        .unwrap_or_else(|| panic!("{told}"))
}

#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_answers_that_were_read() {
    let (few, many) = (500, 4_000);
    let (of_few, of_many) = (peak(few), peak(many));
    println!("{of_few} KiB for {few}, {of_many} KiB for {many}");
    let answers = ((many - few) * ANSWER_BYTES / 1024) as u64;
    assert!(
        of_many < of_few + answers / 8,
        "{of_few} KiB for {few}, {of_many} KiB for {many}"
    );
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
#[cfg(target_os = "linux")]
fn in_a_process_of_its_own() {
    let count: usize = std::env::var(COUNT)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(10);
    let rules: Vec<Rule> = rules().into_iter().take(8).collect();
    let mut settings = each_at(
        &rules,
        std::iter::repeat_with(|| server(Duration::ZERO, ANSWER_BYTES)),
    );
    settings.limits.spacing = Duration::ZERO;
    let network = way_out(&settings.limits);
    let subjects: Vec<_> = (0..count)
        .map(|index| {
            plain(
                rules[index % rules.len()].id.as_str(),
                &format!("credential-number-{index:06}"),
            )
        })
        .collect();
    let audit = Audit::new(std::io::sink());
    let verified =
        Verifier::new(&rules, &settings, &network, &audit, &SystemClock).verify(&subjects);
    assert_eq!(verified.len(), count);
    let status = std::fs::read_to_string("/proc/self/status").expect("the process's state");
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|line| line.split_whitespace().next())
        .expect("the peak");
    println!("peak: {peak}");
}
