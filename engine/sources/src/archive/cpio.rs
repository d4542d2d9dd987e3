//! Reads cpio archives from front to back, in their two textual forms: `newc`, which initial RAM disks and RPM packages
//! use, and the old portable one (POSIX.1-1997, "cpio Interchange Format").

use std::io::{self, Read};

use super::fault::Fault;

/// LIMIT: longest name. Linux has paths of 4,096 bytes at most.
const MAX_NAME_BYTES: u64 = 1 << 20;

/// The type of file in a mode, and that of a folder.
const MODE_KIND: u64 = 0o170_000;
const MODE_FOLDER: u64 = 0o040_000;

/// Reads an archive from front to back. Reading from it gives the content of the member that
/// [`CpioReader::next_entry`] told last.
#[derive(Debug)]
pub struct CpioReader<R> {
    source: R,
    left: u64,
    padding: u64,
}

/// What a member's header says.
struct Header {
    mode: u64,
    name_bytes: u64,
    size: u64,
    /// Names and contents begin at multiples of this.
    alignment: u64,
    /// Size of the header itself.
    header_bytes: u64,
}

impl<R: Read> CpioReader<R> {
    /// A reader of the archive that `source` gives.
    pub fn new(source: R) -> Self {
        Self {
            source,
            left: 0,
            padding: 0,
        }
    }

    /// The name of the next member that is no folder, whether or not the content of the one before has been read.
    ///
    /// # Errors
    /// When the archive is cut off or what should be a header is none.
    pub fn next_entry(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        loop {
            io::copy(&mut self.source.by_ref().take(self.left), &mut io::sink())?;
            io::copy(
                &mut self.source.by_ref().take(self.padding),
                &mut io::sink(),
            )?;
            (self.left, self.padding) = (0, 0);
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            if header.name_bytes > MAX_NAME_BYTES {
                let reason = format!("a name in it is longer than {MAX_NAME_BYTES} bytes");
                return Err(Fault::Limit(reason));
            }
            let mut name = Vec::new();
            self.source
                .by_ref()
                .take(header.name_bytes)
                .read_to_end(&mut name)?;
            let after_name = header.header_bytes + header.name_bytes;
            let gap = after_name.wrapping_neg() % header.alignment;
            io::copy(&mut self.source.by_ref().take(gap), &mut io::sink())?;
            if name.pop() != Some(0) {
                return Err(Fault::corrupt("it ends within a member's name"));
            }
            (self.left, self.padding) =
                (header.size, header.size.wrapping_neg() % header.alignment);
            // What follows the trailer may be the next archive: initial RAM disks are made of several.
            if name != b"TRAILER!!!" && header.mode & MODE_KIND != MODE_FOLDER {
                return Ok(Some(name));
            }
        }
    }

    /// The next header; none at the end, before which there may be zeros.
    fn header(&mut self) -> Result<Option<Header>, Fault> {
        let mut mark = [0; 6];
        loop {
            let mut first = [0];
            if self.source.read(&mut first)? == 0 {
                return Ok(None);
            }
            if first != [0] {
                mark[0] = first[0];
                break;
            }
        }
        self.source.read_exact(&mut mark[1..])?;
        match &mark {
            b"070701" | b"070702" => self.new_header().map(Some),
            b"070707" => self.old_header().map(Some),
            _ => Err(Fault::corrupt("what should be a member's header is none")),
        }
    }

    fn new_header(&mut self) -> Result<Header, Fault> {
        let mut fields = [0; 104];
        self.source.read_exact(&mut fields)?;
        let field = |index: usize| digits(fields.get(index * 8..index * 8 + 8), 16);
        Ok(Header {
            mode: field(1)?,
            size: field(6)?,
            name_bytes: field(11)?,
            alignment: 4,
            header_bytes: 110,
        })
    }

    fn old_header(&mut self) -> Result<Header, Fault> {
        let mut fields = [0; 70];
        self.source.read_exact(&mut fields)?;
        Ok(Header {
            mode: digits(fields.get(12..18), 8)?,
            name_bytes: digits(fields.get(53..59), 8)?,
            size: digits(fields.get(59..70), 8)?,
            alignment: 1,
            header_bytes: 76,
        })
    }
}

impl<R: Read> Read for CpioReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.by_ref().take(self.left).read(buffer)?;
        if read == 0 && self.left > 0 && !buffer.is_empty() {
            self.left = 0;
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

fn digits(field: Option<&[u8]>, radix: u32) -> Result<u64, Fault> {
    field
        .and_then(|field| str::from_utf8(field).ok())
        .and_then(|text| u64::from_str_radix(text, radix).ok())
        .ok_or_else(|| Fault::corrupt("a number in a member's header is none"))
}
