//! Where the API server is and who we are to it: a kubeconfig, or what Kubernetes puts into a pod.
//!
//! <https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/>. A program that the user's own kubeconfig names (`exec`) is run, as
//! kubectl does; that is how the clouds log in. LIMIT: the old `auth-provider` entries are not understood.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::Secret;
use leakward_core::time::parse_rfc3339;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::exposed::{Json, bytes, secret, trimmed};
use crate::http::{HttpSettings, Trust};
use crate::spec::StoreSpec;
use crate::surroundings::Surroundings;

/// Where a pod finds what it needs.
const POD: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// How we prove who we are.
pub(super) enum Proof {
    /// By the client certificate of the connection, or not at all.
    Connection,
    /// By a token that the kubeconfig holds.
    Token(Secret),
    /// By a token in a file, which is replaced from time to time.
    File(PathBuf),
    /// By what a program prints.
    Program(Value),
}

/// A way to an API server.
pub(super) struct Cluster {
    pub(super) server: String,
    pub(super) namespace: String,
    pub(super) proof: Proof,
    pub(super) settings: HttpSettings,
    /// For people: who we are, and from where we know.
    pub(super) identity: String,
    pub(super) source: String,
}

/// A token, and when it ends.
pub(super) struct Token {
    pub(super) secret: Secret,
    pub(super) expires: Option<u64>,
}

impl Cluster {
    pub(super) fn find(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Self, StoreError> {
        let named = spec
            .option("kubeconfig")
            .map(|file| surroundings.path(file))
            .or_else(|| {
                // LIMIT: of several files in KUBECONFIG the first one is read; they are not merged.
                let listed = surroundings.variable("KUBECONFIG")?;
                let first = std::env::split_paths(&listed).next()?;
                Some(first)
            });
        if let Some(file) = named {
            return Self::of_file(&file, spec, surroundings);
        }
        if surroundings.variable("KUBERNETES_SERVICE_HOST").is_some() {
            return Self::of_pod(spec, surroundings);
        }
        match surroundings
            .in_home(".kube/config")
            .filter(|file| file.is_file())
        {
            Some(file) => Self::of_file(&file, spec, surroundings),
            None => Err(spec.wrong(
                "no cluster is known: neither `kubeconfig`, KUBECONFIG, ~/.kube/config nor a pod's service account",
            )),
        }
    }

    fn of_pod(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Self, StoreError> {
        let variable = |name: &str| surroundings.variable(name).unwrap_or_default();
        let host = variable("KUBERNETES_SERVICE_HOST");
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host
        };
        let folder = surroundings
            .variable("LEAKWARD_SERVICE_ACCOUNT")
            .map_or_else(|| PathBuf::from(POD), PathBuf::from);
        let authority = std::fs::read(folder.join("ca.crt"))
            .map_err(|error| spec.wrong(format!("{}/ca.crt: {error}", folder.display())))?;
        let namespace = std::fs::read_to_string(folder.join("namespace")).unwrap_or_default();
        Ok(Self {
            server: format!("https://{host}:{}", variable("KUBERNETES_SERVICE_PORT")),
            namespace: namespace_of(spec, namespace.trim()),
            proof: Proof::File(folder.join("token")),
            settings: HttpSettings {
                trust: Trust::Only(authority),
                identity: None,
                plain_allowed: false,
            },
            identity: "the pod's service account".to_owned(),
            source: "in-cluster".to_owned(),
        })
    }

    fn of_file(
        file: &Path,
        spec: &StoreSpec,
        surroundings: &Surroundings,
    ) -> Result<Self, StoreError> {
        let name = file.display().to_string();
        let wrong = |what: String| spec.wrong(format!("{name}: {what}"));
        let content = std::fs::read_to_string(file)
            .map(Zeroizing::new)
            .map_err(|error| wrong(error.to_string()))?;
        let config: Value = serde_saphyr::from_str(&content)
            // The parser's own words could repeat a piece of the file.
            .map_err(|_| wrong("this is no kubeconfig".to_owned()))?;
        let config = Json(config);
        let context_name = spec
            .option("context")
            .or_else(|| config.text("/current-context"))
            .ok_or_else(|| wrong("there is no current context; set `context`".to_owned()))?;
        let context = entry(&config, "contexts", context_name, "context")
            .ok_or_else(|| wrong(format!("there is no context {context_name}")))?;
        let cluster_name = text(context, "cluster").unwrap_or_default();
        let cluster = entry(&config, "clusters", &cluster_name, "cluster")
            .ok_or_else(|| wrong(format!("there is no cluster {cluster_name}")))?;
        let user_name = text(context, "user").unwrap_or_default();
        let nobody = json!({});
        let user = entry(&config, "users", &user_name, "user").unwrap_or(&nobody);
        let folder = file.parent().unwrap_or_else(|| Path::new("."));
        let settings = HttpSettings {
            plain_allowed: HttpSettings::of(spec, surroundings)?.plain_allowed,
            ..connection(cluster, user, folder, &wrong)?
        };
        let proof = match (
            text(user, "tokenFile"),
            text(user, "token"),
            user.get("exec"),
        ) {
            (Some(path), _, _) => Proof::File(folder.join(path)),
            (None, Some(token), _) => Proof::Token(secret(&token)),
            (None, None, Some(exec)) if exec.is_object() => Proof::Program(exec.clone()),
            _ => Proof::Connection,
        };
        Ok(Self {
            server: text(cluster, "server")
                .map(|server| server.trim_end_matches('/').to_owned())
                .ok_or_else(|| wrong(format!("the cluster {cluster_name} has no server")))?,
            namespace: namespace_of(spec, &text(context, "namespace").unwrap_or_default()),
            proof,
            settings,
            identity: user_name,
            source: format!("kubeconfig {name}, context {context_name}"),
        })
    }
}

/// How the connection is secured: whom to trust, and our own certificate.
fn connection(
    cluster: &Value,
    user: &Value,
    folder: &Path,
    wrong: &dyn Fn(String) -> StoreError,
) -> Result<HttpSettings, StoreError> {
    if cluster.get("insecure-skip-tls-verify") == Some(&Value::Bool(true)) {
        return Err(wrong(
            "insecure-skip-tls-verify would show our credentials to anybody; name the certificate-authority instead"
                .to_owned(),
        ));
    }
    let pem = |value: &Value, key: &str| -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        if let Some(data) = text(value, &format!("{key}-data")) {
            let decoded = STANDARD
                .decode(data.trim())
                .map_err(|_| wrong(format!("{key}-data is no base64")))?;
            return Ok(Some(Zeroizing::new(decoded)));
        }
        let Some(path) = text(value, key) else {
            return Ok(None);
        };
        let path = folder.join(path);
        std::fs::read(&path)
            .map(|pem| Some(Zeroizing::new(pem)))
            .map_err(|error| wrong(format!("{}: {error}", path.display())))
    };
    let trust = match pem(cluster, "certificate-authority")? {
        Some(pem) => Trust::Only(pem.to_vec()),
        None => Trust::System,
    };
    let identity = match (pem(user, "client-certificate")?, pem(user, "client-key")?) {
        (Some(certificate), Some(key)) => {
            let mut both = Zeroizing::new(certificate.to_vec());
            both.push(b'\n');
            both.extend_from_slice(&key);
            Some(both)
        }
        _ => None,
    };
    Ok(HttpSettings {
        trust,
        identity,
        plain_allowed: false,
    })
}

