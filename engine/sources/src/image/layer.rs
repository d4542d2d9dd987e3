//! Looks at one layer: from the store through digest and decoder to the members of its tar archive.
//!
//! Files are gathered into batches, which other threads look at while this one goes on unpacking; when there are enough of
//! them on the way, it looks at the next one itself. So memory is bounded, and unpacking is what a layer takes.
//! A file that is larger than a batch may be is looked at here, in parts.

use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use leakward_core::Limits;
use rayon::Scope;

use super::digest::Verifying;
use super::listing::{LayerListing, layer_path};
use super::one_image::ImageLayer;
use super::store::BlobStore;
use crate::archive::{Budget, Fault, Format, Metered, TarEntry, TarKind, TarReader, decoder};
use crate::piece::{Origin, Piece};
use crate::visitor::Visitor;
use crate::workers::Workers;

/// How much a batch gathers. Large enough to hide the cost of a task, small enough to keep all cores busy.
const BATCH_BYTES: usize = 2 << 20;

/// LIMIT: a larger file is looked at in parts.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// LIMIT: bytes in batches that are on their way to be looked at, of all layers together.
const MAX_IN_FLIGHT_BYTES: usize = 96 << 20;

/// PERF: how much zstd is asked for at once. Members are small and headers smaller still; a decoder that is asked for a few hundred
/// bytes at a time takes half as long again (`leakward-bench images`).
const UNPACKED_BYTES: usize = 256 << 10;

/// Batches that are on their way, of all layers together.
#[derive(Default)]
pub(super) struct InFlight {
    bytes: AtomicUsize,
    /// PERF: memory of batches that have been looked at, to be used again: new memory costs as much as looking at it.
    spare: Mutex<Vec<Vec<u8>>>,
}

impl InFlight {
    /// Memory for a batch.
    fn memory(&self) -> Vec<u8> {
        let spare = self
            .spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        spare.unwrap_or_else(|| Vec::with_capacity(BATCH_BYTES + BATCH_BYTES / 4))
    }

    /// Takes a batch's memory back, unless a large file made it large.
    fn take_back(&self, mut memory: Vec<u8>) {
        memory.clear();
        if memory.capacity() <= 2 * BATCH_BYTES {
            self.spare
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(memory);
        }
    }
}

/// Looks at one layer.
pub(super) struct LayerScan<'v, V: Visitor> {
    visitor: &'v V,
    limits: &'v Limits,
    workers: &'v Workers<'v, V::Worker>,
    in_flight: &'v InFlight,
    layer: &'v ImageLayer,
    listing: LayerListing,
    batch: Batch,
    entries: u64,
}

/// Files that are looked at together.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    files: Vec<(String, Range<usize>)>,
    /// Paths of which the names are looked at: those of everything, without their content.
    named: Vec<String>,
    /// How long those are together: each can have a megabyte.
    name_bytes: usize,
}

/// How many names a batch may gather.
const BATCH_NAMES: usize = 10_000;

impl<'v, V: Visitor> LayerScan<'v, V> {
    pub(super) fn new(
        visitor: &'v V,
        limits: &'v Limits,
        workers: &'v Workers<'v, V::Worker>,
        in_flight: &'v InFlight,
        layer: &'v ImageLayer,
    ) -> Self {
        Self {
            visitor,
            limits,
            workers,
            in_flight,
            layer,
            listing: LayerListing::default(),
            batch: Batch {
                bytes: in_flight.memory(),
                ..Batch::default()
            },
            entries: 0,
        }
    }

