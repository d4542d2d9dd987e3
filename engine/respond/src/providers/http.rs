//! Carries out what rules say in data: `[rule.revoke]` and `[rule.rotate]`.
//!
//! Whether a successor was made when the answer was lost is found out from the provider's list, by the label that the request
//! carried; where the old credential dies with the request, from whether the old one still works. A request for a
//! successor is never sent twice without that.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use leakward_core::action::{
    Action, BATCH, Call, END, HANDLE, HttpAction, Issue, LABEL, Lookup, Means, Old, Verb,
};
use leakward_core::verification::{Auth, Body, HttpQuestion, Question};
use leakward_core::{Rule, Secret};
use leakward_verify::{
    Answer, CallError, CallSpec, Subject, Value, ValueSource, found_at, meets, rfc3339,
};

use super::answer::{Actor, Ending, ending, failed, request_id, unanswered, unread};
use super::by_hand::instructions;
use super::{Way, needs};
use crate::provider::{
    Abilities, Birth, Case, Created, Creation, Handle, Instructions, Overlap, Provider,
    ProviderError, Receipt, Revocation, Rotation, SECRET, Successor, Together, Undo, plain_parts,
};

/// The provider of everything that rules say in data.
pub(super) struct HttpProvider {
    way: Arc<Way>,
}

