//! What must be true of every store, whatever it is made of.
//!
//! Each law works on entries of its own. Whatever a store says (errors, descriptions, debug texts) is looked through for the
//! values of the law: none may come out.

use leakward_core::Secret;
use leakward_stores::{Entry, Fields, Retirement, Select, Staged, Store, StoreError, Version};

use crate::lossy::Lossy;
use crate::random;

/// A store under test.
pub(crate) struct Bench<'b> {
    pub(crate) store: &'b dyn Store,
    /// A path for an entry with this name.
    pub(crate) path: fn(&str) -> String,
    /// Whether the store itself compares before it writes, so that of two writers at once exactly one wins.
    pub(crate) is_atomic: bool,
    /// The same store by a way on which answers get lost.
    pub(crate) lossy: Option<(&'b dyn Store, &'b Lossy)>,
    /// The same store for somebody who may not read `denied`.
    pub(crate) denied: Option<&'b dyn Store>,
    /// Whether entries can hold any text; some formats hold lines only.
    pub(crate) holds_lines: bool,
}

/// One law.
type Law = fn(&Bench<'_>);

/// All laws, by name.
const LAWS: &[(&str, Law)] = &[
    ("what was put is read", put_and_read),
    ("an entry is made once", made_once),
    ("a put over another version changes nothing", wrong_version),
    ("the version before stays readable", previous),
    ("what is staged is not seen", staged_is_hidden),
    ("staging again changes nothing", staged_twice),
    (
        "staging over another version is a conflict",
        staged_over_another,
    ),
    ("what is promoted is current", promoted),
    ("promoting again finds it done", promoted_twice),
    (
        "a promotion over another version is a conflict",
        promoted_over_another,
    ),
    (
        "what is discarded is gone, the current version stays",
        discarded,
    ),
    (
        "discarding after promotion keeps what is current",
        discarded_after_promotion,
    ),
    ("an earlier version comes back", rolled_back),
    ("what is not there is told", absent),
    ("listing and metadata agree with reading", metadata),
    ("versions begin with the current one", versions),
    ("the current version is not retired", retired),
    ("a field that did not change is as it was", fields_stay),
    ("every text comes back", every_text),
    ("of two writers one wins", race),
    ("a lost answer is told and resolved by asking", lost_answer),
    ("a lost promotion is repeated without harm", lost_promotion),
    ("who may not is told so", denied),
];

/// Holds the store to every law, and prints how each went.
pub(crate) fn hold(name: &str, bench: &Bench<'_>) {
    let mut broken = Vec::new();
    for (law, check) in LAWS {
        let kept = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(bench)));
        if kept.is_err() {
            broken.push(*law);
        }
    }
    assert!(broken.is_empty(), "{name} breaks {broken:#?}");
}

/// Fields with values that only this law knows.
struct Values {
    canaries: Vec<String>,
}

impl Values {
    fn new() -> Self {
        Self {
            canaries: Vec::new(),
        }
    }

    fn fields(&mut self) -> Fields {
        let password = format!("canary-{}", random(24));
        self.canaries.push(password.clone());
        Fields::from([
            ("user".to_owned(), Secret::new(b"app")),
            ("password".to_owned(), Secret::new(password.as_bytes())),
        ])
    }

    /// The error that there must be, without a value in it.
    fn error<T: std::fmt::Debug>(&self, result: Result<T, StoreError>) -> StoreError {
        let error = result.expect_err("this has to fail");
        self.check(&format!("{error} {error:?}"));
        error
    }

    fn check(&self, said: &str) {
        for canary in &self.canaries {
            assert!(!said.contains(canary.as_str()), "a value came out: {said}");
        }
    }

    fn check_entry(&self, entry: &Entry) {
        self.check(&format!("{entry:?}"));
    }
}

/// An entry made for a law.
fn seeded(bench: &Bench<'_>, name: &str, values: &mut Values) -> (String, Version, Fields) {
    let path = (bench.path)(name);
    let fields = values.fields();
    let version = bench
        .store
        .put(&path, &fields, None)
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    (path, version, fields)
}

fn current(bench: &Bench<'_>, path: &str) -> Entry {
    let read = bench.store.read(path, &Select::Current);
    read.unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn is_conflict(error: &StoreError) {
    assert!(matches!(error, StoreError::Conflict { .. }), "{error:?}");
}

fn is_absent(error: &StoreError) {
    assert!(matches!(error, StoreError::Absent { .. }), "{error:?}");
}

fn staged(bench: &Bench<'_>, path: &str, fields: &Fields, over: &Version) -> (String, Staged) {
    let id = format!("saga-{}", random(12));
    let staged = bench
        .store
        .stage(path, &id, fields, over)
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    (id, staged)
}

fn put_and_read(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, version, fields) = seeded(bench, "read", &mut values);
    let entry = current(bench, &path);
    assert_eq!((&entry.version, &entry.fields), (&version, &fields));
    values.check_entry(&entry);
    values.check(&bench.store.describe());
    let again = bench.store.read(&path, &Select::Exactly(version));
    assert_eq!(again.expect("by its version").fields, fields);
}

