//! Keys that sign requests, against servers that compute the signature themselves, from what arrived and as the provider documents it:
//! the right key is live, another one is dead, and any other answer proves nothing.

use std::collections::HashMap;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    Ed25519KeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use leakward_core::Secret;
use leakward_verify::{Endpoint, Settings, Value, ValueSource};
use serde_json::json;

use crate::server::{Received, Reply, Server, answer};
use crate::setup::{plain, quick, rule, verify};

/// The account, namespace and so on of all tests.
const ACCOUNT: &str = "corpdata";

/// A key as Azure makes them: 64 bytes, in base64.
fn key(number: u8) -> String {
    let bytes: Vec<u8> = (0..64_u8)
        .map(|at| at.wrapping_mul(37).wrapping_add(number))
        .collect();
    STANDARD.encode(bytes)
}

/// The verdict on `secret`, with `values` beside it.
fn ask(server: &Server, id: &str, secret: &str, values: &[(&str, &str)]) -> String {
    let rules = [rule(id)];
    let settings = Settings {
        endpoints: vec![Endpoint {
            of: id.to_owned(),
            base: server.url(""),
        }],
        limits: quick(),
        ..Settings::default()
    };
    let mut subject = plain(id, secret);
    subject.values = values
        .iter()
        .map(|(name, text)| Value {
            name: (*name).to_owned(),
            secret: Secret::new(text.as_bytes()),
            source: ValueSource::Given,
        })
        .collect();
    let verified = verify(server, &rules, &settings, &[subject]);
    verified[0].verdict.as_str().to_owned()
}

fn header(received: &Received, name: &str) -> String {
    let line = received.headers.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    });
    line.unwrap_or_default()
}

fn query(received: &Received) -> HashMap<String, String> {
    let (_, query) = received.path().split_once('?').unwrap_or_default();
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn signed(key: &[u8], text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    STANDARD.encode(hmac::sign(&key, text.as_bytes()).as_ref())
}

fn decoded(key: &str) -> Vec<u8> {
    STANDARD.decode(key).expect("base64")
}

/// Shared Key: verb, eleven headers, the `x-ms-` headers in their order, the resource with its parameters in their order.
fn shared_key(received: &Received, key: &str) -> String {
    let verb = received.line.split(' ').next().unwrap_or_default();
    let standard = [
        "content-encoding",
        "content-language",
        "content-length",
        "content-md5",
        "content-type",
        "date",
        "if-modified-since",
        "if-match",
        "if-none-match",
        "if-unmodified-since",
        "range",
    ];
    let mut lines = vec![verb.to_owned()];
    lines.extend(standard.iter().map(|name| header(received, name)));
    let mut own: Vec<String> = received
        .headers
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| format!("{}:{}", name.to_ascii_lowercase(), value.trim()))
        .filter(|line| line.starts_with("x-ms-"))
        .collect();
    own.sort();
    lines.extend(own);
    let path = received.path().split('?').next().unwrap_or_default();
    lines.push(format!("/{ACCOUNT}{path}"));
    let mut parameters: Vec<String> = query(received)
        .into_iter()
        .map(|(name, value)| format!("{name}:{value}"))
        .collect();
    parameters.sort();
    lines.extend(parameters);
    format!(
        "SharedKey {ACCOUNT}:{}",
        signed(&decoded(key), &lines.join("\n"))
    )
}

#[test]
fn an_azure_storage_key_is_known_by_its_signature() {
    let right = key(1);
    let of_server = right.clone();
    let server = Server::start(move |received| {
        if header(received, "authorization") == shared_key(received, &of_server) {
            return answer(
                200,
                &[("content-type", "application/xml")],
                "<?xml version=\"1.0\"?><EnumerationResults><Containers/></EnumerationResults>",
            );
        }
        answer(
            403,
            &[("content-type", "application/xml")],
            "<Error><Code>AuthenticationFailed</Code><AuthenticationErrorDetail>The MAC signature found in the HTTP request 'x' is not the same as any computed signature.</AuthenticationErrorDetail></Error>",
        )
    });
    for id in [
        "azure-storage-account-key",
        "azure-storage-connection-string",
    ] {
        let values = [("account", ACCOUNT)];
        assert_eq!(ask(&server, id, &right, &values), "live", "{id}");
        assert_eq!(ask(&server, id, &key(2), &values), "dead", "{id}");
    }
    for body in [
        "<Error><Code>AuthenticationFailed</Code><AuthenticationErrorDetail>Request date header too old</AuthenticationErrorDetail></Error>",
        "<Error><Code>AuthorizationFailure</Code></Error>",
    ] {
        let barred = Server::start(move |_| answer(403, &[], body));
        let verdict = ask(
            &barred,
            "azure-storage-account-key",
            &right,
            &[("account", ACCOUNT)],
        );
        assert_eq!(verdict, "unknown", "{body}");
    }
}

