//! Verifies credentials: plans, asks, judges, and writes down what it did.

mod reach;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use leakward_core::verification::{Control, HttpQuestion, Method, Question};
use leakward_core::{Asked, Evidence, EvidenceSource, Rule, Verdict, Verification};

use crate::audit::{Audit, Entry};
use crate::cache::{Cache, way};
use crate::clock::Clock;
use crate::control::mutated;
use crate::http_question::{HttpCall, NamedBy, prepare};
use crate::judge::{Judgement, judge};
use crate::native::{self, Case, Exchange};
use crate::network::{Network, NetworkError};
use crate::offline::{self, OfflineFacts};
use crate::outcome::Verified;
use crate::plan::{Call, NotAsked, PlannedCall};
use crate::schedule::{Job, Step, run};
use crate::scrub::{Facts, facts};
use crate::settings::{self, ControlProbe, Details, Settings};
use crate::subject::Subject;
use leakward_core::time::rfc3339;

/// Verifies credentials by the rules' definitions.
pub struct Verifier<'a> {
    rules: HashMap<&'a str, &'a Rule>,
    settings: &'a Settings,
    network: &'a Network,
    audit: &'a Audit,
    clock: &'a dyn Clock,
    cache: Mutex<Cache>,
}

/// A question that is ready to be asked.
enum Ready<'q> {
    Http(Box<HttpCall>, &'q HttpQuestion),
    Native(Exchange),
}

/// What came of asking once.
struct Heard {
    judgement: Judgement,
    facts: Facts,
    status: Option<u16>,
    /// How long the server wants to be left alone, when it may be asked again.
    again: Option<Duration>,
}

impl<'a> Verifier<'a> {
    /// A verifier for credentials of `rules`.
    #[must_use]
    pub fn new(
        rules: &'a [Rule],
        settings: &'a Settings,
        network: &'a Network,
        audit: &'a Audit,
        clock: &'a dyn Clock,
    ) -> Self {
        Self {
            rules: rules.iter().map(|rule| (rule.id.as_str(), rule)).collect(),
            settings,
            network,
            audit,
            clock,
            cache: Mutex::new(Cache::open(
                std::path::Path::new(""),
                Duration::ZERO,
                clock.now(),
            )),
        }
    }

    /// The same, with what was known a short while ago.
    #[must_use]
    pub fn with_cache(self, cache: Cache) -> Self {
        Self {
            cache: Mutex::new(cache),
            ..self
        }
    }

