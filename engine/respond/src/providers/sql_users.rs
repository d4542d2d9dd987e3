//! Users of PostgreSQL, MySQL and MariaDB.
//!
//! With an identity of the operator (`postgresql-admin`, `mysql-admin`: a connection URI) it goes by pairs of users: `app` and
//! `app_b` take turns. The one that is not in use gets a new password and the same rights; applications move over while both work;
//! then the other may not log in any more, and its sessions are ended. No query fails for an application that reads its
//! credential anew within the grace period.
//!
//! MySQL from 8.0.14 on can have two passwords for one user; `--with scheme=dual-password` uses that instead of two users.
//!
//! Without one the leaked user changes its own password, which cuts off everybody who has the old one at once.

use std::sync::Arc;

use leakward_core::Secret;
use leakward_stores::Fields;
use leakward_verify::Subject;
use leakward_verify::database::{ConnectionUri, SessionError, SqlError, SqlSession, new_password};
use zeroize::Zeroizing;

use super::Way;
use super::by_hand::or_by_hand;
use super::rest::text;
use super::sql_dialect::{Dialect, two_passwords};
use super::vault_static_role::StaticRole;
use crate::provider::{
    Abilities, Birth, Case, Created, Creation, Handle, Maker, Overlap, Provider, ProviderError,
    Receipt, RequestId, Revocation, Rotation, SECRET, Standing, Successor, Undo, plain_parts,
    plain_subject,
};

/// What the second user of a pair is called behind the first one's name.
const SECOND: &str = "_b";

/// Users of one kind of server.
pub(super) struct SqlUsers {
    way: Arc<Way>,
    dialect: Dialect,
}

/// A session of the operator, and the credential's own URI.
struct Errand<'e> {
    session: SqlSession<'e>,
    dialect: Dialect,
    own: ConnectionUri,
}

impl SqlUsers {
    pub(super) fn new(way: Arc<Way>, dialect: Dialect) -> Self {
        Self { way, dialect }
    }

    fn own(&self, case: &Case<'_>) -> Result<ConnectionUri, ProviderError> {
        let uri = ConnectionUri::of(case.subject).ok_or_else(|| {
            super::needs(
                self.dialect.name(),
                "uri",
                "the connection URI that the password stands in; give it with --with uri=…",
            )
        })?;
        Ok(server_of(&self.way, case, uri))
    }

    fn errand(&self, case: &Case<'_>) -> Result<Errand<'_>, ProviderError> {
        let own = self.own(case)?;
        let login = match case.identities.get(self.dialect.admin()) {
            Some(admin) => ConnectionUri::parse(admin).ok_or_else(|| {
                super::needs(
                    self.dialect.name(),
                    self.dialect.admin(),
                    "it is a connection URI, scheme://user:password@host/database",
                )
            })?,
            None => own.clone(),
        };
        let limits = &self.way.settings.limits;
        let session = SqlSession::open(&self.way.network, limits, self.dialect.session(), &login)
            .map_err(|error| match error {
            SessionError::LoggedOut { why, user, .. } => ProviderError::LoggedOut {
                provider: self.dialect.name().to_owned(),
                why: format!("{user}: {why}"),
            },
            SessionError::Network(error) => ProviderError::Unavailable {
                provider: self.dialect.name().to_owned(),
                why: error.to_string(),
            },
        })?;
        Ok(Errand {
            session,
            dialect: self.dialect,
            own,
        })
    }

    /// Whether one user gets a second password: where that was asked for.
    fn is_dual(&self, case: &Case<'_>) -> bool {
        let scheme = case
            .subject
            .value("scheme")
            .and_then(|value| text(&value.secret));
        self.dialect == Dialect::Mysql
            && self.has_admin(case)
            && scheme.is_some_and(|scheme| &**scheme == "dual-password")
    }

    fn works(&self, uri: &ConnectionUri) -> bool {
        let limits = &self.way.settings.limits;
        SqlSession::open(&self.way.network, limits, self.dialect.session(), uri).is_ok()
    }

    fn has_admin(&self, case: &Case<'_>) -> bool {
        case.identities.contains_key(self.dialect.admin())
    }
}

impl Errand<'_> {
    fn run(&mut self, statements: &[String], what: &str) -> Result<(), ProviderError> {
        for statement in statements {
            self.session
                .query(statement)
                .map_err(|error| failed(self.dialect, error, what))?;
        }
        Ok(())
    }
}

