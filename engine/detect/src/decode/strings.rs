//! The strings of a binary: runs of printable characters in ASCII and in UTF-16LE, each on a line of its own.
//!
//! In a program's own bytes there are no lines, so that what rules know of lines means nothing there; and text in UTF-16, as
//! programs for Windows keep it, is not seen at all. Only looked at when the user asks for it.
//!
//! INVARIANT: what is held at once is bounded by [`MOST`], every character maps back to its own bytes, and a run that is longer
//! is handed out in parts that overlap.

use super::encoding::Decoded;

/// A file with a zero among so many of its first bytes is a binary; git tells them in the same way.
const LOOKED_AT: usize = 8_000;

/// LIMIT: how many characters are handed out at once; eight bytes are kept beside each.
const MOST: usize = 1 << 20;

/// What two parts of one run have in common: the longest credential.
const OVERLAP: usize = 64 << 10;

/// The strings of a binary, many of one kind at once.
pub(crate) struct Strings<'b> {
    bytes: &'b [u8],
    at: usize,
    shortest: usize,
    narrow: Decoded,
    wide: Decoded,
}

/// A run of printable characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    start: usize,
    characters: usize,
    /// Bytes of each character.
    unit: usize,
}

/// The strings of `bytes` that have at least `shortest` characters; nothing when they are no binary.
pub(crate) fn strings(bytes: &[u8], shortest: usize) -> Option<Strings<'_>> {
    let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    memchr::memchr(0, head)?;
    Some(Strings {
        bytes,
        at: 0,
        shortest: shortest.max(1),
        narrow: narrow(),
        wide: wide(),
    })
}

fn narrow() -> Decoded {
    Decoded::new(&["strings"])
}

fn wide() -> Decoded {
    Decoded::new(&["utf-16le strings"])
}

fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t')
}

impl Strings<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// How many printable bytes stand at `at`.
    fn narrow_at(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        rest.iter()
            .take(MOST)
            .take_while(|byte| is_printable(**byte))
            .count()
    }

    /// How many printable characters of two bytes stand at `at`.
    fn wide_at(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let units = rest.chunks_exact(2).take(MOST);
        units
            .take_while(|unit| matches!(unit, [low, 0] if is_printable(*low)))
            .count()
    }

    /// The next run that is long enough. Goes on behind it, or before its end when it is longer than is handed out at once.
    fn next_run(&mut self) -> Option<Run> {
        while let Some(byte) = self.byte(self.at) {
            if !is_printable(byte) {
                self.at += 1;
                continue;
            }
            let (start, characters) = (self.at, self.narrow_at(self.at));
            if characters == 1 {
                let characters = self.wide_at(start);
                self.at = start + (2 * characters).max(1);
                if characters >= self.shortest {
                    return Some(self.taken(start, characters, 2));
                }
                continue;
            }
            // Its last character may be the first of a run of two bytes each.
            self.at = match self.byte(start + characters) {
                Some(0) => start + characters - 1,
                _ => start + characters,
            };
            if characters >= self.shortest {
                return Some(self.taken(start, characters, 1));
            }
        }
        None
    }

    fn taken(&mut self, start: usize, characters: usize, unit: usize) -> Run {
        if characters == MOST {
            self.at = start + (MOST - OVERLAP) * unit;
        }
        Run {
            start,
            characters,
            unit,
        }
    }

    /// Adds the run to those of its kind, and gives them out when there are enough.
    fn add(&mut self, run: Run) -> Option<Decoded> {
        let (strings, empty) = match run.unit {
            1 => (&mut self.narrow, narrow as fn() -> Decoded),
            _ => (&mut self.wide, wide as fn() -> Decoded),
        };
        let end = run.start + run.characters * run.unit;
        let characters = self.bytes.get(run.start..end).unwrap_or_default();
        for (number, character) in characters.iter().step_by(run.unit).enumerate() {
            let at = run.start + number * run.unit;
            strings.push(*character, at, at + run.unit);
        }
        strings.push(b'\n', end, end);
        (strings.bytes.len() >= MOST).then(|| std::mem::replace(strings, empty()))
    }
}

