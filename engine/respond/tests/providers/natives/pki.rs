//! A CA as Vault's and OpenBao's PKI engine is one: <https://developer.hashicorp.com/vault/api-docs/secret/pki>.

use std::time::Duration;

use leakward_respond::provider::Handle;
use rcgen::{CertificateParams, DnType, KeyPair, SanType, SerialNumber, date_time_ymd};

use super::*;

const LIFETIME: u64 = 100_000_000;
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// A certificate for the shop, as old as all others.
fn certificate(key: &KeyPair, serial: u32, lifetime: u64) -> String {
    let names = ["shop.corp", "www.shop.corp"]
        .map(|name| SanType::DnsName(name.try_into().expect("a name")));
    certificate_for(&names, key, serial, lifetime)
}

/// The same with other alternative names.
fn certificate_for(names: &[SanType], key: &KeyPair, serial: u32, lifetime: u64) -> String {
    let mut params = CertificateParams::default();
    params.subject_alt_names = names.to_vec();
    params
        .distinguished_name
        .push(DnType::CommonName, "shop.corp");
    params.serial_number = Some(SerialNumber::from(serial.to_be_bytes().to_vec()));
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = params.not_before + Duration::from_secs(lifetime);
    params.self_signed(key).expect("a certificate").pem()
}

fn number(serial: u32) -> String {
    let bytes = serial.to_be_bytes().map(|byte| format!("{byte:02x}"));
    bytes.join(":")
}

/// Serial numbers are of four bytes, the first of which is not zero.
const FIRST: u32 = 0x1000_0001;

pub(super) fn credential() -> Sample {
    let key = KeyPair::generate().expect("a key");
    let values = vec![
        ("vault", "https://vault.corp".to_owned()),
        ("pki-role", "shop".to_owned()),
        ("entry-certificate", certificate(&key, FIRST, LIFETIME)),
    ];
    (key.serialize_pem(), values)
}

pub(super) fn start(secret: &str) -> Kept {
    let key = KeyPair::from_pem(secret).expect("a key");
    let other = KeyPair::generate().expect("a key");
    let mut kept = Kept::default();
    for (serial, key) in [(FIRST, &key), (FIRST + 1, &other)] {
        let text = certificate(key, serial, LIFETIME);
        kept.keep(serial, &text);
    }
    kept.made = FIRST + 1;
    kept
}

impl Kept {
    fn keep(&mut self, serial: u32, certificate: &str) {
        let kept = json!({"certificate": certificate, "revocation_time": 0});
        self.things.insert(number(serial), kept);
    }
}

pub(super) fn play(kept: &mut Kept, request: &Received) -> Reply {
    let path = request.path.split('?').next().unwrap_or_default();
    let path = path.strip_prefix("/v1/pki/").expect("the engine");
    let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
    if path == "certs" {
        assert!(request.path.ends_with("?list=true"), "{}", request.path);
        if let Some(odd) = &kept.list {
            return Reply::Answer(200, Vec::new(), odd.clone());
        }
        let keys: Vec<&String> = kept.things.keys().collect();
        return played::json(200, &json!({"data": {"keys": keys}}));
    }
    if let Some(serial) = path.strip_prefix("cert/") {
        let serial = serial.replace("%3A", ":");
        return match kept.things.get(&serial) {
            Some(known) => played::json(200, &json!({"data": known})),
            None => played::json(404, &json!({"errors": []})),
        };
    }
    if path == "revoke" {
        let serial = body["serial_number"].as_str().expect("a number");
        let known = kept.things.get_mut(serial).expect("one that is there");
        known["revocation_time"] = json!(1_800_000_000);
        return played::json(200, &json!({"data": {"state": "revoked"}}));
    }
    assert_eq!(path, "issue/shop");
    assert_eq!(body["common_name"], "shop.corp");
    kept.asked = body.clone();
    assert_eq!(body["private_key_format"], "pkcs8");
    let lifetime = body["ttl"].as_str().and_then(|ttl| ttl.strip_suffix('s'));
    let lifetime: u64 = lifetime.and_then(|ttl| ttl.parse().ok()).expect("seconds");
    let key = KeyPair::generate().expect("a key");
    kept.made += 1;
    let text = certificate(&key, kept.made, lifetime + 30);
    kept.keep(kept.made, &text);
    let made = json!({
        "serial_number": number(kept.made),
        "certificate": text.trim(),
        "ca_chain": [text.trim()],
        "private_key": key.serialize_pem().trim(),
    });
    played::json(200, &json!({"data": made}))
}

