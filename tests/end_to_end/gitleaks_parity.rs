//! The same gitleaks configuration over the same files gives the same findings here and in the real gitleaks: rule, file and line.
//!
//! Each row of the table is one thing that configurations do. What the rows look at is one tree, made of parts so that nothing in it
//! is a credential. A row in which gitleaks finds nothing would show nothing, so each says how many findings there are at least.

use std::collections::BTreeSet;

use leakward_tests::{Repository, Requirement, Sandbox, missing};
use serde_json::Value;

use crate::leakward;

/// Rule, file and line.
type Finding = (String, String, u64);

/// One thing that configurations do.
struct Row {
    name: &'static str,
    /// Findings that gitleaks has at least.
    least: usize,
    config: &'static str,
}

const ROWS: &[Row] = &[
    Row {
        name: "a keyword anywhere in the file wakes the rule",
        least: 4,
        config: r#"
[[rules]]
id = "hex"
description = "hex near acme"
regex = '''[0-9a-f]{16}'''
keywords = ["Acme"]
"#,
    },
    Row {
        name: "without keywords a rule is run over everything, and a short keyword is one too",
        least: 4,
        config: r#"
[[rules]]
id = "no-keyword"
description = "d"
regex = '''zz_[0-9a-z]{8}'''
[[rules]]
id = "short"
description = "d"
regex = '''k=[0-9a-z]{8}'''
keywords = ["k="]
"#,
    },
    Row {
        name: "the secret is the first group that is not empty, or the one that is named",
        least: 3,
        config: r#"
[[rules]]
id = "first"
description = "d"
regex = '''(?i)token[ =:]+(?:'([a-z0-9]{8})'|([a-z0-9]{8}))'''
keywords = ["token"]
[[rules.allowlists]]
regexes = ['''^abcd0000$''']
[[rules]]
id = "second"
description = "d"
regex = '''(token) = ([a-z0-9]{8})'''
secretGroup = 2
entropy = 2.0
keywords = ["token"]
"#,
    },
    Row {
        name: "entropy must be above the bound",
        least: 5,
        config: r#"
[[rules]]
id = "above-three"
description = "d"
regex = '''zz_([0-9a-z]{8})'''
entropy = 2.75
[[rules]]
id = "all"
description = "d"
regex = '''zz_([0-9a-z]{8})'''
"#,
    },
    Row {
        name: "a rule with a path looks at such files only, and a path alone is enough",
        least: 3,
        config: r#"
[[rules]]
id = "in-python"
description = "d"
regex = '''[0-9a-f]{16}'''
path = '''\.py$'''
[[rules]]
id = "key-file"
description = "d"
path = '''(?:^|/)[^/]+\.p12$'''
"#,
    },
    Row {
        name: "allow lists look at the secret, the match or the line",
        least: 7,
        config: r#"
[[rules]]
id = "by-secret"
description = "d"
regex = '''(?:token|key) = ([a-z0-9]{8})'''
[[rules.allowlists]]
regexes = ['''^token''', '''^abcd''']
[[rules]]
id = "by-match"
description = "d"
regex = '''(?:token|key) = ([a-z0-9]{8})'''
[[rules.allowlists]]
regexTarget = "match"
regexes = ['''^token''']
[[rules]]
id = "by-line"
description = "d"
regex = '''(?:token|key) = ([a-z0-9]{8})'''
[[rules.allowlists]]
regexTarget = "line"
regexes = ['''# sample$''']
"#,
    },
    Row {
        name: "AND asks for all kinds, OR for one",
        least: 6,
        config: r#"
[[rules]]
id = "both"
description = "d"
regex = '''[0-9a-f]{16}'''
[[rules.allowlists]]
condition = "AND"
paths = ['''docs/''']
regexes = ['''^0123''']
[[rules]]
id = "either"
description = "d"
regex = '''[0-9a-f]{16}'''
[[rules.allowlists]]
paths = ['''docs/''']
regexes = ['''^0123''']
"#,
    },
    Row {
        name: "stop words are looked for in the secret, in lower case",
        least: 6,
        config: r#"
[[rules]]
id = "lower"
description = "d"
regex = '''zz_[0-9a-zA-Z]{8}'''
[[rules.allowlists]]
stopwords = ["sample"]
[[rules]]
id = "upper"
description = "d"
regex = '''zz_[0-9a-zA-Z]{8}'''
[[rules.allowlists]]
stopwords = ["SAMPLE"]
"#,
    },
    Row {
        name: "global allow lists, for all rules or for some",
        least: 5,
        config: r#"
[[rules]]
id = "one"
description = "d"
regex = '''[0-9a-f]{16}'''
[[rules]]
id = "other"
description = "d"
regex = '''[0-9a-f]{16}'''
[[allowlists]]
description = "documentation"
paths = ['''^.*docs/.*''']
[[allowlists]]
targetRules = ["other"]
regexes = ['''^0123''']
"#,
    },
    Row {
        name: "the deprecated singular forms",
        least: 2,
        config: r#"
title = "old"
[allowlist]
paths = ['''docs/''']
[[rules]]
id = "old"
description = "d"
regex = '''[0-9a-f]{16}'''
[rules.allowlist]
regexes = ['''^0123''']
"#,
    },
    Row {
        name: "required rules, near enough, and rules that are not reported",
        least: 5,
        config: r#"
[[rules]]
id = "secret-near"
description = "d"
regex = '''secret: ([a-z0-9]{8})'''
[[rules.required]]
id = "user"
withinLines = 2
[[rules]]
id = "secret-anywhere"
description = "d"
regex = '''secret: ([a-z0-9]{8})'''
[[rules.required]]
id = "user"
[[rules]]
id = "secret-column"
description = "d"
regex = '''secret: ([a-z0-9]{8})'''
[[rules.required]]
id = "user"
withinLines = 10
withinColumns = 3
[[rules]]
id = "user"
description = "d"
regex = '''user: ([a-z]{4,8})'''
skipReport = true
"#,
    },
    Row {
        name: "a generic rule is silent where a specific one says the same",
        least: 4,
        config: r#"
[[rules]]
id = "my-generic-rule"
description = "d"
regex = '''(?:token|key) = ([a-z0-9]{8})'''
[[rules]]
id = "specific"
description = "d"
regex = '''token = [a-z0-9]{8}'''
"#,
    },
    Row {
        name: "several rules at one place all report",
        least: 6,
        config: r#"
[[rules]]
id = "wide"
description = "d"
regex = '''token = [a-z0-9]{8}'''
[[rules]]
id = "narrow"
description = "d"
regex = '''= ([a-z0-9]{8})'''
"#,
    },
    Row {
        name: "what Go's syntax has of its own",
        least: 10,
        config: r#"
[[rules]]
id = "class"
description = "d"
regex = '''zz_[\w-.]{8}'''
[[rules]]
id = "bracket"
description = "d"
regex = '''[[]t{o}\][^\]]'''
[[rules]]
id = "quoted"
description = "d"
regex = '''\Qa.b*c\E'''
[[rules]]
id = "characters"
description = "d"
regex = '''é.{1,2}漢[^x]{2}x'''
[[rules]]
id = "octal"
description = "d"
regex = '''\164oken = [[:alnum:]]{8}'''
[[rules]]
id = "lines"
description = "d"
regex = '''(?ms)^begin$.*?^end$'''
"#,
    },
];

