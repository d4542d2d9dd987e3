//! Reads the directory of a zip file, and finds members that the directory keeps quiet about.
//!
//! The directory at the end says what is in the file; programs that read from front to back go by the headers before each
//! member instead. Who wants to hide something puts it where only one of the two looks: several members of one name, a
//! member that the directory does not list. So both are read here, and each distinct content is one entry.
//!
//! Sizes are believed only as far as they name bytes of the file. Format: PKWARE's APPNOTE.TXT 6.3.10.

use std::collections::BTreeMap;

use memchr::memmem;

use super::fault::Fault;

/// Size of the end record without its comment.
const END_BYTES: usize = 22;

/// Size of a directory entry, and of a member's own header, without what varies in length.
const DIRECTORY_ENTRY_BYTES: usize = 46;
const LOCAL_HEADER_BYTES: usize = 30;

/// Longest comment, and so how far from the end the end record can begin.
const MAX_COMMENT_BYTES: usize = 65_535;

/// A number that says: look into the extra field of zip64.
const SEE_EXTRA: u32 = u32::MAX;

/// One member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZipEntry<'a> {
    /// Its name as it stands in the file: any bytes.
    pub name: &'a [u8],
    /// How it is packed: 0 stored, 8 deflate, …
    pub method: u16,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Its packed bytes. When nobody states how many there are, all up to the end of the file.
    pub packed: &'a [u8],
}

/// What is in a zip file.
#[derive(Clone, Debug, Default)]
pub struct ZipDirectory<'a> {
    /// Its members, in the order of their places.
    pub entries: Vec<ZipEntry<'a>>,
    /// What of it makes no sense.
    pub fault: Option<Fault>,
}

impl<'a> ZipDirectory<'a> {
    /// Reads the directory of the zip file `bytes`. At most `most` members are told.
    #[must_use]
    pub fn read(bytes: &'a [u8], most: u64) -> Self {
        let mut found = Found {
            bytes,
            most,
            members: BTreeMap::new(),
            directory_start: bytes.len(),
            fault: None,
        };
        if let Err(fault) = found.listed() {
            found.fault = Some(fault);
        }
        found.unlisted();
        Self {
            entries: found
                .members
                .into_values()
                .map(|member| member.entry)
                .collect(),
            fault: found.fault,
        }
    }
}

/// Whether an end record stands at the beginning of `tail`, and its comment ends where the file does.
pub(super) fn ends_here(tail: &[u8]) -> bool {
    tail.len() >= END_BYTES
        && u16_at(tail, 20).is_some_and(|comment| END_BYTES + usize::from(comment) == tail.len())
}

/// What has been found so far, by the offset of the member's own header.
struct Found<'a> {
    bytes: &'a [u8],
    most: u64,
    members: BTreeMap<usize, Member<'a>>,
    directory_start: usize,
    fault: Option<Fault>,
}

struct Member<'a> {
    entry: ZipEntry<'a>,
    end: usize,
}

/// What a directory entry says.
struct Listed<'a> {
    name: &'a [u8],
    flags: u16,
    method: u16,
    packed_bytes: u64,
    header_offset: u64,
    next: usize,
}

impl<'a> Found<'a> {
    /// The members that the directory lists.
    fn listed(&mut self) -> Result<(), Fault> {
        let end = self
            .end_record()
            .ok_or_else(|| Fault::corrupt("its directory is missing: it is cut off"))?;
        let (size, stated_start) = self.directory_range(end)?;
        // Something can stand before the zip file (a program that unpacks it); offsets count from after that.
        let start = end
            .checked_sub(size)
            .ok_or_else(|| Fault::corrupt("its directory does not fit into it"))?;
        let shift = start
            .checked_sub(stated_start)
            .ok_or_else(|| Fault::corrupt("its directory is not where it should be"))?;
        self.directory_start = start;
        let mut at = start;
        while at < end {
            let listed = listed(self.bytes, at)
                .ok_or_else(|| Fault::corrupt("an entry of its directory is none"))?;
            at = listed.next;
            if self.members.len() as u64 > self.most {
                return Ok(());
            }
            let offset = usize::try_from(listed.header_offset).ok();
            let offset = offset.and_then(|offset| offset.checked_add(shift));
            match offset.and_then(|offset| Some((offset, self.member(offset, &listed)?))) {
                Some((offset, member)) => drop(self.members.insert(offset, member)),
                None => {
                    self.fault = Some(Fault::Corrupt(format!(
                        "the directory lists {}, which is not there",
                        String::from_utf8_lossy(listed.name)
                    )));
                }
            }
        }
        Ok(())
    }

