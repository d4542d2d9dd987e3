//! Every fault at every call, and random sequences of faults.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use leakward_respond::plan::{Goal, Order};
use leakward_respond::provider::{Birth, Overlap};
use leakward_respond::saga::{Outcome, Patience, Saga, SagaError, SagaId, World};
use proptest::prelude::*;

use crate::sim::{FAULTS, Fault, Killed, Scenario, Sight, Sim};

/// More runs than any sequence of faults needs.
const MOST_RUNS: usize = 60;

fn scenarios() -> Vec<Scenario> {
    let mut all = vec![Scenario {
        goal: Goal::Revoke,
        order: Order::SuccessorFirst,
        birth: Birth::Issued,
        overlap: Overlap::Both,
        sight: Sight::Listed,
    }];
    for order in [Order::SuccessorFirst, Order::ContainmentFirst] {
        for birth in [Birth::Issued, Birth::Chosen] {
            for overlap in [Overlap::Both, Overlap::None] {
                all.push(Scenario {
                    goal: Goal::Rotate,
                    order,
                    birth,
                    overlap,
                    sight: Sight::Listed,
                });
            }
        }
    }
    // Behind the others: with several faults in a row, containment does not wait for what it would have to know.
    for (goal, order) in [
        (Goal::Revoke, Order::SuccessorFirst),
        (Goal::Rotate, Order::SuccessorFirst),
        (Goal::Rotate, Order::ContainmentFirst),
    ] {
        all.push(Scenario {
            goal,
            order,
            birth: Birth::Issued,
            overlap: Overlap::Both,
            sight: Sight::Itself,
        });
    }
    all
}

/// Runs, dies, is resumed, waits for people, until it is over. How it ended.
fn to_the_end(sim: &Sim) -> Outcome {
    let patience = Patience {
        tries: 3,
        first_wait: Duration::from_secs(1),
        settling: Duration::from_secs(8),
        longest_grace: Duration::from_secs(600),
    };
    let world = World {
        provider: sim,
        rule: &sim.rule,
        identities: sim,
        store: Some(sim),
        receivers: sim,
        prover: sim,
        journal: sim,
        witness: sim,
        messenger: sim,
        clock: sim,
        pause: sim,
        key: &sim.key,
        patience: &patience,
    };
    for _ in 0..MOST_RUNS {
        let run = || -> Result<Outcome, SagaError> {
            Saga::new(world, SagaId("saga".to_owned()), sim.plan(), sim.old())?.run()
        };
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(Outcome::Parked { .. } | Outcome::UndoFailed(_)) | Err(_)) => sim.person_comes(),
            Ok(Ok(over)) => return over,
            Err(panic) => assert!(panic.is::<Killed>(), "the saga panicked"),
        }
    }
    panic!("it never comes to an end");
}

fn revoked_with(sight: Sight, faults: Vec<(usize, Fault)>) -> (Sim, Outcome) {
    let scenario = Scenario {
        goal: Goal::Revoke,
        order: Order::SuccessorFirst,
        birth: Birth::Issued,
        overlap: Overlap::Both,
        sight,
    };
    let sim = Sim::new(scenario, faults);
    let outcome = to_the_end(&sim);
    sim.judge(outcome == Outcome::Finished);
    (sim, outcome)
}

/// A refused token or a revoked certificate is not all of a key.
#[test]
fn what_is_refused_is_dead_when_the_provider_says_so_too_where_its_word_says_more() {
    for (sight, looks, is_proven) in [(Sight::Late, 3, true), (Sight::InPart, 1, false)] {
        let (sim, outcome) = revoked_with(sight, Vec::new());
        match outcome {
            Outcome::Finished => assert!(is_proven, "{sight:?}"),
            Outcome::Unproven(why) => assert!(!is_proven && why.contains("may work"), "{why}"),
            other => panic!("{sight:?}: {other:?}"),
        }
        assert_eq!(sim.looked(), looks, "{sight:?}");
    }
}

/// A token with the wrong claims, or under a name that nobody knows, is refused before and after.
#[test]
fn what_was_refused_before_it_was_revoked_is_not_proven_dead_by_a_refusal() {
    let (sim, outcome) = revoked_with(Sight::Doubtful, Vec::new());
    assert_eq!(outcome, Outcome::Finished, "it was accepted before");
    for call in 0..sim.calls() {
        for fault in [Fault::KillBefore, Fault::KillAfter] {
            let (_, outcome) = revoked_with(Sight::Doubtful, vec![(call, fault)]);
            assert_eq!(outcome, Outcome::Finished, "{fault:?} at {call}");
            let (_, outcome) = revoked_with(Sight::Misnamed, vec![(call, fault)]);
            let why = format!("{fault:?} at {call}: {outcome:?}");
            assert!(
                matches!(&outcome, Outcome::Unproven(said) if said.contains("refused before")),
                "{why}"
            );
        }
    }
    // Nobody answered before it was revoked.
    let silent = (0..3).map(|call| (call, Fault::Down)).collect();
    let (_, outcome) = revoked_with(Sight::Doubtful, silent);
    assert!(
        matches!(&outcome, Outcome::Unproven(said) if said.contains("nobody knows")),
        "{outcome:?}"
    );
}

/// A TLS key of which one certificate had been revoked before, where the CA cannot list the others.
#[test]
fn a_refusal_that_says_less_does_not_stand_for_a_revocation_that_was_cut_off() {
    let (sim, _) = revoked_with(Sight::Nobody, Vec::new());
    for call in 0..sim.calls() {
        for fault in [Fault::KillBefore, Fault::LostBefore] {
            let (_, outcome) = revoked_with(Sight::Nobody, vec![(call, fault)]);
            assert!(
                matches!(outcome, Outcome::Unproven(_)),
                "{fault:?} at {call}: {outcome:?}"
            );
        }
    }
}

fn hold(scenario: Scenario, faults: &[(usize, Fault)]) -> usize {
    let sim = Sim::new(scenario, faults.to_vec());
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let outcome = to_the_end(&sim);
        sim.judge(outcome == Outcome::Finished);
        outcome
    }));
    match outcome {
        Ok(outcome) => {
            let is_usurped = faults.iter().any(|(_, fault)| *fault == Fault::Usurp);
            assert!(
                outcome == Outcome::Finished || is_usurped,
                "{scenario:?} {faults:?}: only another person's change turns it back: {outcome:?}"
            );
            sim.calls()
        }
        Err(panic) => {
            eprintln!("{scenario:?} {faults:?}");
            std::panic::resume_unwind(panic)
        }
    }
}

#[test]
fn the_laws_hold_with_every_fault_at_every_call() {
    let mut tried = 0;
    for scenario in scenarios() {
        let calls = hold(scenario, &[]);
        assert!(calls > 5, "{scenario:?}: {calls} calls");
        for call in 0..calls {
            for fault in FAULTS {
                hold(scenario, &[(call, fault)]);
                tried += 1;
            }
        }
    }
    assert!(tried > 1_000, "{tried} faults");
}

fn a_fault() -> impl Strategy<Value = (usize, Fault)> {
    (0..90_usize, prop::sample::select(FAULTS.to_vec()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_laws_hold_with_any_sequence_of_faults(
        which in 0..9_usize,
        faults in prop::collection::vec(a_fault(), 2..7),
    ) {
        hold(scenarios()[which], &faults);
    }
}
