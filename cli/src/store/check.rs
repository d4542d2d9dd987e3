//! `leakward store kinds` and `leakward store check`.

use std::process::ExitCode;

use anyhow::bail;
use leakward_stores::{Health, KINDS, Kind, Opened};
use serde_json::json;

use super::args::{CheckArgs, KindsArgs, StoreFormat};
use super::connect::Connections;
use super::table::table;
use super::{print, print_json};
use crate::messages::Messages;

/// Lists what there is.
pub(super) fn kinds(args: &KindsArgs) -> anyhow::Result<ExitCode> {
    let is_wanted = |kind: &&&Kind| {
        args.kind
            .as_deref()
            .is_none_or(|name| kind.name == name || kind.also.contains(&name))
    };
    let kinds: Vec<&&Kind> = KINDS.iter().filter(is_wanted).collect();
    if kinds.is_empty() {
        bail!("there is no such kind of store; `leakward store kinds` lists them");
    }
    if args.format == StoreFormat::Json {
        let entries: Vec<_> = kinds
            .iter()
            .map(|kind| {
                let options: serde_json::Map<_, _> = kind
                    .options
                    .iter()
                    .map(|(name, about)| ((*name).to_owned(), json!(about)))
                    .collect();
                json!({"kind": kind.name, "also": kind.also, "about": kind.about, "example": kind.example, "options": options})
            })
            .collect();
        print_json(&json!(entries))?;
        return Ok(ExitCode::SUCCESS);
    }
    for kind in kinds {
        let mut rows = vec![vec![kind.example.to_owned(), kind.about.to_owned()]];
        if args.kind.is_some() {
            rows.extend(
                kind.options
                    .iter()
                    .map(|(name, about)| vec![format!("  {name}"), (*about).to_owned()]),
            );
        } else {
            let spaces = 48_usize.saturating_sub(kind.example.len());
            print(&format!(
                "{}{} {}\n",
                kind.example,
                " ".repeat(spaces),
                kind.about
            ))?;
            continue;
        }
        print(&table(&rows))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Logs in and says who we are.
pub(super) fn check(args: &CheckArgs, messages: Messages) -> anyhow::Result<ExitCode> {
    let connections = Connections::new(&args.common)?;
    let mut is_well = true;
    let mut rows = vec![
        ["STORE", "IDENTITY", "LOGIN", "WHAT"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut entries = Vec::new();
    for named in connections.all(&args.stores)? {
        let health = match &named.opened {
            Opened::Store(store) => store.check(),
            Opened::Consumer(consumer) => consumer.check(),
        };
        match health {
            Ok(Health {
                identity,
                login,
                what,
            }) => {
                entries.push(json!({
                    "store": named.name, "describes": named.opened.describe(), "ok": true, "identity": identity, "login": login,
                    "what": what,
                }));
                rows.push(vec![named.name, identity, login, what]);
            }
            Err(error) => {
                is_well = false;
                messages.error(&error.to_string());
                entries.push(json!({
                    "store": named.name, "describes": named.opened.describe(), "ok": false, "error": error.to_string(),
                }));
            }
        }
    }
    match args.common.format {
        StoreFormat::Json => print_json(&json!(entries))?,
        StoreFormat::Text if rows.len() > 1 => print(&table(&rows))?,
        StoreFormat::Text => {}
    }
    Ok(if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}
