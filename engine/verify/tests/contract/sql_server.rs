//! SQL Server's login against a server of ours that speaks TDS 7.4 as MS-TDS documents it: PRELOGIN, TLS inside of it, LOGIN7 and the tokens of
//! its answer. (There is no SQL Server that a test could start.)

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use leakward_core::Secret;
use leakward_verify::{
    AddressPolicy, Audit, Endpoint, FoundHosts, Network, NetworkSettings, Settings, SystemClock,
    Value, ValueSource, Verifier,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::setup::{Log, plain, quick, rule};

const RULE: &str = "mssql-connection-string";
const USER: &str = "app";

/// A password of that kind, put together so that it stands nowhere.
fn right() -> String {
    ["correct", "horse", "7;x"].join("-")
}

/// What the server is like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// With TLS, letting the right password in.
    Usual,
    /// Without TLS.
    Unencrypted,
    /// Answers every login with this error.
    Failing(u32),
    /// Speaks something else.
    Foreign,
}

struct SqlServer {
    port: u16,
    authority: Vec<u8>,
}

impl SqlServer {
    fn start(manner: Manner) -> Self {
        let signed =
            rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])
                .expect("a certificate");
        let key = PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der());
        let mut config = ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key.into())
        .expect("a server's configuration");
        // What follows a handshake would not be wrapped any more.
        config.send_tls13_tickets = 0;
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let config = Arc::clone(&config);
                // A client that hangs up in the middle is part of the tests.
                std::thread::spawn(move || serve(stream, config, manner).ok());
            }
        });
        Self {
            port,
            authority: signed.cert.pem().into_bytes(),
        }
    }

    /// The verdict on `password`, where the user named the server or where the scanned text did.
    fn verdict(&self, password: &str, named: FoundHosts) -> String {
        let rules = [rule(RULE)];
        let by_user = named == FoundHosts::Refuse;
        let endpoint = Endpoint {
            of: RULE.to_owned(),
            base: format!("mssql://127.0.0.1:{}", self.port),
        };
        let settings = Settings {
            endpoints: by_user.then_some(endpoint).into_iter().collect(),
            found_hosts: named,
            limits: quick(),
            ..Settings::default()
        };
        let before = format!(
            "Server=tcp:127.0.0.1,{};User ID={USER};Password=",
            self.port
        );
        let mut subject = plain(RULE, password);
        subject.values = [("before", before.as_str()), ("after", ";Encrypt=true\n")]
            .map(|(name, text)| Value {
                name: name.to_owned(),
                secret: Secret::new(text.as_bytes()),
                source: ValueSource::Found,
            })
            .to_vec();
        let way_out = NetworkSettings {
            policy: AddressPolicy::PrivateAllowed,
            extra_authorities: self.authority.clone(),
            proxy: None,
        };
        let network = Network::new(&way_out, &settings.limits).expect("a way out");
        let audit = Audit::new(Log::default());
        let verified =
            Verifier::new(&rules, &settings, &network, &audit, &SystemClock).verify(&[subject]);
        verified[0].verdict.to_string()
    }
}

/// A message: kind, end of message, length, and four bytes that nobody needs.
fn packet(kind: u8, is_last: bool, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 8).expect("short").to_be_bytes();
    [
        &[kind, u8::from(is_last), length[0], length[1], 0, 0, 1, 0],
        body,
    ]
    .concat()
}

fn read_packet(stream: &mut impl io::Read) -> io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 8];
    stream.read_exact(&mut head)?;
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let mut body = vec![0; length.saturating_sub(8)];
    stream.read_exact(&mut body)?;
    Ok((head[0], body))
}

fn serve(mut stream: TcpStream, config: Arc<ServerConfig>, manner: Manner) -> io::Result<()> {
    if manner == Manner::Foreign {
        return stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
    }
    let (kind, _options) = read_packet(&mut stream)?;
    assert_eq!(kind, 0x12, "the first message is PRELOGIN");
    let encryption = match manner {
        // ENCRYPT_NOT_SUP.
        Manner::Unencrypted => 2,
        // ENCRYPT_REQ.
        _ => 3,
    };
    // Version at 11, encryption at 17.
    let options = [
        &[0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff][..],
        &[16, 0, 16, 59, 0, 0, encryption],
    ]
    .concat();
    stream.write_all(&packet(4, true, &options))?;
    if manner == Manner::Unencrypted {
        return answer_login(&mut stream, manner);
    }
    let tls = handshake(&mut stream, config)?;
    answer_login(&mut StreamOwned::new(tls, stream), manner)
}

/// TLS whose records travel in PRELOGIN messages until both sides are through.
fn handshake(stream: &mut TcpStream, config: Arc<ServerConfig>) -> io::Result<ServerConnection> {
    let mut tls = ServerConnection::new(config).map_err(io::Error::other)?;
    while tls.is_handshaking() {
        let (kind, body) = read_packet(stream)?;
        assert_eq!(kind, 0x12, "the handshake is wrapped");
        let mut rest = body.as_slice();
        while !rest.is_empty() {
            tls.read_tls(&mut rest)?;
            tls.process_new_packets().map_err(io::Error::other)?;
        }
        let mut out = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut out)?;
        }
        if !out.is_empty() {
            stream.write_all(&packet(0x12, true, &out))?;
        }
    }
    Ok(tls)
}

