//! Carries out what rules say in data: `[rule.revoke]` and `[rule.rotate]`.
//!
//! Whether a successor was made when the answer was lost is found out from the provider's list, by the label that the request
//! carried; where the old credential dies with the request, from whether the old one still works. A request for a
//! successor is never sent twice without that.

mod batch;
mod errand;

use std::collections::BTreeMap;
use std::sync::Arc;

use leakward_core::Secret;
use leakward_core::action::{Action, Call, HANDLE, HttpAction, Issue, LABEL, Means, Old, Verb};
use leakward_core::verification::{Auth, Body};
use leakward_verify::{Answer, found_at};

use self::batch::single;
use self::errand::{Errand, question};
use super::Way;
use super::answer::{Actor, Ending, ending, failed, request_id, unanswered};
use super::by_hand::instructions;
use crate::provider::{
    Abilities, Birth, Case, Created, Creation, Handle, Instructions, Maker, Overlap, Provider,
    ProviderError, Receipt, Revocation, Rotation, SECRET, Successor, Undo, plain_parts,
};

/// The provider of everything that rules say in data.
pub(super) struct HttpProvider {
    way: Arc<Way>,
}

/// What a list says of one credential: its handle and its label.
type Listed = (Handle, Option<String>);

impl HttpProvider {
    pub(super) fn new(way: Arc<Way>) -> Self {
        Self { way }
    }

    fn revocation<'c>(&self, case: &'c Case<'_>) -> Result<&'c HttpAction, ProviderError> {
        http(case.rule.revoke.as_ref()).ok_or_else(|| unsupported(case, "revoke it"))
    }

    fn rotation<'c>(
        &self,
        case: &'c Case<'_>,
    ) -> Result<(&'c HttpAction, &'c Issue), ProviderError> {
        http(case.rule.rotate.as_ref())
            .and_then(|action| Some((action, action.issue.as_ref()?)))
            .ok_or_else(|| unsupported(case, "make a successor"))
    }

    /// What is called, for people.
    fn shown(&self, case: &Case<'_>, action: &HttpAction) -> Vec<String> {
        let errand = Errand {
            case,
            action,
            subject: case.subject.clone(),
        };
        let (network, settings) = (&self.way.network, &self.way.settings);
        let mut calls: Vec<String> = Vec::new();
        for lookup in action.lookups.iter() {
            let call = match (&lookup.path, question(case)) {
                (Some(path), _) => self.spec(&errand, (Verb::Get, path), &Body::None),
                (None, Some(question)) => self.question_spec(&errand, question),
                (None, None) => continue,
            };
            let shown = call.shown(network, settings);
            if !calls.contains(&shown) {
                calls.push(shown);
            }
        }
        let call = &action.call;
        let own = self.spec(&errand, (call.verb, &call.path), &call.body);
        calls.push(own.shown(network, settings));
        calls
    }

    /// Sends a call that changes something, and says how it ended.
    fn act(
        &self,
        errand: &Errand<'_>,
        call: &Call,
        what: &str,
    ) -> Result<(Ending, Answer), ProviderError> {
        let body = single(&call.body);
        let answer = self
            .send(errand, (call.verb, &call.path), &body)
            .map_err(|error| unanswered(errand.case, &error, what))?;
        let ending = ending(errand.case, call, &answer, actor(errand.action), what)?;
        Ok((ending, answer))
    }

    /// Whether the old credential still works: for requests that end it, the only way to know what became of a lost answer.
    fn found_by_the_old_one(&self, errand: &Errand<'_>) -> Result<Created, ProviderError> {
        match self.ask_itself(errand)? {
            Some(_) => Ok(Created::No),
            None => Err(ProviderError::Refused {
                provider: errand.case.rule.provider.to_string(),
                what: "the successor was made and its answer was lost, so that nobody has its value; the old one is dead. \
                       Make a new one by hand: repeating the request would do harm"
                    .to_owned(),
            }),
        }
    }

    fn listed(
        &self,
        errand: &Errand<'_>,
        issue: &Issue,
    ) -> Result<Option<Vec<Listed>>, ProviderError> {
        let Some(list) = &issue.list else {
            return Ok(None);
        };
        let answer = self.get(errand, &list.path)?;
        let json = answer.json().unwrap_or_default();
        let items = json
            .pointer(&list.items)
            .and_then(|items| items.as_array().cloned())
            .ok_or_else(|| ProviderError::Refused {
                provider: errand.case.rule.provider.to_string(),
                what: format!("the list at {} is not where it should be", list.path),
            })?;
        let text = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let listed = items.iter().filter_map(|item| {
            let handle = text(item.pointer(&list.handle)?)?;
            let label = item.pointer(&list.label).and_then(text);
            Some((Handle(handle), label))
        });
        Ok(Some(listed.collect()))
    }
}

