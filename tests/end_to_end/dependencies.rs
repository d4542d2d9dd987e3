//! Licences, sources and bans of `deny.toml`, checked against what cargo says is linked.
//!
//! Not for: replacing cargo-deny, which knows more. This needs nothing but cargo, so that the gate holds everywhere
//! (docs/decisions/0007).

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use toml::Table;

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn policy() -> Table {
    std::fs::read_to_string(root().join("deny.toml"))
        .expect("deny.toml")
        .parse()
        .expect("TOML")
}

/// The platform at hand, as rustc names it.
fn platform() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("the host")
        .to_owned()
}

/// Packages that are compiled on this platform, for the program, its tests or its build. (Those of other platforms
/// are not even downloaded here.)
fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--offline",
            "--all-features",
            "--filter-platform",
        ])
        .arg(platform())
        .current_dir(root())
        .output()
        .expect("cargo");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

/// What is compiled on this platform, one package a line. (The lock file also names what no feature turns on.)
fn tree() -> String {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--workspace",
            "--all-features",
            "--locked",
            "--offline",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(root())
        .output()
        .expect("cargo");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn texts<'a>(table: &'a Table, key: &str) -> Vec<&'a str> {
    table[key]
        .as_array()
        .expect("a list")
        .iter()
        .map(|value| value.as_str().expect("a text"))
        .collect()
}

/// Whether an SPDX expression can be met with the licences for which `allowed` says yes.
fn is_met(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    // Older packages write a slash for OR.
    let expression = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = expression.split_whitespace().collect();
    let (met, rest) = any(&words, allowed);
    assert!(rest.is_empty(), "not understood: {expression}");
    met
}

/// `all OR all OR …`; returns what is left of the words.
fn any<'a, 'w>(words: &'w [&'a str], allowed: &dyn Fn(&str) -> bool) -> (bool, &'w [&'a str]) {
    let (mut met, mut rest) = all(words, allowed);
    while let Some((&"OR", after)) = rest.split_first() {
        let (next, after) = all(after, allowed);
        met |= next;
        rest = after;
    }
    (met, rest)
}

/// `one AND one AND …`.
fn all<'a, 'w>(words: &'w [&'a str], allowed: &dyn Fn(&str) -> bool) -> (bool, &'w [&'a str]) {
    let (mut met, mut rest) = one(words, allowed);
    while let Some((&"AND", after)) = rest.split_first() {
        let (next, after) = one(after, allowed);
        met &= next;
        rest = after;
    }
    (met, rest)
}

/// A licence, a licence `WITH` an exception, or an expression in parentheses.
fn one<'a, 'w>(words: &'w [&'a str], allowed: &dyn Fn(&str) -> bool) -> (bool, &'w [&'a str]) {
    match words {
        [] => panic!("an expression ends too early"),
        ["(", inner @ ..] => {
            let (met, rest) = any(inner, allowed);
            assert_eq!(rest.first(), Some(&")"), "a parenthesis is not closed");
            (met, &rest[1..])
        }
        [licence, "WITH", exception, rest @ ..] => {
            (allowed(&format!("{licence} WITH {exception}")), rest)
        }
        [licence, rest @ ..] => (allowed(licence), rest),
    }
}

#[test]
fn every_licence_is_one_that_we_accept() {
    let policy = policy();
    let licences = policy["licenses"].as_table().expect("[licenses]");
    let exceptions = licences["exceptions"].as_array().expect("exceptions");
    let refused: Vec<String> = packages()
        .iter()
        .filter_map(|package| {
            let name = package["name"].as_str().expect("a name");
            let mut accepted = texts(licences, "allow");
            let own = exceptions
                .iter()
                .filter_map(toml::Value::as_table)
                .filter(|exception| exception["crate"].as_str() == Some(name));
            accepted.extend(own.flat_map(|exception| texts(exception, "allow")));
            let expression = package["license"].as_str().unwrap_or("none");
            (!is_met(expression, &|licence| accepted.contains(&licence)))
                .then(|| format!("{name}: {expression}"))
        })
        .collect();
    assert!(
        refused.is_empty(),
        "licences that deny.toml does not accept: {refused:#?}"
    );
}

#[test]
fn every_package_comes_from_this_workspace_or_from_a_registry_that_we_accept() {
    let policy = policy();
    let registries = texts(
        policy["sources"].as_table().expect("[sources]"),
        "allow-registry",
    );
    for package in packages() {
        let source = package["source"].as_str().unwrap_or("workspace");
        let accepted = source == "workspace"
            || registries
                .iter()
                .any(|registry| source.strip_prefix("registry+") == Some(registry));
        assert!(accepted, "{}: {source}", package["name"]);
    }
}

#[test]
fn no_banned_package_is_linked() {
    let policy = policy();
    let banned = policy["bans"].as_table().expect("[bans]")["deny"]
        .as_array()
        .expect("a list")
        .clone();
    assert!(!banned.is_empty());
    let tree = tree();
    assert!(
        tree.lines().any(|line| line.starts_with("gix ")),
        "the tree is that of this workspace:\n{tree}"
    );
    for ban in banned {
        let name = ban["crate"].as_str().expect("a name");
        let linked = tree
            .lines()
            .any(|line| line.split_whitespace().next() == Some(name));
        assert!(!linked, "{name} is linked, and deny.toml bans it");
    }
}

#[test]
fn licence_expressions_are_read_as_spdx_means_them() {
    let allowed =
        |licence: &str| matches!(licence, "MIT" | "ISC" | "Apache-2.0 WITH LLVM-exception");
    for (expression, met) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("MIT OR GPL-3.0-only", true),
        ("MIT AND GPL-3.0-only", false),
        ("MIT/GPL-3.0-only", true),
        ("ISC AND (GPL-3.0-only OR MIT)", true),
        ("(ISC OR MIT) AND GPL-3.0-only", false),
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0-only", true),
        ("Apache-2.0", false),
    ] {
        assert_eq!(is_met(expression, &allowed), met, "{expression}");
    }
}
