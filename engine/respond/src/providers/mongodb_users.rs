//! Users of MongoDB: two of them take turns, as with SQL. `app_b` gets a new password and the roles of `app`; applications move
//! over while both work; then `app` has no roles and a password that nobody knows, which also takes open connections
//! their rights, because the server looks at them anew.
//!
//! As `mongodb-admin` (a URI of a user who may manage users). <https://www.mongodb.com/docs/manual/reference/command/nav-user-management/>
//! LIMIT: a `mongodb+srv` address is not looked up; the administrator's URI names one server, the primary.

use std::sync::Arc;

use leakward_stores::Fields;
use leakward_verify::Subject;
use leakward_verify::database::{
    Bson, ConnectionUri, Document, MongoError, MongoSession, SessionError, new_password,
};

use super::Way;
use super::by_hand::or_by_hand;
use super::rest::text;
use super::sql_users::{
    base_of, draft_of, password_of, server_of, sibling, successor_parts, uri_parts, uri_subject,
};
use crate::provider::{
    Abilities, Birth, Case, Created, Creation, Handle, Maker, Overlap, Provider, ProviderError,
    Receipt, RequestId, Revocation, Rotation, Standing, Successor, Undo,
};

const NAME: &str = "mongodb";
const ADMIN: &str = "mongodb-admin";

/// UserNotFound.
const NO_USER: i32 = 11;
/// Unauthorized.
const MAY_NOT: i32 = 13;

/// Users of MongoDB.
pub(super) struct MongoUsers {
    way: Arc<Way>,
}

struct Errand<'e> {
    session: MongoSession<'e>,
    own: ConnectionUri,
}

impl MongoUsers {
    pub(super) fn new(way: Arc<Way>) -> Self {
        Self { way }
    }

    fn own(&self, case: &Case<'_>) -> Result<ConnectionUri, ProviderError> {
        let uri = ConnectionUri::of(case.subject).ok_or_else(|| {
            super::needs(
                NAME,
                "uri",
                "the connection URI that the password stands in; give it with --with uri=…",
            )
        })?;
        Ok(server_of(&self.way, case, uri))
    }

    fn errand(&self, case: &Case<'_>) -> Result<Errand<'_>, ProviderError> {
        let own = self.own(case)?;
        let why = "a URI of a user who may manage users, mongodb://user:password@host/admin";
        let admin = case.identities.get(ADMIN);
        let login = admin
            .and_then(ConnectionUri::parse)
            .ok_or_else(|| super::needs(NAME, ADMIN, why))?;
        let limits = &self.way.settings.limits;
        let session = MongoSession::open(&self.way.network, limits, &login);
        let session = session.map_err(|error| match error {
            SessionError::LoggedOut { why, user, .. } => ProviderError::LoggedOut {
                provider: NAME.to_owned(),
                why: format!("{user}: {why}"),
            },
            SessionError::Network(error) => ProviderError::Unavailable {
                provider: NAME.to_owned(),
                why: error.to_string(),
            },
        })?;
        Ok(Errand { session, own })
    }
}

impl Errand<'_> {
    fn ask(&mut self, command: Document, what: &str) -> Result<Document, ProviderError> {
        let command = command.text("$db", self.own.auth_source());
        let provider = || NAME.to_owned();
        self.session.ask(&command).map_err(|error| match error {
            MongoError::Refused(MAY_NOT) => ProviderError::Denied {
                provider: provider(),
                what: what.to_owned(),
            },
            MongoError::Refused(NO_USER) => ProviderError::Absent {
                provider: provider(),
                what: what.to_owned(),
            },
            MongoError::Refused(code) => ProviderError::Refused {
                provider: provider(),
                what: format!("{what}: code {code}"),
            },
            MongoError::Network(error) => ProviderError::OutcomeUnknown {
                provider: provider(),
                what: format!("{what} ({error})"),
            },
        })
    }

