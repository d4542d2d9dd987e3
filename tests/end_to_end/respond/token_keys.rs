//! Keys that sign tokens: a leaked one is replaced while an application signs with what the store gives it and another checks
//! with the set of public keys; no token is refused meanwhile, and afterwards those of the leaked key are.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use leakward_tests::{HttpServer, Program, Repository, http};
use leakward_verify::token_key;
use serde_json::{Map, Value, json};

use super::world::{OpenBao, killed_until_its_end, program, scanned};
use crate::leakward;

/// An entry of a KV engine, as applications read it.
fn read(port: u16, token: &str, entry: &str) -> Value {
    let (engine, path) = entry.split_once('/').expect("an engine");
    let path = format!("/v1/{engine}/data/{path}");
    let answer = http(port, "GET", &path, &[("x-vault-token", token)], b"");
    answer.json()["data"]["data"].clone()
}

/// Whether a token is signed with a key of the set, and not expired. Written without the program's own code.
fn is_good(token: &str, set: &Value) -> Option<bool> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let json = |part: &str| serde_json::from_slice::<Value>(&bytes(part)?).ok();
    let (header, claims) = (json(header)?, json(claims)?);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let is_now = claims["exp"].as_u64()? > now.ok()?.as_secs();
    let keys = set["keys"].as_array()?;
    let key = keys.iter().find(|key| key["kid"] == header["kid"])?;
    let part = |name: &str| bytes(key[name].as_str()?);
    let signature = bytes(signature)?;
    let is_signed = match (header["alg"].as_str()?, key["kty"].as_str()?) {
        ("ES256", "EC") => {
            let point = [vec![4], part("x")?, part("y")?].concat();
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
            key.verify(signed.as_bytes(), &signature).is_ok()
        }
        ("RS256", "RSA") => {
            let key = PublicKeyComponents {
                n: part("n")?,
                e: part("e")?,
            };
            let kind = &RSA_PKCS1_2048_8192_SHA256;
            key.verify(kind, signed.as_bytes(), &signature).is_ok()
        }
        _ => false,
    };
    Some(is_signed && is_now && claims["sub"] == "leakward")
}

/// A leaked key, whoever checks tokens, and the store with key and set.
struct Scene {
    bao: OpenBao,
    port: u16,
    repository: Repository,
    finding: String,
    rule: String,
    key: String,
    /// The entry of the set.
    set: String,
    /// Whether nobody has given it another name.
    by_thumbprint: bool,
    checks: HttpServer,
}

impl Scene {
    fn new(kind: &str, id: &str) -> Option<Self> {
        Self::with_set_in("secret", kind, id)
    }

