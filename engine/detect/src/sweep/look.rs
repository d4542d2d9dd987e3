//! One look at a piece with the rules that are awake in it, and what is settled between what they found.

use leakward_core::exception::{Foreign, Requirement};
use leakward_core::rule::Class;
use leakward_core::{Confidence, Rule, Secret, Span};

use super::exceptions::{TextVerdict, Texts};
use super::line::{distance, line_around};
use super::matcher::Swept;
use crate::detection::{Manner, Match, Rejected};
use crate::detector::Detector;
use crate::judge::shannon;
use crate::rule_matcher::RuleMatcher;
use crate::scratch::Scratch;

/// What a look brought.
#[derive(Debug, Default)]
pub(crate) struct Look {
    pub(crate) matches: Vec<Match>,
    pub(crate) rejected: Vec<Rejected>,
    /// What a limit cut short.
    pub(crate) limited: Vec<String>,
}

/// Runs the rules `awake` over `bytes`.
pub(crate) fn look(
    detector: &Detector,
    scratch: &mut Scratch,
    bytes: &[u8],
    awake: &[u32],
) -> Look {
    let mut look = Look::default();
    for number in awake {
        let number = *number as usize;
        let (Some(rule), Some(matcher)) = (detector.rules().get(number), detector.matcher(number))
        else {
            continue;
        };
        match matcher {
            RuleMatcher::Sweep(sweep) => {
                let most = detector.settings().limits.max_matches_per_piece;
                let cache = scratch
                    .sweeps
                    .entry(number)
                    .or_insert_with(|| Box::new(sweep.cache()));
                let begun = detector.settings().clock.map(|clock| clock());
                let sweeping = sweep.find(bytes, most, cache);
                let found = sweeping.found;
                scratch.swept = scratch.swept.saturating_add(sweeping.read as u64);
                let ended = detector.settings().clock.map(|clock| clock());
                let nanos = ended
                    .zip(begun)
                    .map_or(0, |(end, begin)| end.saturating_sub(begin));
                scratch.count(number, |cost| {
                    cost.hits += 1;
                    cost.tries += 1;
                    cost.nanos += nanos;
                    cost.candidates += found.len() as u64;
                });
                if found.len() >= most {
                    look.limited.push(format!(
                        "rule {} matched more often than the limit; the rest was not looked at for it",
                        rule.id
                    ));
                }
                if sweeping.is_spent {
                    look.limited.push(format!(
                        "rule {} had to read too far for each of its matches; the rest was not looked at for it",
                        rule.id
                    ));
                }
                for swept in found {
                    look.weigh(detector, (number, rule), bytes, swept);
                }
            }
            RuleMatcher::Refused(reason) => look
                .limited
                .push(format!("rule {} was not applied: {reason}", rule.id)),
            _ => {}
        }
    }
    look
}

impl Look {
    fn weigh(
        &mut self,
        detector: &Detector,
        (number, rule): (usize, &Rule),
        bytes: &[u8],
        swept: Swept,
    ) {
        match matched(detector, (number, rule), bytes, swept) {
            Ok(matched) => self.matches.push(matched),
            Err(reason) => self.rejected.push(Rejected {
                rule: number,
                span: swept.credential,
                reason,
            }),
        }
    }
}

fn matched(
    detector: &Detector,
    (number, rule): (usize, &Rule),
    bytes: &[u8],
    swept: Swept,
) -> Result<Match, String> {
    let secret = bytes.get(swept.credential.range()).unwrap_or_default();
    let open = open_exceptions(detector, (number, rule), bytes, swept)?;
    let foreign = rule.foreign.as_deref();
    Ok(Match {
        rule: number,
        span: swept.credential,
        whole: swept.whole,
        secret: Secret::new(secret),
        entropy: shannon(secret),
        confidence: foreign
            .and_then(|foreign| foreign.confidence)
            .unwrap_or(Confidence::High),
        reasons: vec![match foreign {
            Some(foreign) if !foreign.tool.is_empty() => {
                format!("the expression of this {} rule matches", foreign.tool)
            }
            _ => "the rule's expression matches".to_owned(),
        }],
        decoded: Vec::new(),
        companions: Vec::new(),
        manner: Manner::Itself,
        names_session: false,
        open,
    })
}

