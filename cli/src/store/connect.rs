//! From what was typed to stores: names of the configuration, or `KIND:PLACE`.
//!
//! A configuration that names a store decides to whom our identity is shown. So it is read from where the user put it: the
//! file that was named, the current folder, the user's own folder; never from a repository that is scanned.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use leakward_core::{FingerprintKey, Secret};
use leakward_scan::config::{Config, StoreTable};
use leakward_stores::{Opened, Store, StoreSpec, Surroundings};

use super::args::CommonArgs;
use crate::user_folders;

/// LIMIT: bytes of a configuration.
const LARGEST_CONFIG: u64 = 16 << 20;

/// Holds the key with which the index is made, if it is not to lie beside it.
const KEY_VARIABLE: &str = "LEAKWARD_INDEX_KEY";

/// The stores that can be named, and what they may know of the machine.
pub(crate) struct Connections {
    config: Config,
    surroundings: Surroundings,
}

/// A store with the name it goes by.
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) opened: Opened,
}

impl Connections {
    /// What the configuration says.
    pub(crate) fn new(args: &CommonArgs) -> anyhow::Result<Self> {
        let current = std::env::current_dir().context("the current folder")?;
        let named = args.config.clone();
        let usual = [
            Some(current.join(Config::NAME)),
            user_folders::config().map(|folder| folder.join(Config::NAME)),
        ];
        let file = named.or_else(|| usual.into_iter().flatten().find(|file| file.is_file()));
        let config = match &file {
            Some(file) => read(file)?,
            None => Config::default(),
        };
        // Paths in a configuration start where it lies.
        let folder = file
            .as_ref()
            .and_then(|file| file.parent())
            .map(|folder| current.join(folder))
            .unwrap_or(current);
        let key = index_key()?;
        let surroundings = Surroundings::of_process(&folder, user_folders::state(), key);
        Ok(Self {
            config,
            surroundings,
        })
    }

    /// The configuration.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// The key of the index.
    pub(crate) fn key(&self) -> &FingerprintKey {
        &self.surroundings.key
    }

    /// The time.
    pub(crate) fn now(&self) -> u64 {
        self.surroundings.now()
    }

    /// The store or consumer with this name, or that this names.
    pub(crate) fn open(&self, name: &str) -> anyhow::Result<Opened> {
        let spec = match self.config.stores.get(name) {
            Some(table) => of_table(table).with_context(|| format!("[stores.{name}]"))?,
            None if name.contains(':') => name.parse::<StoreSpec>()?,
            None => {
                let known: Vec<&str> = self.config.stores.keys().map(String::as_str).collect();
                let known = if known.is_empty() {
                    "the configuration names none".to_owned()
                } else {
                    format!("the configuration names {}", known.join(", "))
                };
                bail!(
                    "no store is called {name:?}; {known}, and a store can be named as KIND:PLACE (`leakward store kinds`)"
                );
            }
        };
        Ok(leakward_stores::open(&spec, &self.surroundings)?)
    }

    /// The store with this name.
    pub(crate) fn store(&self, name: &str) -> anyhow::Result<Box<dyn Store>> {
        Ok(self.open(name)?.into_store()?)
    }

    /// These, or all of the configuration.
    pub(crate) fn all(&self, names: &[String]) -> anyhow::Result<Vec<Named>> {
        let names: Vec<String> = if names.is_empty() {
            self.config.stores.keys().cloned().collect()
        } else {
            names.to_vec()
        };
        if names.is_empty() {
            bail!(
                "no store is named: neither here nor in a configuration ([stores.NAME], docs/stores.md)"
            );
        }
        names
            .into_iter()
            .map(|name| {
                let opened = self.open(&name)?;
                Ok(Named { name, opened })
            })
            .collect()
    }
}

fn of_table(table: &StoreTable) -> anyhow::Result<StoreSpec> {
    let options: BTreeMap<String, String> = table
        .options
        .iter()
        .map(|(name, value)| (name.clone(), value.to_string()))
        .collect();
    Ok(StoreSpec::from_table(&table.url, &options)?)
}

fn read(file: &PathBuf) -> anyhow::Result<Config> {
    let name = file.display().to_string();
    let size = fs::metadata(file).with_context(|| name.clone())?.len();
    if size > LARGEST_CONFIG {
        bail!("{name}: too large for a configuration");
    }
    let text = fs::read_to_string(file).with_context(|| name.clone())?;
    Ok(Config::parse(&text, &name)?)
}

/// The key of the index: from its variable, or from a file beside the index that is made once.
fn index_key() -> anyhow::Result<FingerprintKey> {
    if let Ok(key) = std::env::var(KEY_VARIABLE)
        && !key.trim().is_empty()
    {
        return Ok(FingerprintKey::new(Secret::new(key.trim().as_bytes())));
    }
    let Some(folder) = user_folders::state() else {
        return Ok(FingerprintKey::default());
    };
    let file = folder.join("store-index.key");
    let name = || file.display().to_string();
    // Several processes may start at once: one makes the file, and the others may see it before anything is in it.
    for _ in 0..100 {
        match fs::read(&file) {
            Ok(key) if !key.trim_ascii().is_empty() => {
                return Ok(FingerprintKey::new(Secret::new(key.trim_ascii())));
            }
            Ok(_) => std::thread::sleep(std::time::Duration::from_millis(20)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let key = leakward_stores::random_text(43);
                fs::create_dir_all(&folder).with_context(name)?;
                match leakward_stores::write_private(&file, &key) {
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                    made => {
                        made.with_context(name)?;
                        return Ok(FingerprintKey::new(key));
                    }
                }
            }
            Err(error) => return Err(error).with_context(name),
        }
    }
    bail!("{}: the key of the index is empty", name())
}
