//! Has candidates judged, and makes matches of those that pass, with their companions.
//!
//! Not for the reasons, which are `judge`'s, nor for finding candidates (`trying.rs`).

use leakward_core::{Confidence, Rule, Secret};

use super::Search;
use super::search::Within;
use crate::carry::Fate;
use crate::confirm::Candidate;
use crate::detection::{Match, Rejected};
use crate::judge::{self, Companions, Disproved, Judgement};
use crate::sweep::{self, Swept};

/// What the judge makes of a candidate; with it, what is known of any other piece in which stands what was read.
enum Judged {
    /// A match.
    Kept(Match, Option<Fate>),
    /// None, for this reason.
    TurnedDown(String, Option<Fate>),
}

impl Search<'_> {
    /// Judges the candidates, and gives back for each why it would be turned down in any piece in which stands what was read
    /// for it; nothing when it was not, or when more than that counted.
    pub(super) fn judge_all(
        &mut self,
        bytes: &[u8],
        candidates: &[Candidate],
        matches: &mut Vec<Match>,
    ) -> Vec<Option<Fate>> {
        let needs = |candidate: &Candidate| {
            let rule = self.detector.rules().get(candidate.rule);
            candidate.fate.is_none() && rule.is_some_and(|rule| !rule.companions.is_empty())
        };
        let companions = match candidates.iter().any(needs) {
            true => Companions::new(candidates.iter().map(|one| (one.rule, one.span))),
            false => Companions::default(),
        };
        let mut disproved = Disproved::default();
        let first = matches.len();
        let mut fates = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let fate = match candidate.fate {
                Some(fate) => {
                    self.detection.rejected += u64::from(fate != Fate::Low);
                    Some(fate)
                }
                None => self.judge_one(bytes, candidate, &companions, matches),
            };
            if fate == Some(Fate::Disproved) {
                disproved.note(candidate.span);
            }
            fates.push(fate);
        }
        if !disproved.is_empty() {
            let rules = self.detector.rules();
            let judged = matches.split_off(first);
            let (against, kept): (Vec<Match>, Vec<Match>) =
                judged.into_iter().partition(|matched| {
                    let rule = rules.get(matched.rule);
                    rule.is_some_and(|rule| disproved.speaks_against(rule, matched.span))
                });
            matches.extend(kept);
            self.turn_down(&against, |_| {
                "a token of a known kind stands there, and its checksum or structure does not hold"
                    .to_owned()
            });
        }
        fates
    }

    /// Judges a candidate, and keeps it when it is a match.
    fn judge_one(
        &mut self,
        bytes: &[u8],
        candidate: &Candidate,
        companions: &Companions,
        matches: &mut Vec<Match>,
    ) -> Option<Fate> {
        let judged = self.timed(candidate.rule, |search| {
            search.weigh(bytes, candidate, companions)
        });
        match judged {
            Judged::Kept(matched, fate) => {
                matches.push(matched);
                fate
            }
            Judged::TurnedDown(reason, fate) => {
                self.detection.rejected += 1;
                if let Some(rejected) = &mut self.rejected {
                    rejected.push(Rejected {
                        rule: candidate.rule,
                        span: candidate.span,
                        reason,
                    });
                }
                fate
            }
        }
    }

    fn weigh(&self, bytes: &[u8], candidate: &Candidate, companions: &Companions) -> Judged {
        let Some(rule) = self.detector.rules().get(candidate.rule) else {
            return Judged::TurnedDown(String::new(), None);
        };
        match self.detector.judge().judge(rule, candidate, bytes) {
            Judgement::Rejected(reason) => Judged::TurnedDown(reason, Some(Fate::Rejected)),
            Judgement::Disproved(reason) => Judged::TurnedDown(reason, Some(Fate::Disproved)),
            Judgement::Credential(confidence, reasons) => {
                match self.matched(bytes, (candidate, rule), companions, (confidence, reasons)) {
                    Err(reason) => Judged::TurnedDown(reason, None),
                    Ok(matched) => {
                        let fate = self.stays_hidden(rule, &matched).then_some(Fate::Low);
                        Judged::Kept(matched, fate)
                    }
                }
            }
        }
    }

    /// Whether nobody gets to see the match, whatever else stands in the piece.
    fn stays_hidden(&self, rule: &Rule, matched: &Match) -> bool {
        matched.confidence == Confidence::Low
            && self.is_secret(matched)
            && !self.is_shown(matched)
            && rule.companions.is_empty()
            && !rule.is_foreign()
            && !self.detector.index().has_sweeps()
            && !self.detector.has_requirements()
    }

    fn matched(
        &self,
        bytes: &[u8],
        (candidate, rule): (&Candidate, &Rule),
        companions: &Companions,
        (mut confidence, mut reasons): (Confidence, Vec<String>),
    ) -> Result<Match, String> {
        let mut found = Vec::new();
        for (companion, number) in rule
            .companions
            .iter()
            .zip(self.detector.companion_numbers(candidate.rule))
        {
            let nearest = number.and_then(|number| {
                companions.nearest(bytes, number, candidate.span, companion.within_lines)
            });
            match nearest {
                Some(span) => {
                    found.push((companion.name.to_string(), span));
                    reasons.push(format!("its {} stands near by", companion.name));
                    confidence = confidence.max(Confidence::Medium);
                }
                None if self.companions == Within::Elsewhere => {
                    confidence = confidence.max(Confidence::Medium);
                }
                None if companion.required => {
                    return Err(format!("its {} is not near by", companion.name));
                }
                None => {}
            }
        }
        let of_rule = (candidate.rule, rule);
        let swept = Swept {
            whole: candidate.span,
            credential: candidate.span,
        };
        let open = sweep::open_exceptions(self.detector, of_rule, bytes, swept)?;
        let secret = candidate.secret(bytes);
        let name = candidate.name.and_then(|name| bytes.get(name.range()));
        Ok(Match {
            rule: candidate.rule,
            span: candidate.span,
            whole: candidate.span,
            secret: Secret::new(secret),
            entropy: judge::shannon(secret),
            confidence,
            reasons,
            decoded: Vec::new(),
            companions: found,
            manner: candidate.manner,
            names_session: name.is_some_and(judge::names_a_session),
            open,
        })
    }
}
