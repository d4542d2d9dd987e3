//! Deliveries a second, and latency at a steady pace.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;

use super::bed::{BODY, Bed, Connection, Disk, deliveries};
use super::drained;

/// Deliveries of the measurement of throughput, and connections that they come over.
const DELIVERIES: usize = 20_000;
const CONNECTIONS: usize = 32;

/// The steady pace, and how long it lasts.
const PACE: usize = 500;
const STEADY: Duration = Duration::from_secs(20);

/// As many as it takes, over a few connections; and how long until all are handled.
pub(super) fn throughput(program: &Path, disk: &Disk) -> anyhow::Result<()> {
    let bed = Bed::new(program, disk)?;
    let all = deliveries(&bed, "t", DELIVERIES);
    let serve = bed.start.start();
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| -> std::io::Result<usize> {
                    let mut connection = Connection::open(serve.port())?;
                    let mut refused = 0;
                    while let Some(delivery) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                        refused += usize::from(connection.send(delivery)? != 202);
                    }
                    Ok(refused)
                })
            })
            .collect();
        for client in clients {
            let refused = client
                .join()
                .map_err(|_| anyhow::anyhow!("a client broke"))??;
            ensure!(refused == 0, "{refused} deliveries were not accepted");
        }
        Ok(())
    })?;
    let took = begun.elapsed();
    println!(
        "  accepted durably: {DELIVERIES} signed pushes of {BODY} bytes in {:.2} s: {:.0} a second ({CONNECTIONS} connections)",
        took.as_secs_f64(),
        DELIVERIES as f64 / took.as_secs_f64(),
    );
    let later = drained(&serve)?;
    println!(
        "  all handled {:.1} s later: {:.0} a second",
        later.as_secs_f64(),
        DELIVERIES as f64 / (took + later).as_secs_f64()
    );
    Ok(())
}

/// A steady pace, and how long each answer takes.
pub(super) fn steady(program: &Path, disk: &Disk) -> anyhow::Result<()> {
    let bed = Bed::new(program, disk)?;
    let count = PACE * usize::try_from(STEADY.as_secs())?;
    let all = deliveries(&bed, "s", count);
    let serve = bed.start.start();
    let next = AtomicUsize::new(0);
    let latencies = Mutex::new(Vec::with_capacity(count));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| -> std::io::Result<()> {
                let mut connection = Connection::open(serve.port())?;
                let mut own = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(delivery) = all.get(number) else {
                        break;
                    };
                    // Against the schedule, so that a stall counts for all that it delays.
                    let due = begun + Duration::from_secs_f64(number as f64 / PACE as f64);
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    connection.send(delivery)?;
                    own.push(due.elapsed());
                }
                if let Ok(mut latencies) = latencies.lock() {
                    latencies.append(&mut own);
                }
                Ok(())
            });
        }
    });
    let mut latencies = latencies.into_inner().unwrap_or_default();
    ensure!(
        latencies.len() == count,
        "{} of {count} were answered",
        latencies.len()
    );
    latencies.sort_unstable();
    let at = |part: f64| {
        latencies
            .get((count as f64 * part) as usize)
            .copied()
            .unwrap_or_default()
    };
    println!(
        "  at {PACE} a second for {} s: median {:.1} ms, p99 {:.1} ms, p99.9 {:.1} ms",
        STEADY.as_secs(),
        at(0.5).as_secs_f64() * 1e3,
        at(0.99).as_secs_f64() * 1e3,
        at(0.999).as_secs_f64() * 1e3
    );
    Ok(())
}