/// An account's shared access signature, signed by `key`, for these permissions.
fn shared_access(key: &str, permissions: &str) -> String {
    let (services, types, end, version) = ("b", "sco", "2099-01-01T00:00:00Z", "2021-12-02");
    let text =
        format!("{ACCOUNT}\n{permissions}\n{services}\n{types}\n\n{end}\n\nhttps\n{version}\n\n");
    let signature = signed(&decoded(key), &text);
    let encoded = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    format!(
        "sv={version}&ss={services}&srt={types}&sp={permissions}&se={}&spr=https&sig={}",
        encoded(end),
        encoded(&signature)
    )
}

#[test]
fn a_shared_access_signature_of_azure_is_known_by_itself() {
    let right = key(3);
    let of_server = right.clone();
    let server = Server::start(move |received| {
        let query = query(received);
        let field = |name: &str| query.get(name).cloned().unwrap_or_default();
        let text = format!(
            "{ACCOUNT}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n\n",
            field("sp"),
            field("ss"),
            field("srt"),
            field("st"),
            field("se"),
            field("sip"),
            field("spr"),
            field("sv")
        );
        if field("sig") != signed(&decoded(&of_server), &text) {
            return answer(
                403,
                &[("x-ms-error-code", "AuthenticationFailed")],
                "<Error><Code>AuthenticationFailed</Code><AuthenticationErrorDetail>Signature did not match. String to sign used was x</AuthenticationErrorDetail></Error>",
            );
        }
        if !field("sp").contains('l') {
            return answer(
                403,
                &[("x-ms-error-code", "AuthorizationPermissionMismatch")],
                "<Error><Code>AuthorizationPermissionMismatch</Code></Error>",
            );
        }
        answer(
            200,
            &[("x-ms-request-id", "1")],
            "<?xml version=\"1.0\"?><EnumerationResults/>",
        )
    });
    let asked = |signature: &str| {
        ask(
            &server,
            "azure-sas-token",
            signature,
            &[("account", ACCOUNT)],
        )
    };
    assert_eq!(asked(&shared_access(&right, "rl")), "live");
    // It is good, and not for lists.
    assert_eq!(asked(&shared_access(&right, "w")), "live");
    assert_eq!(asked(&shared_access(&key(4), "rl")), "dead");
    let early = Server::start(|_| {
        answer(
            403,
            &[("x-ms-error-code", "AuthenticationFailed")],
            "<Error><Code>AuthenticationFailed</Code><AuthenticationErrorDetail>Signature not valid in the specified time frame</AuthenticationErrorDetail></Error>",
        )
    });
    let verdict = ask(
        &early,
        "azure-sas-token",
        &shared_access(&right, "rl"),
        &[("account", ACCOUNT)],
    );
    assert_eq!(verdict, "unknown");
}

