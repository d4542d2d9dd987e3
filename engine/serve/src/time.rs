//! The time of day, in milliseconds since 1970, as the queue and the page count it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment: milliseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Moment(pub(crate) i64);

impl Moment {
    /// Now. A clock before 1970 is not set; then it is 1970.
    pub(crate) fn now() -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// So much later.
    pub(crate) fn after(self, wait: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// So much earlier.
    pub(crate) fn before(self, ago: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// How long ago `earlier` was; nothing when it is still to come.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// As RFC 3339 in UTC, to the second.
    pub(crate) fn rfc3339(self) -> String {
        leakward_verify::rfc3339(u64::try_from(self.0 / 1_000).unwrap_or(0))
    }

    /// Reads RFC 3339 in UTC, as this program writes it: `2026-11-27T04:05:06Z`, maybe with a fraction.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
        let mut date = date.splitn(3, '-').map(str::parse::<i64>);
        let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
        let mut clock = clock.splitn(3, ':').map(str::parse::<i64>);
        let (hour, minute, second) = (
            clock.next()?.ok()?,
            clock.next()?.ok()?,
            clock.next()?.ok()?,
        );
        let thousandths: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
        let days = days_since_1970(year, month, day)?;
        Some(Self(
            ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1_000 + thousandths,
        ))
    }
}

/// Days between 1970-01-01 and a date of the Gregorian calendar (Howard Hinnant's algorithm).
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(1_970..=9_999).contains(&year) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let of_era = year - era * 400;
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_back_what_it_writes() {
        for millis in [0, 951_782_400_000, 1_709_164_800_000, 1_795_752_000_000] {
            let moment = Moment(millis);
            assert_eq!(Moment::parse(&moment.rfc3339()), Some(moment), "{millis}");
        }
        assert_eq!(Moment::parse("1970-01-01T00:00:01.5Z"), Some(Moment(1_500)));
        for wrong in [
            "",
            "1970-01-01",
            "1970-13-01T00:00:00Z",
            "x-01-01T00:00:00Z",
        ] {
            assert_eq!(Moment::parse(wrong), None, "{wrong}");
        }
    }
}
