//! Users of MongoDB take turns: a client reads all the while, and no read fails.

use leakward_core::Rule;
use leakward_respond::provider::{Creation, ProviderError, RequestId, Standing};
use leakward_verify::Subject;
use leakward_verify::database::{ConnectionUri, Document, MongoSession};

use crate::mongo_server::{Mongo, role};
use crate::setup::{
    Identities, identities, network, providers, rule, settings, subject, verified, with,
};

const OLD: &str = "old-horse-7";
const ADMIN: &str = "admin-horse-7";

struct Scene {
    mongo: Mongo,
    rule: Rule,
    old: Subject,
    admin: Identities,
}

fn scene() -> Scene {
    let mongo = Mongo::start(&[
        ("app", OLD, &["readWrite", "reports"]),
        ("admin", ADMIN, &["userAdmin"]),
    ]);
    let rule = rule("mongodb-connection-uri");
    let old = subject(&rule, OLD, &[("uri", &mongo.uri("app", OLD))]);
    let admin = identities(&[("mongodb-admin", &mongo.uri("admin", ADMIN))]);
    Scene {
        mongo,
        rule,
        old,
        admin,
    }
}

impl Scene {
    fn creation(&self) -> Creation {
        with(
            &providers(&[]),
            &self.rule,
            &self.old,
            &self.admin,
            |provider, case| {
                let id = RequestId("leakward-1".to_owned());
                let draft = provider.draft(case, &id).expect("a draft");
                Creation {
                    id,
                    draft: Some(draft),
                    before: Vec::new(),
                }
            },
        )
    }

    fn create(&self, creation: &Creation) -> Result<Subject, ProviderError> {
        with(
            &providers(&[]),
            &self.rule,
            &self.old,
            &self.admin,
            |provider, case| {
                let made = provider.create(case, creation)?;
                Ok(provider.subject(case.subject, &made.parts))
            },
        )
    }

    fn verdict(&self, subject: &Subject) -> String {
        let base = format!("mongodb://127.0.0.1:{}", self.mongo.port);
        let endpoints = [(self.rule.id.as_str(), base.as_str())];
        verified(&self.rule, subject, &endpoints)
            .verdict
            .to_string()
    }
}

#[test]
fn two_users_take_turns_and_open_connections_of_the_old_one_lose_their_rights() {
    let scene = scene();
    assert_eq!(scene.verdict(&scene.old), "live");
    let settings = settings(&[]);
    let network = network(&settings);
    let open = |subject: &Subject| {
        let uri = ConnectionUri::of(subject).expect("a URI");
        MongoSession::open(&network, &settings.limits, &uri).expect("a login")
    };
    let reading = Document::default()
        .text("find", "orders")
        .text("$db", "shop");
    let mut before = open(&scene.old);
    before.ask(&reading).expect("the old one reads");
    let creation = scene.creation();
    let new = scene.create(&creation).expect("made");
    scene.create(&creation).expect("again, it is there");
    assert_eq!(
        (scene.verdict(&scene.old), scene.verdict(&new)),
        ("live".to_owned(), "live".to_owned())
    );
    before.ask(&reading).expect("both work");
    let mut after = open(&new);
    after.ask(&reading).expect("the new one reads");
    {
        let known = scene.mongo.known.lock().expect("it");
        let made = known.users.get("app_b").expect("the second user");
        assert_eq!(
            made.roles,
            [role("readWrite"), role("reports")],
            "what the first one may"
        );
    }
    with(
        &providers(&[]),
        &scene.rule,
        &scene.old,
        &scene.admin,
        |provider, case| {
            provider.revoke(case).expect("revoked");
            provider.revoke(case).expect("again does no harm");
            assert_eq!(provider.standing(case), Ok(Standing::Inactive));
        },
    );
    assert_eq!(
        (scene.verdict(&scene.old), scene.verdict(&new)),
        ("dead".to_owned(), "live".to_owned())
    );
    before
        .ask(&reading)
        .expect_err("an open connection of the old one");
    after.ask(&reading).expect("the new one goes on");
    with(
        &providers(&[]),
        &scene.rule,
        &scene.old,
        &scene.admin,
        |provider, case| {
            provider.restore(case).expect("taken back");
        },
    );
    assert_eq!(scene.verdict(&scene.old), "live");
}

#[test]
fn refusals_of_mongodb_are_told_apart_and_lost_answers_are_asked_about() {
    let scene = scene();
    let creation = scene.creation();
    scene.mongo.known.lock().expect("it").refuse = Some(("createUser", 13));
    let error = scene.create(&creation).expect_err("it may not");
    assert!(matches!(error, ProviderError::Denied { .. }), "{error}");
    scene.mongo.known.lock().expect("it").refuse = Some(("createUser", 2));
    let error = scene.create(&creation).expect_err("it is refused");
    assert!(matches!(error, ProviderError::Refused { .. }), "{error}");
    {
        let mut known = scene.mongo.known.lock().expect("it");
        known.refuse = None;
        known.lose = Some("createUser");
    }
    let error = scene.create(&creation).expect_err("its answer is lost");
    assert!(
        matches!(error, ProviderError::OutcomeUnknown { .. }),
        "{error}"
    );
    let new = scene.create(&creation).expect("the same again");
    assert_eq!(scene.verdict(&new), "live");
    let made = scene.mongo.known.lock().expect("it").commands.clone();
    assert_eq!(made.iter().filter(|name| *name == "createUser").count(), 3);
    let wrong = identities(&[("mongodb-admin", &scene.mongo.uri("admin", "wrong-horse"))]);
    with(
        &providers(&[]),
        &scene.rule,
        &scene.old,
        &wrong,
        |provider, case| {
            let error = provider.revoke(case).expect_err("no login");
            assert!(matches!(error, ProviderError::LoggedOut { .. }), "{error}");
            assert!(!error.to_string().contains("wrong-horse"), "{error}");
        },
    );
    with(
        &providers(&[]),
        &scene.rule,
        &scene.old,
        &identities(&[]),
        |provider, case| {
            let abilities = provider.abilities(case).expect("abilities");
            assert!(abilities.revoke.is_none());
            let told = abilities
                .instructions
                .expect("what a person does")
                .steps
                .join(" ");
            assert!(told.contains("mongodb-admin"), "{told}");
        },
    );
}
