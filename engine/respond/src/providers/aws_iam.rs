//! AWS IAM access keys: a second key beside the first, then the first switched off.
//!
//! As `aws-admin` (`ID:SECRET`, or `ID:SECRET:TOKEN`) where there is such an identity, else as the leaked key itself, whose policy
//! may allow that. A user has two keys at most: when both places are taken nothing is made, and it is told which of
//! them was used when.

use std::sync::Arc;

use leakward_core::Secret;
use leakward_verify::aws::{Caller, Key, elements, key_parts};
use leakward_verify::{Answer, CallError};
use zeroize::Zeroizing;

use super::Way;
use super::by_hand::or_by_hand;
use super::rest::{text, value};
use crate::provider::{
    Abilities, Birth, Case, Created, Creation, Handle, Maker, Overlap, Provider, ProviderError,
    Receipt, Revocation, Rotation, SECRET, Standing, Successor, Undo, plain_parts,
};

const ADMIN: &str = "aws-admin";
const NAME: &str = "aws-iam";

/// How many keys a user can have.
const MOST_KEYS: usize = 2;

/// IAM.
pub(super) struct AwsIam {
    way: Arc<Way>,
}

/// A user's key, as IAM lists it.
struct Listed {
    id: String,
    is_active: bool,
}

/// Who asks, about which key of which user.
struct Errand<'e> {
    caller: Caller<'e>,
    id: Zeroizing<String>,
    user: String,
    is_itself: bool,
}

impl AwsIam {
    pub(super) fn new(way: Arc<Way>) -> Self {
        Self { way }
    }

    fn caller(&self, case: &Case<'_>) -> Result<(Caller<'_>, bool), ProviderError> {
        let now = self.way.clock.now();
        let endpoint = self
            .way
            .settings
            .endpoints
            .iter()
            .find(|endpoint| endpoint.is_for(case.rule))
            .map(|endpoint| endpoint.base.as_str());
        let open = |key: &Key<'_>| {
            Caller::new(
                &self.way.network,
                &self.way.settings.limits,
                key,
                endpoint,
                now,
            )
            .map_err(|error| refused(error.to_string()))
        };
        if let Some(admin) = case.identities.get(ADMIN) {
            let (id, secret, token) = key_parts(admin).ok_or_else(|| {
                super::needs(NAME, ADMIN, "it is written ID:SECRET, or ID:SECRET:TOKEN")
            })?;
            let key = Key {
                id: &id,
                secret: &secret,
                session_token: token.as_deref().map(String::as_str),
            };
            return Ok((open(&key)?, false));
        }
        let id = own_id(case)?;
        let secret = text(&case.subject.secret).unwrap_or_default();
        let key = Key {
            id: &id,
            secret: &secret,
            session_token: None,
        };
        Ok((open(&key)?, true))
    }

    fn errand(&self, case: &Case<'_>) -> Result<Errand<'_>, ProviderError> {
        let (caller, is_itself) = self.caller(case)?;
        let id = own_id(case)?;
        let what = "ask whose key it is";
        let answer = caller.iam(&[("Action", "GetAccessKeyLastUsed"), ("AccessKeyId", &id)]);
        let answer = read(answer, what)?;
        let user = elements(&answer, "UserName")
            .into_iter()
            .next()
            .ok_or_else(|| absent(&id))?;
        Ok(Errand {
            caller,
            id,
            user,
            is_itself,
        })
    }
}

impl Errand<'_> {
    fn keys(&self) -> Result<Vec<Listed>, ProviderError> {
        let request = [("Action", "ListAccessKeys"), ("UserName", &*self.user)];
        let answer = read(self.caller.iam(&request), "list the user's keys")?;
        let members = elements(&answer, "member");
        let of = |member: &String| {
            let inner = Answer {
                body: member.as_bytes().to_vec(),
                ..Answer::default()
            };
            let one = |name: &str| elements(&inner, name).into_iter().next();
            Some(Listed {
                id: one("AccessKeyId")?,
                is_active: one("Status")? == "Active",
            })
        };
        Ok(members.iter().filter_map(of).collect())
    }

    fn last_used(&self, id: &str) -> String {
        let request = [("Action", "GetAccessKeyLastUsed"), ("AccessKeyId", id)];
        // Only a help for whoever reads it.
        let date = read(self.caller.iam(&request), "ask when it was used")
            .ok()
            .and_then(|answer| elements(&answer, "LastUsedDate").into_iter().next());
        date.map_or_else(
            || "never used".to_owned(),
            |date| format!("last used {date}"),
        )
    }

    fn set_status(&self, status: &str) -> Result<Receipt, ProviderError> {
        let request = [
            ("Action", "UpdateAccessKey"),
            ("UserName", &*self.user),
            ("AccessKeyId", &*self.id),
            ("Status", status),
        ];
        let what = format!("set {} to {status}", &*self.id);
        let answer = changed(self.caller.iam(&request), &what)?;
        Ok(receipt(
            format!("the key {} of {} is {status}", &*self.id, self.user),
            &answer,
        ))
    }
}

