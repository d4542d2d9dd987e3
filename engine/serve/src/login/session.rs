//! Sessions: a signed cookie that says who it is, what they may do and until when. Nothing is kept here, so that a restart logs
//! nobody out.

use std::time::Duration;

use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::{Person, Proof};
use crate::config::Role;
use crate::hex;
use crate::time::Moment;

/// What a cookie says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// As decisions are signed.
    pub(crate) name: String,
    /// What they may do, in a word.
    pub(crate) role: String,
    /// Until when, in milliseconds since 1970.
    pub(crate) until: i64,
    /// Makes it different from others of the same person.
    pub(crate) id: String,
}

/// Makes sessions and reads them.
pub(crate) struct Sessions {
    key: hmac::Key,
    lasting: Duration,
    secure: bool,
}

impl Sessions {
    /// Sessions that last so long; `secure` when browsers reach us by TLS.
    pub(crate) fn new(key: hmac::Key, lasting: Duration, secure: bool) -> Self {
        Self {
            key,
            lasting,
            secure,
        }
    }

    /// The cookie's name. Browsers take `__Host-` only over TLS, for this host and for all paths.
    pub(crate) fn cookie_name(&self) -> &'static str {
        if self.secure {
            "__Host-leakward"
        } else {
            "leakward"
        }
    }

    /// A cookie for somebody who has just logged in.
    pub(crate) fn begin(&self, name: &str, role: Role) -> Option<String> {
        let mut id = [0; 16];
        rand::fill(&mut id).ok()?;
        let session = Session {
            name: name.to_owned(),
            role: role.as_str().to_owned(),
            until: Moment::now().after(self.lasting).0,
            id: hex::encode(&id),
        };
        let value = self.sign("session", &serde_json::to_vec(&session).ok()?);
        Some(self.cookie(self.cookie_name(), &value, self.lasting))
    }

    /// A cookie that ends the session.
    pub(crate) fn end(&self) -> String {
        self.cookie(self.cookie_name(), "", Duration::ZERO)
    }

    /// A cookie of ours. `Lax`, so that it comes along when somebody follows a link to us, and not with a foreign form.
    pub(crate) fn cookie(&self, name: &str, value: &str, lasting: Duration) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!(
            "{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}",
            lasting.as_secs()
        )
    }

    /// Who it is, when the cookie is ours and its time is not up.
    pub(crate) fn person(&self, value: &str) -> Option<Person> {
        let session: Session = serde_json::from_slice(&self.verify("session", value)?).ok()?;
        if Moment(session.until) < Moment::now() {
            return None;
        }
        let form_token = hmac::sign(&self.key, format!("form\n{}", session.id).as_bytes());
        Some(Person {
            role: Role::parse(&session.role)?,
            name: session.name,
            proof: Proof::Session {
                form_token: hex::encode(form_token.as_ref()),
            },
        })
    }

    /// Signs something that a browser keeps for us.
    pub(crate) fn sign(&self, purpose: &str, content: &[u8]) -> String {
        let content = URL_SAFE_NO_PAD.encode(content);
        let signature = hmac::sign(&self.key, format!("{purpose}\n{content}").as_bytes());
        format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    /// What was signed for this purpose.
    pub(crate) fn verify(&self, purpose: &str, value: &str) -> Option<Vec<u8>> {
        let (content, signature) = value.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(
            &self.key,
            format!("{purpose}\n{content}").as_bytes(),
            &signature,
        )
        .ok()?;
        URL_SAFE_NO_PAD.decode(content).ok()
    }
}

/// The value of a cookie in a header.
pub(crate) fn cookie<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    header
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(lasting: Duration) -> Sessions {
        Sessions::new(hmac::Key::new(hmac::HMAC_SHA256, b"k"), lasting, true)
    }

    fn value(cookie: &str) -> &str {
        cookie.split_once('=').unwrap().1.split(';').next().unwrap()
    }

    #[test]
    fn a_session_says_who_it_is_until_its_time_is_up_and_cannot_be_changed() {
        let sessions = sessions(Duration::from_secs(60));
        let cookie = sessions.begin("ann", Role::Approver).unwrap();
        assert!(
            cookie.starts_with("__Host-leakward=")
                && cookie.contains("; Secure")
                && cookie.contains("HttpOnly")
        );
        let person = sessions.person(value(&cookie)).unwrap();
        assert_eq!((person.name.as_str(), person.role), ("ann", Role::Approver));
        let (content, signature) = value(&cookie).split_once('.').unwrap();
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(content).unwrap()).unwrap();
        let forged = URL_SAFE_NO_PAD.encode(text.replace("approver", "admin"));
        assert_eq!(sessions.person(&format!("{forged}.{signature}")), None);
        assert_eq!(
            sessions.person(&sessions.sign("other", text.as_bytes())),
            None
        );
        let over = super::tests::sessions(Duration::ZERO);
        let cookie = over.begin("ann", Role::Viewer).unwrap();
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(over.person(value(&cookie)), None);
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        assert_eq!(cookie("a=1; leakward=x.y; b=2", "leakward"), Some("x.y"));
        assert_eq!(cookie("xleakward=1", "leakward"), None);
    }
}
