//! A progress bar on standard error: only on a terminal, and only once a scan has taken a second, so that short
//! scans and pipes stay quiet.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use leakward_scan::progress::Progress;

/// How long nothing is drawn.
const PATIENCE: Duration = Duration::from_secs(1);

/// Draws how far the scan is.
pub(crate) struct Bar {
    started: Instant,
    bar: ProgressBar,
    phase: Mutex<String>,
}

impl Bar {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        let template = "{msg} {wide_bar} {pos}/{len} objects, {per_sec}, {elapsed}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self {
            started: Instant::now(),
            bar,
            phase: Mutex::default(),
        }
    }

    /// Takes the bar off the screen.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn show_when_due(&self) {
        if self.bar.is_hidden() && self.started.elapsed() >= PATIENCE {
            self.bar
                .set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
            self.bar.set_message(
                self.phase
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone(),
            );
        }
    }
}

impl Progress for Bar {
    fn phase(&self, name: &str) {
        name.clone_into(&mut self.phase.lock().unwrap_or_else(PoisonError::into_inner));
        self.bar.set_message(name.to_owned());
        self.bar.set_length(0);
        self.bar.set_position(0);
    }

    fn expect(&self, objects: u64, _bytes: u64) {
        self.bar.inc_length(objects);
    }

    fn advance(&self, objects: u64, _bytes: u64) {
        self.bar.inc(objects);
        self.show_when_due();
    }
}
