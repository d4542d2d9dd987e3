//! Several credentials of one type in one request, where the provider takes a list.

use std::borrow::Cow;
use std::collections::BTreeMap;

use leakward_core::action::{BATCH, HANDLE, LABEL};
use leakward_core::verification::Body;
use leakward_core::{Rule, Secret};
use leakward_verify::Subject;

use super::errand::given;
use super::{HttpProvider, actor, http, receipt};
use crate::provider::{Case, Provider as _, ProviderError, Receipt, Together};
use crate::providers::answer::{ending, unanswered};

impl HttpProvider {
    /// Revokes credentials of one type with as few requests as the provider takes; one answer is for all of its request.
    pub(in crate::providers) fn revoke_batch(
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
    pub(in crate::providers) fn together(rule: &Rule) -> Option<Together> {
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

    pub(in crate::providers) fn revoke_chunk(
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
}

/// The body for one credential: the list of several then has one entry.
pub(super) fn single(body: &Body) -> Cow<'_, Body> {
    match body {
        Body::Json(json) if json.contains(&batch_place()) => {
            let one = json.replace(&batch_place(), "\"{secret}\"");
            Cow::Owned(Body::Json(Cow::Owned(one)))
        }
        other => Cow::Borrowed(other),
    }
}

pub(super) fn batch_place() -> String {
    format!("{{{BATCH}}}")
}
