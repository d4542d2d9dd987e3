//! TLS keys of a real OpenBao's PKI engine: a leaked one is replaced together with its certificate, and its certificate is
//! revoked; the same with a program that is killed at every line of its journal.

use std::fs;
use std::path::Path;
use std::process::Command;

use leakward_tests::{Program, Repository};
use leakward_verify::certificates::in_text;
use serde_json::Value;

use super::world::{OpenBao, killed_until_its_end, program, scanned};
use crate::leakward;

/// A leaked TLS key, and the CA that knows it.
struct Scene {
    bao: OpenBao,
    repository: Repository,
    finding: String,
    key: String,
    certificate: String,
    serial: String,
}

impl Scene {
    fn new() -> Option<Self> {
        let bao = OpenBao::start("nothing")?;
        bao.says(&["secrets", "enable", "pki"]);
        let root = "pki/root/generate/internal";
        bao.says(&["write", root, "common_name=ca.corp", "ttl=700h"]);
        let role = [
            "allowed_domains=corp",
            "allow_subdomains=true",
            "allowed_uri_sans=spiffe://corp/*",
            "key_type=ec",
        ];
        let mut words = vec!["write", "pki/roles/shop", "key_bits=256", "max_ttl=600h"];
        words.extend(role);
        bao.says(&words);
        let issued = bao.says(&[
            "write",
            "-format=json",
            "pki/issue/shop",
            "common_name=shop.corp",
            "alt_names=www.shop.corp",
            "uri_sans=spiffe://corp/shop",
            "ttl=500h",
            "private_key_format=pkcs8",
        ]);
        let issued: Value = serde_json::from_str(&issued).expect("JSON");
        let part = |name: &str| issued["data"][name].as_str().expect(name).trim().to_owned();
        let (key, certificate) = (part("private_key"), part("certificate"));
        let fields = [
            format!("tls.key={key}"),
            format!("tls.crt={certificate}"),
            format!("ca.crt={}", part("issuing_ca")),
        ];
        let put = ["kv", "put", "secret/app/tls", "note=kept"];
        bao.says(&[&put[..], &fields.each_ref().map(String::as_str)].concat());
        bao.says(&["kv", "put", "secret/app/bare", &fields[0]]);
        let repository = Repository::new();
        repository.commit_file("deploy/shop.key", format!("{key}\n"));
        let (finding, _) = scanned(&repository, "private-key-pkcs8");
        Some(Self {
            finding,
            serial: part("serial_number"),
            bao,
            repository,
            key,
            certificate,
        })
    }

    /// A command that may use the CA.
    fn leakward(&self, words: &[&str]) -> Program {
        let vault = format!("vault={}", self.bao.address());
        let program = leakward(self.repository.sandbox()).args(words).args([
            "--with",
            &vault,
            "--allow-private",
        ]);
        self.bao.login(program)
    }

    fn respond(&self, words: &[&str]) -> Program {
        self.leakward(words)
            .args(["--with", "pki-role=shop"])
            .env("LEAKWARD_IDENTITY_VAULT_ADMIN", &self.bao.token)
    }

    fn rotate(&self, path: &str) -> Program {
        let finding = format!("--finding={}", self.finding);
        self.respond(&["rotate", "--report", "report.json", &finding])
            .args(["--store", &self.bao.store(), "--path", path])
            .args(["--grace", "1s", "--yes"])
    }

    fn field(&self, name: &str) -> String {
        let field = format!("-field={name}");
        self.bao.says(&["kv", "get", &field, "secret/app/tls"])
    }

    fn verdict(&self, key: &str, certificate: &str) -> String {
        let certificate = format!("certificate={certificate}");
        let run = self
            .leakward(&["verify", "--rule", "private-key-pkcs8"])
            .args(["--verify-cache-ttl", "0s"])
            .args(["--with", &certificate])
            .input(key.to_owned())
            .run();
        let first = run.stdout.lines().next().unwrap_or_default();
        first.to_owned()
    }

    fn is_revoked(&self, serial: &str) -> bool {
        let path = format!("pki/cert/{serial}");
        let time = self.bao.says(&["read", "-field=revocation_time", &path]);
        time != "0"
    }

    /// How many certificates are not revoked, the CA's own among them.
    fn valid(&self) -> usize {
        let listed = self.bao.says(&["list", "-format=json", "pki/certs"]);
        let listed: Vec<String> = serde_json::from_str(&listed).expect("a list");
        listed
            .iter()
            .filter(|serial| !self.is_revoked(serial))
            .count()
    }

