//! Messages to people: written down before they are sent, one for each name and channel.

use leakward_core::Secret;
use leakward_respond::notify::{Channel, ChannelKind, Message, Notifier, Urgency};

use crate::Case;
use crate::home::{Home, NOW, fingerprint};

pub(crate) const CASES: &[Case] = &[("a message is kept until it is sent, once", kept)];

fn kept(home: &Home) {
    // Nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
        .port();
    let channel = Channel {
        name: "people".to_owned(),
        kind: ChannelKind::Slack {
            url: Secret::new(format!("http://127.0.0.1:{port}/path").as_bytes()),
        },
    };
    let message = Message {
        name: "saga done".to_owned(),
        fingerprint: fingerprint(1),
        title: "leaked Key".to_owned(),
        text: "it is dead".to_owned(),
        urgency: Urgency::Info,
    };
    for _ in 0..2 {
        let notifier = Notifier::new(home.open(), vec![channel.clone()], Box::new(|| NOW));
        notifier
            .expect("a notifier")
            .send(&message)
            .expect("written down");
    }
    let notifier = Notifier::new(home.open(), Vec::new(), Box::new(|| NOW)).expect("a notifier");
    let told = notifier.told(fingerprint(1)).expect("told");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].1.contains("no connection"), "{told:?}");
}