/// User and password of a LOGIN7.
fn login7(body: &[u8]) -> (String, String) {
    let number = |at: usize| usize::from(u16::from_le_bytes([body[at], body[at + 1]]));
    let units = |at: usize| &body[number(at)..number(at) + 2 * number(at + 2)];
    let text = |bytes: &[u8]| {
        let units: Vec<u16> = bytes
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        String::from_utf16(&units).expect("text")
    };
    let total = u32::from_le_bytes([body[0], body[1], body[2], body[3]]);
    assert_eq!(total as usize, body.len());
    assert_eq!(&body[4..8], &[4, 0, 0, 0x74], "TDS 7.4");
    let password: Vec<u8> = units(44)
        .iter()
        .map(|byte| (byte ^ 0xa5).rotate_right(4))
        .collect();
    (text(units(40)), text(&password))
}

fn answer_login<S: io::Read + Write>(stream: &mut S, manner: Manner) -> io::Result<()> {
    let (kind, body) = read_packet(stream)?;
    assert_eq!(kind, 0x10, "LOGIN7 follows");
    let (user, password) = login7(&body);
    let is_right = user == USER && password == right();
    let tokens = match manner {
        Manner::Failing(code) => error(code),
        _ if is_right => accepted(),
        _ => error(18456),
    };
    // In two packets, as long answers come.
    let (first, second) = tokens.split_at(tokens.len() / 2);
    stream.write_all(&packet(4, false, first))?;
    stream.write_all(&packet(4, true, second))?;
    stream.flush()?;
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).map(drop)
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// ENVCHANGE of the database, INFO, LOGINACK, DONE.
fn accepted() -> Vec<u8> {
    let change = [&[1, 6][..], &wide("master"), &[6], &wide("master")].concat();
    let name = wide("Microsoft SQL Server");
    let acknowledged = [&[1, 0x74, 0, 0, 4, 20][..], &name, &[16, 0, 16, 59]].concat();
    let info = message(0xab, 5701, "Changed database context to 'master'.", 0);
    let token = |kind: u8, body: &[u8]| {
        let length = u16::try_from(body.len()).expect("short").to_le_bytes();
        [&[kind, length[0], length[1]], body].concat()
    };
    [
        token(0xe3, &change),
        info,
        token(0xad, &acknowledged),
        vec![0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ]
    .concat()
}

fn error(code: u32) -> Vec<u8> {
    let done = [0xfd, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    [
        message(0xaa, code, "Login failed for user 'app'.", 14),
        done.to_vec(),
    ]
    .concat()
}

/// INFO or ERROR: number, state, class, text, server, procedure, line.
fn message(kind: u8, code: u32, text: &str, class: u8) -> Vec<u8> {
    let characters = u16::try_from(text.len()).expect("short");
    let body = [
        &code.to_le_bytes()[..],
        &[1, class],
        &characters.to_le_bytes(),
        &wide(text),
        &[2],
        &wide("db"),
        &[0],
        &1_u32.to_le_bytes(),
    ]
    .concat();
    let length = u16::try_from(body.len()).expect("short").to_le_bytes();
    [&[kind, length[0], length[1]][..], &body].concat()
}

#[test]
fn a_password_of_sql_server_is_live_where_it_is_let_in_and_dead_where_it_is_not() {
    for manner in [Manner::Usual, Manner::Unencrypted] {
        let server = SqlServer::start(manner);
        let named = |password: &str| server.verdict(password, FoundHosts::Refuse);
        assert_eq!(named(&right()), "live");
        assert_eq!(named("wrong-horse-7"), "dead");
        assert_eq!(named(&format!("{}x", right())), "dead");
    }
}

#[test]
fn a_refusal_of_a_sql_server_that_only_the_text_names_proves_nothing() {
    let server = SqlServer::start(Manner::Usual);
    let found = |password: &str| server.verdict(password, FoundHosts::Ask);
    assert_eq!(found(&right()), "live");
    let refused = found("wrong-horse-7");
    assert!(refused.starts_with("unknown"), "{refused}");
    assert!(refused.contains("--endpoint"), "{refused}");
}

#[test]
fn other_errors_of_sql_server_and_other_servers_prove_nothing() {
    // Has to be changed, has expired, the database is not there, too many connections.
    for code in [18487, 18488, 40613, 17809] {
        let server = SqlServer::start(Manner::Failing(code));
        let verdict = server.verdict(&right(), FoundHosts::Refuse);
        assert!(verdict.starts_with("unknown"), "{code}: {verdict}");
    }
    let foreign = SqlServer::start(Manner::Foreign);
    let verdict = foreign.verdict(&right(), FoundHosts::Refuse);
    assert!(verdict.starts_with("unknown"), "{verdict}");
}

#[test]
fn a_sql_server_whose_certificate_nobody_vouches_for_gets_no_password() {
    let mut server = SqlServer::start(Manner::Usual);
    server.authority.clear();
    let verdict = server.verdict(&right(), FoundHosts::Refuse);
    assert!(verdict.starts_with("unknown"), "{verdict}");
}
