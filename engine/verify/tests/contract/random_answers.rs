//! Random answers to every definition: a verdict other than Unknown only where the definition lists that very answer.

use leakward_core::Verdict;
use leakward_core::verification::{Condition, HttpQuestion, Question, Test};
use leakward_rules::built_in;
use leakward_verify::{Answer, judge};
use proptest::prelude::*;
use serde_json::Value;

use crate::answers::put;

fn questions() -> Vec<&'static HttpQuestion> {
    built_in()
        .iter()
        .filter_map(|rule| match &rule.verify.as_ref()?.question {
            Question::Http(question) => Some(&**question),
            Question::Native(_) => None,
        })
        .collect()
}

/// Statuses, those that mean something more often.
fn status() -> impl Strategy<Value = u16> {
    prop_oneof![
        4 => prop::sample::select(vec![200u16, 201, 204, 301, 302, 400, 401, 403, 404, 410, 429, 500, 503]),
        1 => 100u16..600,
    ]
}

/// Bodies: nothing, a page, noise, or JSON with some of the things that definitions look for.
fn body(wanted: Vec<Test>) -> impl Strategy<Value = Vec<u8>> {
    let some = prop::collection::vec(any::<prop::sample::Index>(), 0..4);
    let values = prop_oneof![
        Just(Value::Null),
        Just(Value::Bool(false)),
        Just(Value::Bool(true)),
        Just(Value::from(0)),
        Just(Value::from("")),
        Just(Value::from("x")),
        Just(Value::Array(Vec::new())),
    ];
    let json = (some, values, any::<bool>()).prop_map(move |(picked, other, exactly)| {
        let mut json = Value::Object(serde_json::Map::new());
        let mut text = String::new();
        for index in picked {
            if wanted.is_empty() {
                break;
            }
            match index.get(&wanted) {
                Test::Present(pointer) => put(&mut json, pointer, other.clone()),
                Test::Equals(pointer, value) if exactly => {
                    put(&mut json, pointer, Value::from(&**value));
                }
                Test::Equals(pointer, _) => put(&mut json, pointer, other.clone()),
                Test::Contains(part) => text.push_str(part),
                Test::Header(_) | Test::HeaderEquals(..) => {}
            }
        }
        if json.is_object() && !text.is_empty() {
            put(&mut json, "/more", Value::from(text));
        }
        json.to_string().into_bytes()
    });
    prop_oneof![
        1 => Just(Vec::new()),
        1 => Just(b"<!doctype html><html><body>Access denied</body></html>".to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..64),
        4 => json,
    ]
}

/// Reads a condition again, in its own plain way.
fn is_listed(conditions: &[Condition], answer: &Answer) -> bool {
    let json: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    conditions.iter().any(|condition| {
        let at = |pointer: &str| {
            json.as_ref()
                .and_then(|json| json.pointer(pointer).cloned())
        };
        answer.status >= condition.status.0
            && answer.status <= condition.status.1
            && condition.tests.iter().all(|test| match test {
                Test::Present(pointer) => at(pointer)
                    .is_some_and(|value| value != Value::Null && value != Value::Bool(false)),
                Test::Equals(pointer, value) => at(pointer).is_some_and(|found| {
                    found
                        .as_str()
                        .map_or_else(|| found.to_string(), str::to_owned)
                        == **value
                }),
                Test::Contains(part) => text.contains(&**part),
                Test::Header(name) => answer.header(name).is_some(),
                Test::HeaderEquals(name, value) => answer.header(name) == Some(&**value),
            })
    })
}

fn case() -> impl Strategy<Value = (&'static HttpQuestion, Answer)> {
    prop::sample::select(questions()).prop_flat_map(|question| {
        let wanted: Vec<Test> = question
            .live
            .iter()
            .chain(question.dead.iter())
            .flat_map(|condition| condition.tests.iter().cloned())
            .collect();
        let kinds = prop::sample::select(vec![
            "",
            "application/json",
            "text/html; charset=utf-8",
            "text/plain",
        ]);
        (status(), body(wanted), kinds, any::<bool>()).prop_map(
            move |(status, body, kind, is_cut)| {
                let headers = if kind.is_empty() {
                    Vec::new()
                } else {
                    vec![("content-type".to_owned(), kind.to_owned())]
                };
                (
                    question,
                    Answer {
                        status,
                        headers,
                        body,
                        is_cut,
                    },
                )
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn nothing_is_known_that_the_definition_does_not_list((question, answer) in case()) {
        let verdict = judge(question, &answer).verdict;
        let (live, dead) = (is_listed(&question.live, &answer), is_listed(&question.dead, &answer));
        match verdict {
            Verdict::Live => prop_assert!(live && !dead),
            Verdict::Dead => prop_assert!(dead && !live),
            Verdict::Unknown(_) => {}
            Verdict::NotChecked => prop_assert!(false, "an answer was judged and is not checked"),
        }
        let proves_nothing = (300..400).contains(&answer.status) || [429, 503].contains(&answer.status);
        if proves_nothing {
            prop_assert!(matches!(judge(question, &answer).verdict, Verdict::Unknown(_)));
        }
        if answer.is_cut {
            prop_assert!(matches!(judge(question, &answer).verdict, Verdict::Unknown(_)));
        }
        let is_page = answer.header("content-type").is_some_and(|kind| kind.contains("html"));
        let is_bare = question.live.iter().all(|condition| condition.tests.is_empty());
        if is_page && is_bare && answer.status < 300 {
            prop_assert!(judge(question, &answer).verdict != Verdict::Live);
        }
    }
}
