//! Users of Redis: an ACL user can have several passwords, so the new one is added, and the old one taken away later.
//!
//! As `redis-admin` (a URI, `redis://admin:…@host:6379`), else as the leaked user itself where it may. What was changed is saved
//! to the server's own files as far as it keeps any (`ACL SAVE`, `CONFIG REWRITE`). Connections that are open stay open: Redis asks
//! for a password only at their beginning, so those of the user are closed when the old password is taken away.

use std::sync::Arc;

use leakward_stores::Fields;
use leakward_verify::database::{ConnectionUri, RedisSession, Reply, SessionError, new_password};
use leakward_verify::{NetworkError, Subject};

use super::Way;
use super::by_hand::or_by_hand;
use super::sql_users::{server_of, uri_parts, uri_subject};
use crate::provider::{
    Abilities, Birth, Case, Created, Creation, Handle, Maker, Overlap, Provider, ProviderError,
    Receipt, RequestId, Revocation, Rotation, Standing, Successor, Undo,
};

const NAME: &str = "redis";
const ADMIN: &str = "redis-admin";

/// Redis.
pub(super) struct RedisAcl {
    way: Arc<Way>,
}

struct Errand<'e> {
    session: RedisSession<'e>,
    own: ConnectionUri,
    user: String,
}

impl RedisAcl {
    pub(super) fn new(way: Arc<Way>) -> Self {
        Self { way }
    }

    fn own(&self, case: &Case<'_>) -> Result<ConnectionUri, ProviderError> {
        let uri = ConnectionUri::of(case.subject).ok_or_else(|| {
            super::needs(
                NAME,
                "uri",
                "the connection URI that the password stands in",
            )
        })?;
        Ok(server_of(&self.way, case, uri))
    }

    fn errand(&self, case: &Case<'_>) -> Result<Errand<'_>, ProviderError> {
        let own = self.own(case)?;
        let user = if own.user().is_empty() {
            "default".to_owned()
        } else {
            own.user().to_owned()
        };
        let login = match case.identities.get(ADMIN) {
            Some(admin) => ConnectionUri::parse(admin).ok_or_else(|| {
                super::needs(NAME, ADMIN, "it is a URI, redis://user:password@host")
            })?,
            None => own.clone(),
        };
        let limits = &self.way.settings.limits;
        let session =
            RedisSession::open(&self.way.network, limits, &login).map_err(|error| match error {
                SessionError::LoggedOut { why, .. } => ProviderError::LoggedOut {
                    provider: NAME.to_owned(),
                    why,
                },
                SessionError::Network(error) => ProviderError::Unavailable {
                    provider: NAME.to_owned(),
                    why: error.to_string(),
                },
            })?;
        Ok(Errand { session, own, user })
    }

    fn identity(case: &Case<'_>) -> (Maker, String) {
        if case.identities.contains_key(ADMIN) {
            (Maker::Identity, ADMIN.to_owned())
        } else {
            let itself = format!("the leaked user itself (no {ADMIN} is given)");
            (Maker::TheLeaked, itself)
        }
    }
}

impl Errand<'_> {
    fn ask(&mut self, words: &[&str], what: &str) -> Result<Reply, ProviderError> {
        let lost = |error: NetworkError| ProviderError::OutcomeUnknown {
            provider: NAME.to_owned(),
            what: format!("{what} ({error})"),
        };
        match self.session.ask(words).map_err(lost)? {
            // Redis repeats what it refuses, the password with it.
            Reply::Refused(why) if why.contains(GONE) => Err(ProviderError::Absent {
                provider: NAME.to_owned(),
                what: what.to_owned(),
            }),
            Reply::Refused(why) if why.starts_with("NOPERM") => Err(ProviderError::Denied {
                provider: NAME.to_owned(),
                what: format!("{what}: {}", harmless(&why)),
            }),
            Reply::Refused(why) => Err(ProviderError::Refused {
                provider: NAME.to_owned(),
                what: format!("{what}: {}", harmless(&why)),
            }),
            reply => Ok(reply),
        }
    }

    /// Saved where the server keeps it; a server without files of its own says so, which is no failure.
    fn save(&mut self) -> &'static str {
        for words in [&["ACL", "SAVE"][..], &["CONFIG", "REWRITE"]] {
            if let Ok(Reply::Text(_)) = self.session.ask(words) {
                return "";
            }
        }
        "; the server keeps no file of it, so that it is gone with the next start"
    }

    /// How many passwords the user has; none when there is no such user.
    fn passwords(&mut self) -> Result<Option<usize>, ProviderError> {
        let user = self.user.clone();
        let reply = self.ask(&["ACL", "GETUSER", &user], "read the user")?;
        let Reply::List(items) = reply else {
            return Ok(None);
        };
        let mut items = items.into_iter();
        while let Some(name) = items.next() {
            if name == Reply::Text(Some("passwords".to_owned())) {
                return Ok(match items.next() {
                    Some(Reply::List(passwords)) => Some(passwords.len()),
                    _ => Some(0),
                });
            }
        }
        Ok(Some(0))
    }
}

