//! The requests of an action: who acts, which values the templates name, what is looked up before, and the sending.
//!
//! What an answer means for the credential is not decided here.

use std::collections::BTreeMap;

use leakward_core::Secret;
use leakward_core::action::{END, HttpAction, Lookup, Verb};
use leakward_core::verification::{Body, HttpQuestion, Question};
use leakward_verify::{
    Answer, CallError, CallSpec, Subject, Value, ValueSource, found_at, meets, rfc3339,
};

use super::{HttpProvider, actor, unsupported};
use crate::provider::{Case, ProviderError, SECRET};
use crate::providers::answer::{self, Actor, failed, unanswered, unread};
use crate::providers::needs;

/// An action about a credential, and every value that its templates can name.
pub(super) struct Errand<'e> {
    pub(super) case: &'e Case<'e>,
    pub(super) action: &'e HttpAction,
    pub(super) subject: Subject,
}

impl HttpProvider {
    /// The errand with identities, values and a day ahead; what is looked up comes later.
    pub(super) fn errand<'e>(
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
    pub(super) fn look_up(
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
            if is_own && answer::is_dead(errand.case, &answer) {
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
    pub(super) fn ask_itself(&self, errand: &Errand<'_>) -> Result<Option<Answer>, ProviderError> {
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

    pub(super) fn question_spec<'s>(
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

    pub(super) fn spec<'s>(
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

    pub(super) fn send(
        &self,
        errand: &Errand<'_>,
        request: (Verb, &str),
        body: &Body,
    ) -> Result<Answer, CallError> {
        self.spec(errand, request, body)
            .send(&self.way.network, &self.way.settings)
    }

    /// A GET that is authenticated as the action is.
    pub(super) fn get(&self, errand: &Errand<'_>, path: &str) -> Result<Answer, ProviderError> {
        let what = format!("read {}", path.split('?').next().unwrap_or_default());
        let answer = self
            .send(errand, (Verb::Get, path), &Body::None)
            .map_err(|error| unread(unanswered(errand.case, &error, &what)))?;
        if (200..300).contains(&answer.status) && answer.json().is_some() {
            return Ok(answer);
        }
        let actor = actor(errand.action);
        if actor == Actor::Itself && answer::is_dead(errand.case, &answer) {
            return Ok(answer);
        }
        Err(unread(failed(errand.case, &answer, actor, false, &what)))
    }
}

pub(super) fn given(name: &str, secret: Secret) -> Value {
    Value {
        name: name.to_owned(),
        secret,
        source: ValueSource::Given,
    }
}

pub(super) fn missing_identity(case: &Case<'_>, name: &str) -> ProviderError {
    let why = format!(
        "an identity of {} that may do this; it is named so in the configuration of identities",
        case.rule.provider
    );
    needs(&case.rule.provider, name, &why)
}

pub(super) fn looked_up(
    case: &Case<'_>,
    lookup: &Lookup,
    answer: &Answer,
) -> Result<zeroize::Zeroizing<String>, ProviderError> {
    found_at(&lookup.place, answer).ok_or_else(|| ProviderError::Absent {
        provider: case.rule.provider.to_string(),
        what: format!("`{}` in its answer", lookup.name),
    })
}

/// The value that `bearer` means.
pub(super) fn bearer(action: &HttpAction) -> &str {
    action.identities.first().map_or(SECRET, |name| &**name)
}

pub(super) fn question<'c>(case: &'c Case<'_>) -> Option<&'c HttpQuestion> {
    match &case.rule.verify.as_ref()?.question {
        Question::Http(question) => Some(question),
        Question::Native(_) => None,
    }
}
