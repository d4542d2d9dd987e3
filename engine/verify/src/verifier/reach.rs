//! What a live credential reaches: lists that its rule names, or that a native verifier knows how to read.
//!
//! Every call is written down before and after, as every question is.

use std::time::Instant;

use leakward_core::verification::{Detail, HttpQuestion, Question};
use leakward_core::{Asked, Reach, Rule, Verification};

use super::{Verifier, asked};
use crate::answer::Answer;
use crate::audit::Entry;
use crate::http_question::{NamedBy, prepare};
use crate::native::{self, Exchange, HttpExchange};
use crate::plan::Call;
use crate::request::Request;
use crate::subject::Subject;
use leakward_core::time::rfc3339;

/// Who asks about what.
struct Errand<'e> {
    rule: &'e Rule,
    verify: &'e Verification,
    subject: &'e Subject,
}

impl Verifier<'_> {
    /// What a live credential reaches, as far as it is known how to read that.
    pub(super) fn reach(&self, subject: &Subject) -> Vec<Reach> {
        let subject = &self.with_given(subject);
        let rule = self.rules.get(subject.rule.as_str()).copied();
        let Some((rule, verify)) = rule.and_then(|rule| Some((rule, rule.verify.as_ref()?))) else {
            return Vec::new();
        };
        let errand = Errand {
            rule,
            verify,
            subject,
        };
        match &verify.question {
            Question::Http(question) => question
                .details
                .iter()
                .map(|detail| {
                    self.list(&errand, question, detail)
                        .unwrap_or_else(|reason| unread(&detail.name, reason))
                })
                .collect(),
            Question::Native(name) => self.native_reach(&errand, name),
        }
    }

    fn native_reach(&self, errand: &Errand<'_>, name: &str) -> Vec<Reach> {
        let Some(native) = native::find(name) else {
            return Vec::new();
        };
        let case = self.case(errand.rule, errand.verify, errand.subject);
        if let Some(details) = native.details {
            return details(&case, &|exchange| self.ask_more(errand, exchange));
        }
        match (native.prepare)(&case) {
            Ok(Exchange::Login(login)) if login.inspect.is_some() => {
                let call = Call {
                    server: format!("{}:{}", login.uri.host, login.port),
                    method: "what it reaches".to_owned(),
                    path: String::new(),
                };
                let deadline = Instant::now() + self.settings.limits.call;
                self.noted(errand, &call, || {
                    let reached = login.reach(self.network, deadline);
                    (None, reached.map_err(|error| error.to_string()))
                })
                .unwrap_or_else(|reason| vec![unread("what it reaches", reason)])
            }
            _ => Vec::new(),
        }
    }

    fn list(
        &self,
        errand: &Errand<'_>,
        asked: &HttpQuestion,
        detail: &Detail,
    ) -> Result<Reach, String> {
        let question = crate::details::question(asked, detail);
        let (rule, subject) = (errand.rule, errand.subject);
        let policy = self.network.policy();
        let target = crate::target::target(rule, errand.verify, subject, self.settings, policy)
            .map_err(|reason| reason.to_string())?;
        let http = prepare(&question, &target, subject, NamedBy::User)
            .map_err(|reason| reason.to_string())?;
        let call = Call {
            server: target.server(),
            method: question.method.as_str().to_owned(),
            path: format!("{}{}", target.path, question.path),
        };
        let answer = self.send_noted(errand, &call, &http.request, &http.host)?;
        Ok(crate::details::read(detail, &answer, subject))
    }

    fn ask_more(&self, errand: &Errand<'_>, exchange: &HttpExchange) -> Result<Answer, String> {
        let call = Call {
            server: exchange.server.clone(),
            method: exchange.step.to_owned(),
            path: exchange.path.to_string(),
        };
        self.send_noted(errand, &call, &exchange.request, &exchange.host)
    }

    fn send_noted(
        &self,
        errand: &Errand<'_>,
        call: &Call,
        request: &Request,
        host: &str,
    ) -> Result<Answer, String> {
        let deadline = Instant::now() + self.settings.limits.call;
        self.noted(errand, call, || {
            let answer = self.network.http.send(request, host, deadline);
            let status = answer.as_ref().ok().map(|answer| answer.status);
            (status, answer.map_err(|error| error.to_string()))
        })
    }

    /// Does something after it was written down, and writes down that it was done. What cannot be written down is not done.
    fn noted<T>(
        &self,
        errand: &Errand<'_>,
        call: &Call,
        act: impl FnOnce() -> (Option<u16>, Result<T, String>),
    ) -> Result<T, String> {
        let now = || rfc3339(self.clock.now());
        let before = asked(call);
        let entry = |asked: &Asked, finish: bool| {
            let entry = Entry {
                fingerprint: errand.subject.fingerprint,
                rule: &errand.rule.id,
                asked,
                is_control: false,
            };
            let written = if finish {
                self.audit.answered(&now(), &entry, "read")
            } else {
                self.audit.asking(&now(), &entry)
            };
            written.map_err(|error| error.to_string())
        };
        entry(&before, false)?;
        let (status, result) = act();
        entry(&Asked { status, ..before }, true)?;
        result
    }
}

fn unread(name: &str, reason: String) -> Reach {
    Reach {
        name: name.to_owned(),
        items: Vec::new(),
        note: Some(reason),
    }
}
