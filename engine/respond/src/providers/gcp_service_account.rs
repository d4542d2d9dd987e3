//! Keys of Google service accounts: another key beside the first, then the first disabled.
//!
//! As `gcp-admin` (an OAuth access token of the platform's identity). <https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys>

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::Secret;
use leakward_core::action::Verb;
use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use super::Way;
use super::by_hand::or_by_hand;
use super::rest::{Rest, identity, segment, text};
use crate::provider::{
    Abilities, Birth, Case, Created, Creation, Handle, Maker, Overlap, Provider, ProviderError,
    Receipt, Revocation, Rotation, SECRET, Standing, Successor, Undo, plain_parts,
};

const NAME: &str = "gcp-service-account-key";
const ADMIN: &str = "gcp-admin";
const ENDPOINT: &str = "https://iam.googleapis.com";

/// Google's IAM.
pub(super) struct GcpServiceAccount {
    way: Arc<Way>,
}

struct Errand<'e> {
    rest: Rest<'e>,
    account: String,
    /// The path of the account's keys.
    keys: String,
    id: String,
}

impl GcpServiceAccount {
    pub(super) fn new(way: Arc<Way>) -> Self {
        Self { way }
    }

    fn errand<'e>(&'e self, case: &'e Case<'_>) -> Result<Errand<'e>, ProviderError> {
        let admin = identity(
            case,
            NAME,
            ADMIN,
            "an access token that may manage the account's keys",
        )?;
        let key = text(&case.subject.secret)
            .and_then(|text| serde_json::from_str::<Json>(&text).ok())
            .unwrap_or_default();
        let field = |name: &str| -> Result<String, ProviderError> {
            let given = case
                .subject
                .value(name)
                .and_then(|value| text(&value.secret));
            key.get(name)
                .and_then(Json::as_str)
                .map(str::to_owned)
                .or_else(|| given.map(|given| given.to_string()))
                .ok_or_else(|| {
                    super::needs(NAME, name, "the key's file names it; give it with --with")
                })
        };
        let (account, id) = (field("client_email")?, field("private_key_id")?);
        Ok(Errand {
            rest: Rest::new(&self.way, case, ENDPOINT, admin),
            keys: format!("/v1/projects/-/serviceAccounts/{}/keys", segment(&account)),
            account,
            id,
        })
    }
}

impl Errand<'_> {
    fn listed(&self) -> Result<Vec<Json>, ProviderError> {
        let json = self
            .rest
            .get(&format!("{}?keyTypes=USER_MANAGED", self.keys))?;
        Ok(json
            .and_then(|json| json.get("keys")?.as_array().cloned())
            .unwrap_or_default())
    }

    fn switch(&self, way: &str, done: &str) -> Result<Receipt, ProviderError> {
        let path = format!("{}/{}:{way}", self.keys, segment(&self.id));
        let answer = self.rest.change(
            Verb::Post,
            &path,
            Some(&json!({})),
            &format!("{way} the key"),
        )?;
        let summary = match answer {
            Some(_) => format!("the key {} of {} is {done}", self.id, self.account),
            None => format!("{} has no key {} any more", self.account, self.id),
        };
        Ok(Receipt {
            summary,
            request_id: None,
        })
    }
}

/// The id at the end of a key's name.
fn id_of(key: &Json) -> Option<String> {
    let name = key.get("name")?.as_str()?;
    Some(name.rsplit('/').next()?.to_owned())
}

impl Provider for GcpServiceAccount {
    fn name(&self) -> &'static str {
        NAME
    }

    fn abilities(&self, case: &Case<'_>) -> Result<Abilities, ProviderError> {
        or_by_hand(case, || {
            let errand = self.errand(case)?;
            let shown = |path: &str| {
                errand
                    .rest
                    .shown(Verb::Post, &format!("{}{path}", errand.keys))
            };
            Ok(Abilities {
                revoke: Some(Revocation {
                    action: "gcp-disable-key".to_owned(),
                    identity: ADMIN.to_owned(),
                    calls: vec![shown("/{id}:disable")],
                    undo: Undo::Possible,
                    breaks: vec![format!("Whatever uses this key of {}.", errand.account)],
                }),
                rotate: Some(Rotation {
                    action: "gcp-create-key".to_owned(),
                    identity: ADMIN.to_owned(),
                    by: Maker::Identity,
                    calls: vec![shown("")],
                    birth: Birth::Issued,
                    overlap: Overlap::Both,
                    breaks: Vec::new(),
                }),
                instructions: None,
            })
        })
    }

    fn handles(&self, case: &Case<'_>) -> Result<Vec<Handle>, ProviderError> {
        let listed = self.errand(case)?.listed()?;
        Ok(listed.iter().filter_map(id_of).map(Handle).collect())
    }

    fn create(&self, case: &Case<'_>, _: &Creation) -> Result<Successor, ProviderError> {
        let errand = self.errand(case)?;
        let what = format!("make a key for {}", errand.account);
        let answer = errand
            .rest
            .change(Verb::Post, &errand.keys, Some(&json!({})), &what)?
            .ok_or_else(|| ProviderError::Absent {
                provider: NAME.to_owned(),
                what: format!("the service account {}", errand.account),
            })?
            .json();
        let made = answer.as_ref().and_then(|json| {
            let data = STANDARD
                .decode(json.get("privateKeyData")?.as_str()?)
                .ok()?;
            Some((id_of(json)?, Zeroizing::new(data)))
        });
        let Some((id, file)) = made else {
            return Err(ProviderError::OutcomeUnknown {
                provider: NAME.to_owned(),
                what: format!("{what}: the answer does not hold it"),
            });
        };
        let mut parts = plain_parts(case.subject);
        parts.insert(SECRET.to_owned(), Secret::new(&file));
        Ok(Successor {
            handle: Handle(id),
            parts,
        })
    }

    fn find_created(&self, case: &Case<'_>, creation: &Creation) -> Result<Created, ProviderError> {
        let errand = self.errand(case)?;
        let new =
            errand.listed()?.iter().filter_map(id_of).find(|id| {
                *id != errand.id && !creation.before.iter().any(|handle| handle.0 == *id)
            });
        Ok(new.map_or(Created::No, |id| Created::Orphan(Handle(id))))
    }

    fn remove(&self, case: &Case<'_>, handle: &Handle) -> Result<Receipt, ProviderError> {
        let errand = self.errand(case)?;
        let path = format!("{}/{}", errand.keys, segment(&handle.0));
        errand
            .rest
            .change(Verb::Delete, &path, None, "delete a key")?;
        Ok(Receipt {
            summary: format!("the key {handle} is deleted"),
            request_id: None,
        })
    }

    fn standing(&self, case: &Case<'_>) -> Result<Standing, ProviderError> {
        let errand = self.errand(case)?;
        let listed = errand.listed()?;
        let own = listed
            .iter()
            .find(|key| id_of(key).as_deref() == Some(&*errand.id));
        Ok(match own {
            None => Standing::Gone,
            Some(key) if key.get("disabled") == Some(&Json::Bool(true)) => Standing::Inactive,
            Some(_) => Standing::Active,
        })
    }

    fn revoke(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        self.errand(case)?.switch("disable", "disabled")
    }

    fn restore(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        self.errand(case)?.switch("enable", "enabled")
    }
}
