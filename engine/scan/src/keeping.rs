//! Writes down from time to time what a scan has looked at, so that the next one goes on from there when this one is ended by force.
//!
//! Each time there is more to write, so each pause is twice as long as the one before.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::cache::ScanCache;
use crate::collector::Collector;

/// The first pause: a shorter scan is begun anew faster than it is written down.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause, which is what a kill costs at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Does the work, and meanwhile writes down what `collector` has been through.
pub(crate) fn keeping<R>(
    cache: Option<&ScanCache>,
    collector: &Collector<'_>,
    work: impl FnOnce() -> R,
) -> R {
    let Some(cache) = cache else { return work() };
    let (at_work, is_done) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut pause = FIRST_PAUSE;
            while is_done.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                let quiet = collector.quiet_so_far().unwrap_or_default();
                if !quiet.is_empty() && cache.note_begun(quiet).is_err() {
                    // Told at the end, when it still cannot be written.
                    return;
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        });
        let result = work();
        drop(at_work);
        result
    })
}
