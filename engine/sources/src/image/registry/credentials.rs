//! Who we are to a registry: what the user typed, else what `docker login` or `podman login` left behind.
//!
//! Only what stands in those files is used. A credential helper is a program, and none is run.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::Secret;
use serde_json::Value;

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
}

impl RegistryOptions {
    /// The login for `registry`.
    pub(super) fn login_for(&self, registry: &str) -> Option<Login> {
        if self.login.is_some() {
            return self.login.clone();
        }
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
