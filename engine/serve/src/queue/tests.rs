//! The queue's promises, on SQLite; the end-to-end tests hold them on PostgreSQL.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::database::on;
use crate::sealing::Sealing;
use crate::time::Moment;

async fn queue(folder: &tempfile::TempDir) -> Queue {
    let path = folder.path().join("queue.db").display().to_string();
    let database = crate::database::open(&path).await.unwrap();
    Queue::new(database, Arc::new(Sealing::new(&[1; 32]).unwrap()))
}

fn job(delivery: &str, digest: &str) -> NewJob {
    NewJob {
        source: "github",
        delivery: delivery.to_owned(),
        digest: digest.to_owned(),
        event: "push".to_owned(),
        repository: "acme/app".to_owned(),
        content: b"swordfish".to_vec().into(),
    }
}

async fn next(claims: &Claims) -> Option<Claimed> {
    let wish = Wish {
        most: 1,
        ..Wish::default()
    };
    claims.turn(&[], &wish).await.unwrap().into_iter().next()
}

async fn finish(claims: &Claims, id: i64, outcome: Outcome) {
    claims
        .turn(&[(id, outcome)], &Wish::default())
        .await
        .unwrap();
}

fn content(claimed: &Claimed) -> &[u8] {
    #[expect(clippy::disallowed_methods, reason = "a test looks at what was sealed")]
    claimed.content.as_ref().unwrap().expose()
}

#[tokio::test]
async fn of_the_same_id_or_the_same_body_only_one_is_stored_also_within_a_batch() {
    let folder = tempfile::tempdir().unwrap();
    let queue = queue(&folder).await;
    let batch = [job("a", "1"), job("a", "2"), job("b", "1"), job("c", "3")];
    let accepted = queue.store(&batch).await.unwrap();
    assert_eq!(
        accepted,
        [
            Accepted::Stored,
            Accepted::Known,
            Accepted::Known,
            Accepted::Stored
        ]
    );
    assert_eq!(queue.depth().await.unwrap().waiting, 2);
}

#[tokio::test]
async fn a_delivery_is_handled_by_one_worker_kept_and_erased_when_it_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let queue = queue(&folder).await;
    queue.store(&[job("a", "1")]).await.unwrap();
    let (one, two) = (
        Claims::new(queue.clone(), "one".to_owned()),
        Claims::new(queue.clone(), "two".to_owned()),
    );
    let claimed = next(&one).await.unwrap();
    assert_eq!(
        (content(&claimed), claimed.attempts),
        (&b"swordfish"[..], 1)
    );
    assert!(next(&two).await.is_none());
    assert_eq!(one.keep().await.unwrap(), [claimed.id]);
    assert!(two.keep().await.unwrap().is_empty());
    finish(&two, claimed.id, Outcome::Parked("not mine".to_owned())).await;
    finish(&one, claimed.id, Outcome::Done("done".to_owned())).await;
    let listed = queue.list(Filter::default()).await.unwrap();
    assert_eq!(
        listed.first().map(|job| (job.state, job.note.as_str())),
        Some((State::Done, "done"))
    );
    let (left,): (i64,) = on!(queue.database, pool => sqlx::query_as("SELECT LENGTH(content) FROM serve_queue")
        .fetch_one(pool).await.unwrap());
    assert_eq!(left, 0);
    assert_eq!(
        queue.store(&[job("a", "1")]).await.unwrap(),
        [Accepted::Known],
        "its id is remembered"
    );
    assert_eq!(
        queue
            .forget_before(Moment::now().after(Duration::from_secs(1)))
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        queue.store(&[job("a", "1")]).await.unwrap(),
        [Accepted::Stored]
    );
}

