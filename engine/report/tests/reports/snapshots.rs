//! What each format looks like as a whole.

use leakward_core::{Outcome, Secret};
use leakward_report::{Colour, Settings};

use crate::{fixture, written};

fn plain(format: &str, outcome: &Outcome) -> String {
    written(format, outcome, &Settings::default())
}

#[test]
fn the_terminal_view_of_everything() {
    insta::assert_snapshot!(plain("terminal", &fixture::everything()));
}

#[test]
fn the_terminal_view_of_everything_in_a_narrow_window() {
    let settings = Settings {
        width: 50,
        ..Settings::default()
    };
    insta::assert_snapshot!(written("terminal", &fixture::everything(), &settings));
}

#[test]
fn the_terminal_view_in_colour() {
    let settings = Settings {
        colour: Colour::On,
        ..Settings::default()
    };
    insta::assert_snapshot!(
        written("terminal", &fixture::everything(), &settings).replace('\x1b', "ESC")
    );
}

#[test]
fn the_terminal_view_of_a_clean_scan() {
    insta::assert_snapshot!(plain("terminal", &fixture::clean()));
}

#[test]
fn the_terminal_view_of_an_incomplete_scan() {
    insta::assert_snapshot!(plain("terminal", &fixture::incomplete()));
}

#[test]
fn the_terminal_view_of_a_scan_that_looked_at_nothing() {
    insta::assert_snapshot!(plain("terminal", &Outcome::default()));
}

#[test]
fn json_of_everything() {
    insta::assert_snapshot!(plain("json", &fixture::everything()));
}

#[test]
fn json_of_a_revealed_credential_that_is_not_text() {
    let mut outcome = fixture::everything();
    outcome.findings.truncate(1);
    outcome.findings[0].locations.truncate(1);
    outcome.findings[0].secret = Some(Secret::new(b"open\xffsesame"));
    insta::assert_snapshot!(plain("json", &outcome));
}

#[test]
fn jsonl_of_everything() {
    insta::assert_snapshot!(plain("jsonl", &fixture::everything()));
}

#[test]
fn csv_of_everything() {
    insta::assert_snapshot!(plain("csv", &fixture::everything()).replace('\r', "␍"));
}

#[test]
fn sarif_of_everything() {
    let compact = plain("sarif", &fixture::everything());
    let value: serde_json::Value = serde_json::from_str(&compact).expect("SARIF is JSON");
    let pretty = serde_json::to_string_pretty(&value).expect("a value serializes");
    insta::assert_snapshot!(pretty);
}

#[test]
fn the_reports_of_everything_for_other_programs() {
    for format in [
        "markdown",
        "junit",
        "github",
        "gitlab",
        "codequality",
        "gitleaks-json",
        "gitleaks-csv",
        "gitleaks-junit",
        "trufflehog-json",
    ] {
        insta::assert_snapshot!(format, plain(format, &fixture::everything()));
    }
}

#[test]
fn the_markdown_and_junit_of_a_clean_scan() {
    insta::assert_snapshot!("clean markdown", plain("markdown", &fixture::clean()));
    insta::assert_snapshot!("clean junit", plain("junit", &fixture::clean()));
}