fn native() -> &'static Native {
    let mut all = NATIVES.iter();
    all.find(|native| native.rule == "private-key-pkcs8")
        .expect("it")
}

fn with_provider<T>(
    scene: &Scene,
    act: impl FnOnce(
        &dyn leakward_respond::provider::Provider,
        &leakward_respond::provider::Case<'_>,
    ) -> T,
) -> T {
    with(
        &scene.providers,
        &scene.rule,
        &scene.subject,
        &scene.admin,
        act,
    )
}

#[test]
fn a_lost_certificate_is_revoked_and_one_that_somebody_else_had_issued_is_not() {
    let scene = scene(native());
    let creation = scene.creation();
    let theirs = KeyPair::generate().expect("a key");
    let text = certificate(&theirs, 0x2000_0000, LIFETIME);
    scene
        .kept
        .lock()
        .expect("the server")
        .keep(0x2000_0000, &text);
    assert!(matches!(scene.find(&creation), Created::No));
    scene.fault(Some(Fault::Lost));
    scene.create(&creation).expect_err("it is lost");
    scene.fault(None);
    let Created::Orphan(handle) = scene.find(&creation) else {
        panic!("it is found");
    };
    assert_eq!(handle, Handle(number(FIRST + 2)));
    with_provider(&scene, |provider, case| {
        provider.remove(case, &handle).expect("revoked");
        provider.remove(case, &handle).expect("again");
    });
    assert!(matches!(scene.find(&creation), Created::No));
    let kept = scene.kept.lock().expect("the server");
    assert_eq!(kept.things[&number(0x2000_0000)]["revocation_time"], 0);
    assert_ne!(kept.things[&handle.0]["revocation_time"], 0);
}

/// An authority that issues for a day has tens of thousands.
#[test]
fn however_many_certificates_there_were_a_lost_one_is_found_among_the_new() {
    let scene = scene(native());
    let keep = |numbers: std::ops::Range<u32>| {
        let mut kept = scene.kept.lock().expect("the server");
        for serial in numbers {
            kept.keep(serial, "of another form");
        }
    };
    keep(0x4000_0000..0x4000_0bb8);
    let creation = scene.creation();
    assert!(creation.before.len() > 3_000);
    scene.fault(Some(Fault::Lost));
    scene.create(&creation).expect_err("it is lost");
    scene.fault(None);
    assert!(matches!(scene.find(&creation), Created::Orphan(_)));
    keep(0x5000_0000..0x5000_07d1);
    let error = with_provider(&scene, |provider, case| {
        provider.find_created(case, &creation)
    });
    let error = error.expect_err("too many").to_string();
    assert!(error.contains("shop.corp"), "{error}");
}

#[test]
fn every_certificate_of_the_key_is_revoked_and_no_other() {
    let scene = scene(native());
    let key = scene.subject.secret.clone();
    let key = KeyPair::from_pem(&text(&key)).expect("the key");
    let again = certificate(&key, 0x3000_0000, LIFETIME);
    scene
        .kept
        .lock()
        .expect("the server")
        .keep(0x3000_0000, &again);
    let told = scene.revoke().expect("revoked");
    for serial in [FIRST, 0x3000_0000] {
        assert!(told.contains(&number(serial)), "{told}");
    }
    assert_eq!(scene.acted(), 2);
    let kept = scene.kept.lock().expect("the server");
    assert_eq!(kept.things[&number(FIRST + 1)]["revocation_time"], 0);
}

