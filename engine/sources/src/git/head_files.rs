//! Files of HEAD by their names, for whoever wants to see some of them beside each other: history is looked at without paths.

use std::collections::HashSet;

use gix::ObjectId;
use gix::objs::Kind;

use super::Repository;
use super::lookup::Lookup;
use super::trees::{self, EntryKind};

/// A file of HEAD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadFile {
    /// Its path, with `/` between folders.
    pub path: String,
    /// Its content's id.
    pub id: ObjectId,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Repository {
    /// The files of HEAD's tree whose name is wanted and that have at most so many bytes; of a folder that is there twice with the same
    /// content, one. What cannot be read is left out: whoever looks at history tells of it.
    pub fn files_at_head(&self, wants: &dyn Fn(&[u8]) -> bool, most_bytes: u64) -> Vec<HeadFile> {
        let handle = self.gix();
        let Ok(root) = handle.head_tree_id() else {
            return Vec::new();
        };
        let lookup = Lookup::new(self);
        let mut buffer = Vec::new();
        let mut wanted: Vec<(String, ObjectId)> = Vec::new();
        let mut left = vec![(String::new(), root.detach())];
        // A few trees that hold each other many times over make more folders than anybody could go through.
        let mut seen: HashSet<ObjectId> = HashSet::new();
        while let Some((folder, id)) = left.pop() {
            if !seen.insert(id) {
                continue;
            }
            let Ok(tree) = lookup.of_kind(Kind::Tree, &id, &mut buffer) else {
                continue;
            };
            let path = |name: &[u8]| {
                let name = String::from_utf8_lossy(name);
                match folder.as_str() {
                    "" => name.into_owned(),
                    folder => format!("{folder}/{name}"),
                }
            };
            // A damaged tree is read as far as it goes.
            let _damaged = trees::for_each(tree, lookup.hash(), |entry| match entry.kind {
                EntryKind::Tree => left.push((path(entry.name), entry.id.to_owned())),
                EntryKind::Blob if !entry.is_link && wants(entry.name) => {
                    wanted.push((path(entry.name), entry.id.to_owned()));
                }
                _ => {}
            });
        }
        let read = |(path, id): (String, ObjectId)| {
            if lookup.size(&id)? > most_bytes {
                return None;
            }
            let bytes = lookup.blob(&id, &mut buffer).ok()?.to_vec();
            Some(HeadFile { path, id, bytes })
        };
        wanted.into_iter().filter_map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::git::testbed::Testbed;

    #[test]
    fn files_of_head_are_found_by_their_names() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        let none = bench.open().files_at_head(&|_| true, 100);
        assert!(none.is_empty(), "there is no commit");
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
        let found = bench
            .open()
            .files_at_head(&|name| name.ends_with(b".env"), 100);
        let mut found: Vec<(String, Vec<u8>)> = found
            .into_iter()
            .map(|file| (file.path, file.bytes))
            .collect();
        found.sort();
        let expected = [(".env", "2"), ("a/b/.env", "1")];
        let expected = expected.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
        assert_eq!(found, expected);
    }
}