impl Provider for HttpProvider {
    fn name(&self) -> &'static str {
        "http"
    }

    fn abilities(&self, case: &Case<'_>) -> Result<Abilities, ProviderError> {
        let mut missing = Vec::new();
        let mut usable = |action: Option<&Action>| {
            let http = http(action).cloned()?;
            match self.errand(case, &http, &[(LABEL, ""), (HANDLE, "")]) {
                Ok(_) => Some(http),
                Err(error) => {
                    missing.push(error.to_string());
                    None
                }
            }
        };
        let (revoke, rotate) = (
            usable(case.rule.revoke.as_ref()),
            usable(case.rule.rotate.as_ref()),
        );
        let breaks = |action: &Option<Action>| {
            let action = action.iter();
            action
                .flat_map(|action| action.breaks.iter().map(ToString::to_string))
                .collect::<Vec<_>>()
        };
        let revocation = revoke.map(|action| Revocation {
            action: format!("{}-revoke", case.rule.id),
            identity: identity(&action),
            calls: self.shown(case, &action),
            undo: if action.restore.is_some() {
                Undo::Possible
            } else {
                Undo::Impossible
            },
            breaks: breaks(&case.rule.revoke),
        });
        let rotation = rotate.and_then(|action| {
            let issue = action.issue.as_ref()?;
            Some(Rotation {
                action: format!("{}-rotate", case.rule.id),
                identity: identity(&action),
                by: maker(&action),
                calls: self.shown(case, &action),
                birth: Birth::Issued,
                overlap: match issue.old {
                    Old::Stays => Overlap::Both,
                    Old::Dies => Overlap::None,
                },
                breaks: breaks(&case.rule.rotate),
            })
        });
        let by_hand = instructions(case.rule);
        let is_by_hand = revocation.is_none();
        Ok(Abilities {
            revoke: revocation,
            rotate: rotation,
            instructions: is_by_hand.then(|| Instructions {
                steps: missing
                    .iter()
                    .map(|error| format!("Leakward could do it, but {error}. Otherwise:"))
                    .chain(by_hand.steps)
                    .collect(),
                url: by_hand.url,
            }),
        })
    }

    fn handles(&self, case: &Case<'_>) -> Result<Vec<Handle>, ProviderError> {
        let Ok((action, issue)) = self.rotation(case) else {
            return Ok(Vec::new());
        };
        let mut errand = self.errand(case, action, &[(LABEL, ""), (HANDLE, "")])?;
        if issue.list.is_none() || self.look_up(&mut errand)?.is_none() {
            return Ok(Vec::new());
        }
        let listed = self.listed(&errand, issue)?.unwrap_or_default();
        Ok(listed.into_iter().map(|(handle, _)| handle).collect())
    }

    fn ahead(&self, case: &Case<'_>) -> Result<BTreeMap<String, String>, ProviderError> {
        let Ok((action, _)) = self.rotation(case) else {
            return Ok(BTreeMap::new());
        };
        let mut errand = self.errand(case, action, &[(LABEL, ""), (HANDLE, "")])?;
        Ok(self.look_up(&mut errand)?.unwrap_or_default())
    }

    fn create(&self, case: &Case<'_>, creation: &Creation) -> Result<Successor, ProviderError> {
        let (action, issue) = self.rotation(case)?;
        let mut errand = self.errand(case, action, &[(LABEL, &creation.id.0), (HANDLE, "")])?;
        let dead = || ProviderError::Refused {
            provider: case.rule.provider.to_string(),
            what: "the credential is dead, so that it cannot make its successor".to_owned(),
        };
        self.look_up(&mut errand)?.ok_or_else(dead)?;
        let what = "make a successor";
        let (ending, answer) = self.act(&errand, &action.call, what)?;
        if ending == Ending::Already {
            return Err(dead());
        }
        let lost = || ProviderError::OutcomeUnknown {
            provider: case.rule.provider.to_string(),
            what: format!("{what}: the answer does not hold the new credential"),
        };
        let secret = found_at(&issue.secret, &answer).ok_or_else(lost)?;
        let mut parts = plain_parts(case.subject);
        parts.insert(SECRET.to_owned(), Secret::new(secret.as_bytes()));
        for (name, place) in issue.values.iter() {
            let value = found_at(place, &answer).ok_or_else(lost)?;
            parts.insert(name.to_string(), Secret::new(value.as_bytes()));
        }
        let handle = issue
            .handle
            .as_ref()
            .and_then(|place| found_at(place, &answer))
            .map_or_else(|| creation.id.0.clone(), |handle| handle.to_string());
        Ok(Successor {
            handle: Handle(handle),
            parts,
        })
    }

    fn find_created(&self, case: &Case<'_>, creation: &Creation) -> Result<Created, ProviderError> {
        let (action, issue) = self.rotation(case)?;
        let mut errand = self.errand(case, action, &[(LABEL, &creation.id.0), (HANDLE, "")])?;
        if issue.old == Old::Dies {
            return self.found_by_the_old_one(&errand);
        }
        if self.look_up(&mut errand)?.is_none() {
            return Ok(Created::No);
        }
        let Some(listed) = self.listed(&errand, issue)? else {
            return Err(ProviderError::Refused {
                provider: case.rule.provider.to_string(),
                what: format!(
                    "nobody can be asked whether a successor was made; look for one that is called {} and delete it",
                    creation.id
                ),
            });
        };
        let by_label = listed
            .iter()
            .find(|(_, label)| label.as_deref() == Some(&creation.id.0));
        // Where labels are not kept, what is new since then is it.
        let has_labels = request_has(&action.call, LABEL);
        let by_news = listed
            .iter()
            .find(|(handle, _)| !has_labels && !creation.before.contains(handle));
        Ok(by_label
            .or(by_news)
            .map_or(Created::No, |(handle, _)| Created::Orphan(handle.clone())))
    }

    fn remove(&self, case: &Case<'_>, handle: &Handle) -> Result<Receipt, ProviderError> {
        let (action, issue) = self.rotation(case)?;
        let removal = issue
            .remove
            .as_ref()
            .ok_or_else(|| unsupported(case, "take a successor away again"))?;
        let mut errand = self.errand(case, action, &[(HANDLE, &handle.0), (LABEL, "")])?;
        let what = format!("take {handle} away");
        if self.look_up(&mut errand)?.is_none() {
            return Ok(receipt(
                format!("{handle}: the old credential is dead"),
                None,
            ));
        }
        let answer = self
            .send(&errand, (removal.verb, &removal.path), &removal.body)
            .map_err(|error| unanswered(case, &error, &what))?;
        match answer.status {
            200..300 => Ok(receipt(format!("{handle} is taken away"), Some(&answer))),
            404 => Ok(receipt(format!("{handle} was gone"), Some(&answer))),
            _ => Err(failed(case, &answer, actor(action), false, &what)),
        }
    }

    fn revoke(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        let action = self.revocation(case)?;
        let mut errand = self.errand(case, action, &[(HANDLE, ""), (LABEL, "")])?;
        let provider = &case.rule.provider;
        if self.look_up(&mut errand)?.is_none() {
            return Ok(receipt(
                format!("{provider} refuses the credential: it was dead already"),
                None,
            ));
        }
        let (ending, answer) = self.act(&errand, &action.call, "revoke the credential")?;
        let summary = match ending {
            Ending::Done => format!("{provider} revoked the credential ({})", answer.status),
            Ending::Already => format!(
                "{provider} had nothing to revoke: it was dead already ({})",
                answer.status
            ),
        };
        Ok(receipt(summary, Some(&answer)))
    }

    fn restore(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        let action = self.revocation(case)?;
        let restore = action
            .restore
            .as_ref()
            .ok_or_else(|| unsupported(case, "take a revocation back"))?;
        let mut errand = self.errand(case, action, &[(HANDLE, ""), (LABEL, "")])?;
        self.look_up(&mut errand)?
            .ok_or_else(|| unsupported(case, "be asked about a dead credential"))?;
        let (_, answer) = self.act(&errand, restore, "take the revocation back")?;
        let summary = format!("{} switched the credential on again", case.rule.provider);
        Ok(receipt(summary, Some(&answer)))
    }
}

