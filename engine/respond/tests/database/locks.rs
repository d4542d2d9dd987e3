//! One process at a time works on an incident.

use crate::Case;
use crate::home::{Home, fingerprint};

pub(crate) const CASES: &[Case] = &[
    (
        "only one process has the right to work on an incident",
        exclusive,
    ),
    ("the right ends with whoever has it", ends),
];

fn exclusive(home: &Home) {
    let (one, other) = (home.open(), home.open());
    let ours = one
        .wait(one.database().lock(fingerprint(1)))
        .expect("the lock");
    assert!(ours.is_some());
    for _ in 0..3 {
        let theirs = other
            .wait(other.database().lock(fingerprint(1)))
            .expect("the lock");
        assert!(theirs.is_none(), "somebody has it");
        let again = one
            .wait(one.database().lock(fingerprint(1)))
            .expect("the lock");
        assert!(again.is_none(), "also within one process");
    }
    let another = other
        .wait(other.database().lock(fingerprint(2)))
        .expect("the lock");
    assert!(another.is_some(), "another incident is free");
}

fn ends(home: &Home) {
    let other = home.open();
    {
        let one = home.open();
        let ours = one
            .wait(one.database().lock(fingerprint(1)))
            .expect("the lock");
        assert!(ours.is_some());
        drop(ours);
    }
    // A server notices a moment later that a connection has ended.
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        let theirs = other
            .wait(other.database().lock(fingerprint(1)))
            .expect("the lock");
        if theirs.is_some() {
            return;
        }
        assert!(std::time::Instant::now() < patience, "it never ends");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
