//! Proves that every match of a pattern holds one of the rule's literals.
//!
//! The prefilter looks for literals only, so that a match without one would be missed in silence. The proof walks the
//! expression's tree: a sequence holds a literal when one of its items does, or when some stretch of items spells only texts that
//! hold one; an alternation when each branch does.
//!
//! INVARIANT: a yes is a proof. A no may be wrong for patterns that hide their literal in a strange way; none of the usual
//! ones does, and the author can rewrite it.

use std::cell::Cell;
use std::collections::BTreeSet;

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, HirKind, Repetition};

/// Most texts that are held at once while a stretch is spelled out.
const MOST_TEXTS: usize = 4096;

/// A class with more members is not spelled out.
const MOST_MEMBERS: usize = 16;

/// A repetition with a larger bound is not spelled out.
const MOST_REPEATS: u32 = 8;

/// The same for content that is a single text.
const MOST_REPEATS_OF_ONE: u32 = 64;

/// How many choices of a sequence are tried out together.
const MOST_SPLITS: u32 = 2;

/// Items that a sequence is taken apart into.
const MOST_ITEMS: usize = 256;

/// Work that a proof may take, roughly in bytes written; usual patterns need some thousand.
const MOST_STEPS: usize = 1 << 18;

/// Whether a literal matches in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LetterCase {
    Exact,
    Ignored,
}

/// Whether each text that `hir` can match contains one of `literals` in some case.
#[must_use]
pub fn every_match_holds_one_in_any_case(hir: &Hir, literals: &[&str]) -> bool {
    every_match_holds_one(hir, literals, LetterCase::Ignored)
}

/// Whether each text that `hir` can match contains one of `literals`.
pub(crate) fn every_match_holds_one(hir: &Hir, literals: &[&str], case: LetterCase) -> bool {
    let literals: Vec<Vec<u8>> = literals
        .iter()
        .map(|literal| case.fold(literal.as_bytes()))
        .collect();
    let longest = literals.iter().map(Vec::len).max().unwrap_or(0);
    let proof = Proof {
        literals,
        longest,
        case,
        steps: Cell::new(MOST_STEPS),
    };
    proof.holds(hir)
}

impl LetterCase {
    fn fold(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Exact => bytes.to_vec(),
            Self::Ignored => bytes.to_ascii_lowercase(),
        }
    }
}

type Texts = BTreeSet<Vec<u8>>;

struct Proof {
    literals: Vec<Vec<u8>>,
    longest: usize,
    case: LetterCase,
    /// How much work is left. Nested choices could take for ever; then nothing is proven.
    steps: Cell<usize>,
}

