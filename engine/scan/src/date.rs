//! A calendar date, as it stands in ignore files: year, month, day, without time and zone.
//!
//! Only to be read and compared. Today's date is passed in by the caller; nothing here looks at a clock.

use std::fmt;
use std::str::FromStr;

/// A date of the Gregorian calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A text that is not a date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a date; write it as 2027-01-31")]
pub struct NotADate(String);

impl Date {
    /// The date of the given number of days after 1970-01-01 (Howard Hinnant's days-to-civil method).
    #[must_use]
    pub fn from_unix_days(days: u64) -> Self {
        let shifted = days + 719_468;
        let era = shifted / 146_097;
        let day_of_era = shifted % 146_097;
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
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        let narrow = |number: u64| u8::try_from(number).unwrap_or(u8::MAX);
        Self {
            year: u16::try_from(year).unwrap_or(u16::MAX),
            month: narrow(month),
            day: narrow(day),
        }
    }
}

impl FromStr for Date {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        let not_a_date = || NotADate(text.to_owned());
        let mut parts = text.split('-');
        let mut number = |digits: usize| {
            let part = parts
                .next()
                .filter(|part| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()));
            part.and_then(|part| part.parse::<u16>().ok())
                .ok_or_else(not_a_date)
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Err(not_a_date());
        }
        let narrow = |number: u16| u8::try_from(number).map_err(|_| not_a_date());
        Ok(Self {
            year,
            month: narrow(month)?,
            day: narrow(day)?,
        })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_since_1970_become_dates() {
        for (days, date) in [
            (0, "1970-01-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_778, "2026-11-21"),
        ] {
            assert_eq!(Date::from_unix_days(days).to_string(), date);
        }
    }

    #[test]
    fn dates_read_back_and_compare() {
        let parse = |text: &str| text.parse::<Date>();
        assert!(parse("2026-11-21").ok() < parse("2027-01-01").ok());
        for wrong in [
            "2026-13-01",
            "2026-1-1",
            "2026-01-01-01",
            "tomorrow",
            "2026-00-10",
            "",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
