//! The numbers of the charts, and the bars that show them.

use std::collections::BTreeMap;

use leakward_core::Severity;
use leakward_respond::incident::{Incident, Moment};
use serde::Serialize;

/// The longest bar, in the units of the drawing.
const WIDTH: u64 = 400;

/// LIMIT: providers that have a bar of their own.
const MOST_PROVIDERS: usize = 12;

/// One bar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Bar {
    /// What it is about.
    pub(super) label: String,
    /// How many.
    pub(super) count: u64,
    /// How long it is drawn.
    pub(super) width: u64,
    /// Where a click leads; empty for nowhere.
    pub(super) link: String,
}

/// Everything that is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Charts {
    /// How long it took from finding a leak to its being dead.
    pub(super) time_to_contain: Vec<Bar>,
    /// The middle one of these times, in seconds.
    pub(super) median_seconds: Option<u64>,
    /// Open incidents by severity.
    pub(super) open_by_severity: Vec<Bar>,
    /// All incidents by provider.
    pub(super) by_provider: Vec<Bar>,
}

/// Ends of the times that are drawn as one bar, in seconds.
const TIMES: [(u64, &str); 7] = [
    (5, "up to 5 s"),
    (60, "up to 1 min"),
    (900, "up to 15 min"),
    (3_600, "up to 1 h"),
    (86_400, "up to 1 day"),
    (604_800, "up to 1 week"),
    (u64::MAX, "longer"),
];

impl Charts {
    /// Of these incidents.
    pub(super) fn of(incidents: &[Incident]) -> Self {
        let mut times: Vec<u64> = incidents.iter().filter_map(time_to_contain).collect();
        times.sort_unstable();
        let mut from = 0;
        let by_time = TIMES.map(|(until, label)| {
            let count = times
                .iter()
                .filter(|time| (from..=until).contains(*time))
                .count();
            from = until.saturating_add(1);
            (label.to_owned(), count, String::new())
        });
        let severities = [
            Severity::Critical,
            Severity::High,
            Severity::Medium,
            Severity::Low,
        ];
        let open = severities.map(|severity| {
            let is_open = |incident: &&Incident| {
                incident.severity == severity && !incident.state.is_settled()
            };
            let link = format!("/?state=unsettled&severity={severity}");
            (
                severity.to_string(),
                incidents.iter().filter(is_open).count(),
                link,
            )
        });
        Self {
            time_to_contain: bars(by_time),
            median_seconds: times.get(times.len() / 2).copied(),
            open_by_severity: bars(open),
            by_provider: bars(providers(incidents)),
        }
    }
}

fn time_to_contain(incident: &Incident) -> Option<u64> {
    let found = incident.timeline.get(Moment::Found)?;
    let dead = incident.timeline.get(Moment::ProvenDead)?;
    Some(dead.saturating_sub(found))
}

fn providers(incidents: &[Incident]) -> Vec<(String, usize, String)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for incident in incidents {
        *counts.entry(&incident.provider).or_default() += 1;
    }
    let mut all: Vec<_> = counts
        .into_iter()
        .map(|(name, count)| {
            let encoded =
                percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
            (name.to_owned(), count, format!("/?provider={encoded}"))
        })
        .collect();
    all.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
    let others: usize = all
        .iter()
        .skip(MOST_PROVIDERS)
        .map(|(_, count, _)| count)
        .sum();
    all.truncate(MOST_PROVIDERS);
    if others > 0 {
        all.push(("others".to_owned(), others, String::new()));
    }
    all
}

fn bars(counted: impl IntoIterator<Item = (String, usize, String)>) -> Vec<Bar> {
    let counted: Vec<_> = counted.into_iter().collect();
    let most = counted
        .iter()
        .map(|(_, count, _)| *count)
        .max()
        .unwrap_or(0)
        .max(1) as u64;
    counted
        .into_iter()
        .map(|(label, count, link)| Bar {
            label,
            count: count as u64,
            width: count as u64 * WIDTH / most,
            link,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_is_as_long_as_the_drawing_and_nothing_is_no_bar() {
        let drawn = bars([
            ("a".to_owned(), 4, String::new()),
            ("b".to_owned(), 1, String::new()),
            ("c".to_owned(), 0, String::new()),
        ]);
        let widths: Vec<u64> = drawn.iter().map(|bar| bar.width).collect();
        assert_eq!(widths, [400, 100, 0]);
        assert_eq!(Charts::of(&[]).median_seconds, None);
    }
}
