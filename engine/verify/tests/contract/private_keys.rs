//! SSH keys against a real sshd, and TLS keys beside their certificates.

use std::fs;
use std::process::Command;

use aws_lc_rs::signature::{ED25519, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use leakward_core::Secret;
use leakward_verify::{Endpoint, Settings, Subject, Value, ValueSource, Verified};

use crate::logins::{Service, folder, free_port, local, program, run, start};
use crate::server::{Server, answer};
use crate::setup::{plain, quick, rule, verify};

fn given(name: &str, text: &str) -> Value {
    Value {
        name: name.to_owned(),
        secret: Secret::new(text.as_bytes()),
        source: ValueSource::Given,
    }
}

/// Asks an SSH server about a key.
fn ask(port: u16, rule_id: &str, key: &str, values: &[(&str, &str)]) -> Verified {
    let rules = [rule(rule_id)];
    let mut subject: Subject = plain(rule_id, key);
    subject.values = values
        .iter()
        .map(|(name, text)| given(name, text))
        .collect();
    let settings = Settings {
        endpoints: vec![Endpoint {
            of: rule_id.to_owned(),
            base: format!("ssh://127.0.0.1:{port}"),
        }],
        limits: quick(),
        ..Settings::default()
    };
    local(&rules, &settings, subject)
}

/// A server, its host keys' fingerprints, and keys of all kinds of which all but the last are accepted.
struct Sshd {
    service: Service,
    fingerprints: Vec<String>,
    /// The rule's id and the key.
    accepted: Vec<(&'static str, String)>,
    other: String,
}

fn sshd() -> Option<Sshd> {
    let (sshd, keygen) = (program(&["sshd"])?, program(&["ssh-keygen"])?);
    let (folder, port) = (folder(), free_port());
    let make = |name: &str, options: &[&str]| {
        let path = folder.path().join(name);
        run(Command::new(&keygen)
            .args(["-q", "-N", "", "-C", "test", "-f"])
            .arg(&path)
            .args(options));
        path
    };
    let hosts = [
        make("host_ed25519", &["-t", "ed25519"]),
        make("host_rsa", &["-t", "rsa", "-b", "2048"]),
    ];
    let fingerprints = hosts.iter().map(|host| {
        let output = Command::new(&keygen).arg("-lf").arg(host).output();
        let text = String::from_utf8_lossy(&output.expect("ssh-keygen").stdout).into_owned();
        text.split(' ').nth(1).unwrap_or_default().to_owned()
    });
    let fingerprints: Vec<String> = fingerprints.collect();
    let kinds: [(&str, &[&str], &str); 6] = [
        ("ed25519", &["-t", "ed25519"], "private-key-openssh"),
        ("rsa", &["-t", "rsa", "-b", "3072"], "private-key-openssh"),
        ("p256", &["-t", "ecdsa", "-b", "256"], "private-key-openssh"),
        ("p521", &["-t", "ecdsa", "-b", "521"], "private-key-openssh"),
        (
            "pkcs1",
            &["-t", "rsa", "-b", "2048", "-m", "PEM"],
            "private-key-pkcs1-rsa",
        ),
        (
            "sec1",
            &["-t", "ecdsa", "-b", "384", "-m", "PEM"],
            "private-key-ec",
        ),
    ];
    let mut authorized = String::new();
    let accepted = kinds.map(|(name, options, rule_id)| {
        let path = make(name, options);
        authorized += &fs::read_to_string(path.with_extension("pub")).expect("a public key");
        (rule_id, fs::read_to_string(path).expect("a key"))
    });
    let other = make("other", &["-t", "ed25519"]);
    let other = fs::read_to_string(other).expect("a key");
    let keys = folder.path().join("authorized_keys");
    fs::write(&keys, authorized).expect("accepted keys");
    let config = folder.path().join("sshd_config");
    let mut text = format!(
        "Port {port}\nListenAddress 127.0.0.1\nAuthorizedKeysFile {}\nStrictModes no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPidFile none\nForceCommand echo Hi octocat!\n",
        keys.display()
    );
    for host in &hosts {
        text += &format!("HostKey {}\n", host.display());
    }
    fs::write(&config, text).expect("a configuration");
    // Where it separates privileges it wants this folder; Debian's start script makes it.
    fs::create_dir_all("/run/sshd").ok();
    let mut server = Command::new(sshd);
    server.args(["-D", "-e", "-f"]).arg(&config);
    Some(Sshd {
        service: start(server, port, folder),
        fingerprints,
        accepted: accepted.to_vec(),
        other,
    })
}

/// Whoever runs the tests.
fn user() -> String {
    let output = Command::new("id").arg("-un").output().expect("id");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn an_ssh_key_is_live_where_it_is_accepted_and_dead_where_it_is_not() {
    let Some(sshd) = sshd() else {
        return;
    };
    let (port, user) = (sshd.service.port, user());
    for (rule_id, key) in &sshd.accepted {
        for fingerprint in &sshd.fingerprints {
            let values = [("host-key", &**fingerprint), ("user", &*user)];
            let verified = ask(port, rule_id, key, &values);
            let is_first = *fingerprint == sshd.fingerprints[0];
            if is_first {
                assert_eq!(verified.verdict.to_string(), "live", "{verified:?}");
            } else {
                // The server shows its Ed25519 key; a pin of its RSA key does not fit that.
                assert!(
                    verified.verdict.to_string().contains(&sshd.fingerprints[0]),
                    "{verified:?}"
                );
            }
        }
    }
    let values = [("host-key", &*sshd.fingerprints[0]), ("user", &*user)];
    let refused = ask(port, "private-key-openssh", &sshd.other, &values);
    assert_eq!(refused.verdict.to_string(), "dead", "{refused:?}");
    assert!(refused.evidence.summary.contains("other servers may"));
}

#[test]
fn a_server_of_which_nobody_knows_the_key_is_not_asked() {
    let Some(sshd) = sshd() else {
        return;
    };
    let (rule_id, key) = &sshd.accepted[0];
    let verified = ask(sshd.service.port, rule_id, key, &[]);
    assert_eq!(verified.verdict.as_str(), "not-checked");
    assert!(
        verified.evidence.summary.contains("host-key"),
        "{verified:?}"
    );
    // Without a named server the key goes nowhere.
    let settings = Settings {
        limits: quick(),
        ..Settings::default()
    };
    let verified = local(&[rule(rule_id)], &settings, plain(rule_id, key));
    assert_eq!(verified.verdict.as_str(), "not-checked");
    assert!(
        verified.evidence.summary.contains("--endpoint"),
        "{verified:?}"
    );
}

#[test]
fn what_is_no_ssh_server_proves_nothing() {
    let Some(keygen) = program(&["ssh-keygen"]) else {
        return;
    };
    let folder = folder();
    let path = folder.path().join("key");
    run(Command::new(keygen)
        .args(["-q", "-N", "", "-t", "ed25519", "-f"])
        .arg(&path));
    let key = fs::read_to_string(path).expect("a key");
    for reply in [
        &b"HTTP/1.1 200 OK\r\n\r\n"[..],
        b"SSH-2.0-x\r\n\0\0\0\x0c\x0a\x14aaaaaaaaaaaaaaaa",
        b"SSH-2.0-x\r\n\xff\xff\xff\xff",
        b"",
    ] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = std::thread::spawn(move || {
            if let Ok((mut stream, _)) = listener.accept() {
                std::io::Write::write_all(&mut stream, reply).ok();
                stream.shutdown(std::net::Shutdown::Write).ok();
                let mut rest = Vec::new();
                std::io::Read::read_to_end(&mut stream, &mut rest).ok();
            }
        });
        let values = [("host-key", "SHA256:any")];
        let verified = ask(port, "private-key-openssh", &key, &values);
        assert_eq!(verified.verdict.as_str(), "unknown", "{verified:?}");
        server.join().expect("the server ends");
    }
}

#[test]
fn a_tls_key_is_told_whose_certificate_stands_beside_it() {
    let made = rcgen::generate_simple_self_signed(vec!["shop.corp".to_owned()]).expect("a pair");
    let other = rcgen::generate_simple_self_signed(vec!["x.corp".to_owned()]).expect("a pair");
    let told = |certificate: &str| {
        let mut subject = plain("private-key-pkcs8", &made.signing_key.serialize_pem());
        subject.values.push(Value {
            name: "after".to_owned(),
            secret: Secret::new(format!("\n{certificate}").as_bytes()),
            source: ValueSource::Found,
        });
        local(&[rule("private-key-pkcs8")], &Settings::default(), subject)
    };
    let own = told(&made.cert.pem());
    assert_eq!(own.verdict.as_str(), "not-checked");
    assert!(own.evidence.summary.contains("is this key's"), "{own:?}");
    assert!(
        own.evidence
            .identity
            .contains(&("certificate".to_owned(), "shop.corp".to_owned())),
        "{own:?}"
    );
    let foreign = told(&other.cert.pem());
    assert!(
        foreign.evidence.summary.contains("is not this key's"),
        "{foreign:?}"
    );
}

/// The PKI engine of Vault and OpenBao: <https://developer.hashicorp.com/vault/api-docs/secret/pki#read-certificate>.
#[test]
fn a_tls_key_is_live_until_its_authority_has_revoked_its_certificate() {
    const ID: &str = "private-key-pkcs8";
    let made = rcgen::generate_simple_self_signed(vec!["shop.corp".to_owned()]).expect("a pair");
    let other = rcgen::generate_simple_self_signed(vec!["x.corp".to_owned()]).expect("a pair");
    let (key, own) = (made.signing_key.serialize_pem(), made.cert.pem());
    let known = |certificate: &str, revoked: u64| {
        serde_json::json!({"data": {"certificate": certificate, "revocation_time": revoked}})
            .to_string()
    };
    let ask = |status: u16, body: String, certificate: &str, source: ValueSource| {
        let server = Server::start(move |_| answer(status, &[], &body));
        let mut subject = plain(ID, &key);
        for (name, text, source) in [
            ("vault", server.url(""), source),
            ("certificate", certificate.to_owned(), ValueSource::Given),
        ] {
            subject.values.push(Value {
                name: name.to_owned(),
                secret: Secret::new(text.as_bytes()),
                source,
            });
        }
        let settings = Settings {
            limits: quick(),
            ..Settings::default()
        };
        let verified = verify(&server, &[rule(ID)], &settings, &[subject]).remove(0);
        let requests = server.received();
        for received in &requests {
            assert!(received.path().starts_with("/v1/pki/cert/"));
            let body: String = key.lines().filter(|line| !line.contains("--")).collect();
            assert!(!received.all().contains(body.get(..40).expect("a key")));
        }
        (verified, requests.len())
    };
    let asked = |status: u16, body: String, certificate: &str, source: ValueSource| {
        let (verified, _) = ask(status, body, certificate, source);
        verified.verdict.as_str().to_owned()
    };
    use ValueSource::{Found, Given};
    assert_eq!(asked(200, known(&own, 0), &own, Given), "live");
    assert_eq!(asked(200, known(&own, 1_800_000_000), &own, Given), "dead");
    for (status, body) in [
        (404, "{\"errors\":[]}".to_owned()),
        (503, "{\"errors\":[\"sealed\"]}".to_owned()),
        (200, known(&other.cert.pem(), 1_800_000_000)),
        (
            200,
            serde_json::json!({"data": {"certificate": own}}).to_string(),
        ),
    ] {
        assert_eq!(
            asked(status, body.clone(), &own, Given),
            "unknown",
            "{body}"
        );
    }
    // Of another key, none, and a server that somebody else named: then nobody has said what the key is for.
    for (certificate, source, why) in [
        (other.cert.pem(), Given, "`certificate` was not found"),
        (String::new(), Given, "`certificate` was not found"),
        (own.clone(), Found, "--endpoint private-key-pkcs8"),
    ] {
        let (verified, requests) = ask(200, known(&own, 0), &certificate, source);
        assert_eq!(verified.verdict.as_str(), "not-checked", "{verified:?}");
        assert!(verified.evidence.summary.contains(why), "{verified:?}");
        assert_eq!(requests, 0);
    }
    // The key may have another certificate than the one that has ended: it is not asked about.
    let mut ended = rcgen::CertificateParams::new(vec!["shop.corp".to_owned()]).expect("names");
    ended.not_after = rcgen::date_time_ymd(2025, 1, 1);
    let ended = ended.self_signed(&made.signing_key).expect("one").pem();
    for revoked in [0, 1_800_000_000] {
        let (verified, requests) = ask(200, known(&ended, revoked), &ended, Given);
        assert_eq!(verified.verdict.as_str(), "not-checked");
        assert!(
            verified.evidence.summary.contains("expired"),
            "{verified:?}"
        );
        assert_eq!(requests, 0);
    }
}

/// What a scan finds of a key has no lines around it, and no signs that fill its base64 up.
#[test]
fn a_key_is_read_however_its_base64_ends() {
    let Some(sshd) = sshd() else {
        return;
    };
    let (host_key, user) = (&sshd.fingerprints[0], user());
    let mut filled_up = 0;
    for (rule_id, key) in &sshd.accepted {
        let lines = key.lines().filter(|line| !line.contains("--"));
        let bare: String = lines.flat_map(|line| line.chars()).collect();
        filled_up += usize::from(bare.ends_with('='));
        let values = [("host-key", &**host_key), ("user", &*user)];
        let bare = bare.trim_end_matches('=');
        let verified = ask(sshd.service.port, rule_id, bare, &values);
        assert_eq!(verified.verdict.to_string(), "live", "{verified:?}");
    }
    assert!(filled_up > 0, "without such a key nothing is seen here");
}

/// An application that takes tokens of one key.
struct Application {
    key: String,
    public: Vec<u8>,
    /// The key's name there.
    name: String,
}

/// What it answers to a token.
#[derive(Clone, Copy)]
enum Manner {
    /// This where the key has signed it, and 401 otherwise.
    Looks(u16),
    /// This to everybody.
    Same(u16),
}

impl Application {
    fn new(name: &str) -> Self {
        let pair = aws_lc_rs::signature::Ed25519KeyPair::generate().expect("a key");
        let der = pair.to_pkcs8v1().expect("its text");
        Self {
            key: base64::engine::general_purpose::STANDARD.encode(der),
            public: pair.public_key().as_ref().to_vec(),
            name: name.to_owned(),
        }
    }

    fn server(&self, manner: Manner) -> Server {
        let (public, name) = (self.public.clone(), self.name.clone());
        Server::start(move |received| {
            let head = received.headers.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                let value = name
                    .eq_ignore_ascii_case("authorization")
                    .then_some(value)?;
                value.trim().strip_prefix("Bearer ")
            });
            let token = head.expect("a token");
            let (signed, signature) = token.rsplit_once('.').expect("a signature");
            let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64");
            let is_ours = UnparsedPublicKey::new(&ED25519, &public)
                .verify(signed.as_bytes(), &bytes(signature))
                .is_ok();
            let parts: Vec<serde_json::Value> = signed
                .split('.')
                .map(|part| serde_json::from_slice(&bytes(part)).expect("JSON"))
                .collect();
            assert_eq!(parts[0]["alg"], "EdDSA");
            assert_eq!(parts[1]["sub"], "leakward");
            let life = parts[1]["exp"].as_u64().zip(parts[1]["iat"].as_u64());
            assert_eq!(life.map(|(end, start)| end - start), Some(60));
            assert_eq!(received.path(), "/me");
            let status = match manner {
                Manner::Same(status) => status,
                Manner::Looks(status) if is_ours && parts[0]["kid"] == *name => status,
                Manner::Looks(_) => 401,
            };
            answer(status, &[("location", "/login")], "{}")
        })
    }

    /// The verdict, and how many tokens arrived.
    fn ask(
        &self,
        manner: Manner,
        values: &[(&str, &str)],
        check: ValueSource,
    ) -> (Verified, usize) {
        const ID: &str = "private-key-pkcs8";
        let server = self.server(manner);
        let mut subject = plain(ID, &self.key);
        subject.values = values
            .iter()
            .map(|(name, text)| given(name, text))
            .collect();
        subject.values.push(Value {
            source: check,
            ..given("check", &server.url("/me"))
        });
        let settings = Settings {
            limits: quick(),
            ..Settings::default()
        };
        let verified = verify(&server, &[rule(ID)], &settings, &[subject]).remove(0);
        (verified, server.received().len())
    }

    fn verdict(&self, manner: Manner, values: &[(&str, &str)]) -> String {
        let (verified, _) = self.ask(manner, values, ValueSource::Given);
        verified.verdict.as_str().to_owned()
    }
}

