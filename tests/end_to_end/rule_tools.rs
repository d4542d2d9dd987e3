//! What who writes rules has: `rules test`, `explain` and `lint`, `scan --explain` and `--rule-stats`.

use leakward_tests::{Credential, Repository, Sandbox};
use serde_json::Value;

use crate::leakward;

const RULE: &str = "version = 1\nprovider = \"Acme\"\n\n[[rule]]\nid = \"acme-key\"\ntitle = \"Acme key\"\nseverity = \"high\"\nliterals = [\"acme_\"]\npattern = 'acme_[0-9a-z]{16}'\nsamples = ['acme_{base36:16}']\nnear-misses = ['acme_{base36:5}']\n";

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_rule_is_tried_on_its_samples_and_on_files() {
    let sandbox = Sandbox::new();
    sandbox.write("acme.toml", RULE);
    sandbox.write("folder/a.txt", "key: acme_q7w9e2r4t6y8u1i3\n");
    let run = leakward(&sandbox)
        .args(["rules", "test", "acme.toml", "folder"])
        .run();
    run.expect_status(0);
    for words in [
        "acme-key  2 of 2 pass",
        "ok     sample",
        "ok     near miss",
        "a.txt:1:6",
        "1 rules tried, 0 failures",
    ] {
        assert!(run.stdout.contains(words), "{words}\n{}", run.transcript());
    }
    assert!(
        !run.stdout.contains("acme_q7w9e2r4t6y8u1i3"),
        "{}",
        run.transcript()
    );
    let run = leakward(&sandbox)
        .args(["rules", "test", "-f", "json", "acme.toml", "folder"])
        .run();
    let told = json(&run.stdout);
    assert_eq!(told["rules"][0]["trials"][0]["passed"], true);
    assert_eq!(told["rules"][0]["findings"][0]["locations"][0]["line"], 1);
}

#[test]
fn a_rule_that_does_not_do_what_its_samples_say_fails_with_the_reason() {
    let sandbox = Sandbox::new();
    let strict = RULE
        .replace("samples =", "entropy = 7.5\nsamples =")
        .replace("{base36:5}", "{base36:16}");
    sandbox.write("acme.toml", strict);
    let run = leakward(&sandbox)
        .args(["rules", "test", "acme.toml"])
        .run();
    run.expect_status(1);
    for words in [
        "FAILED sample",
        "its characters are too alike",
        "1 failures",
    ] {
        assert!(run.stdout.contains(words), "{words}\n{}", run.transcript());
    }
}

#[test]
fn a_rule_is_explained_in_words() {
    let sandbox = Sandbox::new();
    let run = leakward(&sandbox)
        .args(["rules", "explain", "github-pat-classic"])
        .run();
    run.expect_status(0);
    for words in [
        "What is looked for",
        "ghp_",
        "CRC-32",
        "What is done with one",
        "api.github.com",
        "An example",
    ] {
        assert!(run.stdout.contains(words), "{words}\n{}", run.transcript());
    }
    let run = leakward(&sandbox)
        .args(["rules", "explain", "-f", "json", "github-pat-classic"])
        .run();
    assert!(json(&run.stdout)["explanation"]["looks_for"].is_array());
    leakward(&sandbox)
        .args(["rules", "explain", "github-pat-clasic"])
        .run()
        .expect_status(2)
        .expect_message(&["did you mean github-pat-classic"]);
}

