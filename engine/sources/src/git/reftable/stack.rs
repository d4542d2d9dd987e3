//! A stack of tables: the files that `tables.list` names, oldest first.
//!
//! Nothing outside of the git folder is read: a name in the list that is more than a file name is refused, and no link is
//! followed. Git may join tables while they are read; then the list is read again.

use std::collections::BTreeMap;
use std::path::Path;

use bstr::BString;
use gix::ObjectId;
use gix::hash::Kind;
use leakward_core::{Skipped, SkippedKind};

use super::fault::TableFault;
use super::table::{Allowance, Table, Value};
use crate::tree::{Contents, ReadError};

/// Largest list of tables. Each line is some forty bytes.
const MAX_LIST_BYTES: u64 = 1 << 20;

/// LIMIT: git joins tables so that there are some dozen.
const MAX_TABLES: usize = 1_000;

/// Largest table: a ref takes some fifty bytes.
const MAX_TABLE_BYTES: u64 = 1 << 30;

/// How often a list is read that changes while its tables are.
const MAX_ATTEMPTS: usize = 5;

/// What a stack of tables says.
#[derive(Debug, Default)]
pub(super) struct Stack {
    /// Names and where they lead: never [`Value::Deleted`].
    pub(super) refs: BTreeMap<BString, Value>,
    stash: BTreeMap<u64, Option<ObjectId>>,
    /// What of it could not be read.
    pub(super) skipped: Vec<Skipped>,
}

/// Whether the stack stood still while it was read.
#[derive(PartialEq, Eq)]
enum Found {
    All,
    NotAll,
}

impl Stack {
    /// Reads the stack in `folder`, which is called `name` and must lie in the git folder `common`.
    pub(super) fn read(
        folder: &Path,
        name: &str,
        common: &Path,
        hash: Kind,
        allowance: &mut Allowance,
    ) -> Self {
        let mut stack = Self::default();
        match std::fs::canonicalize(folder) {
            Ok(real) if real.starts_with(common) => {}
            Ok(_) => {
                stack.unreadable(name, "it leads out of the git folder");
                return stack;
            }
            Err(error) => {
                stack.unreadable(name, &error.to_string());
                return stack;
            }
        }
        for _ in 0..MAX_ATTEMPTS {
            stack = Self::default();
            if stack.attempt(folder, name, hash, allowance) == Found::All {
                break;
            }
        }
        stack
    }

    /// The entries of the stash, newest first, as far as the log knows them.
    pub(super) fn stash(&self) -> impl Iterator<Item = ObjectId> {
        self.stash
            .values()
            .flatten()
            .filter(|target| !target.is_null())
            .copied()
    }

    fn attempt(
        &mut self,
        folder: &Path,
        name: &str,
        hash: Kind,
        allowance: &mut Allowance,
    ) -> Found {
        let mut list = Contents::default();
        let list = match list.read(&folder.join("tables.list"), MAX_LIST_BYTES) {
            Ok(list) => list,
            Err(error) => {
                self.unreadable(&format!("{name}/tables.list"), &error.to_string());
                return Found::All;
            }
        };
        let mut contents = Contents::default();
        let mut found = Found::All;
        let tables = list.split(|&byte| byte == b'\n');
        for (number, table) in tables.filter(|table| !table.is_empty()).enumerate() {
            let table = String::from_utf8_lossy(table);
            let what = format!("{name}/{table}");
            if number >= MAX_TABLES {
                self.tell(SkippedKind::Limit, &what, "there are too many tables");
                break;
            }
            if !is_file_name(&table) {
                let what = format!("{name}/tables.list");
                self.unreadable(&what, "it names something that is not in its folder");
                continue;
            }
            match contents.read(&folder.join(&*table), MAX_TABLE_BYTES) {
                Ok(bytes) => self.add(Table::read(bytes, hash, allowance), &what),
                Err(error) => {
                    if is_gone(&error) {
                        found = Found::NotAll;
                    }
                    self.unreadable(&what, &error.to_string());
                }
            }
        }
        found
    }

    /// Takes over what a later table says.
    fn add(&mut self, table: Table, what: &str) {
        for (name, value) in table.refs {
            match value {
                Value::Deleted => {
                    self.refs.remove(&name);
                }
                value => {
                    self.refs.insert(name, value);
                }
            }
        }
        self.stash.extend(table.stash);
        match table.fault {
            None => {}
            Some(fault @ TableFault::TooLarge) => {
                self.tell(SkippedKind::Limit, what, &fault.to_string());
            }
            Some(fault) => self.tell(SkippedKind::Corrupt, what, &fault.to_string()),
        }
    }

    fn unreadable(&mut self, what: &str, reason: &str) {
        self.tell(SkippedKind::Unreadable, what, reason);
    }

    fn tell(&mut self, kind: SkippedKind, what: &str, reason: &str) {
        self.skipped.push(Skipped {
            kind,
            what: what.to_owned(),
            reason: reason.to_owned(),
        });
    }
}

/// Whether it names a file of the folder itself.
fn is_file_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!(
        (parts.next(), parts.next()),
        (Some(std::path::Component::Normal(part)), None) if part == name
    )
}

fn is_gone(error: &ReadError) -> bool {
    matches!(error, ReadError::Io(error) if error.kind() == std::io::ErrorKind::NotFound)
}
