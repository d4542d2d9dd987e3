//! IAM access keys against moto, which checks signatures and policies.

use std::process::Command;

use leakward_core::Secret;
use leakward_respond::provider::{Created, Creation, Handle, ProviderError, RequestId, Standing};
use leakward_verify::Subject;
use leakward_verify::aws::{Caller, Key, elements};

use crate::services::{Service, folder, free_port, program, start};
use crate::setup::{
    Identities, identities, network, providers, rule, settings, subject, verified, with,
};

/// moto in which a key that was switched off does not authenticate: moto itself looks at policies, but not at that.
const STRICT: &str = include_str!("../shared/strict_moto.py");

/// The requests with which users and policies are made.
const FREE_CALLS: &str = "6";

fn moto() -> Option<Service> {
    let moto = program("moto_server")?;
    // The interpreter that moto was installed for.
    let shebang = std::fs::read_to_string(&moto).unwrap_or_default();
    let python = shebang
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("#!"))
        .filter(|line| line.contains("python"))
        .map_or_else(|| "python3".to_owned(), |line| line.trim().to_owned());
    let (folder, port) = (folder(), free_port());
    let mut server = Command::new(python);
    server
        .args(["-c", STRICT, "-H", "127.0.0.1", "-p", &port.to_string()])
        .env("INITIAL_NO_AUTH_ACTION_COUNT", FREE_CALLS);
    Some(start(server, port, folder))
}

struct Aws {
    _service: Service,
    base: String,
    admin: Identities,
    /// Id and secret of the application's key.
    app: (String, String),
}

fn aws() -> Option<Aws> {
    let service = moto()?;
    let base = format!("http://127.0.0.1:{}", service.port);
    let settings = settings(&[]);
    let network = network(&settings);
    let nobody = Key {
        id: "nobody",
        secret: "nobody",
        session_token: None,
    };
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a clock")
        .as_secs();
    let caller =
        Caller::new(&network, &settings.limits, &nobody, Some(&base), now).expect("a caller");
    let policy =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let call = |pairs: &[(&str, &str)]| {
        let answer = caller.iam(pairs).expect("an answer");
        assert_eq!(answer.status, 200, "{pairs:?}");
        answer
    };
    call(&[("Action", "CreateUser"), ("UserName", "boss")]);
    call(&[("Action", "CreateUser"), ("UserName", "app")]);
    call(&[
        ("Action", "PutUserPolicy"),
        ("UserName", "boss"),
        ("PolicyName", "all"),
        ("PolicyDocument", policy),
    ]);
    let key = |user: &str| {
        let answer = call(&[("Action", "CreateAccessKey"), ("UserName", user)]);
        let one = |name: &str| elements(&answer, name).remove(0);
        (one("AccessKeyId"), one("SecretAccessKey"))
    };
    let (boss, app) = (key("boss"), key("app"));
    // One more request is free; it is used up, so that everything after it is checked.
    call(&[("Action", "ListUsers")]);
    let admin = format!("{}:{}", boss.0, boss.1);
    Some(Aws {
        _service: service,
        base,
        admin: identities(&[("aws-admin", &admin)]),
        app,
    })
}

impl Aws {
    fn credential(&self, (id, secret): (&str, &str)) -> Subject {
        let rule = rule("aws-secret-access-key");
        let mut subject = subject(&rule, secret, &[]);
        subject.values.push(leakward_verify::Value {
            name: "id".to_owned(),
            secret: Secret::new(id.as_bytes()),
            source: leakward_verify::ValueSource::Given,
        });
        subject
    }

    fn verdict(&self, subject: &Subject) -> String {
        let rule = rule("aws-secret-access-key");
        let endpoints = [(rule.id.as_str(), self.base.as_str())];
        verified(&rule, subject, &endpoints).verdict.to_string()
    }
}

fn creation(before: Vec<Handle>) -> Creation {
    Creation {
        id: RequestId("leakward-1".to_owned()),
        draft: None,
        before,
    }
}

