//! When a match is no leak, in the words of another tool's rule: conditions over its text, decided where it is detected,
//! and over its place, decided when the place is known.

use aho_corasick::AhoCorasick;
use leakward_core::exception::{Condition, Foreign, Part, Sense, Test};
use leakward_core::rule::Text;
use regex_automata::meta::Regex;

use super::matcher::compile;
use crate::detection::PlaceFacts;
use crate::judge::shannon;

/// A rule's exceptions, made ready on first use.
#[derive(Debug)]
pub(crate) struct Exceptions {
    list: Vec<Vec<Ready>>,
}

/// A condition, made ready.
#[derive(Debug)]
struct Ready {
    sense: Sense,
    part: Part,
    test: ReadyTest,
}

#[derive(Debug)]
enum ReadyTest {
    Matches(Vec<Regex>),
    Contains(Option<AhoCorasick>),
    Equals(Vec<Text>),
    EntropyAtMost(f64),
}

/// The text of a match.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Texts<'a> {
    /// The credential.
    pub(crate) secret: &'a [u8],
    /// All that was matched.
    pub(crate) whole: &'a [u8],
    /// The lines that it touches.
    pub(crate) line: &'a [u8],
}

/// What the text of a match says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TextVerdict {
    /// It is no leak wherever it stands.
    Excepted,
    /// It is one, unless one of these exceptions holds at its place.
    Open(Vec<u16>),
}

impl Exceptions {
    /// Makes ready what a rule says. An expression that cannot be compiled excepts nothing; files are checked when
    /// they are read.
    pub(crate) fn new(foreign: &Foreign) -> Exceptions {
        Exceptions {
            list: foreign
                .all_exceptions()
                .map(|exception| exception.all.iter().map(ready).collect())
                .collect(),
        }
    }

    /// What the text of a match says.
    pub(crate) fn of_text(&self, texts: Texts<'_>) -> TextVerdict {
        let mut open = Vec::new();
        for (number, all) in (0_u16..).zip(&self.list) {
            let of_text = |ready: &&Ready| !ready.part.is_of_place();
            let holds = all.iter().filter(of_text).all(|ready| {
                let bytes = match ready.part {
                    Part::Match => texts.whole,
                    Part::Line => texts.line,
                    _ => texts.secret,
                };
                ready.is_satisfied(bytes)
            });
            if !holds || all.is_empty() {
                continue;
            }
            if all.iter().any(|ready| ready.part.is_of_place()) {
                open.push(number);
            } else {
                return TextVerdict::Excepted;
            }
        }
        TextVerdict::Open(open)
    }

    /// Whether one of the open exceptions holds at a place.
    pub(crate) fn of_place(&self, open: &[u16], facts: PlaceFacts<'_>) -> bool {
        open.iter()
            .filter_map(|number| self.list.get(usize::from(*number)))
            .any(|all| {
                all.iter()
                    .filter(|ready| ready.part.is_of_place())
                    .all(|ready| {
                        let text = match ready.part {
                            Part::Commit => facts.commit,
                            Part::AuthorName => facts.author,
                            Part::AuthorEmail => facts.email,
                            _ => facts.path,
                        };
                        ready.is_satisfied(text.as_bytes())
                    })
            })
    }
}

impl Ready {
    fn is_satisfied(&self, bytes: &[u8]) -> bool {
        let holds = match &self.test {
            ReadyTest::Matches(regexes) => regexes.iter().any(|regex| regex.is_match(bytes)),
            ReadyTest::Contains(words) => words.as_ref().is_some_and(|words| words.is_match(bytes)),
            ReadyTest::Equals(texts) => texts.iter().any(|text| text.as_bytes() == bytes),
            ReadyTest::EntropyAtMost(most) => shannon(bytes) <= *most,
        };
        holds == (self.sense == Sense::Holds)
    }
}

fn ready(condition: &Condition) -> Ready {
    let test = match &condition.test {
        Test::Matches(_, regexes) => ReadyTest::Matches(
            regexes
                .iter()
                .filter_map(|regex| compile(regex).ok())
                .collect(),
        ),
        Test::Contains(_, words) => ReadyTest::Contains(
            AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .build(words.iter().map(|word| word.as_bytes()))
                .ok(),
        ),
        Test::Equals(_, texts) => ReadyTest::Equals(texts.clone()),
        Test::EntropyAtMost(_, most) => ReadyTest::EntropyAtMost(*most),
    };
    Ready {
        sense: condition.sense,
        part: condition.test.part(),
        test,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leakward_core::exception::Exception;

    fn exceptions(all: Vec<Vec<Condition>>) -> Exceptions {
        Exceptions::new(&Foreign {
            exceptions: all.into_iter().map(|all| Exception { all }).collect(),
            ..Foreign::default()
        })
    }

    fn matches(part: Part, regex: &'static str) -> Condition {
        Condition::holds(Test::Matches(part, vec![regex.into()]))
    }

    const TEXTS: Texts<'static> = Texts {
        secret: b"abcd1234",
        whole: b"key=abcd1234",
        line: b"  key=abcd1234 # sample",
    };

    #[test]
    fn conditions_over_the_text_are_decided_at_once() {
        for (condition, excepted) in [
            (matches(Part::Secret, "^abcd"), true),
            (matches(Part::Secret, "^key"), false),
            (matches(Part::Match, "^key"), true),
            (matches(Part::Line, "sample$"), true),
            (matches(Part::Line, "sample$").negated(), false),
            (
                Condition::holds(Test::Contains(Part::Secret, vec!["CD12".into()])),
                true,
            ),
            (
                Condition::holds(Test::Equals(Part::Secret, vec!["abcd".into()])),
                false,
            ),
            (
                Condition::holds(Test::EntropyAtMost(Part::Secret, 3.0)),
                true,
            ),
            (
                Condition::holds(Test::EntropyAtMost(Part::Secret, 2.9)),
                false,
            ),
        ] {
            let verdict = exceptions(vec![vec![condition.clone()]]).of_text(TEXTS);
            assert_eq!(verdict == TextVerdict::Excepted, excepted, "{condition:?}");
        }
    }

    #[test]
    fn conditions_over_the_place_wait_for_it() {
        let both = vec![
            matches(Part::Secret, "^abcd"),
            matches(Part::Path, "\\.md$"),
        ];
        let ready = exceptions(vec![both, vec![matches(Part::Secret, "nothing")]]);
        let TextVerdict::Open(open) = ready.of_text(TEXTS) else {
            panic!("decided too early");
        };
        assert_eq!(open, [0]);
        let at = |path| PlaceFacts {
            path,
            ..PlaceFacts::default()
        };
        assert!(ready.of_place(&open, at("docs/a.md")));
        assert!(!ready.of_place(&open, at("docs/a.py")));
    }
}
