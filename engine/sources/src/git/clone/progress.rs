//! How far a clone is, to be looked at from another thread.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gix::progress::prodash::messages::MessageLevel;
use gix::progress::{Count, Id, NestedProgress, Progress, Step, StepShared, UNKNOWN, Unit};

/// How far a clone is. Clones of it show the same clone.
#[derive(Clone, Debug, Default)]
pub struct CloneProgress {
    shared: Arc<Mutex<Current>>,
}

/// The step that began last.
#[derive(Debug, Default)]
struct Current {
    name: String,
    done: Arc<AtomicUsize>,
    total: Option<usize>,
}

impl CloneProgress {
    /// What is being done, in gix' words, how much of it is done, and of how much when that is known.
    #[must_use]
    pub fn now(&self) -> (String, usize, Option<usize>) {
        let current = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        (
            current.name.clone(),
            current.done.load(Ordering::Relaxed),
            current.total,
        )
    }

    /// What gix reports to.
    pub(super) fn sink(&self) -> Sink {
        Sink {
            progress: self.clone(),
            name: String::new(),
            done: Arc::default(),
        }
    }
}

/// One step, as gix sees it.
pub(super) struct Sink {
    progress: CloneProgress,
    name: String,
    done: Arc<AtomicUsize>,
}

impl Count for Sink {
    fn set(&self, step: Step) {
        self.done.store(step, Ordering::Relaxed);
    }

    fn step(&self) -> Step {
        self.done.load(Ordering::Relaxed)
    }

    fn inc_by(&self, step: Step) {
        self.done.fetch_add(step, Ordering::Relaxed);
    }

    fn counter(&self) -> StepShared {
        Arc::clone(&self.done)
    }
}

impl Progress for Sink {
    fn init(&mut self, max: Option<Step>, _unit: Option<Unit>) {
        let mut current = self
            .progress
            .shared
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        current.name.clone_from(&self.name);
        current.done = Arc::clone(&self.done);
        current.total = max;
    }

    fn set_name(&mut self, name: String) {
        self.name = name;
    }

    fn name(&self) -> Option<String> {
        Some(self.name.clone())
    }

    fn id(&self) -> Id {
        UNKNOWN
    }

    fn message(&self, _level: MessageLevel, _message: String) {}
}

impl NestedProgress for Sink {
    type SubProgress = Self;

    fn add_child(&mut self, name: impl Into<String>) -> Self {
        Self {
            progress: self.progress.clone(),
            name: name.into(),
            done: Arc::default(),
        }
    }

    fn add_child_with_id(&mut self, name: impl Into<String>, _id: Id) -> Self {
        self.add_child(name)
    }
}