impl Provider for AwsIam {
    fn name(&self) -> &'static str {
        NAME
    }

    fn abilities(&self, case: &Case<'_>) -> Result<Abilities, ProviderError> {
        or_by_hand(case, || {
            let errand = self.errand(case)?;
            let (maker, identity) = if errand.is_itself {
                let itself = format!("the leaked key itself (no {ADMIN} is given)");
                (Maker::TheLeaked, itself)
            } else {
                (Maker::Identity, ADMIN.to_owned())
            };
            let user = &errand.user;
            let call = |action: &str| format!("POST https://iam.amazonaws.com/?Action={action}");
            Ok(Abilities {
                revoke: Some(Revocation {
                    action: "aws-deactivate-access-key".to_owned(),
                    identity: identity.clone(),
                    calls: vec![call("UpdateAccessKey&Status=Inactive")],
                    undo: Undo::Possible,
                    breaks: vec![format!(
                        "Whatever signs with the key {} of {user}.",
                        &*errand.id
                    )],
                }),
                rotate: Some(Rotation {
                    action: "aws-create-access-key".to_owned(),
                    identity,
                    by: maker,
                    calls: vec![call("CreateAccessKey")],
                    birth: Birth::Issued,
                    overlap: Overlap::Both,
                    breaks: Vec::new(),
                }),
                instructions: None,
            })
        })
    }

    fn handles(&self, case: &Case<'_>) -> Result<Vec<Handle>, ProviderError> {
        let keys = self.errand(case)?.keys()?;
        Ok(keys.into_iter().map(|key| Handle(key.id)).collect())
    }

    fn create(&self, case: &Case<'_>, _: &Creation) -> Result<Successor, ProviderError> {
        let errand = self.errand(case)?;
        let keys = errand.keys()?;
        if keys.len() >= MOST_KEYS {
            let told: Vec<String> = keys
                .iter()
                .map(|key| {
                    let state = if key.is_active { "active" } else { "inactive" };
                    format!("{} ({state}, {})", key.id, errand.last_used(&key.id))
                })
                .collect();
            return Err(ProviderError::Full {
                provider: NAME.to_owned(),
                what: format!(
                    "{} has two keys, and a third is not possible: {}. Delete the one that nobody uses",
                    errand.user,
                    told.join(", ")
                ),
            });
        }
        let request = [("Action", "CreateAccessKey"), ("UserName", &*errand.user)];
        let what = format!("make a key for {}", errand.user);
        let answer = changed(errand.caller.iam(&request), &what)?;
        let one = |name: &str| elements(&answer, name).into_iter().next();
        let (Some(id), Some(secret)) = (one("AccessKeyId"), one("SecretAccessKey")) else {
            return Err(ProviderError::OutcomeUnknown {
                provider: NAME.to_owned(),
                what: format!("{what}: the answer does not hold it"),
            });
        };
        let mut parts = plain_parts(case.subject);
        parts.insert(SECRET.to_owned(), Secret::new(secret.as_bytes()));
        parts.insert("id".to_owned(), Secret::new(id.as_bytes()));
        Ok(Successor {
            handle: Handle(id),
            parts,
        })
    }

    fn find_created(&self, case: &Case<'_>, creation: &Creation) -> Result<Created, ProviderError> {
        let errand = self.errand(case)?;
        let new = errand.keys()?.into_iter().find(|key| {
            let is_known = creation.before.iter().any(|handle| handle.0 == key.id);
            !is_known && key.id != *errand.id
        });
        Ok(new.map_or(Created::No, |key| Created::Orphan(Handle(key.id))))
    }

    fn remove(&self, case: &Case<'_>, handle: &Handle) -> Result<Receipt, ProviderError> {
        let gone = || Receipt {
            summary: format!("the key {handle} was gone"),
            request_id: None,
        };
        let errand = match self.errand(case) {
            Ok(errand) => errand,
            // Whose key it was is not known any more once it is deleted.
            Err(ProviderError::Absent { .. }) if *own_id(case)? == handle.0 => return Ok(gone()),
            Err(error) => return Err(error),
        };
        let request = [
            ("Action", "DeleteAccessKey"),
            ("UserName", &*errand.user),
            ("AccessKeyId", &*handle.0),
        ];
        match changed(errand.caller.iam(&request), &format!("delete {handle}")) {
            Ok(answer) => Ok(receipt(format!("the key {handle} is deleted"), &answer)),
            Err(ProviderError::Absent { .. }) => Ok(gone()),
            Err(error) => Err(error),
        }
    }

    fn standing(&self, case: &Case<'_>) -> Result<Standing, ProviderError> {
        let errand = match self.errand(case) {
            Ok(errand) => errand,
            Err(ProviderError::Absent { .. }) => return Ok(Standing::Gone),
            // A key that was switched off cannot ask about itself.
            Err(ProviderError::LoggedOut { .. }) if !case.identities.contains_key(ADMIN) => {
                return Ok(Standing::NotKnown);
            }
            Err(error) => return Err(error),
        };
        let keys = errand.keys()?;
        let own = keys.iter().find(|key| key.id == *errand.id);
        Ok(match own {
            Some(key) if key.is_active => Standing::Active,
            Some(_) => Standing::Inactive,
            None => Standing::Gone,
        })
    }

    fn revoke(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        self.errand(case)?.set_status("Inactive")
    }

    fn restore(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        self.errand(case)?.set_status("Active")
    }
}

