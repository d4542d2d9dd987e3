//! GitHub's limits on a SARIF file: what is over them is cut, the worst is kept, and the file says so.

use leakward_core::{Finding, Location, LocationKind, Outcome, Severity, Skipped, SkippedKind};
use leakward_report::Settings;
use serde_json::Value;

use crate::{fixture, written};

fn findings(count: usize, severity: Severity) -> impl Iterator<Item = Finding> {
    let place = Location::new(LocationKind::File, "a", fixture::range((1, 1), (1, 2)));
    let finding = fixture::finding("forge-token", severity, vec![place]);
    std::iter::repeat_n(finding, count)
}

fn run(outcome: &Outcome) -> Value {
    let text = written("sarif", outcome, &Settings::default());
    let mut value: Value = serde_json::from_str(&text).expect("SARIF is JSON");
    value["runs"][0].take()
}

fn notifications(run: &Value) -> Vec<(&str, &str)> {
    let list = &run["invocations"][0]["toolExecutionNotifications"];
    let list = list.as_array().expect("a list");
    list.iter()
        .filter_map(|one| Some((one["descriptor"]["id"].as_str()?, one["level"].as_str()?)))
        .collect()
}

#[test]
fn more_results_than_github_takes_are_cut_and_the_worst_are_kept() {
    let outcome = Outcome {
        findings: findings(25_000, Severity::Low)
            .chain(findings(3, Severity::Critical))
            .collect(),
        ..Outcome::default()
    };
    let run = run(&outcome);
    let results = run["results"].as_array().expect("a list");
    assert_eq!(results.len(), 25_000);
    let severities = results
        .iter()
        .map(|result| &result["properties"]["severity"]);
    assert_eq!(severities.take_while(|word| *word == "critical").count(), 3);
    assert_eq!(notifications(&run), [("limit/results", "warning")]);
}

#[test]
fn more_results_than_github_shows_are_told() {
    let outcome = Outcome {
        findings: findings(5_001, Severity::Low).collect(),
        ..Outcome::default()
    };
    let run = run(&outcome);
    assert_eq!(run["results"].as_array().map(Vec::len), Some(5_001));
    assert_eq!(notifications(&run), [("limit/shown", "note")]);
}

#[test]
fn skipped_items_beyond_the_limit_are_counted() {
    let item = Skipped {
        kind: SkippedKind::Missing,
        what: "a".to_owned(),
        reason: "b".to_owned(),
    };
    let outcome = Outcome {
        skipped: vec![item; 10_002],
        ..Outcome::default()
    };
    let run = run(&outcome);
    let told = notifications(&run);
    assert_eq!(told.len(), 10_001);
    assert_eq!(told.last(), Some(&("skipped/more", "error")));
}

#[test]
fn a_finding_in_a_thousand_places_has_one_location_and_ten_related_ones() {
    let mut finding = findings(1, Severity::High).next().expect("one");
    finding.locations = vec![finding.locations[0].clone(); 1_000];
    let outcome = Outcome {
        findings: vec![finding],
        ..Outcome::default()
    };
    let result = &run(&outcome)["results"][0];
    assert_eq!(result["locations"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        result["relatedLocations"].as_array().map(Vec::len),
        Some(10)
    );
    assert_eq!(result["properties"]["places"], 1_000);
}