    /// With the set in a store of its own.
    fn with_set_in(engine: &str, kind: &str, id: &str) -> Option<Self> {
        let bao = OpenBao::start("nothing")?;
        let port = bao.address().rsplit_once(':')?.1.parse().ok()?;
        // The CA of a PKI engine makes keys of any kind and form.
        bao.says(&["secrets", "enable", "pki"]);
        let kind = format!("key_type={kind}");
        let made = ["write", "-field=private_key", "pki/root/generate/exported"];
        let more = ["common_name=x", kind.as_str(), "ttl=1h"];
        let key = bao.says(&[&made[..], &more].concat());
        let mut public = token_key::jwk(&key)?;
        if !id.is_empty() {
            public["kid"] = json!(id);
        }
        let set = json!({ "keys": [public] });
        if engine != "secret" {
            let path = format!("-path={engine}");
            bao.says(&["secrets", "enable", &path, "-version=2", "kv"]);
        }
        let place = format!("{engine}/app/jwks");
        bao.says(&["kv", "put", &place, &format!("jwks={set}")]);
        let mut fields = vec![format!("private-key={key}"), "note=kept".to_owned()];
        if !id.is_empty() {
            fields.push(format!("kid={id}"));
        }
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        bao.says(&[&["kv", "put", "secret/app/signing"][..], &fields].concat());
        let (token, of) = (bao.token.clone(), place.clone());
        let checks = HttpServer::start(move |asked| {
            let held = read(port, &token, &of);
            let set = held["jwks"].as_str().unwrap_or_default();
            let set = serde_json::from_str(set).unwrap_or_default();
            let bearer = asked.head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                let value = name
                    .eq_ignore_ascii_case("authorization")
                    .then_some(value)?;
                value.strip_prefix("Bearer ")
            });
            match bearer.and_then(|bearer| is_good(bearer.trim(), &set)) {
                Some(true) => (200, "{}".to_owned()),
                _ => (401, "{}".to_owned()),
            }
        });
        let repository = Repository::new();
        repository.commit_file("deploy/signing.pem", format!("{key}\n"));
        let (finding, rule) = scanned(&repository, "private-key");
        Some(Self {
            finding,
            rule,
            bao,
            port,
            repository,
            key,
            set: place,
            by_thumbprint: id.is_empty(),
            checks,
        })
    }

    /// Says where the set is when it is not beside the key.
    fn other_store(&self) -> Option<String> {
        let engine = self
            .set
            .split('/')
            .next()
            .filter(|name| *name != "secret")?;
        Some(format!(
            "--with=jwks-store=vault:{}/{engine}",
            self.bao.address()
        ))
    }

    fn respond(&self, words: &[&str]) -> Program {
        self.respond_with(words, &["jwks=app/jwks", "claims={\"sub\":\"leakward\"}"])
    }

    fn respond_with(&self, words: &[&str], with: &[&str]) -> Program {
        let check = format!("check={}/me", self.checks.url());
        let program = leakward(self.repository.sandbox())
            .args(words)
            .args(["--with", "signs=jwt", "--with", &check])
            .args(with.iter().flat_map(|with| ["--with", with]))
            .args(self.other_store())
            .args(self.by_thumbprint.then_some("--with=key-id=thumbprint"))
            .arg("--allow-private");
        self.bao.login(program)
    }

    fn rotate(&self) -> Program {
        let finding = format!("--finding={}", self.finding);
        self.respond(&["rotate", "--report", "report.json", &finding])
            .args(["--store", &self.bao.store(), "--path", "app/signing"])
            .args(["--grace", "4s", "--yes"])
    }

    /// The names of the keys in the set.
    fn ids(&self) -> Vec<String> {
        let held = read(self.port, &self.bao.token, &self.set);
        let set: Value = serde_json::from_str(held["jwks"].as_str().expect("a set")).expect("JSON");
        let keys = set["keys"].as_array().expect("keys").iter();
        keys.map(|key| key["kid"].as_str().expect("a name").to_owned())
            .collect()
    }

    /// The entry has a new key, and the set its public half alone.
    fn is_replaced(&self, id: &str) {
        let held = read(self.port, &self.bao.token, "secret/app/signing");
        let new = held["private-key"].as_str().expect("a key");
        assert_ne!(new.trim(), self.key.trim());
        assert_eq!(new.lines().next(), self.key.lines().next());
        assert_eq!(held["note"], "kept");
        let name = token_key::jwk(new).expect("a key")["kid"].clone();
        assert_eq!(json!(self.ids()), json!([name]));
        if !id.is_empty() {
            assert_eq!(held["kid"], name);
        }
        let verdict = |key: &str, id: &str| {
            let mut words = vec!["verify", "--rule", &self.rule, "--verify-cache-ttl", "0s"];
            let id = format!("--with=key-id={id}");
            words.extend((!self.by_thumbprint && id != "--with=key-id=").then_some(id.as_str()));
            let run = self.respond(&words).input(key.to_owned()).run();
            run.stdout.lines().next().unwrap_or_default().to_owned()
        };
        assert_eq!(verdict(new, ""), "live");
        assert_eq!(verdict(&self.key, id), "dead");
    }
}

/// Signs with what the store gives and asks whether that is good, until it is told to stop; how often, and how often not.
fn signing(port: u16, token: &str, checks: u16, stop: &AtomicBool) -> (u32, u32) {
    let (mut signed, mut refused) = (0, 0);
    while !stop.load(Ordering::SeqCst) {
        let held = read(port, token, "secret/app/signing");
        let key = held["private-key"].as_str().expect("a key");
        let id = held["kid"].as_str().expect("its name");
        let claims = json!({ "sub": "leakward", "exp": 4_000_000_000_u64 });
        let claims: Map<String, Value> = claims.as_object().expect("claims").clone();
        let bearer = token_key::signed(key, id, &claims).expect("a token");
        let bearer = format!("Bearer {}", bearer.as_str());
        let answer = http(checks, "GET", "/me", &[("authorization", &bearer)], b"");
        signed += 1;
        refused += u32::from(answer.status != 200);
    }
    (signed, refused)
}

