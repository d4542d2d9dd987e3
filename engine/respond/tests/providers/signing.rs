//! Keys that sign tokens, and the set of public keys that whoever checks tokens reads: one store stands for the provider, and
//! fails as one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use leakward_core::{Rule, Secret};
use leakward_respond::provider::{
    Case, Created, Creation, Provider, ProviderError, Providers as _, RequestId, SECRET, Standing,
};
use leakward_respond::providers::BuiltInProviders;
use leakward_stores::{Entry, Fields, Metadata, Select, Staged, Store, StoreError, Version};
use leakward_verify::{Subject, SystemClock, token_key};
use rcgen::KeyPair;
use serde_json::{Value, json};

use crate::setup::{Identities, network, rule, settings, subject};

/// What happens to the next change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It is carried out, and the answer is lost.
    Lost,
    /// The store is sealed.
    Sealed,
    /// Somebody else adds a key in between.
    Meanwhile,
}

/// A store with one entry.
struct Kept(Mutex<State>);

struct State {
    held: Value,
    /// What it held before the last change.
    before: Option<Value>,
    version: u32,
    fault: Option<Fault>,
    writes: u32,
}

const PATH: &str = "app/keys";

impl Kept {
    fn new(keys: &[Value]) -> Self {
        Self(Mutex::new(State {
            held: json!({ "keys": keys, "note": "kept" }),
            before: None,
            version: 1,
            fault: None,
            writes: 0,
        }))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("the store")
    }

    fn fail(&self, fault: Option<Fault>) {
        self.state().fault = fault;
    }

    fn unsupported<T>() -> Result<T, StoreError> {
        Err(StoreError::Unsupported {
            store: "memory".to_owned(),
            what: "do this".to_owned(),
        })
    }
}

impl Store for Kept {
    fn describe(&self) -> String {
        "memory".to_owned()
    }

    fn list(&self, _: &str) -> Result<Vec<String>, StoreError> {
        Ok(vec![PATH.to_owned()])
    }

    fn metadata(&self, _: &str) -> Result<Metadata, StoreError> {
        Ok(Metadata::default())
    }

    fn read(&self, path: &str, select: &Select) -> Result<Entry, StoreError> {
        let state = self.state();
        let held = match select {
            _ if path != PATH => None,
            Select::Previous => state.before.as_ref(),
            _ => Some(&state.held),
        };
        let held = held.ok_or_else(|| StoreError::Absent {
            store: "memory".to_owned(),
            path: path.to_owned(),
        })?;
        let held = Secret::new(held.to_string().as_bytes());
        Ok(Entry {
            version: Version(state.version.to_string()),
            fields: Fields::from([("jwks".to_owned(), held)]),
        })
    }

    fn put(
        &self,
        path: &str,
        fields: &Fields,
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        assert_eq!(path, PATH);
        let mut state = self.state();
        let fault = state.fault.take();
        if fault == Some(Fault::Sealed) {
            return Err(StoreError::Sealed {
                store: "memory".to_owned(),
            });
        }
        if fault == Some(Fault::Meanwhile) {
            let key = json!({"kty": "OKP", "crv": "Ed25519", "x": "another"});
            state.held["keys"].as_array_mut().expect("keys").push(key);
            state.version += 1;
        }
        let current = Version(state.version.to_string());
        if expected != Some(&current) {
            return Err(StoreError::Conflict {
                store: "memory".to_owned(),
                path: path.to_owned(),
                expected: String::new(),
                found: current.0,
            });
        }
        state.before = Some(state.held.clone());
        state.held = serde_json::from_str(&text(&fields["jwks"])).expect("JSON");
        state.version += 1;
        state.writes += 1;
        if fault == Some(Fault::Lost) {
            return Err(StoreError::OutcomeUnknown {
                store: "memory".to_owned(),
                what: "write".to_owned(),
            });
        }
        Ok(Version(state.version.to_string()))
    }

    fn stage(&self, _: &str, _: &str, _: &Fields, _: &Version) -> Result<Staged, StoreError> {
        Self::unsupported()
    }

    fn staged(&self, _: &str, _: &str) -> Result<Option<(Staged, Fields)>, StoreError> {
        Self::unsupported()
    }

