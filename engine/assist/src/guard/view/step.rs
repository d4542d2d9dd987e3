//! What is left of a text behind programs that each show less of it than they were given.
//!
//! A number of a line, and what stands before a letter of one, mean the text itself only as long as nothing before has left
//! out lines, put something before them, or rewritten them. So a view knows how much of the text is still as it was; what a
//! further program leaves out is taken notice of only where that is sure.

use std::borrow::Cow;

use leakward_core::{Finding, Location};

use super::json_part::{self, Way};
use super::lines::Lines;
use super::literal::Literal;

/// LIMIT: bytes of a text, once for each text that a line of it must have or not have, that are gone through to find out
/// whether any line is shown. Some 2 milliseconds.
const MOST_COMPARED: usize = 1 << 20;

/// Lines of what a program is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::guard) enum Range {
    /// Counted from 1, the last one included.
    Lines(u32, u32),
    /// So many at the end.
    Last(u32),
}

/// What a program does to the lines that it is given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::guard) enum Step {
    /// It shows these.
    Range(Range),
    /// It shows those that have one of these texts in them, in letters of either case; a dot stands for any letter.
    Matching(Vec<String>),
    /// The same, in letters of this case alone.
    MatchingCase(Vec<String>),
    /// It shows those that set this variable of a shell.
    Setting(String),
    /// It leaves out those that have one of these in them.
    Without(Vec<Literal>),
    /// Of each it shows what stands before this letter; all of it where it has none.
    Before(char),
    /// Of a text of JSON, it shows the values at the ends of these ways.
    Values(Vec<Way>),
    /// It shows some of them, or in another order.
    Selects,
    /// It puts a number beside them.
    Numbers,
    /// It puts something else beside them: the name of their file, a text.
    Marks,
    /// It does anything to them.
    Alters,
}

/// Which lines of the text those at hand are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Order {
    /// All of them in their order, or a stretch of them.
    #[default]
    Exact,
    /// The same, among those of other texts.
    Among,
    /// Some of them.
    Some,
}

/// What the lines at hand are of those of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Form {
    /// The same, or the beginnings of them.
    #[default]
    Same,
    /// The same, with a number beside them.
    Numbered,
    /// The same, with anything beside them.
    Marked,
    /// Nobody knows.
    Altered,
}

/// What is seen of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::guard) struct View {
    /// Each of what the one before leaves.
    ranges: Vec<Range>,
    /// Lines that have one of the texts of each list in them.
    matching: Vec<Vec<String>>,
    /// The same, in letters of this case alone.
    matching_case: Vec<Vec<String>>,
    /// Lines that set each of these.
    settings: Vec<String>,
    /// Lines that have none of these in them.
    without: Vec<Literal>,
    /// Of each line, what stands before the first of these letters.
    before: Vec<char>,
    /// Of all of the text as JSON, what is at the ends of these ways.
    values: Option<Vec<Way>>,
    order: Order,
    form: Form,
}

impl View {
    /// All of it.
    pub(in crate::guard) fn whole() -> Self {
        Self::default()
    }

    /// All of it, among other texts.
    pub(in crate::guard) fn among_others() -> Self {
        Self {
            order: Order::Among,
            ..Self::default()
        }
    }

    /// All of it, when nobody knows the order of its lines.
    pub(in crate::guard) fn unordered() -> Self {
        Self::whole().then([Step::Selects])
    }

    /// Whether nothing is left out.
    pub(in crate::guard) fn is_whole(&self) -> bool {
        let is_empty = self.ranges.is_empty()
            && self.matching.is_empty()
            && self.matching_case.is_empty()
            && self.settings.is_empty()
            && self.without.is_empty();
        is_empty && self.before.is_empty() && self.values.is_none()
    }

    /// What is left behind these steps as well.
    pub(in crate::guard) fn then(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        steps.into_iter().for_each(|step| self.add(step));
        self
    }

