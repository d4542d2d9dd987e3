//! What holds for every outcome, in every format.

use std::collections::HashSet;

use leakward_core::{Finding, Location, Outcome, Secret};
use leakward_report::{Format, Settings};
use proptest::prelude::*;
use serde_json::Value;

use crate::any_outcome::{self, KINDS, SKIPPED};
use crate::fixture::{self, CREDENTIAL};
use crate::schemas::{self, complaints};
use crate::written;

fn plain(format: &str, outcome: &Outcome) -> String {
    written(format, outcome, &Settings::default())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// Every place with its finding.
fn places(outcome: &Outcome) -> impl Iterator<Item = (&Finding, &Location)> {
    outcome
        .findings
        .iter()
        .flat_map(|finding| finding.locations.iter().map(move |place| (finding, place)))
}

/// A cell as it must be read back: a formula is disarmed, control characters are visible.
fn cell(text: &str) -> String {
    let armed = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let shown = text.chars().map(|character| match u32::from(character) {
        9 | 10 | 13 => character,
        0x7f => '␡',
        code @ 0..0x20 => char::from_u32(0x2400 + code).expect("a picture"),
        0x80..0xa0 => '\u{fffd}',
        _ => character,
    });
    armed.then_some('\'').into_iter().chain(shown).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_fits_its_schema_and_loses_nothing(outcome in any_outcome::outcome()) {
        let value = json(&plain("json", &outcome));
        prop_assert_eq!(complaints(&schemas::JSON, &value), [""; 0]);
        prop_assert_eq!(value["complete"].as_bool(), Some(outcome.complete()));
        let findings = value["findings"].as_array().expect("a list");
        prop_assert_eq!(findings.len(), outcome.findings.len());
        for (finding, entry) in outcome.findings.iter().zip(findings) {
            prop_assert_eq!(entry["title"].as_str(), Some(finding.title.as_str()));
            prop_assert_eq!(entry["more_locations"].as_u64().unwrap_or(0), finding.more_locations);
            for (place, entry) in finding.locations.iter().zip(entry["locations"].as_array().expect("a list")) {
                prop_assert_eq!(entry["path"].as_str(), Some(place.path.as_str()));
                prop_assert_eq!(entry["author"].as_str(), place.author.as_deref());
                prop_assert_eq!(entry["end_column"].as_u64(), Some(place.range.end.column.into()));
            }
        }
    }

    #[test]
    fn jsonl_has_the_findings_of_json_and_then_the_rest(outcome in any_outcome::outcome()) {
        let mut whole = json(&plain("json", &outcome));
        let text = plain("jsonl", &outcome);
        let mut lines: Vec<Value> = text.lines().map(json).collect();
        let mut last = lines.pop().expect("a summary line");
        prop_assert_eq!(whole["findings"].take(), Value::Array(lines));
        let summary = last["summary"].as_object_mut().expect("an object");
        prop_assert_eq!(summary.remove("finding_count"), Some(outcome.findings.len().into()));
        whole.as_object_mut().expect("an object").remove("findings");
        prop_assert_eq!(whole.as_object(), Some(&*summary));
    }

    #[test]
    fn sarif_fits_the_official_schema_and_its_references_hold(outcome in any_outcome::outcome()) {
        let value = json(&plain("sarif", &outcome));
        prop_assert_eq!(complaints(&schemas::SARIF, &value), [""; 0]);
        let run = &value["runs"][0];
        prop_assert_eq!(run["invocations"][0]["executionSuccessful"].as_bool(), Some(outcome.complete()));
        let rules = run["tool"]["driver"]["rules"].as_array().expect("a list");
        let ids: HashSet<&str> = rules.iter().filter_map(|rule| rule["id"].as_str()).collect();
        prop_assert_eq!(ids.len(), rules.len());
        let results = run["results"].as_array().expect("a list");
        prop_assert_eq!(results.len(), outcome.findings.len());
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
            prop_assert_eq!(&rules[index]["id"], &result["ruleId"]);
            prop_assert_eq!(result["locations"].as_array().map(Vec::len), Some(1));
            let place = &result["locations"][0]["physicalLocation"];
            let region = &place["region"];
            let position = |line: &str, column: &str| (region[line].as_u64(), region[column].as_u64());
            prop_assert!(region["endLine"].is_null()
                || position("startLine", "startColumn") <= position("endLine", "endColumn"));
            prop_assert!(place["artifactLocation"]["uri"].as_str().is_some_and(|uri| !uri.is_empty() && uri.is_ascii()));
            prop_assert!(result["partialFingerprints"]["primaryLocationLineHash"].is_string());
        }
    }

    #[test]
    fn csv_reads_back_to_the_same_cells(outcome in any_outcome::outcome()) {
        let text = plain("csv", &outcome);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().expect("a header line").clone();
        let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("equal rows");
        let column = |name: &str| header.iter().position(|column| column == name).expect("the column is there");
        let missed = outcome.skipped.iter().filter(|item| item.kind.makes_incomplete());
        prop_assert_eq!(rows.len(), places(&outcome).count() + missed.clone().count());
        let mut rows = rows.iter();
        for ((finding, place), row) in places(&outcome).zip(&mut rows) {
            let expect = |name: &str, text: &str| (row[column(name)].to_owned(), cell(text));
            for (read, expected) in [
                expect("title", &finding.title),
                expect("reasons", &finding.reasons.join("; ")),
                expect("path", &place.path),
                expect("line", &place.range.start.line.to_string()),
                expect("author", place.author.as_deref().unwrap_or_default()),
                expect("subject", place.subject.as_deref().unwrap_or_default()),
                expect("more_locations", &finding.more_locations.to_string()),
            ] {
                prop_assert_eq!(read, expected);
            }
        }
        for (item, row) in missed.zip(rows) {
            prop_assert_eq!(&row[column("kind")], "skipped");
            prop_assert_eq!(&row[column("path")], cell(&item.what));
        }
    }

    #[test]
    fn what_was_written_reads_back_to_the_same_report(outcome in any_outcome::outcome()) {
        for format in ["json", "jsonl"] {
            let text = plain(format, &outcome);
            let read = leakward_report::read(&text).expect("our own report");
            prop_assert_eq!(plain(format, &read), text);
            prop_assert_eq!(read.complete(), outcome.complete());
        }
    }

    #[test]
    fn the_report_for_gitlab_fits_its_schema(outcome in any_outcome::outcome()) {
        let value = json(&plain("gitlab", &outcome));
        prop_assert_eq!(complaints(&schemas::GITLAB, &value), [""; 0]);
        let status = if outcome.complete() { "success" } else { "failure" };
        prop_assert_eq!(value["scan"]["status"].as_str(), Some(status));
        prop_assert_eq!(value["vulnerabilities"].as_array().map(Vec::len), Some(outcome.findings.len()));
    }

    #[test]
    fn foreign_shapes_have_an_entry_for_each_place_and_each_gap(outcome in any_outcome::outcome()) {
        let missed = outcome.skipped.iter().filter(|item| item.kind.makes_incomplete()).count();
        let expected = places(&outcome).count() + missed;
        let gitleaks = json(&plain("gitleaks-json", &outcome));
        prop_assert_eq!(gitleaks.as_array().map(Vec::len), Some(expected));
        let trufflehog = plain("trufflehog-json", &outcome);
        prop_assert_eq!(trufflehog.lines().map(json).count(), expected);
        let csv = plain("gitleaks-csv", &outcome);
        let rows = csv::Reader::from_reader(csv.as_bytes()).records().collect::<Result<Vec<_>, _>>();
        prop_assert_eq!(rows.expect("equal rows").len(), expected);
        let sarif = json(&plain("gitleaks-sarif", &outcome));
        prop_assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(expected));
    }

    #[test]
    fn annotations_are_one_line_each_and_nobody_else_writes_commands(outcome in any_outcome::outcome()) {
        let text = plain("github", &outcome);
        let commands = text.lines().filter(|line| line.starts_with("::")).count();
        let missed = outcome.skipped.iter().filter(|item| item.kind.makes_incomplete()).count();
        prop_assert_eq!(commands, outcome.findings.len() + missed);
    }

    #[test]
    fn the_page_has_one_script_and_its_data_is_json(outcome in any_outcome::outcome()) {
        let page = plain("html", &outcome);
        let scripts = if outcome.findings.is_empty() { 1 } else { 2 };
        prop_assert_eq!(page.matches("<script").count(), scripts);
        prop_assert_eq!(page.matches("</script>").count(), scripts);
        let from = page.find("id=\"data\">").expect("data") + 10;
        let data = json(page[from..].split("</script>").next().expect("its end"));
        prop_assert_eq!(data["findings"].as_array().map(Vec::len), Some(outcome.findings.len()));
    }

    #[test]
    fn no_text_of_a_repository_controls_the_terminal(outcome in any_outcome::outcome()) {
        for format in Format::all() {
            for character in plain(format.name(), &outcome).chars() {
                let allowed = match format.name() {
                    "csv" => matches!(character, '\n' | '\r' | '\t'),
                    _ => character == '\n',
                };
                prop_assert!(allowed || !character.is_control(), "{}: {:?}", format, character);
            }
        }
    }

    #[test]
    fn only_a_complete_scan_without_findings_is_called_clean(outcome in any_outcome::outcome()) {
        let clean = outcome.findings.is_empty() && outcome.complete() && outcome.stats.pieces > 0;
        let last = plain("terminal", &outcome);
        let last = last.lines().last().expect("a verdict");
        prop_assert_eq!(last == "No leaked credentials found.", clean);
    }
}