#[test]
fn a_key_gets_a_second_one_beside_it_and_is_switched_off() {
    let Some(aws) = aws() else {
        return;
    };
    let rule = rule("aws-secret-access-key");
    let providers = providers(&[(rule.id.as_str(), &aws.base)]);
    let old = aws.credential((&aws.app.0, &aws.app.1));
    assert_eq!(aws.verdict(&old), "live");
    let new = with(&providers, &rule, &old, &aws.admin, |provider, case| {
        let before = provider.handles(case).expect("the keys");
        assert_eq!(before, [Handle(aws.app.0.clone())]);
        let creation = creation(before);
        assert!(matches!(
            provider.find_created(case, &creation),
            Ok(Created::No)
        ));
        let made = provider.create(case, &creation).expect("a key");
        // Its answer was lost: it is found, and would be taken away.
        assert!(matches!(
            provider.find_created(case, &creation),
            Ok(Created::Orphan(handle)) if handle == made.handle
        ));
        // A user has two keys at most, and it is said which they are.
        let third = provider.create(case, &creation);
        assert!(
            matches!(&third, Err(ProviderError::Full { what, .. }) if what.contains(&aws.app.0)),
            "{third:?}"
        );
        provider.subject(case.subject, &made.parts)
    });
    assert_eq!(aws.verdict(&new), "live");
    assert_eq!(aws.verdict(&old), "live");
    with(&providers, &rule, &old, &aws.admin, |provider, case| {
        provider.revoke(case).expect("switched off");
        provider.revoke(case).expect("again");
        assert_eq!(provider.standing(case), Ok(Standing::Inactive));
    });
    assert_eq!(aws.verdict(&old), "dead");
    assert_eq!(aws.verdict(&new), "live");
    with(&providers, &rule, &old, &aws.admin, |provider, case| {
        provider.restore(case).expect("switched on");
        assert_eq!(provider.standing(case), Ok(Standing::Active));
        let handle = Handle(aws.app.0.clone());
        provider.remove(case, &handle).expect("deleted");
        provider.remove(case, &handle).expect("it was gone");
    });
    assert_eq!(aws.verdict(&old), "dead");
}

#[test]
fn who_may_not_is_told_so_and_nothing_is_changed() {
    let Some(aws) = aws() else {
        return;
    };
    let rule = rule("aws-secret-access-key");
    let providers = providers(&[(rule.id.as_str(), &aws.base)]);
    let old = aws.credential((&aws.app.0, &aws.app.1));
    let revoke = |identities: &Identities| {
        with(&providers, &rule, &old, identities, |provider, case| {
            provider.revoke(case)
        })
    };
    // The leaked key itself has no policy.
    let denied = revoke(&Identities::new());
    assert!(
        matches!(denied, Err(ProviderError::Denied { .. })),
        "{denied:?}"
    );
    let unknown = format!("AKIA{}:{}", "QQQQQQQQQQQQQQQQ", aws.app.1);
    let logged_out = revoke(&identities(&[("aws-admin", &unknown)]));
    assert!(
        matches!(logged_out, Err(ProviderError::LoggedOut { .. })),
        "{logged_out:?}"
    );
    let needs = revoke(&identities(&[("aws-admin", "one-word")]));
    assert!(
        matches!(needs, Err(ProviderError::Needs { .. })),
        "{needs:?}"
    );
    assert_eq!(aws.verdict(&old), "live");
}

#[test]
fn a_clock_that_is_wrong_is_told_as_that_and_nothing_was_changed() {
    for (code, message) in [
        (
            "SignatureDoesNotMatch",
            "Signature expired: 1 is now earlier than 2",
        ),
        (
            "SignatureDoesNotMatch",
            "Signature not yet current: 2 is still later than 1",
        ),
        ("RequestTimeTooSkewed", "the difference is too large"),
    ] {
        let body = format!(
            "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        );
        let server = crate::played::Server::start(move |_| {
            crate::played::Reply::Answer(403, Vec::new(), body.clone())
        });
        let rule = rule("aws-secret-access-key");
        let secret = "s".repeat(40);
        let subject = subject(&rule, &secret, &[("id", "key-of-the-app")]);
        let base = server.base();
        let admin = identities(&[("aws-admin", "key-of-the-boss:secret-of-the-boss")]);
        let providers = providers(&[(rule.id.as_str(), &base)]);
        let error = with(&providers, &rule, &subject, &admin, |provider, case| {
            provider.revoke(case).expect_err("refused")
        });
        assert!(matches!(error, ProviderError::LoggedOut { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("this machine's clock differs too much from AWS's"),
            "{text}"
        );
        assert!(text.ends_with("nothing was changed"), "{text}");
        assert!(!text.contains("secret-of-the-boss"), "{text}");
    }
}
