//! Through a real CONNECT proxy: the credential stays inside of TLS, and what is local is not asked for.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use leakward_verify::{
    AddressPolicy, Audit, Network, NetworkSettings, SystemClock, Verified, Verifier,
};

use crate::server::{Server, answer};
use crate::setup::{Log, rule, settings, subject};

/// A proxy, and what it was asked for.
struct Proxy {
    port: u16,
    asked: Arc<Mutex<Vec<u8>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                thread::spawn(move || serve(stream, &log).ok());
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> String {
        String::from_utf8_lossy(&self.asked.lock().expect("the log")).into_owned()
    }
}

/// `CONNECT host:port`, then bytes both ways; everything that came from the client is kept.
fn serve(mut client: TcpStream, log: &Mutex<Vec<u8>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.extend_from_slice(&byte);
    }
    log.lock().expect("the log").extend_from_slice(&head);
    let text = String::from_utf8_lossy(&head).into_owned();
    let target = text.split(' ').nth(1).unwrap_or_default().to_owned();
    if !text.starts_with("CONNECT ") {
        return client.write_all(b"HTTP/1.1 405 Only CONNECT\r\n\r\n");
    }
    let mut server = TcpStream::connect(target)?;
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
    let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
    let back = thread::spawn(move || {
        std::io::copy(&mut from, &mut to).ok();
        to.shutdown(Shutdown::Both).ok();
    });
    let mut buffer = [0; 4096];
    loop {
        let count = client.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        log.lock()
            .expect("the log")
            .extend_from_slice(&buffer[..count]);
        server.write_all(&buffer[..count])?;
    }
    server.shutdown(Shutdown::Both).ok();
    back.join().ok();
    Ok(())
}

fn through(proxy: &Proxy, server: &Server, policy: AddressPolicy) -> Verified {
    let rules = [rule("github-pat-classic")];
    let settings = settings(server, &rules, "x");
    let network = NetworkSettings {
        policy,
        extra_authorities: server.authority.clone(),
        proxy: Some(format!("http://127.0.0.1:{}", proxy.port)),
    };
    let network = Network::new(&network, &settings.limits).expect("a way out");
    let audit = Audit::new(Log::default());
    let verified = Verifier::new(&rules, &settings, &network, &audit, &SystemClock)
        .verify(&[subject(&rules[0], 1)]);
    verified.into_iter().next().expect("a verdict")
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a generated credential, looked for in what the proxy saw"
)]
fn a_proxy_is_asked_to_connect_and_sees_no_credential() {
    let server = Server::start(|_| answer(200, &[], r#"{"login":"octocat"}"#));
    let proxy = Proxy::start();
    let verified = through(&proxy, &server, AddressPolicy::PrivateAllowed);
    assert_eq!(verified.verdict.to_string(), "live");
    let asked = proxy.asked();
    let line = format!("CONNECT localhost:{} HTTP/1.1", server.port);
    assert!(asked.starts_with(&line), "{asked}");
    let secret = subject(&rule("github-pat-classic"), 1).secret;
    let secret = String::from_utf8_lossy(secret.expose()).into_owned();
    assert!(!asked.contains(&secret));
    assert_eq!(server.received().len(), 1);
    assert!(server.received()[0].all().contains(&secret));
}

#[test]
fn what_is_local_by_its_name_is_not_asked_for_through_a_proxy() {
    let server = Server::start(|_| answer(200, &[], r#"{"login":"octocat"}"#));
    let proxy = Proxy::start();
    let verified = through(&proxy, &server, AddressPolicy::PublicOnly);
    assert!(
        verified.verdict.to_string().contains("--allow-private"),
        "{verified:?}"
    );
    assert_eq!(proxy.asked(), "");
    assert!(server.received().is_empty());
}
