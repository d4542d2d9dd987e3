//! A file or folder of a project, looked at under the project's policy and called as the project calls it, without looking
//! at anything else of the project.
//!
//! A scan of the folder alone would not do: decisions go by paths from the project's root.

use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use leakward_core::outcome::SkippedKind;
use leakward_core::{Outcome, Skipped};
use leakward_sources::archive::Archives;
use leakward_sources::tree::Tree;
use leakward_sources::{Edit, Origin, Piece, Unpacking, Visitor};

use super::TextScanner;
use crate::collector::Collector;
use crate::progress::Silent;
use crate::run::{ScanError, without_containers};

/// A file or folder of a project.
#[derive(Clone, Copy, Debug)]
pub struct Part<'p> {
    /// Where it is.
    pub path: &'p Path,
    /// Its path from the project's root, with `/` between folders; empty for the root.
    pub name: &'p str,
    /// Worker threads.
    pub threads: usize,
}

impl TextScanner {
    /// What is in a file, or in the files of a folder and in archives among them. What git ignores is left out of folders; a
    /// file that is named is looked at whatever ignores it.
    ///
    /// # Errors
    /// When there are no threads to do it with.
    pub fn scan_part(
        &self,
        part: &Part<'_>,
        interrupted: &AtomicBool,
    ) -> Result<Outcome, ScanError> {
        let limits = &self.policy.detection.limits;
        let pool = crate::run::pool(part.threads)?;
        let collector = Collector::new(&self.detector, &Silent, interrupted, false);
        let unpacking = Unpacking::new(&collector, limits, Archives::Open);
        let folder = if part.path.is_dir() {
            part.name
        } else {
            part.name.rsplit_once('/').map_or("", |(folder, _)| folder)
        };
        let named = Named {
            visitor: &unpacking,
            folder,
        };
        let tree = Tree::new(part.path, limits.clone());
        pool.install(|| tree.scan(&named, &|path| self.excludes(&named.name(path))));
        let mut collected = collector.finish();
        collected.sightings = without_containers(collected.sightings);
        // Before credentials are taken out of what is told: a name can be one.
        let told = if interrupted.load(Ordering::Relaxed) {
            Some((SkippedKind::Interrupted, "stopped before its end"))
        } else if collected.stats.pieces == 0 {
            Some((SkippedKind::Nothing, "there was nothing to scan in it"))
        } else {
            None
        };
        collected.skipped.extend(told.map(|(kind, reason)| Skipped {
            kind,
            what: part.name.to_owned(),
            reason: reason.to_owned(),
        }));
        Ok(self.outcome(collected))
    }
}

/// Calls what it is shown as the project does.
struct Named<'v, V> {
    visitor: &'v V,
    /// The folder that paths start from, from the project's root.
    folder: &'v str,
}

impl<V> Named<'_, V> {
    fn name(&self, path: &str) -> String {
        if self.folder.is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.folder)
        }
    }

    fn origin(&self, origin: &Origin) -> Origin {
        match origin {
            Origin::File(path) => Origin::Worktree(self.name(path)),
            Origin::PathName(path) => Origin::PathName(self.name(path)),
            other => other.clone(),
        }
    }
}

impl<V: Visitor> Visitor for Named<'_, V> {
    type Worker = V::Worker;
    type Note = V::Note;

    fn worker(&self) -> V::Worker {
        self.visitor.worker()
    }

    fn whole(&self, worker: &mut V::Worker, piece: Piece<'_>) -> V::Note {
        let origin = &self.origin(piece.origin);
        self.visitor.whole(worker, Piece { origin, ..piece })
    }

    fn changed(
        &self,
        worker: &mut V::Worker,
        piece: Piece<'_>,
        base: &V::Note,
        edits: &[Edit],
    ) -> V::Note {
        let origin = &self.origin(piece.origin);
        let piece = Piece { origin, ..piece };
        self.visitor.changed(worker, piece, base, edits)
    }

    fn alone(&self, worker: &mut V::Worker, piece: Piece<'_>) {
        let origin = &self.origin(piece.origin);
        self.visitor.alone(worker, Piece { origin, ..piece });
    }

    fn stream(
        &self,
        worker: &mut V::Worker,
        origin: &Origin,
        content: &mut dyn Read,
    ) -> std::io::Result<()> {
        self.visitor.stream(worker, &self.origin(origin), content)
    }

    fn skipped(&self, skipped: Skipped) {
        let what = match skipped.kind {
            // A number of things, and no path.
            SkippedKind::Excluded => skipped.what,
            _ => self.name(&skipped.what),
        };
        self.visitor.skipped(Skipped { what, ..skipped });
    }

    fn not_read(&self, origin: &Origin, kind: SkippedKind, reason: String) {
        self.visitor.not_read(&self.origin(origin), kind, reason);
    }

    fn stop(&self) -> bool {
        self.visitor.stop()
    }
}
