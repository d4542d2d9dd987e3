//! Incidents, sagas and locks: the same tests on SQLite and on a real PostgreSQL.

use leakward_core::{FingerprintKey, RuleId, Secret, Severity};
use leakward_respond::database::{IncidentFilter, SagaId};
use leakward_respond::incident::{Exposure, Place, State};
use leakward_respond::plan::{Goal, Order, Plan};
use leakward_respond::saga::{Knowledge, Phase, Record, Step};
use leakward_respond::{Database, DatabaseError, Sighting};
use leakward_tests::Postgresql;

const NOW: u64 = 1_800_000_000;

fn sighting(of: &str, path: &str) -> Sighting {
    let secret = Secret::new(of.as_bytes());
    Sighting {
        fingerprint: FingerprintKey::default().fingerprint(&RuleId::from("rule"), &secret),
        rule: "rule".to_owned(),
        title: "a token".to_owned(),
        provider: "Somebody".to_owned(),
        masked: "********".to_owned(),
        severity: Severity::High,
        verdict: "live".to_owned(),
        exposure: Exposure::NotKnown,
        places: vec![Place {
            path: path.to_owned(),
            date: Some("2026-11-20T10:00:00+01:00".to_owned()),
            ..Place::default()
        }],
        owner: None,
        pushed_at: None,
    }
}

fn plan(of: &Sighting) -> Plan {
    Plan {
        version: Plan::VERSION,
        fingerprint: of.fingerprint,
        rule: of.rule.clone(),
        goal: Goal::Revoke,
        order: Order::SuccessorFirst,
        provider: Some("somebody".to_owned()),
        revoke_action: None,
        rotate_action: None,
        birth: None,
        overlap: None,
        entry: None,
        grace: 0,
        steps: Vec::new(),
        instructions: None,
        warnings: Vec::new(),
    }
}

fn record(sequence: u64, phase: Phase) -> Record {
    Record {
        sequence,
        at: NOW,
        step: Some(Step::Revoke),
        phase,
        text: "a step".to_owned(),
        known: Knowledge::default(),
    }
}

async fn two_sightings_of_one_credential_are_one_incident(database: &Database) {
    let (one, two) = (sighting("one", "a.env"), sighting("one", "b.env"));
    let (first, second) = tokio::join!(
        database.saw(&one, "ann", NOW),
        database.saw(&two, "bob", NOW)
    );
    let news = [first.expect("seen").1, second.expect("seen").1];
    assert_eq!(news.iter().filter(|is_new| **is_new).count(), 1, "{news:?}");
    let incident = database.incident(one.fingerprint).await.expect("it");
    assert_eq!(incident.places.len(), 2);
    let events = database.events(one.fingerprint).await.expect("events");
    assert_eq!(events.len(), 2);
    let open = IncidentFilter {
        state: Some(State::Open),
        ..IncidentFilter::default()
    };
    assert_eq!(database.incidents(&open).await.expect("a list").len(), 1);
}

async fn a_credential_has_one_saga_and_a_journal_one_writer(database: &Database) {
    let seen = sighting("two", "c.env");
    let (plan, first) = (plan(&seen), record(0, Phase::Begun));
    let (a, b) = (SagaId("a".to_owned()), SagaId("b".to_owned()));
    let begun = [
        database.begin_saga(&a, &plan, &first).await.expect("begun"),
        database.begin_saga(&b, &plan, &first).await.expect("asked"),
    ];
    assert_eq!(begun, [true, false], "two findings that race get one saga");
    let next = record(1, Phase::Before);
    database.append(&a, &next).await.expect("written");
    let again = database.append(&a, &next).await;
    assert!(matches!(again, Err(DatabaseError::Conflict { .. })));
    database
        .append(&a, &record(2, Phase::Ended))
        .await
        .expect("ended");
    assert_eq!(database.journal(&a).await.expect("a journal").len(), 3);
    assert!(database.open_sagas().await.expect("a list").is_empty());
    assert!(database.begin_saga(&b, &plan, &first).await.expect("begun"));
}

async fn one_at_a_time_works_on_an_incident(database: &Database) {
    let fingerprint = sighting("three", "d.env").fingerprint;
    let held = database.lock(fingerprint).await.expect("asked");
    assert!(held.is_some());
    assert!(database.lock(fingerprint).await.expect("asked").is_none());
    drop(held);
    for _ in 0..200 {
        if database.lock(fingerprint).await.expect("asked").is_some() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("a lock ends with its guard");
}

fn all(url: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let database = Database::open(url).await.expect("it opens");
        two_sightings_of_one_credential_are_one_incident(&database).await;
        a_credential_has_one_saga_and_a_journal_one_writer(&database).await;
        one_at_a_time_works_on_an_incident(&database).await;
        let again = Database::open(url).await.expect("it opens again");
        assert_eq!(
            again
                .sagas(sighting("two", "").fingerprint)
                .await
                .expect("a list")
                .len(),
            2
        );
    });
}

#[test]
fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    all(&folder.path().join("respond.db").display().to_string());
}

#[test]
fn on_postgresql() {
    if let Some(server) = Postgresql::start() {
        all(&server.admin_url());
    }
}
