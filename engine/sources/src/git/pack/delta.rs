//! Deltas: a result described as pieces of a base and new bytes between them.
//!
//! Besides making the result this tells the visitor *what* was changed, as [`Edit`]s. Encoders split a long copy
//! at 64 KiB and an insertion at 127 bytes; neighbours that continue each other are merged, so that one edit stands
//! for one change.
//!
//! Format: <https://git-scm.com/docs/pack-format>, "Deltified representation". The bytes come from strangers.
//!
//! INVARIANT: when [`Delta::apply`] succeeds the edits are in order, touch the result's every byte once, and copies
//! equal the base.
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

use crate::visitor::Edit;

/// A delta that was read as far as its two sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delta<'a> {
    /// Size of the base that it was made for.
    pub base_size: u64,
    /// Size of the result.
    pub result_size: u64,
    instructions: &'a [u8],
}

/// Why a delta cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeltaError {
    /// It ends within an instruction.
    #[error("the delta is cut off")]
    CutOff,
    /// One of its sizes has more than 64 bits.
    #[error("a size in the delta is larger than 64 bits")]
    TooLarge,
    /// It was made for another base.
    #[error("the delta is made for a base of another size")]
    OtherBase,
    /// It copies bytes that the base does not have.
    #[error("the delta copies bytes from outside of its base")]
    OutsideBase,
    /// Its result has another size than it says.
    #[error("the delta's result has another size than it says")]
    OtherResult,
    /// It holds the instruction that is reserved for later versions of the format.
    #[error("the delta holds a reserved instruction")]
    Reserved,
}

impl<'a> Delta<'a> {
    /// Reads the two sizes at the start of `bytes`.
    ///
    /// # Errors
    /// When they are cut off or too large.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DeltaError> {
        let (base_size, rest) = size(bytes)?;
        let (result_size, instructions) = size(rest)?;
        Ok(Self {
            base_size,
            result_size,
            instructions,
        })
    }

    /// Writes the result into `result`, which must have the result's size, and what it is made of into `edits`.
    ///
    /// # Errors
    /// When the delta does not fit the base or itself; `result` and `edits` then hold anything.
    pub fn apply(
        &self,
        base: &[u8],
        result: &mut [u8],
        edits: &mut Vec<Edit>,
    ) -> Result<(), DeltaError> {
        edits.clear();
        if u64::try_from(base.len()) != Ok(self.base_size) {
            return Err(DeltaError::OtherBase);
        }
        if u64::try_from(result.len()) != Ok(self.result_size) {
            return Err(DeltaError::OtherResult);
        }
        let mut rest = self.instructions;
        let mut to = 0;
        while let Some((&instruction, after)) = rest.split_first() {
            let len;
            (len, rest) = if instruction & 0x80 == 0 {
                let (new, after) = insertion(instruction, after)?;
                write(new, result, to)?;
                note_insert(edits, to, new.len());
                (new.len(), after)
            } else {
                let (from, len, after) = copy(instruction, after)?;
                let end = from.checked_add(len).ok_or(DeltaError::OutsideBase)?;
                let old = base.get(from..end).ok_or(DeltaError::OutsideBase)?;
                write(old, result, to)?;
                note_copy(edits, from, to, len);
                (len, after)
            };
            to = to.checked_add(len).ok_or(DeltaError::OtherResult)?;
        }
        if to == result.len() {
            Ok(())
        } else {
            Err(DeltaError::OtherResult)
        }
    }
}

/// A size, seven bits at a time, the lowest first.
fn size(bytes: &[u8]) -> Result<(u64, &[u8]), DeltaError> {
    let mut size = 0_u64;
    let mut shift = 0_u32;
    let mut rest = bytes;
    loop {
        let (&byte, after) = rest.split_first().ok_or(DeltaError::CutOff)?;
        rest = after;
        let part = u64::from(byte & 0x7f);
        let shifted = part.checked_shl(shift).ok_or(DeltaError::TooLarge)?;
        if shifted.checked_shr(shift) != Some(part) {
            return Err(DeltaError::TooLarge);
        }
        size |= shifted;
        if byte & 0x80 == 0 {
            return Ok((size, rest));
        }
        shift = shift.saturating_add(7);
    }
}

/// The new bytes of an insertion, and what follows them.
fn insertion(instruction: u8, rest: &[u8]) -> Result<(&[u8], &[u8]), DeltaError> {
    if instruction == 0 {
        return Err(DeltaError::Reserved);
    }
    rest.split_at_checked(usize::from(instruction))
        .ok_or(DeltaError::CutOff)
}

