//! Which rules have which literal.

use std::collections::HashMap;

use leakward_core::Rule;
use leakward_core::rule::{Find, Text};

use crate::byte_set::ByteSet;
use crate::confirm::PatternMatcher;
use crate::error::DetectorError;
use crate::native::NativeDetector;
use crate::prefilter::{Literal, Spelling};
use crate::sweep::SweepMatcher;

/// Literals of this length are common by themselves, so what follows them is made part of them.
const SHORT: usize = 3;

/// A rule that has some literal, and which of the rule's literals it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    /// Index of the rule.
    pub(crate) rule: u32,
    /// Index in the rule's list of literals.
    pub(crate) which: u32,
}

/// Texts that say "something is encoded here": escaped quotes, equals signs, colons and slashes, common letters where
/// everything is escaped; entities; a soft line break's relative; a text that goes on in the next literal.
const ENCODING_MARKS: &[&str] = &[
    "%3a%2f%2f",
    "%22%3a",
    "%3d",
    "\\u0022",
    "\\u0026",
    "\\u0027",
    "\\u003d",
    "\\u003a",
    "\\u005f",
    "\\u002d",
    "\\u0065",
    "\\u0061",
    "\\x22",
    "\\x27",
    "\\x3d",
    "\\x3a",
    "\\x5f",
    "\\x2d",
    "\\x65",
    "\\x61",
    "\\x41\\x4b",
    "&quot;",
    "&apos;",
    "&#34;",
    "&#39;",
    "&#x22;",
    "&#x27;",
    "&#61;",
    "&#x3d;",
    "=3d",
    "quoted-printable",
    "\" +\n",
    "\"+\n",
    "\" +\r\n",
    "\" .\n",
    "\" \\\n",
    "\" + \"",
    "\"+\"",
    "\" . \"",
    "\"\n    ",
    "\"\n\t",
    "' +\n",
    "'+\n",
    "' +\r\n",
    "' .\n",
    "' \\\n",
    "' + '",
    "'+'",
    "' . '",
    "'\n    ",
    "'\n\t",
];

/// Which rules have which literal. Equal literals of several rules have one number.
#[derive(Debug)]
pub(crate) struct RuleIndex {
    /// Literals from this number on belong to no rule: they mark encodings. One past the last stands for runs of digits.
    first_mark: u32,
    /// For each literal, where its users start in `users`; one more at the end.
    first: Vec<u32>,
    users: Vec<User>,
    /// Rules that are run over a whole piece when one of their literals stands in it: literal and rule, sorted.
    sweeps: Vec<(u32, u32)>,
    /// Rules that are run over every piece.
    always: Vec<u32>,
}

impl RuleIndex {
    /// The index of `rules`, and their literals by number.
    ///
    /// # Errors
    /// A rule without literal, or one that names a detector that does not exist.
    pub(crate) fn new(rules: &[Rule]) -> Result<(RuleIndex, Vec<Literal>), DetectorError> {
        let mut numbers: HashMap<(Spelling, &str), u32> = HashMap::with_capacity(rules.len() * 2);
        let mut literals: Vec<Literal> = Vec::with_capacity(rules.len() * 2);
        let mut pairs: Vec<(u32, User)> = Vec::with_capacity(rules.len() * 2);
        let mut following: HashMap<u32, Option<ByteSet>> = HashMap::new();
        let (mut sweeps, mut always) = (Vec::new(), Vec::new());
        for (rule_number, rule) in (0_u32..).zip(rules) {
            let is_sweep = match &rule.find {
                Find::Path(_) => continue,
                Find::Sweep(sweep) if !SweepMatcher::has_indexed_keywords(&sweep.keywords) => {
                    always.push(rule_number);
                    continue;
                }
                Find::Sweep(_) => true,
                _ => false,
            };
            let (texts, spelling) = literals_of(rule)?;
            if texts.is_empty() || texts.iter().any(|text| text.len() < 2) {
                return Err(DetectorError::NoLiteral(rule.id.clone()));
            }
            for (which, text) in (0_u32..).zip(texts) {
                let number = *numbers.entry((spelling, text)).or_insert_with(|| {
                    literals.push(Literal::new(text, spelling));
                    u32::try_from(literals.len() - 1).unwrap_or(u32::MAX)
                });
                if is_sweep {
                    sweeps.push((number, rule_number));
                    continue;
                }
                if text.len() == SHORT {
                    let so_far = following.get(&number).copied();
                    let here = next_bytes(rule, text);
                    let union = so_far
                        .unwrap_or(Some(ByteSet::EMPTY))
                        .zip(here)
                        .map(|(a, b)| a.union(b));
                    following.insert(number, union);
                }
                let user = User {
                    rule: rule_number,
                    which,
                };
                pairs.push((number, user));
            }
        }
        for (number, next) in following {
            if let Some(literal) = literals.get_mut(number as usize) {
                *literal = literal.clone().followed_by(next);
            }
        }
        pairs.sort_by_key(|(number, user)| (*number, user.rule));
        sweeps.sort_unstable();
        let mut index = RuleIndex::of(&pairs, literals.len());
        (index.sweeps, index.always) = (sweeps, always);
        literals.extend(
            ENCODING_MARKS
                .iter()
                .map(|mark| Literal::new(&Text::Borrowed(mark), Spelling::AnyCase)),
        );
        Ok((index, literals))
    }

