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
            looked_at: None,
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
    /// When the queue was last found to have nothing for us.
    looked_at: Option<Instant>,
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
                () = self.claims.wait(IDLE) => self.looked_at = None,
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
        let is_dry = self.looked_at.is_some_and(|at| at.elapsed() < IDLE);
        let wish = Wish {
            most: if is_dry { 0 } else { room },
            without: self.here.full_lines(),
        };
        if self.ended.is_empty() && wish.most == 0 {
            return;
        }
        match self.claims.turn(&self.ended, &wish).await {
            Ok(claimed) => {
                self.ended.clear();
                if wish.most > 0 && claimed.len() < wish.most {
                    self.looked_at = Some(Instant::now());
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
            // Of a line that was full there may be more.
            self.looked_at = None;
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
    fn a_line_that_is_long_here_is_named_so_that_no_more_of_it_is_taken() {
        let mut here = Here::default();
        let line =
            |count: i64, repository| (0..count).map(move |id| claimed(id, "github", repository));
        here.waiting
            .extend(line(16, "a/busy").chain(line(15, "a/quiet")));
        assert_eq!(here.full_lines(), ["github a/busy"]);
    }
}
