//! Points in time as other programs write them. All in UTC; nothing here looks at a clock.

use std::fmt;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A point in time: seconds after 1970-01-01T00:00:00Z, negative before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(pub(crate) i64);

impl Timestamp {
    /// Reads RFC 3339: `2019-03-02T10:20:30+01:00`, fractions of seconds left out.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        let valid = (1..=12).contains(&month) && (1..=31).contains(&day);
        if !valid || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let zone = text
            .get(19..)?
            .trim_start_matches(|character: char| character == '.' || character.is_ascii_digit());
        let seconds = hour * 3_600 + minute * 60 + second - zone_seconds(zone)?;
        Some(Self(days(year, month, day) * DAY + seconds))
    }

    /// `2019-03-02T09:20:30`, without a zone.
    pub(crate) fn plain(self) -> String {
        self.with_separator('T')
    }

    /// `2019-03-02 09:20:30 +0000`.
    pub(crate) fn spaced(self) -> String {
        format!("{} +0000", self.with_separator(' '))
    }

    fn with_separator(self, separator: char) -> String {
        let (year, month, day) = civil(self.0.div_euclid(DAY));
        let second = self.0.rem_euclid(DAY);
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        let second = second % 60;
        format!("{year:04}-{month:02}-{day:02}{separator}{hour:02}:{minute:02}:{second:02}")
    }
}

impl fmt::Display for Timestamp {
    /// `2019-03-02T09:20:30Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z", self.plain())
    }
}

/// `Z`, `+01:00`, `-03:30`.
fn zone_seconds(zone: &str) -> Option<i64> {
    if zone == "Z" || zone == "z" {
        return Some(0);
    }
    let number = |from: usize, to: usize| zone.get(from..to)?.parse::<i64>().ok();
    let size = number(1, 3)? * 3_600 + number(4, 6)? * 60;
    match zone.as_bytes().first()? {
        b'+' => Some(size),
        b'-' => Some(-size),
        _ => None,
    }
}

/// Days after 1970-01-01 (Howard Hinnant's days-from-civil method).
pub(crate) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of so many days after 1970-01-01.
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_with_a_zone_is_written_in_utc() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
            ("2019-03-02T10:20:30+01:00", "2019-03-02T09:20:30Z"),
            ("2020-02-29T23:30:00-03:30", "2020-03-01T03:00:00Z"),
            ("1969-12-31T23:59:59.123Z", "1969-12-31T23:59:59Z"),
        ] {
            let read = Timestamp::parse(text).expect(text);
            assert_eq!(read.to_string(), expected);
            assert_eq!(Timestamp::parse(expected), Some(read));
        }
        assert_eq!(Timestamp(0).spaced(), "1970-01-01 00:00:00 +0000");
        for wrong in [
            "",
            "2019-03-02",
            "2019-13-02T10:20:30Z",
            "2019-03-02T10:20:30",
        ] {
            assert_eq!(Timestamp::parse(wrong), None, "{wrong}");
        }
    }
}
