//! Reads the numbers and texts of a table from front to back.

use super::fault::TableFault;

/// What is left of a record's bytes.
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next bytes, so many.
    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8], TableFault> {
        let length = usize::try_from(length).map_err(|_| TableFault::DamagedRecord)?;
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(TableFault::DamagedRecord)?;
        self.rest = rest;
        Ok(taken)
    }

    /// A number in groups of seven bits, the highest first; each group but the last stands for one more than it says, so
    /// that there is one way only to write a number.
    pub(super) fn number(&mut self) -> Result<u64, TableFault> {
        let mut value = 0_u64;
        loop {
            let &[byte] = self.take(1)? else {
                return Err(TableFault::DamagedRecord);
            };
            value |= u64::from(byte & 0x7F);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
            value = value
                .checked_add(1)
                .and_then(|value| value.checked_mul(1 << 7))
                .ok_or(TableFault::DamagedRecord)?;
        }
    }

    /// Bytes behind their length.
    pub(super) fn text(&mut self) -> Result<&'a [u8], TableFault> {
        let length = self.number()?;
        self.take(length)
    }
}

/// A big-endian number of up to eight bytes.
pub(super) fn big_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |value: u64, &byte| (value << 8) | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_git_writes_them() {
        for (bytes, number) in [
            (&[0x00][..], 0),
            (&[0x7F], 127),
            (&[0x80, 0x00], 128),
            (&[0x80, 0x7F], 255),
            (&[0xFF, 0x7F], 16_511),
            (&[0x80, 0x80, 0x00], 16_512),
        ] {
            assert_eq!(Cursor::new(bytes).number(), Ok(number), "{bytes:x?}");
        }
    }

    #[test]
    fn numbers_that_are_cut_off_or_too_large_are_refused() {
        for bytes in [&[][..], &[0x80], &[0xFF; 11]] {
            assert_eq!(
                Cursor::new(bytes).number(),
                Err(TableFault::DamagedRecord),
                "{bytes:x?}"
            );
        }
    }
}
