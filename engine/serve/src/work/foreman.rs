//! The foreman of a process: takes deliveries from the queue, gives them to hands, and writes down how they ended.
//!
//! Deliveries of one repository stand in one line, because one at a time works on its mirror; whoever waits for a mirror would be a
//! pair of hands less for the others. So that a busy repository fills neither all hands nor all room, of each line only a few are here.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

use super::worker::one;
use crate::queue::{Claimed, Claims, LEASE, Outcome, Wish};
use crate::service::Shared;
use crate::time::Moment;

/// How long nobody looks for what becomes due by itself.
const IDLE: Duration = Duration::from_millis(500);

/// LIMIT: a look passes over all that stands in full lines, and the time it takes is that long; so many times that long nobody looks.
const SHARE_OF_LOOKS: u32 = 20;

/// LIMIT: but not longer, so that what is due is begun with and leases are kept in time.
const LONGEST_PAUSE: Duration = Duration::from_secs(LEASE.as_secs() / 6);

/// LIMIT: deliveries of one line that are here, being worked on or waiting for hands.
const MOST_OF_ONE_LINE: usize = 16;

/// LIMIT: for each pair of hands, deliveries that are here and wait for some.
const WAITING_FOR_HANDS: usize = 4;

/// The foreman, at work.
pub(crate) struct Foreman(tokio::task::JoinHandle<()>);

impl Foreman {
    /// Starts it; it ends after what was begun when `ending` says so.
    pub(crate) fn start(service: &Shared, ending: &watch::Receiver<bool>) -> Self {
        // No two processes have the same name: a lease is kept by its owner alone.
        let name = format!("{}-{}", std::process::id(), Moment::now().0);
        let desk = Desk {
            claims: Claims::new(service.queue.clone(), name),
            most: service.config.limits.workers,
            service: Arc::clone(service),
            here: Here::default(),
            hands: JoinSet::new(),
            running: HashMap::new(),
            ended: Vec::new(),
            looks: Looks::default(),
            left: mpsc::unbounded_channel(),
        };
        Self(tokio::spawn(desk.work(ending.clone())))
    }

    /// Waits until all that was begun has ended.
    pub(crate) async fn finish(self) {
        if self.0.await.is_err() {
            tracing::error!(
                "the foreman broke off; what it had taken is done after the next start"
            );
        }
    }
}

/// What was taken and waits for hands.
#[derive(Default)]
struct Here {
    waiting: VecDeque<Claimed>,
    /// Lines of which one is being worked on.
    busy: HashSet<String>,
}

impl Here {
    /// Takes out the first that waits for nobody.
    fn next(&mut self) -> Option<Claimed> {
        let is_free = |one: &Claimed| one.line().is_none_or(|line| !self.busy.contains(&line));
        let at = self.waiting.iter().position(is_free)?;
        let claimed = self.waiting.remove(at)?;
        self.busy.extend(claimed.line());
        Some(claimed)
    }

    /// How many of what waits here could be begun with: of each line one, and none of a line that is being worked on.
    fn ready(&self) -> usize {
        let mut lines = HashSet::new();
        self.waiting
            .iter()
            .filter_map(Claimed::line)
            .filter(|line| !self.busy.contains(line))
            .for_each(|line| {
                lines.insert(line);
            });
        let of_no_line = self.waiting.iter().filter(|one| one.line().is_none());
        lines.len() + of_no_line.count()
    }

    /// Lines of which enough is here.
    fn full_lines(&self) -> Vec<String> {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for line in self.waiting.iter().filter_map(Claimed::line) {
            *counts.entry(line).or_default() += 1;
        }
        counts.retain(|_, count| *count >= MOST_OF_ONE_LINE);
        counts.into_keys().collect()
    }
}

/// Held by whoever works on a delivery, as long as the others of its line have to wait. Dropping it lets the next one go.
pub(super) struct HeadOfLine {
    id: i64,
    left: mpsc::UnboundedSender<i64>,
}

impl Drop for HeadOfLine {
    fn drop(&mut self) {
        // The foreman may have ended.
        let _gone = self.left.send(self.id);
    }
}

/// Something that is being worked on.
struct Running {
    line: Option<String>,
    abort: AbortHandle,
}

/// When the queue is looked at.
#[derive(Default)]
struct Looks {
    /// When it was last found to have no more for us, and how long nobody looks again where something was passed over.
    last: Option<(Instant, Duration)>,
    /// Lines that were passed over then.
    passed: HashSet<String>,
    /// When it is looked at again; nothing: at once.
    next: Option<Instant>,
}

impl Looks {
    fn is_time(&self) -> bool {
        self.next.is_none_or(|next| next <= Instant::now())
    }

    /// How long to wait for something to come.
    fn pause(&self) -> Duration {
        let left = self
            .next
            .map(|next| next.saturating_duration_since(Instant::now()));
        left.filter(|left| !left.is_zero()).unwrap_or(IDLE)
    }

