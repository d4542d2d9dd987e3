//! One table: the refs in it, and of its logs the entries of the stash.

use bstr::BString;
use gix::ObjectId;
use gix::hash::Kind;

use super::block::{self, HEAD_BYTES};
use super::cursor::{Cursor, big_endian};
use super::fault::TableFault;
use super::layout::Layout;
use crate::git::pack::inflate::Inflate;

/// The one ref whose log holds what no ref does.
const STASH: &[u8] = b"refs/stash";

/// How much may be made of tables in all: bytes of names, and of logs that are unpacked.
pub(crate) struct Allowance(u64);

impl Default for Allowance {
    /// LIMIT: ten million refs with names of a hundred bytes.
    fn default() -> Self {
        Self(1 << 30)
    }
}

impl Allowance {
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), TableFault> {
        let left = u64::try_from(bytes).ok().and_then(|bytes| {
            // A record costs something even when its name is short.
            self.0.checked_sub(bytes.saturating_add(1))
        });
        self.0 = left.ok_or(TableFault::TooLarge)?;
        Ok(())
    }
}

/// What a table says of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// It is gone, whatever older tables say.
    Deleted,
    /// It leads to an object.
    Object(ObjectId),
    /// It leads to another name.
    Symbolic(BString),
}

/// What can be read of a table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Names and what is said of them.
    pub(crate) refs: Vec<(BString, Value)>,
    /// Entries of the stash's log: what orders them, newest first, and what the stash was then; nothing when the entry was
    /// dropped.
    pub(crate) stash: Vec<(u64, Option<ObjectId>)>,
    /// Why the rest cannot be read.
    pub(crate) fault: Option<TableFault>,
}

impl Table {
    /// Reads the table of a repository whose objects are named by `hash`.
    pub(crate) fn read(bytes: &[u8], hash: Kind, allowance: &mut Allowance) -> Self {
        let mut table = Self::default();
        let layout = match Layout::read(bytes, hash) {
            Ok(layout) => layout,
            Err(fault) => {
                table.fault = Some(fault);
                return table;
            }
        };
        let blocks = bytes.get(..layout.end).unwrap_or_default();
        let refs = table.read_refs(blocks, &layout, hash, allowance);
        let logs = table.read_logs(blocks, &layout, hash, allowance);
        table.fault = refs.err().or(logs.err()).or(layout.fault);
        table
    }

    /// The blocks with refs, which are the first.
    fn read_refs(
        &mut self,
        blocks: &[u8],
        layout: &Layout,
        hash: Kind,
        allowance: &mut Allowance,
    ) -> Result<(), TableFault> {
        let mut start = 0_usize;
        // The header of the table belongs to the first block.
        let mut before = layout.header.saturating_add(HEAD_BYTES);
        loop {
            let head = start.saturating_add(before).saturating_sub(HEAD_BYTES);
            if head >= blocks.len() {
                return Ok(());
            }
            let (kind, length) = block::head(blocks, head)?;
            match kind {
                b'r' => {}
                b'i' | b'o' | b'g' => return Ok(()),
                _ => return Err(TableFault::DamagedBlock),
            }
            let end = start.saturating_add(length);
            let block = blocks.get(start..end).ok_or(TableFault::DamagedBlock)?;
            block::for_each_record(block, before, allowance, |name, kind, rest| {
                let value = value(kind, rest, hash)?;
                self.refs.push((name.into(), value));
                Ok(())
            })?;
            start = match blocks.get(end) {
                // Filled up with zeros, which are no kind of block.
                Some(0) => start.saturating_add(layout.block_size).max(end),
                _ => end,
            };
            before = HEAD_BYTES;
        }
    }

    /// The blocks with logs, which are compressed one by one.
    fn read_logs(
        &mut self,
        blocks: &[u8],
        layout: &Layout,
        hash: Kind,
        allowance: &mut Allowance,
    ) -> Result<(), TableFault> {
        let (mut head, mut before) = match layout.logs {
            Some(logs) => (logs, HEAD_BYTES),
            // A table can consist of logs alone.
            None => (layout.header, layout.header.saturating_add(HEAD_BYTES)),
        };
        let mut inflate = Inflate::new();
        while head < blocks.len() {
            let (kind, length) = block::head(blocks, head)?;
            if kind != b'g' {
                return Ok(());
            }
            allowance.spend(length)?;
            let packed = head.saturating_add(HEAD_BYTES);
            let packed = blocks.get(packed..).ok_or(TableFault::DamagedBlock)?;
            let size = length.checked_sub(before).ok_or(TableFault::DamagedBlock)?;
            let mut block = vec![0; size];
            let consumed = inflate
                .exactly(packed, &mut block)
                .map_err(|_| TableFault::DamagedBlock)?;
            block::for_each_record(&block, 0, allowance, |key, kind, rest| {
                let entry = log_entry(key, kind, rest, hash)?;
                self.stash.extend(entry);
                Ok(())
            })?;
            head = head.saturating_add(HEAD_BYTES).saturating_add(consumed);
            before = HEAD_BYTES;
        }
        Ok(())
    }
}

/// What the record of a ref says behind its name.
fn value(kind: u8, rest: &mut Cursor<'_>, hash: Kind) -> Result<Value, TableFault> {
    // When it was written, which the order of the tables tells as well.
    rest.number()?;
    match kind {
        0 => Ok(Value::Deleted),
        1 => id(rest, hash).map(Value::Object),
        2 => {
            let target = id(rest, hash)?;
            let _what_the_tag_leads_to = id(rest, hash)?;
            Ok(Value::Object(target))
        }
        3 => Ok(Value::Symbolic(rest.text()?.into())),
        _ => Err(TableFault::DamagedRecord),
    }
}

/// What the record of a log says, when it is one of the stash.
fn log_entry(
    key: &[u8],
    kind: u8,
    rest: &mut Cursor<'_>,
    hash: Kind,
) -> Result<Option<(u64, Option<ObjectId>)>, TableFault> {
    let (name, order) = key
        .split_last_chunk::<8>()
        .ok_or(TableFault::DamagedRecord)?;
    let target = match kind {
        0 => None,
        1 => {
            let _before = id(rest, hash)?;
            let target = id(rest, hash)?;
            let _author = (rest.text()?, rest.text()?);
            let _time = (rest.number()?, rest.take(2)?);
            let _message = rest.text()?;
            Some(target)
        }
        _ => return Err(TableFault::DamagedRecord),
    };
    let is_stash = name.strip_suffix(b"\0") == Some(STASH);
    Ok(is_stash.then(|| (big_endian(order), target)))
}

fn id(rest: &mut Cursor<'_>, hash: Kind) -> Result<ObjectId, TableFault> {
    let length = u64::try_from(hash.len_in_bytes()).map_err(|_| TableFault::DamagedRecord)?;
    ObjectId::try_from(rest.take(length)?).map_err(|_| TableFault::DamagedRecord)
}