    fn add(&mut self, step: Step) {
        if self.form == Form::Altered {
            return;
        }
        match step {
            Step::Range(range) => self.add_range(range),
            Step::Matching(ref texts) | Step::MatchingCase(ref texts) => {
                // What was put beside a line may be what fits.
                let is_of_word = |letter: char| letter.is_alphabetic() || letter == '_';
                let is_word = |text: &String| text.chars().all(is_of_word);
                let is_sure = match self.form {
                    Form::Same => true,
                    Form::Numbered => texts.iter().all(is_word),
                    Form::Marked | Form::Altered => false,
                };
                match step {
                    Step::Matching(texts) if is_sure => self.matching.push(texts),
                    Step::MatchingCase(texts) if is_sure => self.matching_case.push(texts),
                    _ => {}
                }
                self.order = Order::Some;
            }
            Step::Setting(name) => {
                self.settings.push(name);
                self.order = Order::Some;
            }
            Step::Without(texts) => {
                // Of a line that is cut off, nobody knows what is left; beside a line that has a text in it, it has it still.
                let is_same = self.form == Form::Same;
                let is_sure = |text: &Literal| is_same || !text.is_anchored();
                if self.before.is_empty() {
                    self.without.extend(texts.into_iter().filter(is_sure));
                }
                self.order = Order::Some;
            }
            // With something before the line, still less of it is seen.
            Step::Before(letter) => self.before.push(letter),
            // Of less than all of it, nobody knows what the ways lead to.
            Step::Values(ways) => {
                let is_all =
                    self.is_whole() && self.form == Form::Same && self.order != Order::Some;
                if is_all {
                    self.values = Some(ways);
                }
            }
            Step::Selects => self.order = Order::Some,
            Step::Numbers => self.form = self.form.max(Form::Numbered),
            Step::Marks => self.form = self.form.max(Form::Marked),
            Step::Alters => self.form = Form::Altered,
        }
    }

    fn add_range(&mut self, range: Range) {
        match (self.order, range) {
            (Order::Exact, range) => self.ranges.push(range),
            // Lines of others may stand before; so many at the end are no more than so many of this one.
            (Order::Among, Range::Lines(_, last)) => self.ranges.push(Range::Lines(1, last)),
            (Order::Among, Range::Last(_)) => self.ranges.push(range),
            (Order::Some, _) => {}
        }
        if self.order == Order::Among {
            self.order = Order::Some;
        }
    }

    /// Whether it shows parts of lines, so that what is found in them is not what is found in the text.
    pub(in crate::guard) fn cuts_lines(&self) -> bool {
        !self.before.is_empty() || self.values.is_some()
    }

    /// Whether the part of a text has each letter of it in the same place.
    pub(in crate::guard) fn keeps_places(&self) -> bool {
        self.values.is_some()
    }

