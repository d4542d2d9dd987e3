//! One worker state for each thread that is busy, however the work moves between threads.
//!
//! Rayon moves tasks about, so a buffer or a cache cannot simply belong to a thread. A task borrows a state
//! when it starts and gives it back when it ends; there are never more states than tasks that run at once.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// The states that are not borrowed at the moment, and how to make one more.
pub(crate) struct Workers<'m, W> {
    idle: Mutex<Vec<W>>,
    make: Box<dyn Fn() -> W + Sync + 'm>,
}

/// A borrowed state; it is given back on drop.
pub(crate) struct Borrowed<'p, 'm, W> {
    workers: &'p Workers<'m, W>,
    state: Option<W>,
}

impl<'m, W> Workers<'m, W> {
    /// No state yet; `make` is called when a task finds none idle.
    pub(crate) fn new(make: impl Fn() -> W + Sync + 'm) -> Self {
        Self {
            idle: Mutex::new(Vec::new()),
            make: Box::new(make),
        }
    }

    /// Lends a state to the calling task.
    pub(crate) fn borrow(&self) -> Borrowed<'_, 'm, W> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        Borrowed {
            workers: self,
            state: Some(idle.unwrap_or_else(|| (self.make)())),
        }
    }

    /// All states, once nothing is borrowed any more.
    #[cfg(test)]
    pub(crate) fn into_states(self) -> Vec<W> {
        self.idle
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W> Drop for Borrowed<'_, '_, W> {
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            self.workers
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(state);
        }
    }
}

impl<W> Deref for Borrowed<'_, '_, W> {
    type Target = W;

    fn deref(&self) -> &W {
        self.state
            .as_ref()
            .unwrap_or_else(|| unreachable!("taken only on drop"))
    }
}

impl<W> DerefMut for Borrowed<'_, '_, W> {
    fn deref_mut(&mut self) -> &mut W {
        self.state
            .as_mut()
            .unwrap_or_else(|| unreachable!("taken only on drop"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_was_given_back_is_lent_again() {
        let workers = Workers::new(Vec::<u32>::new);
        workers.borrow().push(1);
        workers.borrow().push(2);
        {
            let first = workers.borrow();
            let second = workers.borrow();
            assert_eq!((first.len(), second.len()), (2, 0));
        }
        assert_eq!(workers.into_states().len(), 2);
    }
}
