//! `leakward store` as a person uses it, with the store that needs no server. What each kind of store does is tested in
//! `engine/stores`; here is what only a whole run shows.

use std::fs;

use leakward_tests::{Credential, Program, Repository, Run, Sandbox};
use serde_json::Value;

use crate::leakward;

fn store(sandbox: &Sandbox, arguments: &[&str]) -> Program {
    leakward(sandbox).arg("store").args(arguments)
}

/// Puts a value as a person does, through a pipe.
fn put(sandbox: &Sandbox, store_name: &str, path: &str, field: &str, value: &str) -> Run {
    store(sandbox, &["put", store_name, path, "--field", field])
        .input(format!("{value}\n"))
        .run()
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("JSON: {}", run.transcript()))
}

#[test]
fn an_entry_is_written_read_masked_and_shown_only_on_request() {
    let sandbox = Sandbox::new();
    let credential = Credential::named("in a store");
    put(
        &sandbox,
        "file:s.age",
        "app/db",
        "password",
        credential.text(),
    )
    .expect_status(0);
    put(&sandbox, "file:s.age", "app/db", "user", "app").expect_status(0);
    let run = store(&sandbox, &["get", "file:s.age", "app/db"]).run();
    run.expect_status(0);
    assert!(
        run.stdout.contains("password") && !run.stdout.contains(credential.tell_tale()),
        "{}",
        run.transcript()
    );
    let run = store(
        &sandbox,
        &[
            "get",
            "file:s.age",
            "app/db",
            "--field",
            "password",
            "--reveal",
        ],
    )
    .run();
    assert_eq!(run.stdout, credential.text());
    let run = store(&sandbox, &["get", "file:s.age", "app/db", "-f", "json"]).run();
    assert_eq!(json(&run)["version"], "2");
    let run = store(&sandbox, &["list", "file:s.age"]).run();
    assert_eq!(run.stdout, "app/db\n");
    let run = store(
        &sandbox,
        &[
            "get",
            "file:s.age",
            "app/db",
            "--version",
            "previous",
            "-f",
            "json",
        ],
    )
    .run();
    assert_eq!(json(&run)["version"], "1");
}

#[test]
fn a_write_over_another_version_changes_nothing_and_says_so() {
    let sandbox = Sandbox::new();
    for value in ["first", "second"] {
        put(&sandbox, "file:s.age", "app", "password", value).expect_status(0);
    }
    let run = store(
        &sandbox,
        &[
            "put",
            "file:s.age",
            "app",
            "--field",
            "password",
            "--if-version",
            "1",
        ],
    )
    .input("third\n")
    .run();
    run.expect_status(2);
    assert!(
        run.stderr.contains("nothing was changed"),
        "{}",
        run.transcript()
    );
    let run = store(
        &sandbox,
        &[
            "get",
            "file:s.age",
            "app",
            "--field",
            "password",
            "--reveal",
        ],
    )
    .run();
    assert_eq!(run.stdout, "second");
}

#[test]
fn a_leak_is_found_in_the_store_that_holds_it() {
    let repository = Repository::new();
    let sandbox = repository.sandbox();
    let (leaked, other) = (
        Credential::named("leaked and stored"),
        Credential::named("stored only"),
    );
    repository.commit_file("settings.py", leaked.file());
    sandbox.write(
        "leakward.toml",
        "version = 1\n[stores.ours]\nurl = \"file:s.age\"\n",
    );
    put(sandbox, "ours", "app/api", "token", leaked.text()).expect_status(0);
    put(sandbox, "ours", "app/other", "token", other.text()).expect_status(0);
    let report = sandbox.path("report.json");
    leakward(sandbox)
        .args(["scan", "-f", "json", "-o"])
        .arg(&report)
        .arg(repository.folder())
        .run()
        .expect_status(1);

    let run = store(
        sandbox,
        &["inventory", "--report", "report.json", "-f", "json"],
    )
    .run();
    run.expect_status(1);
    let entries = json(&run)["entries"].clone();
    let leaks: Vec<(&str, usize)> = entries
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| {
            let path = entry["path"].as_str().expect("a path");
            (path, entry["leaks"].as_array().map_or(0, Vec::len))
        })
        .collect();
    assert_eq!(leaks, [("app/api", 1), ("app/other", 0)]);
    let finding = &serde_json::from_str::<Value>(&fs::read_to_string(&report).expect("a report"))
        .expect("JSON")["findings"][0]["fingerprint"];
    assert_eq!(&entries[0]["leaks"][0]["fingerprint"], finding);

    let run = store(sandbox, &["index"]).run();
    run.expect_status(0);
    let run = store(sandbox, &["locate", "-f", "json"])
        .input(leaked.text())
        .run();
    run.expect_status(0);
    let found = json(&run);
    assert_eq!(
        (&found[0]["store"], &found[0]["path"], &found[0]["field"]),
        (&"ours".into(), &"app/api".into(), &"token".into())
    );
    store(sandbox, &["locate"])
        .input("nobody-has-this")
        .run()
        .expect_status(1);
    let run = store(
        sandbox,
        &["inventory", "--leaked", "--report", "report.json"],
    )
    .run();
    assert!(
        run.stdout.contains("app/api") && !run.stdout.contains("app/other"),
        "{}",
        run.transcript()
    );
}

