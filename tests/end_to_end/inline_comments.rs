//! Comments on a line that say "this is no leak": our own word, and those of the tools that people come from.

use leakward_tests::{Credential, Sandbox};

use crate::revealing_scan;

const COMMENTS: [&str; 6] = [
    "leakward:allow",
    "gitleaks:allow",
    "betterleaks:allow",
    "trufflehog:ignore",
    "kingfisher:ignore",
    "pragma: allowlist secret",
];

#[test]
fn the_comments_of_all_six_tools_are_honoured() {
    for comment in COMMENTS {
        let (marked, unmarked) = (
            Credential::named(comment),
            Credential::named(&format!("beside {comment}")),
        );
        let sandbox = Sandbox::new();
        sandbox.write(
            "folder/settings.py",
            format!("one = \"{marked}\"  # {comment}\ntwo = \"{unmarked}\"\n"),
        );
        let run = revealing_scan(&sandbox).arg("folder").run();
        let report = run.expect_status(1).report();
        report.expect_absent(&marked);
        assert!(
            report.holds(&unmarked),
            "the next line is not marked\n{}",
            report.overview()
        );
    }
}

#[test]
fn comments_can_be_disregarded() {
    for comment in COMMENTS {
        let marked = Credential::named(comment);
        let sandbox = Sandbox::new();
        sandbox.write(
            "folder/settings.py",
            format!("one = \"{marked}\"  # {comment}\n"),
        );
        revealing_scan(&sandbox)
            .arg("folder")
            .run()
            .expect_status(0);
        let report = revealing_scan(&sandbox)
            .args(["--no-inline-allow", "folder"])
            .run()
            .expect_status(1)
            .report();
        assert!(report.holds(&marked), "{}", report.overview());
    }
}

#[test]
fn what_a_comment_suppressed_is_counted() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "folder/settings.py",
        format!(
            "one = \"{}\"  # leakward:allow\n",
            Credential::named("counted")
        ),
    );
    let report = revealing_scan(&sandbox)
        .arg("folder")
        .run()
        .expect_status(0)
        .report();
    assert_eq!(
        report.value()["stats"]["suppressed"],
        1,
        "{}",
        report.overview()
    );
}

#[test]
fn one_marked_place_does_not_hide_an_unmarked_one() {
    let credential = Credential::named("marked once");
    let sandbox = Sandbox::new();
    sandbox.write(
        "folder/a.py",
        format!("one = \"{credential}\"  # leakward:allow\n"),
    );
    sandbox.write("folder/b.py", format!("one = \"{credential}\"\n"));
    let report = revealing_scan(&sandbox)
        .arg("folder")
        .run()
        .expect_status(1)
        .report();
    assert_eq!(
        report.locations(&credential).len(),
        1,
        "{}",
        report.overview()
    );
}
