//! Google's service-account keys, Azure's storage keys, Kubernetes' tokens, GitHub's deploy keys and TLS keys of a CA against servers that keep
//! their documented contracts over TLS: what each refusal means, and that a lost answer is resolved by asking, never by asking for
//! the same thing twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use leakward_core::{Rule, Secret};
use leakward_respond::provider::{
    Birth, Created, Creation, ProviderError, RequestId, SECRET, Standing, Successor,
};
use leakward_respond::providers::BuiltInProviders;
use leakward_stores::Fields;
use leakward_verify::{Subject, SystemClock, ssh};
use serde_json::{Value, json};

use crate::played::{self, Received, Reply};
use crate::secure::SecureServer;
use crate::setup::{Identities, identities, network_trusting, rule, settings, subject, with};

/// What happens to the request that acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It is refused with this status.
    Status(u16),
    /// It is carried out, and the answer is lost.
    Lost,
}

/// What a provider keeps: names and what they stand for.
#[derive(Default)]
struct Kept {
    things: BTreeMap<String, Value>,
    made: u32,
    fault: Option<Fault>,
    /// What is answered in the place of a list.
    list: Option<String>,
    /// What was asked for last.
    asked: Value,
}

/// A credential and the values that belong to it.
type Sample = (String, Vec<(&'static str, String)>);

/// One native provider, as its documentation says that its server behaves.
struct Native {
    rule: &'static str,
    credential: fn() -> Sample,
    identity: &'static str,
    /// Whether a request changes something.
    acts: fn(&Received) -> bool,
    play: fn(&mut Kept, &Received) -> Reply,
    /// What is there at the beginning.
    start: fn(&str) -> Kept,
    /// How the provider sees a credential that was revoked.
    revoked: Standing,
    /// The documentation's page.
    page: &'static str,
}

const NATIVES: [Native; 6] = [
    Native {
        rule: "gcp-service-account-key-json",
        credential: gcp::credential,
        identity: "gcp-admin",
        acts: |request| request.verb != "GET",
        play: gcp::play,
        start: gcp::start,
        revoked: Standing::Inactive,
        page: "https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys",
    },
    Native {
        rule: "azure-storage-account-key",
        credential: azure::credential,
        identity: "azure-admin",
        acts: |request| request.path.contains("regenerateKey"),
        play: azure::play,
        start: azure::start,
        revoked: Standing::Gone,
        page: "https://learn.microsoft.com/rest/api/storagerp/storage-accounts/regenerate-key",
    },
    Native {
        rule: "kubernetes-service-account-token",
        credential: kubernetes::credential,
        identity: "kubernetes-admin",
        acts: |request| request.verb != "GET",
        play: kubernetes::play,
        start: kubernetes::start,
        revoked: Standing::Gone,
        page: "https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/",
    },
    Native {
        rule: "private-key-openssh",
        credential: github::credential,
        identity: "github-admin",
        acts: |request| request.verb != "GET",
        play: github::play,
        start: github::start,
        revoked: Standing::Gone,
        page: "https://docs.github.com/en/rest/deploy-keys/deploy-keys",
    },
    Native {
        rule: "private-key-openssh",
        credential: github::of_account,
        identity: "github-admin",
        acts: |request| request.verb != "GET",
        play: github::play,
        start: github::start,
        revoked: Standing::Gone,
        page: "https://docs.github.com/en/rest/users/keys",
    },
    Native {
        rule: "private-key-pkcs8",
        credential: pki::credential,
        identity: "vault-admin",
        acts: |request| request.verb != "GET",
        play: pki::play,
        start: pki::start,
        revoked: Standing::Gone,
        page: "https://developer.hashicorp.com/vault/api-docs/secret/pki",
    },
];

/// A server in the state of the beginning, and somebody who asks it.
struct Scene {
    server: SecureServer,
    kept: Arc<Mutex<Kept>>,
    providers: BuiltInProviders,
    rule: Rule,
    subject: Subject,
    admin: Identities,
    acts: fn(&Received) -> bool,
}

fn scene(native: &Native) -> Scene {
    assert!(native.page.starts_with("https://"));
    let (secret, values) = (native.credential)();
    let kept = Arc::new(Mutex::new((native.start)(&secret)));
    let (playing, acts, play) = (Arc::clone(&kept), native.acts, native.play);
    let server = SecureServer::start(move |request: &Received| {
        let headers = request.headers.to_lowercase();
        let is_ours = [
            "authorization: bearer the-admin",
            "x-vault-token: the-admin",
        ]
        .iter()
        .any(|login| headers.contains(login));
        if !is_ours {
            return played::json(401, &json!({"message": "who are you?"}));
        }
        let mut kept = playing.lock().expect("the server");
        let fault = kept.fault.filter(|_| acts(request));
        match fault {
            Some(Fault::Status(status)) => played::json(status, &json!({"message": "no"})),
            Some(Fault::Lost) => {
                play(&mut kept, request);
                Reply::Nothing
            }
            None => play(&mut kept, request),
        }
    });
    let rule = rule(native.rule);
    let mut values: Vec<(&str, &str)> = values
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let base = server.base();
    values.push(("server", &base));
    let settings = settings(&[(rule.id.as_str(), &base)]);
    let network = network_trusting(&settings, &server.authority);
    Scene {
        providers: BuiltInProviders::new(settings, network, SystemClock),
        subject: subject(&rule, &secret, &values),
        admin: identities(&[(native.identity, "the-admin")]),
        rule,
        server,
        kept,
        acts,
    }
}

impl Scene {
    fn fault(&self, fault: Option<Fault>) {
        self.kept.lock().expect("the server").fault = fault;
    }

    fn acted(&self) -> usize {
        let received = self.server.received();
        received
            .iter()
            .filter(|request| (self.acts)(request))
            .count()
    }

    fn creation(&self) -> Creation {
        with(
            &self.providers,
            &self.rule,
            &self.subject,
            &self.admin,
            |provider, case| {
                let id = RequestId("leakward-1".to_owned());
                let birth = provider
                    .abilities(case)
                    .expect("abilities")
                    .rotate
                    .expect("it rotates")
                    .birth;
                let draft =
                    (birth == Birth::Chosen).then(|| provider.draft(case, &id).expect("a draft"));
                let before = provider.handles(case).expect("a list");
                Creation { id, draft, before }
            },
        )
    }

    fn create(&self, creation: &Creation) -> Result<Successor, ProviderError> {
        with(
            &self.providers,
            &self.rule,
            &self.subject,
            &self.admin,
            |provider, case| provider.create(case, creation),
        )
    }

    fn find(&self, creation: &Creation) -> Created {
        with(
            &self.providers,
            &self.rule,
            &self.subject,
            &self.admin,
            |provider, case| provider.find_created(case, creation).expect("an answer"),
        )
    }

    fn revoke(&self) -> Result<String, ProviderError> {
        with(
            &self.providers,
            &self.rule,
            &self.subject,
            &self.admin,
            |provider, case| provider.revoke(case).map(|receipt| receipt.summary),
        )
    }

    fn standing(&self) -> Standing {
        with(
            &self.providers,
            &self.rule,
            &self.subject,
            &self.admin,
            |provider, case| provider.standing(case).expect("an answer"),
        )
    }
}

fn kind(error: &ProviderError) -> &'static str {
    match error {
        ProviderError::Absent { .. } => "absent",
        ProviderError::Denied { .. } => "denied",
        ProviderError::LoggedOut { .. } => "logged out",
        ProviderError::Refused { .. } => "refused",
        ProviderError::Unavailable { .. } => "unavailable",
        ProviderError::OutcomeUnknown { .. } => "unknown",
        _ => "something else",
    }
}

#[test]
fn a_key_gets_a_successor_and_is_revoked_once_however_often_that_is_asked() {
    for native in &NATIVES {
        let scene = scene(native);
        assert_eq!(scene.standing(), Standing::Active, "{}", native.rule);
        let creation = scene.creation();
        let made = scene.create(&creation).expect(native.rule);
        assert!(made.parts.contains_key(SECRET), "{}", native.rule);
        assert_ne!(
            made.parts.get(SECRET),
            Some(&scene.subject.secret),
            "{}",
            native.rule
        );
        scene.revoke().expect(native.rule);
        assert_eq!(scene.standing(), native.revoked, "{}", native.rule);
        scene.revoke().expect("again does no harm");
        assert_eq!(scene.standing(), native.revoked, "{}", native.rule);
    }
}

#[test]
fn every_refusal_is_told_apart_and_has_changed_nothing() {
    for native in &NATIVES {
        for (status, expected) in [
            (401, "logged out"),
            (403, "denied"),
            (409, "refused"),
            (422, "refused"),
            (429, "unavailable"),
            (500, "unknown"),
            (502, "unknown"),
        ] {
            let scene = scene(native);
            let creation = scene.creation();
            scene.fault(Some(Fault::Status(status)));
            let error = scene.revoke().expect_err(native.rule);
            assert_eq!(
                kind(&error),
                expected,
                "{} revoke {status}: {error}",
                native.rule
            );
            // Azure's other key is there already: nothing is made.
            if native.rule != "azure-storage-account-key" {
                let error = scene.create(&creation).expect_err(native.rule);
                assert_eq!(
                    kind(&error),
                    expected,
                    "{} create {status}: {error}",
                    native.rule
                );
            }
            scene.fault(None);
            assert_eq!(
                scene.standing(),
                Standing::Active,
                "{} {status}",
                native.rule
            );
        }
    }
}

#[test]
fn what_is_not_there_is_revoked_already_and_nothing_is_made_for_it() {
    for native in &NATIVES {
        let scene = scene(native);
        let creation = scene.creation();
        scene.fault(Some(Fault::Status(404)));
        // A CA that lists a certificate has it: whoever says 404 then is somebody else.
        if native.rule == "private-key-pkcs8" {
            let error = scene.revoke().expect_err(native.rule);
            assert_eq!(kind(&error), "refused", "{error}");
        } else {
            scene.revoke().expect("it is gone already");
        }
        if native.rule != "azure-storage-account-key" {
            let error = scene.create(&creation).expect_err(native.rule);
            assert_eq!(kind(&error), "absent", "{}: {error}", native.rule);
        }
    }
}

#[test]
fn a_successor_whose_answer_was_lost_is_found_and_never_asked_for_twice() {
    for native in &NATIVES {
        let scene = scene(native);
        let creation = scene.creation();
        scene.fault(Some(Fault::Lost));
        let lost = scene.create(&creation);
        scene.fault(None);
        let acted = scene.acted();
        match (native.rule, scene.find(&creation)) {
            ("gcp-service-account-key-json", Created::Orphan(handle)) => {
                assert_eq!(kind(&lost.expect_err("lost")), "unknown");
                with(
                    &scene.providers,
                    &scene.rule,
                    &scene.subject,
                    &scene.admin,
                    |provider, case| {
                        provider.remove(case, &handle).expect("taken away");
                        let handles = provider.handles(case).expect("a list");
                        assert!(!handles.contains(&handle), "{handles:?}");
                    },
                );
                scene.create(&creation).expect("another one");
            }
            ("private-key-pkcs8", Created::Orphan(_)) => {
                assert_eq!(kind(&lost.expect_err("lost")), "unknown");
            }
            // The account's other key, read and not made.
            ("azure-storage-account-key", Created::Whole(_)) => assert_eq!(acted, 0),
            // A token that nobody has ends with its time.
            ("kubernetes-service-account-token", Created::No) => {
                assert_eq!(kind(&lost.expect_err("lost")), "unknown");
            }
            ("private-key-openssh", Created::Whole(_)) => {
                assert_eq!(kind(&lost.expect_err("lost")), "unknown");
                scene.create(&creation).expect("it is there");
                assert_eq!(scene.acted(), acted, "it is found, not added again");
            }
            (name, found) => panic!("{name}: {found:?}"),
        }
    }
}

#[test]
fn a_revocation_whose_answer_was_lost_is_found_by_asking() {
    for native in &NATIVES {
        let scene = scene(native);
        scene.fault(Some(Fault::Lost));
        let error = scene.revoke().expect_err(native.rule);
        assert_eq!(kind(&error), "unknown", "{}", native.rule);
        scene.fault(None);
        assert_eq!(scene.standing(), native.revoked, "{}", native.rule);
        let acted = scene.acted();
        scene.revoke().expect("again does no harm");
        if native.rule == "azure-storage-account-key" {
            assert_eq!(scene.acted(), acted, "its successor is not made anew");
        }
    }
}

/// As it stands in a file of variables.
#[test]
fn a_new_ssh_key_is_written_as_the_old_one_was() {
    let mut natives = NATIVES.iter();
    let native = natives.find(|native| native.identity == "github-admin");
    let scene = scene(native.expect("GitHub's keys"));
    #[expect(clippy::disallowed_methods, reason = "a key of the test")]
    let text = |secret: &Secret| String::from_utf8_lossy(secret.expose()).into_owned();
    let line = text(&scene.subject.secret).trim().replace('\n', "\\n");
    let fields = Fields::from([("key".to_owned(), Secret::new(line.as_bytes()))]);
    let body: String = {
        let text = text(&scene.subject.secret);
        let lines = text.lines().filter(|line| !line.contains("--"));
        lines.collect()
    };
    let leaked = Subject {
        secret: Secret::new(body.trim_end_matches('=').as_bytes()),
        ..scene.subject.clone()
    };
    let (providers, rule, admin) = (&scene.providers, &scene.rule, &scene.admin);
    let whole = with(providers, rule, &leaked, admin, |provider, _| {
        provider.beside(&leaked, &fields).expect("it is held")
    });
    let made = with(providers, rule, &whole, admin, |provider, case| {
        let id = RequestId("leakward-1".to_owned());
        provider.draft(case, &id).expect("a draft")
    });
    let new = text(&made.parts[SECRET]);
    assert!(new.contains("-----\\n") && !new.contains('\n'), "{new}");
    assert!(new.ends_with("-----"), "closed as the old one is");
}

mod pki;

mod gcp {
    use super::*;

    const ACCOUNT: &str = "deploy@shop.iam.gserviceaccount.com";

    fn file(id: &str) -> String {
        let kind = "service_account";
        json!({"type": kind, "client_email": ACCOUNT, "private_key_id": id, "private_key": "of the tests"})
            .to_string()
    }

    pub(super) fn credential() -> (String, Vec<(&'static str, String)>) {
        (file("k0"), Vec::new())
    }

    pub(super) fn start(_: &str) -> Kept {
        let mut kept = Kept::default();
        kept.things
            .insert("k0".to_owned(), json!({"disabled": false}));
        kept
    }

    fn named(id: &str) -> String {
        format!("projects/shop/serviceAccounts/{ACCOUNT}/keys/{id}")
    }

    pub(super) fn play(kept: &mut Kept, request: &Received) -> Reply {
        let path = request.path.split('?').next().unwrap_or_default();
        let (_, rest) = path.split_once("/keys").expect("keys");
        let (id, action) = rest
            .trim_start_matches('/')
            .split_once(':')
            .unwrap_or((rest.trim_start_matches('/'), ""));
        match (request.verb.as_str(), id, action) {
            ("GET", "", _) => {
                let keys: Vec<Value> = kept
                    .things
                    .iter()
                    .map(|(id, key)| json!({"name": named(id), "disabled": key["disabled"]}))
                    .collect();
                played::json(200, &json!({"keys": keys}))
            }
            ("POST", "", _) => {
                kept.made += 1;
                let id = format!("k{}", kept.made);
                kept.things.insert(id.clone(), json!({"disabled": false}));
                played::json(
                    200,
                    &json!({"name": named(&id), "privateKeyData": STANDARD.encode(file(&id))}),
                )
            }
            ("POST", id, way) => match kept.things.get_mut(id) {
                Some(key) => {
                    key["disabled"] = json!(way == "disable");
                    played::json(200, &json!({}))
                }
                None => played::json(404, &json!({})),
            },
            (_, id, _) => {
                let status = if kept.things.remove(id).is_some() {
                    200
                } else {
                    404
                };
                played::json(status, &json!({}))
            }
        }
    }
}

mod azure {
    use super::*;

    fn value(number: u32) -> String {
        STANDARD.encode([u8::try_from(number + 7).expect("small"); 64])
    }

    pub(super) fn credential() -> (String, Vec<(&'static str, String)>) {
        let resource =
            "/subscriptions/1/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/shop";
        (
            value(1),
            vec![
                ("resource", resource.to_owned()),
                ("account", "shop".to_owned()),
            ],
        )
    }

    pub(super) fn start(_: &str) -> Kept {
        let mut kept = Kept::default();
        kept.things.insert("key1".to_owned(), json!(value(1)));
        kept.things.insert("key2".to_owned(), json!(value(2)));
        kept.made = 2;
        kept
    }

    pub(super) fn play(kept: &mut Kept, request: &Received) -> Reply {
        assert!(request.path.contains("api-version="), "{}", request.path);
        if request.path.contains("/regenerateKey") {
            let body: Value = serde_json::from_str(&request.body).expect("JSON");
            let name = body["keyName"].as_str().expect("a name").to_owned();
            kept.made += 1;
            kept.things.insert(name, json!(value(kept.made)));
        }
        let keys: Vec<Value> = kept
            .things
            .iter()
            .map(|(name, value)| json!({"keyName": name, "value": value, "permissions": "FULL"}))
            .collect();
        played::json(200, &json!({"keys": keys}))
    }
}

mod kubernetes {
    use super::*;

    pub(super) fn credential() -> (String, Vec<(&'static str, String)>) {
        let claims = json!({
            "kubernetes.io/serviceaccount/namespace": "shop",
            "kubernetes.io/serviceaccount/secret.name": "deployer-token",
            "kubernetes.io/serviceaccount/service-account.name": "deployer",
        });
        let token = format!("head.{}.seal", URL_SAFE_NO_PAD.encode(claims.to_string()));
        (token, Vec::new())
    }

    pub(super) fn start(_: &str) -> Kept {
        let mut kept = Kept::default();
        kept.things.insert("deployer-token".to_owned(), json!({}));
        kept
    }

    pub(super) fn play(kept: &mut Kept, request: &Received) -> Reply {
        let path = request.path.trim_start_matches("/api/v1/namespaces/shop/");
        match (request.verb.as_str(), path) {
            ("POST", "serviceaccounts/deployer/token") => {
                let body: Value = serde_json::from_str(&request.body).expect("JSON");
                assert_eq!(body["kind"], "TokenRequest");
                kept.made += 1;
                let token = format!("head.new{}.seal", kept.made);
                let end = "2027-01-01T00:00:00Z";
                played::json(
                    201,
                    &json!({"status": {"token": token, "expirationTimestamp": end}}),
                )
            }
            ("GET", path) => {
                let name = path.trim_start_matches("secrets/");
                match kept.things.contains_key(name) {
                    true => played::json(200, &json!({"kind": "Secret"})),
                    false => played::json(404, &json!({"kind": "Status"})),
                }
            }
            ("DELETE", path) => {
                let name = path.trim_start_matches("secrets/");
                let status = if kept.things.remove(name).is_some() {
                    200
                } else {
                    404
                };
                played::json(status, &json!({"kind": "Status"}))
            }
            (verb, path) => panic!("{verb} {path}"),
        }
    }
}

mod github {
    use super::*;

    pub(super) fn credential() -> (String, Vec<(&'static str, String)>) {
        let key = ssh::new_key("old").expect("a key");
        (key.to_string(), vec![("repository", "acme/app".to_owned())])
    }

    pub(super) fn of_account() -> (String, Vec<(&'static str, String)>) {
        let key = ssh::new_key("old").expect("a key");
        (key.to_string(), vec![("keys", "account".to_owned())])
    }

    pub(super) fn start(secret: &str) -> Kept {
        let mut kept = Kept::default();
        let public = ssh::public_text(secret).expect("its public half");
        kept.things.insert(
            "1".to_owned(),
            json!({"id": 1, "key": public, "read_only": false}),
        );
        kept.made = 1;
        kept
    }

    pub(super) fn play(kept: &mut Kept, request: &Received) -> Reply {
        let path = request.path.split('?').next().unwrap_or_default();
        let is_account = path.starts_with("/user/keys");
        assert!(
            is_account || path.starts_with("/repos/acme/app/keys"),
            "{path}"
        );
        let (_, id) = path.split_once("/keys").expect("keys");
        let id = id.trim_start_matches('/');
        match request.verb.as_str() {
            "GET" => played::json(
                200,
                &kept.things.values().cloned().collect::<Vec<_>>().into(),
            ),
            "POST" => {
                let mut key: Value = serde_json::from_str(&request.body).expect("JSON");
                if kept.things.values().any(|other| other["key"] == key["key"]) {
                    return played::json(422, &json!({"message": "key is already in use"}));
                }
                assert_eq!(key["read_only"] == false, !is_account, "as the old one may");
                kept.made += 1;
                key["id"] = json!(kept.made);
                kept.things.insert(kept.made.to_string(), key.clone());
                played::json(201, &key)
            }
            _ => {
                let status = if kept.things.remove(id).is_some() {
                    204
                } else {
                    404
                };
                played::json(status, &Value::Null)
            }
        }
    }
}
