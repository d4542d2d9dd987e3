//! `leakward store list`, `get` and `put`.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use leakward_core::Secret;
use leakward_stores::{Entry, Fields, Opened, Select, Store, StoreError, Version};
use serde_json::json;

use super::args::{GetArgs, ListArgs, PutArgs, StoreFormat};
use super::connect::Connections;
use super::difference::difference;
use super::table::table;
use super::{print, print_json};
use crate::messages::Messages;

/// LIMIT: bytes of a value on standard input.
const LARGEST_VALUE: u64 = 1 << 20;

/// Lists paths.
pub(super) fn list(args: &ListArgs, messages: Messages) -> anyhow::Result<ExitCode> {
    let connections = Connections::new(&args.common)?;
    match connections.open(&args.store)? {
        Opened::Store(store) => {
            let paths = store.list(&args.prefix)?;
            messages.info(&format!("{}: {} entries", store.describe(), paths.len()));
            match args.common.format {
                StoreFormat::Json => print_json(&json!(paths))?,
                StoreFormat::Text => print(&lines(paths.iter().map(String::as_str)))?,
            }
        }
        Opened::Consumer(consumer) => {
            let slots = consumer.slots()?;
            let slots = slots
                .iter()
                .filter(|slot| slot.name.starts_with(&args.prefix));
            match args.common.format {
                StoreFormat::Json => {
                    let entries: Vec<_> = slots
                        .map(|slot| json!({"name": slot.name, "changed_at": slot.changed_at}))
                        .collect();
                    print_json(&json!(entries))?;
                }
                StoreFormat::Text => print(&lines(slots.map(|slot| slot.name.as_str())))?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn lines<'l>(lines: impl Iterator<Item = &'l str>) -> String {
    lines.map(|line| format!("{line}\n")).collect()
}

/// Reads an entry.
pub(super) fn get(args: &GetArgs, messages: Messages) -> anyhow::Result<ExitCode> {
    let connections = Connections::new(&args.common)?;
    let store = connections.store(&args.store)?;
    let select = match args.version.as_deref() {
        None | Some("current") => Select::Current,
        Some("previous") => Select::Previous,
        Some(version) => Select::Exactly(Version(version.to_owned())),
    };
    let mut entry = store.read(&args.path, &select)?;
    if let Some(field) = &args.field {
        let Some(value) = entry.fields.remove(field) else {
            let known: Vec<&str> = entry.fields.keys().map(String::as_str).collect();
            bail!(
                "{}: {}: there is no field {field:?}; there are {}",
                store.describe(),
                args.path,
                known.join(", ")
            );
        };
        if args.reveal && args.common.format == StoreFormat::Text {
            return reveal(&value);
        }
        entry.fields = Fields::from([(field.clone(), value)]);
    }
    messages.info(&format!(
        "{}: version {}",
        store.describe(),
        entry.version.0
    ));
    match args.common.format {
        StoreFormat::Json => print_json(&as_json(args, &*store, &entry)?)?,
        StoreFormat::Text => print(&as_table(args, &entry))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A value and nothing else, for a pipe.
#[expect(clippy::disallowed_methods, reason = "the user said --reveal")]
fn reveal(value: &Secret) -> anyhow::Result<ExitCode> {
    use std::io::Write as _;
    let mut out = io::stdout().lock();
    out.write_all(value.expose()).context("standard output")?;
    if out.is_terminal() {
        out.write_all(b"\n").context("standard output")?;
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::disallowed_methods, reason = "the user said --reveal")]
fn shown(args: &GetArgs, value: &Secret) -> String {
    if args.reveal {
        String::from_utf8_lossy(value.expose()).into_owned()
    } else {
        value.masked()
    }
}

fn as_table(args: &GetArgs, entry: &Entry) -> String {
    let mut rows = vec![["FIELD", "VALUE"].map(str::to_owned).to_vec()];
    rows.extend(entry.fields.iter().map(|(name, value)| {
        let name = if name.is_empty() { "(value)" } else { name };
        vec![name.to_owned(), shown(args, value)]
    }));
    table(&rows)
}

fn as_json(args: &GetArgs, store: &dyn Store, entry: &Entry) -> anyhow::Result<serde_json::Value> {
    let metadata = match store.metadata(&args.path) {
        Ok(metadata) => metadata,
        // Whoever may read values and not metadata gets the values.
        Err(StoreError::Denied { .. }) => leakward_stores::Metadata::default(),
        Err(error) => return Err(error.into()),
    };
    let fields: serde_json::Map<_, _> = entry
        .fields
        .iter()
        .map(|(name, value)| (name.clone(), json!(shown(args, value))))
        .collect();
    let key = if args.reveal { "fields" } else { "masked" };
    Ok(json!({
        "store": store.describe(),
        "path": args.path,
        "version": entry.version.0,
        "current_version": metadata.current.map(|version| version.0),
        "last_rotated": metadata.changed_at,
        "tags": metadata.tags,
        key: fields,
    }))
}

/// Writes one field of an entry, or gives a consumer its copy.
pub(super) fn put(args: &PutArgs, messages: Messages) -> anyhow::Result<ExitCode> {
    let connections = Connections::new(&args.common)?;
    let opened = connections.open(&args.store)?;
    let value = match args.generate {
        Some(length) => leakward_stores::random_text(length.get()),
        None => read_value()?,
    };
    match opened {
        Opened::Store(store) => put_field(args, &*store, value)?,
        Opened::Consumer(consumer) => {
            if !args.field.is_empty() || args.if_version.is_some() {
                bail!("{} has neither fields nor versions", consumer.describe());
            }
            let file = WatchedFile::new(consumer.encrypted_file());
            consumer.deliver(&args.path, &value)?;
            match args.common.format {
                StoreFormat::Json => {
                    print_json(&json!({"store": consumer.describe(), "path": args.path}))?;
                }
                StoreFormat::Text => print(&format!("{}: delivered\n", args.path))?,
            }
            file.show(args)?;
        }
    }
    messages.info("written");
    Ok(ExitCode::SUCCESS)
}

fn put_field(args: &PutArgs, store: &dyn Store, value: Secret) -> anyhow::Result<()> {
    let before = match store.read(&args.path, &Select::Current) {
        Ok(entry) => Some(entry),
        Err(StoreError::Absent { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let expected = match args.if_version.as_deref() {
        Some("none") => None,
        Some(version) => Some(Version(version.to_owned())),
        None => before.as_ref().map(|entry| entry.version.clone()),
    };
    let mut fields = before.map(|entry| entry.fields).unwrap_or_default();
    let is_one_value = fields.contains_key("");
    if args.field.is_empty() && !fields.is_empty() && !is_one_value {
        let known: Vec<&str> = fields.keys().map(String::as_str).collect();
        bail!(
            "{} has fields; say which one with --field: {}",
            args.path,
            known.join(", ")
        );
    }
    if !args.field.is_empty() && is_one_value {
        bail!("{} is one value and has no fields", args.path);
    }
    fields.insert(args.field.clone(), value);
    let file = WatchedFile::new(store.encrypted_file(&args.path));
    let version = store.put(&args.path, &fields, expected.as_ref())?;
    match args.common.format {
        StoreFormat::Json => print_json(&json!({
            "store": store.describe(), "path": args.path, "version": version.0,
            "replaced": expected.map(|version| version.0),
        }))?,
        StoreFormat::Text => print(&format!("{}: version {}\n", args.path, version.0))?,
    }
    file.show(args)
}

/// A file in a checkout, of which the difference is shown.
struct WatchedFile(Option<(PathBuf, String)>);

impl WatchedFile {
    fn new(file: Option<PathBuf>) -> Self {
        // A file that is not there yet was empty.
        Self(file.map(|file| {
            let text = fs::read_to_string(&file).unwrap_or_default();
            (file, text)
        }))
    }

    fn show(self, args: &PutArgs) -> anyhow::Result<()> {
        let Some((file, before)) = self.0.filter(|_| args.common.format == StoreFormat::Text)
        else {
            return Ok(());
        };
        let name = file.display().to_string();
        let after = fs::read_to_string(&file).with_context(|| name.clone())?;
        print(&difference(&name, &before, &after))
    }
}

/// The value on standard input, without the newline at its end.
fn read_value() -> anyhow::Result<Secret> {
    let input = io::stdin();
    if input.is_terminal() {
        bail!(
            "the value is read from standard input: pipe it in, so that it is in no history of commands"
        );
    }
    let mut bytes = Vec::new();
    input
        .lock()
        .take(LARGEST_VALUE + 1)
        .read_to_end(&mut bytes)
        .context("standard input")?;
    if bytes.len() as u64 > LARGEST_VALUE {
        bail!("the value on standard input is larger than 1 MiB");
    }
    let value = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let value = value.strip_suffix(b"\r").unwrap_or(value);
    if value.is_empty() {
        bail!("there is no value on standard input");
    }
    Ok(Secret::new(value))
}