impl Proof {
    fn holds(&self, hir: &Hir) -> bool {
        if self.spend(1).is_none() {
            return false;
        }
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => false,
            HirKind::Literal(literal) => self.is_in(&self.case.fold(&literal.0)),
            HirKind::Capture(capture) => self.holds(&capture.sub),
            HirKind::Repetition(repetition) => {
                repetition.min > 0 && self.holds_repeated(repetition)
            }
            HirKind::Alternation(branches) => branches.iter().all(|branch| self.holds(branch)),
            HirKind::Concat(_) => {
                let mut items = Vec::new();
                flatten(hir, &mut items);
                self.holds_in_sequence(&items, MOST_SPLITS)
            }
        }
    }

    fn holds_repeated(&self, repetition: &Repetition) -> bool {
        self.holds(&repetition.sub)
            || self
                .texts_of_repetition(repetition)
                .is_some_and(|texts| texts.iter().all(|text| self.is_in(text)))
    }

    /// A sequence that holds a literal as it is, or does whichever way its first open choice goes.
    fn holds_in_sequence(&self, items: &[&Hir], splits: u32) -> bool {
        if items.iter().any(|item| self.holds(item)) || self.some_stretch_holds(items) {
            return true;
        }
        if splits == 0 {
            return false;
        }
        items.iter().enumerate().any(|(place, item)| {
            let Some(choices) = choices(item) else {
                return false;
            };
            choices.into_iter().all(|choice| {
                let before = items.iter().take(place).copied();
                let after = items.iter().skip(place + 1).copied();
                let chosen: Vec<&Hir> = before.chain(choice).chain(after).collect();
                self.holds_in_sequence(&chosen, splits - 1)
            })
        })
    }

    fn some_stretch_holds(&self, items: &[&Hir]) -> bool {
        (0..items.len()).any(|start| {
            items
                .get(start..)
                .is_some_and(|stretch| self.stretch_holds(stretch))
        })
    }

    /// Spells out item after item. Texts that already hold a literal are done; of the others only the end that could
    /// still become one is kept.
    fn stretch_holds(&self, items: &[&Hir]) -> bool {
        let mut open = Texts::from([Vec::new()]);
        for item in items {
            let Some(next) = self
                .texts(item)
                .and_then(|texts| self.product(&open, &texts))
            else {
                return false;
            };
            open = next
                .into_iter()
                .filter(|text| !self.is_in(text))
                .map(|text| {
                    let cut = text.len().saturating_sub(self.longest.saturating_sub(1));
                    text.get(cut..).unwrap_or_default().to_vec()
                })
                .collect();
            if open.is_empty() {
                return true;
            }
        }
        false
    }

    /// All texts that an item can match, when they are few.
    fn texts(&self, hir: &Hir) -> Option<Texts> {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Some(Texts::from([Vec::new()])),
            HirKind::Literal(literal) => Some(Texts::from([self.case.fold(&literal.0)])),
            HirKind::Class(class) => self.members(class),
            HirKind::Capture(capture) => self.texts(&capture.sub),
            HirKind::Repetition(repetition) => self.texts_of_repetition(repetition),
            HirKind::Concat(items) => items
                .iter()
                .try_fold(Texts::from([Vec::new()]), |texts, item| {
                    self.product(&texts, &self.texts(item)?)
                }),
            HirKind::Alternation(branches) => {
                let mut all = Texts::new();
                for branch in branches {
                    all.extend(self.texts(branch)?);
                    if all.len() > MOST_TEXTS {
                        return None;
                    }
                }
                Some(all)
            }
        }
    }

    fn texts_of_repetition(&self, repetition: &Repetition) -> Option<Texts> {
        let once = self.texts(&repetition.sub)?;
        let bound = if once.len() == 1 {
            MOST_REPEATS_OF_ONE
        } else {
            MOST_REPEATS
        };
        let most = repetition.max.filter(|most| *most <= bound)?;
        let mut power = Texts::from([Vec::new()]);
        let mut all = Texts::new();
        for times in 0..=most {
            if times >= repetition.min {
                all.extend(power.iter().cloned());
            }
            power = self.product(&power, &once)?;
        }
        (all.len() <= MOST_TEXTS).then_some(all)
    }

    fn members(&self, class: &Class) -> Option<Texts> {
        let class = byte_class(class)?;
        let count: usize = class.ranges().iter().map(ClassBytesRange::len).sum();
        if count > 2 * MOST_MEMBERS {
            return None;
        }
        let members: Texts = class
            .ranges()
            .iter()
            .flat_map(|range| range.start()..=range.end())
            .map(|byte| self.case.fold(&[byte]))
            .collect();
        (members.len() <= MOST_MEMBERS).then_some(members)
    }

    /// Every text of the left followed by every text of the right.
    fn product(&self, left: &Texts, right: &Texts) -> Option<Texts> {
        let count = left.len().saturating_mul(right.len());
        if count > MOST_TEXTS {
            return None;
        }
        let bytes = |texts: &Texts| texts.iter().map(Vec::len).sum::<usize>();
        let head_bytes = bytes(left).saturating_mul(right.len());
        let tail_bytes = bytes(right).saturating_mul(left.len());
        self.spend(count.saturating_add(head_bytes).saturating_add(tail_bytes))?;
        let mut all = Texts::new();
        for head in left {
            for tail in right {
                all.insert([head.as_slice(), tail.as_slice()].concat());
            }
        }
        Some(all)
    }

    fn spend(&self, steps: usize) -> Option<()> {
        let left = self.steps.get().checked_sub(steps)?;
        self.steps.set(left);
        Some(())
    }

    fn is_in(&self, text: &[u8]) -> bool {
        self.literals.iter().any(|literal| {
            text.windows(literal.len().max(1))
                .any(|window| window == literal)
        })
    }
}