impl Iterator for Strings<'_> {
    type Item = Decoded;

    fn next(&mut self) -> Option<Decoded> {
        while let Some(run) = self.next_run() {
            if let Some(full) = self.add(run) {
                return Some(full);
            }
        }
        let left = if self.narrow.bytes.is_empty() {
            std::mem::replace(&mut self.wide, wide())
        } else {
            std::mem::replace(&mut self.narrow, narrow())
        };
        (!left.bytes.is_empty()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leakward_core::Span;

    fn all(bytes: &[u8], shortest: usize) -> Vec<(Vec<u8>, &'static str)> {
        let strings = strings(bytes, shortest).into_iter().flatten();
        strings
            .map(|decoded| (decoded.bytes, decoded.encodings[0]))
            .collect()
    }

    #[test]
    fn runs_of_both_kinds_are_told_and_shorter_ones_are_not() {
        let wide: Vec<u8> = "wide-text"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let bytes = [
            &b"\0short\0long enough\x01\xff"[..],
            &wide,
            b"\0\0\x02x\0y\0tab\there",
        ]
        .concat();
        assert_eq!(
            all(&bytes, 8),
            [
                (b"long enough\ntab\there\n".to_vec(), "strings"),
                (b"wide-text\n".to_vec(), "utf-16le strings"),
            ]
        );
    }

    #[test]
    fn every_character_maps_back_to_its_own_bytes() {
        let wide: Vec<u8> = "0123456789"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let bytes = [&b"\0\0\0abcdefgh\x03"[..], &wide, b"\x04"].concat();
        for decoded in strings(&bytes, 4).expect("a binary") {
            let (start, unit) = match decoded.encodings[0] {
                "strings" => (3, 1),
                _ => (12, 2),
            };
            for at in 0..decoded.bytes.len() - 1 {
                let source = start + at * unit;
                assert_eq!(
                    decoded.original(Span::new(at, at + 1)),
                    Span::new(source, source + unit)
                );
                assert_eq!(decoded.bytes[at], bytes[source]);
            }
        }
    }

    #[test]
    fn a_wide_run_right_behind_a_narrow_one_is_seen() {
        let wide: Vec<u8> = "password"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let bytes = [&b"\0narrow text:"[..], &wide, b"\0"].concat();
        let found = all(&bytes, 8);
        assert!(
            found.contains(&(b"password\n".to_vec(), "utf-16le strings")),
            "{found:?}"
        );
    }

    #[test]
    fn text_has_no_strings_and_neither_has_what_is_empty() {
        for bytes in [&b""[..], b"text without any zero in it"] {
            assert!(strings(bytes, 4).is_none());
        }
        assert!(all(&[0; 100_000], 4).is_empty());
        assert!(all(&vec![b'x'; 8_000].repeat(2), 4).is_empty());
    }

    #[test]
    fn a_run_longer_than_is_held_at_once_comes_in_parts_that_overlap() {
        let long: Vec<u8> = (0..3 * MOST).map(|at| b'a' + (at % 26) as u8).collect();
        for unit in [1, 2] {
            let mut bytes = vec![0];
            match unit {
                1 => bytes.extend(&long),
                _ => bytes.extend(long.iter().flat_map(|byte| [*byte, 0])),
            }
            let (mut seen, mut parts) = (1, 0);
            for decoded in strings(&bytes, 8).expect("a binary") {
                assert!(decoded.bytes.len() <= 2 * MOST + 2);
                let whole = decoded.whole();
                assert!(whole.start <= seen, "a gap before {}", whole.start);
                (seen, parts) = (whole.end, parts + 1);
            }
            assert_eq!(seen, bytes.len());
            assert!(parts >= 3);
        }
    }

    proptest::proptest! {
        /// What is told is there: each line is the characters of its own bytes, of one kind, and long enough.
        #[test]
        fn what_is_told_is_there(
            bytes in proptest::collection::vec(proptest::sample::select(b"ab\0\x01\xff \t~".to_vec()), 0..400),
            shortest in 2_usize..6,
        ) {
            for decoded in strings(&bytes, shortest).into_iter().flatten() {
                for line in decoded.bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                    assert!(line.len() >= shortest);
                    assert!(line.iter().all(|byte| is_printable(*byte)));
                }
                for at in 0..decoded.bytes.len() {
                    let source = decoded.original(Span::new(at, at + 1)).start;
                    let expected = if decoded.bytes[at] == b'\n' { None } else { Some(&decoded.bytes[at]) };
                    assert!(expected.is_none() || bytes.get(source) == expected);
                }
            }
        }

        /// The slow way: every run of printable bytes is told, but for a last character that begins a wide one.
        #[test]
        fn no_narrow_run_is_missed(
            bytes in proptest::collection::vec(proptest::sample::select(b"ab\x01\xff~".to_vec()), 0..400),
        ) {
            let bytes = [&[0][..], &bytes].concat();
            let told: Vec<u8> = strings(&bytes, 4).into_iter().flatten().flat_map(|decoded| decoded.bytes).collect();
            let told: Vec<&[u8]> = told.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
            let there: Vec<&[u8]> = bytes.split(|byte| !is_printable(*byte)).filter(|run| run.len() >= 4).collect();
            assert_eq!(told, there);
        }
    }
}
