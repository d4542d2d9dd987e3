//! Vault tokens against a real OpenBao.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use leakward_verify::{Endpoint, Settings};

use crate::logins::{folder, free_port, local, program, start};
use crate::setup::{plain, quick, rule};

/// A call with the root's token.
fn call(port: u16, root: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("OpenBao");
    let request = format!(
        "POST /v1/{path} HTTP/1.1\r\nhost: localhost\r\nx-vault-token: {root}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn a_token_is_live_until_it_is_revoked() {
    let Some(bao) = program(&["bao"]) else {
        return;
    };
    let (folder, port) = (folder(), free_port());
    let root = format!("root-{port}");
    let mut server = Command::new(bao);
    server
        .args(["server", "-dev", "-dev-no-store-token"])
        .arg(format!("-dev-root-token-id={root}"))
        .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
        .env("HOME", folder.path());
    let service = start(server, port, folder);
    // It listens a moment before it is unsealed.
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let made = loop {
        let made = call(
            service.port,
            &root,
            "auth/token/create",
            r#"{"policies":["default"],"display_name":"app","ttl":"1h"}"#,
        );
        if made.contains("client_token") || std::time::Instant::now() > patience {
            break made;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    let (_, rest) = made
        .split_once("\"client_token\":\"")
        .unwrap_or_else(|| panic!("a token in {made}"));
    let token = rest.split('"').next().unwrap_or_default();
    let verified = |token: &str| {
        let settings = Settings {
            endpoints: vec![Endpoint {
                of: "vault-token-legacy".to_owned(),
                base: format!("http://127.0.0.1:{port}"),
            }],
            limits: quick(),
            ..Settings::default()
        };
        local(
            &[rule("vault-token-legacy")],
            &settings,
            plain("vault-token-legacy", token),
        )
    };
    let live = verified(token);
    assert_eq!(live.verdict.to_string(), "live", "{live:?}");
    assert!(live.evidence.expires_at.is_some(), "{live:?}");
    assert_eq!(live.evidence.scopes, ["default"]);
    let body = format!(r#"{{"token":"{token}"}}"#);
    call(service.port, &root, "auth/token/revoke", &body);
    let dead = verified(token);
    assert_eq!(dead.verdict.to_string(), "dead", "{dead:?}");
}
