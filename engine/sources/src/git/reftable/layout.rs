//! What the header and the footer of a table say about where its blocks are.

use gix::hash::Kind;

use super::cursor::big_endian;
use super::fault::TableFault;

/// What stands at the start of a table and again at the start of its footer.
const MARK: &[u8] = b"REFT";

/// Where the blocks of a table are.
#[derive(Debug)]
pub(super) struct Layout {
    /// Length of the header, which counts as a part of the first block.
    pub(super) header: usize,
    /// What blocks are filled up to; 0 when they are not.
    pub(super) block_size: usize,
    /// Where the blocks end.
    pub(super) end: usize,
    /// Where the first block with logs begins, when the footer says so.
    pub(super) logs: Option<usize>,
    /// Whether the footer is what it should be.
    pub(super) fault: Option<TableFault>,
}

impl Layout {
    /// Reads header and footer. A table whose footer is damaged is read up to its end.
    pub(super) fn read(bytes: &[u8], hash: Kind) -> Result<Self, TableFault> {
        let (mark, rest) = bytes.split_at_checked(4).ok_or(TableFault::NoTable)?;
        let (&version, rest) = rest.split_first().ok_or(TableFault::NoTable)?;
        let block_size = rest.get(..3).ok_or(TableFault::NoTable)?;
        if mark != MARK {
            return Err(TableFault::NoTable);
        }
        let (header, named_by) = match version {
            1 => (24, Kind::Sha1),
            2 => (28, named_by(bytes)?),
            other => return Err(TableFault::UnknownVersion(other)),
        };
        if named_by != hash {
            return Err(TableFault::OtherHash);
        }
        let mut layout = Self {
            header,
            // Three bytes fit.
            block_size: usize::try_from(big_endian(block_size)).unwrap_or_default(),
            end: bytes.len(),
            logs: None,
            fault: None,
        };
        layout.read_footer(bytes);
        Ok(layout)
    }

    /// The footer: the header once more, five numbers of eight bytes, a checksum of four.
    fn read_footer(&mut self, bytes: &[u8]) {
        self.fault = Some(TableFault::DamagedFooter);
        let length = self.header.saturating_add(5 * 8 + 4);
        let Some((blocks, footer)) = bytes
            .len()
            .checked_sub(length)
            .and_then(|at| bytes.split_at_checked(at))
        else {
            return;
        };
        let Some((checked, sum)) = footer.split_last_chunk::<4>() else {
            return;
        };
        if !checked.starts_with(MARK) || crc32fast::hash(checked) != u32::from_be_bytes(*sum) {
            return;
        }
        let numbers = checked.get(self.header..).unwrap_or_default();
        // Index of refs, objects, index of objects, logs, index of logs.
        let logs = numbers.chunks_exact(8).nth(3).map_or(0, big_endian);
        self.logs = usize::try_from(logs).ok().filter(|&logs| logs > 0);
        self.end = blocks.len();
        self.fault = None;
    }
}

/// What a table of the second version names objects by.
fn named_by(bytes: &[u8]) -> Result<Kind, TableFault> {
    match bytes.get(24..28) {
        Some(b"sha1") => Ok(Kind::Sha1),
        Some(b"s256") => Ok(Kind::Sha256),
        Some(_) => Err(TableFault::OtherHash),
        None => Err(TableFault::NoTable),
    }
}
