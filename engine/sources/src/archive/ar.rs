//! Reads the archives of `ar` from front to back: deb packages, static libraries; names in the ways of System V and BSD.

use std::io::{self, Read};

use super::fault::Fault;

/// LIMIT: longest table of names, and longest name. The table of a large static library has a few hundred KiB.
const MAX_NAMES_BYTES: u64 = 16 << 20;

/// LIMIT: longest name out of that table, from which any number of members can take the same one. Linux has paths of 4,096 bytes at most.
const MAX_NAME_BYTES: usize = 4_096;

/// Reads an archive from front to back. Reading from it gives the content of the member that
/// [`ArReader::next_entry`] told last.
#[derive(Debug)]
pub struct ArReader<R> {
    source: R,
    names: Vec<u8>,
    left: u64,
    padding: u64,
}

impl<R: Read> ArReader<R> {
    /// A reader of the archive that `source` gives, its mark included.
    ///
    /// # Errors
    /// When the mark is not there.
    pub fn new(mut source: R) -> Result<Self, Fault> {
        let mut mark = [0; 8];
        source.read_exact(&mut mark)?;
        if &mark != b"!<arch>\n" {
            return Err(Fault::corrupt("it does not begin like an ar archive"));
        }
        Ok(Self {
            source,
            names: Vec::new(),
            left: 0,
            padding: 0,
        })
    }

    /// The name of the next member, whether or not the content of the one before has been read.
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
            let mut header = Vec::new();
            self.source.by_ref().take(60).read_to_end(&mut header)?;
            if header.is_empty() {
                return Ok(None);
            }
            let (name, size) = parse(&header)
                .ok_or_else(|| Fault::corrupt("what should be a member's header is none"))?;
            (self.left, self.padding) = (size, size % 2);
            if name == b"//" {
                self.names = self.take_names(size)?;
            } else if let Some(name) = self.resolve(name)? {
                return Ok(Some(name));
            }
        }
    }

    fn take_names(&mut self, size: u64) -> Result<Vec<u8>, Fault> {
        if size > MAX_NAMES_BYTES {
            return Err(Fault::Limit(format!(
                "its table of names is larger than {MAX_NAMES_BYTES} bytes"
            )));
        }
        let mut names = Vec::new();
        self.source.by_ref().take(size).read_to_end(&mut names)?;
        self.left = self.left.saturating_sub(names.len() as u64);
        Ok(names)
    }

    /// The member's real name; none for the tables of symbols.
    fn resolve(&mut self, name: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        if matches!(name, b"/" | b"/SYM64/" | b"__.SYMDEF") {
            return Ok(None);
        }
        if let Some(length) = name.strip_prefix(b"#1/").and_then(decimal) {
            // BSD writes a long name in front of the content.
            let name = self.take_names(length.min(self.left))?;
            return Ok(Some(
                name.into_iter().take_while(|&byte| byte != 0).collect(),
            ));
        }
        if let Some(offset) = name.strip_prefix(b"/").and_then(decimal) {
            let offset = usize::try_from(offset).unwrap_or(usize::MAX);
            let rest = self.names.get(offset..).unwrap_or_default();
            let long: Vec<u8> = rest
                .iter()
                .copied()
                .take(MAX_NAME_BYTES + 1)
                .take_while(|&byte| byte != b'\n')
                .collect();
            if long.len() > MAX_NAME_BYTES {
                let reason = format!("a name in it is longer than {MAX_NAME_BYTES} bytes");
                return Err(Fault::Limit(reason));
            }
            return Ok(Some(long.strip_suffix(b"/").unwrap_or(&long).to_vec()));
        }
        Ok(Some(name.strip_suffix(b"/").unwrap_or(name).to_vec()))
    }
}

impl<R: Read> Read for ArReader<R> {
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

/// Name and size in a member's header.
fn parse(header: &[u8]) -> Option<(&[u8], u64)> {
    if header.get(58..60)? != b"`\n" {
        return None;
    }
    Some((
        header.get(..16)?.trim_ascii_end(),
        decimal(header.get(48..58)?.trim_ascii_end())?,
    ))
}

fn decimal(digits: &[u8]) -> Option<u64> {
    str::from_utf8(digits).ok()?.parse().ok()
}
