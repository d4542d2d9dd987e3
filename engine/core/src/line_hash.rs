//! The hash by which GitHub code scanning follows a result while lines move: `primaryLocationLineHash`.
//!
//! It has to be the very value that GitHub's upload action computes from the checked-out file
//! (`src/fingerprints.ts` in github/codeql-action); another value makes the action warn, and none at all makes
//! uploads over the REST interface appear as new alerts each time. So nothing here is a matter of taste:
//!
//! - the text is read as UTF-8 (bad bytes replaced) and hashed as UTF-16 units; blanks and tabs are left out; each of
//!   LF, CR and CR LF counts as one LF; after the last unit come `0xFFFF` and as many zeros as needed;
//! - a line's hash is the polynomial of its first hundred units, running on into the lines after it, with
//!   base 37 and modulo 2^64; then `:n`, which says that it is the n-th line of the file with that hash.
//!
//! Not an identity of ours: it is neither keyed nor independent of the file. See [`crate::fingerprint`] for that.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::ControlFlow;

/// How many units a line's hash covers.
const WINDOW: usize = 100;

/// Base of the polynomial.
const BASE: u64 = 37;

/// What stands after the last unit of a text.
const END: u16 = 0xFFFF;

/// `primaryLocationLineHash` of line `line` (from 1) of a file with the bytes `text`; nothing when the file has
/// no such line.
///
/// Reads the text twice up to the line. For many lines of one file use [`primary_location_line_hashes`].
#[must_use]
pub fn primary_location_line_hash(text: &[u8], line: u32) -> Option<String> {
    primary_location_line_hashes(text, &[line]).remove(&line)
}

/// `primaryLocationLineHash` of each of `lines` (from 1) of a file with the bytes `text`. Lines that the file
/// does not have are not in the answer.
///
/// Reads the text twice up to the last of the lines, whatever their number; memory grows with `lines` only.
#[must_use]
pub fn primary_location_line_hashes(text: &[u8], lines: &[u32]) -> HashMap<u32, String> {
    let mut wanted: HashMap<u32, u64> = HashMap::new();
    let last = lines.iter().copied().max().unwrap_or(0);
    let lines: HashSet<u32> = lines.iter().copied().collect();
    for_each_line(text, last, |line, hash| {
        if lines.contains(&line) {
            wanted.insert(line, hash);
        }
    });
    // PERF: a second pass counts the equal ones, so that not every line's hash has to be kept.
    let mut seen: HashMap<u64, u64> = wanted.values().map(|&hash| (hash, 0)).collect();
    let mut answer = HashMap::with_capacity(wanted.len());
    for_each_line(text, last, |line, hash| {
        if let Some(count) = seen.get_mut(&hash) {
            *count += 1;
            if wanted.contains_key(&line) {
                answer.insert(line, format!("{hash:x}:{count}"));
            }
        }
    });
    answer
}

/// Calls `visit` with number and hash of each line of `text` up to line `last`, in order.
fn for_each_line(text: &[u8], last: u32, mut visit: impl FnMut(u32, u64)) {
    let mut lines = Lines::new(last);
    let padding = std::iter::repeat_n(0, WINDOW);
    let mut stop = ControlFlow::Continue(());
    for_each_unit(text, |unit| {
        stop = lines.push(unit, &mut visit);
        stop
    });
    for unit in std::iter::once(END).chain(padding) {
        if stop.is_break() {
            return;
        }
        stop = lines.push(unit, &mut visit);
    }
}

/// Calls `visit` with each UTF-16 unit of `text` that is hashed, until it says stop.
fn for_each_unit(text: &[u8], mut visit: impl FnMut(u16) -> ControlFlow<()>) {
    const LF: u16 = b'\n' as u16;
    let mut after_cr = false;
    let mut units = [0; 2];
    for chunk in text.utf8_chunks() {
        let replaced = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        for character in chunk.valid().chars().chain(replaced) {
            let skipped = matches!(character, ' ' | '\t') || (after_cr && character == '\n');
            after_cr = character == '\r';
            if skipped {
                continue;
            }
            let units: &[u16] = match character {
                '\r' => &[LF],
                other => other.encode_utf16(&mut units),
            };
            if units.iter().any(|&unit| visit(unit).is_break()) {
                return;
            }
        }
    }
}

/// The rolling hash over the last hundred units, and the lines whose hundred units are not complete yet.
struct Lines {
    window: VecDeque<u16>,
    hash: u64,
    /// `BASE` to the power of `WINDOW`: the weight of the unit that falls out of the window.
    weight: u64,
    /// Units pushed so far.
    pushed: u64,
    /// Lines begun: their number and the count of units before them.
    open: VecDeque<(u32, u64)>,
    line: u32,
    at_line_start: bool,
    last: u32,
}

impl Lines {
    fn new(last: u32) -> Self {
        Self {
            window: VecDeque::from([0; WINDOW]),
            hash: 0,
            weight: (0..WINDOW).fold(1, |weight, _| BASE.wrapping_mul(weight)),
            pushed: 0,
            open: VecDeque::new(),
            line: 0,
            at_line_start: true,
            last,
        }
    }