    /// Looks at the layer. Returns its paths, and whether it was read to its end without a fault.
    pub(super) fn run<'s>(
        mut self,
        scope: &Scope<'s>,
        store: &dyn BlobStore,
    ) -> (LayerListing, bool)
    where
        'v: 's,
    {
        let ended = match store.open(&self.layer.blob) {
            Ok(blob) => {
                let mut blob = Verifying::new(blob, self.layer.digest.clone());
                let looked = self.content(scope, &mut blob);
                if self.visitor.stop() {
                    return (self.listing, false);
                }
                let verified = blob
                    .finish()
                    .map_err(|error| Fault::Corrupt(error.to_string()));
                looked
                    .and(verified)
                    .map_err(|fault| (fault.kind(), fault.to_string()))
            }
            Err(error) => Err((error.kind(), error.to_string())),
        };
        self.send(scope);
        self.listing.finish();
        let stopped = self.visitor.stop();
        let is_whole = ended.is_ok() && !stopped;
        if let Err((kind, reason)) = ended
            && !stopped
        {
            self.visitor
                .not_read(&self.origin(String::new()), kind, reason);
        }
        (self.listing, is_whole)
    }

    fn origin(&self, path: String) -> Origin {
        Origin::Layer(self.layer.digest.shared(), path)
    }

    /// What the blob holds: a tar archive, compressed or not, or anything else that a registry stores.
    fn content<'s>(&mut self, scope: &Scope<'s>, blob: &mut dyn Read) -> Result<(), Fault>
    where
        'v: 's,
    {
        let visitor = self.visitor;
        let stop = || visitor.stop();
        let budget = Budget::new(self.limits, 0, &stop);
        let (head, mut blob) = peeked(Metered::packed(blob, &budget))?;
        let ended = match Format::of_head(&head).filter(|format| format.is_compression()) {
            // This decoder unpacks much at once, however little it is asked for: another buffer would be another copy.
            Some(Format::Gzip) => {
                let unpacked = Metered::unpacked(decoder(Format::Gzip, &mut blob)?, &budget);
                let (head, unpacked) = peeked(unpacked)?;
                self.unpacked(scope, &head, unpacked)
            }
            Some(format) => {
                let unpacked = Metered::unpacked(decoder(format, &mut blob)?, &budget);
                let (head, unpacked) = peeked(BufReader::with_capacity(UNPACKED_BYTES, unpacked))?;
                self.unpacked(scope, &head, unpacked)
            }
            None => {
                let buffered = BufReader::with_capacity(UNPACKED_BYTES, blob);
                self.unpacked(scope, &head, buffered)
            }
        };
        match budget.spent() {
            Some(reason) => Err(Fault::Limit(reason)),
            None => ended,
        }
    }

    fn unpacked<'s>(
        &mut self,
        scope: &Scope<'s>,
        head: &[u8],
        mut content: impl Read,
    ) -> Result<(), Fault>
    where
        'v: 's,
    {
        // A layer without any file is nothing but the zeros that end an archive.
        let is_empty = head.iter().all(|&byte| byte == 0);
        if is_empty || Format::of_head(head) == Some(Format::Tar) {
            return self.members(scope, &mut TarReader::new(content));
        }
        let origin = self.origin(String::new());
        let mut worker = self.workers.borrow();
        Ok(self.visitor.stream(&mut *worker, &origin, &mut content)?)
    }

    fn members<'s, R: Read>(
        &mut self,
        scope: &Scope<'s>,
        reader: &mut TarReader<R>,
    ) -> Result<(), Fault>
    where
        'v: 's,
    {
        while let Some(entry) = reader.next_entry()? {
            if self.visitor.stop() {
                return Ok(());
            }
            self.entries += 1;
            if self.entries > self.limits.max_archive_entries {
                let most = self.limits.max_archive_entries;
                return Err(Fault::Limit(format!("there are more than {most} members")));
            }
            self.member(scope, &entry, reader)?;
        }
        Ok(())
    }

    fn member<'s, R: Read>(
        &mut self,
        scope: &Scope<'s>,
        entry: &TarEntry,
        reader: &mut TarReader<R>,
    ) -> Result<(), Fault>
    where
        'v: 's,
    {
        let path = layer_path(&entry.path);
        match entry.kind {
            TarKind::Folder => self.listing.add_folder(&path),
            _ => self.listing.add_file(&path),
        }
        self.batch.name(path.clone());
        if self.batch.is_full() {
            self.send(scope);
        }
        match entry.kind {
            // Where a link leads is looked at as text; it is not followed.
            TarKind::Link => self.gather(scope, path, &mut entry.target.as_slice()),
            _ if entry.size == 0 => Ok(()),
            _ if entry.size <= MAX_FILE_BYTES => {
                // Sizes that lie cost address space, within the limit above, and no memory.
                let size = usize::try_from(entry.size).unwrap_or(0);
                self.batch.bytes.reserve(size);
                self.gather(scope, path, reader)
            }
            _ => {
                let origin = self.origin(path);
                let mut worker = self.workers.borrow();
                Ok(self.visitor.stream(&mut *worker, &origin, reader)?)
            }
        }
    }

    /// Adds a file to the batch. What could be read of one that is cut off is looked at.
    fn gather<'s>(
        &mut self,
        scope: &Scope<'s>,
        path: String,
        content: &mut dyn Read,
    ) -> Result<(), Fault>
    where
        'v: 's,
    {
        let start = self.batch.bytes.len();
        let read = content.read_to_end(&mut self.batch.bytes);
        let end = self.batch.bytes.len();
        self.batch.files.push((path, start..end));
        if self.batch.is_full() {
            self.send(scope);
        }
        Ok(read.map(drop)?)
    }

    /// Has the batch looked at: by another thread, or by this one when there is enough on the way.
    fn send<'s>(&mut self, scope: &Scope<'s>)
    where
        'v: 's,
    {
        if self.batch.files.is_empty() && self.batch.named.is_empty() {
            return;
        }
        let (visitor, workers, in_flight) = (self.visitor, self.workers, self.in_flight);
        let next = Batch {
            bytes: in_flight.memory(),
            ..Batch::default()
        };
        let batch = std::mem::replace(&mut self.batch, next);
        let layer = self.layer.digest.shared();
        let size = batch.bytes.capacity() + batch.name_bytes;
        let on_the_way = in_flight.bytes.fetch_add(size, Ordering::Relaxed) + size;
        let look = move || {
            batch.look(visitor, workers, &layer);
            in_flight.take_back(batch.bytes);
            in_flight.bytes.fetch_sub(size, Ordering::Relaxed);
        };
        if on_the_way > MAX_IN_FLIGHT_BYTES {
            look();
        } else {
            scope.spawn(move |_| look());
        }
    }
}

