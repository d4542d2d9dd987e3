//! `docs/coverage.md` is true: each test that it names exists, and each test of git coverage stands in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Names of the tests in `end_to_end/`, as `module::test`.
fn tests_in(folder: &Path, module: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the folder of tests") {
        let path = entry.expect("an entry").path();
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a name in UTF-8")
            .to_owned();
        let inner = if module.is_empty() {
            stem
        } else {
            format!("{module}::{stem}")
        };
        if path.is_dir() {
            names.extend(tests_in(&path, &inner));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a test file");
            names.extend(tests_of(&text).map(|test| format!("{inner}::{test}")));
        }
    }
    names
}

/// Names of the functions that follow a `#[test]`, other attributes between them or not.
fn tests_of(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n#[test]\n").skip(1).filter_map(|rest| {
        let start = rest.lines().find(|line| line.starts_with("fn "))?;
        start.strip_prefix("fn ")?.split('(').next()
    })
}

/// Everything in the page's tables that stands in backquotes and looks like `module::test`.
fn named_in_the_page() -> BTreeSet<String> {
    let page = fs::read_to_string(root().join("docs/coverage.md")).expect("docs/coverage.md");
    let rows = page.lines().filter(|line| line.starts_with('|'));
    rows.flat_map(|row| row.split('`').skip(1).step_by(2))
        .filter(|word| word.contains("::"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_test_in_the_table_exists() {
    let there = tests_in(&root().join("tests/end_to_end"), "");
    assert!(
        there.contains("coverage_table::every_test_in_the_table_exists"),
        "the tests are found: {there:?}"
    );
    let gone: Vec<String> = named_in_the_page().difference(&there).cloned().collect();
    assert!(
        gone.is_empty(),
        "docs/coverage.md names tests that are not there: {gone:#?}"
    );
}

#[test]
fn every_test_of_git_coverage_stands_in_the_table() {
    let there = tests_in(&root().join("tests/end_to_end"), "");
    let named = named_in_the_page();
    let guarded =
        |name: &&String| name.starts_with("git_coverage::") || name.starts_with("hostile::");
    let missing: Vec<&String> = there
        .iter()
        .filter(guarded)
        .filter(|name| !named.contains(*name))
        .collect();
    assert!(missing.is_empty(), "docs/coverage.md lacks: {missing:#?}");
}
