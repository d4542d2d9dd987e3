//! `leakward rules`: list, show, check.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use leakward_rules::sample::Template;
use leakward_tests::Sandbox;
use serde_json::Value;

use crate::{leakward, revealing_scan};

fn listed() -> Vec<Value> {
    let run = leakward(&Sandbox::new())
        .args(["rules", "list", "--format", "json"])
        .run();
    run.expect_status(0);
    let list: Value = serde_json::from_str(&run.stdout).expect("JSON");
    list.as_array().expect("a list").clone()
}

#[test]
fn the_list_has_at_least_150_types_with_unique_ids_and_what_others_rely_on() {
    let rules = listed();
    assert!(rules.len() >= 150, "{}", rules.len());
    let ids: BTreeSet<&str> = rules
        .iter()
        .map(|rule| rule["id"].as_str().expect("an id"))
        .collect();
    assert_eq!(ids.len(), rules.len(), "ids are unique");
    for rule in &rules {
        for field in ["provider", "title", "severity"] {
            assert!(
                rule[field].as_str().is_some_and(|text| !text.is_empty()),
                "{field}: {rule}"
            );
        }
        for field in ["verifies", "revokes", "rotates"] {
            assert!(rule[field].is_boolean(), "{field}: {rule}");
        }
    }
}

#[test]
fn every_rule_can_be_shown() {
    let sandbox = Sandbox::new();
    for rule in listed().iter().step_by(20) {
        let id = rule["id"].as_str().expect("an id");
        let run = leakward(&sandbox).args(["rules", "show", id]).run();
        run.expect_status(0);
        assert!(run.stdout.contains(id), "{}", run.transcript());
    }
}

#[test]
fn an_unknown_rule_is_told_with_the_nearest_one() {
    let run = leakward(&Sandbox::new())
        .args(["rules", "show", "github-pat-clasic"])
        .run();
    run.expect_status(2)
        .expect_message(&["github-pat-clasic", "github-pat-classic"]);
}

#[test]
fn the_built_in_rules_find_their_samples_and_nothing_of_their_near_misses() {
    leakward(&Sandbox::new())
        .args(["rules", "check"])
        .run()
        .expect_status(0);
}

#[test]
fn mistakes_in_a_rule_file_are_told_with_file_line_and_column() {
    let head = "version = 1\nprovider = \"Acme\"\n\n[[rule]]\nid = \"acme-key\"\ntitle = \"Acme key\"\nseverity = \"high\"\n";
    for (rest, words) in [
        (
            "literals = [\"acme-\"]\npatern = 'acme-[a-z]{9}'\n",
            &["acme.toml:9:", "patern", "pattern"][..],
        ),
        (
            "literals = [\"acme-\"]\npattern = 'acme-([a-z]{9}'\n",
            &["acme.toml:9:"],
        ),
        (
            "literals = [\"acme-\"]\npattern = '(?=acme-)[a-z]{9}'\n",
            &["acme.toml:9:"],
        ),
        ("pattern = 'acme-[a-z]{9}'\n", &["acme.toml:", "literals"]),
        (
            "literals = [\"acme-\"]\npattern = 'acme-[a-z]{9}'\nchecksum = \"github-crc23\"\n",
            &["acme.toml:10:", "github-crc32"],
        ),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("acme.toml", format!("{head}{rest}"));
        sandbox.write("folder/a.txt", "x\n");
        for command in [
            &["rules", "check", "acme.toml"][..],
            &["scan", "--rules", "acme.toml", "folder"],
        ] {
            leakward(&sandbox)
                .args(command)
                .run()
                .expect_status(2)
                .expect_message(words);
        }
    }
}

/// A JSON Web Token of somebody, that ends at such a second.
fn web_token(ends: u64, seed: u64) -> String {
    let text = |bytes: &str| URL_SAFE_NO_PAD.encode(bytes);
    let header = text(r#"{"alg":"HS256","typ":"JWT"}"#);
    let issued = 1_500_000_000;
    let payload = text(&format!(
        r#"{{"sub":"user-{seed}","iat":{issued},"exp":{ends}}}"#
    ));
    let signature = Template::parse("{base64url:43}").expect("a template");
    format!("{header}.{payload}.{}", signature.render(seed).text)
}

#[test]
fn a_token_that_has_ended_is_of_low_severity_and_that_is_said() {
    let sandbox = Sandbox::new();
    for (ends, is_over) in [(1_600_000_000, true), (4_000_000_000, false)] {
        let file = sandbox.write("a.py", format!("token = \"{}\"\n", web_token(ends, 5)));
        let run = revealing_scan(&sandbox).arg(&file).run();
        run.expect_status(1);
        let report = run.report();
        let finding = &report.value()["findings"][0];
        assert_eq!(finding["severity"] == "low", is_over, "{finding}");
        let reasons = finding["reasons"].to_string();
        assert_eq!(
            reasons.contains("it expired on 2020-09-13"),
            is_over,
            "{reasons}"
        );
        let least = revealing_scan(&sandbox)
            .args(["--min-severity", "medium"])
            .arg(&file)
            .run();
        least.expect_status(i32::from(!is_over));
    }
}
