//! A row of "so many bytes of this set", run by hand: what most credentials are.
//!
//! An expression becomes a program only when taking as many bytes as possible at each item can never be wrong: each
//! item of varying length is followed by something that cannot start with a byte of its own set. So there is nothing to
//! go back to, and a match costs one look at each byte.
//!
//! The regex engine is the twin: a test holds both side by side.

use crate::byte_set::ByteSet;
use crate::confirm::outline::{Item, Outline, Row};
use crate::confirm::runs::Runs;

/// Slots below are the expression's and the keyword's own.
const FIRST_SLOT: usize = 2;

/// An expression as rows to be tried in order.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// The rows, each with the first of its items' slots among the remembered runs.
    rows: Vec<(usize, Row)>,
}

/// Where a match ends and where its credential stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Matched {
    /// Offset one past the whole match.
    pub(crate) end: usize,
    /// Offset of the credential.
    pub(crate) group_start: usize,
    /// Offset one past the credential.
    pub(crate) group_end: usize,
}

impl Program {
    /// The program of an expression, when it is simple enough.
    pub(crate) fn new(outline: &Outline, group: u8) -> Option<Program> {
        let is_simple = outline.exact
            && outline.rows.iter().all(|row| never_goes_back(&row.items))
            && (group == 0 || outline.rows.iter().all(|row| row.group.is_some()));
        is_simple.then(|| Program::of(outline.rows.clone()))
    }

    /// A program of what every match begins with: of each row the items up to where one could have to go back, and no
    /// more of that one than there must be. Where it does not match, the expression does not.
    pub(crate) fn beginnings(outline: &Outline) -> Program {
        let beginning = |row: &Row| {
            let sure = sure_items(&row.items);
            let mut items = row.items.get(..sure).unwrap_or_default().to_vec();
            items.extend(row.items.get(sure).map(|item| Item {
                max: Some(item.min),
                ..*item
            }));
            Row { items, group: None }
        };
        Program::of(outline.rows.iter().map(beginning).collect())
    }

    fn of(rows: Vec<Row>) -> Program {
        let mut slot = FIRST_SLOT;
        let mut with_slot = |row: Row| {
            let first = slot;
            slot += row.items.len();
            (first, row)
        };
        Program {
            rows: rows.into_iter().map(&mut with_slot).collect(),
        }
    }

    /// The match that starts at `start` and ends at `limit` at the latest.
    pub(crate) fn run(
        &self,
        bytes: &[u8],
        (start, limit): (usize, usize),
        runs: &mut Runs,
    ) -> Option<Matched> {
        self.rows
            .iter()
            .find_map(|row| run_row(row, bytes, (start, limit), runs))
    }

    /// The match that starts at `start` and ends exactly at `end`.
    pub(crate) fn run_whole(
        &self,
        bytes: &[u8],
        (start, end): (usize, usize),
        runs: &mut Runs,
    ) -> Option<Matched> {
        self.rows
            .iter()
            .filter_map(|row| run_row(row, bytes, (start, end), runs))
            .find(|matched| matched.end == end)
    }
}

/// Whether taking as much as possible at each item can never be wrong.
fn never_goes_back(items: &[Item]) -> bool {
    sure_items(items) == items.len()
}

/// How many items there are before the first of which taking as much as possible could be wrong.
fn sure_items(items: &[Item]) -> usize {
    let mut rest = items;
    while let [item, tail @ ..] = rest {
        if item.max != Some(item.min) {
            for next in tail {
                if next.set.meets(item.set) {
                    return items.len() - rest.len();
                }
                if next.min > 0 {
                    break;
                }
            }
        }
        rest = tail;
    }
    items.len()
}

fn run_row(
    (first_slot, row): &(usize, Row),
    bytes: &[u8],
    (start, limit): (usize, usize),
    runs: &mut Runs,
) -> Option<Matched> {
    let limit = limit.min(bytes.len());
    let mut at = start;
    let mut group = (start, None);
    for (index, item) in row.items.iter().enumerate() {
        if row.group.is_some_and(|(first, _)| first == index) {
            group.0 = at;
        }
        if row.group.is_some_and(|(_, past)| past == index) {
            group.1 = Some(at);
        }
        at = take(item, bytes, (at, limit), (first_slot + index, runs))?;
    }
    if row
        .group
        .is_some_and(|(first, past)| first == past && past == row.items.len())
    {
        group.0 = at;
    }
    Some(Matched {
        end: at,
        group_start: group.0,
        group_end: group.1.unwrap_or(at),
    })
}

#[inline]
fn take(
    item: &Item,
    bytes: &[u8],
    (at, limit): (usize, usize),
    (slot, runs): (usize, &mut Runs),
) -> Option<usize> {
    if (item.min, item.max) == (1, Some(1)) {
        return (at < limit && item.set.contains(*bytes.get(at)?)).then_some(at + 1);
    }
    let most = item
        .max
        .map_or(limit, |max| at.saturating_add(max).min(limit));
    let end = runs.run_end(slot, &item.set, bytes, (at, most));
    (end >= at + item.min).then_some(end)
}

/// The set of bytes that a match can start with; everything when a match can be empty.
pub(crate) fn first_bytes(rows: &[Row]) -> ByteSet {
    let mut first = ByteSet::EMPTY;
    for row in rows {
        let mut can_be_empty = true;
        for item in &row.items {
            first = first.union(item.set);
            if item.min > 0 {
                can_be_empty = false;
                break;
            }
        }
        if can_be_empty {
            return ByteSet::EMPTY.with_range(0, 255);
        }
    }
    first
}
