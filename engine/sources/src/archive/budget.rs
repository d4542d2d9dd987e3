//! What one archive, with everything in it, may still cost.
//!
//! Every decoder's output is counted, at every depth, so that a bomb is noticed while it goes off: sizes that an archive
//! states are never believed. Once spent, every reader of the archive fails.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::time::Instant;

use leakward_core::Limits;

/// What one archive, with everything in it, may still cost.
pub(crate) struct Budget<'l> {
    limits: &'l Limits,
    stop: &'l dyn Fn() -> bool,
    started: Instant,
    packed: Cell<u64>,
    unpacked: Cell<u64>,
    entries: Cell<u64>,
    spent: RefCell<Option<String>>,
    told: Cell<bool>,
}

impl<'l> Budget<'l> {
    /// For an archive of `packed` bytes; more may be told of later. `stop` says when the user has had enough.
    pub(crate) fn new(limits: &'l Limits, packed: u64, stop: &'l dyn Fn() -> bool) -> Self {
        Self {
            limits,
            stop,
            started: Instant::now(),
            packed: Cell::new(packed),
            unpacked: Cell::new(0),
            entries: Cell::new(0),
            spent: RefCell::new(None),
            told: Cell::new(false),
        }
    }

    /// Why it is spent, when it is.
    pub(crate) fn spent(&self) -> Option<String> {
        self.spent.borrow().clone()
    }

    /// Whether it is spent.
    pub(crate) fn is_spent(&self) -> bool {
        self.spent.borrow().is_some()
    }

    /// Whether somebody was told that it is spent.
    pub(crate) fn is_told(&self) -> bool {
        self.told.get()
    }

    /// Somebody has been told that it is spent.
    pub(crate) fn set_told(&self) {
        self.told.set(true);
    }

    /// How much came out of decoders so far.
    pub(crate) fn unpacked(&self) -> u64 {
        self.unpacked.get()
    }

    /// One more member. False when there may be no more.
    pub(crate) fn take_entry(&self) -> bool {
        self.entries.set(self.entries.get().saturating_add(1));
        if self.entries.get() > self.limits.max_archive_entries {
            let most = self.limits.max_archive_entries;
            self.spend(format!("there are more than {most} members"));
        } else if (self.stop)() {
            self.spend("the scan was stopped".to_owned());
        }
        !self.is_spent()
    }

    /// More of the archive itself has been read.
    fn add_packed(&self, bytes: usize) {
        self.packed
            .set(self.packed.get().saturating_add(bytes as u64));
    }

    /// More came out of a decoder.
    fn add_unpacked(&self, bytes: usize) -> io::Result<()> {
        let unpacked = self.unpacked.get().saturating_add(bytes as u64);
        self.unpacked.set(unpacked);
        let ratio = self.limits.max_unpacked_ratio;
        if unpacked > self.limits.max_unpacked_bytes {
            let most = self.limits.max_unpacked_bytes;
            self.spend(format!("it unpacks to more than {most} bytes"));
        } else if unpacked > self.limits.free_unpacked_bytes
            && unpacked / ratio.max(1) > self.packed.get()
        {
            self.spend(format!("it unpacks to more than {ratio} times its size"));
        }
        let seconds = self.limits.max_archive_seconds;
        if self.started.elapsed().as_secs() >= seconds {
            self.spend(format!("it takes longer than {seconds} seconds"));
        }
        if self.is_spent() {
            return Err(io::Error::other("over a limit"));
        }
        Ok(())
    }

    /// The first reason stays.
    fn spend(&self, reason: String) {
        self.spent.borrow_mut().get_or_insert(reason);
    }
}

/// A reader whose bytes are counted.
pub(crate) struct Metered<'b, 'l, R> {
    source: R,
    budget: &'b Budget<'l>,
    count: Count,
}

/// What a reader's bytes are counted as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Count {
    Packed,
    Unpacked,
}

impl<'b, 'l, R: Read> Metered<'b, 'l, R> {
    /// The output of a decoder.
    pub(crate) fn unpacked(source: R, budget: &'b Budget<'l>) -> Self {
        Self {
            source,
            budget,
            count: Count::Unpacked,
        }
    }

    /// The archive itself, when its size is not known.
    pub(crate) fn packed(source: R, budget: &'b Budget<'l>) -> Self {
        Self {
            source,
            budget,
            count: Count::Packed,
        }
    }
}

impl<R: Read> Read for Metered<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        match self.count {
            Count::Packed => self.budget.add_packed(read),
            Count::Unpacked => self.budget.add_unpacked(read)?,
        }
        Ok(read)
    }
}
