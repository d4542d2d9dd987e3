//! Keys of Azure Storage accounts: there are two, always. Applications move to the other one, and the leaked one is made anew.
//!
//! As `azure-admin` (an access token for management.azure.com), for the account's `resource` (its id in Azure Resource Manager).

use std::sync::Arc;

use leakward_core::Secret;
use leakward_core::action::Verb;
use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use super::Way;
use super::by_hand::or_by_hand;
use super::rest::{Rest, identity, text, value};
use crate::provider::{
    Abilities, Birth, Case, Created, Creation, Handle, Maker, Overlap, Provider, ProviderError,
    Receipt, Revocation, Rotation, SECRET, Standing, Successor, Undo, plain_parts,
};

const NAME: &str = "azure-storage-key";
const ADMIN: &str = "azure-admin";
const ENDPOINT: &str = "https://management.azure.com";
const VERSION: &str = "api-version=2023-05-01";

/// Azure Storage.
pub(super) struct AzureStorage {
    way: Arc<Way>,
}

struct Errand<'e> {
    rest: Rest<'e>,
    resource: String,
}

/// One of the two keys.
struct Listed {
    name: String,
    value: Zeroizing<String>,
}

impl AzureStorage {
    pub(super) fn new(way: Arc<Way>) -> Self {
        Self { way }
    }

    fn errand<'e>(&'e self, case: &'e Case<'_>) -> Result<Errand<'e>, ProviderError> {
        let admin = identity(
            case,
            NAME,
            ADMIN,
            "an access token for management.azure.com",
        )?;
        let resource = value(
            case,
            NAME,
            "resource",
            "the account's id, /subscriptions/…/storageAccounts/…; give it with --with resource=…",
        )?;
        let is_id = resource.starts_with("/subscriptions/")
            && resource
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"/-._".contains(&byte));
        if !is_id {
            return Err(super::needs(
                NAME,
                "resource",
                "it begins with /subscriptions/",
            ));
        }
        Ok(Errand {
            rest: Rest::new(&self.way, case, ENDPOINT, admin),
            resource: resource.to_string(),
        })
    }
}

impl Errand<'_> {
    fn path(&self, action: &str) -> String {
        format!("{}/{action}?{VERSION}", self.resource)
    }

    fn keys(&self) -> Result<Vec<Listed>, ProviderError> {
        let answer = self
            .rest
            .change(Verb::Post, &self.path("listKeys"), None, "read the keys")
            .map_err(super::answer::unread)?;
        let keys = answer
            .and_then(|answer| answer.json()?.get("keys")?.as_array().cloned())
            .unwrap_or_default();
        let of = |key: &Json| {
            Some(Listed {
                name: key.get("keyName")?.as_str()?.to_owned(),
                value: Zeroizing::new(key.get("value")?.as_str()?.to_owned()),
            })
        };
        Ok(keys.iter().filter_map(of).collect())
    }

    fn pair(&self, case: &Case<'_>) -> Result<(Option<Listed>, Option<Listed>), ProviderError> {
        let own = text(&case.subject.secret).unwrap_or_default();
        let (mut mine, mut other) = (None, None);
        for key in self.keys()? {
            if *key.value == *own {
                mine = Some(key);
            } else if other.is_none() {
                other = Some(key);
            }
        }
        Ok((mine, other))
    }
}

impl Provider for AzureStorage {
    fn name(&self) -> &'static str {
        NAME
    }

    fn abilities(&self, case: &Case<'_>) -> Result<Abilities, ProviderError> {
        or_by_hand(case, || {
            let errand = self.errand(case)?;
            let shown = |action: &str| errand.rest.shown(Verb::Post, &errand.path(action));
            Ok(Abilities {
                revoke: Some(Revocation {
                    action: "azure-regenerate-storage-key".to_owned(),
                    identity: ADMIN.to_owned(),
                    calls: vec![shown("listKeys"), shown("regenerateKey")],
                    undo: Undo::Impossible,
                    breaks: vec![
                        "Whatever uses this key, and every shared access signature that it signed."
                            .to_owned(),
                    ],
                }),
                rotate: Some(Rotation {
                    action: "azure-use-other-storage-key".to_owned(),
                    identity: ADMIN.to_owned(),
                    by: Maker::Identity,
                    calls: vec![shown("listKeys")],
                    birth: Birth::Issued,
                    overlap: Overlap::Both,
                    breaks: Vec::new(),
                }),
                instructions: None,
            })
        })
    }

    /// The successor exists already: it is the account's other key.
    fn create(&self, case: &Case<'_>, _: &Creation) -> Result<Successor, ProviderError> {
        let (_, other) = self.errand(case)?.pair(case)?;
        let other = other.ok_or_else(|| ProviderError::Absent {
            provider: NAME.to_owned(),
            what: "another key of the account".to_owned(),
        })?;
        let mut parts = plain_parts(case.subject);
        parts.insert(SECRET.to_owned(), Secret::new(other.value.as_bytes()));
        Ok(Successor {
            handle: Handle(other.name),
            parts,
        })
    }

    fn find_created(&self, case: &Case<'_>, creation: &Creation) -> Result<Created, ProviderError> {
        self.create(case, creation).map(Created::Whole)
    }

    /// The other key was there before, and stays.
    fn remove(&self, _: &Case<'_>, handle: &Handle) -> Result<Receipt, ProviderError> {
        Ok(Receipt {
            summary: format!("{handle} is one of the account's two keys, and stays"),
            request_id: None,
        })
    }

    fn standing(&self, case: &Case<'_>) -> Result<Standing, ProviderError> {
        let (mine, _) = self.errand(case)?.pair(case)?;
        Ok(if mine.is_some() {
            Standing::Active
        } else {
            Standing::Gone
        })
    }

    fn revoke(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        let errand = self.errand(case)?;
        let receipt = |summary: String| Receipt {
            summary,
            request_id: None,
        };
        // Only a key that is still there is made anew: a repeated call would end its successor.
        let (Some(mine), _) = errand.pair(case)? else {
            return Ok(receipt("the account has no such key any more".to_owned()));
        };
        let body = json!({ "keyName": mine.name });
        errand.rest.change(
            Verb::Post,
            &errand.path("regenerateKey"),
            Some(&body),
            &format!("make {} anew", mine.name),
        )?;
        Ok(receipt(format!(
            "{} of the account is made anew",
            mine.name
        )))
    }
}
