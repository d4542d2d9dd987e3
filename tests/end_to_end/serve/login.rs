//! Log-in by OpenID Connect, against an issuer of our own whose tokens openssl signs.

use std::sync::{Arc, Mutex, OnceLock};

use leakward_tests::{HttpServer, Requirement, Sandbox, Service, http, missing};
use serde_json::{Value, json};

use super::service;

/// An issuer with an RSA key, which gives out the claims that a test says.
struct Issuer {
    server: HttpServer,
    claims: Arc<Mutex<Value>>,
}

const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .fold(0_u32, |word, byte| (word << 8) | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            text.push(char::from(
                URL_SAFE[(word >> (18 - 6 * place)) as usize & 63],
            ));
        }
    }
    text
}

fn openssl(sandbox: &Sandbox, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut child = sandbox
        .command("openssl")
        .args(arguments)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("openssl");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(input)
        .expect("its input");
    let output = child.wait_with_output().expect("openssl's end");
    assert!(output.status.success(), "{arguments:?}");
    output.stdout
}

impl Issuer {
    fn start(sandbox: &Arc<Sandbox>) -> Self {
        let key = sandbox.path("issuer.key").display().to_string();
        openssl(sandbox, &["genrsa", "-out", &key, "2048"], b"");
        let modulus = openssl(sandbox, &["rsa", "-in", &key, "-noout", "-modulus"], b"");
        let digits = String::from_utf8(modulus).expect("text");
        let digits = digits.trim().trim_start_matches("Modulus=");
        let bytes: Vec<u8> = (0..digits.len() / 2)
            .map(|at| u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16).expect("digits"))
            .collect();
        let keys = json!({"keys": [{"kty": "RSA", "kid": "k1", "use": "sig", "alg": "RS256", "n": base64(&bytes), "e": "AQAB"}]});
        let claims = Arc::new(Mutex::new(Value::Null));
        let (given, url) = (Arc::clone(&claims), Arc::new(OnceLock::<String>::new()));
        let (known, signing) = (Arc::clone(&url), Arc::clone(sandbox));
        let server = HttpServer::start(move |asked| {
            let issuer = known.get().cloned().unwrap_or_default();
            let answer = match asked.line.as_str() {
                "GET /.well-known/openid-configuration" => json!({
                    "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
                    "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
                }),
                "GET /keys" => keys.clone(),
                "POST /token" => {
                    let claims = given.lock().expect("claims").to_string();
                    let signed = format!(
                        "{}.{}",
                        base64(br#"{"alg":"RS256","kid":"k1"}"#),
                        base64(claims.as_bytes())
                    );
                    let signature = openssl(
                        &signing,
                        &["dgst", "-sha256", "-sign", &key],
                        signed.as_bytes(),
                    );
                    json!({"access_token": "unused", "token_type": "Bearer", "id_token": format!("{signed}.{}", base64(&signature))})
                }
                _ => return (404, "{}".to_owned()),
            };
            (200, answer.to_string())
        });
        url.set(server.url()).expect("once");
        Self { server, claims }
    }

    /// One log-in, with claims that are changed before they are signed; the answer at the end of it.
    fn log_in(
        &self,
        serve: &Service,
        change: impl FnOnce(&mut Value),
    ) -> leakward_tests::HttpAnswer {
        let begun = http(serve.port(), "GET", "/login/oidc", &[], b"");
        assert_eq!(begun.status, 303, "{begun:?}");
        let location = begun.header("location").expect("an address");
        let part = |name: &str| {
            let rest = location
                .split(&format!("{name}="))
                .nth(1)
                .unwrap_or_else(|| panic!("{name} in {location}"));
            let value = rest.split('&').next().unwrap_or_default();
            value.replace("%2D", "-").replace("%5F", "_")
        };
        assert!(
            location.starts_with(&self.server.url())
                && location.contains("code_challenge_method=S256")
        );
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .expect("a clock")
            .as_secs();
        let mut claims = json!({
            "iss": self.server.url(), "aud": "leakward", "sub": "42", "iat": now, "exp": now + 300, "nonce": part("nonce"),
            "email": "ann@example.com", "email_verified": true, "groups": ["security"],
        });
        change(&mut claims);
        *self.claims.lock().expect("claims") = claims;
        let cookie = begun.header("set-cookie").expect("a cookie");
        let cookie = cookie.split(';').next().expect("a value").to_owned();
        let path = format!("/login/oidc/callback?code=c&state={}", part("state"));
        http(serve.port(), "GET", &path, &[("Cookie", &cookie)], b"")
    }
}

#[test]
fn who_is_in_a_group_gets_its_role_and_nobody_else_gets_in() {
    if missing(Requirement::Tool("openssl")) {
        return;
    }
    let sandbox = Arc::new(Sandbox::new());
    let issuer = Issuer::start(&sandbox);
    let config = format!(
        "repositories = ['acme/*']\n[login.oidc]\nissuer = '{}'\nclient_id = 'leakward'\n\
         roles = {{ 'security' = 'approver', 'bob@example.com' = 'viewer' }}\n",
        issuer.server.url()
    );
    let serve = service(&sandbox, &config).start();
    let entered = issuer.log_in(&serve, |_| ());
    assert_eq!(entered.status, 303, "{entered:?}");
    let session = entered
        .head
        .lines()
        .filter_map(|line| line.strip_prefix("set-cookie: "))
        .find(|cookie| cookie.starts_with("leakward="))
        .and_then(|cookie| cookie.split(';').next())
        .expect("a session");
    let page = http(serve.port(), "GET", "/", &[("Cookie", session)], b"");
    assert!(
        page.status == 200
            && page.body.contains("ann@example.com")
            && page.body.contains("approver")
    );
    // The code is exchanged with the verifier whose digest went along at first.
    assert!(
        issuer.server.asked_for("POST /token")[0]
            .body
            .contains("code_verifier=")
    );
    for (what, status, change) in [
        (
            "of another issuer",
            401,
            ("iss", json!("https://evil.example")),
        ),
        ("for somebody else", 401, ("aud", json!("another"))),
        ("of another log-in", 401, ("nonce", json!("guessed"))),
        ("whose time is up", 401, ("exp", json!(1_000_000_000))),
        ("from the future", 401, ("iat", json!(9_000_000_000_u64))),
        (
            "of nobody that is wanted",
            403,
            ("groups", json!(["others"])),
        ),
    ] {
        let answer = issuer.log_in(&serve, |claims| claims[change.0] = change.1);
        assert_eq!(answer.status, status, "a token {what}: {answer:?}");
    }
    let unverified = issuer.log_in(&serve, |claims| {
        claims["groups"] = json!([]);
        claims["email"] = json!("bob@example.com");
        claims["email_verified"] = json!(false);
    });
    assert_eq!(unverified.status, 403, "an address that nobody verified");
    let without_cookie = http(
        serve.port(),
        "GET",
        "/login/oidc/callback?code=c&state=s",
        &[],
        b"",
    );
    assert_eq!(without_cookie.status, 401);
}
