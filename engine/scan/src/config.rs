//! `leakward.toml`: what a project wants of a scan.
//!
//! Found at the root of the repository or folder. What is typed on the command line wins over the file, the file
//! over the defaults. An unknown key is an error with the nearest known one: a misspelt exclusion must not quietly
//! mean "scan everything", nor a misspelt rule "scan nothing".
//!
//! Reference: docs/configuration.md (a test holds the two together).

use std::collections::BTreeMap;
use std::ops::Range;

use leakward_core::{Confidence, Limits, Severity};
use leakward_detect::ShortestString;
use leakward_rule_format::nearest;
use schemars::JsonSchema;
use serde::Deserialize;

/// The file's content, as written.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// Version of the format; 1.
    #[schemars(extend("const" = 1))]
    pub version: Option<u32>,
    /// How to scan.
    pub scan: ScanTable,
    /// Which rules.
    pub rules: RulesTable,
    /// Which files.
    pub paths: PathsTable,
    /// What is known to be no leak.
    pub allow: AllowTable,
    /// Caps on size, depth and count.
    pub limits: LimitsTable,
    /// How findings are named.
    pub fingerprint: FingerprintTable,
    /// Connected secret stores, by name. A scan takes no notice of them.
    pub stores: BTreeMap<String, StoreTable>,
    /// Places that get copies of what a store holds.
    pub consumers: Vec<ConsumerTable>,
}

/// `[stores.NAME]`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct StoreTable {
    /// `KIND:PLACE`, such as `vault:https://vault.corp:8200/secret` (docs/stores.md).
    pub url: String,
    /// Options of its kind.
    #[serde(flatten)]
    pub options: BTreeMap<String, OptionValue>,
}

/// What an option of a store is set to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OptionValue {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
}

impl std::fmt::Display for OptionValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
        }
    }
}

/// `[[consumers]]`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConsumerTable {
    /// Name of the store whose entry it gets.
    pub store: String,
    /// Path of the entry.
    pub path: String,
    /// Field of the entry; the only one when it is not named.
    pub field: Option<String>,
    /// Who gets it: `KIND:PLACE`, such as `github:acme/app`.
    pub to: String,
    /// Under which name.
    #[serde(rename = "as")]
    pub name: String,
}

/// `[scan]`
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ScanTable {
    /// How much is shown.
    #[schemars(extend("default" = "default"))]
    pub sensitivity: Option<SensitivityWord>,
    /// Findings below this severity are left out.
    #[schemars(extend("enum" = ["low", "medium", "high", "critical"], "default" = "low"))]
    pub min_severity: Option<String>,
    /// Findings below this confidence are left out.
    #[schemars(extend("enum" = ["low", "medium", "high"], "default" = "medium"))]
    pub min_confidence: Option<String>,
    /// Whether comments such as `leakward:allow` count.
    #[schemars(extend("default" = true))]
    pub inline_allow: Option<bool>,
    /// With a number, strings of binaries that have at least so many characters are looked at, each as a line.
    pub binary_strings: Option<u16>,
    /// Path of the baseline file, relative to this file.
    pub baseline: Option<String>,
}

/// The two settings of how much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SensitivityWord {
    /// What should block a commit.
    Default,
    /// What an auditor wants to see.
    High,
}

/// `[rules]`
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RulesTable {
    /// Ids or globs of ids; when there are any, only these rules are applied.
    pub only: Vec<String>,
    /// Ids or globs of ids that are not applied.
    pub disable: Vec<String>,
    /// Rule files, relative to this file.
    pub files: Vec<String>,
}

/// `[paths]`
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PathsTable {
    /// Globs of paths whose findings are left out.
    pub exclude: Vec<String>,
}

/// `[allow]`
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct AllowTable {
    /// Regular expressions over credentials that are no leak.
    pub values: Vec<String>,
    /// Words in credentials, in any case, that mark a sample.
    pub words: Vec<String>,
    /// Commits whose findings are left out.
    pub commits: Vec<String>,
}

/// `[limits]`
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct LimitsTable {
    /// Largest object that is read, in MiB.
    #[schemars(extend("default" = Limits::default().max_object_bytes >> 20))]
    pub max_object_mib: Option<u64>,
    /// Largest standard input that is read, in MiB.
    #[schemars(extend("default" = Limits::default().max_stdin_bytes >> 20))]
    pub max_stdin_mib: Option<u64>,
    /// How many encodings deep a value is decoded.
    #[schemars(extend("default" = Limits::default().max_decode_depth))]
    pub max_decode_depth: Option<usize>,
    /// Most places kept for one finding.
    #[schemars(extend("default" = Limits::default().max_locations_per_finding))]
    pub max_locations: Option<usize>,
    /// How many archives deep archives are opened.
    #[schemars(extend("default" = Limits::default().max_archive_depth))]
    pub archive_depth: Option<usize>,
    /// Most members of one archive.
    #[schemars(extend("default" = Limits::default().max_archive_entries))]
    pub archive_entries: Option<u64>,
    /// Most that one archive may unpack to, in MiB.
    #[schemars(extend("default" = Limits::default().max_unpacked_bytes >> 20))]
    pub archive_unpacked_mib: Option<u64>,
    /// How many times its size an archive may unpack to.
    #[schemars(extend("default" = Limits::default().max_unpacked_ratio))]
    pub archive_ratio: Option<u64>,
    /// Longest time that one archive or layer may take, in seconds.
    #[schemars(extend("default" = Limits::default().max_archive_seconds))]
    pub archive_seconds: Option<u64>,
}

