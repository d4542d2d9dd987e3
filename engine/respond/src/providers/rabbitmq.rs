//! Users of RabbitMQ, over its management interface: a second user with the same tags and permissions, then the first without a
//! password, and its connections closed.
//!
//! As `rabbitmq-admin` (`user:password`), at the management interface that the operator names (`management`, `https://mq:15671`).

use std::sync::Arc;

use leakward_core::action::Verb;
use leakward_stores::Fields;
use leakward_verify::Subject;
use leakward_verify::database::{ConnectionUri, new_password};
use serde_json::{Value as Json, json};

use super::Way;
use super::by_hand::or_by_hand;
use super::rest::{Rest, identity, segment, value};
use super::sql_users::{draft_of, password_of, successor_parts, uri_parts, uri_subject};
use crate::provider::{
    Abilities, Birth, Case, Created, Creation, Handle, Maker, Overlap, Provider, ProviderError,
    Receipt, RequestId, Revocation, Rotation, Standing, Successor, Undo,
};

const NAME: &str = "rabbitmq";
const ADMIN: &str = "rabbitmq-admin";
const SECOND: &str = "_b";

/// RabbitMQ.
pub(super) struct RabbitMq {
    way: Arc<Way>,
}

struct Errand<'e> {
    rest: Rest<'e>,
    user: String,
    own: ConnectionUri,
}

impl RabbitMq {
    pub(super) fn new(way: Arc<Way>) -> Self {
        Self { way }
    }

    fn errand<'e>(&'e self, case: &'e Case<'_>) -> Result<Errand<'e>, ProviderError> {
        let admin = identity(case, NAME, ADMIN, "user:password of an administrator")?;
        value(
            case,
            NAME,
            "management",
            "the address of the management interface; give it with --with management=https://…",
        )?;
        let own = ConnectionUri::of(case.subject).ok_or_else(|| {
            super::needs(
                NAME,
                "uri",
                "the connection URI that the password stands in",
            )
        })?;
        Ok(Errand {
            rest: Rest::new(&self.way, case, "", admin)
                .at_value("management")
                .with_basic(),
            user: own.user().to_owned(),
            own,
        })
    }
}

impl Errand<'_> {
    fn user(&self, name: &str) -> Result<Option<Json>, ProviderError> {
        self.rest.get(&format!("/api/users/{}", segment(name)))
    }

    /// Takes the password away, and closes what is open.
    fn bar(&self, name: &str) -> Result<Receipt, ProviderError> {
        let receipt = |summary: String| Receipt {
            summary,
            request_id: None,
        };
        let Some(known) = self.user(name)? else {
            return Ok(receipt(format!("there is no user {name}")));
        };
        let path = format!("/api/users/{}", segment(name));
        // An empty hash is no password: nobody logs in with one.
        let body =
            json!({ "password_hash": "", "tags": known.get("tags").cloned().unwrap_or_default() });
        self.rest
            .change(Verb::Put, &path, Some(&body), &format!("bar {name}"))?;
        let path = format!("/api/connections/username/{}", segment(name));
        let closed = self
            .rest
            .change(Verb::Delete, &path, None, "close its connections");
        let told = if closed.is_ok() {
            "its connections are closed"
        } else {
            "its connections could not be closed"
        };
        Ok(receipt(format!("{name} has no password any more; {told}")))
    }
}

impl Provider for RabbitMq {
    fn name(&self) -> &'static str {
        NAME
    }

    fn abilities(&self, case: &Case<'_>) -> Result<Abilities, ProviderError> {
        or_by_hand(case, || {
            let errand = self.errand(case)?;
            let (user, other) = (&errand.user, sibling(&errand.user));
            let shown = |verb: Verb, name: &str| {
                errand
                    .rest
                    .shown(verb, &format!("/api/users/{}", segment(name)))
            };
            Ok(Abilities {
                revoke: Some(Revocation {
                    action: "rabbitmq-bar-user".to_owned(),
                    identity: ADMIN.to_owned(),
                    calls: vec![shown(Verb::Put, user)],
                    undo: Undo::Impossible,
                    breaks: vec![format!("Clients that still log in as {user}.")],
                }),
                rotate: Some(Rotation {
                    action: "rabbitmq-second-user".to_owned(),
                    identity: ADMIN.to_owned(),
                    by: Maker::Identity,
                    calls: vec![shown(Verb::Put, &other)],
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
        let errand = self.errand(case)?;
        let password = new_password().ok_or_else(|| ProviderError::Refused {
            provider: NAME.to_owned(),
            what: "this machine has no randomness".to_owned(),
        })?;
        let user = sibling(&errand.user);
        Ok(Successor {
            parts: successor_parts(case.subject, &errand.own, &user, &password),
            handle: Handle(user),
        })
    }

    fn create(&self, case: &Case<'_>, creation: &Creation) -> Result<Successor, ProviderError> {
        let draft = draft_of(NAME, creation)?;
        let password = password_of(NAME, &draft)?;
        let errand = self.errand(case)?;
        let (old, new) = (&errand.user, &draft.handle.0);
        let known = errand.user(old)?.ok_or_else(|| ProviderError::Absent {
            provider: NAME.to_owned(),
            what: format!("the user {old}"),
        })?;
        let body = json!({
            "password": password.as_str(),
            "tags": known.get("tags").cloned().unwrap_or_default(),
        });
        let path = format!("/api/users/{}", segment(new));
        errand.rest.change(
            Verb::Put,
            &path,
            Some(&body),
            &format!("make the user {new}"),
        )?;
        for kind in ["permissions", "topic-permissions"] {
            let listed = errand
                .rest
                .get(&format!("/api/users/{}/{kind}", segment(old)))?;
            for permission in listed.iter().filter_map(Json::as_array).flatten() {
                let text = |name: &str| {
                    permission
                        .get(name)
                        .and_then(Json::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                let path = format!("/api/{kind}/{}/{}", segment(&text("vhost")), segment(new));
                let mut body = permission.clone();
                if let Some(fields) = body.as_object_mut() {
                    fields.remove("user");
                    fields.remove("vhost");
                }
                let what = format!("give {new} the permissions of {old}");
                errand.rest.change(Verb::Put, &path, Some(&body), &what)?;
            }
        }
        Ok(draft)
    }

    fn find_created(&self, _: &Case<'_>, creation: &Creation) -> Result<Created, ProviderError> {
        Ok(creation.draft.clone().map_or(Created::No, Created::Whole))
    }

    fn remove(&self, case: &Case<'_>, handle: &Handle) -> Result<Receipt, ProviderError> {
        self.errand(case)?.bar(&handle.0)
    }

    fn standing(&self, case: &Case<'_>) -> Result<Standing, ProviderError> {
        let errand = self.errand(case)?;
        let hash = errand.user(&errand.user)?.map(|known| {
            known
                .get("password_hash")
                .and_then(Json::as_str)
                .unwrap_or_default()
                .to_owned()
        });
        Ok(match hash.as_deref() {
            None | Some("") => Standing::Gone,
            // It has a password; whether it is this one, only a login tells.
            Some(_) => Standing::NotKnown,
        })
    }

    fn revoke(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        let errand = self.errand(case)?;
        errand.bar(&errand.user)
    }
}

/// The other user of a pair.
fn sibling(user: &str) -> String {
    user.strip_suffix(SECOND)
        .map_or_else(|| format!("{user}{SECOND}"), str::to_owned)
}