/// Offset in the base and length of a copy, and what follows it.
#[inline]
fn copy(instruction: u8, rest: &[u8]) -> Result<(usize, usize, &[u8]), DeltaError> {
    match copy_without_gaps(instruction, rest) {
        Some(copy) => Ok(copy),
        None => copy_byte_by_byte(instruction, rest),
    }
}

/// PERF: nearly all copies give the low bytes of both numbers and leave out the high ones, so each number is a mask over
/// eight bytes read at once; asking for seven bits one after the other took twice as long.
#[inline]
fn copy_without_gaps(instruction: u8, rest: &[u8]) -> Option<(usize, usize, &[u8])> {
    const MASKS: [u64; 8] = [0, 0xff, 0, 0xffff, 0, 0, 0, 0xff_ffff];
    let word = u64::from_le_bytes(*rest.first_chunk::<8>()?);
    let (from_bits, len_bits) = (instruction & 15, instruction.wrapping_shr(4) & 7);
    let from_mask = match from_bits {
        15 => 0xffff_ffff,
        bits => MASKS
            .get(usize::from(bits))
            .copied()
            .filter(|mask| *mask > 0 || bits == 0)?,
    };
    let len_mask = MASKS
        .get(usize::from(len_bits))
        .copied()
        .filter(|mask| *mask > 0 || len_bits == 0)?;
    let from = word & from_mask;
    let len = word.wrapping_shr(from_bits.count_ones().wrapping_mul(8)) & len_mask;
    let used = (instruction & 0x7f).count_ones();
    let rest = rest.get(usize::try_from(used).ok()?..)?;
    let len = if len == 0 { 0x1_0000 } else { len };
    Some((
        usize::try_from(from).ok()?,
        usize::try_from(len).ok()?,
        rest,
    ))
}

/// The same for any copy.
fn copy_byte_by_byte(instruction: u8, rest: &[u8]) -> Result<(usize, usize, &[u8]), DeltaError> {
    let mut rest = rest;
    let mut argument = |bit: u8, shift: u32| -> Result<usize, DeltaError> {
        if instruction & bit == 0 {
            return Ok(0);
        }
        let (&byte, after) = rest.split_first().ok_or(DeltaError::CutOff)?;
        rest = after;
        Ok(usize::from(byte).wrapping_shl(shift))
    };
    let from = argument(1, 0)? | argument(2, 8)? | argument(4, 16)? | argument(8, 24)?;
    let len = argument(16, 0)? | argument(32, 8)? | argument(64, 16)?;
    Ok((from, if len == 0 { 0x1_0000 } else { len }, rest))
}

#[inline]
fn write(bytes: &[u8], result: &mut [u8], to: usize) -> Result<(), DeltaError> {
    let end = to.checked_add(bytes.len()).ok_or(DeltaError::OtherResult)?;
    result
        .get_mut(to..end)
        .ok_or(DeltaError::OtherResult)?
        .copy_from_slice(bytes);
    Ok(())
}

#[inline]
fn note_insert(edits: &mut Vec<Edit>, to: usize, more: usize) {
    match edits.last_mut() {
        Some(Edit::Insert { len, .. }) => *len = len.saturating_add(more),
        _ => edits.push(Edit::Insert { to, len: more }),
    }
}

