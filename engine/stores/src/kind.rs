//! The kinds of stores and consumers that there are. Each is one line here; everything else about it is in its own file.

use crate::consumer::Consumer;
use crate::error::StoreError;
use crate::spec::StoreSpec;
use crate::store::Store;
use crate::surroundings::Surroundings;

/// What a name leads to.
pub enum Opened {
    /// A store.
    Store(Box<dyn Store>),
    /// A place that only gets copies.
    Consumer(Box<dyn Consumer>),
}

impl Opened {
    /// What it is, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Store(store) => store.describe(),
            Self::Consumer(consumer) => consumer.describe(),
        }
    }

    /// The place that only gets copies.
    ///
    /// # Errors
    /// It is a store.
    pub fn into_consumer(self) -> Result<Box<dyn Consumer>, StoreError> {
        match self {
            Self::Consumer(consumer) => Ok(consumer),
            Self::Store(store) => Err(StoreError::Unsupported {
                store: store.describe(),
                what: "get single values as a consumer: it is a store".to_owned(),
            }),
        }
    }

    /// The store.
    ///
    /// # Errors
    /// It is none: it only gets copies.
    pub fn into_store(self) -> Result<Box<dyn Store>, StoreError> {
        match self {
            Self::Store(store) => Ok(store),
            Self::Consumer(consumer) => Err(StoreError::Unsupported {
                store: consumer.describe(),
                what: "be read: it only gets copies of what a store holds".to_owned(),
            }),
        }
    }
}

/// A kind of store.
pub struct Kind {
    /// The word before the colon.
    pub name: &'static str,
    /// Other words for it.
    pub also: &'static [&'static str],
    /// What it is, in one line.
    pub about: &'static str,
    /// How one is named.
    pub example: &'static str,
    /// Its options: name, and what it says.
    pub options: &'static [(&'static str, &'static str)],
    /// Makes one. Sends nothing yet.
    pub(crate) open: fn(&StoreSpec, &Surroundings) -> Result<Opened, StoreError>,
}

/// All kinds.
pub static KINDS: &[&Kind] = &[
    &crate::vault::KIND,
    &crate::aws::secrets_manager::KIND,
    &crate::aws::parameters::KIND,
    &crate::gcp::KIND,
    &crate::azure::KIND,
    &crate::kubernetes::KIND,
    &crate::files::SOPS,
    &crate::files::DOTENV,
    &crate::local::KIND,
    &crate::ci::GITHUB,
    &crate::ci::GITLAB,
    &crate::files::SEALED,
    &crate::kubernetes::RESTARTS,
    &crate::kubernetes::EXTERNAL_SECRETS,
];

/// The store or consumer that `spec` names. Nothing is sent yet.
///
/// # Errors
/// No such kind, an option that it does not have, an address that is none.
pub fn open(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Opened, StoreError> {
    let kind = KINDS
        .iter()
        .find(|kind| kind.name == spec.kind || kind.also.contains(&spec.kind.as_str()))
        .ok_or_else(|| {
            let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            spec.wrong(format!(
                "there is no kind of store called {:?}; there are {}",
                spec.kind,
                names.join(", ")
            ))
        })?;
    for name in spec.options.keys() {
        if !kind.options.iter().any(|(known, _)| known == name) {
            let known: Vec<&str> = kind.options.iter().map(|(name, _)| *name).collect();
            return Err(spec.wrong(format!(
                "a store of the kind {} has no option {name:?}; it has {}",
                kind.name,
                known.join(", ")
            )));
        }
    }
    (kind.open)(spec, surroundings)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use super::*;

    #[test]
    fn kinds_have_different_names_and_their_examples_open() {
        let names: BTreeSet<&str> = KINDS
            .iter()
            .flat_map(|kind| kind.also.iter().chain([&kind.name]).copied())
            .collect();
        let count: usize = KINDS.iter().map(|kind| kind.also.len() + 1).sum();
        assert_eq!(names.len(), count);
        for kind in KINDS {
            let spec: StoreSpec = kind.example.parse().expect(kind.example);
            assert_eq!(spec.kind, kind.name);
        }
    }

    #[test]
    fn an_unknown_kind_or_option_is_told_with_those_that_there_are() {
        let surroundings = Surroundings::with_variables(Path::new("/nowhere"), BTreeMap::new());
        for (text, part) in [
            ("vualt:https://v/secret", "vault"),
            ("vault:https://v/secret?rolle=x", "namespace"),
        ] {
            let spec: StoreSpec = text.parse().expect(text);
            let error = open(&spec, &surroundings).err().expect(text);
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