    fn promote(&self, _: &str, _: &Staged) -> Result<Version, StoreError> {
        Self::unsupported()
    }

    fn discard(&self, _: &str, _: &Staged) -> Result<(), StoreError> {
        Self::unsupported()
    }

    fn roll_back(&self, _: &str, _: &Version, _: &Version) -> Result<Version, StoreError> {
        Self::unsupported()
    }
}

#[expect(clippy::disallowed_methods, reason = "keys of the test")]
fn text(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}

struct Scene {
    kept: Arc<Kept>,
    providers: BuiltInProviders,
    rule: Rule,
    subject: Subject,
}

impl Scene {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key").serialize_pem();
        let other = KeyPair::generate().expect("a key").serialize_pem();
        let public = |key: &str, id: &str| {
            let mut jwk = token_key::jwk(key).expect("a public key");
            jwk["kid"] = json!(id);
            jwk
        };
        let kept = Arc::new(Kept::new(&[public(&key, "first"), public(&other, "other")]));
        let rule = rule("private-key-pkcs8");
        let settings = settings(&[]);
        let network = network(&settings);
        let store: Arc<dyn Store> = Arc::clone(&kept) as Arc<dyn Store>;
        let stores = BTreeMap::from([("memory".to_owned(), store)]);
        let values = [
            ("signs", "jwt"),
            ("jwks", PATH),
            ("check", "https://app.corp/me"),
            ("kid", "first"),
        ];
        Self {
            subject: subject(&rule, &key, &values),
            providers: BuiltInProviders::with_stores(settings, network, SystemClock, stores),
            rule,
            kept,
        }
    }

    fn ask<T>(&self, act: impl FnOnce(&dyn Provider, &Case<'_>) -> T) -> T {
        let (provider, nobody) = (self.providers.find(&self.rule), Identities::new());
        let case = Case::new(&self.rule, &self.subject, &nobody);
        act(provider.expect("a provider"), &case)
    }

    fn creation(&self) -> Creation {
        let id = RequestId("leakward-1".to_owned());
        let draft = self.ask(|provider, case| provider.draft(case, &id));
        Creation {
            draft: Some(draft.expect("a draft")),
            before: Vec::new(),
            id,
        }
    }

    /// The names of the keys in the set.
    fn ids(&self) -> Vec<String> {
        let state = self.kept.state();
        let keys = state.held["keys"].as_array().expect("keys").iter();
        assert_eq!(state.held["note"], "kept");
        keys.map(|key| key["kid"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

#[test]
fn a_new_key_is_beside_the_old_one_until_that_is_taken_out() {
    let scene = Scene::new();
    let creation = scene.creation();
    let made = scene
        .ask(|provider, case| provider.create(case, &creation))
        .expect("it is in the set");
    let new = made.handle.0.clone();
    assert_eq!(scene.ids(), ["first", "other", new.as_str()]);
    assert_eq!(made.parts.get("kid"), Some(&Secret::new(new.as_bytes())));
    let public = token_key::jwk(&text(&made.parts[SECRET])).expect("a key");
    assert_eq!(public["kid"], json!(new));
    scene.ask(|provider, case| {
        assert_eq!(provider.standing(case), Ok(Standing::Active));
        provider.revoke(case).expect("taken out");
        provider.revoke(case).expect("it is out already");
        assert_eq!(provider.standing(case), Ok(Standing::Gone));
    });
    assert_eq!(scene.ids(), ["other", new.as_str()]);
    scene.ask(|provider, case| {
        provider.restore(case).expect("in again");
        provider.remove(case, &made.handle).expect("taken away");
    });
    assert_eq!(scene.ids(), ["other", "first"]);
}

/// Of a key in the set, what it is for, and whether a private half of it was put there by mistake.
fn change_first(scene: &Scene, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Value {
    let mut state = scene.kept.state();
    let first = &mut state.held["keys"][0];
    change(first.as_object_mut().expect("a key"));
    first.clone()
}

#[test]
fn a_new_key_is_for_what_the_old_one_was_for_whichever_comes_first() {
    for is_taken_out_first in [false, true] {
        let scene = Scene::new();
        change_first(&scene, |key| {
            key.remove("alg");
            key.insert("use".to_owned(), json!("sig"));
            key.insert("key_ops".to_owned(), json!(["verify"]));
            key.insert("d".to_owned(), json!("private"));
        });
        let ahead = scene.ask(|provider, case| provider.ahead(case));
        let ahead = ahead.expect("what the set says");
        assert!(!format!("{ahead:?}").contains("private"), "{ahead:?}");
        if is_taken_out_first {
            let told = scene.ask(|provider, case| provider.revoke(case));
            let told = told.expect("taken out").summary;
            assert!(
                told.contains("key_ops") && !told.contains("private"),
                "{told}"
            );
        }
        let creation = scene.creation();
        scene.ask(|provider, case| {
            let case = Case {
                ahead: &ahead,
                ..case.clone()
            };
            provider.create(&case, &creation).expect("it is in the set");
        });
        let state = scene.kept.state();
        let new = state.held["keys"].as_array().and_then(|keys| keys.last());
        let new = new.expect("the new key");
        assert_eq!(new["use"], "sig");
        assert_eq!(new["key_ops"], json!(["verify"]));
        assert!(new.get("alg").is_none() && new.get("d").is_none(), "{new}");
    }
}

#[test]
fn a_key_that_is_put_back_is_as_it_was_or_not_put_back() {
    let scene = Scene::new();
    let was = change_first(&scene, |key| {
        key.insert("key_ops".to_owned(), json!(["verify"]));
        key.remove("use");
    });
    scene.ask(|provider, case| {
        provider.revoke(case).expect("taken out");
        provider.restore(case).expect("in again");
    });
    assert_eq!(scene.kept.state().held["keys"][1], was);
    scene.ask(|provider, case| provider.revoke(case).expect("taken out"));
    scene.kept.state().before = None;
    let error = scene.ask(|provider, case| provider.restore(case));
    let error = error.expect_err("nobody knows how it was");
    assert!(matches!(error, ProviderError::Refused { .. }), "{error:?}");
}

#[test]
fn a_key_that_signs_otherwise_than_tokens_are_signed_here_is_not_tried() {
    let scene = Scene::new();
    change_first(&scene, |key| {
        key.insert("alg".to_owned(), json!("ES512"));
    });
    let error = scene.ask(|provider, case| provider.abilities(case));
    let error = error.expect_err("no token proves anything").to_string();
    assert!(
        error.contains("ES512") && error.contains("ES256"),
        "{error}"
    );
}

#[test]
fn a_lost_answer_is_resolved_by_looking_into_the_set() {
    let scene = Scene::new();
    let creation = scene.creation();
    let find = || {
        scene
            .ask(|provider, case| provider.find_created(case, &creation))
            .expect("an answer")
    };
    assert!(matches!(find(), Created::No));
    scene.kept.fail(Some(Fault::Lost));
    let lost = scene.ask(|provider, case| provider.create(case, &creation));
    assert!(
        matches!(lost, Err(ProviderError::OutcomeUnknown { .. })),
        "{lost:?}"
    );
    assert!(matches!(find(), Created::Whole(_)));
    scene
        .ask(|provider, case| provider.create(case, &creation))
        .expect("it is there");
    assert_eq!(scene.kept.state().writes, 1, "it is not added again");
    scene.kept.fail(Some(Fault::Lost));
    let lost = scene.ask(|provider, case| provider.revoke(case));
    assert!(matches!(lost, Err(ProviderError::OutcomeUnknown { .. })));
    scene
        .ask(|provider, case| provider.revoke(case))
        .expect("it is out");
    assert_eq!(scene.kept.state().writes, 2);
}

#[test]
fn a_key_that_somebody_else_adds_meanwhile_stays() {
    let scene = Scene::new();
    scene.kept.fail(Some(Fault::Meanwhile));
    let beaten = scene.ask(|provider, case| provider.revoke(case));
    assert!(
        matches!(beaten, Err(ProviderError::Unavailable { .. })),
        "{beaten:?}"
    );
    scene
        .ask(|provider, case| provider.revoke(case))
        .expect("taken out");
    assert_eq!(scene.ids(), ["other", ""]);
}

#[test]
fn what_a_person_has_to_see_to_has_changed_nothing() {
    let scene = Scene::new();
    scene.kept.fail(Some(Fault::Sealed));
    let sealed = scene.ask(|provider, case| provider.revoke(case));
    assert!(
        matches!(sealed, Err(ProviderError::Full { .. })),
        "{sealed:?}"
    );
    assert_eq!(scene.ids(), ["first", "other"]);
    let told = |without: &str| {
        let mut bare = scene.subject.clone();
        bare.values.retain(|value| value.name != without);
        let nobody = Identities::new();
        let case = Case::new(&scene.rule, &bare, &nobody);
        let provider = scene.providers.find(&scene.rule).expect("a provider");
        let abilities = provider.abilities(&case).expect("abilities");
        assert!(abilities.rotate.is_none());
        let instructions = abilities.instructions.expect("instructions");
        (abilities.revoke.is_some(), instructions.steps[0].clone())
    };
    let (can_be_revoked, step) = told("check");
    assert!(can_be_revoked && step.contains("--with check="), "{step}");
    let (can_be_revoked, step) = told("jwks");
    assert!(!can_be_revoked && step.contains("--with jwks="), "{step}");
    let (can_be_revoked, step) = told("kid");
    assert!(
        !can_be_revoked && step.contains("--with key-id=first"),
        "{step}"
    );
}

#[test]
fn a_set_without_the_key_is_another_set_and_not_proof_that_it_is_revoked() {
    let scene = Scene::new();
    let refused = |change: &dyn Fn(&mut Subject)| {
        let mut other = scene.subject.clone();
        change(&mut other);
        let nobody = Identities::new();
        let case = Case::new(&scene.rule, &other, &nobody);
        let provider = scene.providers.find(&scene.rule).expect("a provider");
        let error = provider.abilities(&case).expect_err("there is no plan");
        assert!(matches!(error, ProviderError::Refused { .. }), "{error:?}");
        error.to_string()
    };
    let replace = |of: &str, with: &str| {
        let (of, with) = (of.to_owned(), Secret::new(with.as_bytes()));
        move |subject: &mut Subject| {
            let mut values = subject.values.iter_mut();
            let value = values.find(|value| value.name == of).expect("a value");
            value.secret = with.clone();
        }
    };
    let stranger = KeyPair::generate().expect("a key").serialize_pem();
    let stranger = Secret::new(stranger.as_bytes());
    let told = refused(&|subject| subject.secret = stranger.clone());
    assert!(told.contains("it is another set"), "{told}");
    let told = refused(&replace("jwks", "app/other"));
    assert!(told.contains("app/other"), "{told}");
    let told = refused(&replace("kid", "other"));
    assert!(told.contains("calls the leaked key first"), "{told}");
    refused(&replace("kid", "thumbprint"));

    let mut elsewhere = scene.subject.clone();
    replace("jwks", "app/other")(&mut elsewhere);
    let nobody = Identities::new();
    let case = Case::new(&scene.rule, &elsewhere, &nobody);
    let provider = scene.providers.find(&scene.rule).expect("a provider");
    let error = provider.revoke(&case).expect_err("there is no set");
    assert!(matches!(error, ProviderError::Refused { .. }), "{error:?}");
}

#[test]
fn the_set_does_not_stand_in_the_entry_of_the_key() {
    let scene = Scene::new();
    let key = scene.subject.secret.clone();
    let beside = |field: &str, held: &str| {
        let fields = Fields::from([
            ("private-key".to_owned(), key.clone()),
            (field.to_owned(), Secret::new(held.as_bytes())),
        ]);
        scene.ask(|provider, case| provider.beside(case.subject, &fields))
    };
    let error = beside("jwks", "{\"keys\": []}").expect_err("it is refused");
    assert!(error.to_string().contains("an entry of its own"), "{error}");
    let whole = beside("KEY_ID", "2026-11").expect("it can be replaced");
    let id = whole.value("key_id").expect("its id");
    assert_eq!(text(&id.secret), "2026-11");
    assert!(whole.value("kid").is_none(), "the entry's word comes first");
}
