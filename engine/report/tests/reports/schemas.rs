//! The schemas that other programs check our reports with.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

use crate::{fixture, written};
use leakward_report::Settings;

/// Our own, as it is in docs.
pub(crate) static JSON: LazyLock<Validator> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/report.schema.json");
    validator(&std::fs::read_to_string(file).expect("the schema is in docs"))
});

/// The official one of SARIF 2.1.0, as the sources of serde-sarif bring it.
pub(crate) static SARIF: LazyLock<Validator> = LazyLock::new(|| {
    let text = std::fs::read_to_string(serde_sarif_sources().join("src/schema.json"))
        .expect("serde-sarif brings the schema");
    // The language pattern of the schema has one bracket too many, which regular expressions refuse.
    validator(&text.replace("{2}]?$", "{2}$"))
});

/// What GitLab demands of a secret detection report.
pub(crate) static GITLAB: LazyLock<Validator> =
    LazyLock::new(|| validator(include_str!("gitlab.schema.json")));

fn validator(schema: &str) -> Validator {
    let schema: Value = serde_json::from_str(schema).expect("a schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is one")
}

/// The platform that this is built for and on.
fn host() -> String {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .expect("rustc runs");
    let text = String::from_utf8(output.stdout).expect("it speaks UTF-8");
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("it says its host").to_owned()
}

/// Where cargo keeps the sources of serde-sarif.
fn serde_sarif_sources() -> PathBuf {
    // What other platforms need was not downloaded.
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline"])
        .args(["--filter-platform", &host()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs this test");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let manifest = packages
        .iter()
        .find(|package| package["name"] == "serde-sarif")
        .and_then(|package| package["manifest_path"].as_str())
        .expect("serde-sarif is a dependency");
    Path::new(manifest)
        .parent()
        .expect("a manifest is in a folder")
        .to_owned()
}

/// What the schema has against `instance`.
pub(crate) fn complaints(schema: &Validator, instance: &Value) -> Vec<String> {
    schema
        .iter_errors(instance)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect()
}

#[test]
fn the_report_of_everything_fits_its_schema() {
    for (format, schema) in [
        ("json", &JSON),
        ("sarif", &SARIF),
        ("gitleaks-sarif", &SARIF),
        ("gitlab", &GITLAB),
    ] {
        let text = written(format, &fixture::everything(), &Settings::default());
        let value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(complaints(schema, &value), [""; 0], "{format}");
    }
}

#[test]
fn the_schemas_refuse_what_is_wrong() {
    for (format, schema, pointer, wrong) in [
        ("json", &JSON, "/findings/0/severity", "severe"),
        ("json", &JSON, "/findings/0/locations/0/line", "12"),
        ("sarif", &SARIF, "/version", "2.0.0"),
        ("sarif", &SARIF, "/runs/0/results/0/level", "fatal"),
        ("gitlab", &GITLAB, "/vulnerabilities/0/severity", "Severe"),
        (
            "gitlab",
            &GITLAB,
            "/vulnerabilities/0/location/commit/sha",
            "",
        ),
        ("gitlab", &GITLAB, "/scan/end_time", "2020-01-28T03:26:02Z"),
    ] {
        let text = written(format, &fixture::everything(), &Settings::default());
        let mut value: Value = serde_json::from_str(&text).expect("JSON");
        *value.pointer_mut(pointer).expect("the field is there") = Value::from(wrong);
        assert!(!complaints(schema, &value).is_empty(), "{pointer}");
    }
}
