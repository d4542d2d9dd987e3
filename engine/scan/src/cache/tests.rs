//! The file of the cache: what is taken for one, and what is known of history while a scan writes into it.

use std::collections::HashSet;
use std::path::Path;

use leakward_core::Skipped;
use leakward_detect::Settings;
use leakward_sources::archive::Archives;
use leakward_sources::git::{
    Chronicle, News, NothingKnown, ObjectId, ObjectKinds, OpenOptions, Provenance, Question,
    Repository,
};
use leakward_sources::{Piece, Visitor};
use redb::{Database, ReadableDatabase as _, TableDefinition};

use super::{CacheChoice, CacheKey, History, Profiles, Remembered, ScanCache};

/// Looks at nothing.
struct Unmoved;

impl Visitor for Unmoved {
    type Worker = ();
    type Note = ();

    fn worker(&self) {}

    fn whole(&self, (): &mut (), _piece: Piece<'_>) {}

    fn skipped(&self, skipped: Skipped) {
        panic!("{skipped:?}");
    }
}

fn opened(repository: &leakward_tests::Repository) -> Repository {
    Repository::open(repository.folder(), OpenOptions::default()).expect("a repository")
}

fn open(file: &Path, repository: &Repository) -> Result<ScanCache, String> {
    let choice = CacheChoice::File(file.to_owned());
    let rules = leakward_rules::built_in();
    let key = CacheKey::of(rules, &Settings::default(), Archives::default());
    ScanCache::open(&choice, repository, &key).map(|cache| cache.expect("a choice"))
}

#[test]
fn what_is_no_scan_cache_is_left_as_it_is() {
    let repository = leakward_tests::Repository::new();
    let folder = repository.sandbox().path("files");
    std::fs::create_dir(&folder).expect("a folder");
    let text = folder.join("redbook.txt");
    std::fs::write(&text, "redbook: what not to lose").expect("a text");
    // Databases of other programs, one of which has a table of the same name.
    type Fill<'f> = &'f dyn Fn(&Database);
    let databases: [(&str, Fill<'_>); 3] = [
        ("empty.redb", &|_| ()),
        ("numbers.redb", &|database| {
            let write = database.begin_write().expect("a transaction");
            let numbers: TableDefinition<'_, u64, u64> = TableDefinition::new("meta");
            let mut table = write.open_table(numbers).expect("a table");
            table.insert(1, 2).expect("a row");
            drop(table);
            write.commit().expect("a commit");
        }),
        ("texts.redb", &|database| {
            let write = database.begin_write().expect("a transaction");
            let texts: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");
            let mut table = write.open_table(texts).expect("a table");
            table.insert("key", "of a house").expect("a row");
            drop(table);
            write.commit().expect("a commit");
        }),
    ];
    let mut files = vec![text];
    for (name, fill) in databases {
        let file = folder.join(name);
        fill(&Database::create(&file).expect("a database"));
        files.push(file);
    }
    let repository = opened(&repository);
    for file in files {
        let before = tables(&file);
        let refused = open(&file, &repository).err().unwrap_or_default();
        assert!(refused.contains("no scan cache"), "{file:?}: {refused}");
        assert_eq!(tables(&file), before, "{file:?}");
    }
    let text = std::fs::read(folder.join("redbook.txt")).expect("the text");
    assert_eq!(text, b"redbook: what not to lose");
}

/// How many tables are in a database.
fn tables(file: &Path) -> Option<usize> {
    let read = Database::open(file).ok()?.begin_read().ok()?;
    Some(read.list_tables().ok()?.count())
}

#[test]
fn a_scan_goes_on_from_the_history_of_before_it_began_to_write() {
    let bed = leakward_tests::Repository::new();
    bed.commit_file("a.txt", "one\n");
    bed.commit_file("a.txt", "two\n");
    bed.pack();
    let blob: ObjectId = bed.blob("HEAD", "a.txt").parse().expect("an id");
    let repository = opened(&bed);
    let kinds = ObjectKinds::ALL;
    let covered = repository
        .scan_new_objects(kinds, &NothingKnown, &Unmoved, 1)
        .expect("a scan");
    let question = Question {
        blobs: vec![blob],
        ..Question::default()
    };
    let news = News {
        covered: &covered,
        is_new: &|_| true,
    };
    let (_, chronicle) =
        Provenance::going_on(&repository, &question, Chronicle::default(), &news).expect("a start");
    let file = bed.sandbox().path("cache.redb");
    let remembered = Remembered {
        covered: &covered,
        again: HashSet::from([blob]),
        gaps: HashSet::new(),
        begun: Vec::new(),
        history: History::Known(Box::new(chronicle)),
        profiles: Profiles::default(),
    };
    let cache = open(&file, &repository).expect("a new one");
    cache
        .remember(&repository, remembered)
        .expect("it is written");
    drop(cache);
    let cache = open(&file, &repository).expect("the same");
    let history = cache.history(&repository, &covered);
    assert_eq!(history.map(|history| history.commits()), Some(2));
    cache.note_begun(vec![blob]).expect("it is written");
    let history = cache.history(&repository, &covered);
    assert_eq!(history.map(|history| history.commits()), Some(2));
    // Another scan after an end by force does not go on from it: what was looked at may have brought more.
    drop(cache);
    let cache = open(&file, &repository).expect("the same");
    assert!(cache.history(&repository, &covered).is_none());
}
