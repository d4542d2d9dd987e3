//! The bytes of a literal beside the four that it is known by: one comparison of up to four bytes before the whole literal is compared.
//!
//! LAW: as for the prefilter, it may say yes wrongly, never no wrongly: only bytes count that stand there in every spelling, folded.
//!
//! PERF: nine of ten positions whose four bytes are known begin another word. The literals are spread over some hundred kilobytes, and
//! this is read beside the anchor.

use super::gram::FOLD;
use super::literal::Literal;

/// Bytes of a gram.
const GRAM: usize = 4;

/// Bytes that are compared at most.
const WIDTH: usize = 4;

/// Up to four folded bytes behind a gram, or before it. Nothing is compared where the mask is zero.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beside {
    mask: u32,
    value: u32,
    is_before: bool,
}

impl Beside {
    /// What stands beside the gram that begins with byte `offset` of the literal's text: on the side where more is known.
    pub(super) fn of(literal: &Literal, offset: usize) -> Beside {
        let joints = literal.joints();
        let spans_joint = joints
            .iter()
            .any(|joint| (offset + 1..offset + GRAM).contains(joint));
        if spans_joint {
            // How many bytes of the text it has depends on the spelling.
            return Beside::default();
        }
        let after = offset + GRAM;
        let end = joints.iter().copied().filter(|joint| *joint >= after).min();
        let end = end.unwrap_or(literal.text().len()).min(after + WIDTH);
        let start = joints
            .iter()
            .copied()
            .filter(|joint| *joint <= offset)
            .max();
        let start = start.unwrap_or(0).max(offset.saturating_sub(WIDTH));
        let text = |from: usize, to: usize| literal.text().get(from..to).unwrap_or_default();
        let (behind, before) = (text(after, end), text(start, offset));
        if behind.len() >= before.len() {
            Beside::new(behind, 0, false)
        } else {
            Beside::new(before, WIDTH - before.len(), true)
        }
    }

    /// `text`, of which the first byte is this one of those that are compared.
    fn new(text: &[u8], first: usize, is_before: bool) -> Beside {
        let mut mask = [0; WIDTH];
        let mut value = [0; WIDTH];
        let places = mask.iter_mut().zip(&mut value).skip(first);
        for ((mask, value), byte) in places.zip(text) {
            (*mask, *value) = (0xff, *byte);
        }
        let mask = u32::from_le_bytes(mask);
        Beside {
            mask,
            value: (u32::from_le_bytes(value) | FOLD) & mask,
            is_before,
        }
    }

    /// Whether the literal may stand where its gram stands at `position`.
    #[inline]
    pub(super) fn may_stand(self, bytes: &[u8], position: usize) -> bool {
        let first = match self.is_before {
            true => position.checked_sub(WIDTH),
            false => Some(position + GRAM),
        };
        let there = first
            .and_then(|first| bytes.get(first..))
            .and_then(<[u8]>::first_chunk::<WIDTH>);
        // At the edges the whole literal is compared.
        there.is_none_or(|there| (u32::from_le_bytes(*there) | FOLD) & self.mask == self.value)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::prefilter::Spelling;

    #[test]
    fn what_stands_beside_is_compared_on_the_side_where_more_is_known() {
        let of = |text: &'static str, spelling, offset| {
            Beside::of(&Literal::new(&Cow::Borrowed(text), spelling), offset)
        };
        let exact = |text, offset| of(text, Spelling::Exact, offset);
        assert!(
            exact("secret_key", 0).may_stand(b"secReT", 0),
            "at the edge"
        );
        assert!(exact("secret_key", 0).may_stand(b"SECRET_K..", 0));
        assert!(!exact("secret_key", 0).may_stand(b"secretion.", 0));
        assert!(exact("secret_key", 6).may_stand(b"..cret_key", 6));
        assert!(!exact("secret_key", 6).may_stand(b"scared_key", 6));
        // Two bytes before, one behind.
        assert!(exact("ab1234c", 2).may_stand(b"??AB1234?", 4));
        assert!(!exact("ab1234c", 2).may_stand(b"??Ax1234c", 4));
        // A gram that is all of the literal.
        assert!(exact("ghp_", 0).may_stand(b"........", 0));
    }

    #[test]
    fn what_may_be_a_separator_is_not_compared() {
        let loose = Literal::new(&Cow::Borrowed("token_key_id"), Spelling::Loose);
        for text in [b"token_key-id", b"token-key.id"] {
            assert!(Beside::of(&loose, 0).may_stand(text, 0));
            assert!(Beside::of(&loose, 1).may_stand(text, 1));
            // Across the joint.
            assert!(Beside::of(&loose, 3).may_stand(text, 3));
        }
        assert!(Beside::of(&loose, 1).may_stand(b"   token_key_id", 4));
        assert!(!Beside::of(&loose, 1).may_stand(b"   woken_key_id", 4));
    }
}
