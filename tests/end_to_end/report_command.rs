//! `leakward report`: reports converted, merged and compared, and what other programs make of the formats.

use std::fs;

use leakward_tests::{Credential, Report, Repository, Sandbox};
use serde_json::Value;

use crate::leakward;

/// A repository with leaks of two commits, and its JSON report in `name`.
fn scanned(sandbox: &Sandbox, repository: &Repository, name: &str, more: &[&str]) -> i32 {
    let run = leakward(sandbox)
        .args(["scan", "--format", "json", "--output", name])
        .args(more)
        .arg(repository.folder())
        .run();
    run.status.expect("a status")
}

fn repository() -> Repository {
    let repository = Repository::new();
    repository.commit_file("a.py", Credential::named("first").file());
    repository.commit_file("b.py", Credential::named("second").file());
    repository
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_converted_report_is_the_one_that_the_scan_would_have_written() {
    let repository = repository();
    let sandbox = repository.sandbox();
    let run = leakward(sandbox)
        .args([
            "scan", "-f", "json", "-o", "a.json", "-f", "jsonl", "-o", "a.jsonl",
        ])
        .args(["-f", "csv", "-o", "a.csv", "-f", "junit", "-o", "a.xml"])
        .args([
            "-f",
            "codequality",
            "-o",
            "q.json",
            "-f",
            "gitleaks-json",
            "-o",
            "g.json",
        ])
        .arg(repository.folder())
        .run();
    run.expect_status(1);
    let read = |name: &str| fs::read_to_string(sandbox.path(name)).expect(name);
    for source in ["a.json", "a.jsonl"] {
        for (format, file) in [
            ("json", "a.json"),
            ("jsonl", "a.jsonl"),
            ("csv", "a.csv"),
            ("junit", "a.xml"),
            ("codequality", "q.json"),
            ("gitleaks-json", "g.json"),
        ] {
            let run = leakward(sandbox)
                .args(["report", "convert", source, "--format", format])
                .run();
            run.expect_status(0);
            assert_eq!(run.stdout, read(file), "{source} to {format}");
        }
    }
    let run = leakward(sandbox)
        .args(["report", "convert", "-", "-o", "a.html", "-o", "a.md"])
        .input(read("a.json"))
        .run();
    run.expect_status(0);
    assert!(read("a.html").starts_with("<!doctype html>") && read("a.md").contains("| --- |"));
}

#[test]
fn half_a_report_is_an_error() {
    let repository = repository();
    let sandbox = repository.sandbox();
    let run = leakward(sandbox)
        .args(["scan", "-f", "jsonl", "-o", "a.jsonl"])
        .arg(repository.folder())
        .run();
    run.expect_status(1);
    let text = fs::read_to_string(sandbox.path("a.jsonl")).expect("the report");
    let lines: Vec<&str> = text.lines().collect();
    for (name, text, word) in [
        ("cut.jsonl", lines[0].to_owned(), "cut off"),
        (
            "less.jsonl",
            [lines[0], lines[lines.len() - 1]].join("\n"),
            "1 findings",
        ),
        (
            "other.json",
            "{\"x\": 1}".to_owned(),
            "not a leakward report",
        ),
        (
            "later.json",
            text.lines()
                .last()
                .expect("a summary")
                .replace("\"schema_version\":1", "\"schema_version\":9")
                .replace("\"finding_count\":2", "\"finding_count\":0"),
            "version 9",
        ),
    ] {
        sandbox.write(name, text);
        let run = leakward(sandbox).args(["report", "convert", name]).run();
        run.expect_status(2).expect_message(&[name, word]);
    }
}

#[test]
fn merged_reports_have_each_credential_once_and_say_where() {
    let one = repository();
    let sandbox = one.sandbox();
    let other = one.neighbour("other");
    other.commit_file("copy.py", Credential::named("first").file());
    scanned(sandbox, &one, "one.json", &[]);
    scanned(sandbox, &other, "other.json", &[]);
    let run = leakward(sandbox)
        .args([
            "report",
            "merge",
            "app=one.json",
            "lib=other.json",
            "-f",
            "json",
        ])
        .run();
    run.expect_status(0);
    let merged = run.report();
    assert_eq!(merged.findings().len(), 2);
    let paths = |report: &Report| -> Vec<String> {
        let findings = report.findings().iter();
        let places =
            findings.flat_map(|finding| finding["locations"].as_array().expect("a list").clone());
        places
            .map(|place| place["path"].as_str().expect("a path").to_owned())
            .collect()
    };
    let found = paths(&merged);
    for path in ["app/a.py", "app/b.py", "lib/copy.py"] {
        assert!(found.iter().any(|found| found == path), "{path}: {found:?}");
    }
    let run = leakward(sandbox)
        .args(["report", "merge", "one.json", "one.json", "-f", "json"])
        .run();
    let twice = run.report();
    let once = Report::parse(
        &fs::read_to_string(sandbox.path("one.json")).expect("it"),
        "one.json",
    );
    assert_eq!(
        paths(&twice),
        paths(&once),
        "the same report twice is that report"
    );
}

#[test]
fn a_difference_tells_what_is_new_and_what_is_gone() {
    let repository = repository();
    let sandbox = repository.sandbox();
    scanned(sandbox, &repository, "old.json", &["--worktree"]);
    repository.git(&["mv", "a.py", "moved.py"]);
    repository.remove("b.py");
    let third = Credential::named("third");
    repository.commit_file("c.py", third.file());
    scanned(sandbox, &repository, "new.json", &["--worktree"]);
    let diff = |arguments: &[&str]| {
        leakward(sandbox)
            .args(["report", "diff"])
            .args(arguments)
            .run()
    };
    let run = diff(&["old.json", "new.json"]);
    run.expect_status(1);
    assert!(
        run.stdout
            .contains("1 new, 1 gone, 1 credential still there"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("+ critical[github-pat-classic]") && run.stdout.contains("c.py:2:10")
    );
    let run = diff(&[
        "old.json",
        "new.json",
        "--format",
        "json",
        "--exit-code",
        "0",
    ]);
    run.expect_status(0);
    let value = json(&run.stdout);
    assert_eq!(value["new"][0]["locations"][0]["path"], "c.py");
    assert_eq!(value["gone"][0]["locations"][0]["path"], "b.py");
    assert_eq!(value["still"], 1);
    diff(&["new.json", "new.json"]).expect_status(0);
    let run = diff(&["old.json", "new.json", "-f", "markdown"]);
    assert!(run.stdout.contains("### 1 new") && !run.stdout.contains(third.text()));
    let incomplete = fs::read_to_string(sandbox.path("new.json"))
        .expect("it")
        .replace(
            "\"skipped\": []",
            "\"skipped\": [{\"kind\": \"missing\", \"what\": \"x\", \"reason\": \"y\"}]",
        );
    sandbox.write("incomplete.json", incomplete);
    let run = diff(&["old.json", "incomplete.json"]);
    run.expect_status(2);
    assert!(run.stdout.contains("incomplete"), "{}", run.stdout);
}

#[test]
fn junit_is_xml_that_a_parser_reads() {
    let repository = repository();
    let sandbox = repository.sandbox();
    repository.commit_file("we<ird&\"name\".py", Credential::named("third").file());
    for format in ["junit", "gitleaks-junit"] {
        let run = leakward(sandbox)
            .args(["scan", "--reachable-only", "-f", format, "-o", "report.xml"])
            .arg(repository.folder())
            .run();
        run.expect_status(1);
        let script = "import sys, xml.etree.ElementTree as e; t = e.parse(sys.argv[1]).getroot(); \
                      print(len(t.findall('.//testcase')), len(t.findall('.//failure')))";
        let mut python = sandbox.command("python3");
        let output = python
            .args(["-c", script, "report.xml"])
            .output()
            .expect("python3");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let counts: Vec<usize> = said
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect();
        assert!(
            counts.len() == 2 && counts[0] == counts[1] && counts[1] >= 3,
            "{format}: {said}"
        );
    }
}

#[test]
fn a_sarif_report_of_many_findings_stays_below_what_github_takes() {
    let sandbox = Sandbox::new();
    let finding = |number: usize| {
        format!(
            "{{\"fingerprint\":\"{number:032x}\",\"rule\":\"github-pat-classic\",\"title\":\"GitHub personal access token\",\
             \"provider\":\"GitHub\",\"severity\":\"critical\",\"confidence\":\"high\",\"masked\":\"ghp_********\",\
             \"entropy\":4.5,\"reasons\":[\"its checksum holds\"],\"locations\":[{{\"kind\":\"git\",\
             \"path\":\"service-{}/src/settings_{number}.py\",\"line\":{},\"column\":10,\"end_line\":{},\"end_column\":50,\
             \"commit\":\"{number:040x}\",\"author\":\"Ada {}\",\"email\":\"ada{}@example.org\",\
             \"date\":\"2021-02-03T04:05:06Z\",\"subject\":\"Change number {number}\"}}]}}\n",
            number % 40,
            number % 900 + 1,
            number % 900 + 1,
            number % 30,
            number % 30
        )
    };
    let mut text: String = (0..26_000).map(finding).collect();
    text += "{\"summary\":{\"schema_version\":1,\"complete\":true,\"targets\":[],\"skipped\":[],\"notes\":[],\
             \"stats\":{\"pieces\":1},\"finding_count\":26000}}\n";
    sandbox.write("many.jsonl", text);
    let run = leakward(&sandbox)
        .args(["report", "convert", "many.jsonl", "-o", "many.sarif"])
        .run();
    run.expect_status(0);
    let sarif = json(&fs::read_to_string(sandbox.path("many.sarif")).expect("the report"));
    assert_eq!(
        sarif["runs"][0]["results"].as_array().map(Vec::len),
        Some(25_000)
    );
    let status = sandbox
        .command("gzip")
        .arg("many.sarif")
        .status()
        .expect("gzip");
    assert!(status.success());
    let size = fs::metadata(sandbox.path("many.sarif.gz"))
        .expect("it")
        .len();
    assert!(size < 10 << 20, "GitHub refuses more than 10 MiB: {size}");
}
