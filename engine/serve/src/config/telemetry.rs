//! Logs and traces.

use schemars::JsonSchema;
use serde::Deserialize;

/// Logs and traces.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// Which log lines are written: `info`, `leakward_serve=debug,info`.
    pub log: String,
    /// `json` or `text`.
    pub format: LogFormat,
    /// Where spans are sent by OTLP over HTTP: `http://127.0.0.1:4318`.
    pub otlp: Option<String>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            log: "info".to_owned(),
            format: LogFormat::Json,
            otlp: None,
        }
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people.
    Text,
}
