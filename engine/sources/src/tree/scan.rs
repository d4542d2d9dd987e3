//! The folder or single file as a source: hands the content of each file, the target of each link and all
//! names to a visitor.

use std::path::{Path, PathBuf};

use bstr::{BStr, ByteSlice};
use leakward_core::{Limits, Skipped, SkippedKind};

use super::contents::{Contents, ReadError};
use super::walker::{Excluded, Found, IgnoreRules, Kind, Sink, Walked, Walker};
use crate::piece::{Origin, Piece};
use crate::visitor::Visitor;

/// A folder or a single file.
#[derive(Clone, Debug)]
pub struct Tree {
    root: PathBuf,
    limits: Limits,
    ignore_rules: IgnoreRules,
}

impl Tree {
    /// The folder or file at `root`. A link is followed here and nowhere else: the user named it.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, limits: Limits) -> Self {
        Self {
            root: root.into(),
            limits,
            ignore_rules: IgnoreRules::Respect,
        }
    }

    /// Whether what git ignores is left out. It is, unless said otherwise here.
    #[must_use]
    pub fn with_ignore_rules(mut self, ignore_rules: IgnoreRules) -> Self {
        self.ignore_rules = ignore_rules;
        self
    }

    /// Looks at every file that is neither ignored by git nor `excluded`, in the current Rayon pool.
    ///
    /// What cannot be read is told to [`Visitor::skipped`], the root too.
    pub fn scan<V: Visitor>(&self, visitor: &V, excluded: Excluded<'_>) -> Walked {
        let sink = Files {
            visitor,
            limits: &self.limits,
        };
        let root = match self
            .root
            .canonicalize()
            .and_then(|root| Ok((root.metadata()?, root)))
        {
            Ok((metadata, root)) if metadata.is_dir() => root,
            Ok((_, file)) => return self.scan_file(&sink, &file),
            Err(error) => {
                visitor.skipped(Skipped {
                    kind: SkippedKind::Unreadable,
                    what: self.root.display().to_string(),
                    reason: error.to_string(),
                });
                return Walked::default();
            }
        };
        let walker = Walker {
            sink: &sink,
            ignore_rules: self.ignore_rules,
            excluded,
            max_depth: self.limits.max_tree_depth,
        };
        let walked = walker.walk(&root);
        tell_excluded(visitor, walked.excluded);
        walked
    }

    fn scan_file<V: Visitor>(&self, sink: &Files<'_, V>, path: &Path) -> Walked {
        // The name as the user typed it, not that of a link's target.
        let name = self.root.file_name().unwrap_or(self.root.as_os_str());
        let relative = BStr::new(name.as_encoded_bytes());
        let found = Found {
            path,
            relative,
            kind: Kind::File,
        };
        sink.found(&mut sink.worker(), found);
        Walked {
            files: 1,
            ..Walked::default()
        }
    }
}

/// Says how much the configuration left out; that was the user's choice and keeps the scan complete.
pub(crate) fn tell_excluded<V: Visitor>(visitor: &V, excluded: u64) {
    if excluded > 0 {
        visitor.skipped(Skipped {
            kind: SkippedKind::Excluded,
            what: format!("{excluded} files or folders"),
            reason: "the configuration excludes them".to_owned(),
        });
    }
}

/// Looks at files on behalf of a visitor.
struct Files<'a, V: Visitor> {
    visitor: &'a V,
    limits: &'a Limits,
}

/// What a task needs to look at files.
pub(crate) struct Looker<V: Visitor> {
    pub(crate) worker: V::Worker,
    contents: Contents,
    origin: Origin,
    name: Origin,
}

impl<V: Visitor> Looker<V> {
    /// Looks at files on behalf of `visitor`; `origin` makes the place from a relative path.
    pub(crate) fn new(visitor: &V, origin: fn(String) -> Origin) -> Self {
        Self {
            worker: visitor.worker(),
            contents: Contents::default(),
            origin: origin(String::new()),
            name: Origin::PathName(String::new()),
        }
    }

    /// Shows the name of a file, link or folder to the visitor: the last part of its path.
    pub(crate) fn look_at_name(&mut self, visitor: &V, relative: &BStr) {
        call(&mut self.name, relative);
        let start = memchr::memrchr(b'/', relative).map_or(0, |slash| slash + 1);
        let piece = Piece::new(&self.name, relative.get(start..).unwrap_or_default());
        drop(visitor.whole(&mut self.worker, piece));
    }

    /// Shows the content of a file, or the target of a link, to the visitor.
    pub(crate) fn look_at(&mut self, visitor: &V, found: Found<'_>, limits: &Limits) {
        call(&mut self.origin, found.relative);
        let looked = match found.kind {
            Kind::File => self
                .contents
                .read(found.path, limits.max_object_bytes)
                .map(|bytes| {
                    visitor.alone(&mut self.worker, Piece::new(&self.origin, bytes));
                    bytes.len()
                }),
            Kind::Link => found.path.read_link().map_err(ReadError::Io).map(|target| {
                let bytes = target.as_os_str().as_encoded_bytes();
                visitor.alone(&mut self.worker, Piece::new(&self.origin, bytes));
                bytes.len()
            }),
        };
        match looked {
            Ok(bytes) => visitor.advance(1, bytes as u64),
            // Gone since it was listed: there is nothing to look at.
            Err(ReadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => visitor.skipped(unreadable(found.relative, &error)),
        }
    }
}

/// Writes the relative path into the origin, whose memory is used again.
fn call(origin: &mut Origin, relative: &BStr) {
    if let Origin::File(path) | Origin::Worktree(path) | Origin::PathName(path) = origin {
        path.clear();
        for chunk in relative.utf8_chunks() {
            path.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                path.push(char::REPLACEMENT_CHARACTER);
            }
        }
    }
}

/// What is told of a file that could not be read.
fn unreadable(relative: &BStr, error: &ReadError) -> Skipped {
    Skipped {
        kind: match error {
            ReadError::TooLarge { .. } => SkippedKind::Limit,
            ReadError::Io(_) | ReadError::NotAFile => SkippedKind::Unreadable,
        },
        what: relative.to_str_lossy().into_owned(),
        reason: error.to_string(),
    }
}

impl<V: Visitor> Sink for Files<'_, V> {
    type Worker = Looker<V>;

    fn worker(&self) -> Looker<V> {
        Looker::new(self.visitor, Origin::File)
    }

    fn folder(&self, worker: &mut Looker<V>, relative: &BStr) {
        worker.look_at_name(self.visitor, relative);
    }

    fn found(&self, worker: &mut Looker<V>, found: Found<'_>) {
        worker.look_at_name(self.visitor, found.relative);
        worker.look_at(self.visitor, found, self.limits);
    }

    fn skipped(&self, skipped: Skipped) {
        self.visitor.skipped(skipped);
    }

    fn stop(&self) -> bool {
        self.visitor.stop()
    }
}
