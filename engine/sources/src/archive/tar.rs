//! Reads tape archives from front to back: v7, ustar, pax and GNU.
//!
//! Ours, and not a crate's, because a layer of an image is read here: what comes from the archive (names, lengths of
//! names) is bounded, a header's size is only believed as far as there are bytes, and an archive whose end is missing (as
//! `umoci insert` writes them) or that goes on after its end (as `cat` makes them) is read to its last byte.
//!
//! Format: POSIX.1-2017, "pax Interchange Format"; GNU tar's manual, "Basic Tar Format".

use std::io::{self, Read};

use super::fault::Fault;

/// Size of everything in a tape archive.
const BLOCK_BYTES: usize = 512;

/// LIMIT: longest name, and longest extended header, that is read. Linux has paths of 4,096 bytes at most.
const MAX_NAME_BYTES: u64 = 1 << 20;

/// What kind of member it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TarKind {
    /// A file, with content.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// Another name of a member before it.
    HardLink,
    /// A device or a pipe.
    Special,
    /// What this reader does not know; it can have content.
    Unknown,
}

/// A member. Its content is what the reader reads next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TarEntry {
    /// Its name as it stands in the archive: any bytes, absolute or with `..` if somebody wants to trick us.
    pub path: Vec<u8>,
    /// What kind of member it is.
    pub kind: TarKind,
    /// How long its content is, as the header says.
    pub size: u64,
    /// Where a link leads.
    pub target: Vec<u8>,
}

/// Reads a tape archive from front to back. Reading from it gives the content of the member that
/// [`TarReader::next_entry`] told last.
#[derive(Debug)]
pub struct TarReader<R> {
    source: R,
    left: u64,
    padding: u64,
    after_end: bool,
}

/// What the headers before a member's own say of it.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    size: Option<u64>,
}

impl<R: Read> TarReader<R> {
    /// A reader of the archive that `source` gives.
    pub fn new(source: R) -> Self {
        Self {
            source,
            left: 0,
            padding: 0,
            after_end: false,
        }
    }

    /// What the archive is read from; it stands at the content of the member that was told last.
    pub(crate) fn source(&self) -> &R {
        &self.source
    }

    /// Leaves the content of the member at hand out, in a way that `skip` knows to be faster than reading it.
    pub(crate) fn skip_with(
        &mut self,
        skip: impl FnOnce(&mut R, u64) -> io::Result<()>,
    ) -> io::Result<()> {
        skip(&mut self.source, std::mem::take(&mut self.left))
    }

    /// The next member, whether or not the content of the one before has been read.
    ///
    /// # Errors
    /// When the archive is cut off within a member, or what should be a header is none.
    pub fn next_entry(&mut self) -> Result<Option<TarEntry>, Fault> {
        if self.skip_content()? == Skipped::AtEnd {
            return Ok(None);
        }
        let mut extended = Extended::default();
        let mut block = [0; BLOCK_BYTES];
        loop {
            match fill(&mut self.source, &mut block)? {
                0 => return Ok(None),
                BLOCK_BYTES => {}
                _ if self.after_end => return Ok(None),
                _ => return Err(Fault::corrupt("it ends within a header")),
            }
            if block.iter().all(|&byte| byte == 0) {
                self.after_end = true;
                continue;
            }
            if !is_header(&block) {
                return Err(Fault::corrupt(if self.after_end {
                    "after its end there are bytes that are no member"
                } else {
                    "what should be a member's header is none"
                }));
            }
            let header = Header(&block);
            match header.kind_byte() {
                b'L' => extended.path = Some(self.name(header.size()?)?),
                b'K' => extended.target = Some(self.name(header.size()?)?),
                b'x' => extended.read_records(&self.extended(header.size()?)?),
                b'g' => drop(self.extended(header.size()?)?),
                _ => return self.entry(&header, extended).map(Some),
            }
        }
    }

    /// The member with this header.
    fn entry(&mut self, header: &Header<'_>, extended: Extended) -> Result<TarEntry, Fault> {
        let path = extended.path.unwrap_or_else(|| header.path());
        let kind = match header.kind_byte() {
            0 if path.ends_with(b"/") => TarKind::Folder,
            0 | b'0' | b'7' | b'S' => TarKind::File,
            b'1' => TarKind::HardLink,
            b'2' => TarKind::Link,
            b'3' | b'4' | b'6' => TarKind::Special,
            b'5' | b'D' => TarKind::Folder,
            _ => TarKind::Unknown,
        };
        let stated = match extended.size {
            Some(size) => size,
            None => header.size()?,
        };
        // Some programs write the size of a link's target, or of a folder's disk space, without such content.
        let size = match kind {
            TarKind::Folder if header.kind_byte() != b'D' => 0,
            TarKind::Link | TarKind::Special => 0,
            _ => stated,
        };
        if header.kind_byte() == b'S' && header.has_more_segments() {
            self.skip_segments()?;
        }
        self.left = size;
        self.padding = padding(size);
        Ok(TarEntry {
            path,
            kind,
            size,
            target: extended.target.unwrap_or_else(|| header.target()),
        })
    }

    /// The content of a header that holds a long name.
    fn name(&mut self, size: u64) -> Result<Vec<u8>, Fault> {
        let mut name = self.extended(size)?;
        name.truncate(
            name.iter()
                .position(|&byte| byte == 0)
                .unwrap_or(name.len()),
        );
        Ok(name)
    }

