//! Laws over how the pack's rules verify. The reader refuses most violations when the pack is built; these tests say the laws
//! again in other words, so that a reader that became careless is found out.

use leakward_core::Rule;
use leakward_core::placeholder::names;
use leakward_core::verification::{
    Auth, Body, Condition, HttpQuestion, Method, Question, Test, Verification,
};
use leakward_rules::built_in;

fn definitions() -> impl Iterator<Item = (&'static Rule, &'static Verification)> {
    built_in()
        .iter()
        .filter_map(|rule| rule.verify.as_ref().map(|verify| (rule, verify)))
}

fn questions() -> impl Iterator<Item = (&'static Rule, &'static Verification, &'static HttpQuestion)>
{
    definitions().filter_map(|(rule, verify)| match &verify.question {
        Question::Http(question) => Some((rule, verify, &**question)),
        Question::Native(_) => None,
    })
}

fn violations(law: impl Fn(&Rule, &Verification, &HttpQuestion) -> bool) -> Vec<&'static str> {
    questions()
        .filter(|(rule, verify, question)| !law(rule, verify, question))
        .map(|(rule, _, _)| rule.id.as_str())
        .collect()
}

const NONE: [&str; 0] = [];

#[test]
fn at_least_five_hundred_rules_verify_without_anything_but_the_credential() {
    let alone = definitions()
        .filter(|(_, verify)| verify.needs.is_empty() && verify.endpoint.is_some())
        .count();
    assert!(alone >= 500, "{alone}");
    assert!(definitions().count() >= 750, "{}", definitions().count());
}

#[test]
fn only_reading_verbs_are_used_or_the_rule_says_why_nothing_changes() {
    let reads = |question: &HttpQuestion| match question.method {
        Method::Get | Method::Head => question.body == Body::None,
        Method::Post => question
            .read_only
            .as_ref()
            .is_some_and(|reason| reason.len() > 10),
    };
    assert_eq!(violations(|_, _, question| reads(question)), NONE);
}

#[test]
fn only_https_hosts_that_the_rule_names_are_asked() {
    let names_its_host = |verify: &Verification| match (&verify.endpoint, &verify.endpoint_from) {
        (Some(endpoint), _) => {
            let host = endpoint.strip_prefix("https://").unwrap_or_default();
            let end = host.split('.').rev().take(2).collect::<String>();
            host.contains('.') && !end.contains(['{', '}', ':', '/', '@', '?'])
        }
        (None, from) => from.is_some(),
    };
    assert_eq!(violations(|_, verify, _| names_its_host(verify)), NONE);
}

#[test]
fn live_and_dead_are_both_defined_and_never_rest_on_a_status_that_proves_nothing() {
    let proves = |condition: &Condition, alone: &[u16]| {
        let (first, last) = condition.status;
        let is_hopeless = first < 200 || (300..400).contains(&first) || first == 429;
        let is_plain = condition.tests.is_empty();
        !is_hopeless && (!is_plain || (first == last && alone.contains(&first)) || last == 299)
    };
    let holds = |question: &HttpQuestion| {
        !question.live.is_empty()
            && !question.dead.is_empty()
            && question
                .live
                .iter()
                .all(|live| proves(live, &[200, 201, 204]))
            && question
                .dead
                .iter()
                .all(|dead| proves(dead, &[401, 410]) && dead.status.1 != 299)
    };
    assert_eq!(violations(|_, _, question| holds(question)), NONE);
}

#[test]
fn the_credential_is_in_every_question() {
    let is_asked = |question: &HttpQuestion| {
        let in_auth = match &question.auth {
            Auth::Bearer => true,
            Auth::None => false,
            Auth::Basic(text) | Auth::Header(_, text) | Auth::Query(_, text) => {
                names(text).any(|name| name == "secret")
            }
        };
        let in_body = match &question.body {
            Body::None => false,
            Body::Form(text) | Body::Json(text) => names(text).any(|name| name == "secret"),
        };
        in_auth || in_body || names(&question.path).any(|name| name == "secret")
    };
    assert_eq!(violations(|_, _, question| is_asked(question)), NONE);
}

#[test]
fn no_answer_is_both_live_and_dead_by_its_status_alone() {
    let contradicts = |question: &HttpQuestion| {
        question.live.iter().any(|live| {
            question.dead.iter().any(|dead| {
                live == dead || (live.status == dead.status && live.tests == dead.tests)
            })
        })
    };
    assert_eq!(violations(|_, _, question| !contradicts(question)), NONE);
}

#[test]
fn a_json_pointer_is_one() {
    let is_pointer = |test: &Test| match test {
        Test::Present(pointer) | Test::Equals(pointer, _) => pointer.starts_with('/'),
        _ => true,
    };
    let all = |question: &HttpQuestion| {
        question
            .live
            .iter()
            .chain(question.dead.iter())
            .flat_map(|condition| condition.tests.iter())
            .all(is_pointer)
    };
    assert_eq!(violations(|_, _, question| all(question)), NONE);
}