    /// What is known now, to be saved.
    #[must_use]
    pub fn into_cache(self) -> Cache {
        self.cache
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What would be asked, for each credential once; nothing is sent.
    #[must_use]
    pub fn plan(&self, subjects: &[Subject]) -> Vec<PlannedCall> {
        distinct(subjects)
            .into_iter()
            .map(|subject| PlannedCall {
                fingerprint: subject.fingerprint,
                rule: subject.rule.clone(),
                call: self.ready(subject).map(|(_, call)| call),
            })
            .collect()
    }

    /// Verifies each credential once, in the order of their first appearance.
    #[must_use]
    pub fn verify(&self, subjects: &[Subject]) -> Vec<Verified> {
        let distinct = distinct(subjects);
        let mut known: Vec<Option<Verified>> = Vec::new();
        let mut jobs: Vec<Job<(usize, &Subject, Call)>> = Vec::new();
        for (index, subject) in distinct.iter().enumerate() {
            match self.before_asking(subject) {
                Ok(verified) => known.push(Some(verified)),
                Err(call) => {
                    known.push(None);
                    jobs.push(Job {
                        lane: call.server.clone(),
                        work: (index, subject, call),
                    });
                }
            }
        }
        let results = run(&jobs, &self.settings.limits, |(_, subject, call), _| {
            self.ask(subject, call)
        });
        for (job, result) in jobs.iter().zip(results) {
            let (index, subject, call) = &job.work;
            let verified = result.unwrap_or_else(|| {
                let reason = "the time for verification was up before it was asked";
                self.verified(
                    subject,
                    call,
                    Judgement::unknown(reason),
                    Facts::default(),
                    None,
                )
            });
            self.remember(subject, &verified, call);
            if let Some(slot) = known.get_mut(*index) {
                *slot = Some(verified);
            }
        }
        known.into_iter().flatten().collect()
    }

    /// What is known without asking; or whom to ask.
    fn before_asking(&self, subject: &Subject) -> Result<Verified, Call> {
        let offline = offline::facts(subject, self.clock.now());
        let decided = offline.as_ref().and_then(|facts| facts.verdict.clone());
        if let Some(verdict) = decided {
            return Ok(self.offline(subject, verdict, offline.unwrap_or_default(), None));
        }
        let ready = if self.settings.reach == settings::Reach::OfflineOnly {
            Err(NotAsked::Offline)
        } else {
            self.ready(subject)
        };
        let call = match ready {
            Ok((_, call)) => call,
            Err(reason) => {
                let facts = offline.unwrap_or_default();
                return Ok(self.offline(subject, Verdict::NotChecked, facts, Some(&reason)));
            }
        };
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let known = cache
            .get(subject.fingerprint, &way(&call, &self.with_given(subject)))
            // What it reaches is not kept, so that it is asked again.
            .filter(|_| self.settings.details == Details::Skip);
        match known {
            Some((verdict, evidence)) => Ok(Verified {
                fingerprint: subject.fingerprint,
                verdict,
                evidence,
            }),
            None => Err(call),
        }
    }

    fn offline(
        &self,
        subject: &Subject,
        verdict: Verdict,
        facts: OfflineFacts,
        reason: Option<&NotAsked>,
    ) -> Verified {
        let reason = reason.map(ToString::to_string);
        let parts = [facts.summary, reason.unwrap_or_default()];
        let summary: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Verified {
            fingerprint: subject.fingerprint,
            verdict,
            evidence: Evidence {
                checked_at: rfc3339(self.clock.now()),
                source: EvidenceSource::Offline,
                asked: None,
                summary: summary.join("; "),
                identity: facts.identity,
                scopes: facts.scopes,
                expires_at: facts.expires_at,
                details: Vec::new(),
            },
        }
    }

    /// The question for a credential, filled in.
    fn ready(&self, subject: &Subject) -> Result<(Ready<'a>, Call), NotAsked> {
        let rule = *self
            .rules
            .get(subject.rule.as_str())
            .ok_or(NotAsked::NoDefinition)?;
        let verify = rule.verify.as_ref().ok_or(NotAsked::NoDefinition)?;
        let subject = &self.with_given(subject);
        match &verify.question {
            Question::Http(question) => self.ready_http(rule, verify, question, subject),
            Question::Native(name) => {
                let native =
                    native::find(name).ok_or_else(|| NotAsked::NoVerifier(name.to_string()))?;
                let exchange = (native.prepare)(&self.case(rule, verify, subject))?;
                let call = match &exchange {
                    Exchange::Http(http) => Call {
                        server: http.server.clone(),
                        method: http.step.to_owned(),
                        path: http.path.to_string(),
                    },
                    Exchange::Login(login) => Call {
                        server: format!("{}:{}", login.uri.host, login.port),
                        method: login.step.to_owned(),
                        path: String::new(),
                    },
                };
                Ok((Ready::Native(exchange), call))
            }
        }
    }

    /// What a native verifier works with.
    fn case<'c>(
        &'c self,
        rule: &'c Rule,
        verify: &'c Verification,
        subject: &'c Subject,
    ) -> Case<'c> {
        Case {
            rule,
            verify,
            subject,
            settings: self.settings,
            policy: self.network.policy(),
            now: self.clock.now(),
        }
    }

    fn ready_http(
        &self,
        rule: &'a Rule,
        verify: &'a Verification,
        question: &'a HttpQuestion,
        subject: &Subject,
    ) -> Result<(Ready<'a>, Call), NotAsked> {
        let policy = self.network.policy();
        let target = crate::target::target(rule, verify, subject, self.settings, policy)?;
        let call = Call {
            server: target.server(),
            method: question.method.as_str().to_owned(),
            path: format!("{}{}", target.path, question.path),
        };
        let is_named = self
            .settings
            .endpoints
            .iter()
            .any(|endpoint| endpoint.is_for(rule));
        let named_by = if is_named {
            NamedBy::User
        } else {
            NamedBy::Rule
        };
        let http = prepare(question, &target, subject, named_by)?;
        Ok((Ready::Http(Box::new(http), question), call))
    }

    /// The credential with the values that the user gave for all.
    fn with_given(&self, subject: &Subject) -> Subject {
        let mut subject = subject.clone();
        let given = self
            .settings
            .given
            .iter()
            .map(|(name, secret)| crate::subject::Value {
                name: name.clone(),
                secret: secret.clone(),
                source: crate::subject::ValueSource::Given,
            });
        subject.values.extend(given);
        subject
    }

    /// Asks, and asks with a changed credential where that is needed before "live" is believed.
    fn ask(&self, subject: &Subject, call: &Call) -> Step<Verified> {
        let deadline = Instant::now() + self.settings.limits.call;
        let heard = match self.ask_once(subject, call, Probe::Real, deadline) {
            Ok(heard) => heard,
            Err(reason) => {
                let judgement = Judgement::unknown(reason);
                return Step::Done(self.verified(subject, call, judgement, Facts::default(), None));
            }
        };
        let (mut judgement, status, again) = (heard.judgement, heard.status, heard.again);
        if judgement.verdict == Verdict::Live
            && let Some(other) = self.control(subject)
        {
            judgement = self.controlled(&other, call, judgement);
        }
        let mut verified = self.verified(subject, call, judgement, heard.facts, status);
        if verified.verdict == Verdict::Live && self.settings.details == Details::Read {
            verified.evidence.details = self.reach(subject);
        }
        match again {
            Some(wait) => Step::Again(wait, verified),
            None => Step::Done(verified),
        }
    }

    /// The credential that must not be accepted; none where "live" is believed without.
    fn control(&self, subject: &Subject) -> Option<Subject> {
        let rule = self.rules.get(subject.rule.as_str())?;
        let question = rule.verify.as_ref().map(|verify| &verify.question);
        let (own, is_by_rule) = match question {
            Some(Question::Http(question)) => (None, question.control == Control::Always),
            Some(Question::Native(name)) => {
                let control = native::find(name).and_then(|native| native.control);
                (
                    control.and_then(|control| control(&self.with_given(subject))),
                    false,
                )
            }
            None => (None, false),
        };
        let is_wanted = is_by_rule || self.settings.control == ControlProbe::Always;
        own.or_else(|| is_wanted.then(|| subject.with_secret(mutated(&subject.secret))))
    }

    /// "Live" only if the same server answers otherwise to a credential that is like this one and is not it.
    fn controlled(&self, other: &Subject, call: &Call, live: Judgement) -> Judgement {
        let deadline = Instant::now() + self.settings.limits.call;
        match self.ask_once(other, call, Probe::Control, deadline) {
            Ok(heard) if heard.judgement.verdict == Verdict::Live => Judgement::unknown(
                "a changed credential was accepted as well, so that the endpoint proves nothing (control passed)",
            ),
            Ok(heard)
                if heard
                    .status
                    .is_some_and(|status| status == 429 || status >= 500) =>
            {
                Judgement::unknown(
                    "it was accepted, but the server did not answer the control probe",
                )
            }
            Ok(_) => Judgement {
                summary: format!("{}; a changed credential was not", live.summary),
                ..live
            },
            Err(reason) => Judgement::unknown(format!(
                "it was accepted, but the control probe got no answer: {reason}"
            )),
        }
    }

    fn ask_once(
        &self,
        subject: &Subject,
        call: &Call,
        probe: Probe,
        deadline: Instant,
    ) -> Result<Heard, String> {
        let (ready, _) = self.ready(subject).map_err(|reason| reason.to_string())?;
        let mut asked = asked(call);
        let entry = |asked: &Asked| -> (leakward_core::RuleId, Asked) {
            (subject.rule.clone(), asked.clone())
        };
        let (rule, before) = entry(&asked);
        let fingerprint = subject.fingerprint;
        let is_control = probe == Probe::Control;
        let now = || rfc3339(self.clock.now());
        let line = Entry {
            fingerprint,
            rule: &rule,
            asked: &before,
            is_control,
        };
        self.audit
            .asking(&now(), &line)
            .map_err(|error| error.to_string())?;
        let heard = match self.exchange(&ready, subject, deadline) {
            Ok(heard) => heard,
            Err(error) => unanswered(&error, &ready),
        };
        asked.status = heard.status;
        let line = Entry {
            fingerprint,
            rule: &rule,
            asked: &asked,
            is_control,
        };
        let result = heard.judgement.verdict.as_str();
        self.audit
            .answered(&now(), &line, result)
            .map_err(|error| error.to_string())?;
        Ok(heard)
    }

    fn exchange(
        &self,
        ready: &Ready<'_>,
        subject: &Subject,
        deadline: Instant,
    ) -> Result<Heard, NetworkError> {
        match ready {
            Ready::Http(call, question) => {
                let answer = self
                    .network
                    .http
                    .send(&call.request, &call.host, deadline)?;
                let may_repeat = question.method != Method::Post;
                Ok(Heard {
                    judgement: judge(question, &answer),
                    facts: facts(question, &answer, subject),
                    status: Some(answer.status),
                    again: may_repeat.then(|| wait(&answer)).flatten(),
                })
            }
            Ready::Native(Exchange::Http(http)) => {
                let answer = self
                    .network
                    .http
                    .send(&http.request, &http.host, deadline)?;
                let (judgement, facts) = (http.read)(&answer, subject);
                Ok(Heard {
                    judgement,
                    facts,
                    status: Some(answer.status),
                    again: None,
                })
            }
            Ready::Native(Exchange::Login(login)) => {
                let (judgement, facts) = login.run(self.network, deadline)?;
                Ok(Heard {
                    judgement,
                    facts,
                    status: None,
                    again: None,
                })
            }
        }
    }

    fn verified(
        &self,
        subject: &Subject,
        call: &Call,
        judgement: Judgement,
        facts: Facts,
        status: Option<u16>,
    ) -> Verified {
        // What an answer says about an owner counts only when the credential is that owner's.
        let facts = if judgement.verdict == Verdict::Live {
            facts
        } else {
            Facts::default()
        };
        let offline = offline::facts(subject, self.clock.now()).unwrap_or_default();
        let asked = Asked {
            status,
            ..asked(call)
        };
        let reason = match judgement.verdict {
            // Every reason names the host, and what went wrong on the way does so already.
            Verdict::Unknown(unknown) => {
                let name = asked.host.split(':').next().unwrap_or_default();
                if !name.is_empty() && unknown.reason.contains(name) {
                    Verdict::Unknown(unknown)
                } else {
                    Verdict::unknown(format!("{}: {}", asked.host, unknown.reason))
                }
            }
            other => other,
        };
        let identity = if facts.identity.is_empty() {
            offline.identity
        } else {
            facts.identity
        };
        Verified {
            fingerprint: subject.fingerprint,
            verdict: reason,
            evidence: Evidence {
                checked_at: rfc3339(self.clock.now()),
                source: EvidenceSource::Provider,
                asked: Some(asked),
                summary: judgement.summary,
                identity,
                scopes: if facts.scopes.is_empty() {
                    offline.scopes
                } else {
                    facts.scopes
                },
                expires_at: facts.expires_at.or(offline.expires_at),
                details: Vec::new(),
            },
        }
    }

    fn remember(&self, subject: &Subject, verified: &Verified, call: &Call) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.put(
            verified.fingerprint,
            &way(call, &self.with_given(subject)),
            &verified.verdict,
            &verified.evidence,
            self.clock.now(),
        );
    }
}

