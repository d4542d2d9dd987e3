//! Files of other tools: where they are looked for, which of them count, and how mistakes are told.

use leakward_tests::{Credential, Repository, Run, Sandbox};
use serde_json::Value;

use crate::{leakward, revealing_scan, scan_with};

/// A gitleaks rule of this id for codes such as `zz_a1b2c3d4`.
fn gitleaks_rule(id: &str) -> String {
    format!(
        "[[rules]]\nid = '{id}'\ndescription = 'A code'\nregex = '''zz_([0-9a-z]{{8}})'''\nkeywords = ['zz_']\n"
    )
}

/// A folder with a code and a credential of a known kind.
fn sandbox() -> (Sandbox, Credential) {
    let credential = Credential::named("beside");
    let sandbox = Sandbox::new();
    sandbox.write("folder/codes.txt", "zz_a1b2c3d4\n");
    sandbox.write("folder/settings.py", credential.file());
    (sandbox, credential)
}

fn rules_of(run: &Run) -> Vec<String> {
    let report = run.report();
    let mut rules: Vec<String> = report
        .findings()
        .iter()
        .map(|finding| finding["rule"].as_str().expect("a rule").to_owned())
        .collect();
    rules.sort();
    rules
}

#[test]
fn the_configuration_is_found_in_the_order_of_gitleaks() {
    let (sandbox, _) = sandbox();
    let scan = || revealing_scan(&sandbox).args(["--as", "dir"]);
    sandbox.write("folder/.gitleaks.toml", gitleaks_rule("at-the-root"));
    sandbox.write("named.toml", gitleaks_rule("by-variable"));
    sandbox.write("typed.toml", gitleaks_rule("typed"));
    let own = scan().arg("folder").run();
    assert_eq!(rules_of(&own), ["at-the-root"]);
    let notes = own.report().value()["notes"].to_string();
    assert!(
        notes.contains(".gitleaks.toml: read as a configuration of gitleaks; 1 rules of its own and no built-in ones"),
        "{notes}"
    );
    let by_text = scan()
        .env("GITLEAKS_CONFIG_TOML", gitleaks_rule("by-text"))
        .arg("folder")
        .run();
    assert_eq!(rules_of(&by_text), ["by-text"]);
    let by_variable = scan()
        .env("GITLEAKS_CONFIG_TOML", gitleaks_rule("by-text"))
        .env("GITLEAKS_CONFIG", "named.toml")
        .arg("folder")
        .run();
    assert_eq!(rules_of(&by_variable), ["by-variable"]);
    let typed = scan()
        .env("GITLEAKS_CONFIG", "named.toml")
        .args(["--config", "typed.toml", "folder"])
        .run();
    assert_eq!(rules_of(&typed), ["typed"]);
    sandbox.write("folder/leakward.toml", "version = 1\n");
    assert_eq!(
        rules_of(&scan().arg("folder").run()),
        ["github-pat-classic"]
    );
}

#[test]
fn with_the_default_rules_ours_are_applied_and_can_be_switched_off() {
    let (sandbox, credential) = sandbox();
    let config = format!("[extend]\nuseDefault = true\n{}", gitleaks_rule("mine"));
    sandbox.write("folder/.gitleaks.toml", &config);
    let run = revealing_scan(&sandbox)
        .args(["--as", "dir", "folder"])
        .run();
    assert_eq!(rules_of(&run), ["github-pat-classic", "mine"]);
    assert!(run.report().holds(&credential));
    let off = config.replace(
        "useDefault = true",
        "useDefault = true\ndisabledRules = ['github-pat']",
    );
    sandbox.write("folder/.gitleaks.toml", off);
    let run = revealing_scan(&sandbox)
        .args(["--as", "dir", "folder"])
        .run();
    // A rule that goes by names finds the token now, as it would in gitleaks.
    assert_eq!(rules_of(&run), ["generic-token", "mine"]);
}

#[test]
fn with_a_policy_ref_its_gitleaks_configuration_counts() {
    let credential = Credential::named("pull request");
    let repository = Repository::new();
    repository.commit_file(".gitleaks.toml", "[extend]\nuseDefault = true\n");
    repository.git(&["checkout", "--quiet", "-b", "pull-request"]);
    repository.write("settings.py", credential.file());
    repository.commit_file(".gitleaks.toml", gitleaks_rule("nothing-else"));
    assert!(
        scan_with(&repository, &["--policy-ref", "main"])
            .report()
            .holds(&credential)
    );
    assert!(!scan_with(&repository, &[]).report().holds(&credential));
}