const CLAIMS: (&str, &str) = ("claims", "{\"sub\":\"leakward\",\"exp\":1}");
const JWT: (&str, &str) = ("signs", "jwt");

#[test]
fn a_key_that_signs_tokens_is_live_where_they_are_taken() {
    let application = Application::new("2026-11");
    let values = [JWT, CLAIMS, ("key-id", "2026-11")];
    for (status, expected) in [
        (200, "live"),
        (204, "live"),
        (401, "dead"),
        (302, "unknown"),
        (403, "unknown"),
        (404, "unknown"),
        (500, "unknown"),
    ] {
        let verdict = application.verdict(Manner::Looks(status), &values);
        assert_eq!(verdict, expected, "{status}");
    }
    let looks = Manner::Looks(200);
    for (values, why) in [
        (vec![JWT, ("claims", "no object")], "`claims`"),
        (vec![("signs", "x509"), CLAIMS], "`signs`"),
    ] {
        let (verified, requests) = application.ask(looks, &values, ValueSource::Given);
        assert_eq!(verified.verdict.as_str(), "not-checked");
        assert!(verified.evidence.summary.contains(why), "{verified:?}");
        assert_eq!(requests, 0);
    }
}

#[test]
fn whoever_wrote_the_scanned_text_names_no_address_that_gets_a_token() {
    let application = Application::new("2026-11");
    let values = [JWT, CLAIMS, ("key-id", "2026-11")];
    let (verified, requests) = application.ask(Manner::Looks(200), &values, ValueSource::Found);
    assert_eq!(verified.verdict.as_str(), "not-checked");
    let summary = &verified.evidence.summary;
    assert!(summary.contains("give it with --with check="), "{summary}");
    assert_eq!(requests, 0);
}

