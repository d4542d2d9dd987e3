//! Each credential is asked once, servers are left alone when they ask for it, and one slow server does not hold up the others.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use leakward_core::{Secret, Verdict};
use leakward_verify::{
    Audit, Cache, ControlProbe, Settings, SystemClock, Value, ValueSource, Verifier,
};

use crate::server::{Reply, Server, answer};
use crate::setup::{Log, network, plain, rule, settings, subject, verify};

const GITHUB: &str = "github-pat-classic";
const LIVE: &str = r#"{"login":"octocat"}"#;

#[test]
fn a_credential_in_many_places_is_asked_about_once() {
    let server = Server::start(|_| answer(200, &[], LIVE));
    let rules = [rule(GITHUB)];
    let settings = settings(&server, &rules, "x");
    let subjects: Vec<_> = (0..50).map(|index| subject(&rules[0], index % 2)).collect();
    let verified = verify(&server, &rules, &settings, &subjects);
    assert_eq!((verified.len(), server.received().len()), (2, 2));
}

#[test]
fn what_was_known_a_short_while_ago_is_not_asked_again() {
    let server = Server::start(|_| answer(200, &[], LIVE));
    let rules = [rule(GITHUB)];
    let settings = settings(&server, &rules, "x");
    let network = network(&server, &settings);
    let audit = Audit::new(Log::default());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("verify.json");
    let subject = subject(&rules[0], 1);
    let run = || {
        let cache = Cache::open(&file, Duration::from_secs(60), 1_000);
        let clock = || 1_000;
        let verifier = Verifier::new(&rules, &settings, &network, &audit, &clock).with_cache(cache);
        let verified = verifier.verify(std::slice::from_ref(&subject));
        verifier.into_cache().save().expect("a cache");
        verified
    };
    let (first, second) = (run(), run());
    assert_eq!(
        (&first[0].verdict, &second[0].verdict),
        (&Verdict::Live, &Verdict::Live)
    );
    assert_eq!(second[0].evidence.source.as_str(), "cache");
    assert_eq!(server.received().len(), 1);
    #[expect(
        clippy::disallowed_methods,
        reason = "a generated credential, looked for where it must not be"
    )]
    let secret = String::from_utf8_lossy(subject.secret.expose()).into_owned();
    assert!(
        !std::fs::read_to_string(&file)
            .expect("the cache")
            .contains(&secret)
    );
}

/// A key that signs tokens was refused under a wrong name: that says nothing about it under the right one.
#[test]
fn what_was_known_with_other_values_beside_it_is_asked_again() {
    let server = Server::start(|_| answer(200, &[], LIVE));
    let rules = [rule(GITHUB)];
    let settings = settings(&server, &rules, "x");
    let network = network(&server, &settings);
    let audit = Audit::new(Log::default());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("verify.json");
    let asked = |own: &[(&str, &str)], for_all: &[(&str, &str)]| {
        let secret = |text: &str| Secret::new(text.as_bytes());
        let settings = Settings {
            given: for_all
                .iter()
                .map(|(name, text)| ((*name).to_owned(), secret(text)))
                .collect(),
            ..settings.clone()
        };
        let mut subject = subject(&rules[0], 1);
        subject.values.extend(own.iter().map(|(name, text)| Value {
            name: (*name).to_owned(),
            secret: secret(text),
            source: ValueSource::Found,
        }));
        let cache = Cache::open(&file, Duration::from_secs(60), 1_000);
        let clock = || 1_000;
        let verifier = Verifier::new(&rules, &settings, &network, &audit, &clock).with_cache(cache);
        let before = server.received().len();
        assert_eq!(verifier.verify(&[subject]).len(), 1);
        verifier.into_cache().save().expect("a cache");
        server.received().len() - before
    };
    let name = ("key-id", "name-of-the-first");
    for (own, for_all) in [
        (vec![], vec![]),
        (vec![name], vec![]),
        (vec![], vec![name]),
        (vec![("key-id", "name-of-the-second")], vec![]),
        (vec![], vec![("key-id", "name-of-the-second")]),
        (vec![], vec![name, ("claims", "{}")]),
    ] {
        assert_eq!(asked(&own, &for_all), 1, "{own:?} {for_all:?}");
        assert_eq!(asked(&own, &for_all), 0, "{own:?} {for_all:?}");
    }
    let kept = std::fs::read_to_string(&file).expect("the cache");
    assert!(!kept.contains("name-of-the"), "values can be secret");
}