fn receipt(summary: String, answer: Option<&Answer>) -> Receipt {
    Receipt {
        summary,
        request_id: answer.and_then(request_id),
    }
}

fn http(action: Option<&Action>) -> Option<&HttpAction> {
    match &action?.means {
        Means::Http(http) => Some(http),
        Means::Native(_) | Means::ByHand => None,
    }
}

fn actor(action: &HttpAction) -> Actor {
    if action.identities.is_empty() {
        Actor::Itself
    } else {
        Actor::Operator
    }
}

/// A request without an identity carries the leaked credential, in its login or in itself.
fn maker(action: &HttpAction) -> Maker {
    match actor(action) {
        Actor::Itself => Maker::TheLeaked,
        Actor::Operator => Maker::Identity,
    }
}

/// As whom, for people.
fn identity(action: &HttpAction) -> String {
    match (action.identities.first(), &action.call.auth) {
        (Some(name), _) => name.to_string(),
        (None, Auth::None) => "nobody: the request names the credential".to_owned(),
        (None, _) => "the leaked credential itself".to_owned(),
    }
}

fn unsupported(case: &Case<'_>, what: &str) -> ProviderError {
    ProviderError::Unsupported {
        provider: case.rule.provider.to_string(),
        what: what.to_owned(),
    }
}

/// Whether a request carries a value.
fn request_has(call: &Call, name: &str) -> bool {
    let place = format!("{{{name}}}");
    let body = match &call.body {
        Body::None => "",
        Body::Form(text) | Body::Json(text) => text,
    };
    call.path.contains(&place) || body.contains(&place)
}