impl Provider for RedisAcl {
    fn name(&self) -> &'static str {
        NAME
    }

    fn abilities(&self, case: &Case<'_>) -> Result<Abilities, ProviderError> {
        or_by_hand(case, || {
            let own = self.own(case)?;
            let (maker, identity) = Self::identity(case);
            let user = if own.user().is_empty() {
                "default"
            } else {
                own.user()
            };
            Ok(Abilities {
                revoke: Some(Revocation {
                    action: "redis-remove-password".to_owned(),
                    identity: identity.clone(),
                    calls: vec![
                        format!("ACL SETUSER {user} <PASSWORD"),
                        format!("CLIENT KILL USER {user}"),
                    ],
                    undo: Undo::Possible,
                    breaks: vec![format!(
                        "Clients that still have the old password of {user}; all its connections are closed once."
                    )],
                }),
                rotate: Some(Rotation {
                    action: "redis-add-password".to_owned(),
                    identity,
                    by: maker,
                    calls: vec![format!("ACL SETUSER {user} >PASSWORD")],
                    birth: Birth::Chosen,
                    overlap: Overlap::Both,
                    breaks: Vec::new(),
                }),
                instructions: None,
            })
        })
    }

    fn parts(&self, subject: &Subject) -> Fields {
        uri_parts(subject)
    }

    fn subject(&self, like: &Subject, parts: &Fields) -> Subject {
        uri_subject(like, parts)
    }

    fn draft(&self, case: &Case<'_>, _: &RequestId) -> Result<Successor, ProviderError> {
        let own = self.own(case)?;
        let password = new_password().ok_or_else(|| ProviderError::Refused {
            provider: NAME.to_owned(),
            what: "this machine has no randomness".to_owned(),
        })?;
        Ok(Successor {
            handle: Handle(hash(&password)),
            parts: super::sql_users::successor_parts(case.subject, &own, own.user(), &password),
        })
    }

    fn create(&self, case: &Case<'_>, creation: &Creation) -> Result<Successor, ProviderError> {
        let draft = super::sql_users::draft_of(NAME, creation)?;
        let password = super::sql_users::password_of(NAME, &draft)?;
        let mut errand = self.errand(case)?;
        let user = errand.user.clone();
        let added = zeroize::Zeroizing::new(format!(">{}", &*password));
        errand.ask(&["ACL", "SETUSER", &user, &added], "add a password")?;
        errand.save();
        Ok(draft)
    }

    fn find_created(&self, _: &Case<'_>, creation: &Creation) -> Result<Created, ProviderError> {
        Ok(creation.draft.clone().map_or(Created::No, Created::Whole))
    }

    fn remove(&self, case: &Case<'_>, handle: &Handle) -> Result<Receipt, ProviderError> {
        let mut errand = self.errand(case)?;
        let user = errand.user.clone();
        let hash = format!("!{handle}");
        match errand.ask(
            &["ACL", "SETUSER", &user, &hash],
            "take the new password away",
        ) {
            Ok(_) | Err(ProviderError::Absent { .. }) => {}
            Err(error) => return Err(error),
        }
        errand.save();
        Ok(Receipt {
            summary: format!("{user} has no password with the hash {handle} any more"),
            request_id: None,
        })
    }

    fn standing(&self, case: &Case<'_>) -> Result<Standing, ProviderError> {
        let mut errand = self.errand(case)?;
        Ok(match errand.passwords()? {
            None => Standing::Gone,
            Some(_) => Standing::NotKnown,
        })
    }

    fn revoke(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        let mut errand = self.errand(case)?;
        let user = errand.user.clone();
        let taken = zeroize::Zeroizing::new(format!("<{}", errand.own.password()));
        let gone = match errand.ask(&["ACL", "SETUSER", &user, &taken], "take a password away") {
            Ok(_) => "",
            Err(ProviderError::Absent { .. }) => " (it was gone already)",
            Err(error) => return Err(error),
        };
        let kept = errand.save();
        // Whoever is connected with the old password stays connected otherwise.
        let killed = errand.session.ask(&["CLIENT", "KILL", "USER", &user]);
        let closed = match killed {
            Ok(Reply::Number(count)) => format!("; {count} connections closed"),
            _ => "; open connections were not closed".to_owned(),
        };
        Ok(Receipt {
            summary: format!("the password of {user} is taken away{gone}{closed}{kept}"),
            request_id: None,
        })
    }

    fn restore(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        let mut errand = self.errand(case)?;
        let user = errand.user.clone();
        let added = zeroize::Zeroizing::new(format!(">{}", errand.own.password()));
        errand.ask(&["ACL", "SETUSER", &user, &added], "give the password back")?;
        errand.save();
        Ok(Receipt {
            summary: format!("{user} has its old password again"),
            request_id: None,
        })
    }
}

/// The words with which Redis says that there is no such password.
const GONE: &str = "does not exist";

/// What Redis says, without the words of ours that it repeats in quotes.
fn harmless(why: &str) -> &str {
    why.rsplit_once("': ").map_or(why, |(_, rest)| rest)
}

/// A password's hash, by which Redis names it as well: of 32 random characters, so that nobody finds the password to it.
fn hash(password: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, password.as_bytes());
    hash.as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_redis_repeats_is_left_out() {
        let why = "ERR Error in ACL SETUSER modifier '<pass': The password you are trying to remove from the user does not exist";
        assert!(!harmless(why).contains("pass'"));
        assert!(harmless(why).starts_with("The password"));
        assert_eq!(
            harmless("NOAUTH Authentication required."),
            "NOAUTH Authentication required."
        );
    }

    #[test]
    fn a_hash_is_the_one_that_redis_shows() {
        assert_eq!(
            hash("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
