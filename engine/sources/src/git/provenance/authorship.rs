//! Who made a commit or a tag, when, and what they called it.

use bstr::ByteSlice;
use gix::ObjectId;
use gix::objs::Kind;

use crate::git::lookup::{Absent, Lookup};

/// Who made a commit or an annotated tag, when, and what they called it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authorship {
    /// The author's (or tagger's) name.
    pub author: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// When, by their clock and in their time zone, as RFC 3339 has it.
    pub date: Option<String>,
    /// The first line of the message.
    pub subject: Option<String>,
}

impl Authorship {
    /// Reads it from the commit or tag `id`.
    pub(super) fn read(
        lookup: &Lookup,
        id: &ObjectId,
        buffer: &mut Vec<u8>,
    ) -> Result<Self, Absent> {
        let (kind, data) = lookup.any(id, buffer)?;
        let person = match kind {
            Kind::Tag => "tagger ",
            Kind::Commit | Kind::Tree | Kind::Blob => "author ",
        };
        Ok(Self::parse(data, person.as_bytes()))
    }

    /// Reads what can be read: nothing in a commit is sure to be well-formed.
    pub(in crate::git) fn parse(data: &[u8], person: &[u8]) -> Self {
        let (headers, message) = data.split_once_str("\n\n").unwrap_or((data, b""));
        let line = headers.lines().find_map(|line| line.strip_prefix(person));
        let subject = message.lines().find(|line| !line.trim().is_empty());
        Self {
            subject: subject.map(|line| line.trim().to_str_lossy().into_owned()),
            ..line.map(signature).unwrap_or_default()
        }
    }
}

/// Reads `Name <mail> seconds zone`.
fn signature(line: &[u8]) -> Authorship {
    let text = |bytes: &[u8]| {
        let bytes = bytes.trim();
        (!bytes.is_empty()).then(|| bytes.to_str_lossy().into_owned())
    };
    let Some(open) = line.find_byte(b'<') else {
        return Authorship {
            author: text(line),
            ..Authorship::default()
        };
    };
    let (name, rest) = line.split_at(open);
    let rest = rest.get(1..).unwrap_or_default();
    let (email, time) = rest.rsplit_once_str(">").unwrap_or((rest, b""));
    Authorship {
        author: text(name),
        email: text(email),
        date: rfc_3339(time),
        subject: None,
    }
}

/// `1234567890 +0100` as `2009-02-14T00:31:30+01:00`.
fn rfc_3339(time: &[u8]) -> Option<String> {
    let mut words = std::str::from_utf8(time).ok()?.split_ascii_whitespace();
    let seconds: i64 = words.next()?.parse().ok()?;
    let zone: i64 = words.next().and_then(|zone| zone.parse().ok()).unwrap_or(0);
    // LIMIT: RFC 3339 has years from 0 to 9999 and offsets below a day.
    let offset = (zone / 100 * 60 + zone % 100).clamp(-1_439, 1_439);
    let local = seconds.checked_add(offset * 60)?;
    if !(-62_167_219_200..253_402_300_800).contains(&local) {
        return None;
    }
    let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let (sign, offset) = (if offset < 0 { '-' } else { '+' }, offset.abs());
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{sign}{:02}:{:02}",
        offset / 60,
        offset % 60
    ))
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// After Howard Hinnant, "chrono-compatible low-level date algorithms": eras of 400 years that begin in March.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_in_the_authors_time_zone() {
        let date = |text: &str| rfc_3339(text.as_bytes());
        assert_eq!(
            date(" 1234567890 +0100").as_deref(),
            Some("2009-02-14T00:31:30+01:00")
        );
        assert_eq!(
            date("0 -0330").as_deref(),
            Some("1969-12-31T20:30:00-03:30")
        );
        assert_eq!(
            date("951782400 +0000").as_deref(),
            Some("2000-02-29T00:00:00+00:00")
        );
        assert_eq!(
            date("253402300799 +0000").as_deref(),
            Some("9999-12-31T23:59:59+00:00")
        );
        assert_eq!(
            date("-62167219200 +0000").as_deref(),
            Some("0000-01-01T00:00:00+00:00")
        );
        for nonsense in [
            "",
            "x",
            "9223372036854775807 +0100",
            "253402300800 +0000",
            "1 2 3 4 x",
        ] {
            let date = date(nonsense);
            assert!(
                date.is_none() || nonsense.starts_with("1 2"),
                "{nonsense}: {date:?}"
            );
        }
        assert!(date("5 +999999").is_some());
    }

    #[test]
    fn author_and_subject_are_read_however_odd_they_are() {
        let read = |text: &[u8]| Authorship::parse(text, b"author ");
        let good = read(b"tree x\nauthor A U Thor <a@example.com> 0 +0000\ncommitter C <c> 1 +0\n\n\nsubject \nbody");
        assert_eq!(good.author.as_deref(), Some("A U Thor"));
        assert_eq!(good.email.as_deref(), Some("a@example.com"));
        assert_eq!(good.date.as_deref(), Some("1970-01-01T00:00:00+00:00"));
        assert_eq!(good.subject.as_deref(), Some("subject"));
        let odd = read(b"author caf\xe9 < a>b@x> soon\n\n");
        assert_eq!(odd.author.as_deref(), Some("caf\u{fffd}"));
        assert_eq!(odd.email.as_deref(), Some("a>b@x"));
        assert_eq!((odd.date, odd.subject), (None, None));
        assert_eq!(read(b"author nobody").author.as_deref(), Some("nobody"));
        assert_eq!(read(b""), Authorship::default());
    }
}
