//! When findings came in: columns over time, each with a bar for every severity, laid out for SVG.
//!
//! The unit is the smallest of day, month, quarter and year that needs no more than [`MAX_COLUMNS`] columns. Dates are what
//! authors' clocks said; one outside of [`YEARS`] counts as none, since a single wrong clock would press all others into
//! one column.

use std::ops::RangeInclusive;

use serde::Serialize;

/// LIMIT: columns, unless years alone are more.
const MAX_COLUMNS: i64 = 72;

/// Years in which there was something to leak.
const YEARS: RangeInclusive<i64> = 1990..=2100;

/// Width and height of the drawing.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 150.0;

/// Labels below the columns.
const TICKS: usize = 7;

/// What one column stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Day,
    Month,
    Quarter,
    Year,
}

impl Unit {
    /// The number of the unit in which a day is; successive units have successive numbers.
    fn number(self, year: i64, month: i64, day: i64) -> i64 {
        match self {
            Self::Day => crate::timestamp::days(year, month, day),
            Self::Month => year * 12 + month - 1,
            Self::Quarter => year * 4 + (month - 1) / 3,
            Self::Year => year,
        }
    }

    fn label(self, number: i64) -> String {
        match self {
            Self::Day => {
                let (year, month, day) = crate::timestamp::civil(number);
                format!("{year}-{month:02}-{day:02}")
            }
            Self::Month => format!("{}-{:02}", number.div_euclid(12), number.rem_euclid(12) + 1),
            Self::Quarter => format!("{} Q{}", number.div_euclid(4), number.rem_euclid(4) + 1),
            Self::Year => number.to_string(),
        }
    }
}

/// The columns of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    unit: Unit,
    first: i64,
    last: i64,
}

impl Axis {
    /// The axis that holds all of `dates`; none when there are none.
    pub(super) fn of(dates: &[&str]) -> Option<Self> {
        let range = |unit: Unit| {
            let numbers = dates.iter().filter_map(|date| {
                let (year, month, day) = parse(date)?;
                Some(unit.number(year, month, day))
            });
            numbers.fold(None, |range: Option<(i64, i64)>, number| {
                let (first, last) = range.unwrap_or((number, number));
                Some((first.min(number), last.max(number)))
            })
        };
        let units = [Unit::Day, Unit::Month, Unit::Quarter, Unit::Year];
        units.into_iter().find_map(|unit| {
            let (first, last) = range(unit)?;
            let fits = last - first < MAX_COLUMNS || unit == Unit::Year;
            fits.then_some(Self { unit, first, last })
        })
    }

    /// The column in which a date is.
    pub(super) fn column(&self, date: &str) -> Option<usize> {
        let (year, month, day) = parse(date)?;
        usize::try_from(self.unit.number(year, month, day) - self.first).ok()
    }

    /// The names of all columns.
    pub(super) fn labels(&self) -> Vec<String> {
        (self.first..=self.last)
            .map(|number| self.unit.label(number))
            .collect()
    }
}

fn parse(date: &str) -> Option<(i64, i64, i64)> {
    let number = |from: usize, to: usize| date.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let valid = YEARS.contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    valid.then_some((year, month, day))
}

/// The drawing, as the template wants it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Timeline {
    columns: Vec<Column>,
    ticks: Vec<Tick>,
    width: f64,
    height: f64,
    step: f64,
    bar: f64,
    most: u64,
    /// Findings that are in no column.
    undated: u64,
}

#[derive(Debug, Serialize)]
struct Column {
    index: usize,
    label: String,
    total: u64,
    x: f64,
    bar_x: f64,
    bars: Vec<Bar>,
}

#[derive(Debug, Serialize)]
struct Bar {
    severity: usize,
    y: f64,
    height: f64,
}

#[derive(Debug, Serialize)]
struct Tick {
    x: f64,
    anchor: &'static str,
    label: String,
}

