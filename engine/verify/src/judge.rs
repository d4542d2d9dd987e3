//! What an answer means.
//!
//! INVARIANT: Live and Dead come only from a condition that the definition lists. An answer that fits both, that is a web page,
//! that was cut, or that contradicts itself is unknown.

use leakward_core::Verdict;
use leakward_core::verification::{Condition, HttpQuestion, Test};
use serde_json::Value;

use crate::answer::Answer;

/// A verdict and what it rests on, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// One sentence.
    pub summary: String,
}

impl Judgement {
    pub(crate) fn unknown(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            verdict: Verdict::unknown(reason.clone()),
            summary: reason,
        }
    }
}

/// What `answer` means for whoever asked `question`.
#[must_use]
pub fn judge(question: &HttpQuestion, answer: &Answer) -> Judgement {
    let json = answer.json();
    let holds = |conditions: &[Condition]| {
        conditions
            .iter()
            .any(|condition| is_met(condition, answer, json.as_ref()))
    };
    let status = answer.status;
    match (holds(&question.live), holds(&question.dead)) {
        (true, false) => Judgement {
            verdict: Verdict::Live,
            summary: format!("accepted ({status})"),
        },
        (false, true) => Judgement {
            verdict: Verdict::Dead,
            summary: format!("refused as invalid ({status})"),
        },
        (true, true) => Judgement::unknown(format!(
            "the answer ({status}) says both that it works and that it does not"
        )),
        (false, false) => Judgement::unknown(unclear(answer)),
    }
}

/// Whether an answer is one of these.
#[must_use]
pub fn meets(conditions: &[Condition], answer: &Answer) -> bool {
    let json = answer.json();
    conditions
        .iter()
        .any(|condition| is_met(condition, answer, json.as_ref()))
}

/// Why an answer proves nothing.
fn unclear(answer: &Answer) -> String {
    let status = answer.status;
    let what = match status {
        _ if answer.is_cut => "more was answered than is read",
        200..300 if answer.is_web_page() => "a web page answered in the interface's place",
        200..300 => "the answer does not say whether it works",
        300..=399 => "the server redirects, which is not followed",
        401 => "refused, but not in the words that mean an invalid credential",
        403 => "refused: rights, a rate limit, a firewall or a dead credential all look so",
        404 => "nothing is there",
        407 => "the proxy wants a password",
        429 => "the server asks for patience",
        500..=599 => "the server failed",
        _ => "the answer proves nothing",
    };
    format!("{what} ({status})")
}

fn is_met(condition: &Condition, answer: &Answer, json: Option<&Value>) -> bool {
    let (first, last) = condition.status;
    let has_status = (first..=last).contains(&answer.status);
    // What was cut off may say the opposite.
    has_status
        && !answer.is_cut
        && condition
            .tests
            .iter()
            .all(|test| passes(test, answer, json))
        && (!condition.tests.is_empty() || is_plain_proof(answer, json))
}

/// Whether a bare status counts: not on a page for people, which a firewall or a proxy wrote, and not when the body says
/// the opposite, as interfaces do that answer 200 to everything.
fn is_plain_proof(answer: &Answer, json: Option<&Value>) -> bool {
    match answer.status {
        200..300 => !answer.is_web_page() && !json.is_some_and(speaks_of_failure),
        // A page in answer to a missing login is a proxy's, unless it is HTTP's own way of asking for one.
        _ => !answer.is_web_page() || answer.header("www-authenticate").is_some(),
    }
}

/// Whether a JSON object says that something went wrong, in one of the usual ways.
fn speaks_of_failure(json: &Value) -> bool {
    let Some(object) = json.as_object() else {
        return false;
    };
    let is_something = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Number(number) => number.as_i64() != Some(0),
        Value::Bool(true) => true,
    };
    let is_word = |value: &Value, words: &[&str]| {
        value
            .as_str()
            .is_some_and(|text| words.iter().any(|word| text.eq_ignore_ascii_case(word)))
    };
    object
        .iter()
        .any(|(key, value)| match key.to_ascii_lowercase().as_str() {
            "error" | "errors" | "err" | "error_code" | "errorcode" | "error_message"
            | "errormessage" | "errcode" | "fault" => is_something(value),
            "success" | "ok" | "valid" | "authenticated" => {
                *value == Value::Bool(false)
                    || is_word(value, &["false", "no"])
                    || value.as_i64() == Some(0)
            }
            "status" | "result" | "code" | "statuscode" | "status_code" => {
                is_word(
                    value,
                    &[
                        "error",
                        "err",
                        "fail",
                        "failed",
                        "failure",
                        "unauthorized",
                        "invalid",
                        "denied",
                        "nok",
                    ],
                ) || value.as_i64().is_some_and(|code| code >= 400)
            }
            _ => false,
        })
}

fn passes(test: &Test, answer: &Answer, json: Option<&Value>) -> bool {
    match test {
        Test::Present(pointer) => json
            .and_then(|json| json.pointer(pointer))
            .is_some_and(|value| !matches!(value, Value::Null | Value::Bool(false))),
        Test::Equals(pointer, expected) => json
            .and_then(|json| json.pointer(pointer))
            .is_some_and(|value| equals(value, expected)),
        Test::Contains(text) => answer.contains(text),
        Test::Header(name) => answer.header(name).is_some(),
        Test::HeaderEquals(name, expected) => answer
            .header(name)
            .is_some_and(|value| value.eq_ignore_ascii_case(expected)),
    }
}

fn equals(value: &Value, expected: &str) -> bool {
    match value {
        Value::String(text) => text == expected,
        Value::Null => expected == "null",
        Value::Bool(flag) => expected == if *flag { "true" } else { "false" },
        Value::Number(number) => {
            let written = number.to_string();
            written == expected
        }
        Value::Array(_) | Value::Object(_) => false,
    }
}
