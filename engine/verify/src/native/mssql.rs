//! SQL Server: PRELOGIN, TLS inside of it, LOGIN7, as far as LOGINACK or an error.
//!
//! MS-TDS, <https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/>. Error 18456 is what every failed login gets, for a
//! wrong password as for a user that is barred, so it means "dead" only on a server that the user named. A password
//! that is right and has expired (18487, 18488) is neither.

use std::io::{Read as _, Write as _};

use leakward_core::Verdict;
use rustls::StreamOwned;
use zeroize::Zeroizing;

use super::bytes::Reader;
use super::connection::{Connection, Tls};
use super::uri::Uri;
use super::{Case, Exchange, Login, LoginPlan, Native};
use crate::judge::Judgement;
use crate::network::{NetworkError, Plain, Secure, of_io};
use crate::plan::NotAsked;
use crate::scrub::Facts;

pub(super) static NATIVE: Native = Native {
    name: "mssql",
    about: "logs in to a Microsoft SQL Server and leaves",
    prepare,
    details: None,
    control: None,
};

const PRELOGIN: u8 = 0x12;
const LOGIN7: u8 = 0x10;

/// Stands among the parameters when the user named the server.
const NAMED: &str = "leakward-server-named-by-user";

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let mut uri = match around(case) {
        Some(found) => case.login_uri_of(found)?,
        None => case.login_uri()?,
    };
    if uri.user.is_empty() {
        uri.user = case.value("user")?.to_string();
    }
    if case.is_server_named() {
        uri.parameters.push((NAMED.to_owned(), String::new()));
    }
    Ok(Exchange::Login(Box::new(LoginPlan {
        port: uri.port.unwrap_or(1433),
        uri,
        step: "SQL Server login",
        tls: Tls::Later,
        login,
        inspect: None,
    })))
}

/// The connection string around the password: `Server=tcp:db.corp,1433;User ID=app;Password=…` or
/// `jdbc:sqlserver://db.corp:1433;user=app;password=…`.
fn around(case: &Case<'_>) -> Option<Uri> {
    let (before, after) = (case.maybe("before")?, case.maybe("after")?);
    let edge = |character: char| matches!(character, '"' | '\'' | '`' | '\n' | '\r' | '<' | '>');
    let start = before.rfind(edge).map_or(0, |at| at + 1);
    let end = after.find(edge).unwrap_or(after.len());
    let text = format!("{};{}", before.get(start..)?, after.get(..end)?);
    let field = |names: &[&str]| {
        text.split(';').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let name = name.trim().to_ascii_lowercase();
            let name = name
                .rsplit([' ', ':'])
                .next()
                .filter(|_| !name.contains("id"))
                .map_or(name.clone(), str::to_owned);
            names
                .iter()
                .any(|known| *known == name)
                .then(|| value.trim().to_owned())
        })
    };
    let jdbc = text.split_once("sqlserver://").map(|(_, rest)| {
        rest.split([';', '/', '?'])
            .next()
            .unwrap_or_default()
            .to_owned()
    });
    let server = jdbc.or_else(|| field(&["server", "source", "address", "addr"]))?;
    let server = server.trim_start_matches("tcp:").replace(',', ":");
    // `host\instance` is looked up by another protocol, which is not spoken.
    let server = server.split('\\').next().unwrap_or_default().to_owned();
    let user = field(&["user id", "uid", "user", "username"]).unwrap_or_default();
    Some(
        Uri::of_host(&server)?
            .with_user(Some(&user))
            .with_plain_password(&case.secret().ok()?),
    )
}

fn login(login: &mut Login<'_>, uri: &Uri) -> Result<(Judgement, Facts), NetworkError> {
    send(login, PRELOGIN, &prelogin())?;
    let reply = receive(login)?;
    const WITHOUT: u8 = 2;
    if encryption(&reply).ok_or_else(|| login.protocol())? == WITHOUT {
        if !login.may_send_in_the_clear() {
            return Ok(login.refused_in_the_clear());
        }
    } else {
        secure(login)?;
    }
    send(login, LOGIN7, &login7(uri))?;
    let answer = receive(login)?;
    let judgement = judged(&answer, uri);
    let facts = Facts {
        identity: vec![("user".to_owned(), uri.user.clone())],
        ..Facts::default()
    };
    Ok((judgement, facts))
}

/// Version, encryption for everything, instance, thread, no second result sets.
fn prelogin() -> Vec<u8> {
    const ON: u8 = 1;
    let parts: [(u8, &[u8]); 5] = [
        (0, &[0, 0, 0, 0, 0, 0]),
        (1, &[ON]),
        (2, &[0]),
        (3, &[0, 0, 0, 0]),
        (4, &[0]),
    ];
    let mut offset = parts.len() * 5 + 1;
    let (mut head, mut data) = (Vec::new(), Vec::new());
    for (token, value) in parts {
        head.push(token);
        head.extend(u16::try_from(offset).unwrap_or_default().to_be_bytes());
        head.extend(u16::try_from(value.len()).unwrap_or_default().to_be_bytes());
        data.extend_from_slice(value);
        offset += value.len();
    }
    head.push(0xff);
    head.extend(data);
    head
}

