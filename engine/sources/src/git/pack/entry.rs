//! The header of one entry in a pack: its kind, its size, and for a delta where its base is.
//!
//! Format: <https://git-scm.com/docs/pack-format>, "pack-*.pack files". The bytes come from strangers: nothing here
//! trusts a length, and nothing can panic.
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

use gix::ObjectId;
use gix::objs::Kind;

/// How an entry is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Whole.
    Whole(Kind),
    /// As changes of the entry that starts so many bytes before it.
    OffsetDelta(u64),
    /// As changes of the object with this id.
    IdDelta(ObjectId),
}

/// The header of one entry in a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryHeader {
    /// How it is stored.
    pub stored: Stored,
    /// Size of what its compressed bytes hold: the object, or the instructions of the delta.
    pub size: u64,
    /// Length of the header itself: the compressed bytes start behind it.
    pub length: usize,
}

/// Why bytes are not the header of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// They end too early.
    #[error("the entry is cut off")]
    CutOff,
    /// The number of the entry's kind stands for nothing.
    #[error("the entry is of the unknown kind {0}")]
    UnknownKind(u8),
    /// A number has more than 64 bits.
    #[error("a size or distance in the entry is larger than 64 bits")]
    TooLarge,
}

impl EntryHeader {
    /// Reads the header at the start of `bytes`, which may go on far behind it.
    ///
    /// # Errors
    /// When the bytes are no such header.
    pub fn parse(bytes: &[u8], hash: gix::hash::Kind) -> Result<Self, EntryError> {
        let mut reader = Reader { bytes, position: 0 };
        let (kind, size) = reader.kind_and_size()?;
        let stored = match kind {
            1 => Stored::Whole(Kind::Commit),
            2 => Stored::Whole(Kind::Tree),
            3 => Stored::Whole(Kind::Blob),
            4 => Stored::Whole(Kind::Tag),
            6 => Stored::OffsetDelta(reader.distance()?),
            7 => Stored::IdDelta(reader.id(hash)?),
            other => return Err(EntryError::UnknownKind(other)),
        };
        Ok(Self {
            stored,
            size,
            length: reader.position,
        })
    }
}

/// The bytes, and how far they are read.
struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, EntryError> {
        let byte = self.bytes.get(self.position).copied();
        self.position = self.position.saturating_add(1);
        byte.ok_or(EntryError::CutOff)
    }

    /// Three bits of kind; four, then seven bits of size at a time, the lowest first.
    fn kind_and_size(&mut self) -> Result<(u8, u64), EntryError> {
        let mut byte = self.byte()?;
        let kind = (byte >> 4) & 7;
        let mut size = u64::from(byte & 15);
        let mut shift = 4_u32;
        while byte & 0x80 != 0 {
            byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            let shifted = part.checked_shl(shift).ok_or(EntryError::TooLarge)?;
            if shifted.checked_shr(shift) != Some(part) {
                return Err(EntryError::TooLarge);
            }
            size |= shifted;
            shift = shift.saturating_add(7);
        }
        Ok((kind, size))
    }

    /// Seven bits at a time, the highest first; each continuation stands for one more than its bits.
    fn distance(&mut self) -> Result<u64, EntryError> {
        let mut byte = self.byte()?;
        let mut distance = u64::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = self.byte()?;
            distance = distance
                .checked_add(1)
                .and_then(|more| more.checked_mul(128))
                .and_then(|more| more.checked_add(u64::from(byte & 0x7f)))
                .ok_or(EntryError::TooLarge)?;
        }
        Ok(distance)
    }

    fn id(&mut self, hash: gix::hash::Kind) -> Result<ObjectId, EntryError> {
        let end = self.position.saturating_add(hash.len_in_bytes());
        let bytes = self.bytes.get(self.position..end);
        self.position = end;
        bytes
            .and_then(|bytes| ObjectId::try_from(bytes).ok())
            .ok_or(EntryError::CutOff)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(bytes: &[u8]) -> Result<EntryHeader, EntryError> {
        EntryHeader::parse(bytes, gix::hash::Kind::Sha1)
    }

    #[test]
    fn the_size_of_a_whole_entry_is_read_from_as_many_bytes_as_it_takes() {
        let small = parse(&[0x35, 0x78]);
        let expected = EntryHeader {
            stored: Stored::Whole(Kind::Blob),
            size: 5,
            length: 1,
        };
        assert_eq!(small, Ok(expected));
        let larger = parse(&[0x95, 0x81, 0x01]);
        let expected = EntryHeader {
            stored: Stored::Whole(Kind::Commit),
            size: 5 | 1 << 4 | 1 << 11,
            length: 3,
        };
        assert_eq!(larger, Ok(expected));
    }

    #[test]
    fn a_distance_counts_one_more_for_each_further_byte() {
        assert_eq!(
            parse(&[0x60, 0x7f]).map(|header| header.stored),
            Ok(Stored::OffsetDelta(127))
        );
        assert_eq!(
            parse(&[0x60, 0x80, 0x00]).map(|header| header.stored),
            Ok(Stored::OffsetDelta(128))
        );
    }

    #[test]
    fn a_header_that_ends_early_or_lies_is_refused() {
        assert_eq!(parse(&[]), Err(EntryError::CutOff));
        assert_eq!(parse(&[0xb5]), Err(EntryError::CutOff));
        assert_eq!(parse(&[0x70, 1, 2, 3]), Err(EntryError::CutOff));
        assert_eq!(parse(&[0x05]), Err(EntryError::UnknownKind(0)));
        assert_eq!(parse(&[0x55]), Err(EntryError::UnknownKind(5)));
        assert_eq!(parse(&[0xff; 40]), Err(EntryError::TooLarge));
        let mut distance = vec![0x60];
        distance.extend([0xff; 40]);
        assert_eq!(parse(&distance), Err(EntryError::TooLarge));
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_header_within_them_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(header) = parse(&bytes) {
                prop_assert!(header.length <= bytes.len());
            }
        }
    }
}
