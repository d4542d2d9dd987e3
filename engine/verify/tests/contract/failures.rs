//! What goes wrong on the way, and that none of it is taken for a dead credential.

use std::time::{Duration, Instant};

use leakward_core::Verdict;
use leakward_verify::{
    AddressPolicy, Audit, Endpoint, Limits, Network, NetworkSettings, Settings, SystemClock,
    Verifier,
};

use crate::server::{Reply, Server, answer};
use crate::setup::{Log, plain, quick, rule, settings, subject, verdict_of, verify};

const GITHUB: &str = "github-pat-classic";

#[test]
fn github_s_own_answers_are_understood() {
    for (reply, expected) in [
        (
            answer(
                200,
                &[("x-oauth-scopes", "repo, gist")],
                r#"{"login":"octocat","name":"Mona"}"#,
            ),
            "live",
        ),
        (answer(401, &[], r#"{"message":"Bad credentials"}"#), "dead"),
        (
            answer(401, &[], r#"{"message":"Requires authentication"}"#),
            "unknown",
        ),
        (
            answer(
                403,
                &[("x-ratelimit-remaining", "0")],
                r#"{"message":"API rate limit exceeded"}"#,
            ),
            "unknown",
        ),
        (
            answer(
                403,
                &[("x-github-sso", "required; url=https://x")],
                r#"{"message":"Resource protected by organization SAML enforcement."}"#,
            ),
            "live",
        ),
        (answer(404, &[], ""), "unknown"),
        (answer(429, &[("retry-after", "60")], ""), "unknown"),
        (answer(500, &[], "oops"), "unknown"),
        (
            answer(200, &[("content-type", "text/html")], "<html>login</html>"),
            "unknown",
        ),
        (answer(200, &[], r#"["login"]"#), "unknown"),
    ] {
        let shown = format!("{reply:?}");
        let server = Server::start(move |_| reply.clone());
        assert_eq!(verdict_of(GITHUB, &server).0, expected, "{shown}");
    }
}

#[test]
fn whose_it_is_and_what_it_may_do_is_told() {
    let reply = answer(
        200,
        &[("x-oauth-scopes", "repo, gist")],
        r#"{"login":"octocat","name":"Mona"}"#,
    );
    let server = Server::start(move |_| reply.clone());
    let (_, verified) = verdict_of(GITHUB, &server);
    assert_eq!(
        verified.evidence.identity,
        [
            ("user".to_owned(), "octocat".to_owned()),
            ("name".to_owned(), "Mona".to_owned())
        ]
    );
    assert_eq!(verified.evidence.scopes, ["repo", "gist"]);
    let asked = verified.evidence.asked.expect("a question");
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str(), asked.status),
        ("GET", "/x/github-pat-classic/user", Some(200))
    );
}

#[test]
fn a_server_that_repeats_the_credential_does_not_get_it_into_the_evidence() {
    let server = Server::start(|received| {
        let token = received.headers.split("Bearer ").nth(1).unwrap_or_default();
        let token = token.split("\r\n").next().unwrap_or_default();
        answer(
            200,
            &[("x-oauth-scopes", token)],
            &format!(r#"{{"login":"{token}","name":"Mona {token}"}}"#),
        )
    });
    let (word, verified) = verdict_of(GITHUB, &server);
    assert_eq!(word, "live");
    assert_eq!(
        (verified.evidence.identity, verified.evidence.scopes),
        (Vec::new(), Vec::new())
    );
}

#[test]
fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let server = Server::start(move |received| {
            let to = format!("https://localhost/elsewhere{}", received.path());
            answer(status, &[("location", &to)], "")
        });
        assert_eq!(verdict_of(GITHUB, &server).0, "unknown");
        assert_eq!(server.received().len(), 1);
    }
    let server = Server::start(|_| {
        answer(
            302,
            &[("location", "http://169.254.169.254/latest/meta-data/")],
            "",
        )
    });
    assert_eq!(verdict_of(GITHUB, &server).0, "unknown");
}

#[test]
fn an_answer_without_end_is_given_up_at_the_deadline() {
    let server = Server::start(|_| Reply::SlowLoris);
    let rules = [rule(GITHUB)];
    let mut settings = settings(&server, &rules, "x");
    settings.limits.call = Duration::from_millis(800);
    let started = Instant::now();
    let verified = verify(&server, &rules, &settings, &[subject(&rules[0], 1)]);
    assert!(matches!(verified[0].verdict, Verdict::Unknown(_)));
    // The server would go on for a day.
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
fn of_a_hundred_megabytes_only_the_limit_is_read() {
    let server = Server::start(|_| Reply::Large(100 << 20));
    let (word, verified) = verdict_of(GITHUB, &server);
    assert_eq!(word, "unknown");
    assert!(
        verified.evidence.summary.contains("more was answered"),
        "{}",
        verified.evidence.summary
    );
}

#[test]
fn a_server_that_nobody_vouches_for_gets_nothing() {
    let server = Server::start(|_| answer(200, &[], r#"{"login":"x"}"#));
    let other = Server::start(|_| answer(200, &[], ""));
    let rules = [rule(GITHUB)];
    let settings = settings(&server, &rules, "x");
    let network = NetworkSettings {
        policy: AddressPolicy::PrivateAllowed,
        extra_authorities: other.authority.clone(),
        proxy: None,
    };
    let network = Network::new(&network, &settings.limits).expect("a way out");
    let audit = Audit::new(Log::default());
    let verified = Verifier::new(&rules, &settings, &network, &audit, &SystemClock)
        .verify(&[subject(&rules[0], 1)]);
    assert!(matches!(verified[0].verdict, Verdict::Unknown(_)));
    assert!(server.received().is_empty());
}

#[test]
fn this_machine_is_not_asked_unless_the_user_allows_it() {
    let server = Server::start(|_| answer(200, &[], r#"{"login":"x"}"#));
    let rules = [rule(GITHUB)];
    for base in [
        server.url(""),
        format!("https://127.0.0.1:{}", server.port),
        format!("https://[::ffff:127.0.0.1]:{}", server.port),
    ] {
        let settings = Settings {
            endpoints: vec![Endpoint {
                of: GITHUB.to_owned(),
                base: base.clone(),
            }],
            limits: quick(),
            ..Settings::default()
        };
        let network = NetworkSettings {
            extra_authorities: server.authority.clone(),
            ..NetworkSettings::default()
        };
        let network = Network::new(&network, &settings.limits).expect("a way out");
        let audit = Audit::new(Log::default());
        let verified = Verifier::new(&rules, &settings, &network, &audit, &SystemClock)
            .verify(&[subject(&rules[0], 1)]);
        let reason = verified[0].verdict.to_string();
        assert!(reason.contains("private"), "{base}: {reason}");
    }
    assert!(server.received().is_empty());
}

#[test]
fn a_token_beside_a_company_s_server_goes_neither_there_nor_to_the_public_one() {
    let server = Server::start(|_| answer(200, &[], r#"{"active":true}"#));
    let rules = [rule("gitlab-pat")];
    let mut subject = plain("gitlab-pat", "glpat-xxxxxxxxxxxxxxxxxxxx");
    subject.values.push(leakward_verify::Value {
        name: "host".to_owned(),
        secret: leakward_core::Secret::new(b"gitlab.corp.example"),
        source: leakward_verify::ValueSource::Found,
    });
    let settings = Settings {
        limits: quick(),
        ..Settings::default()
    };
    let verified = verify(&server, &rules, &settings, &[subject]);
    assert_eq!(verified[0].verdict, Verdict::NotChecked);
    assert!(verified[0].evidence.summary.contains("gitlab.corp.example"));
}

#[test]
fn a_credential_that_is_a_url_of_another_host_is_not_sent() {
    let server = Server::start(|_| answer(200, &[], ""));
    let rules = [rule("slack-incoming-webhook")];
    let settings = Settings {
        limits: quick(),
        ..Settings::default()
    };
    let subject = plain(
        "slack-incoming-webhook",
        "https://hooks.slack.com.evil.example/services/T/B/x",
    );
    let verified = verify(&server, &rules, &settings, &[subject]);
    assert!(
        verified[0].evidence.summary.contains("another host"),
        "{:?}",
        verified[0]
    );
}

#[test]
fn the_audit_log_has_every_call_and_no_credential() {
    let server = Server::start(|_| answer(401, &[], r#"{"message":"Bad credentials"}"#));
    let rules = [rule(GITHUB)];
    let settings = settings(&server, &rules, "x");
    let network = crate::setup::network(&server, &settings);
    let log = Log::default();
    let audit = Audit::new(log.clone());
    let subject = subject(&rules[0], 3);
    let verified = Verifier::new(&rules, &settings, &network, &audit, &SystemClock)
        .verify(std::slice::from_ref(&subject));
    assert_eq!(verified[0].verdict, Verdict::Dead);
    let text = log.text();
    let events: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    assert_eq!(events.len(), 2);
    assert_eq!(
        (&events[0]["event"], &events[1]["event"]),
        (&"asking".into(), &"answered".into())
    );
    assert_eq!(events[1]["fingerprint"], subject.fingerprint.to_string());
    assert_eq!(
        (&events[1]["status"], &events[1]["result"]),
        (&401.into(), &"dead".into())
    );
    #[expect(
        clippy::disallowed_methods,
        reason = "a generated credential, looked for where it must not be"
    )]
    let secret = String::from_utf8_lossy(subject.secret.expose()).into_owned();
    assert!(!text.contains(&secret));
}

#[test]
fn a_plan_sends_nothing_and_names_every_call() {
    let server = Server::start(|_| answer(200, &[], ""));
    let rules = [rule(GITHUB)];
    let settings = settings(&server, &rules, "x");
    let network = crate::setup::network(&server, &settings);
    let audit = Audit::new(Log::default());
    let plan = Verifier::new(&rules, &settings, &network, &audit, &SystemClock).plan(&[
        subject(&rules[0], 1),
        subject(&rules[0], 1),
        subject(&rules[0], 2),
    ]);
    assert_eq!(plan.len(), 2);
    let call = plan[0].call.as_ref().expect("a call");
    assert_eq!(
        (call.server.as_str(), call.method.as_str()),
        (server.url("").as_str(), "GET")
    );
    assert!(server.received().is_empty());
}

#[test]
fn what_the_credential_says_itself_is_not_asked() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let server = Server::start(|_| answer(200, &[], r#"{"ok":true}"#));
    let rules = [rule("calendly-jwt")];
    let settings = settings(&server, &rules, "x");
    let token = |expires: u64| {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        format!(
            "{}.{}.{}",
            part(r#"{"alg":"HS256"}"#),
            part(&format!(r#"{{"iss":"acme","exp":{expires}}}"#)),
            part("signature")
        )
    };
    let verified = verify(
        &server,
        &rules,
        &settings,
        &[plain("calendly-jwt", &token(1_600_000_000))],
    );
    assert_eq!(verified[0].verdict, Verdict::Dead);
    assert_eq!(
        verified[0].evidence.expires_at.as_deref(),
        Some("2020-09-13T12:26:40Z")
    );
    assert!(server.received().is_empty());
    let later = verify(
        &server,
        &rules,
        &settings,
        &[plain("calendly-jwt", &token(4_000_000_000))],
    );
    assert_ne!(later[0].verdict, Verdict::Dead);
    assert!(!server.received().is_empty());
}

#[test]
fn a_canary_s_key_is_not_used_unless_asked_for() {
    let server = Server::start(|_| answer(200, &[], "<Arn>arn:aws:iam::052310077262:user/x</Arn>"));
    let rules = [rule("aws-secret-access-key")];
    let mut subject = plain(
        "aws-secret-access-key",
        "0123456789012345678901234567890123456789",
    );
    // The key id of a canary's account: the account's number, in base32, behind the usual beginning.
    subject.values.push(leakward_verify::Value {
        name: "id".to_owned(),
        secret: leakward_core::Secret::new(key_id(52_310_077_262).as_bytes()),
        source: leakward_verify::ValueSource::Found,
    });
    let mut settings = settings(&server, &rules, "x");
    let verified = verify(&server, &rules, &settings, std::slice::from_ref(&subject));
    assert_eq!(verified[0].verdict, Verdict::NotChecked);
    assert!(verified[0].evidence.summary.contains("canary"));
    assert!(server.received().is_empty());
    settings.ask_canaries = true;
    let verified = verify(&server, &rules, &settings, &[subject]);
    assert_eq!(verified[0].verdict, Verdict::Live);
}

fn key_id(account: u64) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    // The first bit of the six bytes is not the account's.
    let bits = (1u64 << 47 | account << 7) << 2;
    let digits = (0..10).rev().map(|place| {
        ALPHABET[usize::try_from(bits >> (place * 5) & 31).expect("five bits")] as char
    });
    format!("AKIA{}AAAAAA", digits.collect::<String>())
}

#[test]
fn a_run_without_time_leaves_everything_unknown() {
    let server = Server::start(|_| answer(200, &[], r#"{"login":"x"}"#));
    let rules = [rule(GITHUB)];
    let mut settings = settings(&server, &rules, "x");
    settings.limits = Limits {
        run: Duration::ZERO,
        ..quick()
    };
    let verified = verify(&server, &rules, &settings, &[subject(&rules[0], 1)]);
    assert!(
        verified[0].verdict.to_string().contains("time"),
        "{}",
        verified[0].verdict
    );
    assert!(server.received().is_empty());
}
