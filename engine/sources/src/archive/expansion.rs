//! Goes through one archive and everything in it, and shows each member to a visitor.
//!
//! All of it happens in one thread and without recursion over anything that the archive chooses, but for its depth, which
//! is limited. A member that cannot be read costs that member (and, in a stream, what comes after it); a limit that
//! is hit ends the whole archive. Both are told, with the member's path.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leakward_core::Limits;

use super::ar::ArReader;
use super::budget::{Budget, Metered};
use super::cpio::CpioReader;
use super::decoder::decoder;
use super::fault::Fault;
use super::format::Format;
use super::inflating::Inflating;
use super::tar::{TarKind, TarReader};
use super::zip::{ZipDirectory, ZipEntry};
use super::{java_class, mail, pdf, python_bytecode, rpm, seven_zip, sqlite, windows};
use crate::piece::{Origin, Piece};
use crate::visitor::Visitor;

/// Goes through one archive.
pub(crate) struct Expansion<'e, 'l, V: Visitor + ?Sized> {
    visitor: &'e V,
    worker: &'e mut V::Worker,
    limits: &'l Limits,
    budget: &'e Budget<'l>,
    buffers: &'e mut Vec<Vec<u8>>,
    outer: &'e Origin,
    shared_outer: Option<Arc<Origin>>,
    path: String,
    depth: usize,
    faults: u64,
    /// Bytes of what is held at the moment: an archive, an archive in it, and so on.
    held: u64,
    holds_large: bool,
}

/// LIMIT: how much every thread may hold at the same time, archives in archives together.
const EVERYBODYS_BYTES: u64 = 32 << 20;

/// Whose turn it is to hold more. Whoever has it waits for nobody else.
static LARGE: Mutex<()> = Mutex::new(());

/// Content that is held as a whole.
struct Held {
    bytes: Vec<u8>,
    /// Whether there is more of it than may be held.
    is_cut: bool,
    turn: Option<MutexGuard<'static, ()>>,
}

