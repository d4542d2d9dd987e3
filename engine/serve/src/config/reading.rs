//! Reads the configuration: the file, the environment over it, and whether it makes sense.

use std::path::{Path, PathBuf};

use super::{Address, Config, Tell};

/// LIMIT: bytes of a configuration file.
const LARGEST: u64 = 1 << 20;

/// Why the configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file}: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The file is not understood.
    #[error("{file}: {reason}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong, with its line.
        reason: String,
    },
    /// A value makes no sense.
    #[error("{name}: {reason}")]
    Value {
        /// The setting.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

impl Config {
    /// Reads `file`, when one is named, and the environment over it.
    ///
    /// # Errors
    /// When the file cannot be read or understood, or a value makes no sense.
    pub fn load(
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut config = match file {
            Some(file) => Self::read(file)?,
            None => Self::default(),
        };
        config.take(environment)?;
        config.check()?;
        Ok(config)
    }

    fn read(file: &Path) -> Result<Self, ConfigError> {
        let name = file.display().to_string();
        let unreadable = |reason: String| ConfigError::Unreadable {
            file: name.clone(),
            reason,
        };
        let size = std::fs::metadata(file)
            .map_err(|error| unreadable(error.to_string()))?
            .len();
        if size > LARGEST {
            return Err(unreadable(format!(
                "{size} bytes are too many for a configuration"
            )));
        }
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
        toml::from_str(&text).map_err(|error| ConfigError::Malformed {
            file: name,
            reason: error.to_string(),
        })
    }

    fn take(&mut self, environment: impl Fn(&str) -> Option<String>) -> Result<(), ConfigError> {
        if let Some(text) = environment("LEAKWARD_SERVE_LISTEN") {
            self.listen = text.parse().map_err(|_| ConfigError::Value {
                name: "LEAKWARD_SERVE_LISTEN".to_owned(),
                reason: format!("{text:?} is not ADDRESS:PORT"),
            })?;
        }
        if let Some(text) = environment("LEAKWARD_SERVE_PUBLIC_URL") {
            self.public_url = Some(text);
        }
        if let Some(text) = environment("LEAKWARD_SERVE_DATA_DIR") {
            self.data_dir = PathBuf::from(text);
        }
        if let Some(text) = environment("LEAKWARD_SERVE_DATABASE") {
            self.database = Some(Address::Plain(text));
        }
        if let Some(text) = environment("LEAKWARD_SERVE_LOG") {
            self.telemetry.log = text;
        }
        if let Some(text) = environment("OTEL_EXPORTER_OTLP_ENDPOINT") {
            self.telemetry.otlp = Some(text);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |name: &str, reason: &str| ConfigError::Value {
            name: name.to_owned(),
            reason: reason.to_owned(),
        };
        let without_secrets = [
            (
                "github.webhook_secrets",
                self.github
                    .as_ref()
                    .map(|one| one.webhook_secrets.is_empty()),
            ),
            (
                "gitlab.webhook_tokens",
                self.gitlab
                    .as_ref()
                    .map(|one| one.webhook_tokens.is_empty()),
            ),
            (
                "gitea.webhook_secrets",
                self.gitea
                    .as_ref()
                    .map(|one| one.webhook_secrets.is_empty()),
            ),
            (
                "leaks.secrets",
                self.leaks.as_ref().map(|one| one.secrets.is_empty()),
            ),
            (
                "pre_receive.tokens",
                self.pre_receive.as_ref().map(|one| one.tokens.is_empty()),
            ),
        ];
        if let Some((name, _)) = without_secrets
            .iter()
            .find(|(_, empty)| *empty == Some(true))
        {
            return Err(wrong(
                name,
                "at least one is needed: unsigned deliveries are never taken",
            ));
        }
        if self.limits.workers == 0 || self.limits.attempts < 1 || self.limits.connections == 0 {
            return Err(wrong(
                "limits",
                "workers, attempts and connections are at least 1",
            ));
        }
        if let Some(github) = &self.github
            && github.tell.contains(&Tell::Check)
            && github.app.is_none()
        {
            return Err(wrong(
                "github.tell",
                "check runs are for GitHub Apps: give [github.app], or use \"status\"",
            ));
        }
        if let Some(url) = &self.public_url
            && !(url.starts_with("https://") || url.starts_with("http://"))
        {
            return Err(wrong("public_url", "it begins with https:// or http://"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("serve.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(Some(&file), |_| None)
    }

    #[test]
    fn repositories_are_served_by_name_by_owner_or_all_and_case_does_not_count() {
        let config = read("repositories = ['acme/*', 'Other/One', 'deep/*/x']").unwrap();
        for served in ["acme/a", "ACME/b/c", "other/one", "deep/a/x"] {
            assert!(config.serves(served), "{served}");
        }
        for unknown in ["acme", "acmee/a", "other/two", "other/one2", "deep/x", ""] {
            assert!(!config.serves(unknown), "{unknown}");
        }
        assert!(!Config::default().serves("acme/a"));
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("serve.toml");
        std::fs::write(&file, "listen = '127.0.0.1:1'").unwrap();
        let environment =
            |name: &str| (name == "LEAKWARD_SERVE_LISTEN").then(|| "127.0.0.1:2".to_owned());
        let config = Config::load(Some(&file), environment).unwrap();
        assert_eq!(config.listen.port(), 2);
        let wrong = |name: &str| (name == "LEAKWARD_SERVE_LISTEN").then(|| "here".to_owned());
        assert!(
            Config::load(None, wrong)
                .unwrap_err()
                .to_string()
                .contains("LEAKWARD_SERVE_LISTEN")
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, named) in [
            ("listne = '127.0.0.1:1'", "listne"),
            ("[github]\nwebhook_secrets = []", "github.webhook_secrets"),
            ("[leaks]\nsecrets = []", "leaks.secrets"),
            ("[limits]\nworkers = 0", "workers"),
            ("public_url = 'leakward.corp'", "public_url"),
            (
                "[github]\nwebhook_secrets = [{env = 'X'}]\ntell = ['check']",
                "github.tell",
            ),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn ways_to_people_have_a_name_and_what_is_unknown_in_them_is_an_error() {
        let ways = "[[response.notify]]\nkind = 'slack'\nurl = { env = 'S' }\n\
            [[response.notify]]\nkind = 'github-issue'\nrepository = 'acme/security'\ntoken = { env = 'T' }\n\
            [[response.notify]]\nname = 'pager'\nkind = 'webhook'\nurl = { env = 'U' }\nkey = { env = 'K' }\n";
        let config = read(ways).unwrap();
        let names: Vec<String> = config
            .response
            .unwrap()
            .notify
            .iter()
            .map(super::super::Notify::name)
            .collect();
        assert_eq!(names, ["slack", "github-issue acme/security", "pager"]);
        for wrong in [
            "kind = 'slack'\nurl = { env = 'S' }\nurll = 'x'",
            "kind = 'smoke'",
            "kind = 'teams'",
        ] {
            let text = format!("[[response.notify]]\n{wrong}\n");
            assert!(read(&text).is_err(), "{wrong}");
        }
    }
}