fn own_id(case: &Case<'_>) -> Result<Zeroizing<String>, ProviderError> {
    value(
        case,
        NAME,
        "id",
        "the id of the key, AKIA…; give it with --with id=…",
    )
}

fn receipt(summary: String, answer: &Answer) -> Receipt {
    Receipt {
        summary,
        request_id: elements(answer, "RequestId").into_iter().next(),
    }
}

fn refused(what: String) -> ProviderError {
    ProviderError::Refused {
        provider: NAME.to_owned(),
        what,
    }
}

fn absent(what: &str) -> ProviderError {
    ProviderError::Absent {
        provider: NAME.to_owned(),
        what: what.to_owned(),
    }
}

/// The answer to a call that reads.
fn read(answer: Result<Answer, CallError>, what: &str) -> Result<Answer, ProviderError> {
    changed(answer, what).map_err(super::answer::unread)
}

/// Whether AWS refuses a signature because of the time in it.
fn is_clock(code: &str, message: &str) -> bool {
    matches!(code, "RequestTimeTooSkewed" | "RequestExpired")
        || (code == "SignatureDoesNotMatch"
            && ["Signature expired", "not yet current"]
                .iter()
                .any(|words| message.contains(words)))
}

/// The answer to a call that changes something; AWS's own words where it is none.
fn changed(answer: Result<Answer, CallError>, what: &str) -> Result<Answer, ProviderError> {
    let provider = NAME.to_owned();
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) if error.is_before_sending() => {
            return Err(ProviderError::Unavailable {
                provider,
                why: error.to_string(),
            });
        }
        Err(error) => {
            return Err(ProviderError::OutcomeUnknown {
                provider,
                what: format!("{what} ({error})"),
            });
        }
    };
    if answer.status == 200 {
        return Ok(answer);
    }
    let first = |name: &str| {
        elements(&answer, name)
            .into_iter()
            .next()
            .unwrap_or_default()
    };
    let code = first("Code");
    if is_clock(&code, &first("Message")) {
        return Err(ProviderError::LoggedOut {
            provider,
            why: format!(
                "this machine's clock differs too much from AWS's ({code}); set it, then resume"
            ),
        });
    }
    Err(match (answer.status, code.as_str()) {
        (404, _) | (_, "NoSuchEntity") => absent(what),
        (_, "InvalidClientTokenId" | "SignatureDoesNotMatch" | "ExpiredToken") => {
            ProviderError::LoggedOut {
                provider,
                why: code,
            }
        }
        (_, "AccessDenied" | "AccessDeniedException") => ProviderError::Denied {
            provider,
            what: what.to_owned(),
        },
        (_, "LimitExceeded") => ProviderError::Full {
            provider,
            what: format!("{what}: the limit of keys is reached"),
        },
        (429, _) | (_, "Throttling" | "ThrottlingException" | "ServiceUnavailable") => {
            ProviderError::Unavailable {
                provider,
                why: code,
            }
        }
        (400..=499, _) => refused(format!("{what}: {code} ({})", answer.status)),
        (status, _) => ProviderError::OutcomeUnknown {
            provider,
            what: format!("{what} ({status})"),
        },
    })
}