    /// A look that was begun at this moment, and passed over these lines, found less than was wanted.
    fn found_no_more(&mut self, begun: Instant, passed: &[String]) {
        let rest = (begun.elapsed() * SHARE_OF_LOOKS).min(LONGEST_PAUSE);
        self.last = Some((Instant::now(), rest));
        self.passed = passed.iter().cloned().collect();
        // Where nothing was passed over, it was something else that took long.
        let pause = if passed.is_empty() {
            IDLE
        } else {
            IDLE.max(rest)
        };
        self.next = Some(Instant::now() + pause);
    }

    /// Something new is in the queue, or is due. Where nothing was passed over, a look costs nothing.
    fn something_came(&mut self) {
        let soonest = self
            .last
            .filter(|_| !self.passed.is_empty())
            .map(|(at, rest)| at + rest);
        self.next = self.next.min(soonest);
    }

    /// The line has moved on, and there is room for more of it, or there is not. What was passed over of it is looked for at once.
    fn moved_on(&mut self, line: &str, is_full: bool) {
        if !is_full && self.passed.remove(line) {
            self.next = None;
        }
    }
}

/// Where deliveries are given out and results come back.
struct Desk {
    service: Shared,
    claims: Claims,
    most: usize,
    here: Here,
    hands: JoinSet<(i64, Outcome)>,
    running: HashMap<i64, Running>,
    /// How deliveries ended, not written down yet.
    ended: Vec<(i64, Outcome)>,
    looks: Looks,
    /// Deliveries that let the next of their line go.
    left: (mpsc::UnboundedSender<i64>, mpsc::UnboundedReceiver<i64>),
}

impl Desk {
    async fn work(mut self, mut ending: watch::Receiver<bool>) {
        let mut kept = Instant::now();
        while !*ending.borrow() {
            self.turn().await;
            self.give_out();
            tokio::select! {
                Some(done) = self.hands.join_next() => self.take_in(done),
                Some(id) = self.left.1.recv() => self.leave_line(id),
                () = self.claims.wait(self.looks.pause()) => self.looks.something_came(),
                _ = ending.changed() => {}
            }
            // What ended meanwhile goes into the same turn.
            while let Some(done) = self.hands.try_join_next() {
                self.take_in(done);
            }
            if kept.elapsed() > LEASE / 3 {
                kept = Instant::now();
                self.keep().await;
            }
        }
        self.end().await;
    }

    /// Writes down what has ended, and takes what there is room for.
    async fn turn(&mut self) {
        // What stands behind others of its line fills no room: otherwise one busy line stops all others. It is bounded by itself.
        let room = (self.most * WAITING_FOR_HANDS).saturating_sub(self.here.ready());
        let wish = Wish {
            most: if self.looks.is_time() { room } else { 0 },
            without: self.here.full_lines(),
        };
        if self.ended.is_empty() && wish.most == 0 {
            return;
        }
        let begun = Instant::now();
        match self.claims.turn(&self.ended, &wish).await {
            Ok(claimed) => {
                self.ended.clear();
                if claimed.len() < wish.most {
                    self.looks.found_no_more(begun, &wish.without);
                }
                self.here.waiting.extend(claimed);
            }
            Err(error) => {
                // What has ended is written down later; if never, its lease runs out, and it is handled again.
                tracing::error!(%error, "the queue does not serve");
                tokio::time::sleep(IDLE).await;
            }
        }
    }

    fn give_out(&mut self) {
        while self.running.len() < self.most
            && let Some(claimed) = self.here.next()
        {
            let (id, line) = (claimed.id, claimed.line());
            let head = HeadOfLine {
                id,
                left: self.left.0.clone(),
            };
            let service = Arc::clone(&self.service);
            let abort = self
                .hands
                .spawn(async move { (id, one(&service, claimed, head).await) });
            self.running.insert(id, Running { line, abort });
        }
    }

    fn take_in(&mut self, done: Result<(i64, Outcome), tokio::task::JoinError>) {
        // A panic is an outcome like another before it gets here; only what was stopped is none.
        let Ok((id, outcome)) = done else { return };
        self.leave_line(id);
        self.running.remove(&id);
        self.ended.push((id, outcome));
    }

    fn leave_line(&mut self, id: i64) {
        let running = self.running.get_mut(&id);
        if let Some(line) = running.and_then(|running| running.line.take()) {
            self.here.busy.remove(&line);
            let is_full = self.here.full_lines().contains(&line);
            self.looks.moved_on(&line, is_full);
        }
    }

