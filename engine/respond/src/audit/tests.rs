//! Every way to change an audit log is found out, and what cannot be written anywhere is refused.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Audit, AuditError, AuditKey, AuditSink, FileSink};

fn audit(paths: &[PathBuf]) -> Audit {
    let sinks = paths
        .iter()
        .map(|path| Box::new(FileSink::new(path.clone())) as Box<dyn AuditSink>)
        .collect();
    let clock = Box::new(|| 1_800_000_000_u64);
    Audit::new(
        AuditKey::new(b"a key of the tests"),
        sinks,
        "ann",
        clock,
        None,
    )
}

fn write(log: &Audit, lines: u32) {
    for number in 0..lines {
        log.write(&json!({ "text": format!("line {number}") }))
            .expect("written");
    }
}

fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("the log");
    text.lines().map(str::to_owned).collect()
}

fn put(path: &Path, lines: &[String]) {
    fs::write(path, lines.join("\n") + "\n").expect("the log");
}

#[test]
fn an_edit_a_cut_another_order_and_a_missing_end_are_found() {
    type Change = fn(&mut Vec<String>);
    let changes: [(&str, Change); 6] = [
        ("edit", |lines| {
            lines[2] = lines[2].replace("line 2", "line X");
        }),
        ("space", |lines| lines[1] = lines[1].replacen(':', ": ", 1)),
        ("cut", |lines| drop(lines.remove(1))),
        ("order", |lines| lines.swap(1, 2)),
        ("repeat", |lines| lines.insert(2, lines[1].clone())),
        ("end", |lines| lines.truncate(3)),
    ];
    for (name, change) in changes {
        let folder = tempfile::tempdir().expect("a folder");
        let paths = [folder.path().join("one"), folder.path().join("two")];
        let log = audit(&paths);
        write(&log, 5);
        assert_eq!(log.verify().problems, [], "{name}");
        let mut changed = lines(&paths[0]);
        change(&mut changed);
        put(&paths[0], &changed);
        let problems = log.verify().problems;
        assert!(
            problems.iter().any(|problem| problem.sink.ends_with("one")),
            "{name}: {problems:?}"
        );
    }
}

#[test]
fn a_line_sealed_with_another_key_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = [folder.path().join("one")];
    write(&audit(&path), 2);
    let other = Audit::new(
        AuditKey::new(b"somebody else's key"),
        vec![Box::new(FileSink::new(path[0].clone()))],
        "eve",
        Box::new(|| 1_800_000_000_u64),
        None,
    );
    write(&other, 1);
    assert_eq!(audit(&path).verify().problems.len(), 1);
}

#[test]
fn nothing_is_written_when_no_sink_can_be_and_one_that_missed_lines_gets_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let log = audit(&[one.clone(), two.clone()]);
    write(&log, 2);
    fs::rename(&two, folder.path().join("aside")).expect("moved");
    fs::create_dir(&two).expect("a folder where the log was");
    write(&log, 2);
    assert!(!log.failures().is_empty(), "that one failed is told");
    fs::remove_dir(&two).expect("gone");
    fs::rename(folder.path().join("aside"), &two).expect("back");
    write(&log, 1);
    assert_eq!(lines(&one).len(), 5);
    assert_eq!(lines(&one), lines(&two));
    assert_eq!(log.verify().problems, []);
    let nowhere = audit(&[folder.path().to_owned()]);
    assert!(matches!(
        nowhere.write(&json!({})),
        Err(AuditError::NoSink(_))
    ));
}

#[test]
fn a_line_that_was_torn_while_it_was_written_is_written_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = [folder.path().join("one")];
    let log = audit(&path);
    write(&log, 2);
    let whole = fs::read(&path[0]).expect("the log");
    fs::write(
        &path[0],
        [whole.as_slice(), b"{\"version\":1,\"seq"].concat(),
    )
    .expect("torn");
    write(&log, 1);
    assert_eq!(lines(&path[0]).len(), 3);
    assert_eq!(log.verify().problems, []);
}
