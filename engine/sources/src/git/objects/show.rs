//! From a decoded object to what a visitor looks at.
//!
//! Of a tree the names are shown, each distinct one once. A blob is shown as it is, with the edits that made it when its base was shown too, and when it is an LFS pointer so is the
//! file it points to. Of a commit and a tag the part that people write is shown: the lines that hold nothing but ids
//! (`tree`, `parent`, `object`, `type`) and the armour of a commit's signature would only be mistaken for credentials.
//! The message comes first, so that its lines count as its writer counts them.

use gix::ObjectId;
use gix::objs::Kind;
use leakward_core::Skipped;

use super::gaps::Gaps;
use super::lfs::Lfs;
use super::reports::Reports;
use super::sink::{Change, ObjectSink, Shown};
use crate::git::HistoryIndex;
use crate::git::tree_index::indexing::{Indexing, Noting, TreeNote};
use crate::piece::{Origin, Piece};
use crate::visitor::Visitor;

/// Shows objects to a visitor.
pub(crate) struct Show<'v, V: Visitor> {
    visitor: &'v V,
    indexing: Indexing,
    reports: Reports<'v, V>,
    lfs: Lfs,
    /// What is referred to and not here, where that is nothing unusual.
    gaps: Option<Gaps<'v>>,
}

impl<'v, V: Visitor> Show<'v, V> {
    pub(crate) fn new(
        visitor: &'v V,
        indexing: Indexing,
        lfs: Lfs,
        gaps: Option<Gaps<'v>>,
    ) -> Self {
        Self {
            visitor,
            indexing,
            reports: Reports::new(visitor),
            lfs,
            gaps,
        }
    }

    /// To be called at the end: tells how much was left out of what was told. Gives back the gaps and what was learned of
    /// the history.
    pub(crate) fn finish(self) -> (Vec<ObjectId>, HistoryIndex) {
        if !self.visitor.stop() {
            self.reports.finish();
        }
        let gaps = self.gaps.map(Gaps::found).unwrap_or_default();
        (gaps, self.indexing.finish())
    }

    fn blob(&self, worker: &mut V::Worker, object: &Shown<'_, Noted<V::Note>>) -> V::Note {
        let origin = Origin::Blob(object.id);
        let piece = Piece::new(&origin, object.content);
        let note = match object.change {
            Some(Change {
                note: Noted::Blob(base),
                edits,
                ..
            }) => self.visitor.changed(worker, piece, base, edits),
            _ => self.visitor.whole(worker, piece),
        };
        if let Some(found) = self.lfs.follow(&object.id, object.content) {
            match found.content {
                Ok(bytes) => self.whole(worker, &Origin::Lfs(found.oid, object.id), &bytes),
                Err(skipped) => {
                    self.visitor.unsettled(&object.id);
                    self.reports.tell("LFS objects", skipped);
                }
            }
        }
        note
    }

    /// Shows the names that no tree had before.
    fn tree(&self, hands: &mut Hands<V::Worker>, object: &Shown<'_, Noted<V::Note>>) -> TreeNote {
        let Hands { visitor, noting } = hands;
        let (note, damage) = self
            .indexing
            .tree(noting, object, Noted::tree, |entry, news| {
                if news.name {
                    let origin = Origin::EntryName(entry.name.to_owned());
                    drop(self.visitor.whole(visitor, Piece::new(&origin, entry.name)));
                }
                if let Some(gaps) = self.gaps.as_ref().filter(|_| news.not_packed) {
                    gaps.referred(entry.id);
                }
            });
        if let Some(damage) = damage {
            self.reports
                .tell("damaged trees", damage.told("tree", &object.id));
        }
        note
    }

    fn whole(&self, worker: &mut V::Worker, origin: &Origin, bytes: &[u8]) {
        self.visitor.alone(worker, Piece::new(origin, bytes));
    }
}

/// What is kept of an object for those that are stored as changes of it.
pub(crate) enum Noted<N> {
    /// The visitor's note of a blob.
    Blob(N),
    Tree(TreeNote),
}

impl<N> Noted<N> {
    fn tree(&self) -> Option<&TreeNote> {
        match self {
            Self::Tree(note) => Some(note),
            Self::Blob(_) => None,
        }
    }
}

/// What one thread works with.
pub(crate) struct Hands<W> {
    visitor: W,
    noting: Noting,
}

impl<V: Visitor> ObjectSink for Show<'_, V> {
    type Worker = Hands<V::Worker>;
    type Note = Noted<V::Note>;

    fn prepare(&self) {
        self.indexing.prepare();
    }

    fn worker(&self) -> Self::Worker {
        Hands {
            visitor: self.visitor.worker(),
            noting: self.indexing.noting(),
        }
    }

    fn object(
        &self,
        hands: &mut Self::Worker,
        object: &Shown<'_, Noted<V::Note>>,
    ) -> Option<Noted<V::Note>> {
        match object.kind {
            Kind::Blob => Some(Noted::Blob(self.blob(&mut hands.visitor, object))),
            Kind::Tree => Some(Noted::Tree(self.tree(hands, object))),
            Kind::Commit => {
                self.indexing
                    .commit(&mut hands.noting, object.id, object.content);
                if let Some(gaps) = &self.gaps {
                    gaps.referred_by_commit(object.content, |tree| self.indexing.is_packed(tree));
                }
                let written = written_in_commit(object.content);
                self.whole(
                    &mut hands.visitor,
                    &Origin::Commit(object.id),
                    &message_first(&written),
                );
                None
            }
            Kind::Tag => {
                let written = without_lines(object.content, &[b"object ", b"type "]);
                self.whole(
                    &mut hands.visitor,
                    &Origin::Tag(object.id),
                    &message_first(written),
                );
                None
            }
        }
    }

    fn tell(&self, sort: &'static str, skipped: Skipped) {
        self.reports.tell(sort, skipped);
    }

    fn stop(&self) -> bool {
        self.visitor.stop()
    }

    fn advance(&self, objects: u64, bytes: u64) {
        self.visitor.advance(objects, bytes);
    }
}

