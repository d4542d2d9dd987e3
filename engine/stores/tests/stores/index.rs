//! The index: what it knows, and what it must not know.

use leakward_core::{FingerprintKey, RuleId, Secret};
use leakward_stores::{Fields, Index, LocalStore, Reading, Select, Sought, Store as _, find};

use crate::{random, surroundings};

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Secret::new(value.as_bytes())))
        .collect()
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes())
}

#[test]
fn a_leak_leads_to_its_entry_its_owner_and_its_consumers() {
    let folder = tempfile::tempdir().expect("a folder");
    let surroundings = surroundings(folder.path(), &[]);
    let store = LocalStore::new(&"file:secrets.age".parse().expect("a spec"), &surroundings)
        .expect("a store");
    let (password, token, next) = (random(20), random(20), random(20));
    let url = format!("postgres://app:{password}@db.corp/app");
    store
        .put("app/db", &fields(&[("url", &url), ("port", "5432")]), None)
        .expect("put");
    let version = store
        .put("app/api", &fields(&[("token", &token)]), None)
        .expect("put");
    let tags = [
        ("owner", "payments"),
        ("consumers", "github:acme/app, k8s:prod/app"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    store.set_tags("app/db", &tags.into()).expect("tags");

    let key = FingerprintKey::new(secret(&random(32)));
    let reading = Reading {
        key: &key,
        versions: 2,
        now: "2026-11-27T00:00:00Z",
    };
    let file = folder.path().join("state/store-index.json");
    let mut index = Index::read(&file).expect("an empty index");
    index.add("ours", &store, &reading).expect("indexed");
    index.write(&file).expect("written");
    let text = std::fs::read_to_string(&file).expect("the index");
    for value in [&password, &token, &url] {
        assert!(!text.contains(value.as_str()), "a value is in the index");
    }

    let mut index = Index::read(&file).expect("the index");
    let found = index.locate(&key, &secret(&password));
    assert_eq!(found.len(), 1, "{found:?}");
    let holding = &found[0];
    assert_eq!(
        (
            holding.path.as_str(),
            holding.field.as_str(),
            holding.part.as_str()
        ),
        ("app/db", "url", "password of the URL")
    );
    assert_eq!(holding.owner.as_deref(), Some("payments"));
    assert_eq!(holding.consumers, ["github:acme/app", "k8s:prod/app"]);
    assert!(holding.is_current);
    assert!(
        holding
            .is_still_true(&store, &secret(&password))
            .expect("read")
    );
    let entry = store.read("app/db", &Select::Current).expect("read");
    let renewed = holding
        .renewed(&entry.fields, &secret("n/w"))
        .expect("renewed");
    assert_eq!(renewed["url"], secret("postgres://app:n%2Fw@db.corp/app"));
    assert_eq!(renewed["port"], entry.fields["port"]);

    // The other way round: the leak is the URL, and the store holds the password alone.
    let leaked = format!("mysql://root:{token}@elsewhere/x");
    assert_eq!(index.locate(&key, &secret(&leaked))[0].path, "app/api");

    // What was replaced is still known, as what it is.
    store
        .put("app/api", &fields(&[("token", &next)]), Some(&version))
        .expect("put");
    let one = Reading {
        versions: 1,
        ..reading
    };
    index.add("ours", &store, &one).expect("indexed again");
    let found = index.locate(&key, &secret(&token));
    assert!(found.len() == 1 && !found[0].is_current, "{found:?}");
    assert!(
        !found[0]
            .is_still_true(&store, &secret(&token))
            .expect("read")
    );
    assert!(index.locate(&key, &secret(&next))[0].is_current);
    assert!(index.locate(&key, &secret("5432")).is_empty());
    let other = FingerprintKey::new(secret(&random(32)));
    assert!(index.locate(&other, &secret(&next)).is_empty());
}

#[test]
fn a_finding_without_its_value_is_found_by_reading() {
    let folder = tempfile::tempdir().expect("a folder");
    let surroundings = surroundings(folder.path(), &[]);
    let spec = "file:secrets.age".parse().expect("a spec");
    let store = LocalStore::new(&spec, &surroundings).expect("a store");
    let token = random(20);
    store
        .put("app/api", &fields(&[("token", &token)]), None)
        .expect("put");
    let (key, rule) = (FingerprintKey::default(), RuleId::from("some-rule"));
    let sought = Sought {
        rule: &rule,
        fingerprint: key.fingerprint(&rule, &secret(&token)),
        key: &key,
    };
    let found = find("ours", &store, &sought, 1).expect("read");
    assert_eq!(
        (found.len(), found[0].path.as_str(), found[0].field.as_str()),
        (1, "app/api", "token")
    );
    let other = Sought {
        rule: &RuleId::from("another-rule"),
        ..sought
    };
    assert!(find("ours", &store, &other, 1).expect("read").is_empty());
}

#[test]
fn a_file_that_is_no_index_is_told_and_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("index.json");
    std::fs::write(&file, "{}").expect("a file");
    let error = Index::read(&file).expect_err("no index").to_string();
    assert!(error.contains("leakward store index"), "{error}");
}
