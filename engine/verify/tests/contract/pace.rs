//! How fast many credentials are gone through, beside what the limits allow; and that ten thousand of one slow server hold up nobody else.
//!
//! Figures: `cargo test --release -p leakward-verify --test contract -- --nocapture pace`

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
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
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let body = format!("{{{}}}", " ".repeat(bytes.saturating_sub(2)));
    let answer = format!(
        "HTTP/1.1 401 Played\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).is_ok_and(|count| count > 0) {
                    thread::sleep(latency);
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

/// One run over all of them.
struct Run {
    took: Duration,
    /// How many were asked about and answered in time.
    answered: usize,
    /// How much later than it wanted a thread woke up meanwhile that does nothing but sleep, as a part of the whole.
    late: f64,
}

fn run_of_all() -> Run {
    let rules = rules();
    let settings = each_at(&rules, std::iter::repeat_with(|| server(LATENCY, 2)));
    let network = way_out(&settings.limits);
    let subjects: Vec<_> = (0..CREDENTIALS)
        .map(|index| {
            plain(
                rules[index % SERVERS].id.as_str(),
                &format!("credential-number-{index:06}"),
            )
        })
        .collect();
    let audit = Audit::new(Log::default());
    let is_done = AtomicBool::new(false);
    let started = Instant::now();
    let (verified, took, late) = thread::scope(|scope| {
        let sleeper = scope.spawn(|| lateness(&is_done));
        let verified =
            Verifier::new(&rules, &settings, &network, &audit, &SystemClock).verify(&subjects);
        let took = started.elapsed();
        is_done.store(true, Ordering::Relaxed);
        (verified, took, sleeper.join().expect("a sleeper"))
    });
    let answered = verified
        .iter()
        .filter(|verified| verified.verdict.as_str() == "dead")
        .count();
    Run {
        took,
        answered,
        late: late.as_secs_f64() / took.as_secs_f64(),
    }
}

/// How much later than it wanted a thread wakes up until `is_done`, all in all.
fn lateness(is_done: &AtomicBool) -> Duration {
    const NAP: Duration = Duration::from_millis(5);
    let mut late = Duration::ZERO;
    while !is_done.load(Ordering::Relaxed) {
        let begun = Instant::now();
        thread::sleep(NAP);
        late += begun.elapsed().saturating_sub(NAP);
    }
    late
}

/// The best of a few runs counts. On a machine that has no time for a thread that only sleeps, nothing can be measured.
#[test]
fn a_thousand_credentials_over_fifty_servers_take_at_most_half_more_than_the_limits_allow() {
    const RUNS: usize = 3;
    const BUSY: f64 = 0.5;
    let least = least(&Limits::default());
    let (mut best, mut is_busy) = (f64::INFINITY, false);
    for _ in 0..RUNS {
        let run = run_of_all();
        let times = run.took.as_secs_f64() / least.as_secs_f64();
        println!(
            "{} of {CREDENTIALS} in {:?}; at these limits {least:?} at least: {times:.2} times ({:.0} % late)",
            run.answered,
            run.took,
            run.late * 100.0
        );
        is_busy |= run.late > BUSY;
        if run.answered == CREDENTIALS {
            best = best.min(times);
        }
        if best <= 1.5 {
            return;
        }
    }
    if is_busy {
        eprintln!("SKIPPED: this machine is too busy to measure times on");
        return;
    }
    panic!("{best:.2} times the least time");
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