const NOSEY_PARKER: &str = "rules:\n- name: A code\n  id: np.code.1\n  pattern: 'zz_([0-9a-z]{8})'\n  examples: ['zz_a1b2c3d4']\n";
const TRUFFLEHOG: &str =
    "detectors:\n- name: Code\n  keywords: [zz_]\n  regex:\n    code: 'zz_([0-9a-z]{8})'\n";

#[test]
fn rules_of_other_tools_come_beside_ours_or_alone() {
    let (sandbox, _) = sandbox();
    for (name, text, rule) in [
        ("np.yml", NOSEY_PARKER, "np.code.1"),
        ("th.yaml", TRUFFLEHOG, "Code"),
    ] {
        sandbox.write(name, text);
        let beside = revealing_scan(&sandbox)
            .args(["--rules", name, "folder"])
            .run();
        let mut expected = ["github-pat-classic", rule];
        expected.sort_unstable();
        assert_eq!(rules_of(&beside), expected);
        let alone = revealing_scan(&sandbox)
            .args(["--config", name, "folder"])
            .run();
        assert_eq!(rules_of(&alone), [rule]);
    }
}

#[test]
fn a_baseline_of_detect_secrets_is_obeyed_in_its_file() {
    let (sandbox, credential) = sandbox();
    sandbox.write("folder/other.py", credential.file());
    let hash = sha1_of(&sandbox, credential.text());
    sandbox.write(
        ".secrets.baseline",
        format!(
            r#"{{"version":"1.5.0","results":{{"settings.py":[{{"type":"GitHub Token","filename":"settings.py","hashed_secret":"{hash}","is_verified":false,"line_number":2}}]}}}}"#
        ),
    );
    let run = revealing_scan(&sandbox)
        .args(["--baseline", ".secrets.baseline", "folder"])
        .run();
    let report = run.expect_status(1).report();
    let paths: Vec<&Value> = report
        .locations(&credential)
        .iter()
        .map(|at| &at["path"])
        .collect();
    assert_eq!(paths, ["other.py"]);
}

fn sha1_of(sandbox: &Sandbox, text: &str) -> String {
    sandbox.write("value", text);
    let output = sandbox
        .command("sha1sum")
        .arg("value")
        .output()
        .expect("sha1sum");
    String::from_utf8_lossy(&output.stdout)[..40].to_owned()
}

#[test]
fn mistakes_in_files_of_other_tools_are_told_and_nothing_is_scanned() {
    let (sandbox, _) = sandbox();
    for (name, text, words) in [
        (
            "a.toml",
            "[[rules]]\nid = 'a'\nregx = 'x'\nregex = 'abcd'\n",
            &["a.toml:3:1:", "`regex`"][..],
        ),
        (
            "b.toml",
            "[[rules]]\nid = 'b'\nregex = '''ab(?!c)'''\n",
            &["b.toml:3:14:", "rule b", "linear time"],
        ),
        (
            "c.toml",
            "[[rules]]\nid = 'c'\nregex = '(?:[a-z]{1,900}){1,900}'\n",
            &["c.toml:3:", "KiB", "limit"],
        ),
        (
            "d.toml",
            "[[rules]]\nid = 'd'\nregex = 'abcd'\nfilter = 'failsTokenEfficiency(finding.secret)'\n",
            &["d.toml:4:", "rule d"],
        ),
        (
            "e.yml",
            "rules:\n- name: e\n  patern: 'abcd'\n",
            &["e.yml:3:3:", "`pattern`"],
        ),
        (
            "f.yml",
            "detectors:\n- name: f\n  keywords: [f]\n  regex: {f: 'a('}\n",
            &["f.yml:4:", "detector f"],
        ),
    ] {
        sandbox.write(name, text);
        for flag in ["--config", "--rules"] {
            let run = leakward(&sandbox)
                .args(["scan", flag, name, "folder"])
                .run();
            run.expect_status(2).expect_message(words);
        }
        leakward(&sandbox)
            .args(["rules", "check", name])
            .run()
            .expect_status(2)
            .expect_message(words);
    }
}
