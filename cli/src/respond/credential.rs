//! The credential that is to be made dead: from a report's finding, read again from where it is, or from standard input.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use leakward_core::{Fingerprint, FingerprintKey, Rule, RuleId, Secret};
use leakward_respond::Sighting;
use leakward_respond::incident::{Exposure, Place};
use leakward_respond::providers::as_found;
use leakward_verify::{Subject, Value, ValueSource};

use super::args::CredentialArgs;
use crate::args::{PolicyArgs, VerificationArgs};
use crate::messages::Messages;
use crate::verification::{given, reported};
use crate::verify_command::{read_again, rule_set, secret_from_input};

/// A credential, and what is known of where it leaked.
#[derive(Clone)]
pub(super) struct Leaked {
    pub(super) subject: Subject,
    pub(super) sighting: Sighting,
    pub(super) rules: Arc<[Rule]>,
}

/// The credential that was named.
pub(super) fn leaked(
    args: &CredentialArgs,
    policy: &PolicyArgs,
    verification: &VerificationArgs,
    messages: Messages,
) -> anyhow::Result<Leaked> {
    let mut leaked = match (&args.rule, &args.report, args.finding) {
        (Some(rule), _, _) => from_input(rule, policy)?,
        (None, Some(report), Some(finding)) => {
            let scanned = read_again(report, &[finding], &args.targets, policy, messages)?;
            of_finding(&scanned, finding)?
        }
        _ => bail!("give --report and --finding, or --rule"),
    };
    if args.public {
        leaked.sighting.exposure = Exposure::Public;
    }
    add_given(&mut leaked.subject, verification)?;
    Ok(leaked)
}

fn add_given(subject: &mut Subject, verification: &VerificationArgs) -> anyhow::Result<()> {
    let values = given(&verification.with)?;
    subject
        .values
        .extend(values.into_iter().map(|(name, secret)| Value {
            name,
            secret,
            source: ValueSource::Given,
        }));
    Ok(())
}

fn from_input(rule: &str, policy: &PolicyArgs) -> anyhow::Result<Leaked> {
    let rules = rule_set(policy)?;
    let secret = secret_from_input()?;
    let found = leakward_rules::find(&rules, rule);
    let found = found.with_context(|| format!("no rule is called {rule:?}"))?;
    let sighting = Sighting {
        fingerprint: FingerprintKey::default().fingerprint(&found.id, &secret),
        rule: found.id.to_string(),
        title: found.title.to_string(),
        provider: found.provider.to_string(),
        masked: secret.masked(),
        severity: found.severity,
        verdict: "not-checked".to_owned(),
        exposure: Exposure::NotKnown,
        places: Vec::new(),
        owner: None,
        pushed_at: None,
    };
    let subject = subject(sighting.fingerprint, &found.id, secret);
    Ok(Leaked {
        subject,
        sighting,
        rules: rules.into(),
    })
}

/// Every credential of a report, read again from where it was found; and how many could not be.
pub(super) fn all_of_report(
    args: &CredentialArgs,
    policy: &PolicyArgs,
    messages: Messages,
) -> anyhow::Result<(Vec<Leaked>, usize)> {
    let report = args.report.as_ref().context("give --report")?;
    let scanned = read_again(report, &[], &args.targets, policy, messages)?;
    let missing = scanned
        .outcome
        .skipped
        .iter()
        .filter(|skipped| skipped.kind == leakward_core::SkippedKind::Missing)
        .count();
    let mut all = Vec::new();
    for finding in &scanned.outcome.findings {
        let mut leaked = of_finding(&scanned, finding.fingerprint)?;
        if args.public {
            leaked.sighting.exposure = Exposure::Public;
        }
        all.push(leaked);
    }
    Ok((all, missing))
}

/// The leaked credential from standard input, for a response that goes on.
pub(super) fn again(
    rule: &str,
    fingerprint: Fingerprint,
    verification: &VerificationArgs,
) -> anyhow::Result<Subject> {
    let given = secret_from_input()?;
    let rule = RuleId::from(rule);
    let key = FingerprintKey::default();
    let secret = as_found(&given, |form| key.fingerprint(&rule, form) == fingerprint)
        .with_context(|| {
            format!("what is on standard input is not the credential of {fingerprint}")
        })?;
    let mut subject = subject(fingerprint, &rule, secret);
    add_given(&mut subject, verification)?;
    Ok(subject)
}

fn subject(fingerprint: Fingerprint, rule: &RuleId, secret: Secret) -> Subject {
    Subject {
        fingerprint,
        rule: rule.clone(),
        secret,
        values: Vec::new(),
    }
}

fn of_finding(
    scanned: &leakward_scan::run::Scanned,
    fingerprint: Fingerprint,
) -> anyhow::Result<Leaked> {
    let finding = scanned
        .outcome
        .findings
        .iter()
        .find(|finding| finding.fingerprint == fingerprint)
        .with_context(|| {
            format!("the finding {fingerprint} is not where the report says; give its TARGET")
        })?;
    let subject = reported(scanned)
        .into_iter()
        .find(|subject| subject.fingerprint == fingerprint)
        .with_context(|| format!("the value of {fingerprint} could not be read again"))?;
    let target = scanned
        .outcome
        .targets
        .first()
        .map(|target| target.name.clone())
        .unwrap_or_default();
    let places = finding
        .locations
        .iter()
        .map(|location| Place {
            target: target.clone(),
            kind: location.kind.as_str().to_owned(),
            path: location.path.clone(),
            line: u64::from(location.range.start.line),
            commit: location.commit.clone(),
            author: location.author.clone(),
            date: location.date.clone(),
            url: None,
        })
        .collect();
    let sighting = Sighting {
        fingerprint,
        rule: finding.rule.to_string(),
        title: finding.title.clone(),
        provider: finding.provider.clone(),
        masked: finding.masked.clone(),
        severity: finding.severity,
        verdict: "not-checked".to_owned(),
        exposure: Exposure::NotKnown,
        places,
        owner: None,
        pushed_at: None,
    };
    Ok(Leaked {
        subject,
        sighting,
        rules: scanned.rules.clone().into(),
    })
}
