//! Stores that are files.

use leakward_core::Secret;
use leakward_stores::{Fields, Select, StoreError};

use crate::laws::{Bench, hold};
use crate::{random, store, surroundings};

#[test]
fn the_local_store_keeps_every_law() {
    let folder = tempfile::tempdir().expect("a folder");
    let surroundings = surroundings(folder.path(), &[]);
    let store = store("file:secrets.age", &surroundings);
    hold(
        "the local store",
        &Bench {
            store: &*store,
            path: |name| format!("laws/{name}"),
            is_atomic: true,
            lossy: None,
            denied: None,
            holds_lines: true,
        },
    );
    let file = std::fs::read(folder.path().join("secrets.age")).expect("the file");
    assert!(file.starts_with(b"age-encryption.org/v1"));
    assert!(!file.windows(6).any(|window| window == b"canary"));
}

#[test]
fn a_local_store_opens_for_its_recipients_and_nobody_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let ours = surroundings(folder.path(), &[]);
    let fields = Fields::from([("password".to_owned(), Secret::new(random(20).as_bytes()))]);
    store("file:one.age", &ours)
        .put("app", &fields, None)
        .expect("put");
    // Somebody else with an identity of their own.
    let other = tempfile::tempdir().expect("a folder");
    let theirs = surroundings(other.path(), &[]);
    store("file:x.age", &theirs)
        .put("x", &fields, None)
        .expect("put");
    let copy = other.path().join("one.age");
    std::fs::copy(folder.path().join("one.age"), &copy).expect("a copy");
    let error = store("file:one.age", &theirs)
        .read("app", &Select::Current)
        .expect_err("it is not theirs");
    assert!(matches!(error, StoreError::LoggedOut { .. }), "{error:?}");
    // Now they are named as a recipient.
    let health = store("file:x.age", &theirs).check().expect("healthy");
    let with_them = format!("file:one.age?recipients={}", health.identity);
    let with_them = store(&with_them, &ours);
    let version = with_them
        .read("app", &Select::Current)
        .expect("read")
        .version;
    with_them
        .put("app", &fields, Some(&version))
        .expect("written for both");
    std::fs::copy(folder.path().join("one.age"), &copy).expect("a copy");
    let read = store("file:one.age", &theirs).read("app", &Select::Current);
    assert_eq!(read.expect("it is theirs too").fields, fields);
}

#[test]
fn a_damaged_local_store_is_told_and_not_written_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let surroundings = surroundings(folder.path(), &[]);
    let store = store("file:secrets.age", &surroundings);
    let fields = Fields::from([("password".to_owned(), Secret::new(random(20).as_bytes()))]);
    store.put("app", &fields, None).expect("put");
    let path = folder.path().join("secrets.age");
    let mut content = std::fs::read(&path).expect("the file");
    let last = content.len() - 1;
    content[last] ^= 1;
    std::fs::write(&path, &content).expect("damage");
    let error = store.put("other", &fields, None).expect_err("damaged");
    assert!(matches!(error, StoreError::Malformed { .. }), "{error:?}");
    assert_eq!(std::fs::read(&path).expect("the file"), content);
}
