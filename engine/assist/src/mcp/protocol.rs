//! Revisions of the protocol, and what each adds to an answer.
//!
//! Up to 2025-11-25 a connection begins with a handshake. 2026-07-28 has none: each request says in `_meta` which
//! revision it is of and who sends it, results say that they are whole, and lists say how long they may be kept.
//! Specification: <https://modelcontextprotocol.io/specification/2026-07-28>.

use serde_json::{Value, json};

use super::McpSettings;
use super::rpc::Failure;

/// Revisions with a handshake, oldest first.
const HANDSHAKE: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

/// Revisions without one.
const MODERN: [&str; 1] = ["2026-07-28"];

const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";
const CLIENT_KEYS: [&str; 2] = [
    "io.modelcontextprotocol/clientInfo",
    "io.modelcontextprotocol/clientCapabilities",
];
const SERVER_KEY: &str = "io.modelcontextprotocol/serverInfo";

/// Results that may be kept.
const CACHEABLE: [&str; 5] = [
    "server/discover",
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "resources/read",
];

/// How long a list may be kept: until the program changes, and nobody tells a client that.
const LIFETIME_MS: u32 = 3_600_000;

/// The way in which a request is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// After a handshake, or as one.
    Handshake,
    /// By itself.
    Modern,
}

/// In which way a request is meant.
///
/// # Errors
/// When it is of a revision that is not known, or lacks what its revision asks for.
pub(super) fn way(method: &str, params: &Value) -> Result<Way, Failure> {
    let meta = params.get("_meta");
    let version = meta.and_then(|meta| meta.get(VERSION_KEY));
    // A handshake is one, whatever its client adds to it.
    let Some(version) = version.filter(|_| method != "initialize") else {
        return if method == "server/discover" {
            Err(Failure::params(format!("params._meta lacks {VERSION_KEY}")))
        } else {
            Ok(Way::Handshake)
        };
    };
    let version = version.as_str().unwrap_or_default();
    if !MODERN.contains(&version) {
        return Err(Failure::version(version, &all()));
    }
    let lacks = CLIENT_KEYS
        .into_iter()
        .find(|key| meta.and_then(|meta| meta.get(*key)).is_none());
    match lacks {
        Some(key) => Err(Failure::params(format!("params._meta lacks {key}"))),
        None => Ok(Way::Modern),
    }
}

fn all() -> Vec<&'static str> {
    HANDSHAKE.into_iter().chain(MODERN).collect()
}

/// The answer to a handshake: the client's revision if it is known, else the newest that has a handshake.
pub(super) fn initialize(params: &Value, settings: &McpSettings) -> Value {
    let asked = params.get("protocolVersion").and_then(Value::as_str);
    let [.., newest] = HANDSHAKE;
    let version = asked
        .filter(|asked| HANDSHAKE.contains(asked))
        .unwrap_or(newest);
    json!({
        "protocolVersion": version,
        "capabilities": capabilities(),
        "serverInfo": server_info(settings),
        "instructions": INSTRUCTIONS,
    })
}

/// What this server is and can do.
pub(super) fn discover(settings: &McpSettings) -> Value {
    json!({
        "supportedVersions": all(),
        "capabilities": capabilities(),
        "serverInfo": server_info(settings),
        "instructions": INSTRUCTIONS,
    })
}

fn capabilities() -> Value {
    json!({"tools": {}, "resources": {}})
}

fn server_info(settings: &McpSettings) -> Value {
    json!({"name": "leakward", "title": "Leakward", "version": settings.version})
}

const INSTRUCTIONS: &str = "Finds leaked credentials. Scan text before it is written, sent or committed (scan_text), and files, \
what is staged, or the history (scan_path). Credentials are always shown masked; no tool returns one. When something is found, \
replace it by a reference to an environment variable or a secret store, and tell the person that it has to be replaced if it was \
shared. Whether a finding may be ignored is a person's decision.";

/// Adds to a result what its revision asks for.
pub(super) fn finish(method: &str, mut result: Value, way: Way, settings: &McpSettings) -> Value {
    if way == Way::Modern {
        result["resultType"] = "complete".into();
        if CACHEABLE.contains(&method) {
            result["ttlMs"] = LIFETIME_MS.into();
            result["cacheScope"] = "private".into();
        }
        result["_meta"] = json!({ SERVER_KEY: server_info(settings) });
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> McpSettings {
        McpSettings {
            folder: ".".into(),
            allowed: Vec::new(),
            scan: crate::project::ScanSettings::default(),
            threads: 1,
            explain: |_| String::new(),
            version: "1",
        }
    }

    #[test]
    fn a_handshake_takes_the_clients_revision_or_offers_the_newest_with_one() {
        for (asked, agreed) in [
            ("2024-11-05", "2024-11-05"),
            ("2025-06-18", "2025-06-18"),
            ("2025-11-25", "2025-11-25"),
            ("2026-07-28", "2025-11-25"),
            ("1999-01-01", "2025-11-25"),
        ] {
            let answer = initialize(&json!({"protocolVersion": asked}), &settings());
            assert_eq!(answer["protocolVersion"], agreed);
        }
    }

    #[test]
    fn a_request_says_its_revision_or_follows_a_handshake() {
        let modern =
            json!({"_meta": {VERSION_KEY: "2026-07-28", CLIENT_KEYS[0]: {}, CLIENT_KEYS[1]: {}}});
        assert_eq!(way("tools/list", &modern), Ok(Way::Modern));
        assert_eq!(way("tools/list", &json!({})), Ok(Way::Handshake));
        assert_eq!(way("initialize", &modern), Ok(Way::Handshake));
        assert!(way("tools/list", &json!({"_meta": {VERSION_KEY: "2026-07-28"}})).is_err());
        let future = way("tools/list", &json!({"_meta": {VERSION_KEY: "2099-01-01"}}));
        assert_eq!(future, Err(Failure::version("2099-01-01", &all())));
    }
}