/// An action about a credential, and every value that its templates can name.
struct Errand<'e> {
    case: &'e Case<'e>,
    action: &'e HttpAction,
    subject: Subject,
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

    /// The errand with identities, values and a day ahead; what is looked up comes later.
    fn errand<'e>(
        &self,
        case: &'e Case<'e>,
        action: &'e HttpAction,
        more: &[(&str, &str)],
    ) -> Result<Errand<'e>, ProviderError> {
        let mut subject = case.subject.clone();
        for name in action.identities.iter() {
            let identity = case
                .identities
                .get(&**name)
                .ok_or_else(|| missing_identity(case, name))?;
            subject.values.push(given(name, identity.clone()));
        }
        for name in action.needs.iter() {
            if subject.value(name).is_some() {
                continue;
            }
            let known = case.identities.get(&**name);
            let known = known.ok_or_else(|| {
                let why = format!("the action needs it; give it with --with {name}=VALUE");
                needs(&case.rule.provider, name, &why)
            })?;
            subject.values.push(given(name, known.clone()));
        }
        const NINETY_DAYS: u64 = 90 * 86_400;
        let end = rfc3339(self.way.clock.now() + NINETY_DAYS);
        let day = end.split('T').next().unwrap_or_default();
        for (name, text) in more.iter().copied().chain([(END, day)]) {
            subject
                .values
                .push(given(name, Secret::new(text.as_bytes())));
        }
        Ok(Errand {
            case,
            action,
            subject,
        })
    }

    /// Reads what the action needs to know before, unless it was read ahead. None: the credential is dead already.
    fn look_up(
        &self,
        errand: &mut Errand<'_>,
    ) -> Result<Option<BTreeMap<String, String>>, ProviderError> {
        let lookups = errand.action.lookups.clone();
        let mut asked: Option<Answer> = None;
        let mut known = BTreeMap::new();
        for lookup in lookups.iter() {
            if let Some(text) = errand.case.ahead.get(&*lookup.name) {
                let secret = Secret::new(text.as_bytes());
                errand.subject.values.push(given(&lookup.name, secret));
                continue;
            }
            let answer = match (&lookup.path, &asked) {
                (Some(path), _) => self.get(errand, path)?,
                (None, Some(answer)) => answer.clone(),
                (None, None) => match self.ask_itself(errand)? {
                    Some(answer) => answer,
                    None => return Ok(None),
                },
            };
            if lookup.path.is_none() {
                asked = Some(answer.clone());
            }
            let is_own = actor(errand.action) == Actor::Itself;
            if is_own && super::answer::is_dead(errand.case, &answer) {
                return Ok(None);
            }
            let value = looked_up(errand.case, lookup, &answer)?;
            errand
                .subject
                .values
                .push(given(&lookup.name, Secret::new(value.as_bytes())));
            known.insert(lookup.name.to_string(), value.to_string());
        }
        Ok(Some(known))
    }

    /// The answer to the question of verification, asked with the credential itself; none when it is dead.
    fn ask_itself(&self, errand: &Errand<'_>) -> Result<Option<Answer>, ProviderError> {
        let what = "ask about the credential";
        let question = question(errand.case)
            .ok_or_else(|| unsupported(errand.case, "be asked about the credential"))?;
        let answer = self
            .question_spec(errand, question)
            .send(&self.way.network, &self.way.settings)
            .map_err(|error| unread(unanswered(errand.case, &error, what)))?;
        if meets(&question.dead, &answer) {
            return Ok(None);
        }
        if meets(&question.live, &answer) {
            return Ok(Some(answer));
        }
        Err(unread(failed(
            errand.case,
            &answer,
            Actor::Itself,
            false,
            what,
        )))
    }

    fn question_spec<'s>(
        &self,
        errand: &'s Errand<'_>,
        question: &'s HttpQuestion,
    ) -> CallSpec<'s> {
        CallSpec {
            rule: errand.case.rule,
            endpoint: None,
            endpoint_from: None,
            verb: match question.method {
                leakward_core::verification::Method::Get => Verb::Get,
                leakward_core::verification::Method::Head => Verb::Head,
                leakward_core::verification::Method::Post => Verb::Post,
            },
            path: &question.path,
            auth: &question.auth,
            bearer: SECRET,
            headers: &question.headers,
            body: &question.body,
            subject: &errand.subject,
        }
    }

    fn spec<'s>(
        &self,
        errand: &'s Errand<'_>,
        (verb, path): (Verb, &'s str),
        body: &'s Body,
    ) -> CallSpec<'s> {
        let call = &errand.action.call;
        CallSpec {
            rule: errand.case.rule,
            endpoint: errand.action.endpoint.as_ref(),
            endpoint_from: None,
            verb,
            path,
            auth: &call.auth,
            bearer: bearer(errand.action),
            headers: &call.headers,
            body,
            subject: &errand.subject,
        }
    }

    fn send(
        &self,
        errand: &Errand<'_>,
        request: (Verb, &str),
        body: &Body,
    ) -> Result<Answer, CallError> {
        self.spec(errand, request, body)
            .send(&self.way.network, &self.way.settings)
    }

    /// A GET that is authenticated as the action is.
    fn get(&self, errand: &Errand<'_>, path: &str) -> Result<Answer, ProviderError> {
        let what = format!("read {}", path.split('?').next().unwrap_or_default());
        let answer = self
            .send(errand, (Verb::Get, path), &Body::None)
            .map_err(|error| unread(unanswered(errand.case, &error, &what)))?;
        if (200..300).contains(&answer.status) && answer.json().is_some() {
            return Ok(answer);
        }
        let actor = actor(errand.action);
        if actor == Actor::Itself && super::answer::is_dead(errand.case, &answer) {
            return Ok(answer);
        }
        Err(unread(failed(errand.case, &answer, actor, false, &what)))
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

    /// Revokes credentials of one type with as few requests as the provider takes; one answer is for all of its request.
    pub(super) fn revoke_batch(
        &self,
        rule: &Rule,
        subjects: &[Subject],
        identities: &BTreeMap<String, Secret>,
    ) -> Vec<Result<Receipt, ProviderError>> {
        let case = |subject| Case::new(rule, subject, identities);
        let most = http(rule.revoke.as_ref()).and_then(|action| action.batch);
        let Some(most) = most else {
            return subjects
                .iter()
                .map(|subject| self.revoke(&case(subject)))
                .collect();
        };
        subjects
            .chunks(usize::from(most))
            .flat_map(|chunk| {
                let first = chunk.first().map(case);
                let answer = first.map(|first| self.revoke_chunk(&first, chunk));
                chunk.iter().filter_map(move |_| answer.clone())
            })
            .collect()
    }

    /// How credentials of the rule are revoked together with others.
    pub(super) fn together(rule: &Rule) -> Option<Together> {
        let action = http(rule.revoke.as_ref())?;
        let most = usize::from(action.batch?);
        let endpoint = action.endpoint.as_deref().unwrap_or_default();
        Some(Together {
            call: format!(
                "{} {endpoint}{}",
                action.call.verb.as_str(),
                action.call.path
            ),
            most,
        })
    }

    pub(super) fn revoke_chunk(
        &self,
        case: &Case<'_>,
        chunk: &[Subject],
    ) -> Result<Receipt, ProviderError> {
        let action = self.revocation(case)?;
        let mut errand = self.errand(case, action, &[(HANDLE, ""), (LABEL, "")])?;
        let names: Vec<String> = (0..chunk.len()).map(|at| format!("{BATCH}-{at}")).collect();
        for (name, subject) in names.iter().zip(chunk) {
            errand
                .subject
                .values
                .push(given(name, subject.secret.clone()));
        }
        let places: Vec<String> = names.iter().map(|name| format!("\"{{{name}}}\"")).collect();
        let body = match &action.call.body {
            Body::Json(json) => {
                Body::Json(Cow::Owned(json.replace(&batch_place(), &places.join(","))))
            }
            other => other.clone(),
        };
        let what = format!("revoke {} credentials", chunk.len());
        let call = &action.call;
        let answer = self
            .send(&errand, (call.verb, &call.path), &body)
            .map_err(|error| unanswered(case, &error, &what))?;
        ending(case, call, &answer, actor(action), &what)?;
        let summary = format!(
            "{} takes {} credentials for revocation ({})",
            case.rule.provider,
            chunk.len(),
            answer.status
        );
        Ok(receipt(summary, Some(&answer)))
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

fn question<'c>(case: &'c Case<'_>) -> Option<&'c HttpQuestion> {
    match &case.rule.verify.as_ref()?.question {
        Question::Http(question) => Some(question),
        Question::Native(_) => None,
    }
}

fn actor(action: &HttpAction) -> Actor {
    if action.identities.is_empty() {
        Actor::Itself
    } else {
        Actor::Operator
    }
}

/// The value that `bearer` means.
fn bearer(action: &HttpAction) -> &str {
    action.identities.first().map_or(SECRET, |name| &**name)
}

/// As whom, for people.
fn identity(action: &HttpAction) -> String {
    match (action.identities.first(), &action.call.auth) {
        (Some(name), _) => name.to_string(),
        (None, Auth::None) => "nobody: the request names the credential".to_owned(),
        (None, _) => "the leaked credential itself".to_owned(),
    }
}

fn given(name: &str, secret: Secret) -> Value {
    Value {
        name: name.to_owned(),
        secret,
        source: ValueSource::Given,
    }
}

fn missing_identity(case: &Case<'_>, name: &str) -> ProviderError {
    let why = format!(
        "an identity of {} that may do this; it is named so in the configuration of identities",
        case.rule.provider
    );
    needs(&case.rule.provider, name, &why)
}

fn unsupported(case: &Case<'_>, what: &str) -> ProviderError {
    ProviderError::Unsupported {
        provider: case.rule.provider.to_string(),
        what: what.to_owned(),
    }
}

fn looked_up(
    case: &Case<'_>,
    lookup: &Lookup,
    answer: &Answer,
) -> Result<zeroize::Zeroizing<String>, ProviderError> {
    found_at(&lookup.place, answer).ok_or_else(|| ProviderError::Absent {
        provider: case.rule.provider.to_string(),
        what: format!("`{}` in its answer", lookup.name),
    })
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

/// The body for one credential: the list of several then has one entry.
fn single(body: &Body) -> Cow<'_, Body> {
    match body {
        Body::Json(json) if json.contains(&batch_place()) => {
            let one = json.replace(&batch_place(), "\"{secret}\"");
            Cow::Owned(Body::Json(Cow::Owned(one)))
        }
        other => Cow::Borrowed(other),
    }
}

fn batch_place() -> String {
    format!("{{{BATCH}}}")
}