impl Batch {
    fn name(&mut self, path: String) {
        self.name_bytes += path.len();
        self.named.push(path);
    }

    fn is_full(&self) -> bool {
        self.bytes.len() >= BATCH_BYTES
            || self.name_bytes >= BATCH_BYTES
            || self.named.len() >= BATCH_NAMES
    }

    fn look<V: Visitor>(&self, visitor: &V, workers: &Workers<'_, V::Worker>, layer: &Arc<str>) {
        let mut worker = workers.borrow();
        for path in &self.named {
            let name = path.rsplit('/').next().unwrap_or(path);
            let origin = Origin::LayerName(Arc::clone(layer), path.clone());
            visitor.alone(&mut *worker, Piece::new(&origin, name.as_bytes()));
        }
        for (path, range) in &self.files {
            if visitor.stop() {
                return;
            }
            let origin = Origin::Layer(Arc::clone(layer), path.clone());
            let bytes = self.bytes.get(range.clone()).unwrap_or_default();
            visitor.alone(&mut *worker, Piece::new(&origin, bytes));
        }
    }
}

/// The first bytes of `source`, and a reader of all of it.
fn peeked<R: Read>(mut source: R) -> io::Result<(Vec<u8>, impl Read)> {
    let mut head = Vec::with_capacity(Format::HEAD_BYTES);
    source
        .by_ref()
        .take(Format::HEAD_BYTES as u64)
        .read_to_end(&mut head)?;
    let again = io::Cursor::new(head.clone());
    Ok((head, again.chain(source)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten thousand names of a megabyte, of a layer that is packed well, were held at once.
    #[test]
    fn a_batch_of_long_names_is_full_before_it_has_many() {
        let mut batch = Batch::default();
        while !batch.is_full() {
            batch.name("n".repeat(1 << 20));
        }
        assert_eq!(batch.named.len(), BATCH_BYTES >> 20);
        let mut batch = Batch::default();
        while !batch.is_full() {
            batch.name("n".to_owned());
        }
        assert_eq!(batch.named.len(), BATCH_NAMES);
    }
}