    /// The content of an extended header.
    fn extended(&mut self, size: u64) -> Result<Vec<u8>, Fault> {
        if size > MAX_NAME_BYTES {
            let reason = format!("a name in it is longer than {MAX_NAME_BYTES} bytes");
            return Err(Fault::Limit(reason));
        }
        let mut content = Vec::new();
        self.source.by_ref().take(size).read_to_end(&mut content)?;
        if content.len() as u64 != size {
            return Err(Fault::corrupt("it ends within a header"));
        }
        skip(&mut self.source, padding(size))?;
        Ok(content)
    }

    /// The further maps of a sparse file in GNU's old format; what follows them is its content without the holes.
    fn skip_segments(&mut self) -> Result<(), Fault> {
        let mut block = [0; BLOCK_BYTES];
        loop {
            if fill(&mut self.source, &mut block)? != BLOCK_BYTES {
                return Err(Fault::corrupt("it ends within a header"));
            }
            if block.get(504).is_none_or(|&more| more == 0) {
                return Ok(());
            }
        }
    }

    /// Goes to the end of the member at hand.
    fn skip_content(&mut self) -> Result<Skipped, Fault> {
        let (left, padding) = (self.left, self.padding);
        (self.left, self.padding) = (0, 0);
        if skip(&mut self.source, left)? != left {
            return Err(Fault::corrupt("it ends within a member's content"));
        }
        // An archive may lack the padding of its last member.
        Ok(if skip(&mut self.source, padding)? == padding {
            Skipped::Whole
        } else {
            Skipped::AtEnd
        })
    }
}

/// Whether the source went on after what was skipped.
#[derive(PartialEq, Eq)]
enum Skipped {
    Whole,
    AtEnd,
}

impl<R: Read> Read for TarReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let read = self
            .source
            .read(buffer.get_mut(..most).unwrap_or_default())?;
        if read == 0 {
            self.left = 0;
            self.padding = 0;
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

impl Extended {
    /// The records `length key=value\n` of an extended header. What is not one ends them.
    fn read_records(&mut self, mut records: &[u8]) {
        while let Some((record, rest)) = next_record(records) {
            records = rest;
            match record {
                (b"path" | b"GNU.sparse.name", value) => self.path = Some(value.to_vec()),
                (b"linkpath", value) => self.target = Some(value.to_vec()),
                (b"size", value) => {
                    self.size = str::from_utf8(value)
                        .ok()
                        .and_then(|text| text.parse().ok());
                }
                _ => {}
            }
        }
    }
}

/// The first record, and what follows it.
type Record<'a> = ((&'a [u8], &'a [u8]), &'a [u8]);

fn next_record(records: &[u8]) -> Option<Record<'_>> {
    let digits = records.iter().position(|&byte| byte == b' ')?;
    let length: usize = str::from_utf8(records.get(..digits)?).ok()?.parse().ok()?;
    let record = records.get(digits.checked_add(1)?..length.checked_sub(1)?)?;
    let equals = record.iter().position(|&byte| byte == b'=')?;
    let key = record.get(..equals)?;
    let value = record.get(equals.checked_add(1)?..)?;
    Some(((key, value), records.get(length..)?))
}

/// A member's header.
struct Header<'a>(&'a [u8; BLOCK_BYTES]);

impl Header<'_> {
    fn field(&self, from: usize, to: usize) -> &[u8] {
        self.0.get(from..to).unwrap_or_default()
    }

    /// The bytes of a field up to the first zero.
    fn text(&self, from: usize, to: usize) -> Vec<u8> {
        let field = self.field(from, to);
        field
            .iter()
            .copied()
            .take_while(|&byte| byte != 0)
            .collect()
    }

    fn kind_byte(&self) -> u8 {
        self.0.get(156).copied().unwrap_or(0)
    }

    fn path(&self) -> Vec<u8> {
        let name = self.text(0, 100);
        // GNU's format keeps times where ustar keeps the first part of a long name.
        if self.field(257, 263) != b"ustar\0" {
            return name;
        }
        let mut path = self.text(345, 500);
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend(name);
        path
    }

    fn target(&self) -> Vec<u8> {
        self.text(157, 257)
    }

    fn has_more_segments(&self) -> bool {
        self.field(482, 483) != b"\0"
    }

    fn size(&self) -> Result<u64, Fault> {
        number(self.field(124, 136)).ok_or_else(|| Fault::corrupt("a member's size is no number"))
    }
}

/// Whether the block's checksum, the sum of its bytes with eight blanks in its own place, is the one that it states.
pub(crate) fn is_header(block: &[u8; BLOCK_BYTES]) -> bool {
    let Some(stated) = number(block.get(148..156).unwrap_or_default()) else {
        return false;
    };
    let around = block.iter().take(148).chain(block.iter().skip(156));
    let unsigned: u64 = around.clone().map(|&byte| u64::from(byte)).sum();
    let signed: i64 = around.map(|&byte| i64::from(byte.cast_signed())).sum();
    // Some old programs took bytes for signed numbers.
    stated == unsigned + 8 * 32 || i64::try_from(stated) == Ok(signed + 8 * 32)
}

/// A number in octal digits, or, when the first bit is set, in binary.
fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        let start = u64::from(first & 0x7f);
        return rest.iter().try_fold(start, |number, &byte| {
            number.checked_mul(256)?.checked_add(u64::from(byte))
        });
    }
    let digits = field.trim_ascii_start();
    let end = digits
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(digits.len());
    let digits = str::from_utf8(digits.get(..end)?).ok()?;
    if digits.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(digits, 8).ok()
}

/// How many bytes follow content of this size up to the next block.
fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK_BYTES as u64
}

/// Reads until the buffer is full or the source ends; returns how much was read.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
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

/// Reads and forgets; returns how much there was, up to `bytes`.
fn skip(source: &mut impl Read, bytes: u64) -> io::Result<u64> {
    io::copy(&mut source.by_ref().take(bytes), &mut io::sink())
}
