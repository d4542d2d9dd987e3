//! What a target is: found out from its text and from the file system, or said with `--as`.
//!
//! INVARIANT: a target that does not exist is an error, never an empty scan.

use std::path::{Path, PathBuf};

use leakward_sources::git::clone::{RemoteUrl, UrlError};
use leakward_sources::git::{Discovery, OpenOptions, Repository};
use leakward_sources::image::registry::{NotAReference, Reference};
use leakward_sources::image::{ImageError, engine, is_image_archive, is_layout};

/// What to scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The git repository at, or around, this folder.
    Git(PathBuf),
    /// A folder, whatever is in it.
    Folder(PathBuf),
    /// One file.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// A repository to be cloned first.
    Url(RemoteUrl),
    /// Container images.
    Image(ImageTarget),
}

/// Where container images are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageTarget {
    /// An OCI layout in a folder, or a tar file with images in it.
    Path(PathBuf),
    /// An image of the local container engine, and where the engine listens.
    Engine(String, PathBuf),
    /// An image that containerd keeps, by its name; all of them when there is none.
    Containerd(Option<String>),
    /// An image, or a repository of images, in a registry.
    Registry(Reference),
}

/// What a target is to be taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// A git repository.
    Git,
    /// A folder.
    Folder,
    /// One file.
    File,
    /// Standard input.
    Stdin,
    /// Container images.
    Image,
}

/// A target that cannot be scanned.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It is not there.
    #[error("{0}: no such file or folder")]
    Missing(String),
    /// It is there, but is something else.
    #[error("{name}: not a {expected}")]
    WrongKind {
        /// As typed.
        name: String,
        /// What it was to be.
        expected: &'static str,
    },
    /// It cannot be looked at.
    #[error("{name}: {source}")]
    Unreadable {
        /// As typed.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Neither a file nor a folder.
    #[error("{0}: neither a file nor a folder")]
    Special(String),
    /// A container engine that cannot be asked.
    #[error(transparent)]
    Engine(#[from] ImageError),
    /// A name that no image can have.
    #[error(transparent)]
    Image(#[from] NotAReference),
    /// An address that cannot be cloned from.
    #[error(transparent)]
    Url(#[from] UrlError),
}

impl Target {
    /// Finds out what `text` names.
    ///
    /// # Errors
    /// When there is nothing of that name, or it is not of the `kind` that was asked for.
    pub fn resolve(text: &str, kind: Option<TargetKind>) -> Result<Self, TargetError> {
        match kind {
            Some(TargetKind::Stdin) => return Ok(Self::Stdin),
            None if text == "-" => return Ok(Self::Stdin),
            Some(TargetKind::Image) => return Ok(Self::Image(ImageTarget::resolve(text)?)),
            None if text.starts_with(IMAGE_PREFIX) && !Path::new(text).exists() => {
                let image = text.strip_prefix(IMAGE_PREFIX).unwrap_or(text);
                return Ok(Self::Image(ImageTarget::resolve(image)?));
            }
            None if [ENGINE_PREFIX, CONTAINERD_PREFIX]
                .iter()
                .any(|prefix| text.starts_with(prefix))
                && !Path::new(text).exists() =>
            {
                return Ok(Self::Image(ImageTarget::resolve(text)?));
            }
            None if Reference::is_unmistakable(text) && !Path::new(text).exists() => {
                return Ok(Self::Image(ImageTarget::resolve(text)?));
            }
            None | Some(TargetKind::Git) => {
                if let Some(url) = as_url(text)? {
                    return Ok(url);
                }
            }
            Some(TargetKind::Folder | TargetKind::File) => {}
        }
        resolve_path(text, kind)
    }

    /// What is scanned when nothing is named: the repository around the current folder, or the folder.
    #[must_use]
    pub fn default_here() -> Self {
        let here = PathBuf::from(".");
        if repository_at(&here, Discovery::Upwards) {
            Self::Git(here)
        } else {
            Self::Folder(here)
        }
    }

    /// The word for its kind in reports.
    #[must_use]
    pub fn kind_word(&self) -> &'static str {
        match self {
            Self::Git(_) => "git",
            Self::Folder(_) => "dir",
            Self::File(_) => "file",
            Self::Stdin => "stdin",
            Self::Url(_) => "url",
            Self::Image(_) => "image",
        }
    }

    /// Its name in reports; a URL without user and password.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Git(path) | Self::Folder(path) | Self::File(path) => path.display().to_string(),
            Self::Stdin => "-".to_owned(),
            Self::Url(url) => url.to_string(),
            Self::Image(image) => image.name(),
        }
    }
}

/// What says that a target is an image, before its name.
const IMAGE_PREFIX: &str = "image:";

/// What says that an image is the local container engine's.
const ENGINE_PREFIX: &str = "docker:";

/// What says that an image is one that containerd keeps.
const CONTAINERD_PREFIX: &str = "containerd:";

