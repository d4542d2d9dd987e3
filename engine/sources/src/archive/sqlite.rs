//! The texts in an SQLite database, apart from each other.
//!
//! In the file itself the values of a row stand without anything between them, so that a token begins in the middle of
//! what looks like one word; and a long value is spread over pages that lie anywhere. Here each value is a line.
//!
//! Not a reader of databases: no table is looked up, and no index followed. Every page is looked at by itself, those that
//! nothing refers to any more as well. What is between the rows (deleted ones) is found in the file's own bytes.
//!
//! Format: sqlite.org, "Database File Format", sections 1.3 to 2.1.

use super::fault::Fault;

/// LIMIT: longest row that is put together; the rest of a longer one is found in the pages themselves.
const MAX_ROW_BYTES: usize = 16 << 20;

/// LIMIT: what the rows of a database may have together, as many times its own size. In a whole database each byte is of one row
/// at most; pages that nothing refers to any more have rows that were written over.
const MOST_TIMES: usize = 4;

/// How much of a page's values is told at once.
const LINES_BYTES: usize = 16 << 20;

/// Size of the file's header, behind which the first page goes on.
const FILE_HEADER_BYTES: usize = 100;

/// A database as a file of pages.
#[derive(Clone, Copy)]
struct Database<'a> {
    bytes: &'a [u8],
    page_bytes: usize,
    /// What of a page is used.
    usable: usize,
}

/// How the cells of a page are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cells {
    /// Rows of a table: a size, an id, the row.
    Rows,
    /// Entries of an index: a size, the entry.
    Entries,
    /// The same behind the number of a page.
    EntriesAbove,
}

/// The values of each page that has any, one a line, with the page's number, from 1. Those of one page come in parts when they are
/// long. A fault is the last that comes.
pub(crate) fn pages(bytes: &[u8]) -> Pages<'_> {
    Pages {
        database: Database::new(bytes),
        number: 1,
        cell: 0,
        left: bytes.len().saturating_mul(MOST_TIMES),
        is_over: false,
    }
}

/// The pages of a database, from the first to the last.
pub(crate) struct Pages<'a> {
    database: Option<Database<'a>>,
    /// The page at hand, and the next of its cells.
    number: usize,
    cell: usize,
    /// What the rows that are still to come may have.
    left: usize,
    /// Whether one had more than that.
    is_over: bool,
}

impl Iterator for Pages<'_> {
    type Item = Result<(usize, Vec<u8>), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let database = self.database?;
        while !self.is_over && self.number <= database.count() {
            let number = self.number;
            let lines = self.lines(&database);
            if !lines.is_empty() {
                return Some(Ok((number, lines)));
            }
        }
        self.database = None;
        let reason = format!("its rows have more than {MOST_TIMES} times its size");
        self.is_over.then_some(Err(Fault::Limit(reason)))
    }
}

impl Pages<'_> {
    /// The values in the next cells of the page at hand.
    fn lines(&mut self, database: &Database<'_>) -> Vec<u8> {
        let mut lines = Vec::new();
        let page = database.cells(self.number);
        while !self.is_over && lines.len() < LINES_BYTES {
            let pointed = page
                .as_ref()
                .and_then(|page| Some((page, page.pointer(self.cell)?)));
            let Some((page, at)) = pointed else {
                (self.number, self.cell) = (self.number + 1, 0);
                break;
            };
            self.cell += 1;
            let row = database.row(page, at).unwrap_or_default();
            push_values(&row, &mut lines);
            match self.left.checked_sub(row.len()) {
                Some(left) => self.left = left,
                None => self.is_over = true,
            }
        }
        lines
    }
}

/// A page with cells.
struct CellPage<'a> {
    bytes: &'a [u8],
    cells: Cells,
    count: usize,
    /// Where the places of its cells are listed.
    pointers: usize,
}

impl CellPage<'_> {
    /// Where a cell is; nothing behind the last one.
    fn pointer(&self, cell: usize) -> Option<usize> {
        let pointer = u16_at(self.bytes, self.pointers + cell * 2);
        pointer.filter(|_| cell < self.count).map(usize::from)
    }
}