impl Provider for SqlUsers {
    fn name(&self) -> &'static str {
        self.dialect.name()
    }

    fn abilities(&self, case: &Case<'_>) -> Result<Abilities, ProviderError> {
        or_by_hand(case, || {
            let own = self.own(case)?;
            if let Some(role) = StaticRole::of(&self.way, case) {
                return Ok(role?.abilities());
            }
            let (name, user) = (self.dialect.name(), own.user().to_owned());
            if !self.has_admin(case) {
                let identity = format!("{user} itself (no {} is given)", self.dialect.admin());
                let breaks = vec![format!(
                    "Everybody who has the old password of {user}, at once."
                )];
                let change = format!("change the password of {user}");
                return Ok(Abilities {
                    // A user that changes its own password has a new one; that nobody should have.
                    revoke: Some(Revocation {
                        action: format!("{name}-change-password"),
                        identity: identity.clone(),
                        calls: vec![change.clone()],
                        undo: Undo::Impossible,
                        breaks: breaks.clone(),
                    }),
                    rotate: Some(Rotation {
                        action: format!("{name}-change-password"),
                        identity,
                        by: Maker::TheLeaked,
                        calls: vec![change],
                        birth: Birth::Chosen,
                        overlap: Overlap::None,
                        breaks,
                    }),
                    instructions: None,
                });
            }
            if self.is_dual(case) {
                return Ok(dual_abilities(&user));
            }
            let other = sibling(&user);
            Ok(Abilities {
                revoke: Some(Revocation {
                    action: format!("{name}-bar-user"),
                    identity: self.dialect.admin().to_owned(),
                    calls: vec![
                        format!("{user} may not log in any more"),
                        format!("end the sessions of {user}"),
                    ],
                    undo: Undo::Possible,
                    breaks: vec![format!("Clients that still log in as {user}.")],
                }),
                rotate: Some(Rotation {
                    action: format!("{name}-second-user"),
                    identity: self.dialect.admin().to_owned(),
                    by: Maker::Identity,
                    calls: vec![format!(
                        "{other} gets a new password and the rights of {user}"
                    )],
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
        let user = if self.has_admin(case) && !self.is_dual(case) {
            sibling(own.user())
        } else {
            own.user().to_owned()
        };
        let password = new_password().ok_or_else(|| ProviderError::Refused {
            provider: self.dialect.name().to_owned(),
            what: "this machine has no randomness".to_owned(),
        })?;
        Ok(Successor {
            handle: Handle(user.clone()),
            parts: successor_parts(case.subject, &own, &user, &password),
        })
    }

    fn create(&self, case: &Case<'_>, creation: &Creation) -> Result<Successor, ProviderError> {
        let draft = draft_of(self.dialect.name(), creation)?;
        let password = password_of(self.dialect.name(), &draft)?;
        let new = draft.handle.0.clone();
        let mut errand = match self.errand(case) {
            Ok(errand) => errand,
            // The password was changed already, by the call whose answer was lost.
            Err(ProviderError::LoggedOut { provider, why }) if !self.has_admin(case) => {
                let uri = self.own(case)?.with_login(&new, &password);
                let limits = &self.way.settings.limits;
                let again =
                    SqlSession::open(&self.way.network, limits, self.dialect.session(), &uri);
                return again
                    .map(|_| draft)
                    .map_err(|_| ProviderError::LoggedOut { provider, why });
            }
            Err(error) => return Err(error),
        };
        let what = format!("give {new} its password");
        let old = errand.own.user().to_owned();
        let statements = if self.is_dual(case) {
            // Told twice, the server would keep the new one as the old one.
            if self.works(&errand.own.with_login(&new, &password)) {
                return Ok(draft);
            }
            let hosts = self.dialect.hosts(&mut errand.session, &new);
            let hosts = hosts.map_err(|error| failed(self.dialect, error, &what))?;
            two_passwords::added(&new, &hosts, &password)
        } else if self.has_admin(case) {
            let base = base_of(&old);
            self.dialect
                .successor(&mut errand.session, (&old, base), &new, &password)
                .map_err(|error| failed(self.dialect, error, &what))?
        } else {
            vec![own_password(self.dialect, &new, &password)]
        };
        errand.run(&statements, &what)?;
        Ok(draft)
    }

    fn find_created(&self, _: &Case<'_>, creation: &Creation) -> Result<Created, ProviderError> {
        Ok(creation.draft.clone().map_or(Created::No, Created::Whole))
    }

    fn remove(&self, case: &Case<'_>, handle: &Handle) -> Result<Receipt, ProviderError> {
        if !self.has_admin(case) {
            return Err(ProviderError::Unsupported {
                provider: self.dialect.name().to_owned(),
                what: "take back that a user changed its own password".to_owned(),
            });
        }
        let mut errand = self.errand(case)?;
        if self.is_dual(case) {
            let what = format!("take the second password of {handle} back");
            let hosts = self.dialect.hosts(&mut errand.session, &handle.0);
            let hosts = hosts.map_err(|error| failed(self.dialect, error, &what))?;
            let old = errand.own.password().to_owned();
            errand.run(&two_passwords::only(&handle.0, &hosts, &old), &what)?;
            return Ok(Receipt {
                summary: format!("{handle} has its first password alone again"),
                request_id: None,
            });
        }
        bar(&mut errand, &handle.0)
    }

    fn standing(&self, case: &Case<'_>) -> Result<Standing, ProviderError> {
        if let Some(role) = StaticRole::of(&self.way, case) {
            return role?.standing(self.own(case)?.password());
        }
        if !self.has_admin(case) {
            return Ok(Standing::NotKnown);
        }
        let mut errand = self.errand(case)?;
        let user = errand.own.user().to_owned();
        if self.is_dual(case) && !has_two(&mut errand, &user)? {
            // One password is left; whether it is the leaked one, only a login tells.
            return Ok(Standing::NotKnown);
        }
        let may = self
            .dialect
            .may_log_in(&mut errand.session, &user)
            .map_err(|error| failed(self.dialect, error, "read the user"))?;
        Ok(match may {
            None => Standing::Gone,
            Some(true) => Standing::Active,
            Some(false) => Standing::Inactive,
        })
    }

    fn revoke(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        if let Some(role) = StaticRole::of(&self.way, case) {
            return role?.revoke(self.own(case)?.password());
        }
        if self.has_admin(case) {
            let mut errand = self.errand(case)?;
            let user = errand.own.user().to_owned();
            if self.is_dual(case) && has_two(&mut errand, &user)? {
                return discard(&mut errand, &user);
            }
            return bar(&mut errand, &user);
        }
        // Without an administrator the user throws its own password away. That it is refused says that this is done.
        let mut errand = match self.errand(case) {
            Ok(errand) => errand,
            Err(ProviderError::LoggedOut { why, .. }) => {
                return Ok(Receipt {
                    summary: format!("the server refuses the password already: {why}"),
                    request_id: None,
                });
            }
            Err(error) => return Err(error),
        };
        let password = new_password().ok_or_else(|| ProviderError::Refused {
            provider: self.dialect.name().to_owned(),
            what: "this machine has no randomness".to_owned(),
        })?;
        let user = errand.own.user().to_owned();
        let statement = own_password(self.dialect, &user, &password);
        errand.run(&[statement], "throw the password away")?;
        Ok(Receipt {
            summary: format!("{user} has a password that nobody knows"),
            request_id: None,
        })
    }

    fn restore(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        if !self.has_admin(case) {
            return Err(ProviderError::Unsupported {
                provider: self.dialect.name().to_owned(),
                what: "take a revocation back without an administrator".to_owned(),
            });
        }
        let mut errand = self.errand(case)?;
        let user = errand.own.user().to_owned();
        let what = format!("let {user} log in again");
        let hosts = self
            .dialect
            .hosts(&mut errand.session, &user)
            .map_err(|error| failed(self.dialect, error, &what))?;
        errand.run(&self.dialect.allowed(&user, &hosts), &what)?;
        Ok(Receipt {
            summary: format!("{user} may log in again"),
            request_id: None,
        })
    }
}

fn dual_abilities(user: &str) -> Abilities {
    Abilities {
        revoke: Some(Revocation {
            action: "mysql-discard-old-password".to_owned(),
            identity: Dialect::Mysql.admin().to_owned(),
            calls: vec![
                format!("ALTER USER {user} DISCARD OLD PASSWORD"),
                format!("end the sessions of {user}"),
            ],
            undo: Undo::Impossible,
            breaks: vec![
                format!("Clients that still log in with the old password of {user}."),
                format!("Sessions of {user} that are open: clients have to connect again."),
            ],
        }),
        rotate: Some(Rotation {
            action: "mysql-second-password".to_owned(),
            identity: Dialect::Mysql.admin().to_owned(),
            by: Maker::Identity,
            calls: vec![format!(
                "ALTER USER {user} IDENTIFIED BY … RETAIN CURRENT PASSWORD"
            )],
            birth: Birth::Chosen,
            overlap: Overlap::Both,
            breaks: Vec::new(),
        }),
        instructions: None,
    }
}

fn has_two(errand: &mut Errand<'_>, user: &str) -> Result<bool, ProviderError> {
    two_passwords::are_there(&mut errand.session, user)
        .map_err(|error| failed(errand.dialect, error, "read the user"))
}

/// Of a user's two passwords the older one is gone, and its sessions end: nobody can tell who logged in with which.
fn discard(errand: &mut Errand<'_>, user: &str) -> Result<Receipt, ProviderError> {
    let dialect = errand.dialect;
    let what = format!("discard the old password of {user}");
    let told = |error| failed(dialect, error, &what);
    let hosts = dialect.hosts(&mut errand.session, user).map_err(told)?;
    errand.run(&two_passwords::older_gone(user, &hosts), &what)?;
    end_sessions(errand, user, &what)?;
    Ok(Receipt {
        summary: format!("the old password of {user} is gone, and its sessions are ended"),
        request_id: None,
    })
}

fn end_sessions(errand: &mut Errand<'_>, user: &str, what: &str) -> Result<(), ProviderError> {
    let dialect = errand.dialect;
    let told = |error| failed(dialect, error, what);
    let sessions = dialect.sessions(&mut errand.session, user).map_err(told)?;
    for kill in &sessions {
        match errand.session.query(kill) {
            // A session that has ended by itself meanwhile.
            Ok(_) | Err(SqlError::Refused { .. }) => {}
            Err(error) => return Err(told(error)),
        }
    }
    Ok(())
}

/// Nobody logs in as this user any more, and its sessions end.
fn bar(errand: &mut Errand<'_>, user: &str) -> Result<Receipt, ProviderError> {
    let dialect = errand.dialect;
    let what = format!("bar {user}");
    let told = |error| failed(dialect, error, &what);
    let may = dialect
        .may_log_in(&mut errand.session, user)
        .map_err(told)?;
    if may.is_none() {
        return Ok(Receipt {
            summary: format!("there is no user {user}"),
            request_id: None,
        });
    }
    let hosts = dialect.hosts(&mut errand.session, user).map_err(told)?;
    errand.run(&dialect.barred(user, &hosts), &what)?;
    end_sessions(errand, user, &what)?;
    Ok(Receipt {
        summary: format!("{user} may not log in any more, and its sessions are ended"),
        request_id: None,
    })
}

/// The other user of a pair.
pub(super) fn sibling(user: &str) -> String {
    user.strip_suffix(SECOND)
        .map_or_else(|| format!("{user}{SECOND}"), str::to_owned)
}

/// The user whose rights a pair has.
pub(super) fn base_of(user: &str) -> &str {
    user.strip_suffix(SECOND).unwrap_or(user)
}

/// A user changes its own password.
fn own_password(dialect: Dialect, user: &str, password: &str) -> String {
    match dialect {
        Dialect::Postgresql => dialect.replaced(&dialect.name_in_sql(user), password),
        Dialect::Mysql => dialect.replaced("CURRENT_USER()", password),
    }
}

fn failed(dialect: Dialect, error: SqlError, what: &str) -> ProviderError {
    let provider = dialect.name().to_owned();
    match error {
        // 42501 is PostgreSQL's, the others are MySQL's.
        SqlError::Refused { code, message }
            if ["42501", "1044", "1142", "1227", "1410"].contains(&code.as_str()) =>
        {
            ProviderError::Denied {
                provider,
                what: format!("{what} ({code}: {message})"),
            }
        }
        // MySQL repeats a statement that it does not understand, and passwords stand in ours.
        SqlError::Refused { code, .. } if ["1064", "42601"].contains(&code.as_str()) => {
            ProviderError::Refused {
                provider,
                what: format!("{what}: the server does not understand the statement ({code})"),
            }
        }
        SqlError::Refused { code, message } => ProviderError::Refused {
            provider,
            what: format!("{what}: {message} ({code})"),
        },
        SqlError::Network(error) => ProviderError::OutcomeUnknown {
            provider,
            what: format!("{what} ({error})"),
        },
    }
}

/// The server that the operator put in the place of the one that stands in the text.
pub(super) fn server_of(way: &Way, case: &Case<'_>, uri: ConnectionUri) -> ConnectionUri {
    let named = way
        .settings
        .endpoints
        .iter()
        .find(|endpoint| endpoint.is_for(case.rule))
        .and_then(|endpoint| ConnectionUri::parse(&Secret::new(endpoint.base.as_bytes())));
    match named {
        Some(named) => uri.at(named.host(), named.port()),
        None => uri,
    }
}

/// Password, user and the whole URI: what a store's entry can hold of such a credential.
pub(super) fn uri_parts(subject: &Subject) -> Fields {
    let mut parts = plain_parts(subject);
    if let Some(uri) = ConnectionUri::of(subject) {
        parts.insert(SECRET.to_owned(), Secret::new(uri.password().as_bytes()));
        parts.insert("user".to_owned(), Secret::new(uri.user().as_bytes()));
        parts.insert("uri".to_owned(), uri.text());
    }
    parts
}

/// The parts of a successor at the same place.
/// The inverse of [`uri_parts`]: from the whole URI all is known; without it the old one's gets the new login.
pub(super) fn uri_subject(like: &Subject, parts: &Fields) -> Subject {
    let mut whole = parts.clone();
    let uri = parts.get("uri").and_then(ConnectionUri::parse).or_else(|| {
        let old = ConnectionUri::of(like)?;
        let part = |name: &str| parts.get(name).and_then(text_of);
        let user = part("user").unwrap_or_else(|| old.user().to_owned());
        Some(old.with_login(&user, &part(SECRET)?))
    });
    if let Some(uri) = uri {
        whole.insert(SECRET.to_owned(), Secret::new(uri.password().as_bytes()));
        whole.insert("user".to_owned(), Secret::new(uri.user().as_bytes()));
        whole.insert("uri".to_owned(), uri.text());
    }
    plain_subject(like, &whole)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the new login is put into the connection URI"
)]
fn text_of(secret: &Secret) -> Option<String> {
    String::from_utf8(secret.expose().to_vec()).ok()
}

pub(super) fn successor_parts(
    old: &Subject,
    uri: &ConnectionUri,
    user: &str,
    password: &str,
) -> Fields {
    // In the store stands the address that applications know, not the one that the operator asks.
    let written = ConnectionUri::of(old).unwrap_or_else(|| uri.clone());
    let new = written.with_login(user, password);
    let mut parts = plain_parts(old);
    parts.insert(SECRET.to_owned(), Secret::new(password.as_bytes()));
    parts.insert("user".to_owned(), Secret::new(user.as_bytes()));
    parts.insert("uri".to_owned(), new.text());
    parts
}

pub(super) fn draft_of(provider: &str, creation: &Creation) -> Result<Successor, ProviderError> {
    creation
        .draft
        .clone()
        .ok_or_else(|| ProviderError::Refused {
            provider: provider.to_owned(),
            what: "the successor was not drafted before".to_owned(),
        })
}

pub(super) fn password_of(
    provider: &str,
    draft: &Successor,
) -> Result<Zeroizing<String>, ProviderError> {
    draft
        .parts
        .get(SECRET)
        .and_then(text)
        .ok_or_else(|| ProviderError::Refused {
            provider: provider.to_owned(),
            what: "the draft has no password".to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_of_a_pair_take_turns() {
        assert_eq!(sibling("app"), "app_b");
        assert_eq!(sibling("app_b"), "app");
        assert_eq!(base_of("app_b"), "app");
        assert_eq!(base_of("app"), "app");
    }
}
