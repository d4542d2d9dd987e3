//! One answer, read to its end.

use zeroize::Zeroizing;

use crate::exposed::Json;

/// One answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// Whether the status is one of 2xx.
    pub(crate) fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON, if it is.
    pub(crate) fn json(&self) -> Option<Json> {
        serde_json::from_slice(&self.body).ok().map(Json)
    }

    /// The body as a text, if it is.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.body).ok()
    }

    /// A word of the answer that says what went wrong, such as an error code: only if it is one plain word, so that no value can
    /// come along.
    pub(crate) fn code(&self, pointer: &str) -> Option<String> {
        let json = self.json()?;
        let word = json.text(pointer)?;
        let is_word = word.len() <= 80
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._#:/-".contains(&byte));
        is_word.then(|| word.rsplit('#').next().unwrap_or(word).to_owned())
    }
}
