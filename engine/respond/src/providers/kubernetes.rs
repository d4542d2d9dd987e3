//! Tokens of Kubernetes service accounts: another token of the same account, then the secret or the object that the leaked one is
//! bound to deleted.
//!
//! As `kubernetes-admin` (a bearer token), at the API server that the operator names (`server`, or `--endpoint`). A token that is
//! bound to nothing ends only with its time or with its account, which is not deleted here.

use std::sync::Arc;

use leakward_core::Secret;
use leakward_core::action::Verb;
use leakward_verify::base64url;
use serde_json::{Value as Json, json};

use super::Way;
use super::by_hand::or_by_hand;
use super::rest::{Rest, identity, segment, text};
use crate::provider::{
    Abilities, Birth, Case, Created, Creation, Handle, Instructions, Maker, Overlap, Provider,
    ProviderError, Receipt, Revocation, Rotation, SECRET, Standing, Successor, Undo, plain_parts,
};

const NAME: &str = "kubernetes";
const ADMIN: &str = "kubernetes-admin";

/// How long a new token lives: ninety days. Servers may cut that.
const SECONDS: u64 = 90 * 86_400;

/// Kubernetes.
pub(super) struct Kubernetes {
    way: Arc<Way>,
}

/// What a token says of itself.
struct Claims {
    namespace: String,
    account: String,
    /// What it is bound to: `secrets` or `pods`, and its name.
    bound: Option<(&'static str, String)>,
}

impl Kubernetes {
    pub(super) fn new(way: Arc<Way>) -> Self {
        Self { way }
    }

    fn rest<'e>(&'e self, case: &'e Case<'_>) -> Result<Rest<'e>, ProviderError> {
        let admin = identity(
            case,
            NAME,
            ADMIN,
            "a token that may manage the account's secrets",
        )?;
        Ok(Rest::new(&self.way, case, "", admin).at_value("server"))
    }

    fn claims(case: &Case<'_>) -> Result<Claims, ProviderError> {
        claims(&text(&case.subject.secret).unwrap_or_default()).ok_or_else(|| {
            ProviderError::Refused {
                provider: NAME.to_owned(),
                what: "the token does not say which account it is of".to_owned(),
            }
        })
    }
}

fn claims(token: &str) -> Option<Claims> {
    let json = base64url::json(token.split('.').nth(1)?)?;
    let old = |name: &str| json.get(format!("kubernetes.io/serviceaccount/{name}"));
    let new = json.get("kubernetes.io");
    let text = |value: Option<&Json>| Some(value?.as_str()?.to_owned());
    let namespace =
        text(new.and_then(|new| new.get("namespace"))).or_else(|| text(old("namespace")));
    let account = text(new.and_then(|new| new.pointer("/serviceaccount/name")))
        .or_else(|| text(old("service-account.name")))
        .or_else(|| text(json.get("sub"))?.rsplit(':').next().map(str::to_owned));
    let bound = text(old("secret.name"))
        .or_else(|| text(new.and_then(|new| new.pointer("/secret/name"))))
        .map(|name| ("secrets", name))
        .or_else(|| Some(("pods", text(new?.pointer("/pod/name"))?)));
    Some(Claims {
        namespace: namespace?,
        account: account?,
        bound,
    })
}

impl Claims {
    fn object(&self, kind: &str, name: &str) -> String {
        format!(
            "/api/v1/namespaces/{}/{kind}/{}",
            segment(&self.namespace),
            segment(name)
        )
    }
}

