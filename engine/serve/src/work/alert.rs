//! Alerts that code hosts raise, and what they are told about them.

use std::sync::Arc;

use leakward_core::{RuleId, Severity};
use leakward_respond::incident::Place;
use leakward_scan::request::Scope;
use leakward_verify::Subject;

use super::failure::Failure;
use super::found::{Context, Found, see_to, subject};
use super::{Alert, HostKind, RepositoryName, Telling, Told, Vulnerability, push, settle};
use crate::host::AlertState;
use crate::service::Shared;

/// Looks into an alert of GitHub's secret scanning.
pub(super) async fn handle(service: &Shared, alert: Alert) -> Result<String, Failure> {
    if matches!(
        alert.action.as_str(),
        "assigned" | "unassigned" | "metadata_created" | "metadata_removed"
    ) {
        return Ok(format!("nothing to do for {}", alert.action));
    }
    let state = service.hosts.alert(&alert.repository, alert.number).await?;
    if !state.is_open {
        return Ok("it is resolved already".to_owned());
    }
    let found = found(service, &alert.repository, &state).await?;
    let fingerprint = found.subject.fingerprint;
    crate::alerts::link(
        &service.database,
        &alert.repository,
        alert.number,
        &state.url,
        fingerprint,
    )
    .await?;
    let context = Context {
        repository: Some(alert.repository.clone()),
        actor: "alert github".to_owned(),
        pushed_at: None,
        public: state.public || alert.action == "publicly_leaked",
        seen_at: None,
    };
    see_to(service, &context, vec![found]).await?;
    Ok(format!("incident {fingerprint}"))
}

/// The credential of an alert: with what stands near it, when it stands in a commit that we can read; else as GitHub gives it.
async fn found(
    service: &Shared,
    repository: &RepositoryName,
    state: &AlertState,
) -> Result<Found, Failure> {
    let places: Vec<Place> = state
        .places
        .iter()
        .map(|place| Place {
            kind: place.kind.clone(),
            path: place.path.clone(),
            line: place.line,
            commit: place.commit.clone(),
            url: place.url.clone(),
            ..Place::default()
        })
        .collect();
    for place in state.places.iter().filter(|place| place.kind == "commit") {
        if let Some(commit) = &place.commit
            && let Some(mut found) = in_commit(service, repository, commit, |subject| {
                subject.secret == state.secret
            })
            .await
        {
            found
                .places
                .extend(places.into_iter().filter(|place| place.kind != "commit"));
            return Ok(found);
        }
    }
    Ok(alone(service, state, places))
}

/// The credential that `is_it` tells, among what a commit brought.
pub(super) async fn in_commit(
    service: &Shared,
    repository: &RepositoryName,
    commit: &str,
    is_it: impl Fn(&Subject) -> bool,
) -> Option<Found> {
    all_in_commit(service, repository, commit)
        .await
        .ok()?
        .into_iter()
        .find(|found| is_it(&found.subject))
}

/// All credentials that a commit brought.
pub(super) async fn all_in_commit(
    service: &Shared,
    repository: &RepositoryName,
    commit: &str,
) -> Result<Vec<Found>, Failure> {
    let mirror = Arc::new(service.mirrors.of(repository).await);
    push::fetch(service, &mirror, repository, commit, "commit").await?;
    let scope = Scope::Pushed {
        tips: vec![commit.to_owned()],
        known: mirror.parents(commit)?,
    };
    let scanned = push::scan(service, mirror.path().to_owned(), scope).await?;
    Ok(Found::of_scan(scanned))
}

