//! The name of an image in a registry: `registry.example:5000/team/app:1.4@sha256:…`.
//!
//! Grammar: the `reference` package of the distribution project. Names without a registry are Docker Hub's.

use std::fmt;
use std::str::FromStr;

use crate::image::Digest;

/// Where names without a registry belong.
const DOCKER_HUB: &str = "docker.io";

/// Longest name of a repository, and longest tag.
const MAX_NAME_BYTES: usize = 255;
const MAX_TAG_BYTES: usize = 128;

/// The name of an image in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Host, with a port where one is written.
    pub registry: String,
    /// Name of the repository.
    pub repository: String,
    /// The tag.
    pub tag: Option<String>,
    /// The digest of a manifest. It wins over the tag.
    pub digest: Option<Digest>,
}

/// A text that names no image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name of an image: write REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:DIGEST")]
pub struct NotAReference(String);

impl Reference {
    /// The same repository without tag and digest.
    #[must_use]
    pub fn with_tag(&self, tag: &str) -> Self {
        Self {
            tag: Some(tag.to_owned()),
            digest: None,
            ..self.clone()
        }
    }

    /// Host and port to be asked.
    pub(super) fn host(&self) -> &str {
        match self.registry.as_str() {
            DOCKER_HUB => "registry-1.docker.io",
            registry => registry,
        }
    }

    /// What a manifest is asked for by.
    pub(super) fn tag_or_digest(&self) -> &str {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.as_str(),
            (None, Some(tag)) => tag,
            (None, None) => "latest",
        }
    }

    /// Whether `text` can only be meant as a name in a registry: it has a host and a tag or a digest.
    #[must_use]
    pub fn is_unmistakable(text: &str) -> bool {
        let has_host = text.split_once('/').is_some_and(|(host, _)| is_host(host));
        text.parse::<Self>().is_ok_and(|reference| {
            has_host && (reference.tag.is_some() || reference.digest.is_some())
        })
    }
}

impl FromStr for Reference {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let wrong = || NotAReference(text.to_owned());
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        // A colon before a slash is that of a port.
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag.to_owned())),
            _ => (rest, None),
        };
        let (registry, repository) = match name.split_once('/') {
            Some((host, repository)) if is_host(host) => (host.to_owned(), repository.to_owned()),
            Some(_) => (DOCKER_HUB.to_owned(), name.to_owned()),
            None => (DOCKER_HUB.to_owned(), format!("library/{name}")),
        };
        let is_tag = |tag: &String| {
            tag.len() <= MAX_TAG_BYTES
                && !tag.is_empty()
                && tag
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        let is_right = is_repository(&repository) && tag.as_ref().is_none_or(is_tag);
        is_right
            .then_some(Self {
                registry,
                repository,
                tag,
                digest,
            })
            .ok_or_else(wrong)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest
            .iter()
            .try_for_each(|digest| write!(f, "@{digest}"))
    }
}

/// Whether a host, with or without a port, is this machine.
pub(super) fn is_local(registry: &str) -> bool {
    let host = match registry.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => registry.split(':').next().unwrap_or_default(),
    };
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Whether the first part of a name is a host: the rest of a name has neither a dot nor a colon in its first part.
pub(super) fn is_host(text: &str) -> bool {
    let is_known = text == "localhost" || text.contains(['.', ':']);
    is_known
        && !text.starts_with('.')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

/// Lower-case parts between slashes, none of them empty or made to lead elsewhere.
fn is_repository(text: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.ends_with(|c: char| c.is_ascii_alphanumeric())
            && part.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte)
            })
    };
    text.len() <= MAX_NAME_BYTES && text.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_and_put_together() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (text, shown) in [
            ("alpine", "docker.io/library/alpine".to_owned()),
            ("team/app:1.4", "docker.io/team/app:1.4".to_owned()),
            ("ghcr.io/a/b/c", "ghcr.io/a/b/c".to_owned()),
            ("localhost:5000/app:v1", "localhost:5000/app:v1".to_owned()),
            ("[::1]:5000/app:v1", "[::1]:5000/app:v1".to_owned()),
            (
                &format!("r.example/app:v1@{digest}"),
                format!("r.example/app:v1@{digest}"),
            ),
        ] {
            let reference: Reference = text.parse().expect(text);
            assert_eq!(reference.to_string(), shown);
        }
    }

    #[test]
    fn what_could_lead_elsewhere_is_no_name() {
        for text in [
            "",
            "r.example/../x",
            "r.example/a//b",
            "r.example/a?b=c",
            "r.example/a#b",
            "user@r.example/a",
            "r.example/A",
            "r.example/a:",
            "r.example/a@sha256:12",
            "https://r.example/a",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_a_host_and_a_tag_make_a_name_unmistakable() {
        for (text, expected) in [
            ("registry.example/app:v1", true),
            ("localhost:5000/app:v1", true),
            ("alpine:3", false),
            ("docs.old/readme", false),
            ("src/main.rs:12", false),
        ] {
            assert_eq!(Reference::is_unmistakable(text), expected, "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_local() {
        for (text, expected) in [
            ("localhost:5000/a", true),
            ("127.0.0.1:5000/a", true),
            ("[::1]/a", true),
            ("localhost.example/a", false),
            ("127a.example/a", false),
        ] {
            let reference: Reference = text.parse().expect(text);
            assert_eq!(is_local(&reference.registry), expected, "{text}");
        }
    }
}
