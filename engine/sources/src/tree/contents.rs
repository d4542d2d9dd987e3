//! The bytes of one file: read into a buffer that is used again, or mapped when the file is large.
//!
//! Opens regular files only, never through a symbolic link as the last step, and never waits: a named pipe or a
//! device that takes a file's place between listing and opening is an error, not a hang.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use memmap2::Mmap;

use super::mapped;

/// Files from this size on are mapped. LIMIT: it bounds the buffer of each thread; and as a mapped file that is
/// truncated meanwhile ends the process, only files too large to be copied are mapped.
const MAP_FROM: u64 = 16 << 20;

/// First size of the buffer: most source files fit, so that it is allocated once.
const FIRST_BUFFER: usize = 256 << 10;

/// Reads files one after the other. One for each thread.
#[derive(Default)]
pub(crate) struct Contents {
    buffer: Vec<u8>,
    filled: usize,
    mapped: Option<Mmap>,
}

/// Why a file has no contents for us.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The system said no.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is larger than the limit.
    #[error("it is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    /// It is a pipe, a socket, a device or a folder.
    #[error("it is not a regular file")]
    NotAFile,
}

impl Contents {
    /// All bytes of the regular file at `path`, at most `limit`.
    ///
    /// # Errors
    /// When it cannot be read, is larger than `limit`, or is no regular file.
    pub(crate) fn read(&mut self, path: &Path, limit: u64) -> Result<&[u8], ReadError> {
        self.mapped = None;
        let file = open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(ReadError::NotAFile);
        }
        if metadata.len() > limit {
            return Err(ReadError::TooLarge { limit });
        }
        if metadata.len() >= MAP_FROM
            && let Ok(len) = usize::try_from(metadata.len())
            && let Ok(map) = mapped::map(&file, len)
        {
            return Ok(self.mapped.insert(map));
        }
        self.fill(file, metadata.len(), limit)
    }

    /// Reads `source` to its end into the buffer; `expected` is only a guess of its length.
    pub(crate) fn fill(
        &mut self,
        mut source: impl Read,
        expected: u64,
        limit: u64,
    ) -> Result<&[u8], ReadError> {
        let expected = usize::try_from(expected.min(limit)).unwrap_or(usize::MAX);
        // One byte more than expected, so that the end is seen without growing the buffer first.
        let wanted = expected.saturating_add(1).max(FIRST_BUFFER);
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        self.filled = 0;
        loop {
            if self.filled == self.buffer.len() {
                let larger = self.buffer.len().saturating_mul(2);
                self.buffer.resize(larger, 0);
            }
            let rest = self.buffer.get_mut(self.filled..).unwrap_or_default();
            match source.read(rest) {
                Ok(0) => return Ok(self.filled()),
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
            if self.filled as u64 > limit {
                self.filled = usize::try_from(limit).unwrap_or(usize::MAX);
                return Err(ReadError::TooLarge { limit });
            }
        }
    }

    /// What the last [`Contents::fill`] read, up to its limit, even when it failed.
    pub(crate) fn filled(&self) -> &[u8] {
        self.buffer.get(..self.filled).unwrap_or_default()
    }
}

/// Opens for reading without following a link and without waiting for a pipe's other end.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
}

/// Opens for reading; where there are no such flags, the caller's look at the file type has to do.
#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn small_large_and_empty_files_come_back_byte_for_byte() {
        let folder = tempfile::tempdir().unwrap();
        let mut contents = Contents::default();
        for len in [
            0,
            1,
            FIRST_BUFFER - 1,
            FIRST_BUFFER,
            FIRST_BUFFER + 1,
            20 << 20,
            3,
        ] {
            let bytes: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            let path = folder.path().join("file");
            fs::write(&path, &bytes).unwrap();
            assert!(
                contents.read(&path, 1 << 30).unwrap() == bytes,
                "{len} bytes"
            );
        }
    }

    #[test]
    fn a_source_that_is_longer_than_expected_is_read_to_its_end() {
        let bytes = vec![7_u8; 3 * FIRST_BUFFER];
        let mut contents = Contents::default();
        assert!(contents.fill(&bytes[..], 0, 1 << 30).unwrap() == bytes);
    }

    #[test]
    fn the_limit_is_the_largest_size_that_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, [1; 11]).unwrap();
        let mut contents = Contents::default();
        assert_eq!(contents.read(&path, 11).unwrap().len(), 11);
        assert!(matches!(
            contents.read(&path, 10),
            Err(ReadError::TooLarge { limit: 10 })
        ));
        assert!(matches!(
            contents.fill(&[1; 11][..], 0, 10),
            Err(ReadError::TooLarge { limit: 10 })
        ));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_a_files_place_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("real"), "x").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("real", &link).unwrap();
        assert!(matches!(
            Contents::default().read(&link, 10),
            Err(ReadError::Io(_))
        ));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_in_a_files_place_is_an_error_and_not_a_hang() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap();
        assert!(made.success());
        assert!(matches!(
            Contents::default().read(&pipe, 10),
            Err(ReadError::NotAFile)
        ));
    }
}
