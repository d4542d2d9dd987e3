//! Sagas and their journals.

use leakward_respond::DatabaseError;
use leakward_respond::Ledger;
use leakward_respond::database::SagaId;
use leakward_respond::saga::{Journal as _, Phase, Record};

use crate::Case;
use crate::home::{Home, NOW, fingerprint, plan, record};

pub(crate) const CASES: &[Case] = &[
    (
        "a credential has one response at a time, and another one after its end",
        one_at_a_time,
    ),
    (
        "a journal is read as it was written, and refuses a second writer",
        journal,
    ),
    ("what waits is found when its time has come", waiting),
];

fn id(text: &str) -> SagaId {
    SagaId(text.to_owned())
}

fn begin(ledger: &Ledger, saga: &SagaId, number: u32, first: &Record) {
    let plan = plan(number);
    let begun = ledger.database().begin_saga(saga, &plan, first);
    assert!(
        ledger.wait(begun).expect("the database"),
        "none of the same credential is open"
    );
}

fn one_at_a_time(home: &Home) {
    let ledger = home.open();
    let begun: usize = std::thread::scope(|scope| {
        let all: Vec<_> = (0..6)
            .map(|number| {
                let ledger = &ledger;
                scope.spawn(move || {
                    let id = id(&format!("saga{number}"));
                    let (plan, first) = (plan(1), record(0, Phase::Begun));
                    let begun = ledger.database().begin_saga(&id, &plan, &first);
                    usize::from(ledger.wait(begun).expect("the database"))
                })
            })
            .collect();
        all.into_iter()
            .map(|one| one.join().expect("no panic"))
            .sum()
    });
    assert_eq!(begun, 1);
    let open = ledger
        .open_saga(fingerprint(1))
        .expect("the database")
        .expect("one");
    assert_eq!(open.plan, plan(1));
    ledger
        .append(&open.id, &record(1, Phase::Ended))
        .expect("ended");
    assert_eq!(
        ledger.open_saga(fingerprint(1)).expect("the database"),
        None
    );
    begin(&ledger, &id("next"), 1, &record(0, Phase::Begun));
    let all = ledger
        .wait(ledger.database().sagas(fingerprint(1)))
        .expect("sagas");
    assert_eq!(all.len(), 2);
    assert_eq!(all.iter().filter(|saga| saga.is_open).count(), 1);
}

fn journal(home: &Home) {
    let (one, other) = (home.open(), home.open());
    let saga = id("saga");
    begin(&one, &saga, 1, &record(0, Phase::Begun));
    let lines = [Phase::Before, Phase::Failed, Phase::Before, Phase::Done];
    for (sequence, phase) in (1..).zip(lines) {
        one.append(&saga, &record(sequence, phase))
            .expect("written");
    }
    let error = other
        .append(&saga, &record(4, Phase::Parked))
        .expect_err("it is there");
    assert!(matches!(error, DatabaseError::Conflict { .. }), "{error}");
    let read = other.records(&saga).expect("the journal");
    let phases: Vec<Phase> = read.iter().map(|record| record.phase).collect();
    assert_eq!(phases[1..], lines);
    assert_eq!(
        read[4],
        record(4, Phase::Done),
        "the first writer's line stays"
    );
}

fn waiting(home: &Home) {
    let ledger = home.open();
    for number in 1..=3 {
        let saga = id(&format!("saga{number}"));
        let mut first = record(0, Phase::Begun);
        first.at = NOW + u64::from(10 - number);
        begin(&ledger, &saga, number, &first);
    }
    ledger.wake_at(&id("saga2"), None).expect("written");
    ledger
        .wake_at(&id("saga3"), Some(NOW + 500))
        .expect("written");
    let open = ledger.wait(ledger.database().open_sagas()).expect("sagas");
    let seen: Vec<(&str, Option<u64>)> = open
        .iter()
        .map(|saga| (saga.id.0.as_str(), saga.resume_at))
        .collect();
    assert_eq!(
        seen,
        [
            ("saga3", Some(NOW + 500)),
            ("saga2", None),
            ("saga1", Some(NOW + 9))
        ],
        "the oldest first"
    );
}
