//! Does many calls to many servers: each server at its own pace, none of them in the others' way.
//!
//! Each server has a lane. A worker takes the next call of any lane that may start one: fewer running than allowed, long
//! enough after the last start, not asked to wait. So ten thousand calls to one slow server hold `per_host` workers and no
//! more.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::settings::Limits;

/// What became of a call.
pub(crate) enum Step<R> {
    /// It is done.
    Done(R),
    /// Once more, and nothing to this server before so much time has passed; if there is no more time, this is the result.
    Again(Duration, R),
}

/// One call: which lane, and what it needs.
pub(crate) struct Job<J> {
    pub(crate) lane: String,
    pub(crate) work: J,
}

struct Lane {
    name: String,
    waiting: VecDeque<(usize, u32)>,
    running: usize,
    not_before: Instant,
}

struct State<R> {
    lanes: Vec<Lane>,
    /// The lane to look at first, so that all get their turn.
    next: usize,
    open: usize,
    results: Vec<Option<R>>,
}

/// Does every job, and gives the results in the jobs' order; none for those that the run's time did not suffice for.
/// `work` is told how often the job was tried before.
pub(crate) fn run<J: Sync, R: Send>(
    jobs: &[Job<J>],
    limits: &Limits,
    work: impl Fn(&J, u32) -> Step<R> + Sync,
) -> Vec<Option<R>> {
    let started = Instant::now();
    let end = started + limits.run;
    let state = State::of(jobs, started);
    let workers = (state.lanes.len() * limits.per_host)
        .min(limits.at_once)
        .min(jobs.len());
    let state = Mutex::new(state);
    let pool = Pool {
        state,
        changed: Condvar::new(),
        limits,
        end,
    };
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let builder = std::thread::Builder::new().stack_size(512 << 10);
            // A machine that has no more threads does the work with those it has; with none at all, nothing is asked.
            if builder
                .spawn_scoped(scope, || pool.work(jobs, &work))
                .is_err()
            {
                break;
            }
        }
    });
    let state = pool
        .state
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    state.results
}

struct Pool<'l, R> {
    state: Mutex<State<R>>,
    changed: Condvar,
    limits: &'l Limits,
    end: Instant,
}

/// A call that a worker took: lane, job, and how often it was tried.
struct Taken {
    lane: usize,
    job: usize,
    tried: u32,
}

impl<R: Send> Pool<'_, R> {
    fn work<J>(&self, jobs: &[Job<J>], work: &impl Fn(&J, u32) -> Step<R>) {
        while let Some(taken) = self.take() {
            let Some(job) = jobs.get(taken.job) else {
                return;
            };
            let step = work(&job.work, taken.tried);
            self.put(&taken, step);
        }
    }

    /// The next call that may be made; none when there is nothing left to do.
    fn take(&self) -> Option<Taken> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let now = Instant::now();
            if state.open == 0 || now >= self.end {
                self.changed.notify_all();
                return None;
            }
            let (taken, wait) = state.take(now, self.limits);
            if taken.is_some() {
                return taken;
            }
            let wait = wait
                .unwrap_or(Duration::from_secs(1))
                .min(self.end.saturating_duration_since(now));
            let (guard, _) = self
                .changed
                .wait_timeout(state, wait)
                .unwrap_or_else(PoisonError::into_inner);
            state = guard;
        }
    }

    fn put(&self, taken: &Taken, step: Step<R>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.put(taken, step, Instant::now(), (self.limits, self.end));
        drop(state);
        self.changed.notify_all();
    }
}

impl<R> State<R> {
    /// Every job waits in its lane.
    fn of<J>(jobs: &[Job<J>], started: Instant) -> Self {
        let mut lanes: Vec<Lane> = Vec::new();
        let mut by_name = std::collections::HashMap::new();
        for (index, job) in jobs.iter().enumerate() {
            let at = *by_name.entry(job.lane.as_str()).or_insert_with(|| {
                lanes.push(Lane {
                    name: job.lane.clone(),
                    waiting: VecDeque::new(),
                    running: 0,
                    not_before: started,
                });
                lanes.len() - 1
            });
            if let Some(lane) = lanes.get_mut(at) {
                lane.waiting.push_back((index, 0));
            }
        }
        Self {
            lanes,
            next: 0,
            open: jobs.len(),
            results: jobs.iter().map(|_| None).collect(),
        }
    }

    /// A call has been made; the run ends at `end`.
    fn put(
        &mut self,
        taken: &Taken,
        step: Step<R>,
        now: Instant,
        (limits, end): (&Limits, Instant),
    ) {
        let last_try = taken.tried + 1 >= limits.attempts;
        let Some(lane) = self.lanes.get_mut(taken.lane) else {
            return;
        };
        lane.running -= 1;
        let result = match step {
            Step::Done(result) => Some(result),
            Step::Again(wait, result) => {
                let wait = wait.min(limits.longest_wait);
                lane.not_before = lane.not_before.max(now + wait);
                if last_try || now + wait >= end {
                    Some(result)
                } else {
                    lane.waiting.push_back((taken.job, taken.tried + 1));
                    None
                }
            }
        };
        if let Some(result) = result {
            self.open -= 1;
            if let Some(slot) = self.results.get_mut(taken.job) {
                *slot = Some(result);
            }
        }
    }

