//! One way to people: where it leads, and how a message is put there.
//!
//! INVARIANT: an error names a host, never a webhook's path, which is a credential. What other people wrote (names of files)
//! cannot become a mention, a link or markup there.

use aws_lc_rs::hmac;
use leakward_core::Secret;
use reqwest::blocking::{Client, RequestBuilder};
use serde_json::{Value, json};

use super::issue::{Issues, Tracker};
use super::mail::MailServer;
use super::message::Message;
use crate::audit::hex;

/// One way to people.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its name in the configuration.
    pub name: String,
    /// Which way.
    pub kind: ChannelKind,
}

/// Which way.
#[derive(Clone, Debug)]
pub enum ChannelKind {
    /// Slack's incoming webhook. The URL is a credential.
    Slack {
        /// The webhook.
        url: Secret,
    },
    /// Microsoft Teams, a workflow's webhook that takes adaptive cards. The URL is a credential.
    Teams {
        /// The webhook.
        url: Secret,
    },
    /// A server of your own: JSON, signed with HMAC-SHA-256 in `X-Leakward-Signature: sha256=…`.
    Webhook {
        /// Where to.
        url: Secret,
        /// What it is signed with.
        key: Secret,
    },
    /// E-mail.
    Mail(MailServer),
    /// An issue on GitHub.
    GithubIssue {
        /// The interface's address: `https://api.github.com`.
        api: String,
        /// `owner/name`.
        repository: String,
        /// A token that may write issues.
        token: Secret,
    },
    /// An issue on GitLab.
    GitlabIssue {
        /// The interface's address: `https://gitlab.com/api/v4`.
        api: String,
        /// The project's number or its path.
        project: String,
        /// A token that may write issues.
        token: Secret,
    },
}

/// What goes wrong on the way to people. Names hosts, never a webhook's path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// It is set up in a way that cannot work.
    #[error("{0}")]
    Setting(String),
    /// It was not taken.
    #[error("{host}: {why}")]
    Failed {
        /// Where to.
        host: String,
        /// What was said.
        why: String,
    },
    /// It takes no more for now.
    #[error("{host}: too many messages; it takes more in {seconds} s")]
    Busy {
        /// Where to.
        host: String,
        /// How long it wants to be left alone.
        seconds: u64,
    },
}

impl ChannelError {
    /// How long to wait at least before the next try, in seconds.
    pub(super) fn wait(&self) -> u64 {
        match self {
            Self::Busy { seconds, .. } => *seconds,
            Self::Setting(_) | Self::Failed { .. } => 0,
        }
    }

    pub(super) fn of_http(host: &str, error: &reqwest::Error) -> Self {
        let why = if error.is_timeout() {
            "no answer in time".to_owned()
        } else if error.is_connect() {
            "no connection".to_owned()
        } else {
            // reqwest's own words name the URL, which can be a credential.
            "the exchange broke off".to_owned()
        };
        Self::Failed {
            host: host.to_owned(),
            why,
        }
    }
}

impl Channel {
    /// Sends a message.
    pub(super) fn send(&self, client: &Client, message: &Message) -> Result<(), ChannelError> {
        let line = format!("{}: {}", message.urgency.as_str(), message.title);
        match &self.kind {
            ChannelKind::Slack { url } => {
                let body = json!({ "text": format!("*{}*\n{}", tame(&line), tame(&message.text)) });
                post(client, url, &body, |request| request)
            }
            ChannelKind::Teams { url } => {
                post(client, url, &card(&line, message), |request| request)
            }
            ChannelKind::Webhook { url, key } => {
                let body = json!(message);
                let signature = signature(key, body.to_string().as_bytes());
                post(client, url, &body, |request| {
                    request
                        .header("X-Leakward-Signature", signature)
                        .header("X-Leakward-Delivery", &message.name)
                })
            }
            ChannelKind::Mail(server) => server.send(message),
            ChannelKind::GithubIssue {
                api,
                repository,
                token,
            } => {
                let tracker = Tracker::Github { api, repository };
                issues(client, tracker, token).send(message)
            }
            ChannelKind::GitlabIssue {
                api,
                project,
                token,
            } => {
                let tracker = Tracker::Gitlab { api, project };
                issues(client, tracker, token).send(message)
            }
        }
    }
}

fn issues<'a>(client: &'a Client, tracker: Tracker<'a>, token: &'a Secret) -> Issues<'a> {
    Issues {
        client,
        tracker,
        token,
    }
}

/// Slack's three signs with a meaning, as it wants them written
/// (<https://api.slack.com/reference/surfaces/formatting#escaping>).
fn tame(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Without the signs of which a card makes links.
fn plain(text: &str) -> String {
    text.replace('[', "\\[").replace(']', "\\]")
}

/// Teams' adaptive card.
fn card(line: &str, message: &Message) -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": [
                    { "type": "TextBlock", "weight": "Bolder", "wrap": true, "text": plain(line) },
                    { "type": "TextBlock", "wrap": true, "text": plain(&message.text) },
                ],
            },
        }],
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the channel's own address is where the message is sent"
)]
fn post(
    client: &Client,
    url: &Secret,
    body: &Value,
    more: impl FnOnce(RequestBuilder) -> RequestBuilder,
) -> Result<(), ChannelError> {
    let text = std::str::from_utf8(url.expose())
        .map_err(|_| ChannelError::Setting("a channel's address is no text".to_owned()))?;
    let host = host_of(text);
    let request = client
        .post(text)
        .header("Content-Type", "application/json")
        .body(body.to_string());
    let answer = more(request)
        .send()
        .map_err(|error| ChannelError::of_http(&host, &error))?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(refused(&host, &answer))
}

/// What an answer that is no success says.
pub(super) fn refused(host: &str, answer: &reqwest::blocking::Response) -> ChannelError {
    let status = answer.status().as_u16();
    let wait = answer
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    match (status, wait) {
        (429 | 403 | 503, Some(seconds)) => ChannelError::Busy {
            host: host.to_owned(),
            seconds,
        },
        _ => ChannelError::Failed {
            host: host.to_owned(),
            why: format!("it answered {status}"),
        },
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the token is sent to the interface that it is for"
)]
pub(super) fn bearer(request: RequestBuilder, token: &Secret) -> RequestBuilder {
    request.bearer_auth(String::from_utf8_lossy(token.expose()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the message is signed with the key"
)]
fn signature(key: &Secret, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
    format!("sha256={}", hex(hmac::sign(&key, body).as_ref()))
}

pub(super) fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default().to_owned()
}
