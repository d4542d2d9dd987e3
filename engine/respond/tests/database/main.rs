//! What responses remember, over both databases: one table of cases, run with SQLite in a file and with a PostgreSQL that the
//! test starts.

mod audit;
mod home;
mod incidents;
mod locks;
mod messages;
mod sagas;

use home::Home;

/// A case: what it shows, and the test.
type Case = (&'static str, fn(&Home));

/// All cases, from all files.
fn cases() -> Vec<Case> {
    [
        incidents::CASES,
        sagas::CASES,
        locks::CASES,
        audit::CASES,
        messages::CASES,
    ]
    .concat()
}

#[test]
fn every_case_holds_with_sqlite() {
    for (what, test) in cases() {
        eprintln!("sqlite: {what}");
        test(&Home::sqlite());
    }
}

#[test]
fn every_case_holds_with_postgresql() {
    let Some(server) = leakward_tests::Postgresql::start() else {
        return;
    };
    for (number, (what, test)) in cases().into_iter().enumerate() {
        eprintln!("postgresql: {what}");
        test(&Home::postgresql(&server, number));
    }
}