#[test]
fn a_service_bus_key_is_known_by_its_signature() {
    const NAME: &str = "RootManageSharedAccessKey";
    let right = key(5);
    let of_server = right.clone();
    let server = Server::start(move |received| {
        let authorization = header(received, "authorization");
        let fields = authorization
            .strip_prefix("SharedAccessSignature ")
            .unwrap_or_default();
        let field = |name: &str| {
            let found = fields.split('&').find_map(|pair| pair.strip_prefix(name));
            found.unwrap_or_default().to_owned()
        };
        let decode = |text: String| {
            percent_encoding::percent_decode_str(&text)
                .decode_utf8_lossy()
                .into_owned()
        };
        let (resource, until) = (field("sr="), field("se="));
        let computed = signed(of_server.as_bytes(), &format!("{resource}\n{until}"));
        let is_right = decode(field("sig=")) == computed
            && decode(field("skn=")) == NAME
            && decode(resource) == format!("https://{ACCOUNT}.servicebus.windows.net/");
        if is_right {
            return answer(
                200,
                &[("content-type", "application/atom+xml")],
                "<feed xmlns=\"http://www.w3.org/2005/Atom\"></feed>",
            );
        }
        answer(
            401,
            &[],
            "<Error><Code>401</Code><Detail>InvalidSignature: The token has an invalid signature. SubCode=40103</Detail></Error>",
        )
    });
    let values = [("namespace", ACCOUNT), ("key-name", NAME)];
    for id in [
        "azure-servicebus-key",
        "azure-eventhub-key",
        "azure-relay-key",
        "azure-servicebus-connection-string",
    ] {
        assert_eq!(ask(&server, id, &right, &values), "live", "{id}");
        assert_eq!(ask(&server, id, &key(6), &values), "dead", "{id}");
    }
    // The key is not the one that the right to manage belongs to.
    let other = Server::start(|_| {
        answer(
            401,
            &[],
            "<Error><Code>401</Code><Detail>Manage,EntityRead claims required for this operation.</Detail></Error>",
        )
    });
    assert_eq!(
        ask(&other, "azure-servicebus-key", &right, &values),
        "unknown"
    );
}

#[test]
fn a_cosmos_key_is_known_by_its_signature() {
    let right = key(7);
    let of_server = right.clone();
    let server = Server::start(move |received| {
        let date = header(received, "x-ms-date").to_ascii_lowercase();
        let signature = signed(&decoded(&of_server), &format!("get\ndbs\n\n{date}\n\n"));
        let authorization = header(received, "authorization");
        let authorization = percent_encoding::percent_decode_str(&authorization)
            .decode_utf8_lossy()
            .into_owned();
        let is_right = authorization == format!("type=master&ver=1.0&sig={signature}");
        if is_right && received.path() == "/dbs" && !header(received, "x-ms-version").is_empty() {
            let list = json!({"_rid": "", "Databases": [], "_count": 0});
            return answer(200, &[], &list.to_string());
        }
        let refused = json!({"code": "Unauthorized", "message": "The input authorization token can't serve the request. Please check that the expected payload is built as per the protocol, and check the key being used."});
        answer(401, &[], &refused.to_string())
    });
    let values = [("account", ACCOUNT)];
    let id = "azure-cosmosdb-key";
    assert_eq!(ask(&server, id, &right, &values), "live");
    assert_eq!(ask(&server, id, &key(8), &values), "dead");
    let barred = Server::start(|_| {
        let refused = json!({"code": "Forbidden", "message": "Request originated from IP 192.0.2.1 through public internet. This is blocked by your Cosmos DB account firewall settings."});
        answer(403, &[], &refused.to_string())
    });
    assert_eq!(ask(&barred, id, &right, &values), "unknown");
}

/// The key as its file has it.
fn pem(pair: &KeyPair) -> String {
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(pair).expect("a key");
    let (kind, body) = (["PRIVATE", "KEY"].join(" "), STANDARD.encode(der.as_ref()));
    format!("-----BEGIN {kind}-----\\n{body}\\n-----END {kind}-----\\n")
}

#[test]
fn a_google_service_account_s_key_is_known_by_its_assertion() {
    const EMAIL: &str = "deploy@corp.iam.gserviceaccount.com";
    let right = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let other = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let public = right.public_key().as_ref().to_vec();
    let server = Server::start(move |received| {
        let assertion = received
            .body
            .rsplit("assertion=")
            .next()
            .unwrap_or_default();
        let (signed, signature) = assertion.rsplit_once('.').unwrap_or_default();
        let claims = signed.split('.').nth(1).unwrap_or_default();
        let claims: serde_json::Value = URL_SAFE_NO_PAD
            .decode(claims)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &public);
        let is_right = key.verify(signed.as_bytes(), &signature).is_ok()
            && claims["iss"] == EMAIL
            && claims["aud"] == "https://oauth2.googleapis.com/token";
        if is_right {
            let token = json!({"access_token": "issued-and-forgotten", "token_type": "Bearer"});
            return answer(200, &[], &token.to_string());
        }
        let refused =
            json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."});
        answer(400, &[], &refused.to_string())
    });
    let id = "gcp-service-account-key-json";
    let values = [("email", EMAIL), ("key-id", "k1")];
    assert_eq!(ask(&server, id, &pem(&right), &values), "live");
    assert_eq!(ask(&server, id, &pem(&other), &values), "dead");
    let late = Server::start(|_| {
        let refused = json!({"error": "invalid_grant", "error_description": "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."});
        answer(400, &[], &refused.to_string())
    });
    assert_eq!(ask(&late, id, &pem(&right), &values), "unknown");
}