/// The tree that every row looks at.
fn tree(write: &dyn Fn(&str, String)) {
    let hex = |seed: u64| format!("{:016x}", 0x0123_4567_89ab_cdef_u64.wrapping_mul(seed));
    write(
        "src/app.py",
        format!("# acme\nx = '{}'\ny = '{}'\n", hex(1), hex(7)),
    );
    write("src/plain.txt", format!("nothing here\n{}\n", hex(3)));
    write(
        "docs/guide.md",
        format!("Use ACME with {} or\n{}.\n", hex(1), hex(5)),
    );
    write(
        "conf/values.ini",
        "token = abcd0000\ntoken = wxyz9876\nkey = qrst1234 # sample\nkey = abcd5678\nTOKEN: 'mnop4321'\n".to_owned(),
    );
    write(
        "conf/codes.txt",
        "zz_aaaabbbb\nzz_a1b2c3d4\nzz_k9j8h7g6 zz_mSAMPLEx\nzz_q-w.e_r1\nk=aaaa1111 k=zzzz0000\n"
            .to_owned(),
    );
    write(
        "conf/users.yml",
        "user: alice\n  secret: abcd1234\n\n\n\nsecret: efgh5678\n".to_owned(),
    );
    write("conf/lonely.yml", "secret: ijkl9012\n".to_owned());
    write(
        "odd/syntax.txt",
        "[t{o}] a.b*c\né12漢äöx é1漢abx\nbegin\none\nend\n".to_owned(),
    );
    write(
        "odd/allowed.txt",
        "token = allo1111 # gitleaks:allow\n".to_owned(),
    );
    write("keys/store.p12", "not really\n".to_owned());
}