/// What the server says about encryption.
fn encryption(reply: &[u8]) -> Option<u8> {
    let mut reader = Reader(reply);
    loop {
        let token = reader.byte()?;
        if token == 0xff {
            return None;
        }
        let (offset, _) = (reader.big_u16()?, reader.big_u16()?);
        if token == 1 {
            return reply.get(usize::from(offset)).copied();
        }
    }
}

/// TLS whose handshake travels in PRELOGIN packets, as TDS 7 wants it; after it TLS carries the packets.
fn secure(login: &mut Login<'_>) -> Result<(), NetworkError> {
    // LIMIT: turns of a handshake.
    const MOST: usize = 16;
    let Connection::Plain(mut plain) = std::mem::replace(&mut login.connection, Connection::Closed)
    else {
        return Err(login.protocol());
    };
    let host = login.host.clone();
    let broken = |what: String| NetworkError::Broken {
        host: host.clone(),
        what,
    };
    let mut tls = login.network.client(&login.host)?;
    for _ in 0..MOST {
        let mut out = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut out)
                .map_err(|error| of_io(&host, &error))?;
        }
        if !out.is_empty() {
            plain
                .write_all(&packet(PRELOGIN, &out))
                .map_err(|error| of_io(&host, &error))?;
        }
        if !tls.is_handshaking() {
            let stream: Secure = StreamOwned::new(tls, plain);
            login.connection = Connection::Secure(Box::new(stream));
            return Ok(());
        }
        let body = read_packet(&mut plain, &host)?;
        let mut rest = body.as_slice();
        while !rest.is_empty() {
            tls.read_tls(&mut rest)
                .map_err(|error| of_io(&host, &error))?;
            tls.process_new_packets()
                .map_err(|error| broken(error.to_string()))?;
        }
    }
    Err(login.protocol())
}

fn read_packet(plain: &mut Plain, host: &str) -> Result<Vec<u8>, NetworkError> {
    let mut head = [0; 8];
    plain
        .read_exact(&mut head)
        .map_err(|error| of_io(host, &error))?;
    let [_, _, high, low, ..] = head;
    let length = usize::from(u16::from_be_bytes([high, low]))
        .checked_sub(head.len())
        .ok_or_else(|| NetworkError::Protocol(host.to_owned()))?;
    let mut body = vec![0; length];
    plain
        .read_exact(&mut body)
        .map_err(|error| of_io(host, &error))?;
    Ok(body)
}

/// Kind, end of message, length, and three fields that clients leave alone.
fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 8).unwrap_or(u16::MAX);
    let [high, low] = length.to_be_bytes();
    [&[kind, 1, high, low, 0, 0, 1, 0], body].concat()
}

fn send(login: &mut Login<'_>, kind: u8, body: &[u8]) -> Result<(), NetworkError> {
    let bytes = Zeroizing::new(packet(kind, body));
    login.send(&bytes)
}

/// A message of one packet or several.
fn receive(login: &mut Login<'_>) -> Result<Vec<u8>, NetworkError> {
    // LIMIT: packets of one answer.
    const MOST: usize = 64;
    let mut message = Vec::new();
    for _ in 0..MOST {
        let head = login.receive(8)?;
        let mut reader = Reader(&head);
        let (_, status, length) = (reader.byte(), reader.byte(), reader.big_u16());
        let length = length
            .and_then(|length| usize::from(length).checked_sub(8))
            .ok_or_else(|| login.protocol())?;
        message.extend(login.receive(length)?);
        if status.is_some_and(|status| status & 1 == 1) {
            return Ok(message);
        }
    }
    Err(login.protocol())
}

fn wide(text: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.encode_utf16().flat_map(u16::to_le_bytes).collect())
}

