//! Credentials of two parts: each part is told with its place, also where they stand in two files of one folder.

use std::fs;

use leakward_rules::sample::Template;
use leakward_tests::{Report, Repository, Run};
use serde_json::{Value, json};

use crate::{revealing_scan, scan, scan_with};

fn drawn(template: &str, seed: u64) -> String {
    Template::parse(template)
        .expect("a template")
        .render(seed)
        .text
}

/// The id on line 2, with its place.
fn id() -> String {
    drawn("REGION=eu\nAWS_ACCESS_KEY_ID={aws-key-id:AKIA}\n", 3)
}

fn secret() -> String {
    drawn("AWS_SECRET_ACCESS_KEY={base64:40}\n", 4)
}

/// Which rule found something where, and the companions that are told with it.
fn told(report: &Report) -> Vec<(Value, Value, Value)> {
    let findings = report.value()["findings"].as_array().expect("findings");
    let of = |finding: &Value| {
        let place = &finding["locations"][0];
        let (rule, path) = (&finding["rule"], &place["path"]);
        (rule.clone(), path.clone(), place["companions"].clone())
    };
    findings.iter().map(of).collect()
}

fn report(run: &Run) -> Report {
    run.expect_status(1);
    run.report()
}

/// The secret in `.env`, its id on line 2 of the other file.
fn expected() -> Vec<(Value, Value, Value)> {
    let id = json!([{"name": "id", "path": "deploy/.env.local", "line": 2, "column": 19, "end_line": 2, "end_column": 39}]);
    vec![(json!("aws-secret-access-key"), json!("deploy/.env"), id)]
}

#[test]
fn the_id_beside_a_secret_is_told_with_its_place() {
    let repository = Repository::new();
    repository.commit_file("deploy/.env", id() + &secret());
    let report = report(&scan(&repository));
    let id = json!([{"name": "id", "line": 2, "column": 19, "end_line": 2, "end_column": 39}]);
    let place = json!("deploy/.env");
    assert_eq!(told(&report), [(json!("aws-secret-access-key"), place, id)]);
    let terminal = crate::leakward(repository.sandbox())
        .arg("scan")
        .arg(repository.folder())
        .run();
    assert!(
        terminal.stdout.contains("its id at line 2, column 19"),
        "{}",
        terminal.stdout
    );
}

#[test]
fn an_id_and_its_secret_in_two_committed_files_are_one_finding_with_and_without_a_cache() {
    let repository = Repository::new();
    repository.commit_file("deploy/.env", secret());
    repository.commit_file("deploy/.env.local", id());
    let first = report(&scan(&repository));
    assert_eq!(told(&first), expected());
    let again = report(&scan(&repository));
    assert_eq!(again.value()["findings"], first.value()["findings"]);
    let without = report(&scan_with(&repository, &["--no-cache"]));
    assert_eq!(without.value()["findings"], first.value()["findings"]);
    // The version of another commit has no such neighbour.
    repository.git(&["rm", "-q", "deploy/.env.local"]);
    repository.git(&["commit", "-q", "-m", "the id is gone"]);
    let alone = report(&scan(&repository));
    assert!(
        told(&alone)
            .iter()
            .all(|(_, _, companions)| companions.is_null()),
        "{:?}",
        told(&alone)
    );
}

#[test]
fn of_one_content_in_two_folders_only_that_beside_the_id_has_one() {
    let repository = Repository::new();
    repository.commit_file("other/.env", secret());
    repository.commit_file("deploy/.env", secret());
    repository.commit_file("deploy/.env.local", id());
    let report = report(&scan(&repository));
    let finding = &report.value()["findings"][0];
    let places = finding["locations"].as_array().expect("places");
    let companions = |path: &str| {
        let mut places = places.iter().filter(|place| place["path"] == path);
        places.next().expect(path)["companions"].clone()
    };
    assert_eq!(companions("other/.env"), Value::Null);
    assert_eq!(companions("deploy/.env"), expected()[0].2);
}

#[test]
fn so_it_is_in_a_folder_among_what_is_staged_and_beside_what_is_committed() {
    let repository = Repository::new();
    repository.write("deploy/.env", secret());
    repository.write("deploy/.env.local", id());
    let folder = repository.sandbox().path("plain");
    fs::create_dir_all(folder.join("deploy")).expect("a folder");
    for name in ["deploy/.env", "deploy/.env.local"] {
        fs::copy(repository.folder().join(name), folder.join(name)).expect("a copy");
    }
    let plain = revealing_scan(repository.sandbox()).arg(&folder).run();
    assert_eq!(told(&report(&plain)), expected());

    // With several targets paths say which one they are in.
    let other = repository.sandbox().write("other/a.py", "x = 1\n");
    let several = revealing_scan(repository.sandbox())
        .arg(&folder)
        .arg(other)
        .run();
    let several = report(&several);
    let (_, path, companions) = &told(&several)[0];
    let folder = folder.to_string_lossy();
    assert_eq!(*path, json!(format!("{folder}/deploy/.env")));
    let companion = json!(format!("{folder}/deploy/.env.local"));
    assert_eq!(companions[0]["path"], companion);

    repository.git(&["add", "-A"]);
    let staged = report(&scan_with(&repository, &["--staged"]));
    assert_eq!(told(&staged), expected());

    repository.git(&["rm", "-q", "--cached", "deploy/.env"]);
    repository.git(&["commit", "-q", "-m", "the id alone"]);
    let beside = report(&scan(&repository));
    assert_eq!(told(&beside), expected());
}
