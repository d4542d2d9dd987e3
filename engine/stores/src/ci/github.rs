//! Secrets of GitHub Actions: of a repository, of an environment, of an organisation.
//!
//! <https://docs.github.com/en/rest/actions/secrets>. A value is encrypted with the repository's own key before it is sent (libsodium's sealed
//! box); it cannot be read back. Who we are is told by `GITHUB_TOKEN`, `GH_TOKEN` or a file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_box::PublicKey;
use leakward_core::Secret;
use reqwest::Method;
use serde_json::{Value, json};

use crate::consumer::{Consumer, Slot};
use crate::error::StoreError;
use crate::exposed::{Json, bytes, trimmed};
use crate::http::{Answer, Ask, Effect, Http, HttpSettings, segment};
use crate::kind::{Kind, Opened};
use crate::spec::StoreSpec;
use crate::store::Health;
use crate::surroundings::Surroundings;

pub(crate) const KIND: Kind = Kind {
    name: "github",
    also: &["github-actions"],
    about: "consumer: secrets of GitHub Actions, OWNER/REPOSITORY or an organisation",
    example: "github:acme/app",
    options: &[
        (
            "environment",
            "the environment of the repository; default: the repository itself",
        ),
        ("app", "dependabot or codespaces instead of actions"),
        (
            "token-file",
            "a file with a token; default GITHUB_TOKEN, GH_TOKEN",
        ),
        (
            "api",
            "the address of the API; default GITHUB_API_URL, https://api.github.com",
        ),
        ("ca-file", "certificates in PEM to trust as well"),
        ("allow-http", "true: without TLS"),
    ],
    open,
};

fn open(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Opened, StoreError> {
    let place = spec.place.trim_matches('/');
    let parts: Vec<&str> = place.split('/').collect();
    let app = spec.option("app").unwrap_or("actions");
    if !["actions", "dependabot", "codespaces"].contains(&app) {
        return Err(spec.wrong("app is actions, dependabot or codespaces"));
    }
    let path = match (parts.as_slice(), spec.option("environment")) {
        ([owner, repository], Some(environment)) => format!(
            "/repos/{}/{}/environments/{}",
            segment(owner),
            segment(repository),
            segment(environment)
        ),
        ([owner, repository], None) => {
            format!("/repos/{}/{}/{app}", segment(owner), segment(repository))
        }
        ([organisation], None) if !organisation.is_empty() => {
            format!("/orgs/{}/{app}", segment(organisation))
        }
        _ => return Err(spec.wrong("a repository is named as github:OWNER/REPOSITORY")),
    };
    let api = spec
        .option("api")
        .map(str::to_owned)
        .or_else(|| surroundings.variable("GITHUB_API_URL"))
        .unwrap_or_else(|| "https://api.github.com".to_owned());
    let environment = spec
        .option("environment")
        .map(|name| format!(" environment {name}"))
        .unwrap_or_default();
    let store = format!("github {place}{environment}");
    Ok(Opened::Consumer(Box::new(Github {
        http: Http::new(&store, &HttpSettings::of(spec, surroundings)?)?,
        base: format!("{}{path}/secrets", api.trim_end_matches('/')),
        spec: spec.clone(),
        surroundings: surroundings.clone(),
        is_organisation: parts.len() == 1,
        store,
    })))
}

/// The secrets of one place.
struct Github {
    store: String,
    http: Http,
    base: String,
    spec: StoreSpec,
    surroundings: Surroundings,
    is_organisation: bool,
}

impl Github {
    fn token(&self) -> Result<Secret, StoreError> {
        if let Some(file) = self.spec.option("token-file") {
            let path = self.surroundings.path(file);
            return std::fs::read_to_string(&path)
                .map(trimmed)
                .map_err(|error| self.spec.wrong(format!("{}: {error}", path.display())));
        }
        self.surroundings
            .one_of(&["GITHUB_TOKEN", "GH_TOKEN"])
            .map(trimmed)
            .ok_or_else(|| {
                self.spec
                    .wrong("no token is known: set GITHUB_TOKEN, GH_TOKEN or `token-file`")
            })
    }

    fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        what: &str,
    ) -> Result<Answer, StoreError> {
        let effect = if method == Method::GET {
            Effect::Reads
        } else {
            Effect::Changes
        };
        let ask = Ask::new(method, format!("{}{path}", self.base), effect)
            .bearer(&self.token()?)
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28");
        let ask = match body {
            Some(body) => ask.json(body),
            None => ask,
        };
        self.http.send(&ask, what)
    }

    fn refusal(&self, answer: &Answer, what: &str, name: &str) -> StoreError {
        let store = self.store.clone();
        let what = what.to_owned();
        let is_limited = answer.header("x-ratelimit-remaining") == Some("0")
            || answer.header("retry-after").is_some();
        match answer.status {
            401 => StoreError::LoggedOut {
                store,
                why: "GitHub does not accept the token".to_owned(),
            },
            403 | 429 if is_limited => StoreError::Unavailable {
                store,
                why: "it limits the number of requests".to_owned(),
            },
            403 => StoreError::Denied { store, what },
            404 => StoreError::Absent {
                store,
                path: name.to_owned(),
            },
            503 => StoreError::Unavailable {
                store,
                why: "it answers 503".to_owned(),
            },
            500.. => StoreError::OutcomeUnknown { store, what },
            status => StoreError::Refused {
                store,
                what,
                why: format!("status {status}"),
            },
        }
    }

    fn malformed(&self, what: &str) -> StoreError {
        StoreError::Malformed {
            store: self.store.clone(),
            what: format!("{what}: the answer is not what it should be"),
        }
    }

    fn read(&self, path: &str, what: &str) -> Result<Json, StoreError> {
        let answer = self.call(Method::GET, path, None, what)?;
        if !answer.is_ok() {
            return Err(self.refusal(&answer, what, ""));
        }
        answer.json().ok_or_else(|| self.malformed(what))
    }
}