/// LOGIN7: fixed fields, offsets and lengths, texts in UTF-16. The password is scrambled as the protocol wants it, which hides
/// nothing.
fn login7(uri: &Uri) -> Zeroizing<Vec<u8>> {
    const HEAD: usize = 94;
    const TDS_74: u32 = 0x7400_0004;
    let password: Zeroizing<Vec<u8>> = Zeroizing::new(
        wide(&uri.password)
            .iter()
            .map(|byte| byte.rotate_left(4) ^ 0xa5)
            .collect(),
    );
    // Machine, user, password, program, server, extension, library, language, database.
    let texts: [Zeroizing<Vec<u8>>; 9] = [
        wide("leakward"),
        wide(&uri.user),
        password,
        wide("leakward"),
        wide(&uri.host),
        wide(""),
        wide("leakward"),
        wide(""),
        wide(""),
    ];
    let total = HEAD + texts.iter().map(|text| text.len()).sum::<usize>();
    let mut body = Zeroizing::new(Vec::with_capacity(total));
    body.extend(u32::try_from(total).unwrap_or(u32::MAX).to_le_bytes());
    for number in [TDS_74, 4096, 7, 0, 0] {
        body.extend(number.to_le_bytes());
    }
    // Warnings about languages; ODBC's defaults; SQL types; nothing else.
    body.extend([0xe0, 0x03, 0, 0]);
    body.extend([0; 8]);
    let mut offset = HEAD;
    let mut place = |body: &mut Vec<u8>, length: usize| {
        body.extend(u16::try_from(offset).unwrap_or_default().to_le_bytes());
        body.extend(u16::try_from(length / 2).unwrap_or_default().to_le_bytes());
        offset += length;
    };
    for text in &texts {
        place(&mut body, text.len());
    }
    // The machine's address, then SSPI, an attached file, a new password: all empty.
    body.extend([0; 6]);
    for _ in 0..3 {
        place(&mut body, 0);
    }
    body.extend([0; 4]);
    for text in &texts {
        body.extend_from_slice(text);
    }
    body
}

/// Goes through the tokens of an answer.
fn judged(answer: &[u8], uri: &Uri) -> Judgement {
    let mut reader = Reader(answer);
    let (mut refused, mut accepted) = (None, false);
    while let Some(token) = reader.byte() {
        match token {
            0xad => {
                accepted = true;
                break;
            }
            // INFO, ENVCHANGE, ORDER, SSPI and the error itself have their length before them.
            0xaa | 0xab | 0xe3 | 0xa9 | 0xed => {
                let Some(body) = reader
                    .little_u16()
                    .and_then(|length| reader.take(usize::from(length)))
                else {
                    break;
                };
                if token == 0xaa {
                    refused = Reader(body).little_u32().or(refused);
                }
            }
            _ => break,
        }
    }
    match (accepted, refused) {
        (true, None) => Judgement {
            verdict: Verdict::Live,
            summary: "the login was accepted".to_owned(),
        },
        (false, Some(18456)) if uri.parameter(NAMED).is_some() => Judgement {
            verdict: Verdict::Dead,
            summary: "the login was refused (18456)".to_owned(),
        },
        (false, Some(18456)) => Judgement::unknown(
            "refused (18456): a wrong password, or a user that is barred; name the server with --endpoint to take it for dead",
        ),
        (_, Some(18487 | 18488)) => {
            Judgement::unknown("the password is right and has to be changed before it works")
        }
        (_, Some(code)) => {
            Judgement::unknown(format!("the server refused for another reason ({code})"))
        }
        (false, None) => Judgement::unknown("the server answered the login with something else"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_login_points_to_its_texts() {
        let uri = Uri::of_host("db.corp")
            .map(|uri| uri.with_user(Some("app")).with_plain_password("pw"))
            .expect("a host");
        let body = login7(&uri);
        let number = |at: usize| usize::from(u16::from_le_bytes([body[at], body[at + 1]]));
        assert_eq!(
            body.len(),
            u32::from_le_bytes([body[0], body[1], body[2], body[3]]) as usize
        );
        let (user, length) = (number(40), number(42));
        assert_eq!(&body[user..user + length * 2], wide("app").as_slice());
        let (password, length) = (number(44), number(46));
        let scrambled: Vec<u8> = body[password..password + length * 2]
            .iter()
            .map(|byte| (byte ^ 0xa5).rotate_left(4))
            .collect();
        assert_eq!(scrambled, *wide("pw"));
        assert_eq!(number(36), 94);
    }

    #[test]
    fn only_the_servers_own_words_are_proof() {
        let uri = Uri::of_host("db.corp").expect("a host");
        let mut named = uri.clone();
        named.parameters.push((NAMED.to_owned(), String::new()));
        let error = |code: u32| [&[0xaa, 6, 0][..], &code.to_le_bytes(), &[1, 14]].concat();
        let verdict = |answer: &[u8], uri: &Uri| judged(answer, uri).verdict.as_str().to_owned();
        assert_eq!(verdict(&[0xe3, 1, 0, 9, 0xad, 0, 0], &uri), "live");
        assert_eq!(verdict(&error(18456), &uri), "unknown");
        assert_eq!(verdict(&error(18456), &named), "dead");
        assert_eq!(verdict(&error(18488), &named), "unknown");
        assert_eq!(verdict(&error(40613), &named), "unknown");
        assert_eq!(verdict(&[0xfd, 0, 0], &named), "unknown");
        assert_eq!(verdict(&[], &named), "unknown");
    }
}
