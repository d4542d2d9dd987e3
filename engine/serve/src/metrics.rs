//! What Prometheus scrapes at `/metrics`, in the OpenMetrics text format.
//!
//! Labels have few values each: never a repository, a path or an id.

use std::sync::Mutex;
use std::sync::PoisonError;

use leakward_respond::incident::State as IncidentState;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::queue::Depth;
use crate::time::Moment;

type Labels<const N: usize> = [(&'static str, String); N];

/// From receiving a delivery to its being on disk, in seconds.
const ACCEPT_BUCKETS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// From a delivery to its being handled, in seconds.
const HANDLE_BUCKETS: [f64; 9] = [0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 600.0];

/// From finding a leak to its being contained, in seconds: a second to a week.
const CONTAIN_BUCKETS: [f64; 10] = [
    1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0, 604_800.0,
];

/// What is counted and measured.
pub(crate) struct Metrics {
    registry: Mutex<Registry>,
    deliveries: Family<Labels<2>, Counter>,
    handled: Family<Labels<2>, Counter>,
    verdicts: Family<Labels<1>, Counter>,
    findings: Family<Labels<1>, Counter>,
    queue: Family<Labels<1>, Gauge>,
    queue_age: Gauge,
    incidents: Family<Labels<1>, Gauge>,
    accept_seconds: Histogram,
    handle_seconds: Histogram,
    contain_seconds: Histogram,
    overdue: Gauge,
    sagas: Family<Labels<1>, Gauge>,
}

impl Metrics {
    /// All at nothing.
    pub(crate) fn new() -> Self {
        let metrics = Self {
            registry: Mutex::new(Registry::with_prefix("leakward")),
            deliveries: Family::default(),
            handled: Family::default(),
            verdicts: Family::default(),
            findings: Family::default(),
            queue: Family::default(),
            queue_age: Gauge::default(),
            incidents: Family::default(),
            accept_seconds: Histogram::new(ACCEPT_BUCKETS),
            handle_seconds: Histogram::new(HANDLE_BUCKETS),
            contain_seconds: Histogram::new(CONTAIN_BUCKETS),
            overdue: Gauge::default(),
            sagas: Family::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&self) {
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        registry.register(
            "deliveries",
            "Deliveries by source and result",
            self.deliveries.clone(),
        );
        registry.register(
            "handled",
            "Work on deliveries by source and outcome",
            self.handled.clone(),
        );
        registry.register(
            "verdicts",
            "Verdicts of verification",
            self.verdicts.clone(),
        );
        registry.register(
            "findings",
            "Leaked credentials by severity",
            self.findings.clone(),
        );
        registry.register(
            "queue",
            "Deliveries in the queue by state",
            self.queue.clone(),
        );
        registry.register(
            "queue_age_seconds",
            "Age of the oldest delivery that is not done",
            self.queue_age.clone(),
        );
        registry.register("incidents", "Incidents by state", self.incidents.clone());
        registry.register(
            "sagas",
            "Responses that are not over, by state",
            self.sagas.clone(),
        );
        registry.register(
            "incidents_overdue",
            "Incidents that should have been contained by now",
            self.overdue.clone(),
        );
        registry.register(
            "accept_seconds",
            "From receiving a delivery to its being on disk",
            self.accept_seconds.clone(),
        );
        registry.register(
            "handle_seconds",
            "From receiving a delivery to its being handled",
            self.handle_seconds.clone(),
        );
        registry.register(
            "contain_seconds",
            "From finding a leak to its being contained",
            self.contain_seconds.clone(),
        );
    }

    /// A delivery came, and this became of it.
    pub(crate) fn delivery(&self, source: &str, result: &str) {
        self.deliveries
            .get_or_create(&[("source", source.to_owned()), ("result", result.to_owned())])
            .inc();
    }

    /// So long took it to write a delivery down.
    pub(crate) fn accepted_after(&self, seconds: f64) {
        self.accept_seconds.observe(seconds);
    }

    /// A delivery was worked on, with this outcome.
    pub(crate) fn handled(&self, source: &str, outcome: &str, received: Moment) {
        self.handled
            .get_or_create(&[
                ("source", source.to_owned()),
                ("outcome", outcome.to_owned()),
            ])
            .inc();
        if outcome == "done" {
            self.handle_seconds
                .observe(Moment::now().since(received).as_secs_f64());
        }
    }

    /// A credential was verified.
    pub(crate) fn verdict(&self, verdict: &str) {
        self.verdicts
            .get_or_create(&[("verdict", verdict.to_owned())])
            .inc();
    }

    /// A credential was found.
    pub(crate) fn finding(&self, severity: &str) {
        self.findings
            .get_or_create(&[("severity", severity.to_owned())])
            .inc();
    }

    /// A leak was contained so long after it was found.
    pub(crate) fn contained_after(&self, seconds: f64) {
        self.contain_seconds.observe(seconds);
    }

    /// How the queue is.
    pub(crate) fn set_queue(&self, depth: Depth) {
        for (state, count) in [
            ("waiting", depth.waiting),
            ("running", depth.running),
            ("parked", depth.parked),
        ] {
            self.queue
                .get_or_create(&[("state", state.to_owned())])
                .set(count);
        }
        let age = depth
            .oldest
            .map(|oldest| Moment::now().since(oldest).as_secs());
        self.queue_age
            .set(i64::try_from(age.unwrap_or(0)).unwrap_or(i64::MAX));
    }

    /// How many incidents are in which state, and how many are late.
    pub(crate) fn set_incidents(&self, counts: &[(IncidentState, i64)], overdue: i64) {
        for (state, count) in counts {
            self.incidents
                .get_or_create(&[("state", state.as_str().to_owned())])
                .set(*count);
        }
        self.overdue.set(overdue);
    }

    /// How many responses go on by themselves, and how many wait for somebody.
    pub(crate) fn set_sagas(&self, going_on: usize, parked: usize) {
        for (state, count) in [("going-on", going_on), ("parked", parked)] {
            self.sagas
                .get_or_create(&[("state", state.to_owned())])
                .set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// The text that is scraped.
    pub(crate) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        encode(&mut text, &registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_in_the_text() {
        let metrics = Metrics::new();
        metrics.delivery("github", "accepted");
        metrics.delivery("github", "accepted");
        metrics.set_queue(Depth {
            waiting: 3,
            ..Depth::default()
        });
        metrics.contained_after(4.0);
        let text = metrics.text().unwrap();
        for line in [
            "leakward_deliveries_total{source=\"github\",result=\"accepted\"} 2",
            "leakward_queue{state=\"waiting\"} 3",
            "leakward_contain_seconds_bucket{le=\"5.0\"} 1",
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