/// The credential without anything around it: as one of our rules knows it, else as GitHub names it.
fn alone(service: &Shared, state: &AlertState, places: Vec<Place>) -> Found {
    #[expect(
        clippy::disallowed_methods,
        reason = "an alert's credential is looked at, to know its type"
    )]
    let looked = service.eye.look(state.secret.expose());
    let whole = looked
        .into_iter()
        .find(|(credential, _)| credential.secret == state.secret);
    if let Some((credential, _)) = whole
        && let Some(rule) = service.eye.rule(credential.rule.as_str())
    {
        return Found {
            subject: subject(&credential),
            title: rule.title.to_string(),
            provider: rule.provider.to_string(),
            severity: rule.severity,
            places,
        };
    }
    let rule = RuleId::from(format!("github-alert-{}", state.secret_type).as_str());
    Found {
        subject: Subject {
            fingerprint: service.eye.fingerprint(&rule, &state.secret),
            rule,
            secret: state.secret.clone(),
            values: Vec::new(),
        },
        title: state.title.clone(),
        provider: state
            .secret_type
            .split('_')
            .next()
            .unwrap_or_default()
            .to_owned(),
        severity: Severity::High,
        places,
    }
}

/// Looks into a vulnerability of GitLab's secret detection.
pub(super) async fn handle_vulnerability(
    service: &Shared,
    seen: Vulnerability,
) -> Result<String, Failure> {
    if matches!(seen.state.as_str(), "dismissed" | "resolved") {
        return Ok(format!("it is {} already", seen.state));
    }
    let branch = service.hosts.default_branch(&seen.repository).await?;
    let mirror = Arc::new(service.mirrors.of(&seen.repository).await);
    push::fetch(
        service,
        &mirror,
        &seen.repository,
        &format!("refs/heads/{branch}"),
        "base",
    )
    .await?;
    let tip = mirror.got("base")?.into_iter().next();
    let text = tip.as_ref().and_then(|tip| mirror.file_at(tip, &seen.file));
    let Some(text) = text else {
        return Err(Failure::Lasting(format!(
            "{} is not in {branch} any more",
            seen.file
        )));
    };
    drop(mirror);
    let found: Vec<Found> = service
        .eye
        .look(&text)
        .into_iter()
        .filter(|(_, line)| u32::try_from(*line) == Ok(seen.line))
        .filter_map(|(credential, line)| {
            let rule = service.eye.rule(credential.rule.as_str())?;
            Some(Found {
                subject: subject(&credential),
                title: rule.title.to_string(),
                provider: rule.provider.to_string(),
                severity: rule.severity,
                places: vec![Place {
                    kind: "git".to_owned(),
                    path: seen.file.clone(),
                    line: line as u64,
                    commit: tip.clone(),
                    ..Place::default()
                }],
            })
        })
        .collect();
    let Some(first) = found.first() else {
        let reason = format!(
            "line {} of {} holds no credential that a rule knows",
            seen.line, seen.file
        );
        return Err(Failure::Lasting(reason));
    };
    let fingerprint = first.subject.fingerprint;
    crate::alerts::link(
        &service.database,
        &seen.repository,
        seen.number,
        &seen.url,
        fingerprint,
    )
    .await?;
    let context = Context {
        repository: Some(seen.repository.clone()),
        actor: "vulnerability gitlab".to_owned(),
        pushed_at: None,
        public: false,
        seen_at: None,
    };
    see_to(service, &context, found).await?;
    Ok(format!("incident {fingerprint}"))
}

/// Tells a code host something.
pub(super) async fn tell(service: &Shared, telling: &Telling) -> Result<String, Failure> {
    let page = service.config.public_url();
    service
        .hosts
        .tell(&telling.repository, &telling.what, &page)
        .await?;
    if let Told::Alert {
        number,
        live,
        contained,
        ..
    } = &telling.what
    {
        let said = settle::told(*live, *contained);
        crate::alerts::told(&service.database, &telling.repository, *number, &said).await?;
    }
    Ok(match telling.repository.host {
        HostKind::Github => "GitHub was told",
        HostKind::Gitlab => "GitLab was told",
        HostKind::Gitea => "the host was told",
    }
    .to_owned())
}
