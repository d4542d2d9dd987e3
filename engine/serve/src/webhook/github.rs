//! GitHub's webhooks.
//!
//! Headers and payloads: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>. An alert holds neither the secret nor its
//! place; a push's lists of files are cut, so that they are not looked at.

use serde::Deserialize;

use super::delivery::{
    Headers, Refused, Verdict, is_repository_path, job, object_id, parse, reference,
};
use crate::config::Config;
use crate::signature::SigningSecrets;
use crate::work::{Alert, HostKind, Installation, Push, RepositoryName, Task};

#[derive(Deserialize)]
struct Repository {
    full_name: String,
    default_branch: Option<String>,
}

#[derive(Deserialize)]
struct InstallationId {
    id: u64,
}

#[derive(Deserialize)]
struct PushEvent {
    r#ref: String,
    before: String,
    after: String,
    repository: Repository,
    installation: Option<InstallationId>,
}

#[derive(Deserialize)]
struct AlertNumber {
    number: u64,
}

#[derive(Deserialize)]
struct AlertEvent {
    action: String,
    alert: AlertNumber,
    repository: Repository,
    installation: Option<InstallationId>,
}

#[derive(Deserialize)]
struct NamedRepository {
    full_name: String,
}

#[derive(Deserialize)]
struct InstallationEvent {
    action: String,
    installation: InstallationId,
    #[serde(default)]
    repositories: Vec<NamedRepository>,
    #[serde(default)]
    repositories_added: Vec<NamedRepository>,
}

/// What a delivery of GitHub's is.
pub(crate) fn receive(
    secrets: &SigningSecrets,
    config: &Config,
    headers: &Headers<'_>,
    body: &[u8],
) -> Result<Verdict, Refused> {
    let signature = headers
        .get("x-hub-signature-256")
        .ok_or(Refused::Unauthorized(
            "the header X-Hub-Signature-256 is missing",
        ))?;
    if !secrets.signed(signature, &[body]) {
        return Err(Refused::Unauthorized("the signature is not right"));
    }
    let event = headers
        .get("x-github-event")
        .ok_or_else(|| Refused::Malformed("the header X-GitHub-Event is missing".to_owned()))?;
    let delivery = headers
        .get("x-github-delivery")
        .ok_or_else(|| Refused::Malformed("the header X-GitHub-Delivery is missing".to_owned()))?;
    let (repository, task) = match event {
        "ping" => {
            parse::<serde::de::IgnoredAny>(body)?;
            return Ok(Verdict::Pong);
        }
        "push" => push(parse(body)?, config)?,
        "secret_scanning_alert" | "secret_scanning_alert_location" => alert(parse(body)?, config)?,
        "installation" | "installation_repositories" => (None, installation(parse(body)?, config)),
        _ => return Ok(Verdict::Ignored),
    };
    job("github", delivery, event, body, repository.as_ref(), &task)
}

/// The repository, when it is served here.
fn served(
    repository: &Repository,
    installation: Option<InstallationId>,
    config: &Config,
) -> Result<RepositoryName, Refused> {
    if !is_repository_path(&repository.full_name) || !config.serves(&repository.full_name) {
        return Err(Refused::UnknownRepository);
    }
    Ok(RepositoryName {
        host: HostKind::Github,
        path: repository.full_name.clone(),
        installation: installation.map(|one| one.id),
        project: None,
    })
}

fn push(event: PushEvent, config: &Config) -> Result<(Option<RepositoryName>, Task), Refused> {
    let name = served(&event.repository, event.installation, config)?;
    let task = Task::Push(Push {
        repository: name.clone(),
        reference: reference(&event.r#ref)?,
        before: object_id(&event.before)?,
        after: object_id(&event.after)?,
        default_branch: event.repository.default_branch,
    });
    Ok((Some(name), task))
}

fn alert(event: AlertEvent, config: &Config) -> Result<(Option<RepositoryName>, Task), Refused> {
    let name = served(&event.repository, event.installation, config)?;
    let task = Task::Alert(Alert {
        repository: name.clone(),
        number: event.alert.number,
        action: event.action,
    });
    Ok((Some(name), task))
}

fn installation(event: InstallationEvent, config: &Config) -> Task {
    let named = event
        .repositories
        .into_iter()
        .chain(event.repositories_added);
    Task::Installation(Installation {
        number: event.installation.id,
        action: event.action,
        repositories: named
            .map(|repository| repository.full_name)
            .filter(|name| is_repository_path(name) && config.serves(name))
            .collect(),
    })
}