    /// Where the end record is; with zip64, the end of the directory before the records of that.
    fn end_record(&self) -> Option<usize> {
        let from = self
            .bytes
            .len()
            .saturating_sub(END_BYTES + MAX_COMMENT_BYTES);
        let tail = self.bytes.get(from..)?;
        let exact = memmem::rfind_iter(tail, b"PK\x05\x06")
            .find(|&at| tail.get(at..).is_some_and(ends_here));
        // Bytes behind the end are as common as comments of the wrong length.
        Some(from + exact.or_else(|| memmem::rfind(tail, b"PK\x05\x06"))?)
    }

    /// Size of the directory and where it should begin.
    fn directory_range(&mut self, end: usize) -> Result<(usize, usize), Fault> {
        let broken = || Fault::corrupt("its end record is cut off");
        let size = u32_at(self.bytes, end + 12).ok_or_else(broken)?;
        let start = u32_at(self.bytes, end + 16).ok_or_else(broken)?;
        let locator = end
            .checked_sub(20)
            .filter(|&at| has(self.bytes, at, b"PK\x06\x07"));
        let Some(locator) = locator else {
            return Ok((size as usize, start as usize));
        };
        // INVARIANT: the record of zip64 ends where its locator begins.
        let record = locator
            .checked_sub(56)
            .filter(|&at| has(self.bytes, at, b"PK\x06\x06"));
        let record = record.ok_or_else(|| Fault::corrupt("its zip64 record is not there"))?;
        let wide = |at| u64_at(self.bytes, at).and_then(|number| usize::try_from(number).ok());
        let (size, start) = (wide(record + 40), wide(record + 48));
        let (size, start) = (size.ok_or_else(broken)?, start.ok_or_else(broken)?);
        // The directory ends before these two records.
        Ok((size.saturating_add(end - record), start))
    }