/// What another tool's file says about the text of a match: the exceptions that are left open, or why it is none.
///
/// # Errors
/// The reason why it is no leak.
pub(crate) fn open_exceptions(
    detector: &Detector,
    (number, rule): (usize, &Rule),
    bytes: &[u8],
    swept: Swept,
) -> Result<Vec<u16>, String> {
    let Some(foreign) = rule.foreign.as_deref() else {
        return Ok(Vec::new());
    };
    let secret = bytes.get(swept.credential.range()).unwrap_or_default();
    if let Some(above) = foreign.entropy_above {
        let entropy = shannon(secret);
        if entropy <= above {
            return Err(format!(
                "its characters are too alike ({entropy:.2} bits; the rule asks for more than {above:.2})"
            ));
        }
    }
    let Some(exceptions) = detector.exceptions(number) else {
        return Ok(Vec::new());
    };
    let texts = Texts {
        secret,
        whole: bytes.get(swept.whole.range()).unwrap_or_default(),
        line: line_around(bytes, swept.whole),
    };
    match exceptions.of_text(texts) {
        TextVerdict::Open(open) => Ok(open),
        TextVerdict::Excepted => {
            Err("an allow list or a filter of the rule's file allows it".to_owned())
        }
    }
}

/// Settles what rules of one piece say about each other's matches: those that need another one near by, and generic ones that
/// say again what a specific one says.
pub(crate) fn settle(detector: &Detector, bytes: &[u8], matches: &mut Vec<Match>) -> Vec<Rejected> {
    let mut rejected = Vec::new();
    for reason in [missing_requirement, said_by_another] {
        let verdicts: Vec<Option<String>> = matches
            .iter()
            .map(|matched| reason(detector, bytes, matched, matches))
            .collect();
        let mut verdicts = verdicts.into_iter();
        matches.retain(|matched| match verdicts.next().flatten() {
            Some(reason) => {
                rejected.push(Rejected {
                    rule: matched.rule,
                    span: matched.span,
                    reason,
                });
                false
            }
            None => true,
        });
    }
    rejected
}

fn missing_requirement(
    detector: &Detector,
    bytes: &[u8],
    matched: &Match,
    all: &[Match],
) -> Option<String> {
    let requires = requirements(detector, matched);
    let missing = requires
        .iter()
        .find(|requirement| !is_met(detector, bytes, (matched.whole, requirement), all))?;
    Some(format!("no match of {} stands near by", missing.rule))
}

fn requirements<'d>(detector: &'d Detector, matched: &Match) -> &'d [Requirement] {
    let rule = detector.rules().get(matched.rule);
    rule.and_then(|rule| rule.foreign.as_deref())
        .map_or(&[], |foreign: &Foreign| &foreign.requires)
}

fn is_met(
    detector: &Detector,
    bytes: &[u8],
    (span, requirement): (Span, &Requirement),
    all: &[Match],
) -> bool {
    let is_of_rule = |other: &&Match| {
        detector
            .rules()
            .get(other.rule)
            .is_some_and(|rule| rule.id.as_str() == requirement.rule)
    };
    let fits =
        |measured: usize, most: Option<u32>| most.is_none_or(|most| measured <= most as usize);
    all.iter().filter(is_of_rule).any(|other| {
        if requirement.within_lines.is_none() && requirement.within_columns.is_none() {
            return true;
        }
        let (lines, columns) = distance(bytes, span.start, other.whole.start);
        fits(lines, requirement.within_lines) && fits(columns, requirement.within_columns)
    })
}

/// A rule that calls itself generic, beside a match of another on the same line that holds the same text.
fn said_by_another(
    detector: &Detector,
    bytes: &[u8],
    matched: &Match,
    all: &[Match],
) -> Option<String> {
    let rule = detector.rules().get(matched.rule)?;
    let is_generic = |rule: &Rule| rule.id.as_str().to_ascii_lowercase().contains("generic");
    if !rule.is_foreign() || !is_generic(rule) {
        return None;
    }
    let secret = bytes.get(matched.span.range())?;
    all.iter()
        .filter_map(|other| Some((other, detector.rules().get(other.rule)?)))
        .find(|(other, by)| {
            by.class == Class::Secret
                && !is_generic(by)
                && distance(bytes, other.span.start, matched.span.start).0 == 0
                && bytes
                    .get(other.span.range())
                    .is_some_and(|text| memchr::memmem::find(text, secret).is_some())
        })
        .map(|(_, by)| format!("{} says the same", by.id))
}
