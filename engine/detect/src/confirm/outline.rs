//! What can be known about an expression from its syntax tree alone.
//!
//! An expression is spread into alternatives, each a row of items "so many bytes of this set". From the rows come the places
//! where a literal must stand, the longest match, the alphabet, and (when the rows say all there is to say) a
//! program that needs no regex engine.
//!
//! INVARIANT: every match of the expression is a match of some row. Where a part cannot be spread it becomes one item that
//! holds everything the part can match, and the outline is no longer `exact`.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::byte_set::ByteSet;

/// Most rows that an expression is spread into.
const MAX_ROWS: usize = 48;

/// Most items in one row.
const MAX_ITEMS: usize = 96;

/// So many bytes of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// The bytes.
    pub(crate) set: ByteSet,
    /// At least so many.
    pub(crate) min: usize,
    /// At most so many; as many as there are when empty.
    pub(crate) max: Option<usize>,
}

/// One alternative: items in order, and which of them the credential's group spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// The items.
    pub(crate) items: Vec<Item>,
    /// First item of the group and one past its last, as far as it was met.
    pub(crate) group: Option<(usize, usize)>,
}

/// What is known about an expression.
#[derive(Clone, Debug)]
pub(crate) struct Outline {
    /// The alternatives, in order of preference.
    pub(crate) rows: Vec<Row>,
    /// Whether the rows match exactly what the expression matches, greedily and in order.
    pub(crate) exact: bool,
    /// Length of the longest match, where there is one.
    pub(crate) longest: Option<usize>,
    /// Length of the shortest match.
    pub(crate) shortest: usize,
    /// Every byte that a match can hold.
    pub(crate) alphabet: ByteSet,
}

impl Outline {
    /// The outline of `hir`, of which `group` holds the credential (0: all of it).
    pub(crate) fn new(hir: &Hir, group: u8) -> Outline {
        let mut spread = Spread {
            group: u32::from(group),
            exact: true,
        };
        let rows = spread.rows(hir, vec![Row::default()]);
        let properties = hir.properties();
        Outline {
            alphabet: rows
                .iter()
                .flat_map(|row| &row.items)
                .fold(ByteSet::EMPTY, |all, item| all.union(item.set)),
            rows,
            exact: spread.exact,
            longest: properties.maximum_len(),
            shortest: properties.minimum_len().unwrap_or(0),
        }
    }
}

/// The work of spreading.
struct Spread {
    group: u32,
    exact: bool,
}

impl Spread {
    /// Each of `rows` with `hir` after it, in every way.
    fn rows(&mut self, hir: &Hir, rows: Vec<Row>) -> Vec<Row> {
        match hir.kind() {
            HirKind::Empty => rows,
            HirKind::Look(_) => {
                self.exact = false;
                rows
            }
            HirKind::Literal(literal) => literal.0.iter().fold(rows, |rows, &byte| {
                push(rows, one(ByteSet::EMPTY.with(&[byte])))
            }),
            HirKind::Class(class) => match set_of(class) {
                Some(set) => push(rows, one(set)),
                None => self.lump(hir, rows),
            },
            HirKind::Capture(capture) if capture.index == self.group && self.group > 0 => {
                let starts: Vec<usize> = rows.iter().map(|row| row.items.len()).collect();
                if starts.iter().any(|start| Some(start) != starts.first())
                    || rows.iter().any(|row| row.group.is_some())
                {
                    return self.capture_each(&capture.sub, rows);
                }
                let start = starts.first().copied().unwrap_or(0);
                let mut rows = self.rows(&capture.sub, rows);
                rows.iter_mut()
                    .for_each(|row| row.group = Some((start, row.items.len())));
                rows
            }
            HirKind::Capture(capture) => self.rows(&capture.sub, rows),
            HirKind::Concat(parts) => parts.iter().fold(rows, |rows, part| self.rows(part, rows)),
            HirKind::Alternation(branches) if rows.len() * branches.len() <= MAX_ROWS => {
                self.alternation(branches, &rows)
            }
            HirKind::Repetition(repetition) => self.repetition(repetition, hir, rows),
            HirKind::Alternation(_) => self.lump(hir, rows),
        }
    }

    /// The group's items where rows differ in length: row by row.
    fn capture_each(&mut self, sub: &Hir, rows: Vec<Row>) -> Vec<Row> {
        let mut all = Vec::new();
        for row in rows {
            let start = row.items.len();
            let mut spread = self.rows(sub, vec![row]);
            spread
                .iter_mut()
                .for_each(|row| row.group = Some((start, row.items.len())));
            all.extend(spread);
        }
        all
    }