#[test]
fn a_server_that_asks_for_patience_is_left_alone_and_asked_again() {
    let calls = AtomicUsize::new(0);
    let server = Server::start(move |_| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => answer(429, &[("retry-after", "1")], ""),
        _ => answer(200, &[], LIVE),
    });
    let rules = [rule(GITHUB)];
    let mut settings = settings(&server, &rules, "x");
    settings.limits.attempts = 3;
    settings.limits.longest_wait = Duration::from_secs(60);
    let verified = verify(&server, &rules, &settings, &[subject(&rules[0], 1)]);
    assert_eq!(verified[0].verdict, Verdict::Live);
    assert_eq!(server.received().len(), 2);
}

#[test]
fn what_is_posted_is_not_repeated() {
    let server = Server::start(|_| answer(503, &[], ""));
    let rules = [rule("slack-bot-token")];
    let mut settings = settings(&server, &rules, "x");
    settings.limits.attempts = 3;
    verify(&server, &rules, &settings, &[subject(&rules[0], 1)]);
    assert_eq!(server.received().len(), 1);
}

#[test]
fn an_endpoint_that_accepts_anything_proves_nothing() {
    let server = Server::start(|_| answer(200, &[], LIVE));
    let rules = [rule(GITHUB)];
    let mut settings = settings(&server, &rules, "x");
    settings.control = ControlProbe::Always;
    let verified = verify(&server, &rules, &settings, &[subject(&rules[0], 1)]);
    assert!(
        verified[0].verdict.to_string().contains("control passed"),
        "{}",
        verified[0].verdict
    );
    let received = server.received();
    assert_eq!(received.len(), 2);
    assert_ne!(received[0].headers, received[1].headers);
}

#[test]
fn one_slow_server_does_not_hold_up_the_others() {
    let slow = Server::start(|_| {
        Reply::Late(Duration::from_millis(300), Box::new(answer(200, &[], LIVE)))
    });
    let done = std::sync::Arc::new(AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&done);
    let rules = [rule(GITHUB), rule("github-oauth-token")];
    let mut settings = settings(&slow, &rules, "x");
    settings.limits.per_host = 2;
    // The second rule's server: the same program, another port, which answers at once.
    let quick = Server::start(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        answer(200, &[], LIVE)
    });
    settings.endpoints[1].base = quick.url("");
    let authorities = [slow.authority.clone(), quick.authority.clone()].concat();
    let way_out = leakward_verify::NetworkSettings {
        policy: leakward_verify::AddressPolicy::PrivateAllowed,
        extra_authorities: authorities,
        proxy: None,
    };
    let network = leakward_verify::Network::new(&way_out, &settings.limits).expect("a way out");
    let audit = Audit::new(Log::default());
    let mut subjects: Vec<_> = (0..20)
        .map(|index| plain(GITHUB, &format!("slow-credential-{index:04}")))
        .collect();
    subjects.extend((0..5).map(|index| {
        plain(
            "github-oauth-token",
            &format!("quick-credential-{index:04}"),
        )
    }));
    let finished_quick_ones = std::thread::scope(|scope| {
        let running = scope.spawn(|| {
            Verifier::new(&rules, &settings, &network, &audit, &SystemClock).verify(&subjects)
        });
        // The slow server needs 20 × 300 ms / 2; by its third answer the quick one has long been through.
        while slow.received().len() < 6 && !running.is_finished() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let quick_ones = done.load(Ordering::SeqCst);
        let verified = running.join().expect("verdicts");
        assert!(
            verified
                .iter()
                .all(|verified| verified.verdict == Verdict::Live)
        );
        quick_ones
    });
    assert_eq!(finished_quick_ones, 5);
}

#[test]
fn what_a_live_credential_reaches_is_read_when_asked_for() {
    let server = Server::start(|received| {
        let path = received.path();
        if path.contains("/user/orgs") {
            answer(200, &[], r#"[{"login":"octo-org"}]"#)
        } else if path.contains("/user/repos") {
            answer(403, &[], "{}")
        } else {
            answer(200, &[], LIVE)
        }
    });
    let rules = [rule(GITHUB)];
    let mut settings = settings(&server, &rules, "x");
    settings.details = leakward_verify::Details::Read;
    let verified = verify(&server, &rules, &settings, &[subject(&rules[0], 1)]);
    let details = &verified[0].evidence.details;
    assert_eq!(details.len(), 2);
    assert_eq!(
        (details[0].name.as_str(), &details[0].items[..]),
        ("organizations", &["octo-org".to_owned()][..])
    );
    assert_eq!(details[1].note.as_deref(), Some("could not be read (403)"));
    assert!(
        server.received().iter().all(
            |received| received.line.starts_with("GET ") && received.headers.contains("Bearer")
        )
    );
}
