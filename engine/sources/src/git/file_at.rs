//! A single file of a revision: a configuration or a baseline that is to be taken from another ref than the one that
//! is scanned, so that a change cannot switch off the scan of itself.

use gix::ObjectId;
use gix::objs::Kind;

use super::Repository;
use super::lookup::Lookup;
use super::selection::ScopeError;
use super::selection::revision;
use super::trees::{self, EntryKind};

/// Why a file of a revision cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileAtError {
    /// There is no such revision.
    #[error(transparent)]
    Revision(#[from] ScopeError),
    /// An object on the way is missing or damaged.
    #[error("{path} at {revision}: {reason}")]
    Unreadable {
        /// The path.
        path: String,
        /// The revision.
        revision: String,
        /// What is wrong.
        reason: String,
    },
}

impl Repository {
    /// The content of the file at `path` (with `/` between folders) in the tree of `revision`; nothing when there is no
    /// file. A symbolic link or a submodule there is no file.
    ///
    /// # Errors
    /// When the revision does not exist, or an object on the way cannot be read.
    pub fn file_at(&self, revision: &str, path: &str) -> Result<Option<Vec<u8>>, FileAtError> {
        let start = self::revision(self, revision)?;
        let lookup = Lookup::new(self);
        self.find(&lookup, start, path)
            .map_err(|reason| FileAtError::Unreadable {
                path: path.to_owned(),
                revision: revision.to_owned(),
                reason,
            })
    }

    fn find(
        &self,
        lookup: &Lookup,
        start: ObjectId,
        path: &str,
    ) -> Result<Option<Vec<u8>>, String> {
        let handle = self.gix();
        let commit = handle
            .find_object(start)
            .map_err(|error| error.to_string())?;
        let mut at = commit.peel_to_tree().map_err(|error| error.to_string())?.id;
        let mut kind = EntryKind::Tree;
        let mut is_link = false;
        let mut buffer = Vec::new();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            if kind != EntryKind::Tree {
                return Ok(None);
            }
            let data = lookup
                .of_kind(Kind::Tree, &at, &mut buffer)
                .map_err(|absent| absent.told("tree", &at).reason)?;
            let mut found = None;
            trees::for_each(data, lookup.hash(), |entry| {
                if entry.name == name {
                    found = Some((entry.id.to_owned(), entry.kind, entry.is_link));
                }
            })
            .map_err(|absent| absent.told("tree", &at).reason)?;
            let Some(entry) = found else { return Ok(None) };
            (at, kind, is_link) = entry;
        }
        if kind != EntryKind::Blob || is_link {
            return Ok(None);
        }
        let bytes = lookup
            .blob(&at, &mut buffer)
            .map_err(|absent| absent.told("blob", &at).reason)?;
        Ok(Some(bytes.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use crate::git::testbed::Testbed;

    #[test]
    fn a_file_is_read_as_it_was_at_a_revision() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.commit(&[("d/policy", "old"), ("a", "1")], "first");
        bench.git(&["tag", "-a", "v1", "-m", "x"]);
        bench.commit(&[("d/policy", "new")], "second");
        bench.write("d/policy", "not committed");
        let repository = bench.open();
        let read = |revision, path| {
            repository
                .file_at(revision, path)
                .unwrap()
                .map(|bytes| String::from_utf8(bytes).unwrap())
        };
        assert_eq!(read("v1", "d/policy").as_deref(), Some("old"));
        assert_eq!(read("HEAD", "d/policy").as_deref(), Some("new"));
        assert_eq!(read("HEAD~1", "/d//policy").as_deref(), Some("old"));
        for path in ["d", "d/policy/x", "nowhere", "a/b", ""] {
            assert_eq!(read("HEAD", path), None, "{path}");
        }
        assert!(
            repository
                .file_at("nowhere", "a")
                .unwrap_err()
                .to_string()
                .contains("nowhere")
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_no_file_and_nothing_outside_of_the_repository_is_read() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        std::os::unix::fs::symlink("/etc/passwd", bench.root().join("link")).unwrap();
        bench.commit(&[], "first");
        assert_eq!(bench.open().file_at("HEAD", "link").unwrap(), None);
    }
}