#[test]
fn a_json_web_token_is_known_by_its_issuer_s_keys_and_not_sent() {
    let right = Ed25519KeyPair::generate().expect("a key");
    let other = Ed25519KeyPair::generate().expect("a key");
    let token = |pair: &Ed25519KeyPair| {
        let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let text = format!(
            "{}.{}",
            part(json!({"alg": "EdDSA", "kid": "k1"})),
            part(json!({"iss": "https://issuer.corp", "exp": 4_000_000_000_u64}))
        );
        let signature = pair.sign(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    };
    let x = URL_SAFE_NO_PAD.encode(right.public_key().as_ref());
    let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": x}]}).to_string();
    let server = Server::start(move |_| answer(200, &[], &keys));
    let (good, forged) = (token(&right), token(&other));
    assert_eq!(ask(&server, "generic-jwt", &good, &[]), "live");
    assert_eq!(ask(&server, "generic-jwt", &forged, &[]), "dead");
    assert!(
        server
            .received()
            .iter()
            .all(|received| !received.all().contains(&good) && !received.all().contains(&forged))
    );
    let empty = Server::start(|_| answer(200, &[], "{\"keys\":[]}"));
    assert_eq!(ask(&empty, "generic-jwt", &good, &[]), "unknown");
}

/// What the API server of a cluster answers, to the one token that it knows and to others.
fn cluster(token: String) -> impl Fn(&Received) -> Reply + Send + Sync + 'static {
    move |received| {
        let is_review = received
            .line
            .starts_with("POST /apis/authentication.k8s.io/v1/selfsubjectreviews");
        let asked: serde_json::Value = serde_json::from_str(&received.body).unwrap_or_default();
        if !is_review || asked["kind"] != "SelfSubjectReview" {
            return answer(404, &[], "404 page not found");
        }
        if header(received, "authorization") != format!("Bearer {token}") {
            let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "Unauthorized", "reason": "Unauthorized", "code": 401});
            return answer(401, &[], &status.to_string());
        }
        let review = json!({"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "status": {"userInfo": {"username": "system:serviceaccount:prod:deployer", "groups": ["system:serviceaccounts", "system:authenticated"]}}});
        answer(201, &[], &review.to_string())
    }
}

#[test]
fn a_kubernetes_token_is_known_by_the_cluster_s_own_review() {
    let id = "kubernetes-service-account-token";
    let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let token = |signature: u8| {
        format!(
            "{}.{}.{}",
            part(json!({"alg": "RS256", "kid": "k"})),
            part(
                json!({"iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:prod:deployer"})
            ),
            URL_SAFE_NO_PAD.encode([signature; 256])
        )
    };
    let server = Server::start(cluster(token(1)));
    let values = [("server", server.url(""))];
    let values: Vec<(&str, &str)> = values
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    assert_eq!(ask(&server, id, &token(1), &values), "live");
    assert_eq!(ask(&server, id, &token(2), &values), "dead");
    // Forbidden says that somebody is known; a cluster without the interface, or in trouble, says nothing.
    let forbidden =
        json!({"kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403})
            .to_string();
    for (status, body) in [
        (403, forbidden.as_str()),
        (404, "404 page not found"),
        (401, "<html>log in</html>"),
        (500, "{}"),
        (503, "apiserver not ready"),
    ] {
        let body = body.to_owned();
        let server = Server::start(move |_| answer(status, &[], &body));
        assert_eq!(ask(&server, id, &token(1), &values), "unknown", "{status}");
    }
}