    /// Keeps the leases; lets go of what somebody else has meanwhile.
    async fn keep(&mut self) {
        let kept: HashSet<i64> = match self.claims.keep().await {
            Ok(kept) => kept.into_iter().collect(),
            // The leases last for two more tries.
            Err(error) => return tracing::warn!(%error, "leases could not be kept"),
        };
        self.here.waiting.retain(|one| kept.contains(&one.id));
        // A transaction whose end we did not hear of may have taken more in our name: that goes back.
        let unknown = kept.iter().filter(|id| !self.knows(**id));
        let unknown: Vec<(i64, Outcome)> = unknown.map(|id| (*id, Outcome::Released)).collect();
        self.ended.extend(unknown);
        let lost: Vec<i64> = self
            .running
            .keys()
            .filter(|id| !kept.contains(id))
            .copied()
            .collect();
        for id in lost {
            tracing::warn!(id, "somebody else has this delivery now");
            self.leave_line(id);
            if let Some(running) = self.running.remove(&id) {
                running.abort.abort();
            }
        }
    }

    fn knows(&self, id: i64) -> bool {
        self.running.contains_key(&id)
            || self.here.waiting.iter().any(|one| one.id == id)
            || self.ended.iter().any(|(ended, _)| *ended == id)
    }

    /// Finishes what was begun, and gives the rest back.
    async fn end(mut self) {
        let rest = std::mem::take(&mut self.here.waiting);
        self.ended
            .extend(rest.into_iter().map(|one| (one.id, Outcome::Released)));
        loop {
            self.write_down().await;
            match self.hands.join_next().await {
                Some(done) => self.take_in(done),
                None => return,
            }
        }
    }

    async fn write_down(&mut self) {
        if self.ended.is_empty() {
            return;
        }
        match self.claims.turn(&self.ended, &Wish::default()).await {
            Ok(_) => self.ended.clear(),
            Err(error) => tracing::error!(%error, "how deliveries ended could not be written down"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(id: i64, source: &str, repository: &str) -> Claimed {
        Claimed {
            id,
            source: source.to_owned(),
            delivery: id.to_string(),
            event: "push".to_owned(),
            repository: repository.to_owned(),
            attempts: 1,
            received_at: Moment(0),
            content: None,
        }
    }

    #[test]
    fn of_one_repository_one_is_worked_on_and_others_pass_it() {
        let mut here = Here::default();
        here.waiting.extend([
            claimed(1, "github", "a/a"),
            claimed(2, "github", "a/a"),
            claimed(3, "gitlab", "a/a"),
            claimed(4, "tell", "a/a"),
            claimed(5, "tell", "a/a"),
        ]);
        let given: Vec<i64> = std::iter::from_fn(|| here.next())
            .map(|one| one.id)
            .collect();
        assert_eq!(given, [1, 3, 4, 5]);
        here.busy.remove("github a/a");
        assert_eq!(here.next().map(|one| one.id), Some(2));
    }

    #[test]
    fn what_waits_for_its_line_leaves_room_for_others() {
        let mut here = Here::default();
        here.waiting
            .extend((0..15).map(|id| claimed(id, "github", "a/busy")));
        assert_eq!(here.ready(), 1, "one of them can be begun with");
        assert!(here.next().is_some());
        assert_eq!(here.ready(), 0, "the others wait for it");
        here.waiting.push_back(claimed(20, "github", "a/quiet"));
        here.waiting
            .extend((21..24).map(|id| claimed(id, "tell", "a/busy")));
        assert_eq!(here.ready(), 4, "one of a line, and all that stand in none");
    }

    #[test]
    fn where_much_is_passed_over_it_is_not_looked_for_more_all_the_time() {
        let long_ago = Instant::now()
            .checked_sub(Duration::from_millis(30))
            .expect("a machine that is up");
        let mut looks = Looks::default();
        assert!(looks.is_time());
        looks.found_no_more(long_ago, &[]);
        assert!(!looks.is_time(), "there was nothing");
        looks.something_came();
        assert!(looks.is_time(), "nothing was passed over");
        looks.found_no_more(long_ago, &["github a/busy".to_owned()]);
        looks.something_came();
        assert!(!looks.is_time(), "it takes 30 ms to find that out");
        let pause = looks.pause();
        let expected = Duration::from_millis(500)..Duration::from_millis(700);
        assert!(expected.contains(&pause), "{pause:?}");
        looks.moved_on("github a/busy", true);
        looks.moved_on("github a/other", false);
        assert!(!looks.is_time(), "there is no more of either");
        looks.moved_on("github a/busy", false);
        assert!(
            looks.is_time(),
            "the next of the line is the first that is found"
        );
        // However long it took: what is due is begun with, and leases are kept.
        if let Some(very_long_ago) = Instant::now().checked_sub(LEASE) {
            looks.found_no_more(very_long_ago, &[]);
            assert!(looks.pause() <= IDLE);
            looks.found_no_more(very_long_ago, &["github a/busy".to_owned()]);
            assert!(looks.pause() <= LEASE / 6);
        }
    }

    #[test]
    fn a_line_that_is_long_here_is_named_so_that_no_more_of_it_is_taken() {
        let mut here = Here::default();
        let line =
            |count: i64, repository| (0..count).map(move |id| claimed(id, "github", repository));
        here.waiting
            .extend(line(16, "a/busy").chain(line(15, "a/quiet")));
        assert_eq!(here.full_lines(), ["github a/busy"]);
    }
}
