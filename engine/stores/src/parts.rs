//! What can lie inside of a stored value: the password of a URL, the values of a piece of JSON.
//!
//! A leak seldom looks exactly like what the store holds: the code has the password, the store the whole connection URL, or the
//! other way round. So a value is known by its parts as well, and a new part can be put where the old one was.

use std::fmt;
use std::str::FromStr;

use leakward_core::Secret;
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use crate::document::{fields_of_payload, payload_with};
use crate::exposed::{bytes, secret, text};

/// LIMIT: a value with fewer bytes is no credential that could be told from others: `true`, `5432`, `prod`.
const SHORTEST: usize = 6;

/// LIMIT: parts of one value.
const MOST: usize = 256;

/// Which part of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// All of it.
    Whole,
    /// The password of the URL that it is.
    UrlPassword,
    /// A value of the JSON that it is, by its name in it.
    Inside(String),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("whole"),
            Self::UrlPassword => f.write_str("password of the URL"),
            Self::Inside(name) => write!(f, "in JSON: {name}"),
        }
    }
}

/// A text that names no part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no part of a value")]
pub struct NoPart(String);

impl FromStr for Part {
    type Err = NoPart;

    fn from_str(text: &str) -> Result<Self, NoPart> {
        match text {
            "whole" => Ok(Self::Whole),
            "password of the URL" => Ok(Self::UrlPassword),
            other => match other.strip_prefix("in JSON: ") {
                Some(name) => Ok(Self::Inside(name.to_owned())),
                None => Err(NoPart(other.to_owned())),
            },
        }
    }
}

/// The parts of a value that are worth knowing it by.
#[must_use]
pub fn parts(value: &Secret) -> Vec<(Part, Secret)> {
    let whole = bytes(value).trim_ascii();
    let mut found = vec![(Part::Whole, Secret::new(whole))];
    if let Some(url) = text(value).and_then(Url::parse) {
        found.push((Part::UrlPassword, url.decoded()));
    }
    let inside = fields_of_payload(whole);
    if !inside.contains_key("") {
        found.extend(
            inside
                .into_iter()
                .map(|(name, value)| (Part::Inside(name), value)),
        );
    }
    found.retain(|(_, value)| value.len() >= SHORTEST);
    found.truncate(MOST);
    found
}

/// The value with another part; none when it has no such part.
#[must_use]
pub fn with_part(value: &Secret, part: &Part, new: &Secret) -> Option<Secret> {
    match part {
        Part::Whole => Some(new.clone()),
        Part::UrlPassword => {
            let url = Url::parse(text(value)?)?;
            let password = crate::http::segment(text(new)?);
            let made = Zeroizing::new(format!("{}{password}{}", url.before, url.after));
            Some(secret(&made))
        }
        Part::Inside(name) => {
            let mut fields = fields_of_payload(bytes(value));
            *fields.get_mut(name)? = new.clone();
            let made = payload_with(Some(bytes(value)), &fields).ok()?;
            Some(Secret::new(&made))
        }
    }
}

/// A URL with a password.
struct Url<'t> {
    before: &'t str,
    password: &'t str,
    after: &'t str,
}

impl<'t> Url<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let scheme_end = text.find("://")? + 3;
        let scheme = text.get(..scheme_end - 3)?;
        let is_scheme = !scheme.is_empty()
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte));
        let rest = text.get(scheme_end..)?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let user_end = authority.rfind('@')?;
        let colon = authority.get(..user_end)?.find(':')?;
        let (start, end) = (scheme_end + colon + 1, scheme_end + user_end);
        let url = Self {
            before: text.get(..start)?,
            password: text.get(start..end)?,
            after: text.get(end..)?,
        };
        (is_scheme && !url.password.is_empty()).then_some(url)
    }

    fn decoded(&self) -> Secret {
        let decoded = Zeroizing::new(percent_decode_str(self.password).collect::<Vec<u8>>());
        Secret::new(&decoded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(value: &str) -> Vec<String> {
        parts(&secret(value))
            .iter()
            .map(|(part, value)| format!("{part}={}", text(value).expect("a text")))
            .collect()
    }

    #[test]
    fn a_value_is_known_by_its_parts() {
        assert_eq!(named("a-password\n"), ["whole=a-password"]);
        let (scheme, rest) = ("postgres", "db.corp:5432/app?x=y");
        let url = format!("{scheme}://app:p%40ss-word@{rest}");
        assert_eq!(
            named(&url),
            [
                format!("whole={url}"),
                "password of the URL=p@ss-word".to_owned()
            ]
        );
        let json = r#"{"auths":{"r.io":{"auth":"dXNlcjp4"}},"n":1}"#;
        assert_eq!(
            named(json),
            [
                format!("whole={json}"),
                "in JSON: /auths/r.io/auth=dXNlcjp4".to_owned()
            ]
        );
        assert!(named("5432").is_empty());
    }

    #[test]
    fn a_new_part_stands_where_the_old_one_was() {
        let url = format!("{}://app:{}@h/d", "mysql", "old-one");
        let made = with_part(&secret(&url), &Part::UrlPassword, &secret("n/w:@")).expect("made");
        assert_eq!(text(&made), Some("mysql://app:n%2Fw%3A%40@h/d"));
        let made = with_part(
            &secret(r#"{"a":{"b":"old-one"},"n":1}"#),
            &Part::Inside("/a/b".to_owned()),
            &secret("new"),
        );
        assert_eq!(
            made.as_ref().and_then(text),
            Some(r#"{"a":{"b":"new"},"n":1}"#)
        );
        assert!(with_part(&secret("plain"), &Part::UrlPassword, &secret("x")).is_none());
    }

    #[test]
    fn a_part_reads_back_what_it_prints() {
        for part in [
            Part::Whole,
            Part::UrlPassword,
            Part::Inside("/a/b".to_owned()),
        ] {
            assert_eq!(part.to_string().parse(), Ok(part));
        }
    }
}