impl<'a> Database<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let page_bytes = match u16_at(bytes, 16)? {
            1 => 65_536,
            size => usize::from(size),
        };
        let reserved = usize::from(*bytes.get(20)?);
        let is_right = page_bytes.is_power_of_two() && page_bytes >= 512;
        is_right.then_some(Self {
            bytes,
            page_bytes,
            usable: page_bytes
                .checked_sub(reserved)
                .filter(|usable| *usable >= 480)?,
        })
    }

    fn page(&self, number: usize) -> Option<&'a [u8]> {
        let start = number.checked_sub(1)?.checked_mul(self.page_bytes)?;
        self.bytes.get(start..)?.get(..self.usable)
    }

    /// How many pages there are.
    fn count(&self) -> usize {
        self.bytes.len() / self.page_bytes
    }

    /// A page that has cells with values.
    fn cells(&self, number: usize) -> Option<CellPage<'a>> {
        let bytes = self.page(number).filter(|_| number <= self.count())?;
        let header = if number == 1 { FILE_HEADER_BYTES } else { 0 };
        let (cells, pointers) = match bytes.get(header)? {
            0x0d => (Cells::Rows, header + 8),
            0x0a => (Cells::Entries, header + 8),
            0x02 => (Cells::EntriesAbove, header + 12),
            _ => return None,
        };
        Some(CellPage {
            bytes,
            cells,
            count: usize::from(u16_at(bytes, header + 3)?),
            pointers,
        })
    }

    /// The row in the cell at `at`, put together from the pages over which it is spread.
    fn row(&self, page: &CellPage<'_>, at: usize) -> Option<Vec<u8>> {
        let cells = page.cells;
        let mut cell = page.bytes.get(at..)?;
        if cells == Cells::EntriesAbove {
            cell = cell.get(4..)?;
        }
        let size = usize::try_from(take_varint(&mut cell)?).ok()?;
        if cells == Cells::Rows {
            take_varint(&mut cell)?;
        }
        let here = self.bytes_here(size, cells);
        let mut row = cell.get(..here)?.to_vec();
        let mut next = cell
            .get(here..)
            .filter(|_| here < size)
            .and_then(page_number);
        while let Some(number) = next.filter(|_| row.len() < size.min(MAX_ROW_BYTES)) {
            let Some((link, content)) = self.page(number).and_then(|page| page.split_at_checked(4))
            else {
                break;
            };
            let rest = size - row.len();
            row.extend_from_slice(content.get(..rest).unwrap_or(content));
            next = page_number(link);
        }
        Some(row)
    }

    /// How much of a row of this size is in its cell.
    fn bytes_here(&self, size: usize, cells: Cells) -> usize {
        let most = match cells {
            Cells::Rows => self.usable - 35,
            Cells::Entries | Cells::EntriesAbove => (self.usable - 12) * 64 / 255 - 23,
        };
        if size <= most {
            return size;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let spread = least + (size - least) % (self.usable - 4);
        if spread <= most { spread } else { least }
    }
}

/// Adds the texts and blobs of a row, each with a line end.
fn push_values(row: &[u8], lines: &mut Vec<u8>) {
    let mut rest = row;
    let Some(header_bytes) = take_varint(&mut rest).and_then(|size| usize::try_from(size).ok())
    else {
        return;
    };
    let prefix = row.len() - rest.len();
    let Some(mut types) = row.get(prefix..header_bytes) else {
        return;
    };
    let mut values = row.get(header_bytes..).unwrap_or_default();
    while let Some(kind) = take_varint(&mut types) {
        let size = match kind {
            0 | 8..=11 => 0,
            1..=4 => kind as usize,
            5 => 6,
            6 | 7 => 8,
            _ => usize::try_from((kind - 12) / 2).unwrap_or(usize::MAX),
        };
        let (value, after) = values.split_at_checked(size).unwrap_or((values, &[]));
        if kind >= 12 && !value.is_empty() {
            lines.extend_from_slice(value);
            lines.push(b'\n');
        }
        values = after;
    }
}

/// A number of one to nine bytes, the highest bits first.
fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for index in 0..9 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if index == 8 {
            return Some(number << 8 | u64::from(byte));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// The number of the page on which a row goes on; none at its end.
fn page_number(bytes: &[u8]) -> Option<usize> {
    let number = u32::from_be_bytes(*bytes.first_chunk::<4>()?);
    usize::try_from(number).ok().filter(|number| *number > 0)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk::<2>()?))
}
