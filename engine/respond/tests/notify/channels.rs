//! Slack, Teams, a signed webhook, issues on GitHub and GitLab: what arrives, how often, and what it says.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::hmac;
use leakward_core::Secret;
use leakward_respond::notify::ChannelKind;
use serde_json::{Value, json};

use crate::played::{self, Received, Reply, Server};
use crate::setup::{Desk, credential, message};

const KEY: &[u8] = b"the key of the tests";

/// Loses the first answer, fails the second time, is busy the third time, and then says yes.
fn hard_of_hearing() -> Server {
    let count = AtomicUsize::new(0);
    Server::start(
        move |_: &Received| match count.fetch_add(1, Ordering::SeqCst) {
            0 => Reply::Nothing,
            1 => played::json(500, &json!({})),
            2 => Reply::Answer(
                429,
                vec![("retry-after".to_owned(), "400".to_owned())],
                String::new(),
            ),
            _ => played::json(200, &json!({})),
        },
    )
}

fn hooks(base: &str) -> [(&'static str, ChannelKind); 3] {
    let url = |path: &str| Secret::new(format!("{base}/{path}").as_bytes());
    [
        (
            "slack",
            ChannelKind::Slack {
                url: url("slack-path"),
            },
        ),
        (
            "teams",
            ChannelKind::Teams {
                url: url("teams-path"),
            },
        ),
        (
            "webhook",
            ChannelKind::Webhook {
                url: url("webhook-path"),
                key: Secret::new(KEY),
            },
        ),
    ]
}

#[test]
fn a_message_is_tried_until_it_is_taken_and_then_never_again() {
    for index in 0..3 {
        let server = hard_of_hearing();
        let (name, kind) = hooks(&server.base())[index].clone();
        let desk = Desk::of(kind);
        desk.notifier.send(&message()).expect("written down");
        assert_eq!(server.received().len(), 1, "{name}");
        assert_eq!(desk.after(1), 0, "{name}: nothing is due yet");
        assert_eq!(server.received().len(), 1, "{name}");
        assert_eq!(desk.after(30), 1, "{name}: it failed");
        assert!(desk.told().contains("500"), "{name}: {}", desk.told());
        assert!(
            !desk.told().contains("-path"),
            "a webhook's path is a credential"
        );
        assert_eq!(desk.after(60), 1, "{name}: it is busy");
        assert!(desk.told().contains("400 s"), "{name}: {}", desk.told());
        assert_eq!(
            desk.after(130),
            0,
            "{name}: it wanted to be left alone for longer"
        );
        assert_eq!(server.received().len(), 3, "{name}");
        assert_eq!(desk.after(300), 0, "{name}");
        assert_eq!(desk.told(), "sent", "{name}");
        desk.notifier.send(&message()).expect("written down");
        desk.after(1_000_000);
        assert_eq!(server.received().len(), 4, "{name}: told once");
        for request in server.received() {
            assert!(!request.all().contains(&credential()), "{name}");
        }
    }
}

#[test]
fn a_message_that_nobody_takes_is_given_up_and_still_shown() {
    let server = Server::start(|_: &Received| played::json(404, &json!({})));
    let (_, kind) = hooks(&server.base())[0].clone();
    let desk = Desk::of(kind);
    desk.notifier.send(&message()).expect("written down");
    for _ in 0..20 {
        desk.after(100_000);
    }
    assert_eq!(server.received().len(), 8);
    assert!(desk.told().contains("404"), "{}", desk.told());
}

#[test]
fn two_processes_that_send_in_one_moment_send_once() {
    let server = Server::start(|_: &Received| {
        std::thread::sleep(std::time::Duration::from_millis(300));
        played::json(200, &json!({}))
    });
    let (_, kind) = hooks(&server.base())[0].clone();
    let desk = Desk::of(kind.clone());
    let other = desk.another(kind);
    std::thread::scope(|scope| {
        scope.spawn(|| desk.notifier.send(&message()).expect("written down"));
        scope.spawn(|| other.send(&message()).expect("written down"));
    });
    assert_eq!(server.received().len(), 1);
}

#[test]
fn a_webhook_is_signed_over_its_body_and_names_its_delivery() {
    let server = Server::start(|_: &Received| played::json(200, &json!({})));
    let (_, kind) = hooks(&server.base())[2].clone();
    Desk::of(kind)
        .notifier
        .send(&message())
        .expect("written down");
    let request = server.received().remove(0);
    let header = |name: &str| {
        let lines = request.headers.lines();
        lines
            .filter_map(|line| line.split_once(": "))
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
            .unwrap_or_default()
    };
    assert_eq!(header("X-Leakward-Delivery"), message().name);
    let seal = header("X-Leakward-Signature");
    let seal = seal.strip_prefix("sha256=").expect("a signature");
    let bytes: Vec<u8> = (0..seal.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&seal[at..at + 2], 16).expect("hexadecimal"))
        .collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY);
    hmac::verify(&key, request.body.as_bytes(), &bytes).expect("the body's signature");
    let body: Value = serde_json::from_str(&request.body).expect("JSON");
    assert_eq!(body["urgency"], "act");
    assert_eq!(body["fingerprint"], message().fingerprint.to_string());
}

