//! When and with whom a finding came in: its earliest place that a commit brought.

use leakward_core::{Finding, Location};

/// The earliest place that a commit brought in.
pub(crate) fn first(finding: &Finding) -> Option<&Location> {
    finding
        .locations
        .iter()
        .filter(|location| location.commit.is_some())
        // Author dates carry time zones; the day, which is all that is shown, sorts as text.
        .min_by_key(|location| {
            let date = location.date.as_deref();
            (date.is_none(), date.map(day))
        })
}

/// The day of a date in RFC 3339.
pub(crate) fn day(date: &str) -> &str {
    date.get(..10).unwrap_or(date)
}