/// Draws findings, each with its column and its severity (0 the worst).
pub(super) fn draw(
    axis: Option<&Axis>,
    findings: impl Iterator<Item = (Option<usize>, usize)>,
) -> Timeline {
    let labels = axis.map(Axis::labels).unwrap_or_default();
    let mut counts = vec![[0_u64; 4]; labels.len()];
    let mut undated = 0;
    for (column, severity) in findings {
        let count = column.and_then(|column| counts.get_mut(column)?.get_mut(severity));
        match count {
            Some(count) => *count += 1,
            None => undated += 1,
        }
    }
    let total = |counts: &[u64; 4]| counts.iter().sum::<u64>();
    let most = counts.iter().map(total).max().unwrap_or(0);
    let step = rounded(WIDTH / labels.len().max(1) as f64);
    let ticks = ticks(&labels, step);
    let columns = labels
        .into_iter()
        .zip(counts)
        .enumerate()
        .map(|(index, (label, counts))| Column {
            index,
            label,
            total: total(&counts),
            x: rounded(index as f64 * step),
            bar_x: rounded(index as f64 * step + step * 0.12),
            bars: bars(&counts, most),
        })
        .collect();
    Timeline {
        columns,
        ticks,
        width: WIDTH,
        height: HEIGHT,
        step,
        bar: rounded((step * 0.76).min(60.0)),
        most,
        undated,
    }
}

/// The bars of a column, the worst at the bottom.
fn bars(counts: &[u64; 4], most: u64) -> Vec<Bar> {
    let mut bottom = HEIGHT;
    counts
        .iter()
        .enumerate()
        .map(|(severity, count)| {
            let height = *count as f64 / most.max(1) as f64 * HEIGHT;
            bottom -= height;
            Bar {
                severity,
                y: rounded(bottom),
                height: rounded(height),
            }
        })
        .collect()
}

fn ticks(labels: &[String], step: f64) -> Vec<Tick> {
    let every = labels.len().div_ceil(TICKS).max(1);
    let marked = labels.iter().enumerate().step_by(every);
    marked
        .map(|(index, label)| Tick {
            x: rounded(index as f64 * step + if index == 0 { 0.0 } else { step / 2.0 }),
            anchor: if index == 0 { "start" } else { "middle" },
            label: label.clone(),
        })
        .collect()
}

/// Two decimals.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_the_smallest_that_fits() {
        for (dates, labels, first, last) in [
            (
                &["2020-02-28", "2020-03-01"][..],
                3,
                "2020-02-28",
                "2020-03-01",
            ),
            (&["2019-11-05", "2021-01-01"], 15, "2019-11", "2021-01"),
            (&["2008-05-05", "2020-12-31"], 51, "2008 Q2", "2020 Q4"),
            (&["1991-05-05", "2020-12-31"], 30, "1991", "2020"),
            (&["0001-01-01", "2020-12-31"], 1, "2020-12-31", "2020-12-31"),
        ] {
            let axis = Axis::of(dates).expect("an axis");
            let made = axis.labels();
            assert_eq!(made.len(), labels, "{made:?}");
            assert_eq!(made.first().map(String::as_str), Some(first));
            assert_eq!(made.last().map(String::as_str), Some(last));
            assert_eq!(axis.column(dates[dates.len() - 1]), Some(labels - 1));
        }
        assert!(Axis::of(&["", "x"]).is_none());
    }

    #[test]
    fn bars_stand_on_each_other_and_the_highest_column_fills_the_height() {
        let axis = Axis::of(&["2020-01-01", "2020-01-02"]);
        let findings = [(Some(0), 0), (Some(1), 1), (Some(1), 3), (None, 2)];
        let drawn = draw(axis.as_ref(), findings.into_iter());
        assert_eq!((drawn.most, drawn.undated), (2, 1));
        let column = &drawn.columns[1];
        assert_eq!(column.bars[1].y, HEIGHT / 2.0);
        assert_eq!(column.bars[3].y, 0.0);
    }
}
