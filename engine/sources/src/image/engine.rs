//! An image out of a local container engine: Docker's, or another that serves the same interface on a socket (Podman).
//!
//! The engine writes what `docker save` would into a temporary file, which has no name any more once the scan ends. Nothing is
//! asked of the engine but that one image; no container is started.
//!
//! Interface: Docker Engine API, `GET /images/{name}/get`.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::blocking::Client;
use tempfile::NamedTempFile;

use super::error::ImageError;

/// How long the engine may say nothing: it puts the archive together first.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(300);

/// The sockets that engines listen on, the first that is there is asked: what `DOCKER_HOST` says (`host`), then the usual ones.
///
/// # Errors
/// When there is none, or `host` is no socket of this machine.
pub fn socket(host: Option<&str>, runtime_folder: Option<&Path>) -> Result<PathBuf, ImageError> {
    let failed = |reason: String| ImageError::Engine { reason };
    if let Some(host) = host.filter(|host| !host.is_empty()) {
        return match host.strip_prefix("unix://") {
            Some(path) => Ok(PathBuf::from(path)),
            None => Err(failed(format!(
                "DOCKER_HOST is {host:?}; only a socket of this machine (unix://…) is asked"
            ))),
        };
    }
    let of_user = runtime_folder
        .into_iter()
        .flat_map(|folder| ["docker.sock", "podman/podman.sock"].map(|socket| folder.join(socket)));
    let of_all = ["/var/run/docker.sock", "/run/podman/podman.sock"].map(PathBuf::from);
    of_user
        .chain(of_all)
        .find(|path| path.exists())
        .ok_or_else(|| {
            failed(
                "no container engine listens here: there is no docker.sock or podman.sock".into(),
            )
        })
}

/// What the engine at `socket` saves of the image called `name`.
///
/// # Errors
/// When the engine cannot be asked, has no such image, or the temporary folder has no room.
#[cfg(unix)]
pub(super) fn saved(socket: &Path, name: &str) -> Result<NamedTempFile, ImageError> {
    let what = || format!("{name} of the container engine at {}", socket.display());
    let failed = |reason: String| ImageError::Registry {
        what: what(),
        reason,
    };
    let client = Client::builder()
        .unix_socket(socket)
        .no_proxy()
        .timeout(SILENCE_TIMEOUT)
        .build()
        .map_err(|error| failed(error.to_string()))?;
    if !is_name(name) {
        return Err(failed("that is no name of an image".to_owned()));
    }
    let url = format!("http://localhost/images/{name}/get");
    let mut response = client
        .get(url)
        .send()
        .map_err(|error| failed(super::registry::chain(&error)))?;
    match response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Err(ImageError::Missing { what: what() }),
        status => return Err(failed(format!("it answered {status}"))),
    }
    let io = |source| ImageError::Io {
        what: what(),
        source,
    };
    let mut spool = NamedTempFile::new().map_err(io)?;
    io::copy(&mut response, spool.as_file_mut()).map_err(io)?;
    Ok(spool)
}

/// Elsewhere engines listen on named pipes.
#[cfg(not(unix))]
pub(super) fn saved(_socket: &Path, name: &str) -> Result<NamedTempFile, ImageError> {
    Err(ImageError::Engine {
        reason: format!("{name}: on this system, save the image to a file and scan that"),
    })
}

/// Whether it can be an image's name or id, and leads nowhere else in the engine's interface.
fn is_name(name: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part != "." && part != "..";
    name.split('/').all(is_part)
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-/:@".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_images_are_asked_for() {
        for name in [
            "alpine",
            "registry.example:5000/team/app:1.4",
            "app@sha256:ab",
        ] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "../containers", "a//b", "a?all=1", "a b", "a%2e"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn an_engine_on_another_machine_is_not_asked() {
        let said = socket(Some("tcp://10.0.0.1:2375"), None).expect_err("no socket");
        assert!(said.to_string().contains("tcp://10.0.0.1:2375"));
        let path = socket(Some("unix:///run/there.sock"), None).expect("a socket");
        assert_eq!(path, Path::new("/run/there.sock"));
    }
}