/// A text that is not empty.
fn text(value: &Value, key: &str) -> Option<String> {
    value
        .get(key)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn namespace_of(spec: &StoreSpec, other: &str) -> String {
    [spec.place.trim_matches('/'), other, "default"]
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or_default()
        .to_owned()
}

/// `contexts`, `clusters` and `users` are lists of named things.
fn entry<'c>(config: &'c Json, list: &str, name: &str, key: &str) -> Option<&'c Value> {
    let list = config.0.get(list)?.as_array()?;
    list.iter()
        .find(|entry| entry.get("name").and_then(Value::as_str) == Some(name))?
        .get(key)
}

impl Proof {
    /// The token to show, if there is one.
    pub(super) fn token(&self, store: &str) -> Result<Option<Token>, StoreError> {
        let wrong = |what: String| StoreError::Setting {
            store: store.to_owned(),
            what,
        };
        match self {
            Self::Connection => Ok(None),
            Self::Token(token) => Ok(Some(Token {
                secret: token.clone(),
                expires: None,
            })),
            Self::File(path) => std::fs::read_to_string(path)
                .map(|token| {
                    Some(Token {
                        secret: trimmed(token),
                        // Read again for each use: it is replaced from time to time.
                        expires: Some(0),
                    })
                })
                .map_err(|error| wrong(format!("{}: {error}", path.display()))),
            Self::Program(exec) => run(exec).map(Some).map_err(wrong),
        }
    }
}

/// What the program prints: an `ExecCredential`.
fn run(exec: &Value) -> Result<Token, String> {
    let program = text(exec, "command").ok_or("exec names no command")?;
    let version = text(exec, "apiVersion").unwrap_or_default();
    let mut command = Command::new(&program);
    let arguments = exec.get("args").and_then(Value::as_array);
    command.args(arguments.into_iter().flatten().filter_map(Value::as_str));
    let variables = exec.get("env").and_then(Value::as_array);
    for variable in variables.into_iter().flatten() {
        if let (Some(name), Some(value)) = (text(variable, "name"), text(variable, "value")) {
            command.env(name, value);
        }
    }
    let info =
        json!({"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": false}});
    let output = command
        .env("KUBERNETES_EXEC_INFO", info.to_string())
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    let printed = Zeroizing::new(output.stdout);
    let credential = serde_json::from_slice(&printed)
        .ok()
        .map(Json)
        .filter(|_| output.status.success())
        .ok_or_else(|| format!("{program} gave no credential"))?;
    let token = credential
        .secret("/status/token")
        .filter(|token| !bytes(token).is_empty())
        .ok_or_else(|| format!("{program} gave no token"))?;
    Ok(Token {
        secret: token,
        expires: credential
            .text("/status/expirationTimestamp")
            .and_then(parse_rfc3339),
    })
}
