//! Laws over what the pack's rules say can be done. The reader refuses most violations when the pack is built; these tests say
//! the laws again in other words, so that a reader that became careless is found out.

use leakward_core::Rule;
use leakward_core::action::{Action, Call, HttpAction, Issue, Means, Old, Repeat, Verb};
use leakward_core::placeholder::names;
use leakward_core::rule::Class;
use leakward_core::verification::{Auth, Body, Condition};
use leakward_rules::built_in;

const NONE: [&str; 0] = [];

fn revocations() -> impl Iterator<Item = (&'static Rule, &'static Action)> {
    built_in()
        .iter()
        .filter_map(|rule| rule.revoke.as_ref().map(|action| (rule, action)))
}

fn rotations() -> impl Iterator<Item = (&'static Rule, &'static Action)> {
    built_in()
        .iter()
        .filter_map(|rule| rule.rotate.as_ref().map(|action| (rule, action)))
}

fn http(action: &'static Action) -> Option<&'static HttpAction> {
    match &action.means {
        Means::Http(http) => Some(http),
        Means::Native(_) | Means::ByHand => None,
    }
}

fn requests() -> impl Iterator<Item = (&'static Rule, &'static HttpAction)> {
    revocations()
        .chain(rotations())
        .filter_map(|(rule, action)| Some((rule, http(action)?)))
}

fn issues() -> impl Iterator<Item = (&'static Rule, &'static HttpAction, &'static Issue)> {
    requests().filter_map(|(rule, action)| Some((rule, action, action.issue.as_ref()?)))
}

fn violations(law: impl Fn(&Rule, &HttpAction) -> bool) -> Vec<&'static str> {
    requests()
        .filter(|(rule, action)| !law(rule, action))
        .map(|(rule, _)| rule.id.as_str())
        .collect()
}

fn calls(action: &HttpAction) -> impl Iterator<Item = &Call> {
    [&action.call].into_iter().chain(&action.restore)
}

#[test]
fn a_hundred_and_twenty_types_can_be_revoked_and_forty_rotated() {
    let automatic = |action: &&Action| action.is_automatic();
    let revoke = revocations().map(|(_, action)| action).filter(automatic);
    assert!(revoke.count() >= 190);
    let rotate = rotations().map(|(_, action)| action).filter(automatic);
    assert!(rotate.count() >= 75);
}

#[test]
fn only_credentials_are_acted_on() {
    let wrong: Vec<&str> = revocations()
        .chain(rotations())
        .filter(|(rule, _)| rule.class != Class::Secret)
        .map(|(rule, _)| rule.id.as_str())
        .collect();
    assert_eq!(wrong, NONE);
}

#[test]
fn only_https_hosts_that_the_rule_names_are_acted_at() {
    let names_its_host = |rule: &Rule, action: &HttpAction| match &action.endpoint {
        Some(endpoint) => {
            let host = endpoint.strip_prefix("https://").unwrap_or_default();
            let end = host.split('.').rev().take(2).collect::<String>();
            host.contains('.') && !end.contains(['{', '}', ':', '/', '@', '?'])
        }
        None => rule
            .verify
            .as_ref()
            .is_some_and(|verify| verify.endpoint.is_some() || verify.endpoint_from.is_some()),
    };
    assert_eq!(violations(names_its_host), NONE);
}

#[test]
fn verbs_change_something_and_a_list_is_never_deleted() {
    let is_fit = |_: &Rule, action: &HttpAction| {
        calls(action).all(|call| {
            let names_one = names(&call.path).next().is_some()
                || call.body != Body::None
                || [
                    "/self",
                    "/current",
                    "/token",
                    "/access-token",
                    "current.json",
                    "/auth",
                ]
                .iter()
                .any(|end| call.path.ends_with(end));
            !matches!(call.verb, Verb::Get | Verb::Head) && (call.verb != Verb::Delete || names_one)
        })
    };
    assert_eq!(violations(is_fit), NONE);
}

