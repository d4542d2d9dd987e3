//! Wall times of a command over several runs, alone or in turn with another one; of pairs also what they took of the processors, which
//! neighbours on the machine hardly change. (Linux only.)

use std::fmt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// Wall times of one command, sorted.
pub(crate) struct Runs(Vec<Duration>);

/// Two commands run in turn, and the ratios of neighbouring runs, sorted.
pub(crate) struct Pair {
    first: Runs,
    second: Runs,
    ratios: Vec<f64>,
    /// Seconds of the processors that all counted runs of each took together.
    processor: (f64, f64),
}

impl Runs {
    /// Runs `command` once to warm up, then `count` times.
    pub(crate) fn of(count: usize, command: &mut Command) -> anyhow::Result<Self> {
        wall(command)?;
        let mut times = (0..count)
            .map(|_| wall(command))
            .collect::<anyhow::Result<Vec<_>>>()?;
        times.sort_unstable();
        Ok(Self(times))
    }

    /// Runs `command` `count` times, each time after `prepare`, which is not measured.
    pub(crate) fn prepared(
        count: usize,
        command: &mut Command,
        prepare: impl Fn() -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            prepare()?;
            times.push(wall(command)?);
        }
        times.sort_unstable();
        Ok(Self(times))
    }

    /// The median in seconds.
    pub(crate) fn median_seconds(&self) -> f64 {
        self.at(self.0.len().saturating_sub(1) / 2) / 1e3
    }

    fn at(&self, index: usize) -> f64 {
        self.0.get(index).map_or(f64::NAN, Duration::as_secs_f64) * 1e3
    }
}

impl Pair {
    /// Runs both once to warm up, then in turn, `count` times each.
    pub(crate) fn of(
        count: usize,
        first: &mut Command,
        second: &mut Command,
    ) -> anyhow::Result<Self> {
        wall(first)?;
        wall(second)?;
        let (mut firsts, mut seconds, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let mut processor = (0.0, 0.0);
        for _ in 0..count {
            let before = processor_seconds();
            let a = wall(first)?;
            let between = processor_seconds();
            let b = wall(second)?;
            processor.0 += between - before;
            processor.1 += processor_seconds() - between;
            firsts.push(a);
            seconds.push(b);
            ratios.push(a.as_secs_f64() / b.as_secs_f64());
        }
        firsts.sort_unstable();
        seconds.sort_unstable();
        ratios.sort_by(f64::total_cmp);
        Ok(Self {
            first: Runs(firsts),
            second: Runs(seconds),
            ratios,
            processor,
        })
    }
}

/// Runs each of `commands` once to warm up, then all of them in turn, `count` times.
pub(crate) fn in_turn(count: usize, commands: &mut [Command]) -> anyhow::Result<Vec<Runs>> {
    for command in &mut *commands {
        wall(command)?;
    }
    let mut all = vec![Vec::new(); commands.len()];
    for _ in 0..count {
        for (times, command) in all.iter_mut().zip(&mut *commands) {
            times.push(wall(command)?);
        }
    }
    let sorted = all.into_iter().map(|mut times| {
        times.sort_unstable();
        Runs(times)
    });
    Ok(sorted.collect())
}

/// Wall time of one run. The output is read and thrown away; the status does not matter (findings are a status too).
fn wall(command: &mut Command) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let name = || format!("{}", command.get_program().to_string_lossy());
    let name = name();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .spawn()
        .context(name)?;
    if let Some(mut output) = child.stdout.take() {
        std::io::copy(&mut output, &mut std::io::sink())?;
    }
    child.wait()?;
    Ok(started.elapsed())
}

/// Seconds of the processors that the processes took that this one has waited for; none where the system does not tell.
fn processor_seconds() -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may hold anything: the times of children are the 14th and the 15th word.
    let words = text.rsplit(") ").next().unwrap_or_default();
    let ticks = words.split(' ').skip(13).take(2);
    let ticks = ticks.filter_map(|word| word.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS_PER_SECOND
}

impl fmt::Display for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.0.len().saturating_sub(1);
        write!(
            f,
            "{:.1} ms (min {:.1}, max {:.1}, {} runs)",
            self.at(last / 2),
            self.at(0),
            self.at(last),
            last + 1
        )
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ratio = |index: usize| self.ratios.get(index).copied().unwrap_or(f64::NAN);
        let last = self.ratios.len().saturating_sub(1);
        write!(
            f,
            "{} against {}; ratio {:.3} (min {:.3}, max {:.3}); of the processors {:.3}",
            self.first,
            self.second,
            ratio(last / 2),
            ratio(0),
            ratio(last),
            self.processor.0 / self.processor.1
        )
    }
}