/// Which credential is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Probe {
    /// The found one.
    Real,
    /// A changed one.
    Control,
}

/// The first subject of each fingerprint.
fn distinct(subjects: &[Subject]) -> Vec<&Subject> {
    let mut seen = std::collections::HashSet::new();
    subjects
        .iter()
        .filter(|subject| seen.insert(subject.fingerprint))
        .collect()
}

fn asked(call: &Call) -> Asked {
    let host = call
        .server
        .split_once("://")
        .map_or(&*call.server, |(_, host)| host);
    Asked {
        host: host.to_owned(),
        method: call.method.clone(),
        // The query can be long and says little.
        path: call.path.split('?').next().unwrap_or_default().to_owned(),
        status: None,
    }
}

/// A call without an answer. What only reads can be tried again.
fn unanswered(error: &NetworkError, ready: &Ready<'_>) -> Heard {
    let is_repeatable = matches!(ready, Ready::Http(_, question) if question.method != Method::Post)
        && matches!(
            error,
            NetworkError::Broken { .. } | NetworkError::NotConnected { .. }
        );
    Heard {
        judgement: Judgement::unknown(error.to_string()),
        facts: Facts::default(),
        status: None,
        again: is_repeatable.then(backoff),
    }
}

/// How long a server wants to be left alone; none when the answer is final.
fn wait(answer: &crate::answer::Answer) -> Option<Duration> {
    if !matches!(answer.status, 429 | 500 | 502 | 503 | 504) {
        return None;
    }
    let asked = answer
        .header("retry-after")
        .and_then(|value| value.trim().parse::<u64>().ok())
        .map(Duration::from_secs);
    Some(asked.unwrap_or_else(backoff))
}

/// Half a second to a second: spread, so that many clients do not come back at once.
fn backoff() -> Duration {
    let mut byte = [0];
    // Without randomness the middle does as well.
    if aws_lc_rs::rand::fill(&mut byte).is_err() {
        byte = [128];
    }
    Duration::from_millis(500 + u64::from(byte[0]) * 2)
}