    /// Each row with each branch, rows outermost: so is the order of preference.
    fn alternation(&mut self, branches: &[Hir], rows: &[Row]) -> Vec<Row> {
        let mut all = Vec::new();
        for row in rows {
            for branch in branches {
                all.extend(self.rows(branch, vec![row.clone()]));
            }
        }
        self.cap(all)
    }

    fn repetition(
        &mut self,
        repetition: &regex_syntax::hir::Repetition,
        hir: &Hir,
        rows: Vec<Row>,
    ) -> Vec<Row> {
        let (min, max) = (
            repetition.min as usize,
            repetition.max.map(|max| max as usize),
        );
        let varies = max != Some(min);
        if varies && !repetition.greedy {
            self.exact = false;
        }
        if let Some(set) = single_set(&repetition.sub) {
            return push(rows, Item { set, min, max });
        }
        let has_group = repetition.sub.properties().explicit_captures_len() > 0;
        if (min, max) == (0, Some(1)) && !has_group && rows.len() * 2 <= MAX_ROWS {
            let mut all = Vec::new();
            for row in rows {
                let without = row.clone();
                all.extend(self.rows(&repetition.sub, vec![row]));
                all.push(without);
            }
            return self.cap(all);
        }
        if !varies && min <= 16 && !has_group {
            return (0..min).fold(rows, |rows, _| self.rows(&repetition.sub, rows));
        }
        self.lump(hir, rows)
    }

    /// Puts one item for all that `hir` can match.
    fn lump(&mut self, hir: &Hir, rows: Vec<Row>) -> Vec<Row> {
        self.exact = false;
        let item = Item {
            set: alphabet(hir),
            min: hir.properties().minimum_len().unwrap_or(0),
            max: hir.properties().maximum_len(),
        };
        let has_group = hir.properties().explicit_captures_len() > 0;
        let mut rows = push(rows, item);
        if has_group {
            rows.iter_mut().for_each(|row| row.group = None);
        }
        rows
    }

    /// Gives up on rows that are too many or too long: one row that says little.
    fn cap(&mut self, rows: Vec<Row>) -> Vec<Row> {
        if rows.len() <= MAX_ROWS && rows.iter().all(|row| row.items.len() <= MAX_ITEMS) {
            return rows;
        }
        self.exact = false;
        let mut lumped = Item {
            set: ByteSet::EMPTY,
            min: usize::MAX,
            max: Some(0),
        };
        for row in &rows {
            let (mut min, mut max) = (0_usize, Some(0_usize));
            for item in &row.items {
                lumped.set = lumped.set.union(item.set);
                min = min.saturating_add(item.min);
                max = max.zip(item.max).map(|(a, b)| a.saturating_add(b));
            }
            lumped.min = lumped.min.min(min);
            lumped.max = lumped.max.zip(max).map(|(a, b)| a.max(b));
        }
        vec![Row {
            items: vec![lumped],
            group: None,
        }]
    }
}

fn one(set: ByteSet) -> Item {
    Item {
        set,
        min: 1,
        max: Some(1),
    }
}

fn push(mut rows: Vec<Row>, item: Item) -> Vec<Row> {
    if item.max != Some(0) {
        rows.iter_mut().for_each(|row| row.items.push(item));
    }
    rows
}

/// The bytes of a class; nothing when it holds characters of several bytes.
fn set_of(class: &Class) -> Option<ByteSet> {
    match class {
        Class::Bytes(class) => Some(class.iter().fold(ByteSet::EMPTY, |set, range| {
            set.with_range(range.start(), range.end())
        })),
        Class::Unicode(class) if class.is_ascii() => {
            Some(class.iter().fold(ByteSet::EMPTY, |set, range| {
                let byte = |letter: char| u8::try_from(letter).unwrap_or(127);
                set.with_range(byte(range.start()), byte(range.end()))
            }))
        }
        Class::Unicode(_) => None,
    }
}

/// The set when `hir` matches exactly one byte of it.
fn single_set(hir: &Hir) -> Option<ByteSet> {
    match hir.kind() {
        HirKind::Class(class) => set_of(class),
        HirKind::Literal(literal) => match *literal.0 {
            [byte] => Some(ByteSet::EMPTY.with(&[byte])),
            _ => None,
        },
        _ => None,
    }
}

/// Every byte that a match of `hir` can hold.
fn alphabet(hir: &Hir) -> ByteSet {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => ByteSet::EMPTY,
        HirKind::Literal(literal) => ByteSet::EMPTY.with(&literal.0),
        HirKind::Class(class) => set_of(class).unwrap_or(ByteSet::EMPTY.with_range(0, 255)),
        HirKind::Repetition(repetition) => alphabet(&repetition.sub),
        HirKind::Capture(capture) => alphabet(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts
            .iter()
            .fold(ByteSet::EMPTY, |all, part| all.union(alphabet(part))),
    }
}
