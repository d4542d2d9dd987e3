//! Walks every object of a git repository and prints how many there are and how long that took:
//! `cargo run --release -p leakward-sources --example walk -- REPOSITORY [THREADS] [blobs|tags]`.
//!
//! The visitor looks at nothing, so this measures decoding alone. Compare the counts with
//! `git cat-file --batch-all-objects --batch-check`.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use leakward_core::Skipped;
use leakward_sources::git::{GitError, ObjectKinds, OpenOptions, Repository};
use leakward_sources::{Edit, Origin, Piece, Visitor};

/// Counts, and nothing else.
#[derive(Default)]
struct Counting {
    totals: [AtomicU64; COUNTS],
    skipped: AtomicU64,
}

const COUNTS: usize = 6;
const NAMES: [&str; COUNTS] = ["blobs", "blob bytes", "commits", "tags", "changed", "edits"];

/// One thread's counts; they are added up when it ends.
struct Counts<'c> {
    counts: [u64; COUNTS],
    totals: &'c Counting,
}

impl Drop for Counts<'_> {
    fn drop(&mut self) {
        for (total, count) in self.totals.totals.iter().zip(self.counts) {
            total.fetch_add(count, Ordering::Relaxed);
        }
    }
}

/// A reference to the totals that can be shared as a visitor.
struct Counter<'c>(&'c Counting);

impl<'c> Visitor for Counter<'c> {
    type Worker = Counts<'c>;
    type Note = ();

    fn worker(&self) -> Counts<'c> {
        Counts {
            counts: [0; COUNTS],
            totals: self.0,
        }
    }

    fn whole(&self, worker: &mut Counts<'c>, piece: Piece<'_>) {
        let [blobs, bytes, commits, tags, ..] = &mut worker.counts;
        match piece.origin {
            Origin::Commit(_) => *commits += 1,
            Origin::Tag(_) => *tags += 1,
            _ => {
                *blobs += 1;
                *bytes += piece.bytes.len() as u64;
            }
        }
    }

    fn changed(&self, worker: &mut Counts<'c>, piece: Piece<'_>, (): &(), edits: &[Edit]) {
        self.whole(worker, piece);
        let [.., changed, made] = &mut worker.counts;
        *changed += 1;
        *made += edits.len() as u64;
    }

    fn skipped(&self, skipped: Skipped) {
        if self.0.skipped.fetch_add(1, Ordering::Relaxed) < 5 {
            eprintln!(
                "{}: {}: {}",
                skipped.kind.as_str(),
                skipped.what,
                skipped.reason
            );
        }
    }
}

fn main() -> Result<(), GitError> {
    let arguments: Vec<String> = std::env::args().collect();
    let path = arguments.get(1).map_or(".", String::as_str);
    let threads = arguments
        .get(2)
        .and_then(|threads| threads.parse().ok())
        .unwrap_or(0);
    // Tags are so few that asking for them alone measures what comes before the walk.
    let kinds = match arguments.get(3).map(String::as_str) {
        Some("blobs") => ObjectKinds::BLOBS,
        Some("tags") => ObjectKinds::TAGS,
        _ => ObjectKinds::ALL,
    };

    let start = Instant::now();
    let repository = Repository::open(Path::new(path), OpenOptions::default())?;
    println!("open {:?}", start.elapsed());
    println!("{:?}", repository.store_size());
    let counting = Counting::default();
    let start = Instant::now();
    repository.scan_objects(kinds, &Counter(&counting), threads)?;
    println!("walk {:?}", start.elapsed());
    for (name, total) in NAMES.iter().zip(&counting.totals) {
        println!("{name} {}", total.load(Ordering::Relaxed));
    }
    println!("skipped {}", counting.skipped.load(Ordering::Relaxed));
    Ok(())
}