/// What stands in `object` behind the lines that begin with one of `starts`, which come first.
fn without_lines<'a>(object: &'a [u8], starts: &[&[u8]]) -> &'a [u8] {
    let mut rest = object;
    while starts.iter().any(|start| rest.starts_with(start)) {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        rest = rest.get(end..).unwrap_or_default();
    }
    rest
}

/// The message, an empty line, and the headers; without a message what there is.
fn message_first(object: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let Some(end) = memchr::memmem::find(object, b"\n\n") else {
        return object.into();
    };
    let (headers, message) = object.split_at_checked(end + 1).unwrap_or((object, b""));
    let message = message.get(1..).unwrap_or_default();
    [message, b"\n\n", headers].concat().into()
}

/// Authors, message and unusual headers of a commit.
fn written_in_commit(commit: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let written = without_lines(commit, &[b"tree ", b"parent "]);
    let headers = memchr::memmem::find(written, b"\n\n").map_or(written.len(), |end| end + 1);
    let Some(start) = written.get(..headers).and_then(start_of_signature) else {
        return written.into();
    };
    let end = end_of_header(written, start).min(headers);
    let parts = [written.get(..start), written.get(end..)];
    parts.map(Option::unwrap_or_default).concat().into()
}

/// Where the signature's header starts, when what it holds looks like armour and nothing else.
fn start_of_signature(headers: &[u8]) -> Option<usize> {
    let name = memchr::memmem::find(headers, b"\ngpgsig")? + 1;
    let value = headers.get(name..end_of_header(headers, name))?;
    let space = memchr::memchr(b' ', value)?;
    let armour = value.get(space + 1..)?;
    let ends = [
        &b"SIGNATURE-----\n"[..],
        b"SIGNATURE-----\n \n",
        b"MESSAGE-----\n",
    ];
    let armoured =
        armour.starts_with(b"-----BEGIN ") && ends.iter().any(|end| armour.ends_with(end));
    armoured.then_some(name)
}

/// Where the header that starts at `start` ends: its further lines begin with a space.
fn end_of_header(text: &[u8], start: usize) -> usize {
    let mut end = start;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        let Some(line) = memchr::memchr(b'\n', rest) else {
            return text.len();
        };
        end += line + 1;
        if text.get(end) != Some(&b' ') {
            return end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(commit: &str) -> String {
        String::from_utf8(written_in_commit(commit.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn of_a_commit_ids_and_signature_are_left_out_and_everything_else_is_shown() {
        let people = "author A <a@b> 1 +0\ncommitter B <b@c> 2 +0\n";
        let message = "\nsubject\n\ntree is no header here\n";
        let ids = "tree 1234\nparent 5678\nparent 9abc\n";
        let signature =
            "gpgsig -----BEGIN PGP SIGNATURE-----\n \n abcd\n -----END PGP SIGNATURE-----\n";
        for between in ["", signature] {
            let commit = format!("{ids}{people}{between}encoding x\n{message}");
            assert_eq!(written(&commit), format!("{people}encoding x\n{message}"));
        }
        let no_signature = "gpgsig some other text\n";
        let commit = format!("{ids}{people}{no_signature}{message}");
        assert_eq!(written(&commit), format!("{people}{no_signature}{message}"));
    }

    #[test]
    fn the_message_stands_before_the_headers() {
        let shown = message_first(b"author A\ncommitter B\n\nsubject\n\nbody\n");
        assert_eq!(&*shown, b"subject\n\nbody\n\n\nauthor A\ncommitter B\n");
        assert_eq!(&*message_first(b"author A\n"), b"author A\n");
        assert_eq!(&*message_first(b"author A\n\n"), b"\n\nauthor A\n");
    }

    #[test]
    fn a_commit_that_is_none_is_shown_as_it_is() {
        for odd in ["", "x", "\n\n", "author A\ngpgsig", "tree 12"] {
            assert_eq!(written(odd), odd.trim_start_matches("tree 12"));
        }
    }

    #[test]
    fn of_a_tag_name_tagger_and_message_are_shown() {
        let tag = b"object 12\ntype commit\ntag v1\ntagger A <a@b> 1 +0\n\nmessage\n";
        let shown = without_lines(tag, &[b"object ", b"type "]);
        assert_eq!(shown, b"tag v1\ntagger A <a@b> 1 +0\n\nmessage\n");
    }
}