#[test]
fn a_key_that_signs_tokens_is_replaced_and_no_token_is_refused_meanwhile() {
    let Some(scene) = Scene::new("ec", "2026-11") else {
        return;
    };
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let (port, token) = (scene.port, scene.bao.token.clone());
    let checks = scene.checks.url();
    let checks = checks.rsplit(':').next().expect("a port");
    let checks = checks.parse().expect("a port");
    let application = std::thread::spawn(move || signing(port, &token, checks, &stopped));
    let done = scene.rotate().run();
    stop.store(true, Ordering::SeqCst);
    let (signed, refused) = application.join().expect("the application");
    done.expect_status(0);
    for word in [
        "app/jwks",
        "private-key",
        "kid",
        "the old credential is proven dead",
    ] {
        assert!(done.stdout.contains(word), "{word}: {}", done.transcript());
    }
    assert!(signed > 10, "{signed}");
    assert_eq!(refused, 0, "of {signed} tokens");
    scene.is_replaced("2026-11");
    let finding = format!("--finding={}", scene.finding);
    let revoke = || {
        scene
            .respond(&["revoke", "--report", "report.json", &finding])
            .args(["--with", "key-id=2026-11", "--yes"])
    };
    // Without the store of the set nobody can be asked, and what was proven stays so.
    let nobody = revoke().run();
    nobody.expect_status(1);
    let told = &nobody.stdout;
    assert!(told.contains("needs a store"), "{}", nobody.transcript());
    let shown = leakward(scene.repository.sandbox())
        .args(["respond", "show", &scene.finding])
        .run();
    let told = &shown.stdout;
    assert!(told.contains("state     closed"), "{}", shown.transcript());
    let again = revoke()
        .args(["--store", &scene.bao.store(), "--path", "app/signing"])
        .run();
    again.expect_status(0);
    assert!(
        again.stdout.contains("dead already"),
        "{}",
        again.transcript()
    );
}

/// It leaked in PKCS #1, and stands in PKCS #8 where applications read it.
#[test]
fn a_key_that_leaked_in_another_form_than_the_store_has_is_replaced_in_the_form_of_the_store() {
    let (Some(scene), Some(openssl)) = (Scene::new("rsa", ""), program("openssl")) else {
        return;
    };
    let leaked = scene.repository.folder().join("deploy/signing.pem");
    let made = Command::new(openssl)
        .args(["pkcs8", "-topk8", "-nocrypt", "-in"])
        .arg(leaked)
        .output()
        .expect("openssl");
    let other = String::from_utf8(made.stdout).expect("PEM");
    let mark = other.lines().next().expect("a mark").to_owned();
    assert_ne!(Some(mark.as_str()), scene.key.lines().next());
    let field = format!("private-key={other}");
    scene.bao.says(&["kv", "put", "secret/app/signing", &field]);
    scene.rotate().run().expect_status(0);
    let held = read(scene.port, &scene.bao.token, "secret/app/signing");
    let new = held["private-key"].as_str().expect("a key");
    assert!(new.starts_with(&mark) && new != other, "in its form");
    let name = token_key::jwk(new).expect("a key")["kid"].clone();
    assert_eq!(json!(scene.ids()), json!([name]));
}

#[test]
fn the_set_of_public_keys_can_be_in_another_store_than_the_key() {
    let Some(scene) = Scene::with_set_in("public", "ec", "2026-11") else {
        return;
    };
    scene.rotate().run().expect_status(0);
    scene.is_replaced("2026-11");
}

/// The key is out of the set by then, so that nothing could be planned any more.
#[test]
fn a_response_that_was_cut_off_goes_on_when_it_is_typed_again() {
    let Some(scene) = Scene::new("ec", "2026-11") else {
        return;
    };
    let finding = format!("--finding={}", scene.finding);
    let revoke = || {
        let words = ["revoke", "--report", "report.json", &finding];
        scene.respond(&words).args(["--with", "key-id=2026-11"])
    };
    let store = scene.bao.store();
    let killed = revoke()
        .args(["--store", &store, "--path", "app/signing", "--yes"])
        .env("LEAKWARD_KILL_AT", "after:1")
        .run();
    assert_eq!(killed.status, None, "{}", killed.transcript());
    assert!(scene.ids().is_empty(), "{}", killed.transcript());
    let looked = revoke().arg("--dry-run").run();
    looked.expect_status(0);
    let told = &looked.stdout;
    assert!(
        told.contains("under way already"),
        "{}",
        looked.transcript()
    );
    let again = revoke().arg("--yes").run();
    again.expect_status(0);
    let told = &again.stdout;
    assert!(told.contains("is proven dead"), "{}", again.transcript());
}

