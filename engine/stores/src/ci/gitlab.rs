//! Variables of GitLab CI: of a project or a group.
//!
//! <https://docs.gitlab.com/api/project_level_variables/>. A variable keeps its flags (protected, masked, scope); a new one is masked and
//! not expanded. Who we are is told by `GITLAB_TOKEN` or a file.

use leakward_core::Secret;
use reqwest::Method;
use serde_json::{Value, json};

use crate::consumer::{Consumer, Slot};
use crate::error::StoreError;
use crate::exposed::{Json, text, trimmed};
use crate::http::{Answer, Ask, Effect, Http, HttpSettings, segment};
use crate::kind::{Kind, Opened};
use crate::spec::StoreSpec;
use crate::store::Health;
use crate::surroundings::Surroundings;

pub(crate) const KIND: Kind = Kind {
    name: "gitlab",
    also: &["gitlab-ci"],
    about: "consumer: variables of GitLab CI, of a project, or of a group with ?group=true",
    example: "gitlab:group/project",
    options: &[
        ("group", "true: of a group"),
        ("environment", "the environment scope; default *"),
        ("token-file", "a file with a token; default GITLAB_TOKEN"),
        (
            "api",
            "the address of the server; default CI_SERVER_URL, https://gitlab.com",
        ),
        ("ca-file", "certificates in PEM to trust as well"),
        ("allow-http", "true: without TLS"),
    ],
    open,
};

fn open(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Opened, StoreError> {
    let place = spec.place.trim_matches('/');
    if place.is_empty() {
        return Err(spec.wrong("a project is named as gitlab:GROUP/PROJECT"));
    }
    let server = spec
        .option("api")
        .map(str::to_owned)
        .or_else(|| surroundings.variable("CI_SERVER_URL"))
        .unwrap_or_else(|| "https://gitlab.com".to_owned());
    let kind = if spec.flag("group")? {
        "groups"
    } else {
        "projects"
    };
    let store = format!("gitlab {place}");
    Ok(Opened::Consumer(Box::new(Gitlab {
        http: Http::new(&store, &HttpSettings::of(spec, surroundings)?)?,
        base: format!(
            "{}/api/v4/{kind}/{}/variables",
            server.trim_end_matches('/').trim_end_matches("/api/v4"),
            segment(place)
        ),
        scope: spec.option("environment").map(str::to_owned),
        spec: spec.clone(),
        surroundings: surroundings.clone(),
        store,
    })))
}

/// The variables of one place.
struct Gitlab {
    store: String,
    http: Http,
    base: String,
    scope: Option<String>,
    spec: StoreSpec,
    surroundings: Surroundings,
}

impl Gitlab {
    fn token(&self) -> Result<Secret, StoreError> {
        if let Some(file) = self.spec.option("token-file") {
            let path = self.surroundings.path(file);
            return std::fs::read_to_string(&path)
                .map(trimmed)
                .map_err(|error| self.spec.wrong(format!("{}: {error}", path.display())));
        }
        self.surroundings
            .variable("GITLAB_TOKEN")
            .map(trimmed)
            .ok_or_else(|| {
                self.spec
                    .wrong("no token is known: set GITLAB_TOKEN or `token-file`")
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
            .secret_header("private-token", &self.token()?);
        let ask = match body {
            Some(body) => ask.json(body),
            None => ask,
        };
        self.http.send(&ask, what)
    }

    fn refusal(&self, answer: &Answer, what: &str, name: &str) -> StoreError {
        let store = self.store.clone();
        let what = what.to_owned();
        match answer.status {
            401 => StoreError::LoggedOut {
                store,
                why: "GitLab does not accept the token".to_owned(),
            },
            403 => StoreError::Denied { store, what },
            404 => StoreError::Absent {
                store,
                path: name.to_owned(),
            },
            429 | 503 => StoreError::Unavailable {
                store,
                why: format!("it answers {}", answer.status),
            },
            500.. => StoreError::OutcomeUnknown { store, what },
            // GitLab refuses to mask values that are too short or hold blanks, and repeats nothing of them here.
            status => StoreError::Refused {
                store,
                what,
                why: format!(
                    "status {status}; a masked variable has eight characters at least and no blanks"
                ),
            },
        }
    }
}

impl Consumer for Gitlab {
    fn describe(&self) -> String {
        self.store.clone()
    }

    fn check(&self) -> Result<Health, StoreError> {
        let count = self.slots()?.len();
        Ok(Health {
            identity: "a token".to_owned(),
            login: "token".to_owned(),
            what: format!("{count} variables of GitLab CI"),
        })
    }

    fn slots(&self) -> Result<Vec<Slot>, StoreError> {
        let what = "list the variables";
        let mut slots = Vec::new();
        for page in 1.. {
            let path = format!("?per_page=100&page={page}");
            let answer = self.call(Method::GET, &path, None, what)?;
            if !answer.is_ok() {
                return Err(self.refusal(&answer, what, ""));
            }
            // The answer holds values: it is wiped with the rest.
            let json = answer.json().unwrap_or(Json(Value::Null));
            let list = json.0.as_array().map(Vec::as_slice).unwrap_or_default();
            slots.extend(list.iter().filter_map(|variable| {
                Some(Slot {
                    name: variable.get("key")?.as_str()?.to_owned(),
                    changed_at: None,
                })
            }));
            if list.len() < 100 {
                break;
            }
        }
        slots.sort_by(|one, other| one.name.cmp(&other.name));
        slots.dedup();
        Ok(slots)
    }

    fn deliver(&self, name: &str, value: &Secret) -> Result<(), StoreError> {
        let what = format!("write {name}");
        let value = text(value).ok_or_else(|| StoreError::Unsupported {
            store: self.store.clone(),
            what: format!("hold bytes that are no text in {name}"),
        })?;
        let (filter, scope) = match &self.scope {
            Some(scope) => (
                format!("?filter%5Benvironment_scope%5D={}", segment(scope)),
                scope.as_str(),
            ),
            None => (String::new(), "*"),
        };
        let path = format!("/{}{filter}", segment(name));
        let answer = self.call(Method::PUT, &path, Some(json!({"value": value})), &what)?;
        let answer = if answer.status == 404 {
            let body = json!({
                "key": name, "value": value, "masked": true, "raw": true, "environment_scope": scope,
            });
            self.call(Method::POST, "", Some(body), &what)?
        } else {
            answer
        };
        if answer.is_ok() {
            Ok(())
        } else {
            Err(self.refusal(&answer, &what, name))
        }
    }
}
