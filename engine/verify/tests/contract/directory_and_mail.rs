//! A directory and a mail server: Debian's slapd, and aiosmtpd of PyPI, each with one user.

use std::fs;
use std::process::Command;

use leakward_core::Secret;
use leakward_verify::{
    AddressPolicy, Audit, Endpoint, Network, NetworkSettings, Settings, SystemClock, Value,
    ValueSource, Verifier,
};

use crate::logins::{Service, folder, free_port, program, start};
use crate::setup::{Log, plain, quick, rule};

fn right() -> String {
    ["correct", "horse", "7"].join("-")
}

/// The verdict on a password in a URI, at the server that `base` names, which these authorities vouch for.
fn verdict(id: &str, before: &str, password: &str, base: &str, authority: &[u8]) -> String {
    let settings = Settings {
        endpoints: vec![Endpoint {
            of: id.to_owned(),
            base: base.to_owned(),
        }],
        limits: quick(),
        ..Settings::default()
    };
    let mut subject = plain(id, password);
    subject.values = [("before", before), ("after", "@server.corp/\n")]
        .map(|(name, text)| Value {
            name: name.to_owned(),
            secret: Secret::new(text.as_bytes()),
            source: ValueSource::Found,
        })
        .to_vec();
    let way_out = NetworkSettings {
        policy: AddressPolicy::PrivateAllowed,
        extra_authorities: authority.to_vec(),
        proxy: None,
    };
    let network = Network::new(&way_out, &settings.limits).expect("a way out");
    let audit = Audit::new(Log::default());
    let rules = [rule(id)];
    let verified =
        Verifier::new(&rules, &settings, &network, &audit, &SystemClock).verify(&[subject]);
    verified[0].verdict.to_string()
}

/// A directory whose only user is its owner.
fn directory(port: u16) -> Option<Service> {
    let slapd = program(&["slapd"])?;
    let folder = folder();
    let place = |name: &str| folder.path().join(name).display().to_string();
    fs::create_dir(place("data")).expect("a folder");
    let settings = format!(
        "include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile {}\nargsfile {}\n\
         database mdb\nsuffix \"dc=corp\"\nrootdn \"cn=app,dc=corp\"\nrootpw {}\ndirectory {}\n",
        place("pid"),
        place("args"),
        right(),
        place("data"),
    );
    fs::write(place("slapd.conf"), settings).expect("a configuration");
    let mut server = Command::new(slapd);
    // With a level of debugging it stays in the foreground.
    server.args(["-d", "0", "-f", &place("slapd.conf")]);
    server.args(["-h", &format!("ldap://127.0.0.1:{port}")]);
    Some(start(server, port, folder))
}

#[test]
fn a_directory_binds_whoever_has_the_password() {
    let Some(service) = directory(free_port()) else {
        return;
    };
    let base = format!("ldap://127.0.0.1:{}", service.port);
    let asked = |user: &str, password: &str| {
        let before = format!("URL=ldap://{user}:");
        verdict("ldap-bind-credentials", &before, password, &base, &[])
    };
    let user = "cn=app%2Cdc=corp";
    assert_eq!(asked(user, &right()), "live");
    assert_eq!(asked(user, "wrong-horse-7"), "dead");
    // What is no name is no credential: 34, invalidDNSyntax.
    let told = asked("app", &right());
    assert!(told.starts_with("unknown"), "{told}");
}

/// A mail server that offers TLS and knows one user; with the word `busy`, it is busy.
const MAIL: &str = r#"
import ssl, sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP, AuthResult

port, password, certificate, key, manner = sys.argv[1:]

def authenticate(server, session, envelope, mechanism, data):
    if manner == "busy":
        return AuthResult(success=False, handled=True, message="454 4.7.0 Temporary authentication failure")
    known = data.login == b"app" and data.password == password.encode()
    return AuthResult(success=known, handled=False)

class Server(Controller):
    def factory(self):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        return SMTP(Sink(), authenticator=authenticate, tls_context=context, require_starttls=True, hostname="localhost")

Server(Sink(), hostname="127.0.0.1", port=int(port)).start()
time.sleep(3600)
"#;

/// The server, and who vouches for it.
fn mail(manner: &str) -> Option<(Service, Vec<u8>)> {
    let python = program(&["python3"])?;
    let has_package = Command::new(&python)
        .args(["-c", "import aiosmtpd"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !has_package {
        let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(!in_ci, "this test needs aiosmtpd, and CI must not skip it");
        eprintln!("SKIPPED: this test needs aiosmtpd");
        return None;
    }
    let (folder, port) = (folder(), free_port());
    let signed =
        rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let place = |name: &str| folder.path().join(name).display().to_string();
    fs::write(place("server.pem"), signed.cert.pem()).expect("a certificate");
    fs::write(place("server.key"), signed.signing_key.serialize_pem()).expect("a key");
    let mut server = Command::new(python);
    server.args(["-c", MAIL, &port.to_string(), &right()]);
    server.args([&place("server.pem"), &place("server.key"), manner]);
    Some((start(server, port, folder), signed.cert.pem().into_bytes()))
}

#[test]
fn a_mail_server_lets_in_whoever_has_the_password() {
    let Some((service, authority)) = mail("usual") else {
        return;
    };
    let base = format!("smtp://127.0.0.1:{}", service.port);
    let asked = |user: &str, password: &str| {
        let before = format!("MAIL=smtp://{user}:");
        verdict("smtp-connection-uri", &before, password, &base, &authority)
    };
    assert_eq!(asked("app", &right()), "live");
    assert_eq!(asked("app", "wrong-horse-7"), "dead");
    assert_eq!(asked("nobody", &right()), "dead");
    // Nobody vouches for it: nothing is sent.
    let told = verdict(
        "smtp-connection-uri",
        "MAIL=smtp://app:",
        &right(),
        &base,
        &[],
    );
    assert!(told.starts_with("unknown"), "{told}");
}

#[test]
fn a_mail_server_that_cannot_say_at_the_moment_proves_nothing() {
    let Some((service, authority)) = mail("busy") else {
        return;
    };
    let base = format!("smtp://127.0.0.1:{}", service.port);
    let told = verdict(
        "smtp-connection-uri",
        "MAIL=smtp://app:",
        &right(),
        &base,
        &authority,
    );
    assert!(told.starts_with("unknown"), "{told}");
}
