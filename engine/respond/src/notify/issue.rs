//! Issues on GitHub and GitLab: one for each credential; what comes later is a comment there.
//!
//! <https://docs.github.com/en/rest/issues/issues>, <https://docs.gitlab.com/api/issues/>. An issue or a comment carries a
//! mark, so that one whose answer was lost is found and not written twice. The mark is sealed with the token: nobody else can
//! plant an issue that keeps ours from being written. GitLab's are confidential; GitHub has no such thing.
//!
//! LIMIT: of GitHub's issues the hundred that changed last are looked through, and of an issue a hundred comments.

use std::io::Read as _;

use aws_lc_rs::hmac;
use leakward_core::Secret;
use reqwest::blocking::{Client, RequestBuilder};
use serde_json::{Value, json};

use super::channel::{ChannelError, bearer, host_of, refused};
use super::message::Message;
use crate::audit::hex;

/// LIMIT: bytes of an answer.
const LARGEST: u64 = 16 << 20;

/// Where issues are kept.
pub(super) enum Tracker<'a> {
    Github { api: &'a str, repository: &'a str },
    Gitlab { api: &'a str, project: &'a str },
}

/// An issue that is there.
struct Issue {
    number: u64,
    body: String,
}

/// A tracker with a way to it.
pub(super) struct Issues<'a> {
    pub(super) client: &'a Client,
    pub(super) tracker: Tracker<'a>,
    pub(super) token: &'a Secret,
}

impl Issues<'_> {
    /// Writes the message into the issue of its credential, unless it is there.
    pub(super) fn send(&self, message: &Message) -> Result<(), ChannelError> {
        let of_incident = self.mark(&message.fingerprint.to_string());
        let of_message = self.mark(&message.name);
        let title = format!("{}: {}", message.urgency.as_str(), message.title);
        let text = tame(&message.text);
        let Some(issue) = self.find(&of_incident)? else {
            let body = format!("{text}\n\n<!-- {of_incident} {of_message} -->\n");
            return self.write("", &title, &body);
        };
        if issue.body.contains(&of_message) || self.has_comment(&issue, &of_message)? {
            return Ok(());
        }
        let body = format!("**{title}**\n\n{text}\n\n<!-- {of_message} -->\n");
        self.write(&format!("/{}/{}", issue.number, self.comments()), "", &body)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the mark is sealed with the token, so that only its owner can make it"
    )]
    fn mark(&self, name: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.token.expose());
        let seal = hex(hmac::sign(&key, name.as_bytes()).as_ref());
        format!("leakward-{}", seal.get(..32).unwrap_or_default())
    }

    fn base(&self) -> String {
        match &self.tracker {
            Tracker::Github { api, repository } => format!("{api}/repos/{repository}/issues"),
            Tracker::Gitlab { api, project } => {
                format!("{api}/projects/{}/issues", project.replace('/', "%2F"))
            }
        }
    }

    fn comments(&self) -> &'static str {
        match self.tracker {
            Tracker::Github { .. } => "comments",
            Tracker::Gitlab { .. } => "notes",
        }
    }

    fn find(&self, mark: &str) -> Result<Option<Issue>, ChannelError> {
        let (query, number, body) = match self.tracker {
            Tracker::Github { .. } => (
                "state=all&sort=updated&direction=desc&per_page=100".to_owned(),
                "number",
                "body",
            ),
            Tracker::Gitlab { .. } => (
                format!("scope=all&in=description&search={mark}&per_page=100"),
                "iid",
                "description",
            ),
        };
        let found = self.get(&format!("{}?{query}", self.base()))?;
        let issues = found.as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(issues.iter().find_map(|issue| {
            let body = issue[body].as_str().filter(|text| text.contains(mark))?;
            Some(Issue {
                number: issue[number].as_u64()?,
                body: body.to_owned(),
            })
        }))
    }

    fn has_comment(&self, issue: &Issue, mark: &str) -> Result<bool, ChannelError> {
        let (base, comments) = (self.base(), self.comments());
        let found = self.get(&format!("{base}/{}/{comments}?per_page=100", issue.number))?;
        let comments = found.as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(comments.iter().any(|comment| {
            comment["body"]
                .as_str()
                .is_some_and(|text| text.contains(mark))
        }))
    }

    /// A new issue, or a comment where `below` names one.
    fn write(&self, below: &str, title: &str, body: &str) -> Result<(), ChannelError> {
        let content = match (&self.tracker, below) {
            (_, below) if !below.is_empty() => json!({ "body": body }),
            (Tracker::Github { .. }, _) => json!({ "title": title, "body": body }),
            (Tracker::Gitlab { .. }, _) => {
                json!({ "title": title, "description": body, "confidential": true })
            }
        };
        let url = format!("{}{below}", self.base());
        let request = self
            .client
            .post(&url)
            .header("Content-Type", "application/json")
            .body(content.to_string());
        self.exchange(&url, request).map(drop)
    }

    fn get(&self, url: &str) -> Result<Value, ChannelError> {
        self.exchange(url, self.client.get(url))
    }

    fn exchange(&self, url: &str, request: RequestBuilder) -> Result<Value, ChannelError> {
        let host = host_of(url);
        let request = match self.tracker {
            Tracker::Github { .. } => request.header("Accept", "application/vnd.github+json"),
            Tracker::Gitlab { .. } => request,
        };
        let answer = bearer(request, self.token)
            .send()
            .map_err(|error| ChannelError::of_http(&host, &error))?;
        if !answer.status().is_success() {
            return Err(refused(&host, &answer));
        }
        let mut bytes = Vec::new();
        answer
            .take(LARGEST)
            .read_to_end(&mut bytes)
            .ok()
            .and_then(|_| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| ChannelError::Failed {
                host,
                why: "its answer is no JSON".to_owned(),
            })
    }
}

/// The text without what a tracker would take for a mention, a reference or HTML: names of files are other people's words.
fn tame(text: &str) -> String {
    let mut tame = String::new();
    for character in text.chars() {
        match character {
            '<' => tame.push_str("&lt;"),
            '@' | '#' => {
                tame.push(character);
                // Stands between the sign and the word, and is not seen.
                tame.push('\u{200b}');
            }
            other => tame.push(other),
        }
    }
    tame
}