    /// Takes in one unit. Says stop when the last line's hash is known.
    fn push(&mut self, unit: u16, visit: &mut impl FnMut(u32, u64)) -> ControlFlow<()> {
        if let Some(&(line, before)) = self.open.front()
            && self.pushed - before == WINDOW as u64
        {
            self.open.pop_front();
            visit(line, self.hash);
            if line >= self.last {
                return ControlFlow::Break(());
            }
        }
        if self.at_line_start {
            self.line = self.line.saturating_add(1);
            self.open.push_back((self.line, self.pushed));
        }
        self.at_line_start = unit == u16::from(b'\n');
        let dropped = self.window.pop_front().unwrap_or(0);
        self.window.push_back(unit);
        self.hash = BASE
            .wrapping_mul(self.hash)
            .wrapping_add(u64::from(unit))
            .wrapping_sub(self.weight.wrapping_mul(u64::from(dropped)));
        self.pushed += 1;
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All hashes of a text, first line first.
    fn hashes(text: &str) -> Vec<String> {
        let lines: Vec<u32> = (1..=1_000).collect();
        let mut answer: Vec<_> = primary_location_line_hashes(text.as_bytes(), &lines)
            .into_iter()
            .collect();
        answer.sort_unstable_by_key(|(line, _)| *line);
        answer.into_iter().map(|(_, hash)| hash).collect()
    }

    #[test]
    fn an_empty_file_has_one_line_with_the_hash_github_knows() {
        assert_eq!(hashes(""), ["c129715d7a2bc9a3:1"]);
    }

    #[test]
    fn blanks_do_not_count_and_the_hashes_are_those_of_the_upload_action() {
        assert_eq!(
            hashes(" a\nb\n  \t\tc\n d"),
            [
                "271789c17abda88f:1",
                "54703d4cd895b18:1",
                "180aee12dab6264:1",
                "a23a3dc5e078b07b:1"
            ]
        );
    }

    #[test]
    fn every_kind_of_line_end_gives_the_same_hashes() {
        let expected = [
            "e9496ae3ebfced30:1",
            "fb7c023a8b9ccb3f:1",
            "ce8ba1a563dcdaca:1",
            "e20e36e16fcb0cc8:1",
            "b3edc88f2938467e:1",
            "c8e28b0b4002a3a0:1",
            "c129715d7a2bc9a3:1",
        ];
        for text in [
            " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n",
            " hello; \t\rworld!!!\r\r\r  \t\tGreetings\r End\r",
            " hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n",
            " hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n",
        ] {
            assert_eq!(hashes(text), expected, "{text:?}");
        }
    }

    #[test]
    fn equal_lines_are_told_apart_by_their_number() {
        assert_eq!(
            hashes(&"Lorem ipsum dolor sit amet.\n".repeat(10)),
            [
                "a7f2ff13bc495cf2:1",
                "a7f2ff13bc495cf2:2",
                "a7f2ff13bc495cf2:3",
                "a7f2ff13bc495cf2:4",
                "a7f2ff13bc495cf2:5",
                "a7f2ff13bc495cf2:6",
                "a7f2ff1481e87703:1",
                "a9cf91f7bbf1862b:1",
                "55ec222b86bcae53:1",
                "cc97dc7b1d7d8f7b:1",
                "c129715d7a2bc9a3:1"
            ]
        );
    }

    #[test]
    fn one_line_alone_has_the_hash_it_has_among_all() {
        let text = "Lorem ipsum dolor sit amet.\n".repeat(10);
        for (line, hash) in (1..).zip(hashes(&text)) {
            assert_eq!(
                primary_location_line_hash(text.as_bytes(), line),
                Some(hash)
            );
        }
        assert_eq!(primary_location_line_hash(text.as_bytes(), 12), None);
        assert_eq!(primary_location_line_hash(text.as_bytes(), 0), None);
    }

    /// The definition, word for word and without rolling: the slow twin.
    fn plain(text: &[u8]) -> Vec<u64> {
        let text = String::from_utf8_lossy(text)
            .replace([' ', '\t'], "\u{0}blank")
            .replace("\r\n", "\n")
            .replace('\r', "\n")
            .replace("\u{0}blank", "");
        let mut units: Vec<u16> = text.encode_utf16().collect();
        let starts: Vec<usize> = std::iter::once(0)
            .chain(
                (0..units.len())
                    .filter(|&at| units[at] == 10)
                    .map(|at| at + 1),
            )
            .collect();
        units.push(END);
        units.resize(units.len() + WINDOW, 0);
        starts
            .into_iter()
            .map(|start| {
                units[start..start + WINDOW].iter().fold(0, |hash, &unit| {
                    BASE.wrapping_mul(hash).wrapping_add(unit.into())
                })
            })
            .collect()
    }

    #[test]
    fn the_rolling_hash_agrees_with_the_definition() {
        let pieces: [&[u8]; 9] = [
            b"a",
            b"\n",
            b"\r",
            b" ",
            b"\t",
            b"\xff\xc3",
            "é😀".as_bytes(),
            b"\r\n",
            b"0123456789",
        ];
        // A small deterministic generator: core has no dependency on proptest.
        let mut state = 1_u32;
        for _ in 0..300 {
            let mut text = Vec::new();
            for _ in 0..state % 97 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.extend_from_slice(pieces[(state >> 16) as usize % pieces.len()]);
            }
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let mut rolled = Vec::new();
            for_each_line(&text, u32::MAX, |_, hash| rolled.push(hash));
            assert_eq!(rolled, plain(&text), "{:?}", String::from_utf8_lossy(&text));
        }
    }
}
