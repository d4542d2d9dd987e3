//! SSH keys at GitHub, of repositories (deploy keys) and of people: a new Ed25519 key beside the old one, then the old one deleted.
//!
//! As `github-admin` (a token), for the repository `repository` (`owner/name`), or with `keys=account` for the account of the
//! token. The private key is made here and is in the store before GitHub hears of its public half.

use std::sync::Arc;

use leakward_core::Secret;
use leakward_core::action::Verb;
use leakward_stores::Fields;
use leakward_verify::Subject;
use leakward_verify::ssh::{new_key, public_text};
use serde_json::{Value as Json, json};

use super::Way;
use super::by_hand::or_by_hand;
use super::rest::{Rest, identity, text, value};
use super::sql_users::draft_of;
use super::written_key::{self, as_written, unreadable, written};
use crate::provider::{
    Abilities, Birth, Case, Created, Creation, Handle, Maker, Overlap, Provider, ProviderError,
    Receipt, RequestId, Revocation, Rotation, SECRET, Standing, Successor, Undo,
};

const NAME: &str = "github-deploy-key";
const ADMIN: &str = "github-admin";
const ENDPOINT: &str = "https://api.github.com";

/// Deploy keys.
pub(super) struct GithubDeployKey {
    way: Arc<Way>,
}

struct Errand<'e> {
    rest: Rest<'e>,
    /// The path of the keys.
    keys: String,
    /// Whose they are: `owner/name`, or the account.
    repository: String,
    is_account: bool,
}

impl GithubDeployKey {
    pub(super) fn new(way: Arc<Way>) -> Self {
        Self { way }
    }

    fn errand<'e>(&'e self, case: &'e Case<'_>) -> Result<Errand<'e>, ProviderError> {
        let admin = identity(
            case,
            NAME,
            ADMIN,
            "a token that may administer the repository",
        )?;
        let rest = Rest::new(&self.way, case, ENDPOINT, admin)
            .and_header("X-GitHub-Api-Version", "2022-11-28");
        // A server of one's own, as it is named for its API.
        let rest = match case.subject.value("api") {
            Some(_) => rest.at_value("api"),
            None => rest,
        };
        let keys = case
            .subject
            .value("keys")
            .and_then(|value| text(&value.secret));
        if keys.is_some_and(|keys| &**keys == "account") {
            return Ok(Errand {
                rest,
                keys: "/user/keys".to_owned(),
                repository: "the account".to_owned(),
                is_account: true,
            });
        }
        let repository = value(
            case,
            NAME,
            "repository",
            "owner/name of the repository, --with repository=…; or --with keys=account for the keys of a person",
        )?;
        let is_name = repository.split('/').count() == 2
            && repository
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"/-._".contains(&byte));
        if !is_name {
            return Err(super::needs(NAME, "repository", "it is written owner/name"));
        }
        Ok(Errand {
            rest,
            keys: format!("/repos/{}/keys", &*repository),
            repository: repository.to_string(),
            is_account: false,
        })
    }

    fn public(secret: &Secret) -> Result<String, ProviderError> {
        text(secret)
            .and_then(|text| public_text(&text))
            .ok_or_else(|| unreadable(NAME))
    }
}

impl Errand<'_> {
    /// The key of that public half, as GitHub lists it.
    fn find(&self, public: &str) -> Result<Option<Json>, ProviderError> {
        let listed = self.rest.get(&format!("{}?per_page=100", self.keys))?;
        let same = |key: &&Json| {
            let text = key.get("key").and_then(Json::as_str).unwrap_or_default();
            let mut words = text.split(' ');
            public
                == format!(
                    "{} {}",
                    words.next().unwrap_or_default(),
                    words.next().unwrap_or_default()
                )
        };
        Ok(listed
            .iter()
            .filter_map(Json::as_array)
            .flatten()
            .find(same)
            .cloned())
    }

    fn delete(&self, public: &str) -> Result<Receipt, ProviderError> {
        let receipt = |summary: String| Receipt {
            summary,
            request_id: None,
        };
        let id = self
            .find(public)?
            .and_then(|key| key.get("id").and_then(Json::as_u64));
        let Some(id) = id else {
            return Ok(receipt(format!(
                "{} has no such deploy key",
                self.repository
            )));
        };
        let path = format!("{}/{id}", self.keys);
        self.rest
            .change(Verb::Delete, &path, None, "delete the deploy key")?;
        Ok(receipt(format!(
            "the deploy key {id} of {} is deleted",
            self.repository
        )))
    }
}

