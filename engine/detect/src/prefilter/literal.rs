//! One text that rules are recognised by, and the ways in which it may be spelled.
//!
//! A keyword's separators are loose: `api_key` stands for `apikey`, `apiKey`, `api-key`, `API_KEY`, `api.key` and
//! `api key`. Such a literal is kept as its pieces.

use std::borrow::Cow;

use super::gram_table;
use crate::byte_set::ByteSet;

/// How a literal may be spelled in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Spelling {
    /// Exactly so.
    Exact,
    /// In any case (of the ASCII letters).
    AnyCase,
    /// In any case, with any one separator or none between its pieces.
    Loose,
}

/// What may stand between the pieces of a loose literal.
pub(crate) const SEPARATORS: [u8; 4] = *b"_- .";

/// LIMIT: how many bytes of a literal the prefilter looks for.
pub(crate) const LONGEST_CORE: usize = 16;

/// One text that rules are recognised by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    spelling: Spelling,
    /// The text as the rule writes it, of at least one byte, or the lower-case pieces one after the other.
    text: Cow<'static, [u8]>,
    /// For a loose literal with more than one piece, where each further piece starts in `text`.
    joints: Vec<usize>,
    /// What follows wherever the literal matters, for literals that are too short to be rare by themselves.
    next: Option<ByteSet>,
}

/// Whether `byte` separates the pieces of a loose literal.
fn is_separator(byte: u8) -> bool {
    SEPARATORS.contains(&byte)
}