    /// The member whose own header is at `offset`.
    fn member(&self, offset: usize, listed: &Listed<'a>) -> Option<Member<'a>> {
        let data = data_offset(self.bytes, offset)?;
        let packed_bytes = usize::try_from(listed.packed_bytes).ok()?;
        let end = data.checked_add(packed_bytes)?;
        let packed = match self.bytes.get(data..end) {
            Some(packed) => packed,
            // A size that lies: whatever is there is looked at.
            None => self.bytes.get(data..)?,
        };
        Some(Member {
            entry: ZipEntry {
                name: listed.name,
                method: listed.method,
                encrypted: listed.flags & 1 != 0,
                packed,
            },
            end: end.min(self.bytes.len()),
        })
    }

    /// Members between those of the directory, known by their own headers.
    fn unlisted(&mut self) {
        let mut gaps = Vec::new();
        let mut at = 0;
        for (&offset, member) in &self.members {
            if offset > at {
                gaps.push(at..offset);
            }
            at = at.max(member.end);
        }
        // Without a directory everything is a gap. A descriptor after a member is one too, and too short for a header.
        if self.directory_start > at {
            gaps.push(at..self.directory_start);
        }
        let bytes = self.bytes;
        for gap in gaps {
            let part = bytes.get(gap.clone()).unwrap_or_default();
            let mut from = 0;
            while let Some(found) =
                memmem::find(part.get(from..).unwrap_or_default(), b"PK\x03\x04")
            {
                let offset = gap.start + from + found;
                from += found + 4;
                if self.members.len() as u64 > self.most {
                    return;
                }
                if let Some((entry, end)) = on_its_own(bytes, offset, gap.end)
                    && !entry.packed.is_empty()
                {
                    from = from.max(end.saturating_sub(gap.start));
                    self.members.insert(offset, Member { entry, end });
                }
            }
        }
    }
}

/// The member whose header is at `offset`, by that header alone, and where it ends as far as that is known.
fn on_its_own(bytes: &[u8], offset: usize, most: usize) -> Option<(ZipEntry<'_>, usize)> {
    let data = data_offset(bytes, offset)?;
    let name_bytes = usize::from(u16_at(bytes, offset + 26)?);
    let name = bytes
        .get(offset + LOCAL_HEADER_BYTES..)?
        .get(..name_bytes)?;
    let flags = u16_at(bytes, offset + 6)?;
    let stated = u32_at(bytes, offset + 18)? as usize;
    // With bit 3 the size stands behind the content.
    let is_known = flags & 8 == 0 && stated != SEE_EXTRA as usize;
    let end = if is_known {
        data.checked_add(stated)?.min(most)
    } else {
        most
    };
    let entry = ZipEntry {
        name,
        method: u16_at(bytes, offset + 8)?,
        encrypted: flags & 1 != 0,
        packed: bytes.get(data..end)?,
    };
    Some((entry, if is_known { end } else { data }))
}

/// Where the content of the member with its header at `offset` begins.
fn data_offset(bytes: &[u8], offset: usize) -> Option<usize> {
    if !has(bytes, offset, b"PK\x03\x04") {
        return None;
    }
    let name_bytes = usize::from(u16_at(bytes, offset.checked_add(26)?)?);
    let extra_bytes = usize::from(u16_at(bytes, offset.checked_add(28)?)?);
    offset
        .checked_add(LOCAL_HEADER_BYTES)?
        .checked_add(name_bytes)?
        .checked_add(extra_bytes)
}

/// The directory entry at `at`.
fn listed(bytes: &[u8], at: usize) -> Option<Listed<'_>> {
    if !has(bytes, at, b"PK\x01\x02") {
        return None;
    }
    let length = |field: usize| u16_at(bytes, at.checked_add(field)?).map(usize::from);
    let (name_bytes, extra_bytes, comment_bytes) = (length(28)?, length(30)?, length(32)?);
    let name_at = at.checked_add(DIRECTORY_ENTRY_BYTES)?;
    let extra_at = name_at.checked_add(name_bytes)?;
    let name = bytes.get(name_at..extra_at)?;
    let extra = bytes.get(extra_at..extra_at.checked_add(extra_bytes)?)?;
    let unpacked = u32_at(bytes, at.checked_add(24)?)?;
    let packed = u32_at(bytes, at.checked_add(20)?)?;
    let offset = u32_at(bytes, at.checked_add(42)?)?;
    let mut wide = zip64_numbers(extra);
    // The extra field holds those numbers, in this order, that do not fit.
    let mut number = |narrow: u32| match narrow {
        SEE_EXTRA => wide.next().unwrap_or(u64::from(narrow)),
        narrow => u64::from(narrow),
    };
    let _unpacked = number(unpacked);
    Some(Listed {
        name,
        flags: u16_at(bytes, at.checked_add(8)?)?,
        method: u16_at(bytes, at.checked_add(10)?)?,
        packed_bytes: number(packed),
        header_offset: number(offset),
        next: extra_at
            .checked_add(extra_bytes)?
            .checked_add(comment_bytes)?,
    })
}

/// The numbers of the extra field with id 1.
fn zip64_numbers(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut numbers = Vec::new();
    while let (Some(id), Some(size)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let end = 4 + usize::from(size);
        if id == 1 {
            let field = extra.get(4..end).unwrap_or_default();
            numbers = (0..field.len() / 8)
                .filter_map(|index| u64_at(field, index * 8))
                .collect();
        }
        extra = extra.get(end..).unwrap_or_default();
    }
    numbers.into_iter()
}

fn has(bytes: &[u8], at: usize, mark: &[u8]) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(mark))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_le_bytes)
}