impl Consumer for Github {
    fn describe(&self) -> String {
        self.store.clone()
    }

    fn check(&self) -> Result<Health, StoreError> {
        let json = self.read("/public-key", "read the public key")?;
        let id = json.text("/key_id").unwrap_or("unknown");
        Ok(Health {
            identity: "a token".to_owned(),
            login: "token".to_owned(),
            what: format!("secrets of GitHub, key {id}"),
        })
    }

    fn slots(&self) -> Result<Vec<Slot>, StoreError> {
        let mut slots = Vec::new();
        for page in 1.. {
            let path = format!("?per_page=100&page={page}");
            let json = self.read(&path, "list the secrets")?;
            let list = json.0.get("secrets").and_then(Value::as_array);
            let list = list.map(Vec::as_slice).unwrap_or_default();
            slots.extend(list.iter().filter_map(|secret| {
                let text = |key: &str| secret.get(key).and_then(Value::as_str);
                Some(Slot {
                    name: text("name")?.to_owned(),
                    changed_at: text("updated_at").map(str::to_owned),
                })
            }));
            if list.len() < 100 {
                break;
            }
        }
        slots.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(slots)
    }

    fn deliver(&self, name: &str, value: &Secret) -> Result<(), StoreError> {
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !name.starts_with(|c: char| c.is_ascii_digit());
        if !is_name {
            return Err(StoreError::Unsupported {
                store: self.store.clone(),
                what: format!("have a secret called {name}: only letters, digits and underscores"),
            });
        }
        let what = format!("write {name}");
        let json = self.read("/public-key", "read the public key")?;
        let key = json
            .text("/key")
            .and_then(|key| STANDARD.decode(key).ok())
            .and_then(|key| <[u8; 32]>::try_from(key).ok())
            .ok_or_else(|| self.malformed("read the public key"))?;
        let sealed = seal(key, bytes(value)).ok_or_else(|| self.malformed(&what))?;
        let mut body = json!({
            "encrypted_value": STANDARD.encode(sealed), "key_id": json.text("/key_id"),
        });
        if let (true, Some(map)) = (self.is_organisation, body.as_object_mut()) {
            // Who may see it stays as it is; a new one is for private repositories only.
            let answer = self.call(Method::GET, &format!("/{name}"), None, &what)?;
            let seen = answer.json().filter(|_| answer.is_ok());
            let seen = seen.as_ref().and_then(|json| json.text("/visibility"));
            map.insert("visibility".to_owned(), json!(seen.unwrap_or("private")));
        }
        let answer = self.call(Method::PUT, &format!("/{name}"), Some(body), &what)?;
        if answer.is_ok() {
            Ok(())
        } else {
            Err(self.refusal(&answer, &what, name))
        }
    }
}

/// libsodium's `crypto_box_seal`.
fn seal(key: [u8; 32], value: &[u8]) -> Option<Vec<u8>> {
    PublicKey::from(key)
        .seal(&mut crypto_box::aead::OsRng, value)
        .ok()
}

#[cfg(test)]
mod tests {
    use crypto_box::SecretKey;

    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_other_half_of_the_key() {
        let key = SecretKey::generate(&mut crypto_box::aead::OsRng);
        let sealed = seal(*key.public_key().as_bytes(), b"value").expect("sealed");
        assert_eq!(key.unseal(&sealed).expect("opened"), b"value");
        assert_eq!(sealed.len(), 32 + 16 + 5);
    }
}
