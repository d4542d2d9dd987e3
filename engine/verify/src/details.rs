//! What a live credential reaches: the lists that its rule names, read one after the other.
//!
//! Each is one GET, authenticated as the question is, to the same server. A list that cannot be read is told as such: a missing
//! right says something about the credential too.

use leakward_core::Reach;
use leakward_core::verification::{Body, Detail, HttpQuestion, Method};
use serde_json::Value;

use crate::answer::Answer;
use crate::scrub::harmless;
use crate::subject::Subject;

/// LIMIT: items of one list that are kept.
const MOST_ITEMS: usize = 100;

/// The question that reads a list.
pub(crate) fn question(question: &HttpQuestion, detail: &Detail) -> HttpQuestion {
    HttpQuestion {
        method: Method::Get,
        path: detail.path.clone(),
        body: Body::None,
        read_only: None,
        ..question.clone()
    }
}

/// What the answer lists.
pub(crate) fn read(detail: &Detail, answer: &Answer, subject: &Subject) -> Reach {
    let name = detail.name.to_string();
    let list = answer
        .json()
        .filter(|_| (200..300).contains(&answer.status))
        .and_then(|json| json.pointer(&detail.items).cloned());
    let Some(list) = list else {
        return Reach {
            name,
            items: Vec::new(),
            note: Some(format!("could not be read ({})", answer.status)),
        };
    };
    let values: Vec<Value> = match list {
        Value::Array(items) => items,
        Value::Object(fields) if detail.label.is_empty() => fields
            .into_iter()
            .map(|(key, _)| Value::from(key))
            .collect(),
        one => vec![one],
    };
    let label = |item: &Value| match item.pointer(&detail.label)? {
        Value::String(text) => harmless(text, subject),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    let count = values.len();
    let items: Vec<String> = values.iter().take(MOST_ITEMS).filter_map(label).collect();
    Reach {
        note: (count > MOST_ITEMS).then(|| format!("{} more", count - MOST_ITEMS)),
        name,
        items,
    }
}

#[cfg(test)]
mod tests {
    use leakward_core::{FingerprintKey, RuleId, Secret};

    use super::*;

    fn listed(items: &str, label: &str, status: u16, body: &str) -> (Vec<String>, Option<String>) {
        let detail = Detail {
            name: "things".into(),
            path: "/things".into(),
            items: items.to_owned().into(),
            label: label.to_owned().into(),
        };
        let rule = RuleId::from("r");
        let secret = Secret::new(b"the-credential-itself");
        let subject = Subject {
            fingerprint: FingerprintKey::default().fingerprint(&rule, &secret),
            rule,
            secret,
            values: Vec::new(),
        };
        let answer = Answer {
            status,
            body: body.as_bytes().to_vec(),
            ..Answer::default()
        };
        let reach = read(&detail, &answer, &subject);
        (reach.items, reach.note)
    }

    #[test]
    fn a_list_is_read_where_it_stands_and_what_is_not_there_is_told() {
        let texts = |items: &[&str]| {
            items
                .iter()
                .map(|item| (*item).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            listed("", "/n", 200, r#"[{"n":"a"},{"n":2},{}]"#),
            (texts(&["a", "2"]), None)
        );
        assert_eq!(
            listed("/d", "", 200, r#"{"d":["x","the-credential-itself"]}"#),
            (texts(&["x"]), None)
        );
        assert_eq!(
            listed("/d", "", 200, r#"{"d":{"k":1}}"#),
            (texts(&["k"]), None)
        );
        assert_eq!(
            listed("", "", 403, "[]").1.as_deref(),
            Some("could not be read (403)")
        );
        assert_eq!(
            listed("/x", "", 200, "[]").1.as_deref(),
            Some("could not be read (200)")
        );
    }
}