    /// The entry has a new key with its certificate, the old certificate is revoked, and no other is left over.
    fn is_replaced(&self) {
        let (key, certificate) = (self.field("tls.key"), self.field("tls.crt"));
        assert_ne!(key, self.key);
        assert_ne!(certificate, self.certificate);
        let names = |text: &str| {
            let own = in_text(text).remove(0);
            own.names().join(" ")
        };
        assert_eq!(names(&certificate), names(&self.certificate));
        assert!(names(&certificate).contains("spiffe://corp/shop"));
        assert_eq!(self.field("note"), "kept");
        assert!(self.field("ca.crt").starts_with("-----BEGIN CERTIFICATE"));
        assert_eq!(self.verdict(&key, &certificate), "live");
        assert_eq!(self.verdict(&self.key, &self.certificate), "dead");
        assert!(self.is_revoked(&self.serial));
        assert_eq!(self.valid(), 2, "the CA's own and the successor's");
    }
}

#[test]
fn a_tls_key_is_replaced_with_its_certificate_and_the_old_certificate_is_revoked() {
    let Some(scene) = Scene::new() else { return };
    assert_eq!(scene.verdict(&scene.key, &scene.certificate), "live");

    let refused = scene.rotate("app/bare").run();
    refused.expect_status(2);
    assert!(
        refused.stderr.contains("without its certificate"),
        "{}",
        refused.transcript()
    );
    assert_eq!(scene.valid(), 2, "nothing was issued");

    let done = scene.rotate("app/tls").run();
    done.expect_status(0);
    for word in [
        "/v1/pki/issue/shop",
        "tls.crt",
        "tls.key",
        "the old credential is proven dead",
    ] {
        assert!(done.stdout.contains(word), "{word}: {}", done.transcript());
    }
    scene.is_replaced();

    let certificate = format!("certificate={}", scene.certificate);
    let finding = format!("--finding={}", scene.finding);
    let again = scene
        .respond(&["revoke", "--report", "report.json", &finding])
        .args(["--with", &certificate, "--yes"])
        .run();
    again.expect_status(0);
    assert!(
        again.stdout.contains("dead already"),
        "{}",
        again.transcript()
    );
    for (path, content) in scene.repository.sandbox().left_behind() {
        let text = String::from_utf8_lossy(&content);
        let new = scene.field("tls.key");
        let line = new.lines().nth(1).expect("a key");
        assert!(!text.contains(line), "{} holds the key", path.display());
    }
}

/// Somebody has had the key certified twice: that one certificate is revoked does not make it dead.
#[test]
fn a_tls_key_is_dead_when_every_certificate_of_it_is_revoked() {
    let (Some(scene), Some(openssl)) = (Scene::new(), program("openssl")) else {
        return;
    };
    let sandbox = scene.repository.sandbox();
    let (key, request) = (sandbox.path("the.key"), sandbox.path("the.csr"));
    fs::write(&key, &scene.key).expect("the key");
    let made = Command::new(openssl)
        .args(["req", "-new", "-subj", "/CN=shop.corp", "-key"])
        .args([&key, Path::new("-out"), &request])
        .output();
    assert!(made.expect("openssl").status.success(), "a request");
    let csr = format!("csr=@{}", request.display());
    let sign = ["write", "-field=serial_number", "pki/sign/shop"];
    let second = scene
        .bao
        .says(&[&sign[..], &["common_name=shop.corp", &csr]].concat());
    scene.bao.says(&[
        "write",
        "pki/revoke",
        &format!("serial_number={}", scene.serial),
    ]);
    assert_eq!(scene.verdict(&scene.key, &scene.certificate), "dead");
    assert!(!scene.is_revoked(&second));

    let certificate = format!("certificate={}", scene.certificate);
    let finding = format!("--finding={}", scene.finding);
    let done = scene
        .respond(&["revoke", "--report", "report.json", &finding])
        .args(["--with", &certificate, "--yes"])
        .run();
    done.expect_status(0);
    let told = &done.stdout;
    assert!(!told.contains("dead already"), "{}", done.transcript());
    assert!(told.contains("proven dead"), "{}", done.transcript());
    assert!(scene.is_revoked(&second));
}

#[test]
fn a_rotation_of_a_tls_key_that_is_killed_at_every_line_leaves_no_certificate_over() {
    let Some(scene) = Scene::new() else { return };
    // Key and certificate are told once: a process has to live for a few lines before the store has them.
    let resume = || scene.respond(&["respond", "resume"]);
    let points: Vec<String> = (0..30)
        .flat_map(|line| [format!("before:{line}"), format!("after:{line}")])
        .collect();
    let points: Vec<&str> = points.iter().map(String::as_str).collect();
    let last = killed_until_its_end(scene.rotate("app/tls"), resume, &points, 8);
    last.expect_status(0);
    scene.is_replaced();
}