#[test]
fn names_of_files_cannot_call_a_channel_or_make_a_link() {
    let server = Server::start(|_: &Received| played::json(200, &json!({})));
    for (name, kind) in hooks(&server.base()).into_iter().take(2) {
        Desk::of(kind)
            .notifier
            .send(&message())
            .expect("written down");
        let request = server.received().pop().expect(name);
        let body: Value = serde_json::from_str(&request.body).expect("JSON");
        let text = match name {
            "slack" => body["text"].as_str().expect("a text").to_owned(),
            _ => body["attachments"][0]["content"]["body"][1]["text"].to_string(),
        };
        match name {
            "slack" => assert!(
                text.contains("&lt;!channel&gt;") && !text.contains("<!"),
                "{text}"
            ),
            _ => assert!(!text.replace("\\\\[", "").contains("[x]"), "{text}"),
        }
        assert!(text.contains("proven dead"), "{text}");
    }
}

/// A tracker that keeps issues and comments; loses the answer of the first issue and of the first comment.
#[derive(Default)]
struct Tracker {
    issues: Vec<Value>,
    comments: Vec<Value>,
    has_lost: [bool; 2],
}

impl Tracker {
    fn reply(&mut self, request: &Received) -> Reply {
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let path = request.path.split('?').next().unwrap_or_default();
        let is_below = path.ends_with("/comments") || path.ends_with("/notes");
        match (request.verb.as_str(), is_below) {
            ("GET", false) => played::json(200, &Value::from(self.issues.clone())),
            ("GET", true) => played::json(200, &Value::from(self.comments.clone())),
            (_, false) => {
                let mut issue = body;
                issue["number"] = json!(7);
                issue["iid"] = json!(7);
                self.issues.push(issue.clone());
                self.lose(0, &issue)
            }
            (_, true) => {
                assert!(path.contains("/7/"), "{path}");
                self.comments.push(body.clone());
                self.lose(1, &body)
            }
        }
    }

    fn lose(&mut self, which: usize, made: &Value) -> Reply {
        if std::mem::replace(&mut self.has_lost[which], true) {
            played::json(201, made)
        } else {
            Reply::Nothing
        }
    }
}

#[test]
fn a_credential_has_one_issue_and_what_comes_later_is_a_comment() {
    for name in ["github", "gitlab"] {
        let tracker = Arc::new(Mutex::new(Tracker::default()));
        let playing = Arc::clone(&tracker);
        let server =
            Server::start(move |request: &Received| playing.lock().expect("it").reply(request));
        let token = Secret::new(KEY);
        let desk = Desk::of(match name {
            "github" => ChannelKind::GithubIssue {
                api: server.base(),
                repository: "acme/app".to_owned(),
                token,
            },
            _ => ChannelKind::GitlabIssue {
                api: server.base(),
                project: "acme/app".to_owned(),
                token,
            },
        });
        desk.notifier.send(&message()).expect("written down");
        assert_ne!(desk.told(), "sent", "{name}: its answer was lost");
        assert_eq!(desk.after(40), 0, "{name}");
        let mut later = message();
        later.name = "0123456789abcdef later".to_owned();
        desk.notifier.send(&later).expect("written down");
        assert_eq!(desk.after(40), 0, "{name}");
        let tracker = tracker.lock().expect("the tracker");
        assert_eq!(
            tracker.issues.len(),
            1,
            "{name}: one issue, though its answer was lost"
        );
        assert_eq!(
            tracker.comments.len(),
            1,
            "{name}: one comment, though its answer was lost"
        );
        let issue = tracker.issues[0].to_string();
        assert!(
            !issue.contains("<!channel") && !issue.contains("@all"),
            "{issue}"
        );
        assert_eq!(name == "gitlab", tracker.issues[0]["confidential"] == true);
        for request in server.received() {
            assert!(!request.all().contains(&credential()), "{name}");
            assert!(
                request
                    .headers
                    .to_lowercase()
                    .contains("authorization: bearer")
            );
        }
    }
}

#[test]
fn an_issue_that_a_stranger_planted_keeps_nothing_from_being_told() {
    let planted = json!([{
        "number": 1,
        "body": format!("{} {}", message().fingerprint, message().name),
    }]);
    let server = Server::start(move |request: &Received| match request.verb.as_str() {
        "GET" => played::json(200, &planted),
        _ => played::json(201, &json!({})),
    });
    let desk = Desk::of(ChannelKind::GithubIssue {
        api: server.base(),
        repository: "acme/app".to_owned(),
        token: Secret::new(KEY),
    });
    desk.notifier.send(&message()).expect("written down");
    let made = server.received();
    let made = made
        .iter()
        .find(|request| request.verb == "POST")
        .expect("an issue");
    assert!(
        made.path.ends_with("/repos/acme/app/issues"),
        "{}",
        made.path
    );
}