fn made_once(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, _, fields) = seeded(bench, "once", &mut values);
    let other = values.fields();
    is_conflict(&values.error(bench.store.put(&path, &other, None)));
    assert_eq!(current(bench, &path).fields, fields);
}

fn wrong_version(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, first, _) = seeded(bench, "wrong", &mut values);
    let second = values.fields();
    let now = bench
        .store
        .put(&path, &second, Some(&first))
        .expect("the right version");
    assert_ne!(first, now);
    let third = values.fields();
    is_conflict(&values.error(bench.store.put(&path, &third, Some(&first))));
    let entry = current(bench, &path);
    assert_eq!((entry.version, entry.fields), (now, second));
}

fn previous(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, first, old) = seeded(bench, "previous", &mut values);
    is_absent(&values.error(bench.store.read(&path, &Select::Previous)));
    let new = values.fields();
    bench
        .store
        .put(&path, &new, Some(&first))
        .expect("a second version");
    let before = bench
        .store
        .read(&path, &Select::Previous)
        .expect("the first one");
    assert_eq!((&before.version, &before.fields), (&first, &old));
    let exactly = bench
        .store
        .read(&path, &Select::Exactly(first))
        .expect("by its version");
    assert_eq!(exactly.fields, old);
}

fn staged_is_hidden(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, version, fields) = seeded(bench, "hidden", &mut values);
    let before = bench.store.list("").expect("a list");
    let new = values.fields();
    let (id, put) = staged(bench, &path, &new, &version);
    assert_eq!(put.over, version);
    values.check(&format!("{put:?}"));
    let entry = current(bench, &path);
    assert_eq!((entry.version, entry.fields), (version, fields));
    assert_eq!(bench.store.list("").expect("a list"), before);
    let (found, waiting) = bench
        .store
        .staged(&path, &id)
        .expect("an answer")
        .expect("it waits");
    assert_eq!((found, waiting), (put, new));
    let other = bench.store.staged(&path, "another id").expect("an answer");
    assert!(other.is_none());
}

fn staged_twice(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, version, _) = seeded(bench, "twice", &mut values);
    let new = values.fields();
    let (id, first) = staged(bench, &path, &new, &version);
    let other = values.fields();
    for fields in [&new, &other] {
        let again = bench.store.stage(&path, &id, fields, &version);
        assert_eq!(again.expect("the same"), first);
    }
    let waiting = bench.store.staged(&path, &id).expect("an answer");
    assert_eq!(
        waiting.expect("it waits").1,
        new,
        "what the first call left"
    );
    bench.store.discard(&path, &first).expect("discarded");
}

fn staged_over_another(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, first, _) = seeded(bench, "over", &mut values);
    let second = values.fields();
    bench
        .store
        .put(&path, &second, Some(&first))
        .expect("a second version");
    let new = values.fields();
    is_conflict(&values.error(bench.store.stage(&path, "late", &new, &first)));
    let waiting = bench.store.staged(&path, "late").expect("an answer");
    assert!(waiting.is_none());
}

fn promoted(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, first, old) = seeded(bench, "promoted", &mut values);
    let new = values.fields();
    let (_, put) = staged(bench, &path, &new, &first);
    let version = bench.store.promote(&path, &put).expect("promoted");
    let entry = current(bench, &path);
    assert_eq!((&entry.version, &entry.fields), (&version, &new));
    let before = bench
        .store
        .read(&path, &Select::Previous)
        .expect("what was before");
    assert_eq!(before.fields, old);
}

fn promoted_twice(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, first, _) = seeded(bench, "again", &mut values);
    let new = values.fields();
    let (_, put) = staged(bench, &path, &new, &first);
    let version = bench.store.promote(&path, &put).expect("promoted");
    let again = bench.store.promote(&path, &put).expect("done already");
    assert_eq!(version, again);
    let entry = current(bench, &path);
    assert_eq!((entry.version, entry.fields), (version, new));
}

