//! Where decoded bytes came from.
//!
//! Of most encodings every byte's digits are kept. A text in UTF-16 can be a whole file of a gigabyte, and eight bytes
//! beside each of its own would not fit: there the characters are counted from the nearest of a few marks.

use leakward_core::Span;

/// PERF: decoded bytes between two marks: one mark costs eight bytes, a look-up so many steps at most.
const STEP: usize = 256;

/// Where decoded bytes came from.
#[derive(Clone, Debug)]
pub(super) enum Sources {
    /// Nobody knows but for the whole: packed data.
    Unknown,
    /// For each byte the source bytes that hold it.
    Each(Vec<(u32, u32)>),
    /// Characters of units of so many bytes, one after the other; for some of them the offset, and that of the source.
    Units { size: usize, marks: Vec<(u32, u32)> },
}

/// Offsets of more than four gigabytes do not occur: objects are smaller.
fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// How many bytes of UTF-8 the character takes that begins with `first`, and of the source, in units of `size`.
fn lengths(first: u8, size: usize) -> (usize, usize) {
    match first {
        // A pair of surrogates in UTF-16, one unit in UTF-32.
        0xF0.. => (4, 4),
        0xE0.. => (3, size),
        0x80.. => (2, size),
        _ => (1, size),
    }
}

impl Sources {
    /// Notes one decoded byte.
    pub(super) fn push(&mut self, start: usize, end: usize) {
        if let Self::Each(all) = self {
            all.push((narrow(start), narrow(end)));
        }
    }

    /// Notes that a character begins at decoded offset `at`, from source offset `source`.
    pub(super) fn push_character(&mut self, at: usize, source: usize) {
        if let Self::Units { marks, .. } = self {
            let last = marks.last().map(|(last, _)| *last as usize);
            if last.is_none_or(|last| at - last >= STEP) {
                marks.push((narrow(at), narrow(source)));
            }
        }
    }

    /// The source bytes of the decoded byte at `at`.
    pub(super) fn of(&self, bytes: &[u8], at: usize) -> Option<Span> {
        match self {
            Self::Unknown => None,
            Self::Each(all) => {
                let (start, end) = all.get(at)?;
                Some(Span::new(*start as usize, *end as usize))
            }
            Self::Units { size, marks } => {
                let next = marks.partition_point(|(mark, _)| *mark as usize <= at);
                let (mark, source) = marks.get(next.checked_sub(1)?)?;
                let (mut place, mut source) = (*mark as usize, *source as usize);
                loop {
                    let (length, width) = lengths(*bytes.get(place)?, *size);
                    if at < place + length {
                        return Some(Span::new(source, source + width));
                    }
                    (place, source) = (place + length, source + width);
                }
            }
        }
    }

    /// Hands out every decoded byte with its source bytes.
    pub(super) fn for_each(&self, bytes: &[u8], mut hand_out: impl FnMut(u8, Span)) {
        let Self::Units { size, marks } = self else {
            for (at, byte) in bytes.iter().enumerate() {
                if let Some(span) = self.of(bytes, at) {
                    hand_out(*byte, span);
                }
            }
            return;
        };
        let mut source = marks.first().map_or(0, |(_, source)| *source as usize);
        let mut place = 0;
        while let Some(first) = bytes.get(place) {
            let (length, width) = lengths(*first, *size);
            for byte in bytes.iter().skip(place).take(length) {
                hand_out(*byte, Span::new(source, source + width));
            }
            (place, source) = (place + length, source + width);
        }
    }
}
