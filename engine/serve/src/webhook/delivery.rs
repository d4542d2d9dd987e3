//! What a sender's delivery turns out to be.

use aws_lc_rs::digest;

use crate::hex;
use crate::queue::NewJob;
use crate::work::{RepositoryName, Task};

/// LIMIT: bytes of an id, an event's name, a repository's path: what is longer is none.
const LONGEST_NAME: usize = 512;

/// The headers of a delivery.
pub(crate) struct Headers<'h>(pub(crate) &'h axum::http::HeaderMap);

impl Headers<'_> {
    /// The value of a header, when there is one and it is text of a sensible length.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)?
            .to_str()
            .ok()
            .map(str::trim)
            .filter(|value| !value.is_empty() && value.len() <= LONGEST_NAME)
    }
}

/// What a signed delivery is.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Something to do.
    Work(Box<NewJob>),
    /// The sender tries out whether we are there.
    Pong,
    /// Nothing that concerns us.
    Ignored,
}

/// Why a delivery is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// Not signed, or not by somebody who knows the secret.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// It is not what its header says.
    #[error("{0}")]
    Malformed(String),
    /// Its repository is not served here.
    #[error("this repository is not served here")]
    UnknownRepository,
}

/// Puts a delivery together.
pub(crate) fn job(
    source: &'static str,
    delivery: &str,
    event: &str,
    body: &[u8],
    repository: Option<&RepositoryName>,
    task: &Task,
) -> Result<Verdict, Refused> {
    let content = task
        .to_bytes()
        .map_err(|error| Refused::Malformed(error.to_string()))?;
    // The id is not signed, the body is: who sends one again under another id has sent it before.
    let digest = digest::digest(&digest::SHA256, body);
    Ok(Verdict::Work(Box::new(NewJob {
        source,
        delivery: delivery.to_owned(),
        digest: hex::encode(digest.as_ref()),
        event: event.to_owned(),
        repository: repository.map(|name| name.path.clone()).unwrap_or_default(),
        content,
    })))
}

/// Reads a body as JSON; the error names line and column, never the text.
pub(crate) fn parse<'b, T: serde::Deserialize<'b>>(body: &'b [u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => "the body lacks something that this event has",
            _ => "the body is not JSON",
        };
        Refused::Malformed(format!(
            "{what} (line {}, column {})",
            error.line(),
            error.column()
        ))
    })
}

/// A path of a repository that can be one: segments without tricks.
pub(crate) fn is_repository_path(path: &str) -> bool {
    let is_segment = |segment: &str| {
        !segment.is_empty()
            && !segment.starts_with(['.', '-'])
            && segment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    path.len() <= LONGEST_NAME && path.contains('/') && path.split('/').all(is_segment)
}

/// An object id; none when it is all zeros, as hosts write "nothing".
pub(crate) fn object_id(written: &str) -> Result<Option<String>, Refused> {
    let is_id =
        matches!(written.len(), 40 | 64) && written.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_id {
        return Err(Refused::Malformed(
            "before or after is no object id".to_owned(),
        ));
    }
    Ok((!written.bytes().all(|byte| byte == b'0')).then(|| written.to_ascii_lowercase()))
}

/// The full name of a ref that can be one.
pub(crate) fn reference(written: &str) -> Result<String, Refused> {
    let is_ref = written.starts_with("refs/")
        && written.len() <= LONGEST_NAME
        && !written.contains("..")
        && !written
            .bytes()
            .any(|byte| byte.is_ascii_control() || b" ~^:?*[\\".contains(&byte));
    if is_ref {
        Ok(written.to_owned())
    } else {
        Err(Refused::Malformed(
            "ref is no full name of a ref".to_owned(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_ids_and_refs_with_tricks_are_none() {
        for path in ["o/r", "group/sub/r.x", "a-b/c_d"] {
            assert!(is_repository_path(path), "{path}");
        }
        for path in [
            "", "o", "o/", "/r", "o/../r", "o/.git", "o/-x", "o/r?x", "o/r r", "o//r", "é/r",
        ] {
            assert!(!is_repository_path(path), "{path}");
        }
        assert_eq!(object_id(&"0".repeat(40)), Ok(None));
        assert_eq!(object_id(&"A".repeat(40)), Ok(Some("a".repeat(40))));
        assert!(object_id("main").is_err() && object_id(&"g".repeat(40)).is_err());
        assert!(reference("refs/heads/a/b").is_ok());
        for name in [
            "main",
            "refs/heads/a..b",
            "refs/heads/a b",
            "refs/heads/a:b",
            "refs/heads/\n",
        ] {
            assert!(reference(name).is_err(), "{name}");
        }
    }
}