#[test]
fn a_response_that_is_given_up_after_it_has_revoked_says_that_the_key_stays_revoked() {
    let Some(scene) = Scene::new("ec", "2026-11") else {
        return;
    };
    let finding = format!("--finding={}", scene.finding);
    let killed = scene
        .respond(&["revoke", "--report", "report.json", &finding])
        .args(["--store", &scene.bao.store(), "--path", "app/signing"])
        .args(["--with", "key-id=2026-11", "--yes"])
        .env("LEAKWARD_KILL_AT", "after:1")
        .run();
    assert_eq!(killed.status, None, "{}", killed.transcript());
    assert!(scene.ids().is_empty(), "{}", killed.transcript());
    // In PEM; it was found without the lines around it.
    let incident = format!("--incident={}", scene.finding);
    let back = scene
        .respond(&["respond", "give-up", &incident, "--credential"])
        .input(scene.key.clone())
        .run();
    let stays = "was revoked by then, and stays so";
    assert!(back.stdout.contains(stays), "{}", back.transcript());
    let shown = leakward(scene.repository.sandbox())
        .args(["respond", "show", &scene.finding])
        .run();
    assert!(shown.stdout.contains(stays), "{}", shown.transcript());
    assert!(scene.ids().is_empty(), "{}", back.transcript());
}

/// Somebody has written a note beside the key meanwhile, and no version without it is left.
#[test]
fn an_entry_that_no_new_key_fits_any_more_is_named_before_anything_is_made() {
    let Some(scene) = Scene::new("ec", "2026-11") else {
        return;
    };
    let killed = scene.rotate().env("LEAKWARD_KILL_AT", "before:0").run();
    assert_eq!(killed.status, None, "{}", killed.transcript());
    let path = "secret/app/signing";
    scene.bao.says(&["kv", "metadata", "delete", path]);
    let field = format!("private-key=# ours\n{}", scene.key);
    scene.bao.says(&["kv", "put", path, &field, "kid=2026-11"]);
    let again = scene.rotate().run();
    again.expect_status(2);
    let told = &again.stderr;
    assert!(told.contains("other text around"), "{}", again.transcript());
    assert_eq!(scene.ids(), ["2026-11"], "nothing was made");
    // That is no reason to be stuck with it.
    let incident = format!("--incident={}", scene.finding);
    // As the scan has found it.
    let lines = scene.key.lines().filter(|line| !line.contains("--"));
    let found: String = lines.collect();
    let back = scene
        .respond(&["respond", "give-up", &incident, "--credential"])
        .input(found.trim_end_matches('=').to_owned())
        .run();
    assert!(back.stdout.contains("went back"), "{}", back.transcript());
}

#[test]
fn an_entry_that_holds_the_key_otherwise_is_not_told_as_rotated_already() {
    let Some(scene) = Scene::new("ec", "2026-11") else {
        return;
    };
    let field = format!("private-key=# ours\n{}", scene.key);
    scene.bao.says(&["kv", "put", "secret/app/noted", &field]);
    let finding = format!("--finding={}", scene.finding);
    let plan = scene
        .respond(&["revoke", "--report", "report.json", &finding, "--dry-run"])
        .args(["--with", "key-id=2026-11"])
        .args(["--store", &scene.bao.store(), "--path", "app/noted"])
        .run();
    plan.expect_status(0);
    let told = &plan.stdout;
    assert!(told.contains("other text around"), "{}", plan.transcript());
    assert!(!told.contains("rotated already"), "{}", plan.transcript());
}

/// A token without the claims that the application looks for is refused, whatever is in the set.
#[test]
fn a_key_whose_tokens_were_refused_before_is_not_called_proven_dead() {
    let Some(scene) = Scene::new("ec", "2026-11") else {
        return;
    };
    let finding = format!("--finding={}", scene.finding);
    let revoke = |with: &[&str]| {
        scene
            .respond_with(&["revoke", "--report", "report.json", &finding], with)
            .args(["--with", "claims={\"sub\":\"somebody\"}"])
            .args(["--with", "key-id=2026-11", "--yes"])
            .args(["--store", &scene.bao.store(), "--path", "app/signing"])
            .run()
    };
    let no_set = revoke(&[]);
    no_set.expect_status(1);
    let told = &no_set.stdout;
    assert!(told.contains("jwks=PATH"), "{}", no_set.transcript());
    assert!(!told.contains("dead already"), "{}", no_set.transcript());
    let done = revoke(&["jwks=app/jwks"]);
    done.expect_status(0);
    let told = &done.stdout;
    assert!(told.contains("refused before"), "{}", done.transcript());
    assert!(!told.contains("proven dead"), "{}", done.transcript());
    assert!(scene.ids().is_empty(), "it is out of the set");
}

#[test]
fn a_rotation_of_a_signing_key_that_is_killed_at_every_line_leaves_one_key_in_the_set() {
    let Some(scene) = Scene::new("rsa", "") else {
        return;
    };
    let points = ["before:0", "after:0", "before:1", "after:1", "before:2"];
    let resume = || scene.respond(&["respond", "resume"]);
    let last = killed_until_its_end(scene.rotate(), resume, &points, 10);
    last.expect_status(0);
    scene.is_replaced("");
}
