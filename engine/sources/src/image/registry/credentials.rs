//! Who we are to a registry: what the user typed, else what `docker login` or `podman login` left behind.
//!
//! Only what stands in those files is used. A credential helper is a program, and none is run.

use std::path::PathBuf;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::Secret;
use serde_json::Value;

use super::reference::is_host;

/// LIMIT: largest such file that is read.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// A name and a password or token.
#[derive(Clone, Debug)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password or token.
    pub password: Secret,
}

/// How registries are spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// With TLS; without it only on this machine.
    #[default]
    Secure,
    /// Without TLS when there is none: the user said so.
    InsecureAllowed,
}

/// How registries are spoken to.
#[derive(Clone, Debug, Default)]
pub struct RegistryOptions {
    /// What the user typed. It is for the registries of all targets.
    pub login: Option<Login>,
    /// Files in the format of docker's `config.json`, the first that knows the registry wins.
    pub login_files: Vec<PathBuf>,
    /// With or without TLS.
    pub transport: Transport,
    /// Who is asked first.
    pub mirrors: Vec<Mirror>,
}

/// A registry that has what another one has, and is asked first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// Whose images it has.
    pub registry: String,
    /// Its host, with a port where one is written.
    pub host: String,
}

/// A text that names no mirror.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no mirror: write MIRROR for Docker Hub's, or REGISTRY=MIRROR, each a host with or without a port"
)]
pub struct NotAMirror(String);

impl FromStr for Mirror {
    type Err = NotAMirror;

    fn from_str(text: &str) -> Result<Self, NotAMirror> {
        let (registry, host) = text.split_once('=').unwrap_or(("docker.io", text));
        if is_host(registry) && is_host(host) {
            Ok(Self {
                registry: registry.to_owned(),
                host: host.to_owned(),
            })
        } else {
            Err(NotAMirror(text.to_owned()))
        }
    }
}

impl RegistryOptions {
    /// Who is asked for images of `registry`, before it is asked itself.
    pub(super) fn mirrors_of(&self, registry: &str) -> impl Iterator<Item = &str> {
        let of_registry = move |mirror: &&Mirror| mirror.registry == registry;
        self.mirrors
            .iter()
            .filter(of_registry)
            .map(|mirror| mirror.host.as_str())
    }

    /// The login for `registry`.
    pub(super) fn login_for(&self, registry: &str) -> Option<Login> {
        if self.login.is_some() {
            return self.login.clone();
        }
        self.known_login(registry)
    }

    /// The login that is written down for `registry`. What the user typed is not for mirrors.
    pub(super) fn known_login(&self, registry: &str) -> Option<Login> {
        self.login_files.iter().find_map(|file| {
            let bytes = std::fs::metadata(file).ok()?.len();
            // What is not there or makes no sense is no login; the registry then says that one is needed.
            let text = (bytes <= MAX_FILE_BYTES).then(|| std::fs::read(file).ok())??;
            login_in(&serde_json::from_slice(&text).ok()?, registry)
        })
    }
}

/// The login that a file has for `registry`.
fn login_in(file: &Value, registry: &str) -> Option<Login> {
    let entries = file.get("auths")?.as_object()?;
    let hub = ["index.docker.io", "registry-1.docker.io", "docker.io"];
    let is_meant = |key: &str| {
        let host = key.strip_prefix("https://").unwrap_or(key);
        let host = host.split('/').next().unwrap_or_default();
        host == registry || (registry == "docker.io" && hub.contains(&host))
    };
    let (_, entry) = entries.iter().find(|(key, _)| is_meant(key))?;
    let text = |field: &str| entry.get(field).and_then(Value::as_str);
    if let Some(auth) = text("auth").filter(|auth| !auth.is_empty()) {
        let decoded = STANDARD.decode(auth).ok()?;
        let colon = decoded.iter().position(|&byte| byte == b':')?;
        let (user, password) = decoded.split_at_checked(colon)?;
        return Some(Login {
            user: String::from_utf8(user.to_vec()).ok()?,
            password: Secret::new(password.strip_prefix(b":")?),
        });
    }
    Some(Login {
        user: text("username")?.to_owned(),
        password: Secret::new(text("password")?.as_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(key: &str) -> Value {
        let auth = STANDARD.encode("ada:open:sesame");
        serde_json::json!({ "auths": { key: { "auth": auth } } })
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the password is compared")]
    fn a_login_is_taken_for_its_own_registry_only() {
        for (key, registry, expected) in [
            ("r.example", "r.example", true),
            ("https://r.example/v2/", "r.example", true),
            ("r.example:5000", "r.example:5000", true),
            ("r.example", "r.example:5000", false),
            ("r.example", "evil-r.example", false),
            ("https://index.docker.io/v1/", "docker.io", true),
        ] {
            let login = login_in(&file(key), registry);
            assert_eq!(login.is_some(), expected, "{key} for {registry}");
            if let Some(login) = login {
                assert_eq!(
                    (login.user.as_str(), login.password.expose()),
                    ("ada", &b"open:sesame"[..])
                );
            }
        }
    }
}