impl Literal {
    /// The literal `text`, spelled so.
    #[expect(
        clippy::ptr_arg,
        reason = "a text embedded in the program is borrowed for good, not copied"
    )]
    pub(crate) fn new(text: &Cow<'static, str>, spelling: Spelling) -> Literal {
        let written: Cow<'static, [u8]> = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.as_bytes().to_vec()),
        };
        if spelling == Spelling::Exact {
            return Literal {
                spelling,
                text: written,
                joints: Vec::new(),
                next: None,
            };
        }
        let has_upper = written.iter().any(u8::is_ascii_uppercase);
        let is_loose =
            spelling == Spelling::Loose && written.iter().any(|&byte| is_separator(byte));
        let mut joints = Vec::new();
        let text = if is_loose {
            let mut joined = Vec::with_capacity(written.len());
            for piece in written
                .split(|&byte| is_separator(byte))
                .filter(|piece| !piece.is_empty())
            {
                if !joined.is_empty() {
                    joints.push(joined.len());
                }
                joined.extend(piece.iter().map(u8::to_ascii_lowercase));
            }
            Cow::Owned(joined)
        } else if has_upper {
            Cow::Owned(written.to_ascii_lowercase())
        } else {
            written
        };
        Literal {
            spelling: if joints.is_empty() {
                Spelling::AnyCase
            } else {
                spelling
            },
            text,
            joints,
            next: None,
        }
    }

    /// The part of a long literal that the prefilter looks for, and which byte of the text it begins with: at most
    /// [`LONGEST_CORE`] bytes, from the rarest four on. Nothing when the literal is not that long.
    ///
    /// PERF: where a copied stretch ends, the bytes of the longest core have to be looked at again on both sides. With
    /// whole literals (the longest has 53 bytes) that was a hundred bytes for each edge of each edit.
    pub(super) fn core(&self) -> Option<(Literal, usize)> {
        if self.longest() <= LONGEST_CORE {
            return None;
        }
        let starts = (0..=gram_table::rarest_at(self)).rev();
        let mut parts = starts.filter_map(|start| Some((self.part(start)?, start)));
        // A short rest at the end says less than it could; joints may take a byte away.
        parts.find(|(part, _)| part.longest() + 1 >= LONGEST_CORE)
    }

    /// The longest part that begins with this byte of the text and is no longer than a core.
    fn part(&self, start: usize) -> Option<Literal> {
        let inside = |end: usize| {
            let inside = self
                .joints
                .iter()
                .filter(move |at| (start + 1..end).contains(*at));
            inside.map(move |at| at - start)
        };
        let fits = |end: &usize| end - start + inside(*end).count() <= LONGEST_CORE;
        let end = (start..=self.text.len()).rev().find(fits)?;
        let joints: Vec<usize> = inside(end).collect();
        let is_loose = self.spelling == Spelling::Loose && !joints.is_empty();
        Some(Literal {
            spelling: match self.spelling {
                Spelling::Loose if !is_loose => Spelling::AnyCase,
                spelling => spelling,
            },
            text: Cow::Owned(self.text.get(start..end)?.to_vec()),
            joints,
            next: None,
        })
    }

    /// Lets the literal count only where one of `next` follows.
    pub(crate) fn followed_by(mut self, next: Option<ByteSet>) -> Literal {
        self.next = next;
        self
    }

    /// What may follow it; anything, and also nothing, when empty.
    pub(crate) fn next(&self) -> Option<ByteSet> {
        self.next
    }

    /// How it may be spelled. A loose literal of one piece is the same as one in any case.
    pub(crate) fn spelling(&self) -> Spelling {
        self.spelling
    }

    /// The text; of a loose literal its pieces without separators.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Where pieces but the first start in the text.
    pub(crate) fn joints(&self) -> &[usize] {
        &self.joints
    }

    /// Length of its longest spelling, and of what must follow.
    pub(crate) fn longest(&self) -> usize {
        self.text.len() + self.joints.len() + usize::from(self.next.is_some())
    }

    /// Where the literal stands in `bytes` when byte `offset` of its text stands at `at`: start and end.
    pub(crate) fn stands(&self, bytes: &[u8], at: usize, offset: usize) -> Option<(usize, usize)> {
        if self.spelling == Spelling::Loose {
            return self.stands_loosely(bytes, at, offset);
        }
        let start = at.checked_sub(offset)?;
        let there = bytes.get(start..start + self.text.len())?;
        let same = match self.spelling {
            Spelling::Exact => there == &*self.text,
            Spelling::AnyCase | Spelling::Loose => there.eq_ignore_ascii_case(&self.text),
        };
        let end = start + self.text.len();
        let goes_on = self
            .next
            .is_none_or(|next| bytes.get(end).is_some_and(|&byte| next.contains(byte)));
        (same && goes_on).then_some((start, end))
    }

    /// The same for several pieces: walks back to the start and forward to the end, passing one separator at each joint.
    fn stands_loosely(&self, bytes: &[u8], at: usize, offset: usize) -> Option<(usize, usize)> {
        let (before, after) = self.text.split_at_checked(offset)?;
        let mut start = at;
        for (index, &letter) in before.iter().enumerate().rev() {
            let mut byte = *bytes.get(start.checked_sub(1)?)?;
            if self.joints.contains(&(index + 1)) && is_separator(byte) {
                start -= 1;
                byte = *bytes.get(start.checked_sub(1)?)?;
            }
            if byte.to_ascii_lowercase() != letter {
                return None;
            }
            start -= 1;
        }
        let mut end = at;
        for (index, &letter) in after.iter().enumerate() {
            let mut byte = *bytes.get(end)?;
            if index > 0 && self.joints.contains(&(offset + index)) && is_separator(byte) {
                end += 1;
                byte = *bytes.get(end)?;
            }
            if byte.to_ascii_lowercase() != letter {
                return None;
            }
            end += 1;
        }
        Some((start, end))
    }

    /// Where the literal ends when it starts at `start`.
    pub(crate) fn end_at(&self, bytes: &[u8], start: usize) -> Option<usize> {
        self.stands(bytes, start, 0).map(|(_, end)| end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &'static str, spelling: Spelling) -> Literal {
        Literal::new(&Cow::Borrowed(text), spelling)
    }

    #[test]
    fn a_loose_literal_fits_every_way_to_join_its_pieces() {
        let loose = literal("api_key-id", Spelling::Loose);
        for text in [
            "apikeyid",
            "apiKeyId",
            "API_KEY_ID",
            "api-key.id",
            "api key id",
            "api_keyid",
        ] {
            for offset in 0..8 {
                let before_joints = [3, 6].iter().filter(|&&joint| joint <= offset).count();
                let separators_before = text
                    .bytes()
                    .scan(0, |letters, byte| {
                        (*letters <= offset).then(|| {
                            *letters += usize::from(!is_separator(byte));
                            usize::from(is_separator(byte))
                        })
                    })
                    .sum::<usize>();
                assert!(separators_before <= before_joints);
                let at = offset + separators_before;
                assert_eq!(
                    loose.stands(text.as_bytes(), at, offset),
                    Some((0, text.len())),
                    "{text} {offset}"
                );
            }
        }
        for text in [
            "api__keyid",
            "api_ke_yid",
            "apikeyi",
            "pikeyid",
            "api/keyid",
        ] {
            assert_eq!(loose.end_at(text.as_bytes(), 0), None, "{text}");
        }
    }

    #[test]
    fn case_matters_only_where_the_spelling_is_exact() {
        assert_eq!(literal("AKIA", Spelling::Exact).end_at(b"akia", 0), None);
        assert_eq!(literal("AKIA", Spelling::Exact).end_at(b"AKIA", 0), Some(4));
        assert_eq!(
            literal("AKIA", Spelling::AnyCase).end_at(b"aKiA", 0),
            Some(4)
        );
    }
}
