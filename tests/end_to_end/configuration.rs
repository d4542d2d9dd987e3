//! `leakward.toml` and rule files: what they change, what wins over them, and how mistakes are told.

use leakward_tests::{Credential, Place, Run, Sandbox};

use crate::revealing_scan;

/// A folder with a leak in `src` and one in `vendor`, and this `leakward.toml`.
fn folder(configuration: &str) -> (Sandbox, Credential, Credential) {
    let (ours, theirs) = (Credential::named("ours"), Credential::named("theirs"));
    let sandbox = Sandbox::new();
    sandbox.write("folder/src/settings.py", ours.file());
    sandbox.write("folder/vendor/settings.py", theirs.file());
    sandbox.write("folder/leakward.toml", configuration);
    (sandbox, ours, theirs)
}

fn scan(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    revealing_scan(sandbox).args(arguments).arg("folder").run()
}

#[test]
fn excluded_paths_are_left_out() {
    let (sandbox, ours, theirs) = folder("version = 1\n[paths]\nexclude = [\"vendor/**\"]\n");
    let report = scan(&sandbox, &[]).expect_status(1).report();
    report
        .expect(&ours, &Place::file("src/settings.py"))
        .expect_absent(&theirs);
}

#[test]
fn disabled_rules_are_not_applied() {
    let (sandbox, ..) = folder("version = 1\n[rules]\ndisable = [\"github-*\", \"generic-*\"]\n");
    scan(&sandbox, &[]).expect_status(0);
}

#[test]
fn a_rule_that_is_not_there_cannot_be_disabled() {
    let (sandbox, ..) = folder("version = 1\n[rules]\ndisable = [\"github-pat-clasic\"]\n");
    scan(&sandbox, &[])
        .expect_status(2)
        .expect_message(&["github-pat-clasic", "github-pat-classic"]);
}

#[test]
fn allowed_values_are_left_out() {
    let (sandbox, ours, theirs) = folder("version = 1\n");
    sandbox.write(
        "folder/leakward.toml",
        format!(
            "version = 1\n[allow]\nvalues = [\"{}\"]\n",
            &theirs.text()[4..20]
        ),
    );
    let report = scan(&sandbox, &[]).expect_status(1).report();
    report.expect_absent(&theirs);
    assert!(report.holds(&ours), "{}", report.overview());
}

#[test]
fn what_is_typed_wins_over_the_file() {
    let (sandbox, ours, _) = folder("version = 1\n[scan]\ninline-allow = false\n");
    sandbox.write(
        "folder/src/settings.py",
        format!("token = \"{ours}\" # leakward:allow\n"),
    );
    sandbox.write("folder/vendor/settings.py", "clean\n");
    scan(&sandbox, &[]).expect_status(1);
    let (sandbox, ..) = folder("version = 1\n");
    let other = sandbox.write(
        "other.toml",
        "version = 1\n[paths]\nexclude = [\"**/*.py\"]\n",
    );
    scan(&sandbox, &["--config", other.to_str().expect("UTF-8")]).expect_status(0);
}

#[test]
fn an_unknown_key_stops_the_scan_with_its_place_and_the_nearest_right_one() {
    let (sandbox, ..) = folder("version = 1\n\n[paths]\nexlude = [\"vendor/**\"]\n");
    scan(&sandbox, &[]).expect_status(2).expect_message(&[
        "leakward.toml:4:1",
        "exlude",
        "exclude",
    ]);
}

#[test]
fn mistakes_in_the_file_are_told_with_their_place() {
    for (text, place) in [
        ("version = 1\n[scan\n", "leakward.toml:2:"),
        ("version = 7\n", "leakward.toml:1:"),
        ("[scan]\nsensitivity = \"hihg\"\n", "leakward.toml:2:"),
        ("[scan]\nmin-severity = \"bad\"\n", "leakward.toml:2:"),
        ("[allow]\nvalues = [\"(\"]\n", "("),
        ("[paths]\nexclude = [\"a[\"]\n", "a["),
    ] {
        let (sandbox, ..) = folder(text);
        scan(&sandbox, &[])
            .expect_status(2)
            .expect_message(&[place]);
    }
}

#[test]
fn a_size_limit_is_told_and_makes_the_scan_incomplete() {
    let (sandbox, ours, _) = folder("version = 1\n[limits]\nmax-object-mib = 1\n");
    sandbox.write("folder/large.txt", "a line of text\n".repeat(100_000));
    let report = scan(&sandbox, &[]).expect_status(2).report();
    report
        .expect(&ours, &Place::file("src/settings.py"))
        .expect_skipped(&["limit", "large.txt"]);
}

#[test]
fn rules_of_the_users_own_are_applied() {
    let sandbox = Sandbox::new();
    let text = "version = 1\nprovider = \"Acme\"\n\n[[rule]]\nid = \"acme-key\"\ntitle = \"Acme key\"\nseverity = \"high\"\nliterals = [\"acme-\"]\npattern = 'acme-[a-z0-9]{12}'\nsamples = ['acme-{lower:6}{digits:6}']\n";
    let rules = sandbox.write("acme.toml", text);
    sandbox.write(
        "folder/a.txt",
        format!("key: {}-{}\n", "acme", "k3v9q2x7w4z8"),
    );
    revealing_scan(&sandbox)
        .arg("folder")
        .run()
        .expect_status(0);
    let run = revealing_scan(&sandbox)
        .arg("--rules")
        .arg(rules)
        .arg("folder")
        .run();
    let report = run.expect_status(1).report();
    assert_eq!(
        report.findings()[0]["rule"],
        "acme-key",
        "{}",
        report.overview()
    );
    assert_eq!(
        report.findings()[0]["severity"],
        "high",
        "{}",
        report.overview()
    );
}
