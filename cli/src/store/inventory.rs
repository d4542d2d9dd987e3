//! `leakward store inventory`: what the stores hold, how old it is, who owns it, and what of it leaked.
//!
//! A report holds fingerprints, not credentials, and each is made with the id of its rule. So what a store holds is
//! fingerprinted with the rules of the report while it is read, and compared; nothing of it is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use leakward_core::time::{parse_rfc3339, rfc3339};
use leakward_core::{FingerprintKey, RuleId, Secret};
use leakward_scan::config::Config;
use leakward_stores::{Metadata, Opened, Store, consumers, owner, walk};
use serde_json::{Value, json};

use super::args::{InventoryArgs, StoreFormat};
use super::connect::Connections;
use super::table::table;
use super::{print, print_json};
use crate::messages::Messages;

const DAY: u64 = 86_400;

/// What a report found: for each rule the fingerprints, and what each finding is called.
struct Leaks {
    key: FingerprintKey,
    by_rule: BTreeMap<String, BTreeMap<String, String>>,
}

/// A leaked value in a store.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Leak {
    is_current: bool,
    field: String,
    version: String,
    finding: String,
    title: String,
}

/// One line of the inventory.
struct Line {
    store: String,
    path: String,
    metadata: Metadata,
    leaks: BTreeSet<Leak>,
    error: Option<String>,
}

impl Leaks {
    fn read(file: &Path, config: &Config) -> anyhow::Result<Self> {
        let name = file.display().to_string();
        let text = fs::read_to_string(file).with_context(|| name.clone())?;
        let documents: Vec<Value> = match serde_json::from_str::<Value>(&text) {
            Ok(document) => vec![document],
            Err(_) => text
                .lines()
                .filter(|line| !line.trim().is_empty())
                .map(serde_json::from_str)
                .collect::<Result<_, _>>()
                .ok()
                .with_context(|| format!("{name} is no report in json or jsonl"))?,
        };
        let mut by_rule: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let mut is_report = false;
        for document in &documents {
            is_report |= document.get("findings").is_some() || document.get("summary").is_some();
            let listed = document.get("findings").and_then(Value::as_array);
            let findings = listed.into_iter().flatten().chain([document]);
            for finding in findings {
                let text = |key: &str| finding.get(key).and_then(Value::as_str);
                if let (Some(rule), Some(fingerprint)) = (text("rule"), text("fingerprint")) {
                    is_report = true;
                    let title = text("title").unwrap_or(rule).to_owned();
                    by_rule
                        .entry(rule.to_owned())
                        .or_default()
                        .insert(fingerprint.to_owned(), title);
                }
            }
        }
        if !is_report {
            bail!("{name} is no report of `leakward scan`");
        }
        let key = match &config.fingerprint.key_env {
            None => FingerprintKey::default(),
            Some(variable) => {
                let key = std::env::var(variable)
                    .ok()
                    .filter(|key| !key.is_empty())
                    .with_context(|| {
                        format!("fingerprint.key-env: the variable {variable} is not set")
                    })?;
                FingerprintKey::new(Secret::new(key.as_bytes()))
            }
        };
        Ok(Self { key, by_rule })
    }

    /// The findings that are this value.
    fn of<'l>(&'l self, value: &'l Secret) -> impl Iterator<Item = (String, String)> + 'l {
        self.by_rule.iter().filter_map(move |(rule, findings)| {
            let made = self.key.fingerprint(&RuleId::from(rule.as_str()), value);
            let made = made.to_string();
            findings
                .get(&made)
                .map(|title| (made.clone(), title.clone()))
        })
    }
}

/// Lists what there is.
pub(super) fn inventory(args: &InventoryArgs, messages: Messages) -> anyhow::Result<ExitCode> {
    let connections = Connections::new(&args.common)?;
    let leaks = args
        .report
        .as_ref()
        .map(|file| Leaks::read(file, connections.config()))
        .transpose()?;
    let now = connections.now();
    let mut is_complete = true;
    let mut lines = Vec::new();
    for named in connections.all(&args.stores)? {
        let Opened::Store(store) = &named.opened else {
            continue;
        };
        let found = match &leaks {
            Some(leaks) => leaked_lines(&named.name, &**store, leaks, args.versions.get()),
            None => plain_lines(&named.name, &**store),
        };
        match found {
            Ok(found) => lines.extend(found),
            Err(error) => {
                is_complete = false;
                messages.error(&error.to_string());
            }
        }
    }
    for line in &lines {
        if let Some(error) = &line.error {
            is_complete = false;
            messages.warning(&format!("{} was not read: {error}", line.path));
        }
    }
    lines.retain(|line| {
        let is_old = args
            .older_than
            .is_none_or(|days| age(line, now).is_none_or(|age| age / DAY >= days));
        is_old && (!args.leaked || !line.leaks.is_empty())
    });
    match args.common.format {
        StoreFormat::Json => print_json(&as_json(&lines, is_complete, now))?,
        StoreFormat::Text => print(&as_table(&lines, now))?,
    }
    let has_leaks = lines.iter().any(|line| !line.leaks.is_empty());
    Ok(match (is_complete, has_leaks) {
        (false, _) => ExitCode::from(2),
        (true, true) => ExitCode::FAILURE,
        (true, false) => ExitCode::SUCCESS,
    })
}

