//! Times as stores write them, in the form in which everybody gets them.

/// An RFC 3339 time in UTC without fractions of a second.
pub(crate) fn whole_seconds(time: &str) -> String {
    match time.split_once('.') {
        Some((whole, _)) => format!("{whole}Z"),
        None => time.to_owned(),
    }
}