impl Provider for GithubDeployKey {
    fn name(&self) -> &'static str {
        NAME
    }

    fn abilities(&self, case: &Case<'_>) -> Result<Abilities, ProviderError> {
        or_by_hand(case, || {
            let errand = self.errand(case)?;
            Ok(Abilities {
                revoke: Some(Revocation {
                    action: "github-delete-deploy-key".to_owned(),
                    identity: ADMIN.to_owned(),
                    calls: vec![
                        errand
                            .rest
                            .shown(Verb::Delete, &format!("{}/{{id}}", errand.keys)),
                    ],
                    undo: Undo::Possible,
                    breaks: vec![format!(
                        "Whatever logs in to {} with this key.",
                        errand.repository
                    )],
                }),
                rotate: Some(Rotation {
                    action: "github-create-deploy-key".to_owned(),
                    identity: ADMIN.to_owned(),
                    by: Maker::Identity,
                    calls: vec![errand.rest.shown(Verb::Post, &errand.keys)],
                    birth: Birth::Chosen,
                    overlap: Overlap::Both,
                    breaks: Vec::new(),
                }),
                instructions: None,
            })
        })
    }

    fn parts(&self, subject: &Subject) -> Fields {
        written_key::parts(subject)
    }

    fn subject(&self, like: &Subject, parts: &Fields) -> Subject {
        written_key::subject(like, parts)
    }

    fn has_company(&self) -> bool {
        true
    }

    fn beside(&self, subject: &Subject, fields: &Fields) -> Result<Subject, ProviderError> {
        let found = written_key::beside(NAME, subject, fields)?;
        Ok(found.unwrap_or_else(|| subject.clone()))
    }

    fn draft(&self, case: &Case<'_>, id: &RequestId) -> Result<Successor, ProviderError> {
        let key = new_key(&id.0).ok_or_else(|| ProviderError::Refused {
            provider: NAME.to_owned(),
            what: "this machine has no randomness".to_owned(),
        })?;
        let mut parts = written_key::parts(case.subject);
        let secret = as_written(written(case.subject), &key);
        let handle = Handle(Self::public(&secret)?);
        parts.insert(SECRET.to_owned(), secret);
        Ok(Successor { handle, parts })
    }

    fn create(&self, case: &Case<'_>, creation: &Creation) -> Result<Successor, ProviderError> {
        let draft = draft_of(NAME, creation)?;
        let errand = self.errand(case)?;
        let public = draft.handle.0.clone();
        if errand.find(&public)?.is_some() {
            return Ok(draft);
        }
        let old = errand.find(&Self::public(&case.subject.secret)?)?;
        let read_only = old
            .as_ref()
            .and_then(|key| key.get("read_only")?.as_bool())
            .unwrap_or(true);
        let mut body = json!({ "title": creation.id.0, "key": public });
        if !errand.is_account {
            body["read_only"] = json!(read_only);
        }
        errand
            .rest
            .change(Verb::Post, &errand.keys, Some(&body), "add a deploy key")?
            .ok_or_else(|| ProviderError::Absent {
                provider: NAME.to_owned(),
                what: errand.repository.clone(),
            })?;
        Ok(draft)
    }

    fn find_created(&self, _: &Case<'_>, creation: &Creation) -> Result<Created, ProviderError> {
        Ok(creation.draft.clone().map_or(Created::No, Created::Whole))
    }

    fn remove(&self, case: &Case<'_>, handle: &Handle) -> Result<Receipt, ProviderError> {
        self.errand(case)?.delete(&handle.0)
    }

    fn standing(&self, case: &Case<'_>) -> Result<Standing, ProviderError> {
        let public = Self::public(&case.subject.secret)?;
        Ok(match self.errand(case)?.find(&public)? {
            Some(_) => Standing::Active,
            None => Standing::Gone,
        })
    }

    fn revoke(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        let public = Self::public(&case.subject.secret)?;
        self.errand(case)?.delete(&public)
    }

    /// The public half is in the private key, so that it can be added again; its old title is gone.
    fn restore(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        let errand = self.errand(case)?;
        let public = Self::public(&case.subject.secret)?;
        let mut body = json!({ "title": "restored by Leakward", "key": public });
        if !errand.is_account {
            body["read_only"] = json!(true);
        }
        errand.rest.change(
            Verb::Post,
            &errand.keys,
            Some(&body),
            "add the deploy key again",
        )?;
        Ok(Receipt {
            summary: format!("{} has the deploy key again, read-only", errand.repository),
            request_id: None,
        })
    }
}
