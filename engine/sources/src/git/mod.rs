//! Git repositories: what they hold, and how every piece of it is reached.
//!
//! [`Repository`] opens one without letting it influence anything: its configuration, hooks, attributes and
//! filters have no effect, and no program is run. On top of it stand the walk over all objects, the selection of
//! some of them, the index, the refs and the way from a blob back to its commits.

mod alternates;
mod belonging;
mod cached_trees;
pub mod clone;
mod commit_table;
mod commits;
mod error;
mod fan;
mod file_at;
pub(crate) mod fuzzing;
mod head_files;
mod index;
mod index_check;
mod lookup;
mod loose;
mod names;
mod objects;
pub mod pack;
mod plain_index;
mod prefetch;
mod provenance;
mod refs;
mod reftable;
mod repository;
mod selection;
mod staged;
#[cfg(test)]
mod testbed;
mod tree_index;
mod trees;
mod worktree;

pub use error::GitError;
pub use file_at::FileAtError;
pub use gix::{ObjectId, oid};
pub use head_files::HeadFile;
pub(crate) use index::Index;
pub use objects::{Covered, Known, NothingKnown, ObjectKinds, StoreSize};
pub use provenance::{Authorship, Chronicle, News, Place, Provenance, Question, Traced};
pub use refs::{Ref, Refs};
pub use repository::{Discovery, Head, OpenOptions, RefStorage, Repository};
pub use selection::{Arriving, Scope, ScopeError, Selection, resolve};
pub use staged::{Staged, StagedFile};
pub use tree_index::HistoryIndex;
pub use worktree::{HistoryScan, Unchanged, Worktree, WorktreeScan};
