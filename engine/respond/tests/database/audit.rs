//! The audit log's copy in the database: what is done to the table is found out.

use leakward_respond::audit::{Audit, AuditKey, AuditSink, DatabaseSink, FileSink};
use serde_json::json;

use crate::Case;
use crate::home::Home;

pub(crate) const CASES: &[Case] = &[
    ("an untouched log is whole", whole),
    ("an edit in the table is found", |home| {
        changed(
            home,
            "UPDATE audit SET record = REPLACE(record, 'line 2', 'line X') WHERE sequence = 2",
        );
    }),
    ("a line that was taken out of the table is found", |home| {
        changed(home, "DELETE FROM audit WHERE sequence = 2");
    }),
    ("lines cut off the end of the table are found", |home| {
        changed(home, "DELETE FROM audit WHERE sequence >= 3");
    }),
    ("another order of the table is found", |home| {
        changed(
            home,
            "UPDATE audit SET sequence = 102 - sequence WHERE sequence IN (1, 2)",
        );
    }),
    (
        "a log that cannot be written to the table goes on in the file, and is completed",
        completed,
    ),
    (
        "two machines have chains of their own in one database",
        two_machines,
    ),
    ("no line takes the place of another", no_overwriting),
];

fn log(home: &Home, file: Option<&std::path::Path>, name: &str) -> Audit {
    let mut sinks: Vec<Box<dyn AuditSink>> = vec![Box::new(DatabaseSink::new(home.open(), name))];
    if let Some(file) = file {
        sinks.insert(0, Box::new(FileSink::new(file.to_owned())));
    }
    Audit::new(
        AuditKey::new(b"a key of the tests"),
        sinks,
        "ann",
        Box::new(|| 1_800_000_000_u64),
        None,
    )
}

fn write(log: &Audit, lines: u32) {
    for number in 0..lines {
        log.write(&json!({ "text": format!("line {number}") }))
            .expect("written");
    }
}

fn whole(home: &Home) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("audit.jsonl");
    let log = log(home, Some(&file), "a");
    write(&log, 5);
    let checked = log.verify();
    assert_eq!(checked.problems, []);
    let lines: Vec<usize> = checked.lines.iter().map(|(_, lines)| *lines).collect();
    assert_eq!(lines, [5, 5]);
}

fn changed(home: &Home, sql: &'static str) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("audit.jsonl");
    let log = log(home, Some(&file), "a");
    write(&log, 5);
    assert_eq!(log.verify().problems, []);
    assert!(home.meddle(sql) > 0, "{sql}");
    let problems = log.verify().problems;
    assert!(
        problems
            .iter()
            .any(|problem| problem.sink.starts_with("the database")),
        "{sql}: {problems:?}"
    );
}

fn completed(home: &Home) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("audit.jsonl");
    let log = log(home, Some(&file), "a");
    write(&log, 2);
    home.meddle("ALTER TABLE audit RENAME TO aside");
    write(&log, 2);
    assert!(!log.failures().is_empty(), "that one failed is told");
    home.meddle("ALTER TABLE aside RENAME TO audit");
    write(&log, 1);
    let checked = log.verify();
    assert_eq!(checked.problems, []);
    assert_eq!(
        checked.lines.iter().map(|(_, lines)| *lines).sum::<usize>(),
        10
    );
}

fn two_machines(home: &Home) {
    let (one, other) = (log(home, None, "a"), log(home, None, "b"));
    for log in [&one, &other, &one] {
        write(log, 2);
    }
    assert_eq!(one.verify().problems, []);
    assert_eq!(one.verify().lines[0].1, 4);
    assert_eq!(other.verify().lines[0].1, 2);
}

fn no_overwriting(home: &Home) {
    let sink = DatabaseSink::new(home.open(), "a");
    sink.append(0, "first").expect("written");
    sink.append(0, "second").expect_err("there is one");
    assert_eq!(sink.lines().expect("lines"), ["first"]);
}