impl ImageTarget {
    /// Finds out what `text` names: a folder or a file when there is one of that name.
    ///
    /// # Errors
    /// When it names no image.
    pub fn resolve(text: &str) -> Result<Self, TargetError> {
        let path = PathBuf::from(text);
        let wrong = |expected| TargetError::WrongKind {
            name: text.to_owned(),
            expected,
        };
        if let Some(name) = text.strip_prefix(ENGINE_PREFIX).filter(|_| !path.exists()) {
            let host = std::env::var("DOCKER_HOST").ok();
            let folder = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
            let socket = engine::socket(host.as_deref(), folder.as_deref())?;
            return Ok(Self::Engine(name.to_owned(), socket));
        }
        if let Some(name) = text
            .strip_prefix(CONTAINERD_PREFIX)
            .filter(|_| !path.exists())
        {
            let name = Some(name).filter(|name| !name.is_empty());
            return Ok(Self::Containerd(name.map(str::to_owned)));
        }
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() && !is_layout(&path) => {
                Err(wrong("OCI image layout"))
            }
            Ok(metadata) if metadata.is_file() && !is_image_archive(&path) => {
                Err(wrong("tar file with container images in it"))
            }
            Ok(_) => Ok(Self::Path(path)),
            Err(_) => Ok(Self::Registry(text.parse()?)),
        }
    }

    /// Its name in reports.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Engine(name, _) => format!("{ENGINE_PREFIX}{name}"),
            Self::Containerd(name) => {
                format!("{CONTAINERD_PREFIX}{}", name.as_deref().unwrap_or_default())
            }
            Self::Registry(reference) => reference.to_string(),
        }
    }
}

fn resolve_path(text: &str, kind: Option<TargetKind>) -> Result<Target, TargetError> {
    let path = PathBuf::from(text);
    let metadata = std::fs::metadata(&path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => TargetError::Missing(text.to_owned()),
        _ => TargetError::Unreadable {
            name: text.to_owned(),
            source,
        },
    })?;
    let wrong = |expected| {
        Err(TargetError::WrongKind {
            name: text.to_owned(),
            expected,
        })
    };
    match kind {
        Some(TargetKind::Git) if !repository_at(&path, Discovery::Upwards) => {
            wrong("git repository")
        }
        Some(TargetKind::Git) => Ok(Target::Git(path)),
        Some(TargetKind::Folder) if !metadata.is_dir() => wrong("folder"),
        Some(TargetKind::Folder) => Ok(Target::Folder(path)),
        Some(TargetKind::File) if metadata.is_dir() => wrong("file"),
        _ if metadata.is_dir() && kind.is_none() && repository_at(&path, Discovery::Exact) => {
            Ok(Target::Git(path))
        }
        None if metadata.is_dir() && is_layout(&path) => Ok(Target::Image(ImageTarget::Path(path))),
        _ if metadata.is_dir() => Ok(Target::Folder(path)),
        None if metadata.is_file() && is_image_archive(&path) => {
            Ok(Target::Image(ImageTarget::Path(path)))
        }
        _ if metadata.is_file() || kind == Some(TargetKind::File) => Ok(Target::File(path)),
        _ => Err(TargetError::Special(text.to_owned())),
    }
}

/// Whether a repository is there. One that is damaged counts as one, so that the damage gets told.
fn repository_at(path: &Path, discovery: Discovery) -> bool {
    let options = OpenOptions {
        discovery,
        ..OpenOptions::default()
    };
    !matches!(
        Repository::open(path, options),
        Err(leakward_sources::git::GitError::NotARepository { .. })
    )
}

/// The target that an address names, unless `text` is a path.
fn as_url(text: &str) -> Result<Option<Target>, TargetError> {
    let is_address = text.contains("://") || is_scp_like(text);
    if !is_address || Path::new(text).exists() {
        return Ok(None);
    }
    match text.strip_prefix("file://") {
        Some(path) => Ok(Some(Target::Git(PathBuf::from(path)))),
        None => Ok(Some(Target::Url(RemoteUrl::parse(text)?))),
    }
}

/// `user@host:path`, as ssh and scp write it.
fn is_scp_like(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(host, path)| host.contains('@') && !host.contains('/') && !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_paths() {
        for (text, kind) in [
            ("https://example.com/a.git", Some("url")),
            ("git@example.com:a/b.git", Some("url")),
            ("file:///srv/a.git", Some("git")),
            ("src/main.rs", None),
            ("C:\\work", None),
        ] {
            assert_eq!(
                as_url(text).expect(text).map(|target| target.kind_word()),
                kind,
                "{text}"
            );
        }
        assert!(as_url("ftp://example.com/x").is_err());
    }

    #[test]
    fn a_missing_target_is_an_error_that_names_it() {
        let error = Target::resolve("no/such/thing", None)
            .expect_err("missing")
            .to_string();
        assert_eq!(error, "no/such/thing: no such file or folder");
    }

    #[test]
    fn a_token_in_a_url_is_not_part_of_its_name() {
        let target = as_url("https://user:token@example.com/a/b.git")
            .expect("an address")
            .expect("a target");
        assert!(!target.name().contains("token"), "{}", target.name());
    }
}
