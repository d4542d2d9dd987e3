//! Every definition of the pack, against a server that plays what the provider can answer.

use std::collections::HashMap;
use std::sync::Mutex;

use leakward_core::Rule;
use leakward_core::action::{Action, HttpAction, Means, Old};
use leakward_core::verification::{Body, Question};
use leakward_respond::provider::{Created, Creation, Handle, ProviderError, RequestId, SECRET};
use leakward_rules::built_in;
use leakward_verify::Subject;
use serde_json::Value;

use crate::draft::{Draft, put};
use crate::played::{Received, Reply, Server, json};
use crate::setup::{Identities, identities, providers, sample, subject, with};

/// Which of the two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Revoke,
    Rotate,
}

pub(crate) fn action(rule: &Rule, table: Table) -> Option<&HttpAction> {
    let action: &Action = match table {
        Table::Revoke => rule.revoke.as_ref()?,
        Table::Rotate => rule.rotate.as_ref()?,
    };
    match &action.means {
        Means::Http(http) => Some(http),
        Means::Native(_) | Means::ByHand => None,
    }
}

fn rules(table: Table) -> impl Iterator<Item = &'static Rule> {
    built_in()
        .iter()
        .filter(move |rule| action(rule, table).is_some())
}

/// A credential with every value that the action and the question could want.
pub(crate) fn credential(rule: &Rule, action: &HttpAction) -> Subject {
    let names = rule
        .companions
        .iter()
        .map(|companion| companion.name.to_string())
        .chain(action.needs.iter().map(ToString::to_string))
        .chain(
            rule.verify
                .iter()
                .flat_map(|verify| verify.needs.iter().map(ToString::to_string)),
        );
    let values: Vec<(String, String)> = names
        .map(|name| {
            let value = if name == "resource" {
                "/subscriptions/1/x".to_owned()
            } else {
                format!("value-of-{name}")
            };
            (name, value)
        })
        .collect();
    let values: Vec<(&str, &str)> = values
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let secret = sample(rule);
    subject(rule, &secret, &values)
}

pub(crate) fn operator(action: &HttpAction) -> Identities {
    let all: Vec<(String, String)> = action
        .identities
        .iter()
        .map(|name| (name.to_string(), format!("identity-{name}")))
        .collect();
    let all: Vec<(&str, &str)> = all
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    identities(&all)
}

/// How many requests come before the one that acts.
fn lookups(action: &HttpAction) -> usize {
    let with_path = action
        .lookups
        .iter()
        .filter(|lookup| lookup.path.is_some())
        .count();
    let asks_itself = action.lookups.iter().any(|lookup| lookup.path.is_none());
    with_path + usize::from(asks_itself)
}

/// What lookups are answered: everything that any of them looks for, in an answer that says "live".
fn looked_up(rule: &Rule, action: &HttpAction) -> Reply {
    let live = rule
        .verify
        .as_ref()
        .and_then(|verify| match &verify.question {
            Question::Http(question) => question.live.first(),
            Question::Native(_) => None,
        });
    let asks_itself = action.lookups.iter().any(|lookup| lookup.path.is_none());
    let mut draft = match live.filter(|_| asks_itself) {
        Some(live) => Draft::of(live),
        None => Draft::of(&action.call.done[0]),
    };
    if !asks_itself {
        draft.status = 200;
        draft.json = Value::Null;
    }
    let body = match &action.call.body {
        Body::None => "",
        Body::Form(text) | Body::Json(text) => text,
    };
    for lookup in action.lookups.iter() {
        let is_json = body.contains(&format!("{{{}:json}}", lookup.name));
        let value = if is_json {
            Value::from(vec!["one", "two"])
        } else {
            Value::from("looked-up")
        };
        draft.say(&lookup.place, value);
    }
    draft.reply()
}

