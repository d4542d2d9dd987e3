//! One block of a table: records, each of whose names goes on from the one before.

use super::cursor::{Cursor, big_endian};
use super::fault::TableFault;
use super::table::Allowance;

/// LIMIT: git writes no name that is longer than a block, of 4 KiB unless somebody wants it otherwise.
const MAX_NAME_BYTES: usize = 64 << 10;

/// The kind of a block and its length, which stand before its records.
pub(super) const HEAD_BYTES: usize = 4;

/// The kind of the block whose head stands at `at`, and the length that it gives itself.
pub(super) fn head(bytes: &[u8], at: usize) -> Result<(u8, usize), TableFault> {
    let head = bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk::<HEAD_BYTES>)
        .ok_or(TableFault::DamagedBlock)?;
    let [kind, length @ ..] = head;
    let length = usize::try_from(big_endian(length)).map_err(|_| TableFault::DamagedBlock)?;
    Ok((*kind, length))
}

/// Calls `each` with the name, the kind and the rest of each record. `block` is a whole block, of which `before` bytes
/// stand before the first record; behind the last one are the places where names begin anew, and how many they are.
pub(super) fn for_each_record(
    block: &[u8],
    before: usize,
    allowance: &mut Allowance,
    mut each: impl FnMut(&[u8], u8, &mut Cursor<'_>) -> Result<(), TableFault>,
) -> Result<(), TableFault> {
    let mut cursor = Cursor::new(records(block, before).ok_or(TableFault::DamagedBlock)?);
    let mut name = Vec::new();
    while !cursor.is_at_end() {
        let shared = usize::try_from(cursor.number()?).map_err(|_| TableFault::DamagedRecord)?;
        let length_and_kind = cursor.number()?;
        let own = cursor.take(length_and_kind >> 3)?;
        if shared > name.len() {
            return Err(TableFault::DamagedRecord);
        }
        name.truncate(shared);
        name.extend_from_slice(own);
        if name.len() > MAX_NAME_BYTES {
            return Err(TableFault::TooLarge);
        }
        // A few bytes can repeat a long name, so it is names that are counted.
        allowance.spend(name.len())?;
        each(&name, length_and_kind.to_le_bytes()[0] & 7, &mut cursor)?;
    }
    Ok(())
}

/// The bytes between the head of a block and its list of places where names begin anew.
fn records(block: &[u8], before: usize) -> Option<&[u8]> {
    let (rest, count) = block.split_last_chunk::<2>()?;
    let restarts = usize::from(u16::from_be_bytes(*count)).checked_mul(3)?;
    rest.get(before..rest.len().checked_sub(restarts)?)
}