#[test]
fn an_authority_that_does_not_know_the_key_proves_nothing() {
    let scene = scene(native());
    let other = KeyPair::generate().expect("a key").serialize_pem();
    let mut stranger = scene.subject.clone();
    stranger.secret = Secret::new(other.as_bytes());
    with(
        &scene.providers,
        &scene.rule,
        &stranger,
        &scene.admin,
        |provider, case| {
            assert_eq!(provider.standing(case), Ok(Standing::NotKnown));
            for error in [
                provider.abilities(case).expect_err("there is no plan"),
                provider.revoke(case).expect_err("nothing was revoked"),
            ] {
                assert_eq!(kind(&error), "refused", "{error}");
                assert!(error.to_string().contains("--with mount="), "{error}");
            }
        },
    );
    assert_eq!(scene.acted(), 0);
}

#[test]
fn an_answer_that_cannot_be_read_is_not_an_empty_one() {
    for (answer, expected) in [
        ("<html>welcome</html>", "unavailable"),
        (r#"{"data": {}}"#, "refused"),
        (r#"{"data": {"keys": [7]}}"#, "refused"),
    ] {
        let scene = scene(native());
        scene.kept.lock().expect("the server").list = Some(answer.to_owned());
        with_provider(&scene, |provider, case| {
            for error in [
                provider.standing(case).expect_err(answer),
                provider.revoke(case).expect_err(answer),
                provider.handles(case).expect_err(answer),
            ] {
                assert_eq!(kind(&error), expected, "{answer}: {error}");
            }
        });
    }
    let scene = scene(native());
    let first = number(FIRST);
    let mut kept = scene.kept.lock().expect("the server");
    let known = kept.things.get_mut(&first).expect("a certificate");
    known.as_object_mut().expect("it").remove("revocation_time");
    drop(kept);
    with_provider(&scene, |provider, case| {
        let error = provider
            .standing(case)
            .expect_err("it does not say whether it is revoked");
        assert_eq!(kind(&error), "refused", "{error}");
    });
}

#[test]
fn an_entry_gets_a_key_only_with_its_certificate() {
    let scene = scene(native());
    let key = text(&scene.subject.secret);
    let pair = KeyPair::from_pem(&key).expect("the key");
    let own = certificate(&pair, FIRST, LIFETIME);
    let root = certificate(&KeyPair::generate().expect("a key"), 5, LIFETIME);
    let both = format!("{own}{root}");
    let found = |entry: &[(&str, &str)]| {
        let mut bare = scene.subject.clone();
        bare.values
            .retain(|value| value.name != "entry-certificate");
        let fields: Fields = entry
            .iter()
            .map(|(name, held)| ((*name).to_owned(), Secret::new(held.as_bytes())))
            .collect();
        with_provider(&scene, |provider, _| provider.beside(&bare, &fields)).map(|whole| {
            let names = whole.values.iter().map(|value| value.name.clone());
            let mut names: Vec<String> = names.filter(|name| name.starts_with("entry-")).collect();
            names.sort();
            names.join(" ")
        })
    };
    let is = |names: &str| Ok(names.to_owned());
    assert_eq!(
        found(&[("key", &key), ("crt", &own)]),
        is("entry-certificate")
    );
    assert_eq!(
        found(&[("key", &key), ("crt", &both)]),
        is("entry-full-chain")
    );
    let in_one_line = both.replace('\n', "\\n");
    assert_eq!(
        found(&[("key", &key.replace('\n', "\\n")), ("crt", &in_one_line)]),
        is("entry-full-chain entry-key")
    );
    // Of the same name as the issuer.
    assert_eq!(
        found(&[("key", &key), ("crt", &own), ("ca", &root)]),
        is("entry-ca-chain entry-certificate")
    );
    for (entry, why) in [
        (
            vec![("key", key.clone())],
            "holds the key without its certificate",
        ),
        (
            vec![("pem", format!("{key}{own}"))],
            "holds key and certificate in one",
        ),
        (
            vec![("key", key.clone()), ("crt", format!("cert: {own}"))],
            "within other text",
        ),
        (
            vec![("key", key.clone()), ("crt", format!("{root}{own}"))],
            "not as its first",
        ),
        (
            vec![
                ("key", key.clone()),
                ("crt", own.clone()),
                ("copy", own.trim().to_owned()),
            ],
            "otherwise than another field",
        ),
        (
            vec![("key", key.clone()), ("crt", root.clone())],
            "without its certificate",
        ),
    ] {
        let entry: Vec<(&str, &str)> = entry
            .iter()
            .map(|(name, held)| (*name, held.as_str()))
            .collect();
        let error = found(&entry).expect_err(why).to_string();
        assert!(error.contains(why), "{why}: {error}");
    }
    assert_eq!(both.matches(BEGIN).count(), 2);
}

/// A certificate for other names would be let in nowhere, and one for more of them where it should not be.
#[test]
fn a_certificate_is_asked_for_by_the_names_of_the_old_one_or_not_at_all() {
    let name = |text: &str| text.try_into().expect("a name");
    let (dns, uri, mail) = (
        SanType::DnsName(name("shop.corp")),
        SanType::URI(name("spiffe://corp/a,b")),
        SanType::Rfc822Name(name("shop@corp")),
    );
    for (names, alternative, uris, is_common_name_left_out) in [
        (
            vec![dns.clone(), uri.clone(), mail],
            "shop.corp,shop@corp",
            json!(["spiffe://corp/a,b"]),
            false,
        ),
        (vec![uri], "", json!(["spiffe://corp/a,b"]), true),
        (vec![], "", json!([]), true),
    ] {
        let mut scene = scene(native());
        let key = KeyPair::from_pem(&text(&scene.subject.secret)).expect("the key");
        let own = certificate_for(&names, &key, FIRST, LIFETIME);
        let place = scene
            .subject
            .values
            .iter_mut()
            .find(|value| value.name == "entry-certificate");
        place.expect("it").secret = Secret::new(own.as_bytes());
        scene.create(&scene.creation()).expect("it is issued");
        let kept = scene.kept.lock().expect("the server");
        assert_eq!(kept.asked["alt_names"], alternative);
        assert_eq!(kept.asked["uri_sans"], uris);
        assert_eq!(kept.asked["exclude_cn_from_sans"], is_common_name_left_out);
    }
    let scene = scene(native());
    let key = text(&scene.subject.secret);
    let pair = KeyPair::from_pem(&key).expect("the key");
    let login = SanType::OtherName((
        vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 3],
        "ann@corp".to_owned().into(),
    ));
    let own = certificate_for(&[dns, login], &pair, FIRST, LIFETIME);
    let fields = [("key", key.as_str()), ("crt", own.as_str())];
    let fields: Fields = fields
        .map(|(field, held)| (field.to_owned(), Secret::new(held.as_bytes())))
        .into();
    let mut bare = scene.subject.clone();
    bare.values
        .retain(|value| value.name != "entry-certificate");
    let error = with_provider(&scene, |provider, _| provider.beside(&bare, &fields));
    let error = error.expect_err("it cannot be asked for").to_string();
    assert!(error.contains("a person has to have it issued"), "{error}");
}

#[test]
fn without_a_word_about_what_the_key_is_for_a_person_has_to_act() {
    let scene = scene(native());
    let mut bare = scene.subject.clone();
    bare.values.clear();
    let steps = with(
        &scene.providers,
        &scene.rule,
        &bare,
        &scene.admin,
        |provider, case| {
            let abilities = provider.abilities(case).expect("abilities");
            assert!(abilities.revoke.is_none() && abilities.rotate.is_none());
            abilities.instructions.expect("instructions").steps
        },
    );
    assert!(steps[0].contains("--with vault="), "{steps:?}");
    assert!(
        steps.iter().any(|step| step.contains("certbot revoke")),
        "{steps:?}"
    );
}

#[expect(clippy::disallowed_methods, reason = "a key of the test")]
fn text(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}
