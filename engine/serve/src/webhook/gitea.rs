//! Gitea's and Forgejo's webhooks, which send the same under different names.
//!
//! Headers and payloads: <https://docs.gitea.com/usage/webhooks>, <https://forgejo.org/docs/latest/user/webhooks/>.

use serde::Deserialize;

use super::delivery::{
    Headers, Refused, Verdict, is_repository_path, job, object_id, parse, reference,
};
use crate::config::Config;
use crate::signature::SigningSecrets;
use crate::work::{HostKind, Push, RepositoryName, Task};

#[derive(Deserialize)]
struct Repository {
    full_name: String,
    default_branch: Option<String>,
}

#[derive(Deserialize)]
struct PushEvent {
    r#ref: String,
    before: String,
    after: String,
    repository: Repository,
}

/// What a delivery of Gitea's or Forgejo's is.
pub(crate) fn receive(
    secrets: &SigningSecrets,
    config: &Config,
    headers: &Headers<'_>,
    body: &[u8],
) -> Result<Verdict, Refused> {
    let either = |name: &str| {
        headers
            .get(&format!("x-forgejo-{name}"))
            .or_else(|| headers.get(&format!("x-gitea-{name}")))
    };
    let signature = either("signature").ok_or(Refused::Unauthorized(
        "the header X-Gitea-Signature is missing",
    ))?;
    if !secrets.signed(signature, &[body]) {
        return Err(Refused::Unauthorized("the signature is not right"));
    }
    let missing = |name: &str| Refused::Malformed(format!("the header {name} is missing"));
    let event = either("event").ok_or_else(|| missing("X-Gitea-Event"))?;
    let delivery = either("delivery").ok_or_else(|| missing("X-Gitea-Delivery"))?;
    if event != "push" {
        return Ok(Verdict::Ignored);
    }
    let pushed: PushEvent = parse(body)?;
    let path = pushed.repository.full_name;
    if !is_repository_path(&path) || !config.serves(&path) {
        return Err(Refused::UnknownRepository);
    }
    let name = RepositoryName {
        host: HostKind::Gitea,
        path,
        installation: None,
        project: None,
    };
    let task = Task::Push(Push {
        repository: name.clone(),
        reference: reference(&pushed.r#ref)?,
        before: object_id(&pushed.before)?,
        after: object_id(&pushed.after)?,
        default_branch: pushed.repository.default_branch,
    });
    job("gitea", delivery, event, body, Some(&name), &task)
}