#[inline]
fn note_copy(edits: &mut Vec<Edit>, from: usize, to: usize, more: usize) {
    match edits.last_mut() {
        Some(Edit::Copy {
            from: before, len, ..
        }) if before.checked_add(*len) == Some(from) => {
            *len = len.saturating_add(more);
        }
        _ => edits.push(Edit::Copy {
            from,
            to,
            len: more,
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn applied(base: &[u8], delta: &[u8]) -> Result<(Vec<u8>, Vec<Edit>), DeltaError> {
        let delta = Delta::parse(delta)?;
        // Hostile sizes are the caller's to limit.
        let mut result = vec![0; usize::try_from(delta.result_size.min(1 << 20)).unwrap()];
        let mut edits = Vec::new();
        delta.apply(base, &mut result, &mut edits)?;
        Ok((result, edits))
    }

    /// The slow twin: the result made from the edits alone, new bytes taken from the result itself.
    fn replayed(base: &[u8], result: &[u8], edits: &[Edit]) -> Vec<u8> {
        let mut made = Vec::new();
        for edit in edits {
            let (to, bytes) = match *edit {
                Edit::Copy { from, to, len } => (to, &base[from..from + len]),
                Edit::Insert { to, len } => (to, &result[to..to + len]),
            };
            assert_eq!(to, made.len(), "edits are in order and leave no gap");
            made.extend_from_slice(bytes);
        }
        made
    }

    #[test]
    fn copies_and_insertions_that_continue_each_other_become_one_edit() {
        let base = b"0123456789";
        let delta = [
            10, 12, 0x91, 0, 3, 0x91, 3, 2, 2, b'a', b'b', 1, b'c', 0x91, 5, 4,
        ];
        let (result, edits) = applied(base, &delta).unwrap();
        assert_eq!(result, b"01234abc5678");
        assert_eq!(
            edits,
            [
                Edit::Copy {
                    from: 0,
                    to: 0,
                    len: 5
                },
                Edit::Insert { to: 5, len: 3 },
                Edit::Copy {
                    from: 5,
                    to: 8,
                    len: 4
                },
            ]
        );
    }

    #[test]
    fn a_copy_without_a_length_copies_64_kibibytes() {
        let base: Vec<u8> = (0..0x1_0000_u32).map(|n| (n % 251) as u8).collect();
        let delta = [0x80, 0x80, 0x04, 0x80, 0x80, 0x04, 0x80];
        let (result, edits) = applied(&base, &delta).unwrap();
        assert_eq!(result, base);
        assert_eq!(
            edits,
            [Edit::Copy {
                from: 0,
                to: 0,
                len: 0x1_0000
            }]
        );
    }

    #[test]
    fn a_delta_that_lies_is_refused() {
        let table: [(&[u8], DeltaError); 9] = [
            (&[], DeltaError::CutOff),
            (&[0x80], DeltaError::CutOff),
            (&[4], DeltaError::CutOff),
            (&[0xff; 12], DeltaError::TooLarge),
            (&[5, 1, 1, b'a'], DeltaError::OtherBase),
            (&[4, 2, 1, b'a'], DeltaError::OtherResult),
            (&[4, 1, 2, b'a', b'b'], DeltaError::OtherResult),
            (&[4, 3, 0x91, 2, 3], DeltaError::OutsideBase),
            (&[4, 1, 0], DeltaError::Reserved),
        ];
        for (delta, error) in table {
            assert_eq!(applied(b"base", delta), Err(error), "{delta:?}");
        }
        assert_eq!(applied(b"base", &[4, 4, 0x91, 0]), Err(DeltaError::CutOff));
        assert_eq!(applied(b"base", &[4, 4, 4, b'a']), Err(DeltaError::CutOff));
    }

    #[test]
    fn most_copies_are_read_at_once() {
        let rest = [1, 2, 3, 4, 5, 6, 7, 8];
        let quick =
            (0x80..=0xff).filter(|&instruction| copy_without_gaps(instruction, &rest).is_some());
        assert_eq!(quick.count(), 5 * 4);
        assert_eq!(
            copy_without_gaps(0x91, &rest[1..]),
            None,
            "too close to the end"
        );
    }

    proptest! {
        #[test]
        fn a_copy_read_at_once_is_the_one_read_byte_by_byte(instruction in 0x80_u8..=0xff, rest in any::<[u8; 12]>()) {
            if let Some(copy) = copy_without_gaps(instruction, &rest) {
                prop_assert_eq!(copy_byte_by_byte(instruction, &rest), Ok(copy));
            }
        }

        #[test]
        fn any_bytes_give_a_result_that_its_edits_explain_or_an_error(
            base in prop::collection::vec(any::<u8>(), 0..40),
            result_size in 0_u8..60,
            instructions in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let mut delta = vec![u8::try_from(base.len()).unwrap(), result_size];
            delta.extend(instructions);
            if let Ok((result, edits)) = applied(&base, &delta) {
                prop_assert_eq!(replayed(&base, &result, &edits), result);
            }
        }

        #[test]
        fn random_instructions_give_what_they_say(
            base in prop::collection::vec(any::<u8>(), 1..300),
            steps in prop::collection::vec((any::<bool>(), any::<u16>(), 1_u8..100), 0..30),
        ) {
            let mut expected = Vec::new();
            let mut instructions = Vec::new();
            for (copies, at, len) in steps {
                let from = usize::from(at) % base.len();
                let len = usize::from(len).min(base.len() - from);
                if copies {
                    instructions.extend([0x93, from as u8, (from >> 8) as u8, len as u8]);
                } else {
                    instructions.push(len as u8);
                    instructions.extend_from_slice(&base[from..from + len]);
                }
                expected.extend_from_slice(&base[from..from + len]);
            }
            let mut delta = Vec::new();
            for mut size in [base.len(), expected.len()] {
                while size > 0x7f {
                    delta.push(0x80 | (size & 0x7f) as u8);
                    size >>= 7;
                }
                delta.push(size as u8);
            }
            delta.extend(instructions);
            let (result, edits) = applied(&base, &delta).unwrap();
            prop_assert_eq!(&result, &expected);
            prop_assert_eq!(replayed(&base, &result, &edits), expected);
        }
    }
}
