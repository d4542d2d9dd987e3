//! Files of HEAD by their names, for whoever wants to see some of them beside each other: history is looked at without paths.
//!
//! Not for telling what cannot be read: whoever looks at history does.

use std::collections::HashSet;
use std::ops::ControlFlow;

use gix::ObjectId;
use gix::objs::Kind;

use super::Repository;
use super::lookup::Lookup;
use super::trees::{self, EntryKind};

/// A file of HEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadFile<'a> {
    /// Its path, with `/` between folders.
    pub path: &'a str,
    /// Its content's id.
    pub id: ObjectId,
    /// Its content.
    pub bytes: &'a [u8],
}

impl Repository {
    /// Hands out the files of HEAD's tree whose name is wanted and that have at most so many bytes, until it is told that no more are
    /// wanted. Of a folder that is there twice with the same content, one; what cannot be read or lies too deep is left out.
    pub fn files_at_head(
        &self,
        wants: &dyn Fn(&[u8]) -> bool,
        most_bytes: u64,
        take: &mut dyn FnMut(HeadFile<'_>) -> ControlFlow<()>,
    ) {
        let handle = self.gix();
        let Ok(root) = handle.head_tree_id() else {
            return;
        };
        let lookup = Lookup::new(self);
        let (mut of_tree, mut of_blob) = (Vec::new(), Vec::new());
        let mut left = vec![(String::new(), root.detach(), 0)];
        // A few trees that hold each other many times over make more folders than anybody could go through.
        let mut seen: HashSet<ObjectId> = HashSet::new();
        while let Some((folder, id, depth)) = left.pop() {
            if depth > self.limits().max_tree_depth || !seen.insert(id) {
                continue;
            }
            let Ok(tree) = lookup.of_kind(Kind::Tree, &id, &mut of_tree) else {
                continue;
            };
            let path = |name: &[u8]| {
                let name = String::from_utf8_lossy(name);
                match folder.as_str() {
                    "" => name.into_owned(),
                    folder => format!("{folder}/{name}"),
                }
            };
            let mut is_enough = false;
            // A damaged tree is read as far as it goes.
            let _damaged = trees::for_each(tree, lookup.hash(), |entry| {
                let id = entry.id.to_owned();
                if entry.kind == EntryKind::Tree {
                    left.push((path(entry.name), id, depth + 1));
                } else if !is_enough
                    && entry.kind == EntryKind::Blob
                    && !entry.is_link
                    && wants(entry.name)
                    && lookup.size(&id).is_some_and(|size| size <= most_bytes)
                    && let Ok(bytes) = lookup.blob(&id, &mut of_blob)
                {
                    let path = &path(entry.name);
                    is_enough = take(HeadFile { path, id, bytes }).is_break();
                }
            });
            if is_enough {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testbed::Testbed;

    fn found(repository: &Repository, most: usize) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        let wants = |name: &[u8]| name.ends_with(b".env");
        repository.files_at_head(&wants, 100, &mut |file| {
            found.push((file.path.to_owned(), file.bytes.to_vec()));
            if found.len() == most {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        found.sort();
        found
    }

    #[test]
    fn files_of_head_are_found_by_their_names() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        assert!(found(&bench.open(), 9).is_empty(), "there is no commit");
        bench.commit(&[("gone.env", "old")], "first");
        bench.git(&["rm", "-q", "gone.env"]);
        let large = "x".repeat(101);
        let files = [
            ("a/b/.env", "1"),
            (".env", "2"),
            ("a/env", "3"),
            ("a/x.env", large.as_str()),
        ];
        bench.commit(&files, "second");
        bench.write("new.env", "not committed");
        let expected = [(".env", "2"), ("a/b/.env", "1")];
        let expected = expected.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
        assert_eq!(found(&bench.open(), 9), expected);
        assert_eq!(found(&bench.open(), 1).len(), 1, "enough");
    }
}
