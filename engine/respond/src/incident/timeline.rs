//! What happened to a credential when: the exposure timeline.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A moment in a leaked credential's life, in the order in which they usually come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// The oldest known commit that holds it.
    FirstCommit,
    /// The first push of it that a host told.
    FirstPush,
    /// We saw it.
    Found,
    /// The provider was asked.
    Verified,
    /// Somebody said yes.
    Approved,
    /// The successor became what applications read.
    Rotated,
    /// The old one was taken away.
    Revoked,
    /// The provider refused the old one.
    ProvenDead,
    /// Nothing was left to do.
    Closed,
}

impl Moment {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstCommit => "first commit",
            Self::FirstPush => "first push",
            Self::Found => "found",
            Self::Verified => "verified",
            Self::Approved => "approved",
            Self::Rotated => "rotated",
            Self::Revoked => "revoked",
            Self::ProvenDead => "proven dead",
            Self::Closed => "closed",
        }
    }

    /// Whether the first time counts (found), or the last (proven dead).
    fn keeps_first(self) -> bool {
        matches!(self, Self::FirstCommit | Self::FirstPush | Self::Found)
    }
}

/// Moments, in seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timeline(BTreeMap<Moment, u64>);

impl Timeline {
    /// Notes that it happened at `when`.
    pub fn at(&mut self, moment: Moment, when: u64) {
        let slot = self.0.entry(moment).or_insert(when);
        *slot = if moment.keeps_first() {
            when.min(*slot)
        } else {
            when
        };
    }

    /// Notes that it is not so any more: a revocation that was taken back.
    pub fn undo(&mut self, moment: Moment) {
        self.0.remove(&moment);
    }

    /// When it happened.
    #[must_use]
    pub fn get(&self, moment: Moment) -> Option<u64> {
        self.0.get(&moment).copied()
    }

    /// All moments that are known, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Moment, u64)> + '_ {
        self.0.iter().map(|(moment, when)| (*moment, *when))
    }

    /// How long it lay open: from the first commit (or when it was found) to the proof that it is dead, or to `now`; seconds.
    #[must_use]
    pub fn exposed_for(&self, now: u64) -> Option<u64> {
        let from = self
            .get(Moment::FirstCommit)
            .or_else(|| self.get(Moment::FirstPush))
            .or_else(|| self.get(Moment::Found))?;
        let until = self.get(Moment::ProvenDead).unwrap_or(now);
        Some(until.saturating_sub(from))
    }
}

/// Seconds since 1970 of an RFC 3339 time with any offset.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let (day, rest) = text.split_once(['T', ' '])?;
    let offset_at = rest.find(['Z', '+', '-'])?;
    let (time, offset) = rest.split_at_checked(offset_at)?;
    let mut day = day.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, date) = (day.next()??, day.next()??, day.next()??);
    let mut time = time
        .split('.')
        .next()?
        .split(':')
        .map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (
        time.next()??,
        time.next()??,
        time.next().unwrap_or(Some(0))?,
    );
    let ahead = match offset.strip_prefix(['+', '-']) {
        None => 0,
        Some(digits) => {
            let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
            let length = hours.parse::<i64>().ok()? * 3_600 + minutes.parse::<i64>().ok()? * 60;
            if offset.starts_with('-') {
                -length
            } else {
                length
            }
        }
    };
    let is_date =
        (1970..=9_999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&date);
    // Days by the usual arithmetic over years that begin in March.
    let (y, m) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let days = y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + date - 1 - 719_468;
    let all = days * 86_400 + hour * 3_600 + minute * 60 + second - ahead;
    is_date
        .then_some(all)
        .and_then(|all| u64::try_from(all).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_with_offsets_are_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T00:00:00Z", Some(951_782_400)),
            ("2026-11-21T05:30:05+02:00", Some(1_795_231_805)),
            ("2026-11-20T22:00:05.25-05:30", Some(1_795_231_805)),
            ("2026-13-20T22:00:05Z", None),
            ("soon", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn the_first_commit_is_the_oldest_and_the_last_proof_counts() {
        let mut timeline = Timeline::default();
        for when in [20, 10, 30] {
            timeline.at(Moment::FirstCommit, when);
            timeline.at(Moment::ProvenDead, when);
        }
        assert_eq!(timeline.get(Moment::FirstCommit), Some(10));
        assert_eq!(timeline.exposed_for(99), Some(20));
    }
}