#[test]
fn every_kind_has_its_word_in_the_schema() {
    for (kind, skipped) in KINDS.into_iter().zip(SKIPPED) {
        let mut outcome = fixture::incomplete();
        outcome.findings = fixture::everything().findings;
        outcome.findings[0].locations[0].kind = kind;
        outcome.skipped[0].kind = skipped;
        let value = json(&plain("json", &outcome));
        assert_eq!(complaints(&schemas::JSON, &value), [""; 0]);
    }
}

#[test]
fn an_incomplete_scan_is_told_in_every_format() {
    let outcome = fixture::incomplete();
    for (format, sign) in [
        ("terminal", "Incomplete: 6 items were not scanned"),
        ("json", "\"complete\": false"),
        ("jsonl", "\"complete\":false"),
        ("sarif", "\"executionSuccessful\":false"),
        ("csv", ",skipped,"),
        ("html", "Incomplete: 6 items were not scanned"),
        ("markdown", "Incomplete: 6 items were not scanned"),
        ("junit", "errors=\"6\""),
        ("github", "::error title=Not scanned"),
        ("gitlab", "\"status\": \"failure\""),
        ("codequality", "incomplete-scan"),
        ("gitleaks-json", "incomplete-scan"),
        ("gitleaks-csv", "incomplete-scan"),
        ("gitleaks-junit", "incomplete-scan"),
        ("gitleaks-sarif", "incomplete-scan"),
        ("trufflehog-json", "IncompleteScan"),
    ] {
        let text = plain(format, &outcome);
        assert!(text.contains(sign), "{format}: {text}");
        assert!(
            text.contains(&fixture::id('0')),
            "{format} names the object"
        );
    }
}

#[test]
fn a_credential_is_printed_only_when_it_is_revealed_and_never_where_reports_are_passed_on() {
    const NEVER: [&str; 6] = [
        "sarif",
        "html",
        "markdown",
        "junit",
        "github",
        "codequality",
    ];
    let hidden = fixture::everything();
    let mut revealed = fixture::everything();
    for finding in &mut revealed.findings {
        finding.secret = Some(Secret::new(CREDENTIAL));
    }
    let credential = std::str::from_utf8(CREDENTIAL).expect("text");
    for format in Format::all() {
        let shows = |outcome| plain(format.name(), outcome).contains(credential);
        assert!(!shows(&hidden), "{format}");
        let may_show = !NEVER.contains(&format.name());
        assert_eq!(shows(&revealed), may_show, "{format}");
    }
}

#[test]
fn an_outcome_makes_the_same_report_twice() {
    for format in Format::all() {
        let write = || plain(format.name(), &fixture::everything());
        assert_eq!(write(), write(), "{format}");
    }
}
