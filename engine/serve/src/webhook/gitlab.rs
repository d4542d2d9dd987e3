//! GitLab's webhooks.
//!
//! Headers and payloads: <https://docs.gitlab.com/user/project/integrations/webhook_events/>. They are not signed but carry a token;
//! it is checked before anything else.

use aws_lc_rs::digest;
use serde::Deserialize;

use super::delivery::{
    Headers, Refused, Verdict, is_repository_path, job, object_id, parse, reference,
};
use crate::config::Config;
use crate::hex;
use crate::signature::SigningSecrets;
use crate::work::{HostKind, Push, RepositoryName, Task, Vulnerability};

#[derive(Deserialize)]
struct Project {
    id: u64,
    path_with_namespace: String,
    default_branch: Option<String>,
}

#[derive(Deserialize)]
struct PushEvent {
    r#ref: String,
    before: String,
    after: String,
    project: Project,
}

#[derive(Deserialize)]
struct VulnerabilityEvent {
    object_attributes: Attributes,
}

#[derive(Deserialize)]
struct Attributes {
    url: String,
    state: String,
    project_id: u64,
    report_type: String,
    #[serde(default)]
    location: Place,
}

#[derive(Default, Deserialize)]
struct Place {
    #[serde(default)]
    file: String,
    #[serde(default)]
    start_line: u32,
}

/// What a delivery of GitLab's is.
pub(crate) fn receive(
    tokens: &SigningSecrets,
    config: &Config,
    headers: &Headers<'_>,
    body: &[u8],
) -> Result<Verdict, Refused> {
    let token = headers.get("x-gitlab-token").ok_or(Refused::Unauthorized(
        "the header X-Gitlab-Token is missing",
    ))?;
    if !tokens.is_token(token.as_bytes()) {
        return Err(Refused::Unauthorized("the token is not right"));
    }
    let event = headers
        .get("x-gitlab-event")
        .ok_or_else(|| Refused::Malformed("the header X-Gitlab-Event is missing".to_owned()))?;
    let (repository, task) = match event {
        "Push Hook" | "Tag Push Hook" => push(parse(body)?, config)?,
        "Vulnerability Hook" => match vulnerability(parse(body)?, config)? {
            Some(task) => task,
            None => return Ok(Verdict::Ignored),
        },
        _ => return Ok(Verdict::Ignored),
    };
    job(
        "gitlab",
        &delivery(headers, body),
        event,
        body,
        Some(&repository),
        &task,
    )
}

/// The id of a delivery: GitLab's own since 17.4, else the body's digest. `X-Gitlab-Event-UUID` is the same for events that cause
/// each other.
fn delivery(headers: &Headers<'_>, body: &[u8]) -> String {
    match headers.get("idempotency-key") {
        Some(key) => key.to_owned(),
        None => hex::encode(digest::digest(&digest::SHA256, body).as_ref()),
    }
}

fn push(event: PushEvent, config: &Config) -> Result<(RepositoryName, Task), Refused> {
    let path = event.project.path_with_namespace;
    let name = served(path, event.project.id, config)?;
    let task = Task::Push(Push {
        repository: name.clone(),
        reference: reference(&event.r#ref)?,
        before: object_id(&event.before)?,
        after: object_id(&event.after)?,
        default_branch: event.project.default_branch,
    });
    Ok((name, task))
}

/// A vulnerability, when it is about a leaked credential. Its page is the only place that names the project.
fn vulnerability(
    event: VulnerabilityEvent,
    config: &Config,
) -> Result<Option<(RepositoryName, Task)>, Refused> {
    let attributes = event.object_attributes;
    if attributes.report_type != "secret_detection" {
        return Ok(None);
    }
    let malformed = || Refused::Malformed("the vulnerability's url is not one".to_owned());
    let (project, number) = attributes
        .url
        .split_once("/-/security/vulnerabilities/")
        .ok_or_else(malformed)?;
    let number: u64 = number.parse().map_err(|_| malformed())?;
    let path = project
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'))
        .map(|(_, path)| path.to_owned())
        .ok_or_else(malformed)?;
    let name = served(path, attributes.project_id, config)?;
    let task = Task::Vulnerability(Vulnerability {
        repository: name.clone(),
        number,
        url: attributes.url,
        state: attributes.state,
        file: attributes.location.file,
        line: attributes.location.start_line,
    });
    Ok(Some((name, task)))
}

fn served(path: String, project: u64, config: &Config) -> Result<RepositoryName, Refused> {
    if !is_repository_path(&path) || !config.serves(&path) {
        return Err(Refused::UnknownRepository);
    }
    Ok(RepositoryName {
        host: HostKind::Gitlab,
        path,
        installation: None,
        project: Some(project),
    })
}