#[tokio::test]
async fn what_a_dead_process_was_at_is_taken_back_and_a_lease_that_ran_out_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let queue = queue(&folder).await;
    queue.store(&[job("a", "1")]).await.unwrap();
    let (dead, heir) = (
        Claims::new(queue.clone(), "dead".to_owned()),
        Claims::new(queue.clone(), "next".to_owned()),
    );
    let claimed = next(&dead).await.unwrap();
    assert_eq!(queue.take_back().await.unwrap(), 1);
    assert_eq!(next(&heir).await.map(|again| again.id), Some(claimed.id));
    on!(queue.database, pool => sqlx::query("UPDATE serve_queue SET leased_until = 1").execute(pool).await.map(|_| ()).unwrap());
    let over = next(&dead).await.unwrap();
    assert_eq!((over.id, over.attempts), (claimed.id, 3));
    finish(&heir, over.id, Outcome::Done("late".to_owned())).await;
    assert_eq!(
        queue.depth().await.unwrap().running,
        1,
        "who lost the lease says nothing any more"
    );
}

#[tokio::test]
async fn what_failed_waits_and_what_is_parked_is_tried_again_when_somebody_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let queue = queue(&folder).await;
    let worker = Claims::new(queue.clone(), "one".to_owned());
    queue.store(&[job("a", "1")]).await.unwrap();
    let claimed = next(&worker).await.unwrap();
    finish(
        &worker,
        claimed.id,
        Outcome::Again(Duration::from_secs(60), "down".to_owned()),
    )
    .await;
    assert!(next(&worker).await.is_none(), "its time has not come");
    on!(queue.database, pool => sqlx::query("UPDATE serve_queue SET due_at = 1").execute(pool).await.map(|_| ()).unwrap());
    let claimed = next(&worker).await.unwrap();
    finish(&worker, claimed.id, Outcome::Parked("no".to_owned())).await;
    assert!(queue.rearm(claimed.id).await.unwrap() && !queue.rearm(claimed.id).await.unwrap());
    let claimed = next(&worker).await.unwrap();
    assert_eq!(content(&claimed), b"swordfish");
    finish(&worker, claimed.id, Outcome::Parked("no".to_owned())).await;
    assert_eq!(
        queue.store(&[job("b", "1")]).await.unwrap(),
        [Accepted::Rearmed],
        "it came again"
    );
    let claimed = next(&worker).await.unwrap();
    assert_eq!(
        (content(&claimed), claimed.attempts),
        (&b"swordfish"[..], 1)
    );
}

#[tokio::test]
async fn when_too_much_waits_more_is_turned_away() {
    let folder = tempfile::tempdir().unwrap();
    let queue = queue(&folder).await;
    let (intake, _writer) = Intake::start(queue.clone(), 1);
    assert_eq!(intake.accept(job("a", "1")).await, Ok(Accepted::Stored));
    assert_eq!(intake.accept(job("b", "2")).await, Err(IntakeError::Full));
}

#[tokio::test]
async fn what_comes_at_once_is_written_together_and_all_of_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let queue = queue(&folder).await;
    let (intake, _writer) = Intake::start(queue.clone(), 10_000);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..300 {
        let intake = intake.clone();
        tasks.spawn(async move {
            intake
                .accept(job(&number.to_string(), &number.to_string()))
                .await
        });
    }
    while let Some(done) = tasks.join_next().await {
        assert_eq!(done.unwrap(), Ok(Accepted::Stored));
    }
    assert_eq!(queue.depth().await.unwrap().waiting, 300);
}

#[tokio::test]
async fn whether_a_delivery_has_come_since_is_known_after_it_is_done_too() {
    let folder = tempfile::tempdir().unwrap();
    let queue = queue(&folder).await;
    let before = Moment::now();
    queue
        .store(&[job("approve 31a8 7 ann", "1")])
        .await
        .unwrap();
    let come = async |source: &str, beginning: &str, since: Moment| {
        queue.has_come(source, beginning, since).await.unwrap()
    };
    assert!(come("github", "approve 31a8 ", before).await);
    assert!(!come("github", "approve 31a ", before).await);
    assert!(!come("person", "approve 31a8 ", before).await);
    let later = Moment::now().after(Duration::from_secs(1));
    assert!(!come("github", "approve 31a8 ", later).await);
    let claims = Claims::new(queue.clone(), "one".to_owned());
    let claimed = next(&claims).await.unwrap();
    finish(&claims, claimed.id, Outcome::Done("done".to_owned())).await;
    assert!(come("github", "approve 31a8 ", before).await);
}
