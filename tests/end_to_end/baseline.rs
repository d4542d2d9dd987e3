//! A baseline: what is known is not shown again, what is new is.

use leakward_tests::{Credential, Repository};

use crate::{leakward, scan, scan_with};

/// Makes a baseline of `repository` and returns its path.
fn create(repository: &Repository) -> String {
    let path = repository.sandbox().path("baseline.json");
    let run = leakward(repository.sandbox())
        .args(["baseline", "create"])
        .arg(repository.folder())
        .arg("--output")
        .arg(&path)
        .run();
    run.expect_status(0);
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn known_findings_are_left_out_and_new_ones_shown() {
    let (known, new) = (Credential::named("known"), Credential::named("new"));
    let repository = Repository::new();
    repository.commit_file("settings.py", known.file());
    let baseline = create(&repository);
    scan(&repository).expect_status(1);
    let quiet = scan_with(&repository, &["--baseline", &baseline]);
    quiet.expect_status(0).report().expect_absent(&known);
    // The known one moves down, is renamed and gets a neighbour.
    repository.git(&["mv", "settings.py", "renamed.py"]);
    repository.commit_file(
        "renamed.py",
        format!("# shifted\n{}second = \"{new}\"\n", known.file()),
    );
    let report = scan_with(&repository, &["--baseline", &baseline])
        .expect_status(1)
        .report();
    report.expect_absent(&known);
    assert!(report.holds(&new), "{}", report.overview());
}

#[test]
fn a_baseline_holds_no_credential_is_sorted_and_the_same_every_time() {
    let credentials: Vec<Credential> = (0..5)
        .map(|number| Credential::named(&format!("baseline {number}")))
        .collect();
    let repository = Repository::new();
    for credential in &credentials {
        repository.commit_file(
            &format!("{}.py", &credential.text()[4..8]),
            credential.file(),
        );
    }
    let text = std::fs::read_to_string(create(&repository)).expect("the baseline");
    assert!(
        credentials
            .iter()
            .all(|credential| !text.contains(credential.tell_tale())),
        "{text}"
    );
    let entries: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("fingerprint"))
        .collect();
    assert_eq!(
        entries.len(),
        5,
        "one line for each finding, so that branches merge: {text}"
    );
    assert!(entries.is_sorted(), "{text}");
    assert_eq!(
        text,
        std::fs::read_to_string(create(&repository)).expect("the baseline")
    );
}

#[test]
fn the_configured_baseline_is_found_and_is_not_scanned_itself() {
    let known = Credential::named("configured");
    let repository = Repository::new();
    repository.commit_file("settings.py", known.file());
    let baseline = std::fs::read_to_string(create(&repository)).expect("the baseline");
    repository.write("known.json", baseline);
    repository.commit_file(
        "leakward.toml",
        "version = 1\n[scan]\nbaseline = \"known.json\"\n",
    );
    scan(&repository).expect_status(0);
}

#[test]
fn a_gitleaks_report_serves_as_a_baseline() {
    let (known, redacted, new) = (
        Credential::named("gitleaks"),
        Credential::named("gitleaks, redacted"),
        Credential::named("fresh"),
    );
    let repository = Repository::new();
    repository.commit_file("settings.py", known.file());
    let commit = repository.commit_file("redacted.py", redacted.file());
    repository.commit_file("new.py", new.file());
    let report = serde_json::json!([
        {"RuleID": "github-pat", "StartLine": 2, "EndLine": 2, "Secret": known.text(), "File": "settings.py", "Commit": ""},
        {"RuleID": "github-pat", "StartLine": 2, "EndLine": 2, "Secret": "REDACTED", "File": "redacted.py", "Commit": commit},
    ]);
    let path = repository
        .sandbox()
        .write("gitleaks.json", report.to_string());
    let report = scan_with(&repository, &["--baseline", path.to_str().expect("UTF-8")])
        .expect_status(1)
        .report();
    report.expect_absent(&known).expect_absent(&redacted);
    assert!(report.holds(&new), "{}", report.overview());
}

#[test]
fn a_baseline_that_cannot_be_read_stops_the_scan_and_says_where() {
    let repository = Repository::new();
    repository.commit_file("settings.py", Credential::named("unread").file());
    for (text, word) in [
        ("{", "line 1"),
        ("{\"version\":99,\"findings\":[]}", "99"),
        ("not json", "line 1"),
    ] {
        let path = repository.sandbox().write("bad.json", text);
        let run = scan_with(&repository, &["--baseline", path.to_str().expect("UTF-8")]);
        run.expect_status(2).expect_message(&["bad.json", word]);
    }
}

#[test]
fn a_baseline_of_an_incomplete_scan_is_an_error() {
    let repository = Repository::new();
    repository.write("lost.txt", "soon lost\n");
    repository.commit("x");
    std::fs::remove_file(repository.loose_object(&repository.blob("HEAD", "lost.txt")))
        .expect("a loose object");
    let run = leakward(repository.sandbox())
        .args(["baseline", "create", "--output", "-"])
        .arg(repository.folder())
        .run();
    run.expect_status(2);
}
