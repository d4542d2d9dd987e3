//! How a store is named: `KIND:PLACE?OPTION=VALUE`, on the command line or as `url` in `[stores.NAME]` of leakward.toml.
//!
//! `vault:https://vault.corp:8200/secret`, `aws-sm:eu-west-1`, `file:secrets.age`. An option can stand behind a question mark or as
//! a key of the table.
//!
//! INVARIANT: no option holds a credential; [`StoreSpec`] refuses those that look as if they should, so that one who tries
//! learns about it before the file is committed. That is why it may be printed.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::error::StoreError;

/// Options that people expect and that would hold a credential.
const CREDENTIALS: [&str; 12] = [
    "token",
    "password",
    "passphrase",
    "secret",
    "secret-id",
    "secret-key",
    "secret-access-key",
    "client-secret",
    "access-key",
    "api-key",
    "private-key",
    "credentials",
];

/// The name of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSpec {
    /// Which kind of store.
    pub kind: String,
    /// Which one of its kind: an address, a region, a file.
    pub place: String,
    /// Its options.
    pub options: BTreeMap<String, String>,
}

impl StoreSpec {
    /// The store of a table: its `url`, and the other keys as options.
    ///
    /// # Errors
    /// As [`StoreSpec::from_str`].
    pub fn from_table(url: &str, options: &BTreeMap<String, String>) -> Result<Self, StoreError> {
        let mut spec: Self = url.parse()?;
        for (name, value) in options {
            spec.set(name, value)?;
        }
        Ok(spec)
    }

    /// An option, if it was given.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// Something is wrong with how the store is named.
    #[must_use]
    pub fn wrong(&self, what: impl Into<String>) -> StoreError {
        StoreError::Setting {
            store: self.to_string(),
            what: what.into(),
        }
    }

    /// A yes or no; no when it is not given.
    ///
    /// # Errors
    /// It is neither `true` nor `false`.
    pub fn flag(&self, name: &str) -> Result<bool, StoreError> {
        match self.option(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(self.wrong(format!("{name} is true or false"))),
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        let name = name.replace('_', "-");
        if CREDENTIALS.contains(&name.as_str()) {
            return Err(self.wrong(format!(
                "`{name}` would put a credential into a configuration; stores are logged in to with the platform's identity, a \
                 variable of the environment or a file (docs/stores.md)"
            )));
        }
        self.options.insert(name, value.to_owned());
        Ok(())
    }
}

impl FromStr for StoreSpec {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let (named, query) = text.split_once('?').unwrap_or((text, ""));
        let wrong = |what: &str| StoreError::Setting {
            store: named.to_owned(),
            what: what.to_owned(),
        };
        let (kind, place) = named
            .split_once(':')
            .ok_or_else(|| wrong("a store is named as KIND:PLACE, such as file:secrets.age"))?;
        let authority = place.split_once("://").map_or("", |(_, rest)| rest);
        if authority
            .split('/')
            .next()
            .unwrap_or_default()
            .contains('@')
        {
            return Err(StoreError::Setting {
                store: kind.to_owned(),
                what: "the address of a store holds no user and no password".to_owned(),
            });
        }
        let mut spec = Self {
            kind: kind.to_ascii_lowercase(),
            place: place.to_owned(),
            options: BTreeMap::new(),
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| wrong("options are written as ?NAME=VALUE&NAME=VALUE"))?;
            spec.set(name, value)?;
        }
        Ok(spec)
    }
}

impl fmt::Display for StoreSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_a_kind_a_place_and_options() {
        let spec: StoreSpec = "vault:https://vault.corp:8200/secret?namespace=team&auth=approle"
            .parse()
            .expect("a store");
        assert_eq!(
            (spec.kind.as_str(), spec.place.as_str()),
            ("vault", "https://vault.corp:8200/secret")
        );
        assert_eq!(spec.option("namespace"), Some("team"));
        assert_eq!(spec.to_string(), "vault:https://vault.corp:8200/secret");
    }

    #[test]
    fn an_option_that_would_hold_a_credential_is_refused_without_repeating_it() {
        for text in [
            "vault:https://v/secret?token=canary",
            "vault:https://user:canary@v/secret",
            "aws-sm:eu-west-1?secret_access_key=canary",
        ] {
            let error = text.parse::<StoreSpec>().expect_err(text);
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        }
    }

    #[test]
    fn what_is_no_store_is_told() {
        for text in ["secrets.age", "file:x?y"] {
            assert!(text.parse::<StoreSpec>().is_err(), "{text}");
        }
    }
}