impl Provider for Kubernetes {
    fn name(&self) -> &'static str {
        NAME
    }

    fn abilities(&self, case: &Case<'_>) -> Result<Abilities, ProviderError> {
        or_by_hand(case, || {
            let (rest, claims) = (self.rest(case)?, Self::claims(case)?);
            let account = format!("{}/{}", claims.namespace, claims.account);
            let revoke = claims.bound.as_ref().map(|(kind, name)| Revocation {
                action: format!("kubernetes-delete-{}", kind.trim_end_matches('s')),
                identity: ADMIN.to_owned(),
                calls: vec![rest.shown(Verb::Delete, &claims.object(kind, name))],
                undo: Undo::Impossible,
                breaks: vec![match *kind {
                    "pods" => format!("The pod {name}; whoever manages it starts another."),
                    _ => format!("Whatever uses this token of {account}."),
                }],
            });
            let by_hand = Instructions {
                url: None,
                steps: vec![
                    format!(
                        "The token of {account} is bound to nothing, so that it works until its time ends."
                    ),
                    format!(
                        "To end it now, delete the service account {account} and make it anew; every token of it ends."
                    ),
                ],
            };
            Ok(Abilities {
                instructions: revoke.is_none().then_some(by_hand),
                revoke,
                rotate: Some(Rotation {
                    action: "kubernetes-create-token".to_owned(),
                    identity: ADMIN.to_owned(),
                    by: Maker::Identity,
                    calls: vec![rest.shown(
                        Verb::Post,
                        &format!(
                            "{}/token",
                            claims.object("serviceaccounts", &claims.account)
                        ),
                    )],
                    birth: Birth::Issued,
                    overlap: Overlap::Both,
                    breaks: vec![
                    "The new token ends after ninety days, or earlier where the server says so."
                        .to_owned(),
                ],
                }),
            })
        })
    }

    fn create(&self, case: &Case<'_>, _: &Creation) -> Result<Successor, ProviderError> {
        let (rest, claims) = (self.rest(case)?, Self::claims(case)?);
        let path = format!(
            "{}/token",
            claims.object("serviceaccounts", &claims.account)
        );
        let body = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": { "expirationSeconds": SECONDS },
        });
        let what = format!("make a token of {}", claims.account);
        let answer = rest
            .change(Verb::Post, &path, Some(&body), &what)?
            .ok_or_else(|| ProviderError::Absent {
                provider: NAME.to_owned(),
                what: format!("the service account {}", claims.account),
            })?;
        let json = answer.json().unwrap_or_default();
        let token = json.pointer("/status/token").and_then(Json::as_str);
        let token = token.ok_or_else(|| ProviderError::OutcomeUnknown {
            provider: NAME.to_owned(),
            what: format!("{what}: the answer does not hold it"),
        })?;
        let mut parts = plain_parts(case.subject);
        parts.insert(SECRET.to_owned(), Secret::new(token.as_bytes()));
        let end = json
            .pointer("/status/expirationTimestamp")
            .and_then(Json::as_str)
            .unwrap_or_default();
        Ok(Successor {
            handle: Handle(format!("{} until {end}", claims.account)),
            parts,
        })
    }

    /// A token whose answer was lost is nobody's, and ends with its time.
    fn find_created(&self, _: &Case<'_>, _: &Creation) -> Result<Created, ProviderError> {
        Ok(Created::No)
    }

    fn remove(&self, _: &Case<'_>, handle: &Handle) -> Result<Receipt, ProviderError> {
        Ok(Receipt {
            summary: format!("the token {handle} is bound to nothing, and ends with its time"),
            request_id: None,
        })
    }

    fn standing(&self, case: &Case<'_>) -> Result<Standing, ProviderError> {
        let (rest, claims) = (self.rest(case)?, Self::claims(case)?);
        let Some((kind, name)) = &claims.bound else {
            return Ok(Standing::NotKnown);
        };
        Ok(match rest.get(&claims.object(kind, name))? {
            Some(_) => Standing::Active,
            None => Standing::Gone,
        })
    }

    fn revoke(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        let (rest, claims) = (self.rest(case)?, Self::claims(case)?);
        let Some((kind, name)) = &claims.bound else {
            return Err(ProviderError::Unsupported {
                provider: NAME.to_owned(),
                what: "end a token that is bound to nothing before its time".to_owned(),
            });
        };
        let what = format!("delete {name}");
        let answer = rest.change(Verb::Delete, &claims.object(kind, name), None, &what)?;
        let kind = kind.trim_end_matches('s');
        Ok(Receipt {
            summary: match answer {
                Some(_) => format!("the {kind} {name} that the token is bound to is deleted"),
                None => format!("the {kind} {name} that the token is bound to was gone"),
            },
            request_id: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        format!("h.{}.s", base64url::encode(payload))
    }

    #[test]
    fn a_token_says_what_it_is_bound_to() {
        let old = token(
            r#"{"kubernetes.io/serviceaccount/namespace":"shop","kubernetes.io/serviceaccount/secret.name":"deployer-token-x","kubernetes.io/serviceaccount/service-account.name":"deployer"}"#,
        );
        let new = token(
            r#"{"sub":"system:serviceaccount:shop:deployer","kubernetes.io":{"namespace":"shop","serviceaccount":{"name":"deployer"},"pod":{"name":"web-1"}}}"#,
        );
        let read = |token: &str| {
            claims(token).map(|claims| (claims.namespace, claims.account, claims.bound))
        };
        let of = |kind: &'static str, name: &str| {
            Some((
                "shop".to_owned(),
                "deployer".to_owned(),
                Some((kind, name.to_owned())),
            ))
        };
        assert_eq!(read(&old), of("secrets", "deployer-token-x"));
        assert_eq!(read(&new), of("pods", "web-1"));
        assert_eq!(read("nothing"), None);
    }
}
