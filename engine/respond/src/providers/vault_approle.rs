//! SecretIDs of AppRoles in HashiCorp Vault and OpenBao: another SecretID beside the first, then the first destroyed.
//!
//! As `vault-admin` (a token), at the server that the operator names (`address`, or `--endpoint`), for the role `role`.

use std::sync::Arc;

use leakward_core::Secret;
use leakward_core::action::Verb;
use serde_json::{Value as Json, json};

use super::Way;
use super::by_hand::or_by_hand;
use super::rest::{Rest, identity, segment, text, value};
use crate::provider::{
    Abilities, Birth, Case, Created, Creation, Handle, Maker, Overlap, Provider, ProviderError,
    Receipt, Revocation, Rotation, SECRET, Standing, Successor, Undo, plain_parts,
};

const NAME: &str = "vault-approle";
const ADMIN: &str = "vault-admin";

/// AppRoles.
pub(super) struct VaultApprole {
    way: Arc<Way>,
}

struct Errand<'e> {
    rest: Rest<'e>,
    base: String,
    role: String,
}

impl VaultApprole {
    pub(super) fn new(way: Arc<Way>) -> Self {
        Self { way }
    }

    fn errand<'e>(&'e self, case: &'e Case<'_>) -> Result<Errand<'e>, ProviderError> {
        let admin = identity(
            case,
            NAME,
            ADMIN,
            "a token that may write the role's SecretIDs",
        )?;
        let role = value(
            case,
            NAME,
            "role",
            "the AppRole's name; give it with --with role=…",
        )?;
        let mount = case
            .subject
            .value("mount")
            .and_then(|value| text(&value.secret))
            .map_or_else(|| "approle".to_owned(), |mount| mount.to_string());
        let rest = Rest::new(&self.way, case, "", admin)
            .at_value("address")
            .with_header("X-Vault-Token", "{identity}");
        Ok(Errand {
            rest,
            base: format!("/v1/auth/{}/role/{}", segment(&mount), segment(&role)),
            role: role.to_string(),
        })
    }

    /// What the server knows of the SecretID; none when it does not know it.
    fn known(errand: &Errand<'_>, secret: &Secret) -> Result<Option<Json>, ProviderError> {
        let body = json!({ "secret_id": text(secret).unwrap_or_default().as_str() });
        let path = format!("{}/secret-id/lookup", errand.base);
        let answer = errand
            .rest
            .change(Verb::Post, &path, Some(&body), "look the SecretID up")
            .map_err(super::answer::unread);
        match answer {
            Ok(answer) => Ok(answer
                .and_then(|answer| answer.json())
                .filter(|json| json.pointer("/data/secret_id_accessor").is_some())),
            // Some versions say so in these words, with a status of 400 or 500.
            Err(
                ProviderError::Refused { what, .. } | ProviderError::Unavailable { why: what, .. },
            ) if what.contains("failed to find accessor entry") => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Provider for VaultApprole {
    fn name(&self) -> &'static str {
        NAME
    }

    fn abilities(&self, case: &Case<'_>) -> Result<Abilities, ProviderError> {
        or_by_hand(case, || {
            let errand = self.errand(case)?;
            let shown = |path: &str| {
                errand
                    .rest
                    .shown(Verb::Post, &format!("{}{path}", errand.base))
            };
            Ok(Abilities {
                revoke: Some(Revocation {
                    action: "vault-destroy-secret-id".to_owned(),
                    identity: ADMIN.to_owned(),
                    calls: vec![shown("/secret-id/destroy")],
                    undo: Undo::Impossible,
                    breaks: vec![format!(
                        "Logins of the AppRole {} with this SecretID; tokens that it got before live on.",
                        errand.role
                    )],
                }),
                rotate: Some(Rotation {
                    action: "vault-create-secret-id".to_owned(),
                    identity: ADMIN.to_owned(),
                    by: Maker::Identity,
                    calls: vec![shown("/secret-id")],
                    birth: Birth::Issued,
                    overlap: Overlap::Both,
                    breaks: Vec::new(),
                }),
                instructions: None,
            })
        })
    }

    fn create(&self, case: &Case<'_>, creation: &Creation) -> Result<Successor, ProviderError> {
        let errand = self.errand(case)?;
        let label = json!({ "leakward-request": creation.id.0 }).to_string();
        let body = json!({ "metadata": label });
        let path = format!("{}/secret-id", errand.base);
        let what = format!("make a SecretID for {}", errand.role);
        let answer = errand
            .rest
            .change(Verb::Post, &path, Some(&body), &what)?
            .and_then(|answer| answer.json());
        let part = |name: &str| {
            let json = answer.as_ref()?;
            Some(json.pointer(&format!("/data/{name}"))?.as_str()?.to_owned())
        };
        let (Some(secret), Some(accessor)) = (part("secret_id"), part("secret_id_accessor")) else {
            return Err(ProviderError::OutcomeUnknown {
                provider: NAME.to_owned(),
                what: format!("{what}: the answer does not hold it"),
            });
        };
        let mut parts = plain_parts(case.subject);
        parts.insert(SECRET.to_owned(), Secret::new(secret.as_bytes()));
        Ok(Successor {
            handle: Handle(accessor),
            parts,
        })
    }

    fn handles(&self, case: &Case<'_>) -> Result<Vec<Handle>, ProviderError> {
        let errand = self.errand(case)?;
        let json = errand
            .rest
            .get(&format!("{}/secret-id?list=true", errand.base))?;
        let keys = json.and_then(|json| json.pointer("/data/keys")?.as_array().cloned());
        Ok(keys
            .unwrap_or_default()
            .iter()
            .filter_map(|key| Some(Handle(key.as_str()?.to_owned())))
            .collect())
    }

    fn find_created(&self, case: &Case<'_>, creation: &Creation) -> Result<Created, ProviderError> {
        let errand = self.errand(case)?;
        for handle in self.handles(case)? {
            if creation.before.contains(&handle) {
                continue;
            }
            let body = json!({ "secret_id_accessor": handle.0 });
            let path = format!("{}/secret-id-accessor/lookup", errand.base);
            let answer = errand
                .rest
                .change(Verb::Post, &path, Some(&body), "look a SecretID up")
                .map_err(super::answer::unread)?
                .and_then(|answer| answer.json());
            let label = answer
                .as_ref()
                .and_then(|json| json.pointer("/data/metadata/leakward-request")?.as_str());
            if label == Some(&creation.id.0) {
                return Ok(Created::Orphan(handle));
            }
        }
        Ok(Created::No)
    }

    fn remove(&self, case: &Case<'_>, handle: &Handle) -> Result<Receipt, ProviderError> {
        let errand = self.errand(case)?;
        let body = json!({ "secret_id_accessor": handle.0 });
        let path = format!("{}/secret-id-accessor/destroy", errand.base);
        errand
            .rest
            .change(Verb::Post, &path, Some(&body), "destroy a SecretID")?;
        Ok(Receipt {
            summary: format!("the SecretID {handle} is destroyed"),
            request_id: None,
        })
    }

    fn standing(&self, case: &Case<'_>) -> Result<Standing, ProviderError> {
        let errand = self.errand(case)?;
        Ok(match Self::known(&errand, &case.subject.secret)? {
            Some(_) => Standing::Active,
            None => Standing::Gone,
        })
    }

    fn revoke(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        let errand = self.errand(case)?;
        let done = |summary: String| Receipt {
            summary,
            request_id: None,
        };
        if Self::known(&errand, &case.subject.secret)?.is_none() {
            return Ok(done(format!(
                "the AppRole {} has no such SecretID any more",
                errand.role
            )));
        }
        let body = json!({ "secret_id": text(&case.subject.secret).unwrap_or_default().as_str() });
        let path = format!("{}/secret-id/destroy", errand.base);
        errand
            .rest
            .change(Verb::Post, &path, Some(&body), "destroy the SecretID")?;
        Ok(done(format!(
            "the SecretID of the AppRole {} is destroyed",
            errand.role
        )))
    }
}
