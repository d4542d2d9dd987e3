//! The texts in an SQLite database, apart from each other.
//!
//! In the file itself the values of a row stand without anything between them, so that a token begins in the middle of
//! what looks like one word; and a long value is spread over pages that lie anywhere. Here each value is a line.
//!
//! Not a reader of databases: no table is looked up, and no index followed. Every page is looked at by itself, those that
//! nothing refers to any more as well. What is between the rows (deleted ones) is found in the file's own bytes.
//!
//! Format: sqlite.org, "Database File Format", sections 1.3 to 2.1.

/// LIMIT: longest row that is put together; the rest of a longer one is found in the pages themselves.
const MAX_ROW_BYTES: usize = 16 << 20;

/// Size of the file's header, behind which the first page goes on.
const FILE_HEADER_BYTES: usize = 100;

/// A database as a file of pages.
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

/// The values of each page that has any, one a line, with the page's number, from 1.
pub(crate) fn pages(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    let database = Database::new(bytes);
    let count = database
        .as_ref()
        .map_or(0, |database| bytes.len() / database.page_bytes);
    (1..=count).filter_map(move |number| {
        let lines = database.as_ref()?.lines(number)?;
        (!lines.is_empty()).then_some((number, lines))
    })
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

    /// The values in the cells of a page.
    fn lines(&self, number: usize) -> Option<Vec<u8>> {
        let page = self.page(number)?;
        let header = if number == 1 { FILE_HEADER_BYTES } else { 0 };
        let (cells, pointers) = match page.get(header)? {
            0x0d => (Cells::Rows, header + 8),
            0x0a => (Cells::Entries, header + 8),
            0x02 => (Cells::EntriesAbove, header + 12),
            _ => return None,
        };
        let mut lines = Vec::new();
        for index in 0..usize::from(u16_at(page, header + 3)?) {
            let Some(pointer) = u16_at(page, pointers + index * 2) else {
                break;
            };
            if let Some(row) = self.row(page, usize::from(pointer), cells) {
                push_values(&row, &mut lines);
            }
        }
        Some(lines)
    }

    /// The row in the cell at `at`, put together from the pages over which it is spread.
    fn row(&self, page: &[u8], at: usize, cells: Cells) -> Option<Vec<u8>> {
        let mut cell = page.get(at..)?;
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