fn of_gitleaks(sandbox: &Sandbox, arguments: &[&str], folder: &str) -> BTreeSet<(Finding, String)> {
    let output = sandbox
        .command("gitleaks")
        .args(arguments)
        .args([
            "--no-banner",
            "-f",
            "json",
            "-r",
            "theirs.json",
            "--exit-code",
            "0",
        ])
        .output()
        .expect("gitleaks");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = std::fs::read_to_string(sandbox.path("theirs.json")).expect("a report");
    let findings: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let prefix = format!("{folder}/");
    let finding = |finding: &Value| {
        let file = finding["File"].as_str().expect("a file");
        let file = file.strip_prefix(&prefix).unwrap_or(file).to_owned();
        // A rule that goes by the path alone has no line there.
        let line = finding["StartLine"].as_u64().expect("a line").max(1);
        let rule = finding["RuleID"].as_str().expect("a rule").to_owned();
        let commit = finding["Commit"].as_str().unwrap_or_default().to_owned();
        ((rule, file, line), commit)
    };
    findings.iter().map(finding).collect()
}

fn of_leakward(report: &Value) -> BTreeSet<(Finding, String)> {
    let findings = report["findings"].as_array().expect("findings");
    let of_finding = |finding: &Value| {
        let rule = finding["rule"].as_str().expect("a rule").to_owned();
        let locations = finding["locations"].as_array().expect("locations").clone();
        locations.into_iter().map(move |location| {
            let path = location["path"].as_str().expect("a path").to_owned();
            let line = location["line"].as_u64().expect("a line");
            let commit = location["commit"].as_str().unwrap_or_default().to_owned();
            ((rule.clone(), path, line), commit)
        })
    };
    findings.iter().flat_map(of_finding).collect()
}

fn without_commits(findings: &BTreeSet<(Finding, String)>) -> BTreeSet<&Finding> {
    findings.iter().map(|(finding, _)| finding).collect()
}

#[test]
fn the_same_configuration_finds_the_same_in_a_folder() {
    if missing(Requirement::Tool("gitleaks")) {
        return;
    }
    let sandbox = Sandbox::new();
    tree(&|path, content| {
        sandbox.write(&format!("tree/{path}"), content);
    });
    for row in ROWS {
        sandbox.write("config.toml", row.config);
        let theirs = of_gitleaks(&sandbox, &["dir", "tree", "-c", "config.toml"], "tree");
        let run = leakward(&sandbox)
            .args([
                "scan",
                "--as",
                "dir",
                "--config",
                "config.toml",
                "-f",
                "json",
                "tree",
            ])
            .run();
        let ours = of_leakward(run.report().value());
        assert_eq!(
            without_commits(&ours),
            without_commits(&theirs),
            "{}\n{}",
            row.name,
            run.transcript()
        );
        assert!(theirs.len() >= row.least, "{}: {theirs:?}", row.name);
    }
}

#[test]
fn the_same_configuration_finds_the_same_in_history() {
    if missing(Requirement::Tool("gitleaks")) {
        return;
    }
    let repository = Repository::new();
    tree(&|path, content| {
        repository.write(path, content);
    });
    let first = repository.commit("first");
    repository.write("late/codes.txt", "zz_l1a2t3e4\n");
    repository.commit("late");
    let sandbox = repository.sandbox();
    let folder = repository.folder();
    let folder = folder.to_str().expect("a path");
    let by_commit = format!(
        "[[rules]]\nid = 'code'\ndescription = 'd'\nregex = '''zz_[0-9a-z]{{8}}'''\n[[allowlists]]\ncommits = ['{first}']\n"
    );
    // The rows were tried one by one in a folder; here some of them show that history makes no difference.
    let rows = ROWS.iter().step_by(3).map(|row| row.config);
    let configs = rows.chain([by_commit.as_str()]);
    for config in configs {
        let file = sandbox.write("config.toml", config);
        let file = file.to_str().expect("a path");
        let theirs = of_gitleaks(sandbox, &["git", folder, "-c", file], folder);
        let run = leakward(sandbox)
            .args([
                "scan",
                "--reachable-only",
                "--config",
                file,
                "-f",
                "json",
                folder,
            ])
            .run();
        let mut ours = of_leakward(run.report().value());
        // The working tree is the same as HEAD; gitleaks looks at history only.
        ours.retain(|(_, commit)| !commit.is_empty());
        assert_eq!(ours, theirs, "{config}\n{}", run.transcript());
    }
}
