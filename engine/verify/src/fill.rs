//! Puts values into templates, each written so that it stays one value where it is put.
//!
//! INVARIANT: a value cannot leave its place: in a path it is percent-encoded, in JSON escaped, in a header it has no control
//! characters, and in a host it is one label.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::Secret;
use leakward_core::placeholder::{Part, parts};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use crate::plan::NotAsked;
use crate::subject::Subject;

/// Where a template's text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// Path or query.
    Url,
    /// A header's value.
    Header,
    /// A form's value.
    Form,
    /// Inside of a JSON string.
    Json,
    /// `user:password`, before it is encoded.
    Pair,
    /// A label of a host name.
    Host,
}

/// What may stand in a URL as it is; RFC 3986's unreserved characters.
pub(crate) const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The template with its values.
pub(crate) fn fill(template: &str, place: Where, subject: &Subject) -> Result<Secret, NotAsked> {
    let mut text = Zeroizing::new(String::with_capacity(
        template.len() + subject.secret.len() * 3,
    ));
    for part in parts(template) {
        match part {
            Part::Text(same) => text.push_str(same),
            Part::Value {
                name,
                change,
                written,
            } => match value(name, subject) {
                Some(value) => {
                    let changed = changed(&value, change, name)?;
                    if change == "json" && place == Where::Json {
                        text.push_str(&changed);
                    } else {
                        text.push_str(&encoded(&changed, place, name)?);
                    }
                }
                // Braces with a word in them are usual in JSON: a query of GraphQL.
                None if place == Where::Json => text.push_str(written),
                None => return Err(NotAsked::NeedsValue(name.to_owned())),
            },
        }
    }
    Ok(Secret::new(text.as_bytes()))
}

/// The value of that name as text.
pub(crate) fn value(name: &str, subject: &Subject) -> Option<Zeroizing<String>> {
    text(if name == "secret" {
        &subject.secret
    } else {
        &subject.value(name)?.secret
    })
}

/// A value as text.
#[expect(
    clippy::disallowed_methods,
    reason = "the credential is put into the question that verifies it"
)]
pub(crate) fn text(secret: &Secret) -> Option<Zeroizing<String>> {
    // What is no text cannot be sent in a URL or a header; the caller then says that the value is missing.
    let text = std::str::from_utf8(secret.expose()).ok()?;
    Some(Zeroizing::new(text.trim().to_owned()))
}

/// What the template asks to be done with a value.
fn changed(value: &str, change: &str, name: &str) -> Result<Zeroizing<String>, NotAsked> {
    let unfit = || NotAsked::UnfitValue(name.to_owned());
    let made = match change {
        "" => value.to_owned(),
        "base64" => STANDARD.encode(value),
        "before-colon" => value.split_once(':').ok_or_else(unfit)?.0.to_owned(),
        "after-colon" => value.split_once(':').ok_or_else(unfit)?.1.to_owned(),
        "after-equals" => value.split_once('=').ok_or_else(unfit)?.1.to_owned(),
        "after-dash" => value.rsplit_once('-').ok_or_else(unfit)?.1.to_owned(),
        "before-dash" => value.split_once('-').ok_or_else(unfit)?.0.to_owned(),
        "third-dash-part" => value.split('-').nth(2).ok_or_else(unfit)?.to_owned(),
        "between-dots" => value.split('.').nth(1).ok_or_else(unfit)?.to_owned(),
        "before-last-dot" => value.rsplit_once('.').ok_or_else(unfit)?.0.to_owned(),
        "last-4" => {
            let start = value.len().checked_sub(4).ok_or_else(unfit)?;
            value.get(start..).ok_or_else(unfit)?.to_owned()
        }
        "as-path" => format!("/{}", value.trim_start_matches('/')),
        // Only what is JSON can stand for itself in JSON.
        "json" => serde_json::from_str::<serde_json::Value>(value)
            .map_err(|_| unfit())?
            .to_string(),
        "url-path" => {
            let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
            let (_, path) = rest.split_once('/').ok_or_else(unfit)?;
            format!("/{path}")
        }
        _ => return Err(unfit()),
    };
    Ok(Zeroizing::new(made))
}

