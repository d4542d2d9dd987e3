//! Every HTTP definition of the pack, against the server: once live, once dead, once with an answer that proves nothing.

use std::collections::HashMap;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::Rule;
use leakward_core::verification::{HttpQuestion, Question};
use leakward_rules::built_in;

use crate::answers::fitting;
use crate::server::{Received, Reply, Server, answer};
use crate::setup::{settings, subject, verify};

fn question(rule: &Rule) -> Option<&HttpQuestion> {
    match &rule.verify.as_ref()?.question {
        Question::Http(question) => Some(question),
        Question::Native(_) => None,
    }
}

fn asking_rules() -> Vec<Rule> {
    built_in()
        .iter()
        .filter(|rule| question(rule).is_some())
        .cloned()
        .collect()
}

/// Answers that prove nothing, whatever was asked.
fn proves_nothing(index: usize) -> Reply {
    match index % 8 {
        0 => answer(403, &[], ""),
        1 => answer(429, &[("retry-after", "1")], "{\"message\":\"slow down\"}"),
        2 => answer(500, &[], "{}"),
        3 => answer(302, &[("location", "https://login.example/")], ""),
        4 => answer(
            200,
            &[("content-type", "text/html")],
            "<!DOCTYPE html><title>Just a moment</title>",
        ),
        5 => answer(
            403,
            &[("content-type", "text/html")],
            "<html>blocked</html>",
        ),
        6 => answer(
            401,
            &[("content-type", "text/html")],
            "<html>sign in</html>",
        ),
        _ => answer(404, &[], "nothing here"),
    }
}

/// The reply of a server that plays `/MODE/RULE/…`; the second request to a live one has the changed credential.
fn play(
    rules: &HashMap<String, (usize, Rule)>,
    seen: &Mutex<HashMap<String, usize>>,
    received: &Received,
) -> Reply {
    let mut parts = received.path().split('/').skip(1);
    let (mode, id) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let Some((index, rule)) = rules.get(id) else {
        return answer(599, &[], "");
    };
    let question = question(rule).expect("an HTTP question");
    let mut seen = seen.lock().expect("the counts");
    let count = seen.entry(format!("{mode}/{id}")).or_default();
    *count += 1;
    match mode {
        "live" if *count == 1 => fitting(&question.live[0]),
        "live" | "dead" => fitting(&question.dead[0]),
        _ => proves_nothing(*index),
    }
}

fn run(mode: &str) -> (Vec<String>, Vec<Received>) {
    let rules = asking_rules();
    let by_id: HashMap<String, (usize, Rule)> = rules
        .iter()
        .enumerate()
        .map(|(index, rule)| (rule.id.to_string(), (index, rule.clone())))
        .collect();
    let seen = Mutex::new(HashMap::new());
    let server = Server::start(move |received| play(&by_id, &seen, received));
    let settings = settings(&server, &rules, mode);
    let subjects: Vec<_> = rules.iter().map(|rule| subject(rule, 7)).collect();
    let verified = verify(&server, &rules, &settings, &subjects);
    let wrong = rules
        .iter()
        .zip(&verified)
        .filter(|(_, verified)| verified.verdict.as_str() != mode)
        .map(|(rule, verified)| {
            format!(
                "{}: {} {:?}",
                rule.id, verified.verdict, verified.evidence.summary
            )
        })
        .collect();
    (wrong, server.received())
}

#[test]
fn every_definition_calls_a_documented_live_answer_live() {
    let (wrong, received) = run("live");
    assert!(
        wrong.is_empty(),
        "{} of them:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(received.len() >= asking_rules().len());
    let without: Vec<String> = asking_rules()
        .iter()
        .filter(|rule| !carries_the_credential(rule, &received))
        .map(|rule| rule.id.to_string())
        .collect();
    assert!(
        without.is_empty(),
        "the credential did not arrive: {without:?}"
    );
}

/// Whether one of the rule's requests has the credential in it, in one of the ways in which it can be written.
#[expect(
    clippy::disallowed_methods,
    reason = "a generated credential, looked for in what arrived"
)]
fn carries_the_credential(rule: &Rule, received: &[Received]) -> bool {
    let secret = subject(rule, 7).secret;
    let secret = String::from_utf8_lossy(secret.expose()).trim().to_owned();
    let place = format!("/live/{}", rule.id);
    let tail = secret.rsplit('/').next().unwrap_or_default().to_owned();
    received
        .iter()
        .filter(|received| received.path().starts_with(&place))
        .any(|received| {
            let all = received.all();
            let decoded = percent_encoding::percent_decode_str(&all)
                .decode_utf8_lossy()
                .into_owned();
            let unescaped = all
                .replace("\\\"", "\"")
                .replace("\\n", "\n")
                .replace("\\\\", "\\");
            let basic = received
                .headers
                .split_whitespace()
                .filter_map(|word| STANDARD.decode(word).ok())
                .any(|bytes| String::from_utf8_lossy(&bytes).contains(&secret));
            basic
                || [&all, &decoded, &unescaped]
                    .iter()
                    .any(|text| text.contains(&secret) || text.contains(&tail))
        })
}

#[test]
fn every_definition_calls_a_documented_dead_answer_dead() {
    let (wrong, _) = run("dead");
    assert!(
        wrong.is_empty(),
        "{} of them:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_definition_calls_an_answer_that_proves_nothing_unknown() {
    let (wrong, _) = run("unknown");
    assert!(
        wrong.is_empty(),
        "{} of them:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