impl<'e, 'l, V: Visitor + ?Sized> Expansion<'e, 'l, V> {
    /// Of the piece that `outer` names. `buffers` is memory to be used again.
    pub(crate) fn new(
        visitor: &'e V,
        worker: &'e mut V::Worker,
        (limits, budget): (&'l Limits, &'e Budget<'l>),
        buffers: &'e mut Vec<Vec<u8>>,
        outer: &'e Origin,
    ) -> Self {
        Self {
            visitor,
            worker,
            limits,
            budget,
            buffers,
            outer,
            shared_outer: None,
            path: String::new(),
            depth: 0,
            faults: 0,
            held: 0,
            holds_large: false,
        }
    }

    /// Goes through the archive `bytes`. Returns how many things in it could not be read; they have been told.
    pub(crate) fn of_bytes(mut self, format: Format, bytes: &[u8]) -> u64 {
        self.depth = 1;
        let ended = if format.needs_all_bytes() {
            self.whole(format, bytes)
        } else {
            self.members(format, &mut &*bytes)
        };
        // What fails before its first byte is no archive: two or three bytes were the same by chance.
        let by_chance = format.is_compression() && self.budget.unpacked() == 0;
        if !by_chance || self.budget.is_spent() {
            self.tell(ended);
        } else if ended.is_err() {
            self.faults += 1;
        }
        self.faults
    }

    /// Looks at something that may be an archive and is read from front to back. Returns how many things in it could
    /// not be read; they have been told.
    pub(crate) fn of_stream(mut self, content: &mut dyn Read) -> u64 {
        let ended = self.content(&mut Metered::packed(content, self.budget));
        self.tell(ended);
        self.faults
    }

    /// Looks at content of any kind: an archive's members, or the content itself.
    fn content(&mut self, content: &mut dyn Read) -> Result<(), Fault> {
        let mut head = [0; Format::HEAD_BYTES];
        let filled = fill(content, &mut head);
        let head = head
            .get(..*filled.as_ref().unwrap_or(&0))
            .unwrap_or_default();
        filled
            .as_ref()
            .map_err(|error| Fault::from(io::Error::from(error.kind())))?;
        let mut content = head.chain(content);
        match Format::of_head(head) {
            None => self.plain(&mut content),
            Some(format) if self.depth >= self.limits.max_archive_depth => {
                self.plain(&mut content)?;
                let (name, most) = (format.name(), self.limits.max_archive_depth);
                Err(Fault::Limit(format!(
                    "it is a {name} archive, and nested deeper than {most} of them"
                )))
            }
            Some(format) => {
                self.depth += 1;
                let ended = if format.needs_all_bytes() {
                    self.held(format, &mut content)
                } else {
                    self.members(format, &mut content)
                };
                self.depth -= 1;
                ended
            }
        }
    }

    /// What is no archive.
    fn plain(&mut self, content: &mut dyn Read) -> Result<(), Fault> {
        let mut buffer = self.buffers.pop().unwrap_or_default();
        let origin = self.origin();
        let ended = windows::look_through(self.visitor, self.worker, &origin, content, &mut buffer);
        self.buffers.push(buffer);
        Ok(ended?)
    }

    /// An archive that is read from front to back.
    fn members(&mut self, format: Format, content: &mut dyn Read) -> Result<(), Fault> {
        match format {
            Format::Tar => self.tar(content),
            Format::Ar => self.ar(content),
            Format::Cpio => self.cpio(content),
            Format::Rpm => {
                rpm::to_payload(content)?;
                self.content(content)
            }
            Format::Gzip | Format::Bzip2 | Format::Xz | Format::Zstd => {
                let budget = self.budget;
                let decoder = decoder(format, content)?;
                self.content(&mut Metered::unpacked(decoder, budget))
            }
            _ => self.held(format, content),
        }
    }

    fn tar(&mut self, content: &mut dyn Read) -> Result<(), Fault> {
        let mut reader = TarReader::new(content);
        while let Some(entry) = reader.next_entry()? {
            match entry.kind {
                TarKind::Folder | TarKind::Special if entry.size == 0 => self.count()?,
                TarKind::Link => self.member(&entry.path, &mut entry.target.as_slice())?,
                _ => self.member(&entry.path, &mut reader)?,
            }
        }
        Ok(())
    }

    fn ar(&mut self, content: &mut dyn Read) -> Result<(), Fault> {
        let mut reader = ArReader::new(content)?;
        while let Some(name) = reader.next_entry()? {
            self.member(&name, &mut reader)?;
        }
        Ok(())
    }

    fn cpio(&mut self, content: &mut dyn Read) -> Result<(), Fault> {
        let mut reader = CpioReader::new(content);
        while let Some(name) = reader.next_entry()? {
            self.member(&name, &mut reader)?;
        }
        Ok(())
    }

    /// Reads content into memory, as far as it may be held beside what is held already.
    fn hold(&mut self, content: &mut dyn Read) -> (Held, io::Result<()>) {
        let most = self.most_held();
        let mut bytes = self.buffers.pop().unwrap_or_default();
        bytes.clear();
        let everybodys = EVERYBODYS_BYTES
            .saturating_sub(self.held)
            .min(most.saturating_add(1));
        let mut read = content.take(everybodys).read_to_end(&mut bytes);
        // One at a time: each thread may hold a little, and one of them much.
        let rest = most.saturating_add(1).saturating_sub(everybodys);
        let mut turn = None;
        if rest > 0 && bytes.len() as u64 == everybodys && read.is_ok() {
            turn =
                (!self.holds_large).then(|| LARGE.lock().unwrap_or_else(PoisonError::into_inner));
            self.holds_large |= turn.is_some();
            read = content.take(rest).read_to_end(&mut bytes);
        }
        self.held = self.held.saturating_add(bytes.len() as u64);
        let is_cut = bytes.len() as u64 > most;
        let held = Held {
            bytes,
            is_cut,
            turn,
        };
        (held, read.map(drop))
    }

    /// How much may be held beside what is held already.
    fn most_held(&self) -> u64 {
        let most = self.limits.max_held_archive_bytes;
        most.saturating_sub(self.held)
    }

    fn let_go(&mut self, held: Held) {
        self.held = self.held.saturating_sub(held.bytes.len() as u64);
        if held.turn.is_some() {
            self.holds_large = false;
        }
        // What was large is not kept for the next one.
        if held.bytes.capacity() as u64 <= EVERYBODYS_BYTES {
            self.buffers.push(held.bytes);
        }
    }

    /// An archive that has to be held in memory.
    fn held(&mut self, format: Format, content: &mut dyn Read) -> Result<(), Fault> {
        let most = self.most_held();
        let (held, read) = self.hold(content);
        let ended = if held.is_cut {
            self.plain(&mut held.bytes.as_slice().chain(content))
                .and(Err(Fault::Limit(format!(
                    "an archive that is larger than {most} bytes is not held in memory"
                ))))
        } else {
            self.whole(format, &held.bytes)
                .and(read.map_err(Fault::from))
        };
        if !held.is_cut && (matches!(ended, Err(Fault::Corrupt(_))) || !format.is_archive()) {
            // What its directory does not tell may still be read as it is, and so is what a document does not compress.
            let origin = self.origin();
            self.visitor
                .alone(self.worker, Piece::new(&origin, &held.bytes));
        }
        self.let_go(held);
        ended
    }

    /// An archive that is here as a whole.
    fn whole(&mut self, format: Format, bytes: &[u8]) -> Result<(), Fault> {
        match format {
            Format::Pdf => self.pdf(bytes),
            Format::Sqlite => self.sqlite(bytes),
            Format::JavaClass => {
                self.member(b"constants", &mut java_class::texts(bytes).as_slice())
            }
            Format::Mail => match mail::text(bytes) {
                // It begins as a mail does, and speaks of quoted-printable still.
                Some(text) => self.inside(b"text", |this| this.plain(&mut text.as_slice())),
                None => Ok(()),
            },
            Format::PythonBytecode => {
                let texts = python_bytecode::texts(bytes);
                self.member(b"constants", &mut texts.lines.as_slice())?;
                texts.fault.map_or(Ok(()), Err)
            }
            Format::SevenZip => self.seven_zip(bytes),
            Format::Rar => Err(Fault::Unsupported(
                "rar archives cannot be opened: there is no free reader of them".to_owned(),
            )),
            _ => self.zip(bytes),
        }
    }

    /// A stream that makes no sense is none of a document's text: pictures are no text either, and nobody tells of them.
    fn pdf(&mut self, document: &[u8]) -> Result<(), Fault> {
        if pdf::is_encrypted(document) {
            return Err(Fault::Unsupported("it is encrypted".to_owned()));
        }
        for (number, packed) in pdf::flate_streams(document) {
            let decoder = Inflating::new(sirocco::Format::Zlib, packed);
            let mut unpacked = Metered::unpacked(decoder, self.budget);
            // What came out before a fault is looked at.
            let (held, read) = self.hold(&mut unpacked);
            let name = format!("stream {number}");
            let ended = if held.is_cut {
                self.inside(name.as_bytes(), |this| {
                    this.content(&mut held.bytes.as_slice().chain(unpacked))?;
                    let reason = "it is too large to be held, and was looked at as its bytes";
                    Err(Fault::Limit(reason.to_owned()))
                })
            } else if read.is_ok() || !held.bytes.is_empty() || self.budget.is_spent() {
                let text = pdf::shown_text(&held.bytes);
                let mut shown = text.as_deref().unwrap_or(&held.bytes);
                self.member(name.as_bytes(), &mut shown)
            } else {
                Ok(())
            };
            self.let_go(held);
            ended?;
        }
        Ok(())
    }

    fn sqlite(&mut self, database: &[u8]) -> Result<(), Fault> {
        for page in sqlite::pages(database) {
            let (number, lines) = page?;
            let budget = self.budget;
            let mut lines = Metered::unpacked(lines.as_slice(), budget);
            self.member(format!("page {number}").as_bytes(), &mut lines)?;
        }
        Ok(())
    }

    /// A damaged block costs what is in it.
    fn seven_zip(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let budget = self.budget;
        let most = self.limits.max_held_archive_bytes;
        let mut source = io::Cursor::new(bytes);
        let archive = seven_zip::archive(&mut source, most)?;
        for block in 0..archive.blocks.len() {
            let decoder = seven_zip::decoder(&archive, block, &mut source, most);
            let names: Vec<_> = decoder.entries().iter().map(|e| e.name.clone()).collect();
            let (mut read, told_before) = (0, self.faults);
            let mut spent = Ok(());
            let ended = decoder.for_each_entries(&mut |entry, content| {
                read += 1;
                spent = self.member(
                    entry.name.as_bytes(),
                    &mut Metered::unpacked(content, budget),
                );
                Ok(spent.is_ok())
            });
            spent?;
            if let Err(error) = ended {
                let fault = seven_zip::fault(&error);
                if names.is_empty() {
                    return Err(fault);
                }
                // What its members lack is told once, with the first that did not come.
                if self.faults > told_before {
                    continue;
                }
                let name = names
                    .get(read)
                    .or(names.last())
                    .cloned()
                    .unwrap_or_default();
                self.inside(name.as_bytes(), |_| Err(fault))?;
            }
        }
        Ok(())
    }

    fn zip(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let directory = ZipDirectory::read(bytes, self.limits.max_archive_entries);
        for entry in &directory.entries {
            if entry.name.ends_with(b"/") && entry.packed.is_empty() {
                self.count()?;
                continue;
            }
            let budget = self.budget;
            match zip_content(entry) {
                Ok(content) => {
                    self.member(entry.name, &mut Metered::unpacked(content, budget))?;
                }
                Err(fault) => self.inside(entry.name, |_| Err(fault))?,
            }
        }
        directory.fault.map_or(Ok(()), Err)
    }

    /// Looks at one member.
    fn member(&mut self, name: &[u8], content: &mut dyn Read) -> Result<(), Fault> {
        self.inside(name, |this| this.content(content))
    }

    /// Does `work` with the member's name in the path. What fails is told, and keeps nothing else from being read; but
    /// when the budget is spent, there is nothing more to be done.
    fn inside(
        &mut self,
        name: &[u8],
        work: impl FnOnce(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let outside = self.path.len();
        if outside > 0 {
            self.path.push('!');
        }
        self.path.push_str(&String::from_utf8_lossy(name));
        let ended = self.count().and_then(|()| work(self));
        self.tell(ended);
        self.path.truncate(outside);
        match self.budget.spent() {
            Some(reason) => Err(Fault::Limit(reason)),
            None => Ok(()),
        }
    }

    fn count(&self) -> Result<(), Fault> {
        if self.budget.take_entry() {
            return Ok(());
        }
        Err(Fault::Limit(self.budget.spent().unwrap_or_default()))
    }

    /// Tells what could not be read. Of a spent budget only the innermost member is told.
    fn tell(&mut self, ended: Result<(), Fault>) {
        let Err(fault) = ended else { return };
        self.faults += 1;
        let fault = match self.budget.spent() {
            Some(_) if self.budget.is_told() => return,
            Some(reason) => {
                self.budget.set_told();
                Fault::Limit(reason)
            }
            None => fault,
        };
        if self.visitor.stop() {
            return;
        }
        let reason = fault.to_string();
        self.visitor.not_read(&self.origin(), fault.kind(), reason);
    }

    /// The place that the path names.
    fn origin(&mut self) -> Origin {
        if self.path.is_empty() && self.depth == 0 {
            return self.outer.clone();
        }
        let outer = self.outer;
        let shared = self
            .shared_outer
            .get_or_insert_with(|| Arc::new(outer.clone()));
        Origin::Member(Arc::clone(shared), self.path.clone())
    }
}

/// The content of a member, unpacked.
fn zip_content<'a>(entry: &ZipEntry<'a>) -> Result<Box<dyn Read + 'a>, Fault> {
    if entry.encrypted {
        return Err(Fault::Unsupported("it is encrypted".to_owned()));
    }
    Ok(match entry.method {
        0 => Box::new(entry.packed),
        8 => Box::new(Inflating::new(sirocco::Format::Deflate, entry.packed)),
        12 => decoder(Format::Bzip2, entry.packed)?,
        93 => decoder(Format::Zstd, entry.packed)?,
        95 => decoder(Format::Xz, entry.packed)?,
        method => {
            return Err(Fault::Unsupported(format!(
                "it is packed in a way that is not known here (method {method})"
            )));
        }
    })
}

/// Reads until the buffer is full or the source ends; returns how much was read.
fn fill(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
