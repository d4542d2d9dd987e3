//! Promises of the files that say what is scanned and reported: understood as a whole, or refused with the line.

use std::ops::RangeInclusive;

use leakward_core::rule::RuleId;
use leakward_core::{FingerprintKey, Secret};
use leakward_scan::baseline::Baseline;
use leakward_scan::config::Config;
use leakward_scan::date::Date;
use leakward_scan::gitleaks::GitleaksIgnore;
use leakward_scan::ignore_file::IgnoreFile;

/// Lines are told from 1, and the one past the last stands for the end.
fn lines_of(text: &str) -> RangeInclusive<usize> {
    1..=text.split('\n').count() + 1
}

fn is_a_line(text: &str, line: usize) -> bool {
    lines_of(text).contains(&line)
}

/// `leakward.toml`.
pub(crate) fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Err(error) = Config::parse(&text, "leakward.toml") {
        assert!(is_a_line(&text, error.line) && error.column >= 1, "{error}");
    }
}

/// `.leakwardignore`.
pub(crate) fn ignore_file(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let today: Date = "2027-01-31".parse().expect("a date");
    match IgnoreFile::parse(&text, ".leakwardignore") {
        Ok(ignore) => {
            let rule = RuleId("acme-key".into());
            let _ignored = ignore.ignores_place("src/main.rs", &rule, today);
            let (expired, lines) = (ignore.expired_lines(today), lines_of(&text));
            assert!(expired.iter().all(|line| lines.contains(line)));
        }
        Err(error) => assert!(is_a_line(&text, error.line), "{error}"),
    }
}

/// A baseline: our own, or a gitleaks report.
pub(crate) fn baseline(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let key = FingerprintKey::new(Secret::new(b"a key"));
    match Baseline::parse(&text, "baseline.json", &key) {
        Ok(baseline) => {
            let _known = baseline.knows_place(None, "src/main.rs", 1)
                || baseline.knows_in_file("a/b.py", &Secret::new(b"abc"));
        }
        Err(error) => assert!(error.to_string().contains("baseline.json"), "{error}"),
    }
}

/// `.gitleaksignore`: lines that are not understood are told.
pub(crate) fn gitleaks_ignore(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (ignore, not_understood) = GitleaksIgnore::parse(&text);
    let _ignored = ignore.ignores(None, "src/main.rs", 1);
    let lines = lines_of(&text);
    assert!(not_understood.iter().all(|line| lines.contains(line)));
}

/// Globs over paths.
pub(crate) fn path_glob(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(globs) = leakward_scan::path_glob::path_globs(text.lines()) {
        for path in ["README.md", "src/a/b.rs", "ä/…", ""] {
            let _fits = globs.is_match(path);
        }
    }
}

fn bytes_of(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

pub(crate) fn configs() -> Vec<Vec<u8>> {
    bytes_of(&[
        "version = 1\n[scan]\nmin-severity = \"low\"\nsensitivity = \"high\"\n[rules]\ndisable = [\"a-b\"]\n[paths]\nexclude = [\"*.md\"]\n",
        "[limits]\nmax-decode-depth = 3\n[fingerprint]\nkey-env = \"X\"\n[allow]\nwords = [\"x\"]\n",
        "version = 2\n",
        "[sacn]\n",
    ])
}

pub(crate) fn ignore_files() -> Vec<Vec<u8>> {
    bytes_of(&[
        "# version 1\n0123456789abcdef0123456789abcdef until 2027-01-31 # reason\n",
        "docs/**\n*.md rule=acme-key until=2026-01-01 # old\n\n/src/\n",
        "00112233445566778899aabbccddeeff\n",
    ])
}

pub(crate) fn baselines() -> Vec<Vec<u8>> {
    bytes_of(&[
        "{\"version\":1,\"findings\":[{\"fingerprint\":\"0123456789abcdef0123456789abcdef\",\"rule\":\"a-b\",\"path\":\"x\"}]}",
        "[{\"RuleID\":\"x\",\"Secret\":\"abc\",\"File\":\"a\\\\b\",\"StartLine\":3,\"Commit\":\"\",\"Fingerprint\":\"a:b:c:1\"}]",
        "{\"version\":\"1.5.0\",\"results\":{\"a/b.py\":[{\"type\":\"Secret Keyword\",\"hashed_secret\":\"a9993e364706816aba3e25717850c26c9cd0d89d\",\"line_number\":3}]}}",
        "[]",
        "{\"version\":2,\"findings\":[]}",
    ])
}

pub(crate) fn gitleaks_ignores() -> Vec<Vec<u8>> {
    bytes_of(&[
        "0123456789012345678901234567890123456789:src/a.rs:rule:12\nsrc/b.rs:rule:1 # why\n",
        "nonsense\n\n#\na:b:c:d:e:4294967296\n",
    ])
}

pub(crate) fn path_globs() -> Vec<Vec<u8>> {
    bytes_of(&[
        "*.md\n/src/**/x?.rs\n",
        "{a,b{c,d}}\n[!a-z]\n\\*\n",
        "docs/\n**\n",
    ])
}