fn promoted_over_another(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, first, _) = seeded(bench, "raced", &mut values);
    let new = values.fields();
    let (_, put) = staged(bench, &path, &new, &first);
    let theirs = values.fields();
    // Somebody changes it by hand, without a look at what waits.
    match bench.store.put(&path, &theirs, Some(&first)) {
        // AWS sees that something waits, and so would whoever writes there.
        Ok(_) | Err(StoreError::Refused { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    if current(bench, &path).fields != theirs {
        return;
    }
    is_conflict(&values.error(bench.store.promote(&path, &put)));
    assert_eq!(current(bench, &path).fields, theirs);
}

fn discarded(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, first, old) = seeded(bench, "discarded", &mut values);
    let new = values.fields();
    let (id, put) = staged(bench, &path, &new, &first);
    bench.store.discard(&path, &put).expect("discarded");
    bench
        .store
        .discard(&path, &put)
        .expect("nothing to discard");
    assert!(bench.store.staged(&path, &id).expect("an answer").is_none());
    is_absent(&values.error(bench.store.promote(&path, &put)));
    let entry = current(bench, &path);
    assert_eq!((entry.version, entry.fields), (first, old));
}

fn discarded_after_promotion(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, first, _) = seeded(bench, "tidy", &mut values);
    let new = values.fields();
    let (id, put) = staged(bench, &path, &new, &first);
    let version = bench.store.promote(&path, &put).expect("promoted");
    bench.store.discard(&path, &put).expect("discarded");
    assert!(bench.store.staged(&path, &id).expect("an answer").is_none());
    let entry = current(bench, &path);
    assert_eq!((entry.version, entry.fields), (version, new));
}

fn rolled_back(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, first, old) = seeded(bench, "back", &mut values);
    let new = values.fields();
    let second = bench
        .store
        .put(&path, &new, Some(&first))
        .expect("a second version");
    is_conflict(&values.error(bench.store.roll_back(&path, &first, &first)));
    let back = bench
        .store
        .roll_back(&path, &first, &second)
        .expect("rolled back");
    let entry = current(bench, &path);
    assert_eq!((entry.version, entry.fields), (back, old));
}

fn absent(bench: &Bench<'_>) {
    let mut values = Values::new();
    let path = (bench.path)("nowhere");
    is_absent(&values.error(bench.store.read(&path, &Select::Current)));
    is_absent(&values.error(bench.store.metadata(&path)));
    let fields = values.fields();
    let never = Version("1".to_owned());
    is_conflict(&values.error(bench.store.put(&path, &fields, Some(&never))));
    is_absent(&values.error(bench.store.read(&path, &Select::Current)));
    assert!(bench.store.staged(&path, "x").expect("an answer").is_none());
}

fn metadata(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, version, _) = seeded(bench, "known", &mut values);
    let metadata = bench.store.metadata(&path).expect("metadata");
    assert_eq!(metadata.current, Some(version));
    values.check(&format!("{metadata:?}"));
    let listed = bench.store.list("").expect("a list");
    assert!(listed.contains(&path), "{path} is not in {listed:?}");
    assert!(listed.is_sorted());
    let prefix = &path[..path.len() - 1];
    let below = bench.store.list(prefix).expect("a list");
    assert!(below.contains(&path) && below.iter().all(|path| path.starts_with(prefix)));
    let health = bench.store.check().expect("a healthy store");
    values.check(&format!("{health:?}"));
}

fn versions(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, first, _) = seeded(bench, "versions", &mut values);
    assert_eq!(
        bench.store.versions(&path).expect("versions"),
        std::slice::from_ref(&first)
    );
    let new = values.fields();
    let second = bench
        .store
        .put(&path, &new, Some(&first))
        .expect("a second version");
    assert_eq!(
        bench.store.versions(&path).expect("versions"),
        [second, first]
    );
}

