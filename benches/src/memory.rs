//! The peak of a process's anonymous memory: what it allocates, without the pack files it maps.
//!
//! Linux only: `/proc/PID/smaps_rollup` is read every few milliseconds while the process runs, so a shorter peak can be
//! missed.

use std::process::{Command, Stdio};
use std::time::Duration;

/// How often the process is looked at.
const INTERVAL: Duration = Duration::from_millis(5);

/// Runs `command` and gives the largest amount of anonymous memory that was seen, in bytes.
pub(crate) fn peak_anonymous(command: &mut Command) -> anyhow::Result<u64> {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .spawn()?;
    let path = format!("/proc/{}/smaps_rollup", child.id());
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        // Between two looks the process may have ended; then there is nothing to read.
        if let Ok(text) = std::fs::read_to_string(&path) {
            peak = peak.max(anonymous(&text));
        }
        std::thread::sleep(INTERVAL);
    }
    Ok(peak)
}

/// The line `Anonymous:   123 kB` of the table.
fn anonymous(table: &str) -> u64 {
    let line = table
        .lines()
        .find_map(|line| line.strip_prefix("Anonymous:"));
    let kib = line
        .and_then(|line| line.split_whitespace().next())
        .and_then(|number| number.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::anonymous;

    #[test]
    fn anonymous_memory_is_read_from_the_table() {
        assert_eq!(
            anonymous("Rss:  10 kB\nAnonymous:          12 kB\n"),
            12 << 10
        );
        assert_eq!(anonymous(""), 0);
    }
}