#[test]
fn an_address_that_lets_everybody_in_proves_nothing() {
    let application = Application::new("2026-11");
    let values = [JWT, CLAIMS, ("key-id", "2026-11")];
    let (verified, requests) = application.ask(Manner::Same(200), &values, ValueSource::Given);
    assert_eq!(verified.verdict.as_str(), "unknown");
    let reason = verified.verdict.to_string();
    assert!(reason.contains("control passed"), "{reason}");
    assert_eq!(requests, 2, "a token of another key under the same name");
}

#[test]
fn a_key_is_dead_only_where_its_name_was_said() {
    let application = Application::new("2026-11");
    let said = |name: Option<&str>| {
        let name = name.map(|name| ("key-id", name));
        let values: Vec<(&str, &str)> = [JWT, CLAIMS].into_iter().chain(name).collect();
        application
            .ask(Manner::Looks(200), &values, ValueSource::Given)
            .0
    };
    assert_eq!(said(Some("2026-11")).verdict.as_str(), "live");
    assert_eq!(said(Some("2026-10")).verdict.as_str(), "dead");
    assert_eq!(said(Some("thumbprint")).verdict.as_str(), "dead");
    let unsaid = said(None);
    assert_eq!(unsaid.verdict.as_str(), "unknown");
    let reason = unsaid.verdict.to_string();
    assert!(reason.contains("--with key-id=thumbprint"), "{reason}");
    // Where the name is the thumbprint, that it works is seen without a word.
    let public = leakward_verify::token_key::jwk(&application.key).expect("its public half");
    let named = Application {
        name: public["kid"].as_str().expect("its thumbprint").to_owned(),
        ..application
    };
    for values in [vec![JWT, CLAIMS], vec![JWT, CLAIMS, ("kid", "thumbprint")]] {
        assert_eq!(named.verdict(Manner::Looks(200), &values), "live");
    }
}