    /// The part of a text that is looked at, for findings in it to be told with the numbers of its lines.
    pub(in crate::guard) fn part<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        if let Some(ways) = &self.values {
            let part = std::str::from_utf8(bytes).ok();
            let part = part.and_then(|text| json_part::part(text, ways));
            return part.map_or(Cow::Borrowed(bytes), |part| Cow::Owned(part.into_bytes()));
        }
        if self.before.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let ends = self.before.iter().map(ToString::to_string);
        let ends: Vec<String> = ends.collect();
        let mut part = Vec::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let end = |letter: &String| {
                let letter = letter.as_bytes();
                line.windows(letter.len()).position(|at| at == letter)
            };
            let end = ends.iter().filter_map(end).min();
            part.extend_from_slice(line.get(..end.unwrap_or(line.len())).unwrap_or_default());
            if end.is_some() {
                part.push(b'\n');
            }
        }
        Cow::Owned(part)
    }

    /// Whether it shows any of a finding in a text with these lines.
    pub(in crate::guard) fn shows(&self, finding: &Finding, lines: &Lines<'_>) -> bool {
        let (first, last) = self.range(lines.count());
        let mut places = finding.locations.iter().map(|place| &place.range);
        // Places that are not named may be anywhere.
        finding.more_locations > 0
            || places.any(|place| {
                let (first, last) = (first.max(place.start.line), last.min(place.end.line));
                (first..=last).any(|number| self.fits(lines.get(number)))
            })
    }

    /// Whether it leaves out each line of a text. Of a long one nothing is said.
    pub(in crate::guard) fn shows_nothing_of(&self, bytes: &[u8]) -> bool {
        let lists = self.matching.iter().chain(&self.matching_case);
        let texts = lists.map(Vec::len).sum::<usize>() + self.without.len() + self.settings.len();
        if texts == 0 || bytes.len().saturating_mul(texts) > MOST_COMPARED {
            return false;
        }
        let lines = Lines::of(bytes);
        let (first, last) = self.range(lines.count());
        !(first..=last).any(|number| self.fits(lines.get(number)))
    }

    /// Whether any letter of a finding stands in a part that keeps places.
    pub(in crate::guard) fn has_in(part: &Lines<'_>, finding: &Finding) -> bool {
        let has = |place: &Location| {
            let (start, end) = (place.range.start, place.range.end);
            (start.line..=end.line).any(|number| {
                let line = String::from_utf8_lossy(part.get(number));
                let first = if number == start.line {
                    start.column
                } else {
                    1
                };
                let last = if number == end.line {
                    end.column
                } else {
                    u32::MAX
                };
                let [first, last] =
                    [first, last].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
                let letters = line.chars().skip(first.saturating_sub(1));
                let mut letters = letters.take(last.saturating_sub(first));
                letters.any(|letter| !letter.is_whitespace())
            })
        };
        finding.more_locations > 0 || finding.locations.iter().any(has)
    }

    /// The first and the last line that are shown of so many.
    fn range(&self, count: u32) -> (u32, u32) {
        let (mut first, mut last) = (1_u32, count.max(1));
        for range in &self.ranges {
            match *range {
                Range::Lines(from, to) => {
                    last = last.min(first.saturating_add(to.saturating_sub(1)));
                    first = first.saturating_add(from.saturating_sub(1));
                    // `head -n 0`
                    last = if to == 0 { 0 } else { last };
                }
                Range::Last(shown) => {
                    first = first.max(last.saturating_add(1).saturating_sub(shown));
                }
            }
        }
        (first, last)
    }

    fn fits(&self, line: &[u8]) -> bool {
        let has = |texts: &Vec<String>| {
            texts
                .iter()
                .any(|text| is_in(line, text, u8::eq_ignore_ascii_case))
        };
        let has_case = |texts: &Vec<String>| texts.iter().any(|text| is_in(line, text, u8::eq));
        let sets = |name: &String| is_setting(line, name.as_bytes());
        self.matching.iter().all(has)
            && self.matching_case.iter().all(has_case)
            && self.settings.iter().all(sets)
            && !self.without.iter().any(|text| text.is_in(line))
    }
}

#[cfg(test)]
impl View {
    /// What is shown of a text, line by line.
    pub(in crate::guard) fn text(&self, bytes: &[u8]) -> String {
        let part = self.part(bytes);
        let (all, parts) = (Lines::of(bytes), Lines::of(&part));
        let (first, last) = self.range(all.count());
        let shown = (first..=last).filter(|number| self.fits(all.get(*number)));
        shown
            .map(|number| String::from_utf8_lossy(parts.get(number)).into_owned())
            .collect()
    }
}

/// `NAME=…`, `export NAME=…`
fn is_setting(line: &[u8], name: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    let line = line
        .strip_prefix(b"export ")
        .unwrap_or(line)
        .trim_ascii_start();
    let behind = line.strip_prefix(name);
    behind.is_some_and(|behind| behind.starts_with(b"="))
}

