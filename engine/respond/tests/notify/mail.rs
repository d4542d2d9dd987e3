//! Mail arrives encrypted, or not at all.

use leakward_core::Secret;
use leakward_respond::notify::{ChannelKind, MailSecurity, MailServer};

use crate::setup::{Desk, credential, message};
use crate::smtp::{MailBox, Offer};

const PASSWORD: &[u8] = b"password of the tests";

fn to(server: &MailBox, security: MailSecurity) -> MailServer {
    MailServer {
        host: "localhost".to_owned(),
        port: server.port,
        security,
        trusted: server.certificate.clone().into_bytes(),
        login: None,
        from: "leakward@corp.test".to_owned(),
        to: vec!["ann@corp.test".to_owned(), "bob@corp.test".to_owned()],
    }
}

#[test]
fn a_mail_arrives_over_every_way_and_is_told_once() {
    for (offer, security) in [
        (Offer::Nothing, MailSecurity::Plain),
        (Offer::StartTls, MailSecurity::StartTls),
        (Offer::Implicit, MailSecurity::Implicit),
    ] {
        let server = MailBox::start(offer, 1);
        let mut mail = to(&server, security);
        if security != MailSecurity::Plain {
            mail.login = Some(("leakward".to_owned(), Secret::new(PASSWORD)));
        }
        let desk = Desk::of(ChannelKind::Mail(mail));
        desk.notifier.send(&message()).expect("written down");
        assert!(desk.told().contains("451"), "{offer:?}: {}", desk.told());
        assert_eq!(desk.after(40), 0, "{offer:?}: {}", desk.told());
        desk.notifier.send(&message()).expect("written down");
        desk.after(100_000);
        let arrived = server.arrived();
        assert_eq!(arrived.mails.len(), 1, "{offer:?}");
        let mail = &arrived.mails[0];
        for part in [
            "leaked Key of Acme",
            "proven dead",
            "Message-ID: <0123456789abcdef.done@leakward>",
            "ann@corp.test",
            "bob@corp.test",
            "needs you",
        ] {
            assert!(mail.contains(part), "{offer:?}: {part}: {mail}");
        }
        assert!(!mail.contains(&credential()));
        for (login, is_encrypted) in &arrived.logins {
            assert!(is_encrypted, "a password in the clear");
            assert!(login.contains("leakward password of the tests"), "{login}");
        }
        assert_eq!(arrived.logins.is_empty(), security == MailSecurity::Plain);
        if security != MailSecurity::Plain {
            let clear = arrived
                .lines
                .iter()
                .filter(|(_, is_encrypted)| !is_encrypted);
            for (line, _) in clear {
                assert!(
                    !line.contains("corp.test"),
                    "{offer:?}: {line} in the clear"
                );
            }
        }
    }
}

#[test]
fn a_server_without_starttls_or_with_another_certificate_gets_nothing() {
    let other = MailBox::start(Offer::Nothing, 0);
    for (offer, security) in [
        (Offer::Nothing, MailSecurity::StartTls),
        (Offer::StartTls, MailSecurity::StartTls),
        (Offer::Implicit, MailSecurity::Implicit),
    ] {
        let server = MailBox::start(offer, 0);
        let mut mail = to(&server, security);
        mail.login = Some(("leakward".to_owned(), Secret::new(PASSWORD)));
        if offer != Offer::Nothing {
            mail.trusted = other.certificate.clone().into_bytes();
        }
        let desk = Desk::of(ChannelKind::Mail(mail));
        desk.notifier.send(&message()).expect("written down");
        assert!(
            desk.told().starts_with("localhost: "),
            "{offer:?}: {}",
            desk.told()
        );
        let arrived = server.arrived();
        assert!(
            arrived.mails.is_empty() && arrived.logins.is_empty(),
            "{offer:?}"
        );
        assert!(
            !arrived
                .lines
                .iter()
                .any(|(line, _)| line.contains("corp.test")),
            "{offer:?}"
        );
    }
}