/// Without a look at values.
fn plain_lines(name: &str, store: &dyn Store) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for path in store.list("")? {
        let (metadata, error) = match store.metadata(&path) {
            Ok(metadata) => (metadata, None),
            Err(error) => (Metadata::default(), Some(error.to_string())),
        };
        lines.push(Line {
            store: name.to_owned(),
            path,
            metadata,
            leaks: BTreeSet::new(),
            error,
        });
    }
    Ok(lines)
}

/// With a look at every value.
fn leaked_lines(
    name: &str,
    store: &dyn Store,
    leaks: &Leaks,
    versions: usize,
) -> anyhow::Result<Vec<Line>> {
    let mut found: BTreeMap<String, BTreeSet<Leak>> = BTreeMap::new();
    let walked = walk(store, versions, &mut |seen| {
        for (finding, title) in leaks.of(seen.value) {
            found.entry(seen.path.to_owned()).or_default().insert(Leak {
                is_current: seen.is_current,
                field: seen.field.to_owned(),
                version: seen.version.0.clone(),
                finding,
                title,
            });
        }
    })?;
    let read = walked.entries.into_iter().map(|(path, metadata)| Line {
        store: name.to_owned(),
        leaks: found.remove(&path).unwrap_or_default(),
        path,
        metadata,
        error: None,
    });
    let mut lines: Vec<Line> = read.collect();
    lines.extend(walked.unread.into_iter().map(|(path, error)| Line {
        store: name.to_owned(),
        path,
        metadata: Metadata::default(),
        leaks: BTreeSet::new(),
        error: Some(error.to_string()),
    }));
    Ok(lines)
}

/// Seconds since the entry was changed.
fn age(line: &Line, now: u64) -> Option<u64> {
    let changed = parse_rfc3339(line.metadata.changed_at.as_deref()?)?;
    Some(now.saturating_sub(changed))
}

fn as_table(lines: &[Line], now: u64) -> String {
    let head = ["STORE", "PATH", "VERSION", "DAYS", "OWNER", "LEAKED"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(|line| {
        let leaked: Vec<String> = line
            .leaks
            .iter()
            .rev()
            .map(|leak| {
                let state = if leak.is_current {
                    ""
                } else {
                    ", replaced since"
                };
                format!("{} ({}{state})", leak.title, leak.finding)
            })
            .collect();
        vec![
            line.store.clone(),
            line.path.clone(),
            version_of(line),
            age(line, now).map_or_else(|| "?".to_owned(), |age| (age / DAY).to_string()),
            owner(&line.metadata.tags).unwrap_or_else(|| "-".to_owned()),
            leaked.join("; "),
        ]
    }));
    table(&rows)
}

fn version_of(line: &Line) -> String {
    let version = line.metadata.current.as_ref();
    version.map_or_else(|| "?".to_owned(), |version| version.0.clone())
}

fn as_json(lines: &[Line], is_complete: bool, now: u64) -> Value {
    let entries: Vec<Value> = lines
        .iter()
        .map(|line| {
            let leaks: Vec<Value> = line
                .leaks
                .iter()
                .map(|leak| {
                    json!({
                        "fingerprint": leak.finding, "title": leak.title, "field": leak.field, "version": leak.version,
                        "current": leak.is_current,
                    })
                })
                .collect();
            json!({
                "store": line.store,
                "path": line.path,
                "version": line.metadata.current.as_ref().map(|version| version.0.clone()),
                "last_rotated": line.metadata.changed_at,
                "age_days": age(line, now).map(|age| age / DAY),
                "owner": owner(&line.metadata.tags),
                "consumers": consumers(&line.metadata.tags),
                "tags": line.metadata.tags,
                "leaks": leaks,
                "error": line.error,
            })
        })
        .collect();
    json!({"made_at": rfc3339(now), "complete": is_complete, "entries": entries})
}