/// `[fingerprint]`
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct FingerprintTable {
    /// Name of the environment variable that holds the project's own key.
    pub key_env: Option<String>,
}

/// A configuration file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct ConfigError {
    /// Name of the file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong, and the nearest right thing where there is one.
    pub problem: String,
}

impl Config {
    /// The usual name.
    pub const NAME: &'static str = "leakward.toml";

    /// The JSON schema of the file: for editors, and for the reference page that is made of it.
    #[must_use]
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }

    /// Reads `text`.
    ///
    /// # Errors
    /// Wrong syntax, unknown keys or words, a later version: with file, line and column.
    pub fn parse(text: &str, file: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| toml_error(&error, text, file))?;
        if let Some(version) = config.version.filter(|version| *version != 1) {
            let problem = format!(
                "version {version} of the configuration is not known here; this program reads version 1"
            );
            return Err(at(text, file, "version", problem));
        }
        {
            let (key, word) = ("min-severity", &config.scan.min_severity);
            check_word::<Severity>(text, file, key, word.as_deref())?;
        }
        check_word::<Confidence>(
            text,
            file,
            "min-confidence",
            config.scan.min_confidence.as_deref(),
        )?;
        if let Some(Err(error)) = config.scan.binary_strings.map(ShortestString::new) {
            let problem = format!("binary-strings: {error}");
            return Err(at(text, file, "binary-strings", problem));
        }
        Ok(config)
    }
}

fn check_word<T>(text: &str, file: &str, key: &str, word: Option<&str>) -> Result<(), ConfigError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    match word.map(str::parse::<T>) {
        Some(Err(error)) => Err(at(text, file, key, format!("{key}: {error}"))),
        _ => Ok(()),
    }
}

/// An error at the line on which `key` stands.
fn at(text: &str, file: &str, key: &str, problem: String) -> ConfigError {
    let offset = text.lines().scan(0, |from, line| {
        let start = *from;
        *from += line.len() + 1;
        Some((start, line))
    });
    let start = offset
        .into_iter()
        .find(|(_, line)| line.trim_start().starts_with(key))
        .map_or(0, |(start, _)| start);
    let (line, column) = line_and_column(text, start);
    ConfigError {
        file: file.to_owned(),
        line,
        column,
        problem,
    }
}

fn toml_error(error: &toml::de::Error, text: &str, file: &str) -> ConfigError {
    let span: Range<usize> = error.span().unwrap_or(0..0);
    let (line, column) = line_and_column(text, span.start);
    let mut problem = error.message().to_owned();
    if let Some(nearest) = nearest_in_message(&problem) {
        problem = format!("{problem}; did you mean `{nearest}`?");
    }
    ConfigError {
        file: file.to_owned(),
        line,
        column,
        problem,
    }
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before
            .get(line_start..)
            .map_or(0, |part| part.chars().count())
            + 1,
    )
}

/// serde says "unknown field `x`, expected one of `a`, `b`": the nearest of the words it offers.
fn nearest_in_message(message: &str) -> Option<String> {
    let (head, tail) = message.split_once("expected")?;
    let wrong = head.split('`').nth(1)?;
    nearest(wrong, tail.split('`').skip(1).step_by(2)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_is_read() {
        let text = r#"
            version = 1
            [scan]
            sensitivity = "high"
            min-severity = "medium"
            baseline = "leakward-baseline.json"
            [rules]
            disable = ["generic-*"]
            [paths]
            exclude = ["vendor/**"]
            [limits]
            max-object-mib = 64
            [fingerprint]
            key-env = "LEAKWARD_KEY"
        "#;
        let config = Config::parse(text, "leakward.toml").expect("valid");
        assert_eq!(config.scan.sensitivity, Some(SensitivityWord::High));
        assert_eq!(config.paths.exclude, ["vendor/**"]);
        assert_eq!(config.limits.max_object_mib, Some(64));
    }

    #[test]
    fn stores_and_consumers_are_read() {
        let text = r#"
            [stores.prod]
            url = "vault:https://vault.corp:8200/secret"
            auth = "kubernetes"
            kv = 2
            secret-id-wrapped = true
            [[consumers]]
            store = "prod"
            path = "app/db"
            field = "password"
            to = "github:acme/app"
            as = "DB_PASSWORD"
        "#;
        let config = Config::parse(text, "leakward.toml").expect("valid");
        let store = &config.stores["prod"];
        let options: Vec<String> = store
            .options
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            options,
            ["auth=kubernetes", "kv=2", "secret-id-wrapped=true"]
        );
        assert_eq!(config.consumers[0].name, "DB_PASSWORD");
    }

    #[test]
    fn an_error_names_file_line_column_and_the_nearest_key() {
        for (text, expected) in [
            (
                "[paths]\nexclud = []",
                "leakward.toml:2:1: unknown field `exclud`",
            ),
            (
                "[scan]\nsensitivity = \"hihg\"",
                "leakward.toml:2:15: unknown variant `hihg`",
            ),
            (
                "[scan]\nmin-severity = \"bad\"",
                "leakward.toml:2:1: min-severity: \"bad\" is none of",
            ),
            (
                "[scan]\nbinary-strings = 3",
                "leakward.toml:2:1: binary-strings: strings of binaries have between 4",
            ),
            ("version = 3", "leakward.toml:1:1: version 3"),
            ("[scan", "leakward.toml:1:"),
        ] {
            let error = Config::parse(text, "leakward.toml")
                .expect_err(text)
                .to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        let error = Config::parse("[scan]\nsensitivty = \"high\"", "f")
            .expect_err("misspelt")
            .to_string();
        assert!(error.ends_with("did you mean `sensitivity`?"), "{error}");
    }
}