fn is_in(line: &[u8], text: &str, is_same: fn(&u8, &u8) -> bool) -> bool {
    let text = text.as_bytes();
    let fits = |at: &[u8]| {
        let mut pairs = at.iter().zip(text);
        pairs.all(|(byte, wanted)| *wanted == b'.' || is_same(byte, wanted))
    };
    text.is_empty() || line.windows(text.len()).any(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching(texts: &[&str]) -> Step {
        Step::Matching(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn lines_are_counted_from_what_is_left_before() {
        use Range::{Last, Lines};
        for (ranges, expected) in [
            (vec![], (1, 100)),
            (vec![Lines(5, 10)], (5, 10)),
            (vec![Lines(5, u32::MAX)], (5, 100)),
            (vec![Last(10)], (91, 100)),
            (vec![Last(1_000)], (1, 100)),
            (vec![Lines(1, 20), Last(5)], (16, 20)),
            (vec![Lines(11, u32::MAX), Lines(1, 5)], (11, 15)),
            (vec![Lines(11, 20), Lines(3, 5)], (13, 15)),
            (vec![Last(10), Lines(1, 2)], (91, 92)),
            (vec![Lines(1, 0)], (1, 0)),
        ] {
            let steps = ranges.iter().copied().map(Step::Range);
            let view = View::whole().then(steps);
            assert_eq!(view.range(100), expected, "{ranges:?}");
        }
    }

    #[test]
    fn what_does_not_mean_the_text_itself_leaves_nothing_out() {
        use Range::{Last, Lines};
        let whole = |steps: Vec<Step>| View::whole().then(steps).is_whole();
        for (steps, is_whole) in [
            (vec![Step::Selects, Step::Range(Lines(1, 5))], true),
            (vec![Step::Marks, Step::Range(Last(5))], false),
            (vec![Step::Numbers, Step::Range(Lines(5, 9))], false),
            (vec![Step::Alters, Step::Range(Last(5))], true),
            (vec![Step::Alters, Step::Before('=')], true),
            (vec![Step::Alters, matching(&["a"])], true),
            (vec![Step::Numbers, matching(&["5"])], true),
            (vec![Step::Numbers, matching(&["A_port"])], false),
            (vec![Step::Marks, matching(&["port"])], true),
            (vec![Step::Selects, Step::Before('=')], false),
            (vec![Step::Selects, matching(&["5"])], false),
        ] {
            assert_eq!(whole(steps.clone()), is_whole, "{steps:?}");
        }
        let among = |range| View::among_others().then([Step::Range(range)]);
        assert_eq!(among(Lines(5, 9)).range(100), (1, 9));
        assert_eq!(among(Last(5)).range(100), (96, 100));
        let twice = among(Last(5)).then([Step::Range(Lines(1, 2))]);
        assert_eq!(twice.range(100), (96, 100));
    }

    #[test]
    fn a_line_fits_when_a_text_of_each_list_is_in_it() {
        for (line, steps, fits) in [
            ("TOKEN=x", vec![matching(&["token"])], true),
            ("TOKEN=x", vec![matching(&["PORT"])], false),
            (
                "TOKEN=x",
                vec![Step::MatchingCase(vec!["T.K".to_owned()])],
                true,
            ),
            (
                "TOKEN=x",
                vec![Step::MatchingCase(vec!["t.k".to_owned()])],
                false,
            ),
            ("TOKEN=x", vec![matching(&["PORT", "T.K"])], true),
            (
                "TOKEN=x",
                vec![matching(&["TOKEN"]), matching(&["PORT"])],
                false,
            ),
            ("", vec![matching(&["PORT"])], false),
        ] {
            let view = View::whole().then(steps.clone());
            assert_eq!(view.fits(line.as_bytes()), fits, "{line} {steps:?}");
        }
    }

    #[test]
    fn a_text_is_passed_over_only_where_each_line_is_left_out() {
        for (text, steps, is_nothing) in [
            ("a\nb\n", vec![matching(&["b"])], false),
            ("a\nb\n", vec![matching(&["c"])], true),
            ("a\nb\n", vec![], false),
            ("", vec![matching(&["c"])], true),
            ("a\nb\n", vec![Step::Setting("a".to_owned())], true),
            ("export a=1", vec![Step::Setting("a".to_owned())], false),
            (
                "a\nb\n",
                vec![Step::Range(Range::Last(1)), matching(&["a"])],
                true,
            ),
            (
                "a\nb\n",
                vec![matching(&["a"]), Step::Range(Range::Last(1))],
                false,
            ),
            ("a\nb\n", vec![Step::Alters, matching(&["c"])], false),
            ("a\nb\n", vec![matching(&["a"]), Step::Before('=')], false),
        ] {
            let view = View::whole().then(steps.clone());
            assert_eq!(
                view.shows_nothing_of(text.as_bytes()),
                is_nothing,
                "{text:?} {steps:?}"
            );
        }
        let long = vec![b'a'; MOST_COMPARED + 1];
        let view = View::whole().then([matching(&["b"])]);
        assert!(view.shows_nothing_of(&long[1..]));
        assert!(!view.shows_nothing_of(&long));
    }

    #[test]
    fn of_lines_with_the_letter_the_rest_is_not_seen() {
        let text = b"A=1\nB\r\nC==2\nD:3=4";
        let view = View::whole().then([Step::Before('=')]);
        assert_eq!(view.part(text).as_ref(), b"A\nB\r\nC\nD:3\n");
        let view = view.then([Step::Before(':')]);
        assert_eq!(view.part(text).as_ref(), b"A\nB\r\nC\nD\n");
    }
}
