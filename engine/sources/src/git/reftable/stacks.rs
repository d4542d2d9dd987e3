//! All stacks of a repository: the one that worktrees share, which is the main worktree's as well, and one for each
//! linked worktree.
//!
//! INVARIANT: names are git's own as seen from the worktree that was opened: `HEAD` is its own, `main-worktree/HEAD` and
//! `worktrees/x/HEAD` are those of the others.

use std::collections::BTreeMap;
use std::path::Path;

use bstr::{BStr, ByteSlice};
use gix::ObjectId;
use gix::hash::Kind;
use leakward_core::Skipped;

use super::stack::Stack;
use super::table::{Allowance, Value};
use crate::git::Head;
use crate::git::refs::{MAX_SYMBOLIC, folders_in};

/// The refs of a repository that stores them as reftable.
#[derive(Debug)]
pub(crate) struct Reftables {
    names: BTreeMap<String, Option<ObjectId>>,
    stash: Vec<ObjectId>,
    head: Head,
    skipped: Vec<Skipped>,
}

/// The stack of a worktree, and what git calls its refs.
struct Worktree {
    prefix: String,
    stack: Stack,
}

impl Reftables {
    /// Reads those in the git folder `common`, as the worktree whose git folder is `private` sees them. Both are without
    /// symbolic links.
    pub(crate) fn read(common: &Path, private: &Path, hash: Kind) -> Self {
        let mut allowance = Allowance::default();
        let shared = Stack::read(
            &common.join("reftable"),
            "reftable",
            common,
            hash,
            &mut allowance,
        );
        let mut tables = Self {
            names: BTreeMap::new(),
            stash: shared.stash().collect(),
            head: Head::Unknown,
            skipped: shared.skipped.clone(),
        };
        let main_prefix = if private == common {
            ""
        } else {
            "main-worktree/"
        };
        tables.add(&shared, &shared, main_prefix);
        for (folder, name) in folders_in(&common.join("worktrees")) {
            let path = format!("worktrees/{name}/");
            let worktree = Worktree {
                stack: Stack::read(
                    &folder.join("reftable"),
                    &format!("{path}reftable"),
                    common,
                    hash,
                    &mut allowance,
                ),
                prefix: if folder == private {
                    String::new()
                } else {
                    path
                },
            };
            tables.add(&worktree.stack, &shared, &worktree.prefix);
            tables.skipped.extend(worktree.stack.skipped);
        }
        tables
    }

    /// Every ref by its name, with the object it leads to; nothing when it leads to a name that there is not.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, Option<ObjectId>)> {
        self.names
            .iter()
            .map(|(name, target)| (name.as_str(), *target))
    }

    /// The entries of the stash, newest first.
    pub(crate) fn stash(&self) -> &[ObjectId] {
        &self.stash
    }

    /// What `HEAD` of the opened worktree is.
    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// Tables that are there and could not be read, or not to their end.
    pub(crate) fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// The revision with the name at its start replaced by the id of its object; nothing when it begins with none that
    /// is known here.
    pub(crate) fn expanded(&self, revision: &str) -> Option<String> {
        let end = revision.find(['^', '~', ':']).unwrap_or(revision.len());
        let (name, rest) = revision.split_at_checked(end)?;
        let is_id =
            name.len() >= Kind::Sha1.len_in_hex() && ObjectId::from_hex(name.as_bytes()).is_ok();
        let target = self.find(name).filter(|_| !is_id)?;
        Some(format!("{target}{rest}"))
    }

    /// The object that a name leads to, in the order in which git tries what it could be short for.
    fn find(&self, name: &str) -> Option<ObjectId> {
        let name = if name == "@" { "HEAD" } else { name };
        [
            name.to_owned(),
            format!("refs/{name}"),
            format!("refs/tags/{name}"),
            format!("refs/heads/{name}"),
            format!("refs/remotes/{name}"),
            format!("refs/remotes/{name}/HEAD"),
        ]
        .iter()
        .find_map(|full| self.names.get(full).copied().flatten())
    }

    /// Adds the refs of one stack; those of a worktree alone get its prefix.
    fn add(&mut self, own: &Stack, shared: &Stack, prefix: &str) {
        let is_shared_stack = std::ptr::eq(own, shared);
        for name in own.refs.keys() {
            let of_worktree = is_of_worktree(name.as_bstr());
            // Git asks a worktree's stack for nothing else.
            if !of_worktree && !is_shared_stack {
                continue;
            }
            let prefix = if of_worktree { prefix } else { "" };
            let target = resolve(own, shared, name.as_bstr());
            if name == "HEAD" && prefix.is_empty() {
                self.head = head(own, target);
            }
            self.names.insert(format!("{prefix}{name}"), target);
        }
    }
}

/// Whether each worktree has a ref of this name for itself.
fn is_of_worktree(name: &BStr) -> bool {
    !name.starts_with(b"refs/")
        || [&b"refs/bisect/"[..], b"refs/worktree/", b"refs/rewritten/"]
            .iter()
            .any(|start| name.starts_with(start))
}

/// The object that a name leads to in a worktree, over names that it is another word for.
fn resolve(own: &Stack, shared: &Stack, name: &BStr) -> Option<ObjectId> {
    let mut name = name;
    for _ in 0..MAX_SYMBOLIC {
        let stack = if is_of_worktree(name) { own } else { shared };
        match stack.refs.get(name)? {
            Value::Object(target) => return Some(*target),
            Value::Symbolic(next) => name = next.as_bstr(),
            Value::Deleted => return None,
        }
    }
    None
}

/// What `HEAD` of a stack is, given where it leads.
fn head(own: &Stack, target: Option<ObjectId>) -> Head {
    match (target, own.refs.get(BStr::new("HEAD"))) {
        (Some(target), _) => Head::Commit(target),
        (None, Some(Value::Symbolic(branch))) => Head::Unborn(branch.to_string()),
        _ => Head::Unknown,
    }
}
