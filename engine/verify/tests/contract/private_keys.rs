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
    let asked = |status: u16, body: String, certificate: &str, source: ValueSource| {
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
        for received in server.received() {
            assert!(received.path().starts_with("/v1/pki/cert/"));
            let body: String = key.lines().filter(|line| !line.contains("--")).collect();
            assert!(!received.all().contains(body.get(..40).expect("a key")));
        }
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
    // Of another key, none, and a server that somebody else named.
    for (certificate, source) in [
        (other.cert.pem(), Given),
        (String::new(), Given),
        (own.clone(), Found),
    ] {
        assert_eq!(
            asked(200, known(&own, 0), &certificate, source),
            "not-checked"
        );
    }
    // The key may have another certificate than the one that has ended.
    let mut ended = rcgen::CertificateParams::new(vec!["shop.corp".to_owned()]).expect("names");
    ended.not_after = rcgen::date_time_ymd(2025, 1, 1);
    let ended = ended.self_signed(&made.signing_key).expect("one").pem();
    assert_eq!(asked(200, known(&ended, 0), &ended, Given), "not-checked");
}

/// What a scan finds of a key has no lines around it, and no signs that fill its base64 up.
#[test]
fn a_key_is_read_however_its_base64_ends() {
    let Some(sshd) = sshd() else {
        return;
    };
    let (host_key, user) = (&sshd.fingerprints[0], user());
    for (rule_id, key) in &sshd.accepted {
        let lines = key.lines().filter(|line| !line.contains("--"));
        let bare: String = lines.flat_map(|line| line.chars()).collect();
        let values = [("host-key", &**host_key), ("user", &*user)];
        let bare = bare.trim_end_matches('=');
        let verified = ask(sshd.service.port, rule_id, bare, &values);
        assert_eq!(verified.verdict.to_string(), "live", "{verified:?}");
    }
}

#[test]
fn a_key_that_signs_tokens_is_live_where_they_are_taken() {
    const ID: &str = "private-key-pkcs8";
    let pair = aws_lc_rs::signature::Ed25519KeyPair::generate().expect("a key");
    let der = pair.to_pkcs8v1().expect("its text");
    let key = base64::engine::general_purpose::STANDARD.encode(der);
    let (key, public) = (key, pair.public_key().as_ref().to_vec());
    let asked = |status: u16, values: &[(&str, &str)], source: ValueSource| {
        let public = public.clone();
        let server = Server::start(move |received| {
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
            UnparsedPublicKey::new(&ED25519, &public)
                .verify(signed.as_bytes(), &bytes(signature))
                .expect("signed by the key");
            let parts: Vec<serde_json::Value> = signed
                .split('.')
                .map(|part| serde_json::from_slice(&bytes(part)).expect("JSON"))
                .collect();
            assert_eq!(parts[0]["alg"], "EdDSA");
            assert_eq!(parts[0]["kid"], "2026-11");
            assert_eq!(parts[1]["sub"], "leakward");
            let life = parts[1]["exp"].as_u64().zip(parts[1]["iat"].as_u64());
            assert_eq!(life.map(|(end, start)| end - start), Some(60));
            assert_eq!(received.path(), "/me");
            answer(status, &[("location", "/login")], "{}")
        });
        let mut subject = plain(ID, &key);
        let check = server.url("/me");
        let check = ("check", check.as_str());
        for (name, text) in values.iter().chain([&check]) {
            subject.values.push(Value {
                name: (*name).to_owned(),
                secret: Secret::new(text.as_bytes()),
                source,
            });
        }
        let settings = Settings {
            limits: quick(),
            ..Settings::default()
        };
        let verified = verify(&server, &[rule(ID)], &settings, &[subject]).remove(0);
        verified.verdict.as_str().to_owned()
    };
    use ValueSource::{Found, Given};
    let claims = "{\"sub\":\"leakward\",\"exp\":1}";
    let values = [("signs", "jwt"), ("claims", claims), ("key-id", "2026-11")];
    for (status, expected) in [
        (200, "live"),
        (204, "live"),
        (401, "dead"),
        (302, "unknown"),
        (403, "unknown"),
        (404, "unknown"),
        (500, "unknown"),
    ] {
        assert_eq!(asked(status, &values, Given), expected, "{status}");
    }
    let wrong = [("signs", "jwt"), ("claims", "no object")];
    assert_eq!(asked(200, &wrong, Given), "not-checked");
    assert_eq!(asked(200, &[("signs", "x509")], Given), "not-checked");
    // Whoever wrote the scanned text names no address.
    assert_eq!(asked(200, &values, Found), "not-checked");
}
