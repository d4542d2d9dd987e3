//! What a server answered, as far as it was read.

use serde_json::Value;

/// What a server answered.
#[derive(Clone, Default)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case, and values; those that are not text are left out.
    pub headers: Vec<(String, String)>,
    /// The body, up to the limit.
    pub body: Vec<u8>,
    /// Whether there was more than the limit.
    pub is_cut: bool,
}

impl Answer {
    /// The first value of a header; `name` in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON, when it is all there and is JSON.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        if self.is_cut {
            return None;
        }
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether it is a page for people: a firewall's, a proxy's, a login form.
    #[must_use]
    pub fn is_web_page(&self) -> bool {
        let says_so = self
            .header("content-type")
            .is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
        let start = self.body.trim_ascii_start();
        let begins_with = |mark: &[u8]| {
            start
                .get(..mark.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(mark))
        };
        says_so || begins_with(b"<!doctype html") || begins_with(b"<html")
    }

    /// Whether the body contains a text.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        let text = text.as_bytes();
        !text.is_empty() && self.body.windows(text.len()).any(|window| window == text)
    }
}

impl std::fmt::Debug for Answer {
    /// Without the body and the values of headers, in which a server may repeat the credential.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({}, {} bytes)", self.status, self.body.len())
    }
}