    /// A call that may be made now, or how long until there may be one.
    fn take(&mut self, now: Instant, limits: &Limits) -> (Option<Taken>, Option<Duration>) {
        let count = self.lanes.len();
        let mut soonest: Option<Duration> = None;
        for turn in 0..count {
            let index = (self.next + turn) % count.max(1);
            let Some(lane) = self.lanes.get_mut(index) else {
                continue;
            };
            if lane.waiting.is_empty() || lane.running >= limits.per_host {
                continue;
            }
            if lane.not_before > now {
                let wait = lane.not_before - now;
                soonest = Some(soonest.map_or(wait, |known| known.min(wait)));
                continue;
            }
            let Some((job, tried)) = lane.waiting.pop_front() else {
                continue;
            };
            lane.running += 1;
            lane.not_before = now + limits.spacing;
            self.next = index + 1;
            let taken = Taken {
                lane: index,
                job,
                tried,
            };
            return (Some(taken), None);
        }
        (None, soonest)
    }
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lane({}, {} waiting)", self.name, self.waiting.len())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn jobs(count: usize, lanes: usize) -> Vec<Job<usize>> {
        (0..count)
            .map(|index| Job {
                lane: format!("host-{}", index % lanes),
                work: index,
            })
            .collect()
    }

    fn quick() -> Limits {
        Limits {
            spacing: Duration::ZERO,
            ..Limits::default()
        }
    }

    /// How long the jobs take on a clock that stands still while something is done: each call takes `latency`.
    fn virtual_time(jobs: &[Job<usize>], limits: &Limits, latency: Duration) -> Duration {
        let begun = Instant::now();
        let end = begun + limits.run;
        let mut state = State::of(jobs, begun);
        let mut calls: Vec<(Instant, Taken)> = Vec::new();
        let mut now = begun;
        loop {
            let (done, going): (Vec<_>, Vec<_>) = calls.into_iter().partition(|(at, _)| *at <= now);
            for (_, taken) in &done {
                state.put(taken, Step::Done(()), now, (limits, end));
            }
            calls = going;
            if state.open == 0 {
                return now - begun;
            }
            let mut soonest = None;
            while calls.len() < limits.at_once {
                let (taken, wait) = state.take(now, limits);
                soonest = wait.map(|wait| now + wait);
                let Some(taken) = taken else { break };
                calls.push((now + latency, taken));
            }
            let ends = calls.iter().map(|(at, _)| *at);
            now = ends.chain(soonest).min().expect("something to wait for");
        }
    }

    #[test]
    fn as_many_calls_are_made_as_the_limits_allow_and_no_later() {
        let (limits, latency) = (Limits::default(), Duration::from_millis(100));
        let jobs_of = |lanes: usize| jobs(20 * lanes, lanes);
        // Twenty calls to each host: the spacing holds them up, and hosts do not hold up each other.
        for lanes in [1, 50] {
            let took = virtual_time(&jobs_of(lanes), &limits, latency);
            assert_eq!(took, limits.spacing * 19 + latency, "{lanes} hosts");
        }
        // Four at a time to a slow host: five rounds, in which the last call begins three spacings late.
        let slow = Duration::from_secs(1);
        let took = virtual_time(&jobs_of(1), &limits, slow);
        assert_eq!(took, slow * 5 + limits.spacing * 3);
        // 128 at a time to 1,000 hosts: eight rounds.
        let took = virtual_time(&jobs(1_000, 1_000), &limits, latency);
        assert_eq!(took, latency * 8);
    }

    #[test]
    fn every_job_is_done_once_and_results_keep_their_order() {
        let done = run(&jobs(500, 7), &quick(), |job, _| Step::Done(*job));
        let expected: Vec<Option<usize>> = (0..500).map(Some).collect();
        assert_eq!(done, expected);
    }

    #[test]
    fn a_host_is_never_asked_more_often_at_once_than_allowed() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let limits = Limits {
            per_host: 3,
            ..quick()
        };
        run(&jobs(60, 1), &limits, |_, _| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(1));
            running.fetch_sub(1, Ordering::SeqCst);
            Step::Done(())
        });
        assert!(most.load(Ordering::SeqCst) <= 3);
    }

    #[test]
    fn what_is_to_be_repeated_is_repeated_so_often_and_no_more() {
        let calls = AtomicUsize::new(0);
        let results = run(&jobs(4, 2), &quick(), |job, tried| {
            calls.fetch_add(1, Ordering::SeqCst);
            if *job == 0 || tried == 0 {
                Step::Again(Duration::ZERO, "gave up")
            } else {
                Step::Done("done")
            }
        });
        assert_eq!(
            results,
            [Some("gave up"), Some("done"), Some("done"), Some("done")]
        );
        assert_eq!(calls.load(Ordering::SeqCst), 3 + 2 * 3);
    }

    #[test]
    fn when_the_time_is_up_the_rest_has_no_result() {
        let limits = Limits {
            run: Duration::ZERO,
            ..quick()
        };
        assert_eq!(
            run(&jobs(3, 1), &limits, |_, _| Step::Done(())),
            [None, None, None]
        );
    }
}