/// A server that plays one way of answering for all rules of a table, below `/RULE`.
fn played(
    table: Table,
    answer: impl Fn(&Rule, &HttpAction, &Received) -> Reply + Send + Sync + 'static,
) -> Server {
    let counts: Mutex<HashMap<String, usize>> = Mutex::new(HashMap::new());
    Server::start(move |received| {
        let id = received.path.split('/').nth(1).unwrap_or_default();
        let Some(rule) = built_in().iter().find(|rule| rule.id.as_str() == id) else {
            return Reply::Nothing;
        };
        let action = action(rule, table).expect("an action");
        let mut counts = counts.lock().expect("the counts");
        let count = counts.entry(id.to_owned()).or_default();
        *count += 1;
        if *count <= lookups(action) {
            return looked_up(rule, action);
        }
        answer(rule, action, received)
    })
}

/// What comes of acting on every rule of a table, as one word each.
fn outcomes<T>(
    table: Table,
    server: &Server,
    act: impl Fn(&'static Rule, &HttpAction, &Subject) -> Result<T, ProviderError>,
) -> Vec<(&'static Rule, Result<T, ProviderError>)> {
    let _played_at = server;
    rules(table)
        .map(|rule| {
            let action = action(rule, table).expect("an action");
            (rule, act(rule, action, &credential(rule, action)))
        })
        .collect()
}

fn endpoint(server: &Server, rule: &Rule) -> String {
    format!("{}/{}", server.base(), rule.id)
}

fn revoke(
    server: &Server,
    rule: &'static Rule,
    action: &HttpAction,
    subject: &Subject,
) -> Result<String, ProviderError> {
    let base = endpoint(server, rule);
    let providers = providers(&[(rule.id.as_str(), &base)]);
    with(
        &providers,
        rule,
        subject,
        &operator(action),
        |provider, case| provider.revoke(case).map(|receipt| receipt.summary),
    )
}

fn wrong<T: std::fmt::Debug>(
    outcomes: Vec<(&'static Rule, Result<T, ProviderError>)>,
    is_right: impl Fn(&Result<T, ProviderError>) -> bool,
) -> Vec<String> {
    outcomes
        .into_iter()
        .filter(|(_, outcome)| !is_right(outcome))
        .map(|(rule, outcome)| format!("{}: {outcome:?}", rule.id))
        .collect()
}

const NONE: [String; 0] = [];

#[test]
fn a_revocation_that_is_done_is_done_and_says_whose_credential_it_is() {
    let server = played(Table::Revoke, |_, action, _| {
        Draft::of(&action.call.done[0]).reply()
    });
    let results = outcomes(Table::Revoke, &server, |rule, action, subject| {
        revoke(&server, rule, action, subject)
    });
    assert!(results.len() >= 180);
    let secrets: Vec<(String, String)> = results
        .iter()
        .map(|(rule, _)| (rule.id.to_string(), sample(rule)))
        .collect();
    assert_eq!(wrong(results, Result::is_ok), NONE);
    // No template is left unfilled, and an identity or the credential is in every request that acts.
    let received = server.received();
    for (id, secret) in secrets {
        let own: Vec<&Received> = received
            .iter()
            .filter(|received| received.path.split('/').nth(1) == Some(&id))
            .collect();
        let last = own
            .last()
            .unwrap_or_else(|| panic!("{id}: nothing arrived"));
        for unfilled in ["{id}", "{secret", "{label}", "{handle}", "{batch}"] {
            assert!(!last.all().contains(unfilled), "{id}: {}", last.all());
        }
        let all: String = own.iter().map(|received| received.all()).collect();
        let decoded = percent_decoded(&all);
        let tail = secret.rsplit('/').next().unwrap_or_default();
        let is_named = all.contains("identity-")
            || decoded.contains(&secret)
            || decoded.contains(tail)
            || all.to_ascii_lowercase().contains("authorization: basic");
        assert!(is_named, "{id}: {all}");
    }
}

fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

#[test]
fn a_credential_that_was_dead_already_is_as_good_as_revoked() {
    let server = played(Table::Revoke, |_, action, _| {
        match action.call.already.first() {
            Some(already) => Draft::of(already).reply(),
            None => Draft::of(&action.call.done[0]).reply(),
        }
    });
    let results = outcomes(Table::Revoke, &server, |rule, action, subject| {
        revoke(&server, rule, action, subject)
    });
    let is_told = |outcome: &Result<String, ProviderError>| outcome.is_ok();
    assert_eq!(wrong(results, is_told), NONE);
}

#[test]
fn a_refusal_is_told_as_one_and_changed_nothing() {
    let server = played(Table::Revoke, |_, action, _| {
        Draft::of(&action.call.refused[0]).reply()
    });
    let results = outcomes(Table::Revoke, &server, |rule, action, subject| {
        revoke(&server, rule, action, subject)
    });
    let is_refused = |outcome: &Result<String, ProviderError>| {
        matches!(
            outcome,
            Err(ProviderError::Refused { .. }
                | ProviderError::Denied { .. }
                | ProviderError::LoggedOut { .. })
        )
    };
    assert_eq!(wrong(results, is_refused), NONE);
}

#[test]
fn an_answer_that_does_not_say_what_happened_is_unknown() {
    let page = |status: u16| {
        let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
        Reply::Answer(status, headers, "<html>one moment</html>".to_owned())
    };
    let ways: [fn() -> Reply; 4] = [
        || json(500, &Value::Null),
        || {
            json(
                502,
                &serde_json::json!({ "ok": true, "success": true, "deleted": true }),
            )
        },
        || Reply::Nothing,
        || {
            Reply::Answer(
                302,
                vec![("location".to_owned(), "https://x.example/".to_owned())],
                String::new(),
            )
        },
    ];
    let counter = std::sync::atomic::AtomicUsize::new(0);
    let server = played(Table::Revoke, move |_, _, _| {
        let at = counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        ways.get(at % 5).map_or_else(|| page(200), |way| way())
    });
    let results = outcomes(Table::Revoke, &server, |rule, action, subject| {
        revoke(&server, rule, action, subject)
    });
    let is_unknown = |outcome: &Result<String, ProviderError>| {
        matches!(outcome, Err(ProviderError::OutcomeUnknown { .. }))
    };
    assert_eq!(wrong(results, is_unknown), NONE);
}

#[test]
fn a_revocation_that_can_be_taken_back_is_taken_back() {
    let server = played(Table::Revoke, |_, action, _| match &action.restore {
        Some(restore) => Draft::of(&restore.done[0]).reply(),
        None => Reply::Nothing,
    });
    let mut count = 0;
    for rule in rules(Table::Revoke) {
        let action = action(rule, Table::Revoke).expect("an action");
        if action.restore.is_none() {
            continue;
        }
        count += 1;
        let base = endpoint(&server, rule);
        let providers = providers(&[(rule.id.as_str(), &base)]);
        let subject = credential(rule, action);
        with(
            &providers,
            rule,
            &subject,
            &operator(action),
            |provider, case| {
                let restored = provider.restore(case);
                assert!(restored.is_ok(), "{}: {restored:?}", rule.id);
            },
        );
    }
    assert!(count >= 8, "{count}");
}

/// What a rotation gives: the successor's secret and its handle.
fn create(
    server: &Server,
    rule: &'static Rule,
    action: &HttpAction,
    subject: &Subject,
) -> Result<(bool, String), ProviderError> {
    let base = endpoint(server, rule);
    let providers = providers(&[(rule.id.as_str(), &base)]);
    with(
        &providers,
        rule,
        subject,
        &operator(action),
        |provider, case| {
            provider.create(case, &creation()).map(|made| {
                let secret = made.parts.get(SECRET).map(leakward_core::Secret::len);
                (secret == Some(NEW.len()), made.handle.0)
            })
        },
    )
}

const NEW: &str = "the-new-credential";
const LABEL: &str = "leakward-request-1";

fn creation() -> Creation {
    Creation {
        id: RequestId(LABEL.to_owned()),
        draft: None,
        before: vec![Handle("old-handle".to_owned())],
    }
}

#[test]
fn a_rotation_gives_the_successor_that_the_answer_holds() {
    let server = played(Table::Rotate, |_, action, _| {
        let issue = action.issue.as_ref().expect("what the answer says");
        let mut draft = Draft::of(&action.call.done[0]);
        draft.say(&issue.secret, Value::from(NEW));
        for (_, place) in issue.values.iter() {
            if *place != issue.secret {
                draft.say(place, Value::from("new-value"));
            }
        }
        if let Some(place) = &issue.handle {
            draft.say(place, Value::from("new-handle"));
        }
        draft.reply()
    });
    let results = outcomes(Table::Rotate, &server, |rule, action, subject| {
        create(&server, rule, action, subject)
    });
    assert!(results.len() >= 60);
    let is_right = |outcome: &Result<(bool, String), ProviderError>| matches!(outcome, Ok((true, handle)) if handle == "new-handle" || handle == LABEL);
    assert_eq!(wrong(results, is_right), NONE);
    // Where the provider keeps a name, ours is in the request.
    for rule in rules(Table::Rotate) {
        let action = action(rule, Table::Rotate).expect("an action");
        let body = match &action.call.body {
            Body::None => "",
            Body::Form(text) | Body::Json(text) => text,
        };
        if body.contains("{label}") {
            let received = server.received();
            let last = received
                .iter()
                .rfind(|received| received.path.split('/').nth(1) == Some(rule.id.as_str()));
            let body = last.map(|last| last.body.clone()).unwrap_or_default();
            assert!(body.contains(LABEL), "{}: {body}", rule.id);
        }
    }
}

#[test]
fn a_lost_answer_to_a_rotation_is_never_taken_for_a_refusal() {
    let server = played(Table::Rotate, |rule, _, _| {
        if rule.id.as_str().len() % 2 == 0 {
            Reply::Nothing
        } else {
            json(500, &Value::Null)
        }
    });
    let results = outcomes(Table::Rotate, &server, |rule, action, subject| {
        create(&server, rule, action, subject)
    });
    let is_unknown = |outcome: &Result<(bool, String), ProviderError>| {
        matches!(outcome, Err(ProviderError::OutcomeUnknown { .. }))
    };
    assert_eq!(wrong(results, is_unknown), NONE);
}

/// What is found out about a rotation whose answer was lost.
fn find(
    server: &Server,
    rule: &'static Rule,
    action: &HttpAction,
    subject: &Subject,
) -> Result<String, ProviderError> {
    let base = endpoint(server, rule);
    let providers = providers(&[(rule.id.as_str(), &base)]);
    with(
        &providers,
        rule,
        subject,
        &operator(action),
        |provider, case| {
            provider
                .find_created(case, &creation())
                .map(|found| match found {
                    Created::No => "no".to_owned(),
                    Created::Whole(_) => "whole".to_owned(),
                    Created::Orphan(handle) => handle.0,
                })
        },
    )
}

/// The list of what exists, with one that has our label or with none.
fn listing(action: &HttpAction, made: bool) -> Reply {
    let issue = action.issue.as_ref().expect("what the answer says");
    let Some(list) = &issue.list else {
        return Reply::Nothing;
    };
    let item = |handle: &str, label: &str| {
        let mut item = Value::Null;
        // Where name and handle are one, the label is the handle.
        put(&mut item, &list.handle, Value::from(handle));
        put(&mut item, &list.label, Value::from(label));
        item
    };
    let mut items = vec![item("old-handle", "old-handle")];
    if made {
        items.push(item("lost-handle", LABEL));
    }
    let mut whole = Value::Null;
    put(&mut whole, &list.items, Value::from(items));
    json(200, &whole)
}

#[test]
fn a_successor_whose_value_was_lost_is_found_by_its_label() {
    for made in [true, false] {
        let server = played(Table::Rotate, move |_, action, _| listing(action, made));
        let mut count = 0;
        for rule in rules(Table::Rotate) {
            let action = action(rule, Table::Rotate).expect("an action");
            let issue = action.issue.as_ref().expect("what the answer says");
            if issue.old == Old::Dies || issue.list.is_none() {
                continue;
            }
            count += 1;
            let found = find(&server, rule, action, &credential(rule, action));
            let expected = if made {
                ["lost-handle", LABEL]
            } else {
                ["no"; 2]
            };
            assert!(
                matches!(&found, Ok(found) if expected.contains(&found.as_str())),
                "{}: {found:?}",
                rule.id
            );
        }
        assert!(count >= 35, "{count}");
    }
}

/// THE TRAP: a request that ends the old credential is not repeated to find out what became of it. Whether the old one still
/// works says it, and when it does not, a person has to make a new one.
#[test]
fn whether_a_rotation_happened_is_asked_with_the_old_credential_and_never_by_a_second_request() {
    for old_works in [true, false] {
        let server = Server::start(move |received| {
            let id = received.path.split('/').nth(1).unwrap_or_default();
            let rule = built_in().iter().find(|rule| rule.id.as_str() == id);
            let question = rule.and_then(|rule| match &rule.verify.as_ref()?.question {
                Question::Http(question) => Some(question),
                Question::Native(_) => None,
            });
            let question = question.expect("a question");
            let condition = if old_works {
                &question.live[0]
            } else {
                &question.dead[0]
            };
            Draft::of(condition).reply()
        });
        let mut count = 0;
        for rule in rules(Table::Rotate) {
            let action = action(rule, Table::Rotate).expect("an action");
            let issue = action.issue.as_ref().expect("what the answer says");
            let asks = rule
                .verify
                .as_ref()
                .is_some_and(|verify| matches!(verify.question, Question::Http(_)));
            if issue.old == Old::Stays || !asks {
                continue;
            }
            count += 1;
            let before = server.received().len();
            let found = find(&server, rule, action, &credential(rule, action));
            if old_works {
                assert!(
                    matches!(&found, Ok(found) if found == "no"),
                    "{}: {found:?}",
                    rule.id
                );
            } else {
                assert!(
                    matches!(&found, Err(ProviderError::Refused { what, .. }) if what.contains("by hand")),
                    "{}: {found:?}",
                    rule.id
                );
            }
            assert_eq!(server.received().len(), before + 1, "{}", rule.id);
        }
        assert!(count >= 10, "{count}");
    }
}

#[test]
fn a_successor_that_nobody_uses_is_taken_away() {
    for (status, is_right) in [(204, true), (404, true), (403, false), (500, false)] {
        let server = played(Table::Rotate, move |_, _, _| json(status, &Value::Null));
        for rule in rules(Table::Rotate) {
            let action = action(rule, Table::Rotate).expect("an action");
            let issue = action.issue.as_ref().expect("what the answer says");
            if issue.remove.is_none() {
                continue;
            }
            let base = endpoint(&server, rule);
            let providers = providers(&[(rule.id.as_str(), &base)]);
            let subject = credential(rule, action);
            let handle = Handle("lost-handle".to_owned());
            with(
                &providers,
                rule,
                &subject,
                &operator(action),
                |provider, case| {
                    let removed = provider.remove(case, &handle);
                    assert_eq!(removed.is_ok(), is_right, "{}: {removed:?}", rule.id);
                },
            );
        }
    }
}

#[test]
fn many_tokens_of_github_are_revoked_with_few_requests() {
    let server = played(Table::Revoke, |_, action, _| {
        Draft::of(&action.call.done[0]).reply()
    });
    let rule = crate::setup::rule("github-pat-classic");
    let base = endpoint(&server, &rule);
    let subjects: Vec<Subject> = (0..2_500)
        .map(|number| subject(&rule, &format!("token-{number:04}\"x"), &[]))
        .collect();
    let results =
        providers(&[(rule.id.as_str(), &base)]).revoke_batch(&rule, &subjects, &Identities::new());
    assert_eq!(results.len(), 2_500);
    assert!(results.iter().all(Result::is_ok));
    let received = server.received();
    let sizes: Vec<usize> = received
        .iter()
        .map(|received| {
            let body: Value = serde_json::from_str(&received.body).expect("JSON");
            body["credentials"].as_array().map_or(0, Vec::len)
        })
        .collect();
    assert_eq!(sizes, [1_000, 1_000, 500]);
    assert!(received[2].body.contains("token-2499\\\"x"));
    // GitHub refuses requests that are authenticated.
    assert!(
        !received[0]
            .headers
            .to_ascii_lowercase()
            .contains("authorization")
    );
}
