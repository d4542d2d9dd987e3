//! What decoded objects are handed to.
//!
//! A scan hands them to a visitor, by way of [`Show`](super::show::Show); provenance hands trees and commits to itself.

use gix::ObjectId;
use gix::objs::Kind;
use leakward_core::Skipped;

use crate::visitor::Edit;

/// What decoded objects are handed to.
pub(crate) trait ObjectSink: Sync {
    /// State that one thread owns at a time.
    type Worker: Send;
    /// What is kept of an object for those that are stored as changes of it.
    type Note: Send + Sync;

    /// State for one more thread.
    fn worker(&self) -> Self::Worker;

    /// Is called beside the planning when packs will be walked, to do what the first object would wait for.
    fn prepare(&self) {}

    /// Takes an object of a wanted kind.
    fn object(
        &self,
        worker: &mut Self::Worker,
        object: &Shown<'_, Self::Note>,
    ) -> Option<Self::Note>;

    /// Is told of something that cannot be read; `sort` is the plural of what it is.
    fn tell(&self, sort: &'static str, skipped: Skipped);

    /// Whether to stop as soon as possible.
    fn stop(&self) -> bool {
        false
    }

    /// Is told how much is done.
    fn advance(&self, objects: u64, bytes: u64) {
        let _unused = (objects, bytes);
    }
}

/// A decoded object.
pub(crate) struct Shown<'a, N> {
    pub(crate) id: ObjectId,
    pub(crate) kind: Kind,
    pub(crate) content: &'a [u8],
    /// When it is stored as a change of an object that was noted.
    pub(crate) change: Option<Change<'a, N>>,
    /// The pack that lists it and its position there, when it comes from there.
    pub(crate) listed: Option<(usize, u32)>,
}

/// What an object was made from.
pub(crate) struct Change<'a, N> {
    /// What was noted of the base.
    pub(crate) note: &'a N,
    /// The base's content.
    pub(crate) base: &'a [u8],
    /// The edits that made the object from it.
    pub(crate) edits: &'a [Edit],
}

impl<N> Clone for Change<'_, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> Copy for Change<'_, N> {}
