//! What a live credential reaches: every list that a rule names is asked for with the credential, and read where it stands.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

use leakward_core::Rule;
use leakward_core::verification::{Detail, HttpQuestion, Question};
use leakward_rules::built_in;
use leakward_verify::{Details, Verified};
use serde_json::{Map, Value};

use crate::answers::{fitting, put};
use crate::server::{Received, Reply, Server, answer};
use crate::setup::{settings, subject, verify};

/// How many of the most important providers `leakward inspect` knows at least, beside what has a verifier of its own.
const LEAST_PROVIDERS: usize = 25;

fn question(rule: &Rule) -> Option<&HttpQuestion> {
    match &rule.verify.as_ref()?.question {
        Question::Http(question) if !question.details.is_empty() => Some(question),
        _ => None,
    }
}

fn rules() -> Vec<Rule> {
    let all = built_in().iter().filter(|rule| question(rule).is_some());
    all.cloned().collect()
}

/// A list with one thing in it, as the definition expects it.
fn list(detail: &Detail) -> Reply {
    let thing = Value::from(format!("one of the {}", detail.name));
    let mut item = Value::Null;
    if detail.label.is_empty() {
        item = thing;
    } else {
        put(&mut item, &detail.label, thing);
    }
    let mut json = Value::Object(Map::new());
    if detail.items.is_empty() {
        json = Value::Array(vec![item]);
    } else {
        put(&mut json, &detail.items, Value::Array(vec![item]));
    }
    answer(
        200,
        &[("content-type", "application/json")],
        &json.to_string(),
    )
}

/// The part of a path's template that is the same whatever is filled in.
fn fixed(path: &str) -> &str {
    path.split('{').next().unwrap_or_default()
}

/// The first call is the question; a later one to its path, unless it is a list's, carries a changed credential.
fn play(
    rules: &HashMap<String, Rule>,
    seen: &Mutex<HashMap<String, usize>>,
    received: &Received,
) -> Reply {
    let id = received.path().split('/').nth(2).unwrap_or_default();
    let Some(rule) = rules.get(id) else {
        return answer(599, &[], "");
    };
    let question = question(rule).expect("an HTTP question");
    let path = received
        .path()
        .strip_prefix(&format!("/x/{id}"))
        .unwrap_or_default();
    let is_get = received.line.starts_with("GET ");
    let of_detail = question
        .details
        .iter()
        .filter(|detail| is_get && path.starts_with(fixed(&detail.path)))
        .max_by_key(|detail| fixed(&detail.path).len());
    let mut seen = seen.lock().expect("the counts");
    let count = seen.entry(id.to_owned()).or_default();
    *count += 1;
    let may_be_changed = question
        .details
        .iter()
        .all(|detail| detail.path != question.path);
    match of_detail {
        _ if *count == 1 => fitting(&question.live[0]),
        Some(detail) if path != &*question.path || !may_be_changed => list(detail),
        _ => fitting(&question.dead[0]),
    }
}

fn inspected() -> Vec<(Rule, Verified)> {
    let rules = rules();
    let by_id: HashMap<String, Rule> = rules
        .iter()
        .map(|rule| (rule.id.to_string(), rule.clone()))
        .collect();
    let seen = Mutex::new(HashMap::new());
    let server = Server::start(move |received| play(&by_id, &seen, received));
    let mut settings = settings(&server, &rules, "x");
    settings.details = Details::Read;
    let subjects: Vec<_> = rules.iter().map(|rule| subject(rule, 7)).collect();
    let verified = verify(&server, &rules, &settings, &subjects);
    rules.into_iter().zip(verified).collect()
}

#[test]
fn every_list_that_a_rule_names_is_read() {
    let mut wrong = Vec::new();
    for (rule, verified) in inspected() {
        let expected: Vec<String> = question(&rule)
            .expect("an HTTP question")
            .details
            .iter()
            .map(|detail| format!("{0}: one of the {0}", detail.name))
            .collect();
        let told: Vec<String> = verified
            .evidence
            .details
            .iter()
            .map(|reach| {
                let note = reach.note.as_deref().unwrap_or_default();
                format!("{}: {}{note}", reach.name, reach.items.join(", "))
            })
            .collect();
        if told != expected {
            wrong.push(format!("{}: {} {told:?}", rule.id, verified.verdict));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of them:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_most_important_providers_can_be_inspected() {
    let rules = rules();
    let providers: BTreeSet<&str> = rules.iter().map(|rule| &*rule.provider).collect();
    assert!(providers.len() >= LEAST_PROVIDERS, "{providers:?}");
    for provider in [
        "GitHub",
        "GitLab",
        "Slack",
        "Stripe",
        "Cloudflare",
        "DigitalOcean",
    ] {
        assert!(providers.contains(provider), "{provider} of {providers:?}");
    }
}