#[test]
fn lint_finds_what_is_questionable_and_measures() {
    let sandbox = Sandbox::new();
    let second = RULE
        .split_once("[[rule]]")
        .expect("a rule")
        .1
        .replace("acme-key", "acme-copy");
    let broad = "[[rule]]\nid = \"acme-short\"\ntitle = \"Short\"\nseverity = \"low\"\nliterals = [\"acm:\"]\npattern = 'acm:[0-9a-z]{4}'\n";
    sandbox.write("acme.toml", format!("{RULE}\n[[rule]]{second}\n{broad}"));
    sandbox.write(
        "gitleaks.toml",
        "[[rules]]\nid = 'bare'\ndescription = 'd'\nregex = '''[0-9a-f]{32}'''\n",
    );
    sandbox.write("folder/a.txt", "key: acme_q7w9e2r4t6y8u1i3\n".repeat(50));
    let run = leakward(&sandbox)
        .args([
            "rules",
            "lint",
            "-f",
            "json",
            "--on",
            "folder",
            "acme.toml",
            "gitleaks.toml",
        ])
        .run();
    run.expect_status(1);
    let told = json(&run.stdout);
    let kinds: Vec<String> = told["advice"]
        .as_array()
        .expect("advice")
        .iter()
        .map(|one| {
            format!(
                "{}:{}",
                one["rule"].as_str().expect("a rule"),
                one["kind"].as_str().expect("a kind")
            )
        })
        .collect();
    for expected in [
        "acme-copy:duplicate",
        "acme-key:overlap",
        "acme-short:broad",
        "acme-short:no-samples",
        "bare:missing-literal",
    ] {
        let (rule, kind) = expected.split_once(':').expect("both");
        let is_there = kinds.iter().any(|one| one == expected)
            // Of two equal rules either may be the one that is told.
            || (kind == "overlap" && kinds.iter().any(|one| one.ends_with(":overlap")));
        assert!(is_there, "{rule} {kind}: {kinds:?}");
    }
    let measured = told["measured"]["rules"].as_array().expect("measured");
    assert!(
        measured
            .iter()
            .any(|rule| rule["hits_per_gb"].as_f64().is_some_and(|hits| hits > 1e6)),
        "{told}"
    );
    let text = leakward(&sandbox)
        .args(["rules", "lint", "acme.toml"])
        .run();
    assert!(
        text.stdout.contains("acme-short: broad: "),
        "{}",
        text.transcript()
    );
}

#[test]
fn rule_stats_tell_what_each_rule_cost_and_found() {
    let repository = Repository::new();
    repository.commit_file("settings.py", Credential::named("stats").file());
    let folder = repository.folder();
    let run = leakward(repository.sandbox())
        .args(["scan", "--rule-stats"])
        .arg(folder)
        .run();
    run.expect_status(1)
        .expect_message(&["github-pat-classic", "time%", "rules had a hit"]);
    let run = leakward(repository.sandbox())
        .args(["scan", "--rule-stats=stats.json"])
        .arg(folder)
        .run();
    run.expect_status(1);
    let text = std::fs::read_to_string(repository.sandbox().path("stats.json")).expect("a file");
    let told = json(&text);
    let rules = told["rules"].as_array().expect("rules");
    let own = rules
        .iter()
        .find(|rule| rule["id"] == "github-pat-classic")
        .expect("the rule");
    for key in ["hits", "tries", "candidates", "matches", "findings"] {
        assert!(
            own[key].as_u64().is_some_and(|count| count > 0),
            "{key}: {own}"
        );
    }
}

#[test]
fn explain_says_why_something_is_not_reported() {
    let sandbox = Sandbox::new();
    let (plain, commented) = (Credential::named("plain"), Credential::named("commented"));
    let mut wrong = plain.text().to_owned();
    let last = if wrong.ends_with('0') { "1" } else { "0" };
    wrong.replace_range(wrong.len() - 1.., last);
    sandbox.write("folder/wrong.py", format!("github_token = \"{wrong}\"\n"));
    sandbox.write(
        "folder/allowed.py",
        format!("token = \"{commented}\"  # leakward:allow\n"),
    );
    sandbox.write("folder/vendor/a.py", plain.file());
    let run = leakward(&sandbox)
        .args([
            "scan",
            "--explain",
            "-f",
            "json",
            "--exclude",
            "vendor/**",
            "folder",
        ])
        .run();
    let report = run.report();
    assert!(report.findings().is_empty(), "{}", run.transcript());
    let notes = report.value()["notes"].to_string();
    for words in [
        "wrong.py:1:17: not reported: github-pat-classic: its checksum or structure does not hold",
        "a token of a known kind stands there, and its checksum or structure does not hold",
        "allowed.py:1:10: not reported: github-pat-classic: a comment on its line allows it",
    ] {
        assert!(notes.contains(words), "{words}\n{}", run.transcript());
    }
}