/// The members as bytes. (6|5) becomes a class of characters even where Unicode is off.
fn byte_class(class: &Class) -> Option<ClassBytes> {
    match class {
        Class::Bytes(class) => Some(class.clone()),
        Class::Unicode(class) => class.to_byte_class(),
    }
}

/// A capture around a sequence hides nothing from the stretch around it. A repetition that cannot be spelled out still
/// starts and ends with its content; itself it stands between the two as a break that no stretch crosses.
fn flatten<'h>(hir: &'h Hir, items: &mut Vec<&'h Hir>) {
    if items.len() > MOST_ITEMS {
        items.push(hir);
        return;
    }
    match hir.kind() {
        HirKind::Repetition(repetition)
            if repetition.min > 0 && repetition.max.is_none_or(|most| most > MOST_REPEATS) =>
        {
            flatten(&repetition.sub, items);
            items.push(hir);
            flatten(&repetition.sub, items);
        }
        HirKind::Concat(inner) => inner.iter().for_each(|item| flatten(item, items)),
        HirKind::Capture(capture) => flatten(&capture.sub, items),
        _ => items.push(hir),
    }
}

/// The item sequences that an alternation or an optional part can stand for.
fn choices(hir: &Hir) -> Option<Vec<Vec<&Hir>>> {
    let flat = |hir| {
        let mut items = Vec::new();
        flatten(hir, &mut items);
        items
    };
    match hir.kind() {
        HirKind::Alternation(branches) => Some(branches.iter().map(flat).collect()),
        HirKind::Repetition(part) if part.min == 0 && part.max == Some(1) => {
            Some(vec![Vec::new(), flat(&part.sub)])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::regex_check::read;

    fn proven(regex: &str, literals: &[&str], case: LetterCase) -> bool {
        every_match_holds_one(&read(regex).unwrap(), literals, case)
    }

    #[test]
    fn a_literal_that_is_always_there_is_proven() {
        for (regex, literals) in [
            ("ghp_[0-9A-Za-z]{36}", &["ghp_"] as &[&str]),
            (
                "gh[pousr]_[0-9A-Za-z]{36}",
                &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
            ),
            ("(?:ghp_[a-z]{4}|gho_[a-z]{5})", &["ghp_", "gho_"]),
            ("(?:sk|rk)_(?:live|test)_[a-z]+", &["_live_", "_test_"]),
            ("glrtr?-[a-z]{20}", &["glrt-", "glrtr-"]),
            ("[a-z]{3,9}[:=] *(x{3}y)", &["xxy"]),
            ("(?:a(b))c(d)+", &["abcd"]),
            ("A{21,22}[0-9]", &["AAAAAAAAAAAAAAAAAAAAA"]),
            (
                "[a-z]{0,31}:([$](?:6|5)[$](?:r=[0-9]{4,9}[$])?[a-z]{1,16}|[$]1[$][a-z]|[$]2[by][$][0-9]{2})",
                &[":$6$", ":$5$", ":$1$", ":$2b$", ":$2y$"],
            ),
            (
                "[a-z]{4,}@(?:git-code[.][a-z]{6,}|git[.][a-z]{6,}[.]catalyst)",
                &["@git-code.", ".catalyst"],
            ),
            ("[0-9]{8,10}:AA[A-Za-z]{33}", &[":AA"]),
        ] {
            assert!(proven(regex, literals, LetterCase::Exact), "{regex}");
        }
    }

    #[test]
    fn a_missing_alternative_is_noticed() {
        for (regex, literals) in [
            ("gh[pousr]_[0-9A-Za-z]{36}", &["ghp_", "gho_"] as &[&str]),
            ("(?:ghp_)?[a-z]{36}", &["ghp_"]),
            ("glrtr?-[a-z]{20}", &["glrt-"]),
            ("(?i)heroku[a-z]{3}", &["heroku"]),
            ("[a-z]{4}_[a-z]{36}", &["ghp_"]),
        ] {
            assert!(!proven(regex, literals, LetterCase::Exact), "{regex}");
        }
    }

    #[test]
    fn a_pattern_of_nested_repetitions_ends_unproven() {
        let nested = format!("{}a{}", "(".repeat(20), "){9,12}".repeat(20));
        let choices = "(?:a?|b?|[ab]{0,8})".repeat(60);
        for regex in [nested, choices] {
            assert!(!proven(&regex, &["abcd"], LetterCase::Exact));
        }
    }

    #[test]
    fn case_is_ignored_when_the_rule_says_so() {
        assert!(proven(
            "(?i)heroku[a-z]{3}",
            &["HeroKU"],
            LetterCase::Ignored
        ));
        assert!(proven(
            "(?i)pass(?:word|wd)=",
            &["password", "passwd"],
            LetterCase::Ignored
        ));
    }

    /// Some text that `hir` matches, chosen by `choice`. Looks are passed over: fewer texts match then, none more.
    fn spell(hir: &Hir, choice: &mut u64, text: &mut Vec<u8>) {
        let mut below = |bound: usize| {
            *choice = choice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(*choice >> 33).unwrap() % bound
        };
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => text.extend_from_slice(&literal.0),
            HirKind::Class(class) => {
                let class = byte_class(class).unwrap();
                let range = class.ranges()[below(class.ranges().len())];
                text.push(range.start() + u8::try_from(below(range.len())).unwrap());
            }
            HirKind::Capture(capture) => spell(&capture.sub, choice, text),
            HirKind::Concat(items) => items.iter().for_each(|item| spell(item, choice, text)),
            HirKind::Alternation(branches) => spell(&branches[below(branches.len())], choice, text),
            HirKind::Repetition(repetition) => {
                let least = usize::try_from(repetition.min).unwrap();
                let more = repetition
                    .max
                    .map_or(3, |most| usize::try_from(most).unwrap() - least);
                for _ in 0..least + below(more + 1) {
                    spell(&repetition.sub, choice, text);
                }
            }
        }
    }

    fn regexes() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec![
            "a", "b", "ab", "ba", "[ab]", "[a-c]", "aba", "(?i)ab", ".",
        ]);
        leaf.prop_map(str::to_owned)
            .prop_recursive(4, 24, 4, |inner| {
                let suffix =
                    prop::sample::select(vec!["?", "*", "+", "{2}", "{0,2}", "{1,3}", "{9,12}"]);
                prop_oneof![
                    prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
                    prop::collection::vec(inner.clone(), 2..4)
                        .prop_map(|parts| format!("(?:{})", parts.join("|"))),
                    (inner, suffix).prop_map(|(part, suffix)| format!("({part}){suffix}")),
                ]
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// The invariant: a yes is a proof.
        #[test]
        fn no_match_of_a_proven_pattern_is_without_a_literal(
            regex in regexes(),
            literals in prop::collection::vec("[ab]{2,4}", 1..4),
            mut choice: u64,
            is_exact: bool,
        ) {
            let case = if is_exact { LetterCase::Exact } else { LetterCase::Ignored };
            let hir = read(&regex).unwrap();
            let literals: Vec<&str> = literals.iter().map(String::as_str).collect();
            if every_match_holds_one(&hir, &literals, case) {
                for _ in 0..20 {
                    let mut text = Vec::new();
                    spell(&hir, &mut choice, &mut text);
                    let text = String::from_utf8_lossy(&case.fold(&text)).into_owned();
                    prop_assert!(literals.iter().any(|literal| text.contains(literal)), "{text:?}");
                }
            }
        }
    }
}