    fn of(pairs: &[(u32, User)], literals: usize) -> RuleIndex {
        let mut first = vec![0_u32; literals + 1];
        for (number, _) in pairs {
            if let Some(count) = first.get_mut(*number as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for count in &mut first {
            sum += *count;
            *count = sum;
        }
        RuleIndex {
            first_mark: u32::try_from(literals).unwrap_or(u32::MAX),
            first,
            users: pairs.iter().map(|(_, user)| *user).collect(),
            sweeps: Vec::new(),
            always: Vec::new(),
        }
    }

    /// The rules that are to be run over a whole piece in which these literals stand, sorted.
    pub(crate) fn awake(&self, literals: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut awake = self.always.clone();
        if !self.sweeps.is_empty() {
            let mut seen: Vec<u32> = literals.collect();
            seen.sort_unstable();
            seen.dedup();
            for literal in seen {
                let from = self.sweeps.partition_point(|(of, _)| *of < literal);
                let of_literal = self.sweeps.get(from..).unwrap_or_default().iter();
                let of_literal = of_literal.take_while(|(of, _)| *of == literal);
                awake.extend(of_literal.map(|(_, rule)| *rule));
            }
            awake.sort_unstable();
            awake.dedup();
        }
        awake
    }

    /// Whether there are rules that are run over whole pieces.
    pub(crate) fn has_sweeps(&self) -> bool {
        !(self.always.is_empty() && self.sweeps.is_empty())
    }

    /// Whether the literal of this number marks an encoding.
    pub(crate) fn is_encoding_mark(&self, literal: u32) -> bool {
        literal >= self.first_mark
    }

    /// The number that stands for runs of digits.
    pub(crate) fn run(&self) -> u32 {
        u32::MAX
    }

    /// Whether the literal of this number stands for a run of digits.
    pub(crate) fn is_run(&self, literal: u32) -> bool {
        literal == self.run()
    }

    /// The rules that have the literal of this number.
    pub(crate) fn users(&self, literal: u32) -> &[User] {
        let from = self.first.get(literal as usize).copied().unwrap_or(0);
        let to = self
            .first
            .get(literal as usize + 1)
            .copied()
            .unwrap_or(from);
        self.users
            .get(from as usize..to as usize)
            .unwrap_or_default()
    }
}

/// The texts that a rule is recognised by, and how they are spelled.
fn literals_of(rule: &Rule) -> Result<(&[Text], Spelling), DetectorError> {
    match &rule.find {
        Find::Pattern(pattern) if pattern.ignore_case => Ok((&pattern.literals, Spelling::AnyCase)),
        Find::Pattern(pattern) => Ok((&pattern.literals, Spelling::Exact)),
        Find::Keyword(keyword) => Ok((&keyword.keywords, Spelling::Loose)),
        Find::Native(native) if NativeDetector::named(&native.detector).is_some() => {
            Ok((&native.literals, Spelling::AnyCase))
        }
        Find::Sweep(sweep) => Ok((&sweep.keywords, Spelling::AnyCase)),
        Find::Path(_) => Ok((&[], Spelling::Exact)),
        Find::Native(native) => {
            let known: Vec<&str> = NativeDetector::ALL.iter().map(|(name, _)| *name).collect();
            Err(DetectorError::UnknownDetector {
                rule: rule.id.clone(),
                detector: native.detector.to_string(),
                known: known.join(", "),
            })
        }
    }
}

/// What follows a literal of the rule wherever it matters; nothing when that cannot be told.
fn next_bytes(rule: &Rule, literal: &str) -> Option<ByteSet> {
    match &rule.find {
        Find::Pattern(pattern) => PatternMatcher::next_bytes(pattern, literal),
        Find::Keyword(_) | Find::Sweep(_) | Find::Path(_) => None,
        Find::Native(native) => NativeDetector::named(&native.detector)?.next_bytes(),
    }
}