fn retired(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, first, _) = seeded(bench, "retired", &mut values);
    let new = values.fields();
    let second = bench
        .store
        .put(&path, &new, Some(&first))
        .expect("a second version");
    for retirement in [Retirement::Disable, Retirement::Destroy] {
        let error = values.error(bench.store.retire(&path, &second, retirement));
        let is_refused = matches!(
            error,
            StoreError::Conflict { .. } | StoreError::Unsupported { .. }
        );
        assert!(is_refused, "{error:?}");
    }
    match bench.store.retire(&path, &first, Retirement::Destroy) {
        Ok(()) => {
            let versions = bench.store.versions(&path).expect("versions");
            assert_eq!(versions, std::slice::from_ref(&second));
            is_absent(&values.error(bench.store.read(&path, &Select::Previous)));
        }
        Err(StoreError::Unsupported { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    let entry = current(bench, &path);
    assert_eq!((entry.version, entry.fields), (second, new));
}

fn fields_stay(bench: &Bench<'_>) {
    let mut values = Values::new();
    let (path, version, mut fields) = seeded(bench, "fields", &mut values);
    let password = values.fields().remove("password").expect("a password");
    fields.insert("password".to_owned(), password);
    fields.insert("added".to_owned(), Secret::new(b"7"));
    let next = bench
        .store
        .put(&path, &fields, Some(&version))
        .expect("another password");
    assert_eq!(current(bench, &path).fields, fields);
    fields.remove("user");
    bench
        .store
        .put(&path, &fields, Some(&next))
        .expect("a field less");
    assert_eq!(current(bench, &path).fields, fields);
}

fn every_text(bench: &Bench<'_>) {
    let mut texts = vec![
        "plain".to_owned(),
        " blanks around ".to_owned(),
        "quotes ' \" ` and $HOME ${x} \\ \\n".to_owned(),
        "hash # no comment: {a} [b] & * ! | > % @".to_owned(),
        "Grüße, 世界 🔑".to_owned(),
        "ENC[not what it looks like]".to_owned(),
        "true".to_owned(),
        "007".to_owned(),
        "-".to_owned(),
        "=".to_owned(),
        format!("canary-{}", random(3000)),
    ];
    if bench.holds_lines {
        texts.push("two\nlines\n".to_owned());
        texts.push("\ttab and return\r\n".to_owned());
    }
    let path = (bench.path)("texts");
    let fields: Fields = texts
        .iter()
        .enumerate()
        .map(|(number, text)| (format!("field{number}"), Secret::new(text.as_bytes())))
        .collect();
    bench
        .store
        .put(&path, &fields, None)
        .unwrap_or_else(|error| panic!("{error}"));
    for (name, value) in current(bench, &path).fields {
        assert_eq!(
            String::from_utf8_lossy(value.expose()),
            String::from_utf8_lossy(fields[&name].expose()),
            "{name}"
        );
    }
}

fn race(bench: &Bench<'_>) {
    if !bench.is_atomic {
        return;
    }
    let mut values = Values::new();
    let (path, first, _) = seeded(bench, "race", &mut values);
    let sides = [values.fields(), values.fields(), values.fields()];
    let results: Vec<_> = std::thread::scope(|scope| {
        let writers: Vec<_> = sides
            .iter()
            .map(|fields| scope.spawn(|| bench.store.put(&path, fields, Some(&first))))
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().expect("a writer"))
            .collect()
    });
    let winners: Vec<usize> = (0..3).filter(|index| results[*index].is_ok()).collect();
    assert_eq!(winners.len(), 1, "{results:?}");
    assert_eq!(current(bench, &path).fields, sides[winners[0]]);
    for error in results.into_iter().filter_map(Result::err) {
        let is_told = matches!(
            error,
            StoreError::Conflict { .. } | StoreError::Refused { .. }
        );
        assert!(is_told, "{error:?}");
    }
}

fn lost_answer(bench: &Bench<'_>) {
    let Some((store, way)) = bench.lossy else {
        return;
    };
    let mut values = Values::new();
    let (path, version, _) = seeded(bench, "lost", &mut values);
    let new = values.fields();
    way.lose_next();
    let error = values.error(store.stage(&path, "lost", &new, &version));
    assert!(way.has_lost(), "the answer was to be lost");
    assert!(
        matches!(error, StoreError::OutcomeUnknown { .. }),
        "{error:?}"
    );
    // It is resolved by asking, not by doing it again.
    let waiting = store.staged(&path, "lost").expect("an answer");
    let (put, fields) = waiting.expect("the first call was heard");
    assert_eq!(fields, new);
    assert_eq!(
        store.stage(&path, "lost", &new, &version).expect("staged"),
        put
    );
    store.discard(&path, &put).expect("discarded");
}

fn lost_promotion(bench: &Bench<'_>) {
    let Some((store, way)) = bench.lossy else {
        return;
    };
    let mut values = Values::new();
    let (path, version, _) = seeded(bench, "lostpromo", &mut values);
    let new = values.fields();
    let (_, put) = staged(bench, &path, &new, &version);
    way.lose_next();
    let error = values.error(store.promote(&path, &put));
    assert!(way.has_lost(), "the answer was to be lost");
    assert!(
        matches!(error, StoreError::OutcomeUnknown { .. }),
        "{error:?}"
    );
    let version = store.promote(&path, &put).expect("done already");
    let entry = current(bench, &path);
    assert_eq!((entry.version, entry.fields), (version, new));
}

fn denied(bench: &Bench<'_>) {
    let Some(store) = bench.denied else {
        return;
    };
    let mut values = Values::new();
    let (path, version, _) = seeded(bench, "denied", &mut values);
    let is_denied = |error: StoreError| {
        assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
    };
    is_denied(values.error(store.read(&path, &Select::Current)));
    let new = values.fields();
    is_denied(values.error(store.put(&path, &new, Some(&version))));
    assert_eq!(current(bench, &path).version, version);
}