#[test]
fn done_is_a_success_and_nothing_else_is_told_by_a_status_that_servers_give_for_other_reasons() {
    let is_success = |condition: &Condition| condition.status.0 >= 200 && condition.status.1 < 300;
    let tells = |condition: &Condition| {
        let (first, last) = condition.status;
        let is_hopeless = first < 200 || (300..400).contains(&first) || first == 429 || last >= 500;
        !is_hopeless && (first >= 300 || !condition.tests.is_empty())
    };
    let holds = |_: &Rule, action: &HttpAction| {
        calls(action).all(|call| {
            !call.done.is_empty()
                && call.done.iter().all(is_success)
                && call.already.iter().chain(call.refused.iter()).all(tells)
                && !call
                    .done
                    .iter()
                    .any(|done| call.already.contains(done) || call.refused.contains(done))
        })
    };
    assert_eq!(violations(holds), NONE);
}

#[test]
fn every_action_says_how_it_is_refused() {
    let holds = |_: &Rule, action: &HttpAction| !action.call.refused.is_empty();
    assert_eq!(violations(holds), NONE);
}

#[test]
fn whoever_acts_is_named_or_is_the_credential() {
    let uses = |text: &str, name: &str| names(text).any(|used| used == name);
    let holds = |_: &Rule, action: &HttpAction| {
        let call = &action.call;
        let texts: Vec<&str> = [&call.path]
            .into_iter()
            .chain(call.headers.iter().map(|(_, value)| value))
            .map(|text| &**text)
            .chain(match &call.auth {
                Auth::Basic(text) | Auth::Header(_, text) | Auth::Query(_, text) => Some(&**text),
                Auth::None | Auth::Bearer => None,
            })
            .chain(match &call.body {
                Body::Form(text) | Body::Json(text) => Some(&**text),
                Body::None => None,
            })
            .collect();
        let is_bearer = call.auth == Auth::Bearer;
        match action.identities.first() {
            Some(first) => {
                let all_used = action.identities.iter().enumerate().all(|(at, name)| {
                    (at == 0 && is_bearer) || texts.iter().any(|text| uses(text, name))
                });
                all_used && !first.is_empty()
            }
            None => {
                is_bearer
                    || texts
                        .iter()
                        .any(|text| uses(text, "secret") || uses(text, "batch"))
            }
        }
    };
    assert_eq!(violations(holds), NONE);
}

#[test]
fn a_request_that_ends_the_old_credential_is_harmful_to_repeat() {
    let wrong: Vec<&str> = issues()
        .filter(|(_, _, issue)| issue.old == Old::Dies && issue.repeat != Repeat::Harmful)
        .map(|(rule, _, _)| rule.id.as_str())
        .collect();
    assert_eq!(wrong, NONE);
}

/// Where the old one lives on, a successor whose value was lost can be found and taken away again. Of these few there is no list:
/// a lost answer waits for a person.
#[test]
fn a_successor_that_was_lost_can_be_taken_away() {
    const WITHOUT: [&str; 6] = [
        "vault-service-token",
        "vault-token-legacy",
        "twilio-auth-token",
        "meraki-api-key",
        "splunk-observability-token",
        "mongodb-atlas-service-account-secret",
    ];
    let wrong: Vec<&str> = issues()
        .filter(|(_, _, issue)| issue.old == Old::Stays)
        .filter(|(_, _, issue)| issue.list.is_none() || issue.remove.is_none())
        .map(|(rule, _, _)| rule.id.as_str())
        .filter(|id| !WITHOUT.contains(id))
        .collect();
    assert_eq!(wrong, NONE);
}

#[test]
fn a_successor_is_found_by_what_the_request_carried_or_by_what_is_new() {
    let wrong: Vec<&str> = issues()
        .filter(|(_, _, issue)| issue.old == Old::Stays && issue.list.is_some())
        .filter(|(_, _, issue)| issue.handle.is_none())
        .map(|(rule, _, _)| rule.id.as_str())
        .collect();
    assert_eq!(wrong, NONE);
}

#[test]
fn what_a_person_does_is_there_where_no_program_does_it() {
    let wrong: Vec<&str> = revocations()
        .chain(rotations())
        .filter(|(_, action)| !action.is_automatic() && action.instructions.is_empty())
        .map(|(rule, _)| rule.id.as_str())
        .collect();
    assert_eq!(wrong, NONE);
}
