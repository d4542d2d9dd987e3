//! `leakward store index` and `leakward store locate`.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use leakward_core::Secret;
use leakward_core::time::rfc3339;
use leakward_stores::{Index, Opened, Reading};
use serde_json::json;

use super::args::{IndexArgs, IndexPlaceArgs, LocateArgs, StoreFormat};
use super::connect::Connections;
use super::table::table;
use super::{print, print_json};
use crate::messages::Messages;
use crate::user_folders;

/// LIMIT: bytes of a value on standard input.
const LARGEST_VALUE: u64 = 1 << 20;

fn place(args: &IndexPlaceArgs) -> anyhow::Result<PathBuf> {
    args.index
        .clone()
        .or_else(|| Some(user_folders::state()?.join("store-index.json")))
        .context("say with --index where the index is: there is no home folder")
}

/// Reads the stores and takes down what they hold. A store that cannot be read keeps what was known of it.
pub(super) fn index(args: &IndexArgs, messages: Messages) -> anyhow::Result<ExitCode> {
    let connections = Connections::new(&args.common)?;
    let file = place(&args.place)?;
    let mut index = Index::read(&file)?;
    let now = rfc3339(connections.now());
    let reading = Reading {
        key: connections.key(),
        versions: args.versions.get(),
        now: &now,
    };
    let mut is_complete = true;
    let mut entries = Vec::new();
    let mut rows = vec![
        ["STORE", "ENTRIES", "VALUES", "NOT READ"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for named in connections.all(&args.stores)? {
        let store = match &named.opened {
            Opened::Store(store) => store,
            Opened::Consumer(_) => continue,
        };
        match index.add(&named.name, &**store, &reading) {
            Ok(made) => {
                let values: usize = made.entries.values().map(|entry| entry.values.len()).sum();
                for (path, why) in &made.unread {
                    messages.warning(&format!("{path} was not read: {why}"));
                }
                is_complete &= made.unread.is_empty();
                entries.push(json!({
                    "store": named.name, "describes": made.store, "entries": made.entries.len(), "values": values,
                    "not_read": made.unread,
                }));
                rows.push(vec![
                    named.name.clone(),
                    made.entries.len().to_string(),
                    values.to_string(),
                    made.unread.len().to_string(),
                ]);
            }
            Err(error) => {
                is_complete = false;
                messages.error(&error.to_string());
                entries.push(json!({"store": named.name, "error": error.to_string()}));
            }
        }
    }
    index.write(&file)?;
    match args.common.format {
        StoreFormat::Json => print_json(&json!({
            "index": file.display().to_string(), "complete": is_complete, "stores": entries,
        }))?,
        StoreFormat::Text => print(&table(&rows))?,
    }
    messages.info(&format!("the index is {}", file.display()));
    Ok(if is_complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

/// Looks a leaked value up.
pub(super) fn locate(args: &LocateArgs, messages: Messages) -> anyhow::Result<ExitCode> {
    let connections = Connections::new(&args.common)?;
    let file = place(&args.place)?;
    if !file.is_file() {
        bail!(
            "there is no index at {}; make it with `leakward store index`",
            file.display()
        );
    }
    let index = Index::read(&file)?;
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(LARGEST_VALUE)
        .read_to_end(&mut bytes)
        .context("standard input")?;
    let value = Secret::new(bytes.trim_ascii());
    let found = index.locate(connections.key(), &value);
    match args.common.format {
        StoreFormat::Json => print_json(&serde_json::to_value(&found)?)?,
        StoreFormat::Text if found.is_empty() => {
            messages.warning("no store is known to hold this value");
        }
        StoreFormat::Text => {
            let head = [
                "STORE",
                "PATH",
                "FIELD",
                "VERSION",
                "STATE",
                "OWNER",
                "CONSUMERS",
            ];
            let mut rows = vec![head.map(str::to_owned).to_vec()];
            rows.extend(found.iter().map(|holding| {
                let state = if holding.is_current {
                    "current"
                } else {
                    "replaced"
                };
                vec![
                    holding.store.clone(),
                    holding.path.clone(),
                    holding.field.clone(),
                    holding.version.clone(),
                    state.to_owned(),
                    holding.owner.clone().unwrap_or_default(),
                    holding.consumers.join(", "),
                ]
            }));
            print(&table(&rows))?;
        }
    }
    Ok(if found.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
