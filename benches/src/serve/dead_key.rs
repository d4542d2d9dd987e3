//! From a push to a dead key.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;
use leakward_tests::{Rotation, github_push};

use super::bed::{Disk, Hosting};

/// Pushes, one after the other.
const PUSHES: usize = 5;

/// A commit with a key is pushed: how long until the key is dead and its successor is where applications read it.
pub(super) fn of_pushes(program: &Path, disk: &Disk) -> anyhow::Result<()> {
    let hosting = Hosting::new()?;
    let sandbox = hosting.repository.sandbox();
    let policy = Rotation::approvals(0);
    let mut bed = Rotation::new(program, sandbox, Some(&policy), &hosting.table());
    bed.start = disk.emptied(bed.start);
    let serve = bed.start.start();
    let mut taken = Vec::new();
    for number in 0..PUSHES {
        let key = bed.key(sandbox, &format!("mailer/{number}"));
        let before = hosting.repository.id("HEAD");
        let text = format!("SENDGRID_API_KEY={key}\n");
        let after = hosting
            .repository
            .commit_file(&format!("{number}.env"), text);
        hosting
            .repository
            .git(&["push", "--quiet", "../served/acme/app.git", "HEAD"]);
        let body = github_push("acme/app", "refs/heads/main", &before, &after);
        let begun = Instant::now();
        ensure!(serve.github("push", &format!("p{number}"), &body).status == 202);
        while bed.issuer.knows(&key) {
            ensure!(begun.elapsed() < Duration::from_secs(60), "the key lives");
            std::thread::sleep(Duration::from_millis(5));
        }
        taken.push(begun.elapsed());
    }
    taken.sort_unstable();
    println!(
        "  from a push to a dead key, {PUSHES} times: median {:.2} s, longest {:.2} s",
        taken[PUSHES / 2].as_secs_f64(),
        taken[PUSHES - 1].as_secs_f64()
    );
    Ok(())
}