fn encoded(value: &str, place: Where, name: &str) -> Result<Zeroizing<String>, NotAsked> {
    let unfit = || NotAsked::UnfitValue(name.to_owned());
    let made = match place {
        // A credential that is a whole URL brings its path along, with its slashes.
        Where::Url if value.starts_with('/') && is_url_path(value) => value.to_owned(),
        Where::Url | Where::Form => utf8_percent_encode(value, KEPT).to_string(),
        Where::Json => {
            let quoted = Zeroizing::new(serde_json::Value::from(value).to_string());
            quoted.strip_prefix('"').unwrap_or_default().to_owned()
        }
        Where::Header | Where::Pair => {
            let is_fit = !value.is_empty() && value.bytes().all(|b| (0x20..0x7f).contains(&b));
            is_fit.then(|| value.to_owned()).ok_or_else(unfit)?
        }
        Where::Host => is_label(value)
            .then(|| value.to_owned())
            .ok_or_else(unfit)?,
    };
    if place == Where::Json {
        // The quote that closes the string is the template's.
        let inner = made.get(..made.len().saturating_sub(1)).unwrap_or_default();
        return Ok(Zeroizing::new(inner.to_owned()));
    }
    Ok(Zeroizing::new(made))
}

fn is_url_path(value: &str) -> bool {
    !value.contains("..")
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/-._~%?=&+@:".contains(&b))
}

pub(crate) fn is_label(value: &str) -> bool {
    (1..=63).contains(&value.len())
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "tests look at what would be sent"
)]
mod tests {
    use leakward_core::{FingerprintKey, RuleId};

    use super::*;
    use crate::subject::{Value, ValueSource};

    fn subject(secret: &str, values: &[(&str, &str)]) -> Subject {
        let rule = RuleId::from("rule");
        let secret = Secret::new(secret.as_bytes());
        Subject {
            fingerprint: FingerprintKey::default().fingerprint(&rule, &secret),
            rule,
            secret,
            values: values
                .iter()
                .map(|(name, value)| Value {
                    name: (*name).to_owned(),
                    secret: Secret::new(value.as_bytes()),
                    source: ValueSource::Found,
                })
                .collect(),
        }
    }

    fn filled(template: &str, place: Where, secret: &str) -> Result<String, NotAsked> {
        fill(
            template,
            place,
            &subject(secret, &[("id", "me"), ("evil", "a.b/c")]),
        )
        .map(|text| String::from_utf8_lossy(text.expose()).into_owned())
    }

    #[test]
    fn a_value_stays_one_value_where_it_is_put() {
        for (template, place, secret, expected) in [
            (
                "/k/{secret}?a={id}",
                Where::Url,
                "a/b?c&d #é",
                "/k/a%2Fb%3Fc%26d%20%23%C3%A9?a=me",
            ),
            ("t={secret}", Where::Form, "a&b=c+d", "t=a%26b%3Dc%2Bd"),
            (
                r#"{"k":"{secret}","q":"{me{x}}"}"#,
                Where::Json,
                "a\"b\\\nc",
                r#"{"k":"a\"b\\\nc","q":"{me{x}}"}"#,
            ),
            ("{id}:{secret}", Where::Pair, "p:w", "me:p:w"),
            ("Basic {secret:base64}", Where::Header, "a:b", "Basic YTpi"),
            ("{secret:after-dash}", Where::Host, "abc-us21", "us21"),
            (
                "{secret:url-path}",
                Where::Url,
                "https://hooks.acme.dev/a/B1?c=d",
                "/a/B1?c=d",
            ),
        ] {
            assert_eq!(
                filled(template, place, secret).as_deref(),
                Ok(expected),
                "{template}"
            );
        }
    }

    #[test]
    fn a_value_that_would_break_out_is_refused() {
        for (template, place, secret) in [
            ("{secret}", Where::Header, "a\r\nHost: b"),
            ("{evil}", Where::Host, "x"),
            ("{secret}", Where::Host, "evil.example"),
            ("{nobody}", Where::Url, "x"),
            ("{secret:before-colon}", Where::Pair, "none"),
        ] {
            assert!(
                filled(template, place, secret).is_err(),
                "{template} {secret}"
            );
        }
        assert_eq!(
            filled("{secret:url-path}", Where::Url, "https://h/../x").as_deref(),
            Ok("%2F..%2Fx"),
        );
    }
}
