//! The reports as other programs and people get them: several in one run, valid, masked, and stable in shape.
//!
//! The bytes of each format are held by snapshots in `engine/report`; here is what only a whole run shows.

use std::fs;

use leakward_tests::{Credential, Report, Repository, Sandbox};
use serde_json::Value;

use crate::{findings_of, leakward, scan_with};

/// A repository with findings of several kinds.
fn repository() -> (Repository, Credential) {
    let credential = Credential::named("reported");
    let repository = Repository::new();
    repository.commit_file("src/settings.py", credential.file());
    repository.commit_staged(&format!(
        "Deploy\n\nwith {}",
        Credential::named("in a message")
    ));
    repository.write("new.py", Credential::named("untracked").file());
    (repository, credential)
}

#[test]
fn several_reports_are_written_in_one_run() {
    let (repository, _) = repository();
    let run = leakward(repository.sandbox())
        .args([
            "scan", "-f", "json", "-o", "a.json", "-f", "sarif", "-o", "b.sarif", "-f", "jsonl",
            "-o", "c.jsonl", "-o", "d.csv", "-f", "terminal",
        ])
        .arg(repository.folder())
        .run();
    run.expect_status(1);
    assert!(
        run.stdout.contains("src/settings.py"),
        "{}",
        run.transcript()
    );
    let read = |name: &str| fs::read_to_string(repository.sandbox().path(name)).expect(name);
    let findings = Report::parse(&read("a.json"), "a.json").findings().len();
    assert_eq!(findings, 3);
    let sarif: Value = serde_json::from_str(&read("b.sarif")).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    assert!(results.len() >= findings, "{sarif:#}");
    assert_eq!(read("c.jsonl").lines().count(), findings + 1);
    assert!(read("d.csv").lines().count() > findings);
}

#[test]
fn jsonl_has_one_finding_a_line_and_ends_with_a_summary() {
    let (repository, _) = repository();
    let run = leakward(repository.sandbox())
        .args(["scan", "-f", "jsonl"])
        .arg(repository.folder())
        .run();
    let lines: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let (summary, findings) = lines.split_last().expect("at least the summary");
    assert!(
        summary["summary"]["complete"].is_boolean() && summary["summary"]["stats"].is_object(),
        "{summary}"
    );
    let whole = findings_of(&repository);
    let fingerprints = |values: &[Value]| {
        values
            .iter()
            .map(|finding| finding["fingerprint"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(fingerprints(findings), fingerprints(whole.findings()));
}

#[test]
fn every_field_that_others_rely_on_is_there() {
    let (repository, credential) = repository();
    let report = findings_of(&repository);
    let finding = report.finding(&credential);
    for field in [
        "fingerprint",
        "rule",
        "title",
        "severity",
        "confidence",
        "masked",
        "secret",
    ] {
        assert!(
            finding[field].as_str().is_some_and(|text| !text.is_empty()),
            "{field}\n{finding:#}"
        );
    }
    assert!(
        finding["entropy"].is_number()
            && !finding["reasons"].as_array().expect("a list").is_empty(),
        "{finding:#}"
    );
    for finding in report.findings() {
        for location in finding["locations"].as_array().expect("a list") {
            assert!(
                location["kind"].is_string() && location["path"].is_string(),
                "{location:#}"
            );
            for field in ["line", "column", "end_line", "end_column"] {
                assert!(
                    location[field].as_u64().is_some_and(|number| number >= 1),
                    "{field}\n{location:#}"
                );
            }
        }
    }
}

#[test]
fn nothing_is_revealed_unless_asked_for() {
    let (repository, credential) = repository();
    for format in ["terminal", "json", "jsonl", "sarif", "csv"] {
        let scan = || {
            leakward(repository.sandbox())
                .args(["scan", "-f", format])
                .arg(repository.folder())
        };
        assert!(
            !scan().run().stdout.contains(credential.tell_tale()),
            "{format}"
        );
        let revealed = scan().arg("--reveal").run();
        assert!(
            revealed.stdout.contains(credential.text()) || format == "sarif",
            "{format}\n{}",
            revealed.transcript()
        );
    }
}

#[test]
fn two_runs_give_the_same_report() {
    let (repository, _) = repository();
    repository.pack();
    let report = || {
        // With a cache the second run looks at less, and says so in its numbers.
        let run = scan_with(&repository, &["--no-cache"]);
        run.expect_status(1);
        let mut value = run.report().value().clone();
        value["stats"]["duration_ms"] = Value::Null;
        value
    };
    assert_eq!(report(), report());
}

#[test]
fn a_clean_scan_says_what_it_looked_at() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/main.py", "x = 1\n");
    let run = leakward(&sandbox).args(["scan", "folder"]).run();
    run.expect_status(0);
    assert!(
        run.stdout.to_lowercase().contains("no "),
        "{}",
        run.transcript()
    );
    assert!(
        run.stdout.contains('1'),
        "the number of files\n{}",
        run.transcript()
    );
}

#[test]
fn the_terminal_view_shows_place_rule_fingerprint_and_a_masked_line() {
    let (repository, credential) = repository();
    let report = findings_of(&repository);
    let run = leakward(repository.sandbox())
        .arg("scan")
        .arg(repository.folder())
        .run();
    let title = report.finding(&credential)["title"]
        .as_str()
        .expect("a title");
    for word in [
        "src/settings.py:2:10",
        title,
        &report.fingerprint(&credential),
        "token = ",
    ] {
        assert!(run.stdout.contains(word), "{word}\n{}", run.transcript());
    }
}
