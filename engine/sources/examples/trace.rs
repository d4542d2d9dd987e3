//! Asks where blobs of a git repository come from, and prints the answer and how long it took:
//! `cargo run --release -p leakward-sources --example trace -- REPOSITORY < IDS` (one id of a blob a line).
//!
//! First in a pass of its own, then with what a walk over all objects has learned on the way, which looks at nothing else.
//! The answers go to standard output, so that those of two versions of the program can be compared.

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::time::Instant;

use leakward_core::Skipped;
use leakward_sources::git::{
    NothingKnown, ObjectId, ObjectKinds, OpenOptions, Provenance, Question, Repository,
};
use leakward_sources::{Piece, Visitor};

/// Looks at nothing.
struct Nobody;

impl Visitor for Nobody {
    type Worker = ();
    type Note = ();

    fn worker(&self) {}

    fn whole(&self, (): &mut (), _piece: Piece<'_>) {}

    fn skipped(&self, _skipped: Skipped) {}
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("which repository?")?;
    let mut question = Question::default();
    for line in std::io::stdin().lock().lines() {
        question
            .blobs
            .push(ObjectId::from_hex(line?.trim().as_bytes())?);
    }
    let repository = Repository::open(Path::new(&path), OpenOptions::default())?;
    let start = Instant::now();
    let own = Provenance::of(&repository, &question, None);
    eprintln!("a pass of its own: {:?}", start.elapsed());

    let kinds = ObjectKinds::COMMITS.and(ObjectKinds::NAMES);
    let start = Instant::now();
    let mut covered = repository.scan_new_objects(kinds, &NothingKnown, &Nobody, 0)?;
    eprintln!("a walk over commits and trees: {:?}", start.elapsed());
    let start = Instant::now();
    let learned = Provenance::of(&repository, &question, covered.index.take());
    eprintln!("the answer from what it has learned: {:?}", start.elapsed());

    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for id in &question.blobs {
        let traced = own.blob(id);
        if traced != learned.blob(id) {
            return Err(format!("two answers about {id}").into());
        }
        writeln!(out, "{id} {traced:?}")?;
        let commits = traced.into_iter().flat_map(|traced| &traced.places);
        for commit in commits.filter_map(|place| place.commit) {
            writeln!(out, "  {:?}", own.authorship(&commit))?;
        }
    }
    writeln!(out, "{:?}", own.skipped())?;
    Ok(())
}
