//! `kill -9` at random under load: what was accepted is handled, and no act of a provider is repeated.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use leakward_tests::{Rotation, Sandbox, Service, id_of};

use super::bed::{Bed, Connection, Delivery, Disk, deliveries};
use super::drained;

/// Crashes.
const CRASHES: usize = 20;

/// Keys that leak while the service is killed.
const KEYS: usize = 40;

/// How long the service lives before it is killed: different each time, and the same in each run of this program.
fn life(crash: usize) -> Duration {
    Duration::from_millis(50 + (crash as u64 * 7_919) % 900)
}

/// Deliveries under load.
pub(super) fn of_deliveries(program: &Path, disk: &Disk) -> anyhow::Result<()> {
    let bed = Bed::new(program, disk)?;
    let accepted = Mutex::new(HashSet::new());
    for crash in 0..CRASHES {
        let serve = bed.start.start();
        let all = deliveries(&bed, &format!("c{crash}"), 3_000);
        let (next, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
        let port = serve.port();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let note = |delivery: &Delivery| {
                        if let Ok(mut set) = accepted.lock() {
                            set.insert(delivery.id.clone());
                        }
                    };
                    // The service goes away under it; that is the point.
                    let Ok(mut connection) = Connection::open(port) else {
                        return;
                    };
                    while !ended.load(Ordering::Relaxed) {
                        let Some(delivery) = all.get(next.fetch_add(1, Ordering::Relaxed)) else {
                            return;
                        };
                        match connection.send(delivery) {
                            Ok(202) => note(delivery),
                            Ok(_) => {}
                            Err(_) => return,
                        }
                    }
                });
            }
            std::thread::sleep(life(crash));
            serve.kill();
            ended.store(true, Ordering::Relaxed);
        });
    }
    let serve = bed.start.start();
    drained(&serve)?;
    drop(serve);
    let accepted = accepted
        .into_inner()
        .map_err(|_| anyhow::anyhow!("a client broke"))?;
    let stored = stored(&bed, disk)?;
    let lost = accepted.iter().filter(|id| !stored.contains(*id)).count();
    println!(
        "  killed {CRASHES} times under load: {} accepted, {lost} lost, each handled",
        accepted.len()
    );
    ensure!(lost == 0, "{lost} deliveries were lost");
    Ok(())
}

/// The ids that are done, as the database has them.
fn stored(bed: &Bed, disk: &Disk) -> anyhow::Result<HashSet<String>> {
    const SELECT: &str = "SELECT delivery FROM serve_queue WHERE state = 'done'";
    const SCRIPT: &str = "import sqlite3, sys\nfor row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): print(row[0])\n";
    let text = match disk {
        Disk::Postgresql(server) => server.run(SELECT),
        Disk::Sqlite => {
            let output = std::process::Command::new("python3")
                .args(["-c", SCRIPT])
                .arg(bed.start.data().join("leakward.db"))
                .arg(SELECT)
                .output()
                .context("python3")?;
            let said = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "{said}");
            String::from_utf8(output.stdout)?
        }
    };
    Ok(text.lines().map(str::to_owned).collect())
}

/// Responses under way: a successor is made, stored, tested, promoted; the old key is taken away and proven dead.
pub(super) fn of_responses(program: &Path, disk: &Disk) -> anyhow::Result<()> {
    let sandbox = Sandbox::new();
    let mut bed = Rotation::new(program, &sandbox, Some(&Rotation::approvals(0)), "");
    bed.start = disk.emptied(bed.start);
    let path = |number: usize| format!("app/{number}");
    let keys: Vec<String> = (0..KEYS)
        .map(|number| bed.key(&sandbox, &path(number)))
        .collect();
    for crash in 0..CRASHES {
        let serve = bed.start.start();
        let each = KEYS / CRASHES;
        for (number, key) in keys.iter().enumerate().skip(crash * each).take(each) {
            bed.leak(&serve, &format!("leak-{number}"), key);
        }
        std::thread::sleep(life(crash));
        serve.kill();
    }
    let serve = bed.start.start();
    settled(&serve)?;
    let acts = bed.issuer.acts();
    let replaced = acts.made - KEYS;
    for (number, key) in keys.iter().enumerate() {
        ensure!(!bed.issuer.knows(key), "key {number} still works");
        ensure!(acts.removed.contains(id_of(key)), "key {number}");
        let successor = bed.in_store(&sandbox, &path(number));
        ensure!(bed.issuer.knows(&successor), "successor {number}");
    }
    println!(
        "  killed {CRASHES} times in the middle of {KEYS} rotations: all contained; {} revocations repeated, {} successors left over; \
         {replaced} whose value died with the process were taken away and made anew",
        acts.removed_in_vain,
        bed.issuer.working() - KEYS,
    );
    ensure!(acts.removed_in_vain == 0, "{acts:?}");
    ensure!(bed.issuer.working() == KEYS, "a successor is left over");
    Ok(())
}

fn settled(serve: &Service) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let closed = serve.get("/v1/incidents?state=closed").json()["total"].as_u64();
        if closed == Some(KEYS as u64) {
            return Ok(());
        }
        ensure!(
            begun.elapsed() < Duration::from_secs(300),
            "{closed:?} of {KEYS} are closed: {}",
            serve.get("/v1/incidents?state=unsettled").body
        );
        std::thread::sleep(Duration::from_millis(500));
    }
}
