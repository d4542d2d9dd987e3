//! The scale: points for and against a candidate, each with its sentence.
//!
//! A candidate starts with what its kind of rule is worth; tests add and take points. From 70 on confidence is
//! high, from 40 on medium, below low, and a candidate without any point left is turned down.

use std::borrow::Cow;

use leakward_core::Confidence;

use super::judge::Judgement;

/// Points from which on a candidate has high confidence.
const HIGH: i32 = 70;

/// Points from which on a candidate has medium confidence.
const MEDIUM: i32 = 40;

/// Points from which on a candidate has any.
const LOW: i32 = 1;

/// Points for and against a candidate.
#[derive(Debug)]
pub(crate) struct Scale {
    points: i32,
    /// Sentences with their weight.
    notes: Vec<(i32, Cow<'static, str>)>,
    against: Option<Cow<'static, str>>,
}

impl Scale {
    /// A scale that starts with so many points.
    pub(crate) fn new(points: i32) -> Scale {
        Scale {
            points,
            notes: Vec::new(),
            against: None,
        }
    }

    /// Adds or takes points, for this reason.
    pub(crate) fn weigh(&mut self, points: i32, reason: impl Into<Cow<'static, str>>) {
        self.points += points;
        self.notes.push((points, reason.into()));
    }

    /// Turns the candidate down, for this reason; the first one is told.
    pub(crate) fn reject(&mut self, reason: impl Into<Cow<'static, str>>) {
        self.against.get_or_insert_with(|| reason.into());
    }

    /// What the scale says in the end.
    pub(crate) fn read(mut self) -> Judgement {
        if let Some(against) = self.against {
            return Judgement::Rejected(against.into_owned());
        }
        let confidence = match self.points {
            HIGH.. => Confidence::High,
            MEDIUM..HIGH => Confidence::Medium,
            LOW..MEDIUM => Confidence::Low,
            _ => {
                let worst = self.notes.iter().min_by_key(|(points, _)| *points);
                let reason = worst.map_or("nothing speaks for it", |(_, reason)| reason);
                return Judgement::Rejected(reason.to_owned());
            }
        };
        self.notes
            .sort_by_key(|(points, _)| std::cmp::Reverse(points.abs()));
        Judgement::Credential(
            confidence,
            self.notes
                .into_iter()
                .map(|(_, reason)| reason.into_owned())
                .collect(),
        )
    }
}
