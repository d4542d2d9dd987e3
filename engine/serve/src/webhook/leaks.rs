//! Leaks that anything else posts: a chat's scanner, a bug bounty's form, another program.
//!
//! Signed over the time and the body, so that a post that was overheard is worth nothing after a few minutes:
//! `X-Leakward-Signature: sha256=HMAC(timestamp + "." + body)`, `X-Leakward-Timestamp` in seconds since 1970,
//! `X-Leakward-Delivery` an id of the sender's choice.

use serde::Deserialize;

use super::delivery::{Headers, Refused, Verdict, is_repository_path, job, object_id, parse};
use crate::config::Config;
use crate::signature::SigningSecrets;
use crate::time::Moment;
use crate::work::{GivenLeak, HostKind, RepositoryName, Task};

/// LIMIT: bytes of a credential.
const LONGEST_SECRET: usize = 64 << 10;

/// What is posted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeakPost {
    /// Where it was seen, for people.
    seen_at: String,
    /// The rule's id.
    rule: Option<String>,
    /// The credential itself.
    secret: Option<String>,
    /// Or the host, repository and commit that it stands in.
    host: Option<String>,
    repository: Option<String>,
    commit: Option<String>,
    /// Whether everybody can see it.
    #[serde(default)]
    public: bool,
}

impl Drop for LeakPost {
    fn drop(&mut self) {
        if let Some(secret) = &mut self.secret {
            zeroize::Zeroize::zeroize(secret);
        }
    }
}

/// What a posted leak is.
pub(crate) fn receive(
    secrets: &SigningSecrets,
    config: &Config,
    headers: &Headers<'_>,
    body: &[u8],
    now: Moment,
) -> Result<Verdict, Refused> {
    let signature = headers
        .get("x-leakward-signature")
        .ok_or(Refused::Unauthorized(
            "the header X-Leakward-Signature is missing",
        ))?;
    let written = headers
        .get("x-leakward-timestamp")
        .ok_or(Refused::Unauthorized(
            "the header X-Leakward-Timestamp is missing",
        ))?;
    if !secrets.signed(signature, &[written.as_bytes(), b".", body]) {
        return Err(Refused::Unauthorized("the signature is not right"));
    }
    let skew = config
        .leaks
        .as_ref()
        .map_or(300, |leaks| leaks.clock_skew_seconds);
    let seconds: i64 = written
        .parse()
        .map_err(|_| Refused::Unauthorized("X-Leakward-Timestamp is not seconds since 1970"))?;
    if (now.0 / 1_000).abs_diff(seconds) > skew {
        return Err(Refused::Unauthorized(
            "X-Leakward-Timestamp is too far from this server's clock",
        ));
    }
    let delivery = headers.get("x-leakward-delivery").ok_or_else(|| {
        Refused::Malformed("the header X-Leakward-Delivery is missing".to_owned())
    })?;
    let post: LeakPost = parse(body)?;
    let commit = commit(&post, config)?;
    let has_secret = post
        .secret
        .as_ref()
        .is_some_and(|secret| !secret.is_empty());
    if has_secret == commit.is_some() {
        let reason = "a leak has either a secret, or a host, repository and commit";
        return Err(Refused::Malformed(reason.to_owned()));
    }
    if post
        .secret
        .as_ref()
        .is_some_and(|secret| secret.len() > LONGEST_SECRET)
    {
        return Err(Refused::Malformed("no credential is that long".to_owned()));
    }
    let name = commit.as_ref().map(|(name, _)| name.clone());
    let task = Task::Leak(GivenLeak {
        seen_at: post.seen_at.clone(),
        rule: post.rule.clone(),
        secret: post.secret.clone(),
        commit,
        public: post.public,
    });
    job("leaks", delivery, "leak", body, name.as_ref(), &task)
}

/// The repository and the commit, when they are named.
fn commit(post: &LeakPost, config: &Config) -> Result<Option<(RepositoryName, String)>, Refused> {
    let (Some(host), Some(path), Some(commit)) = (&post.host, &post.repository, &post.commit)
    else {
        return Ok(None);
    };
    let host = HostKind::parse(host)
        .ok_or_else(|| Refused::Malformed("host is github, gitlab or gitea".to_owned()))?;
    if !is_repository_path(path) || !config.serves(path) {
        return Err(Refused::UnknownRepository);
    }
    let commit = object_id(commit)?
        .ok_or_else(|| Refused::Malformed("commit is no object id".to_owned()))?;
    let name = RepositoryName {
        host,
        path: path.clone(),
        installation: None,
        project: None,
    };
    Ok(Some((name, commit)))
}
