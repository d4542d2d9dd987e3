//! Incidents and their events.

use leakward_respond::DatabaseError;
use leakward_respond::database::IncidentFilter;
use leakward_respond::incident::{Event, State};

use crate::Case;
use crate::home::{Home, NOW, counted, fingerprint, sighting};

pub(crate) const CASES: &[Case] = &[
    (
        "two findings that race for one credential are one incident",
        one_incident,
    ),
    ("changes by many at once are all kept", no_change_is_lost),
    ("incidents are listed by what is asked for", listing),
    ("what is not there is said by name", absent),
    ("what was written is there for the next process", kept),
    ("a database of a newer version is refused", newer),
    (
        "processes that open a new database at once find it whole",
        opened_at_once,
    ),
];

fn one_incident(home: &Home) {
    let ledger = home.open();
    let news: Vec<bool> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let seen = sighting(1);
                    let saw = ledger.database().saw(&seen, "a test", NOW);
                    ledger.wait(saw).expect("seen").1
                })
            })
            .collect();
        all.into_iter()
            .map(|one| one.join().expect("no panic"))
            .collect()
    });
    assert_eq!(news.iter().filter(|is_new| **is_new).count(), 1);
    let all = ledger.wait(ledger.database().incidents(&IncidentFilter::default()));
    assert_eq!(all.expect("incidents").len(), 1);
    let events = ledger
        .wait(ledger.database().events(fingerprint(1)))
        .expect("events");
    let kinds = counted(events.into_iter().map(|event| event.kind));
    assert_eq!(kinds.get("opened"), Some(&1), "{kinds:?}");
}

fn no_change_is_lost(home: &Home) {
    let ledger = home.open();
    ledger
        .wait(ledger.database().saw(&sighting(1), "a test", NOW))
        .expect("seen");
    let others: Vec<_> = (0..2).map(|_| home.open()).collect();
    std::thread::scope(|scope| {
        for (index, other) in others.iter().enumerate() {
            scope.spawn(move || {
                for step in 0..10 {
                    let name = format!("n{index}-{step}");
                    other
                        .change(fingerprint(1), NOW, |incident| {
                            incident.identity.push((name.clone(), "x".to_owned()));
                            Some(Event {
                                fingerprint: incident.fingerprint,
                                at: NOW,
                                actor: "a test".to_owned(),
                                kind: "note".to_owned(),
                                text: name.clone(),
                            })
                        })
                        .expect("changed");
                }
            });
        }
    });
    let incident = ledger
        .wait(ledger.database().incident(fingerprint(1)))
        .expect("it");
    assert_eq!(incident.identity.len(), 20);
    assert_eq!(incident.revision, 20);
    let events = ledger
        .wait(ledger.database().events(fingerprint(1)))
        .expect("events");
    assert_eq!(events.len(), 21);
    let own: Vec<&str> = events
        .iter()
        .map(|event| event.text.as_str())
        .filter(|text| text.starts_with("n0-"))
        .collect();
    let in_order: Vec<String> = (0..10).map(|step| format!("n0-{step}")).collect();
    assert_eq!(own, in_order, "in the order in which they happened");
}

fn listing(home: &Home) {
    let ledger = home.open();
    for number in 1..=4 {
        ledger
            .wait(
                ledger
                    .database()
                    .saw(&sighting(number), "a test", NOW + u64::from(number)),
            )
            .expect("seen");
    }
    ledger
        .change(fingerprint(3), NOW, |incident| {
            incident.state = State::NeedsPerson;
            Some(Event {
                fingerprint: incident.fingerprint,
                at: NOW,
                actor: "a test".to_owned(),
                kind: "state".to_owned(),
                text: "somebody has to look".to_owned(),
            })
        })
        .expect("changed");
    let ask = |filter: IncidentFilter| -> Vec<_> {
        let all = ledger
            .wait(ledger.database().incidents(&filter))
            .expect("incidents");
        all.into_iter()
            .map(|incident| incident.fingerprint)
            .collect()
    };
    let (one, two, three, four) = (
        fingerprint(1),
        fingerprint(2),
        fingerprint(3),
        fingerprint(4),
    );
    // What is critical is due in an hour, what is high in a day.
    assert_eq!(ask(IncidentFilter::default()), [one, three, two, four]);
    let paged = IncidentFilter {
        limit: 2,
        offset: 1,
        ..IncidentFilter::default()
    };
    assert_eq!(ask(paged), [three, two]);
    let state = IncidentFilter {
        state: Some(State::NeedsPerson),
        ..IncidentFilter::default()
    };
    assert_eq!(ask(state), [three]);
    let severity = IncidentFilter {
        severity: Some(leakward_core::Severity::High),
        ..IncidentFilter::default()
    };
    assert_eq!(ask(severity), [two, four]);
    let owner = IncidentFilter {
        owner: Some("ann".to_owned()),
        ..IncidentFilter::default()
    };
    assert_eq!(ask(owner), [two]);
}

fn absent(home: &Home) {
    let ledger = home.open();
    let error = ledger
        .wait(ledger.database().incident(fingerprint(9)))
        .expect_err("none");
    assert_eq!(
        error.to_string(),
        format!("there is no incident {}", fingerprint(9))
    );
    let error = ledger
        .change(fingerprint(9), NOW, |_| None)
        .expect_err("none");
    assert!(matches!(error, DatabaseError::Absent { .. }));
}

fn opened_at_once(home: &Home) {
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| home.try_open().map(drop).expect("the database"));
        }
    });
    let ledger = home.open();
    let none = ledger.wait(ledger.database().incidents(&IncidentFilter::default()));
    assert_eq!(none.expect("incidents"), []);
}

fn kept(home: &Home) {
    let written = {
        let ledger = home.open();
        ledger
            .wait(ledger.database().saw(&sighting(1), "a test", NOW))
            .expect("seen")
            .0
    };
    let ledger = home.open();
    let read = ledger
        .wait(ledger.database().incident(fingerprint(1)))
        .expect("it");
    assert_eq!(read, written);
}

fn newer(home: &Home) {
    drop(home.open());
    let added = home.meddle(
        "INSERT INTO migrations_of_response (version, description, success, checksum, execution_time) \
         SELECT 900, 'from the future', success, checksum, 0 FROM migrations_of_response WHERE version = 1",
    );
    assert_eq!(added, 1);
    let error = home.try_open().map(drop).expect_err("newer").to_string();
    assert!(
        error.contains("cannot be opened") && error.contains("900"),
        "{error}"
    );
    assert!(
        !error.contains("the-admin-of-the-test"),
        "no password: {error}"
    );
}