#[test]
fn nothing_that_a_store_holds_comes_out_or_is_left_behind() {
    let sandbox = Sandbox::new();
    let credential = Credential::named("canary, stored");
    let said = |run: &Run| {
        let said = run.stdout.clone() + &run.stderr;
        assert!(
            !said.contains(credential.tell_tale()),
            "{}",
            run.transcript()
        );
    };
    sandbox.write(".env", format!("# ours\nTOKEN={credential}\n"));
    said(&put(
        &sandbox,
        "file:s.age",
        "a",
        "token",
        credential.text(),
    ));
    for arguments in [
        &["get", "file:s.age", "a"][..],
        &["get", "file:s.age", "a", "-f", "json"],
        &["get", "env:.env", ".env", "-f", "json"],
        &["get", "file:s.age", "a", "--field", "nothing"],
        &["list", "file:s.age"],
        &["check", "file:s.age", "env:.env", "-f", "json"],
        &["index", "file:s.age", "env:.env", "-f", "json"],
        &["inventory", "file:s.age", "env:.env", "-f", "json"],
        &[
            "put",
            "file:s.age",
            "a",
            "--field",
            "token",
            "--if-version",
            "9",
            "--generate",
            "20",
        ],
        &[
            "put",
            "env:.env",
            ".env",
            "--field",
            "NEW",
            "--generate",
            "20",
        ],
    ] {
        let mut words = vec!["-vvv"];
        words.extend_from_slice(arguments);
        said(&store(&sandbox, &words).env("RUST_BACKTRACE", "full").run());
    }
    said(&store(&sandbox, &["locate"]).input(credential.text()).run());
    for (path, content) in sandbox.left_behind() {
        let text = String::from_utf8_lossy(&content).into_owned();
        assert!(
            !text.contains(credential.tell_tale()),
            "{} holds it",
            path.display()
        );
    }
    let file = fs::read_to_string(sandbox.path(".env")).expect("the file");
    assert!(
        file.starts_with(&format!("# ours\nTOKEN={credential}\nNEW=")),
        "{file}"
    );
}

#[test]
fn what_is_wrong_is_told_with_what_is_right() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "leakward.toml",
        "version = 1\n[stores.ours]\nurl = \"file:s.age\"\n[stores.bad]\nurl = \"vault:https://v.corp/secret\"\ntoken = \"canary\"\n",
    );
    for (arguments, part) in [
        (&["list", "theirs"][..], "the configuration names bad, ours"),
        (&["list", "vualt:https://v/secret"], "there are vault"),
        (&["list", "file:s.age?identiti=x"], "it has identity"),
        (&["get", "ours", "nowhere"], "there is no such entry"),
        (
            &["list", "bad"],
            "would put a credential into a configuration",
        ),
        (&["list", "github:acme/app"], "no token is known"),
    ] {
        let run = store(&sandbox, arguments).run();
        run.expect_status(2);
        assert!(run.stderr.contains(part), "{}", run.transcript());
        assert!(!run.stderr.contains("canary"), "{}", run.transcript());
    }
}