    /// The user's roles; none when there is no such user.
    fn roles(&mut self, user: &str) -> Result<Option<Vec<Bson>>, ProviderError> {
        let name = Document::default()
            .text("user", user)
            .text("db", self.own.auth_source());
        let command = Document::default().with("usersInfo", Bson::Document(name));
        let reply = self
            .ask(command, &format!("read the user {user}"))
            .map_err(super::answer::unread)?;
        let Some(Bson::List(users)) = reply.get("users") else {
            return Ok(None);
        };
        Ok(users.first().map(|found| match found {
            Bson::Document(found) => match found.get("roles") {
                Some(Bson::List(roles)) => roles.iter().filter_map(named).collect(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }))
    }

    fn change(
        &mut self,
        command: &str,
        (user, password): (&str, &str),
        roles: Vec<Bson>,
    ) -> Result<(), ProviderError> {
        let document = Document::default()
            .text(command, user)
            .text("pwd", password)
            .with("roles", Bson::List(roles));
        self.ask(document, &format!("give {user} its password and roles"))
            .map(drop)
    }

    /// Nobody logs in as this user any more, and who is logged in may do nothing.
    fn bar(&mut self, user: &str) -> Result<Receipt, ProviderError> {
        let receipt = |summary: String| Receipt {
            summary,
            request_id: None,
        };
        if self.roles(user)?.is_none() {
            return Ok(receipt(format!("there is no user {user}")));
        }
        let password = random()?;
        self.change("updateUser", (user, &password), Vec::new())?;
        let session = Document::default()
            .text("user", user)
            .text("db", self.own.auth_source());
        let kill =
            Document::default().with("killAllSessions", Bson::List(vec![Bson::Document(session)]));
        // Without roles they do nothing any more; that they end as well is a courtesy to the server.
        let _ended = self.ask(kill, "end its sessions").is_ok();
        Ok(receipt(format!(
            "{user} has no roles and a password that nobody knows, and its sessions are ended"
        )))
    }
}

/// A role as commands take it: the server tells more of it than that.
fn named(role: &Bson) -> Option<Bson> {
    let Bson::Document(role) = role else {
        return None;
    };
    Some(Bson::Document(
        Document::default()
            .text("role", role.word("role")?)
            .text("db", role.word("db")?),
    ))
}

fn random() -> Result<zeroize::Zeroizing<String>, ProviderError> {
    new_password().ok_or_else(|| ProviderError::Refused {
        provider: NAME.to_owned(),
        what: "this machine has no randomness".to_owned(),
    })
}

impl Provider for MongoUsers {
    fn name(&self) -> &'static str {
        NAME
    }

    fn abilities(&self, case: &Case<'_>) -> Result<Abilities, ProviderError> {
        or_by_hand(case, || {
            let own = self.own(case)?;
            if !case.identities.contains_key(ADMIN) {
                let why =
                    "a URI of a user who may manage users, mongodb://user:password@host/admin";
                return Err(super::needs(NAME, ADMIN, why));
            }
            let (user, other) = (own.user().to_owned(), sibling(own.user()));
            Ok(Abilities {
                revoke: Some(Revocation {
                    action: "mongodb-bar-user".to_owned(),
                    identity: ADMIN.to_owned(),
                    calls: vec![
                        format!("updateUser {user}: no roles, another password"),
                        format!("killAllSessions of {user}"),
                    ],
                    undo: Undo::Possible,
                    breaks: vec![format!("Clients that still log in as {user}.")],
                }),
                rotate: Some(Rotation {
                    action: "mongodb-second-user".to_owned(),
                    identity: ADMIN.to_owned(),
                    by: Maker::Identity,
                    calls: vec![format!(
                        "createUser or updateUser {other}: a new password and the roles of {user}"
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
        let user = sibling(own.user());
        Ok(Successor {
            handle: Handle(user.clone()),
            parts: successor_parts(case.subject, &own, &user, &random()?),
        })
    }

    fn create(&self, case: &Case<'_>, creation: &Creation) -> Result<Successor, ProviderError> {
        let draft = draft_of(NAME, creation)?;
        let password = password_of(NAME, &draft)?;
        let mut errand = self.errand(case)?;
        let old = errand.own.user().to_owned();
        let roles = errand.roles(&old)?.ok_or_else(|| ProviderError::Absent {
            provider: NAME.to_owned(),
            what: format!("the user {old}, whose roles {} would get", draft.handle),
        })?;
        let command = match errand.roles(&draft.handle.0)? {
            Some(_) => "updateUser",
            None => "createUser",
        };
        errand.change(command, (&draft.handle.0, &password), roles)?;
        Ok(draft)
    }

    fn find_created(&self, _: &Case<'_>, creation: &Creation) -> Result<Created, ProviderError> {
        Ok(creation.draft.clone().map_or(Created::No, Created::Whole))
    }

    fn remove(&self, case: &Case<'_>, handle: &Handle) -> Result<Receipt, ProviderError> {
        self.errand(case)?.bar(&handle.0)
    }

    fn standing(&self, case: &Case<'_>) -> Result<Standing, ProviderError> {
        let mut errand = self.errand(case)?;
        let user = errand.own.user().to_owned();
        Ok(match errand.roles(&user)? {
            None => Standing::Gone,
            Some(roles) if roles.is_empty() => Standing::Inactive,
            Some(_) => Standing::Active,
        })
    }

    fn revoke(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        let mut errand = self.errand(case)?;
        let user = errand.own.user().to_owned();
        errand.bar(&user)
    }

    /// The old password again, and the roles of the other one of the pair.
    fn restore(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        let mut errand = self.errand(case)?;
        let user = errand.own.user().to_owned();
        let other = sibling(&user);
        let roles = errand
            .roles(&other)?
            .ok_or_else(|| ProviderError::Unsupported {
                provider: NAME.to_owned(),
                what: format!(
                    "give {user} its roles back: {other}, which has the same, is not there"
                ),
            })?;
        let password = text(&case.subject.secret).unwrap_or_default();
        errand.change("updateUser", (&user, &password), roles)?;
        Ok(Receipt {
            summary: format!(
                "{user} may log in again, as one of the pair of {}",
                base_of(&user)
            ),
            request_id: None,
        })
    }
}
