//! MySQL and MariaDB: the handshake, as far as OK or an error.
//!
//! <https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html>. Error 1045 is given for a wrong password,
//! and also when the user may not log in from this machine. So it means
//! "dead" only on a server that the user named. No database is named: what the user may see there is another question.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use leakward_core::{Reach, Verdict};
use zeroize::Zeroizing;

use super::bytes::Reader;
use super::connection::{Connection, Tls};
use super::uri::Uri;
use super::{Case, Exchange, Login, LoginPlan, Native};
use crate::judge::Judgement;
use crate::network::NetworkError;
use crate::plan::NotAsked;
use crate::scrub::Facts;

pub(super) static NATIVE: Native = Native {
    name: "mysql",
    about: "logs in to a MySQL or MariaDB server and leaves",
    prepare,
    details: None,
    control: None,
};

const LONG_PASSWORD: u32 = 1;
const PROTOCOL_41: u32 = 1 << 9;
const SSL: u32 = 1 << 11;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let mut uri = case.login_uri()?;
    if case.is_server_named() {
        uri.parameters.push((NAMED.to_owned(), String::new()));
    }
    Ok(Exchange::Login(Box::new(LoginPlan {
        port: uri.port.unwrap_or(3306),
        uri,
        step: "MySQL handshake",
        tls: Tls::Later,
        login,
        inspect: Some(inspect),
    })))
}

/// Stands among the parameters when the user named the server.
const NAMED: &str = "leakward-server-named-by-user";

/// What the server says first.
struct Greeting {
    version: String,
    capabilities: u32,
    salt: Vec<u8>,
    plugin: String,
}

fn login(login: &mut Login<'_>, uri: &Uri) -> Result<(Judgement, Facts), NetworkError> {
    let (judgement, version) = authenticate(login, uri)?;
    let identity = vec![
        ("user".to_owned(), uri.user.clone()),
        ("server".to_owned(), version),
    ];
    let facts = Facts {
        identity,
        ..Facts::default()
    };
    Ok((judgement, facts))
}

/// What the user may do.
fn inspect(login: &mut Login<'_>, uri: &Uri) -> Result<Vec<Reach>, NetworkError> {
    const ASKED: [(&str, &str); 2] = [("grants", "SHOW GRANTS"), ("databases", "SHOW DATABASES")];
    let (judgement, _) = authenticate(login, uri)?;
    if judgement.verdict != Verdict::Live {
        return Ok(Vec::new());
    }
    let mut session = super::sql::MysqlSession::new(login);
    Ok(super::sql::reached(&ASKED, |text| session.query(text)))
}

/// The handshake, and what the server calls its version.
pub(crate) fn authenticate(
    login: &mut Login<'_>,
    uri: &Uri,
) -> Result<(Judgement, String), NetworkError> {
    let (mut sequence, packet) = receive(login)?;
    let greeting = greeting(&packet).ok_or_else(|| login.protocol())?;
    let mut capabilities = LONG_PASSWORD | PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH;
    if greeting.capabilities & SSL != 0 {
        capabilities |= SSL;
        sequence = sequence.wrapping_add(1);
        send(login, sequence, &head(capabilities))?;
        login.secure()?;
    }
    let mut body = head(capabilities);
    body.extend_from_slice(uri.user.as_bytes());
    body.push(0);
    let proof = proof(&greeting.plugin, &uri.password, &greeting.salt).unwrap_or_default();
    body.push(u8::try_from(proof.len()).unwrap_or_default());
    body.extend_from_slice(&proof);
    body.extend_from_slice(greeting.plugin.as_bytes());
    body.push(0);
    send(login, sequence.wrapping_add(1), &body)?;
    Ok((conclude(login, uri)?, greeting.version))
}

/// Goes through what the server still wants until it says yes or no.
fn conclude(login: &mut Login<'_>, uri: &Uri) -> Result<Judgement, NetworkError> {
    // LIMIT: a change of method, more data, and the result.
    const MOST: usize = 6;
    for _ in 0..MOST {
        let (sequence, packet) = receive(login)?;
        let mut reader = Reader(&packet);
        match reader.byte() {
            Some(0) => {
                return Ok(Judgement {
                    verdict: Verdict::Live,
                    summary: "the login was accepted".to_owned(),
                });
            }
            Some(0xff) => return Ok(refusal(reader.little_u16().unwrap_or_default(), uri)),
            Some(0xfe) => {
                let plugin = reader
                    .c_text()
                    .map(String::from_utf8_lossy)
                    .unwrap_or_default();
                let salt = reader.0.strip_suffix(&[0]).unwrap_or(reader.0);
                let Some(proof) = proof(&plugin, &uri.password, salt) else {
                    return Ok(Judgement::unknown(format!(
                        "the server wants the method {plugin}, which is not known"
                    )));
                };
                send(login, sequence.wrapping_add(1), &proof)?;
            }
            // caching_sha2_password: 3 is "known already", 4 asks for the password itself.
            Some(1) if reader.0 == [3] => {}
            Some(1) if reader.0 == [4] => {
                if !matches!(login.connection, Connection::Secure(_))
                    && !login.may_send_in_the_clear()
                {
                    return Ok(login.refused_in_the_clear().0);
                }
                let mut password = Zeroizing::new(uri.password.as_bytes().to_vec());
                password.push(0);
                send(login, sequence.wrapping_add(1), &password)?;
            }
            _ => return Err(login.protocol()),
        }
    }
    Err(login.protocol())
}

fn refusal(code: u16, uri: &Uri) -> Judgement {
    match code {
        1045 if uri.parameter(NAMED).is_some() => Judgement {
            verdict: Verdict::Dead,
            summary: "the login was refused (1045)".to_owned(),
        },
        1045 => Judgement::unknown(
            "refused (1045): a wrong password, or a user that may not log in from here; name the server with --endpoint to take it for dead",
        ),
        // MySQL's and MariaDB's numbers for an account that an administrator locked.
        3118 | 4151 => Judgement {
            verdict: Verdict::Dead,
            summary: format!("the account is locked ({code})"),
        },
        _ => Judgement::unknown(format!("the server refused for another reason ({code})")),
    }
}

pub(super) fn receive(login: &mut Login<'_>) -> Result<(u8, Vec<u8>), NetworkError> {
    let head = login.receive(4)?;
    let [a, b, c, sequence] = head.try_into().map_err(|_| login.protocol())?;
    let length = usize::try_from(u32::from_le_bytes([a, b, c, 0])).unwrap_or(usize::MAX);
    Ok((sequence, login.receive(length)?))
}

pub(super) fn send(login: &mut Login<'_>, sequence: u8, body: &[u8]) -> Result<(), NetworkError> {
    let [a, b, c, _] = u32::try_from(body.len()).unwrap_or_default().to_le_bytes();
    let mut packet = Zeroizing::new(vec![a, b, c, sequence]);
    packet.extend_from_slice(body);
    login.send(&packet)
}

/// Capabilities, largest packet, character set (utf8mb4), filler.
fn head(capabilities: u32) -> Vec<u8> {
    let mut body = capabilities.to_le_bytes().to_vec();
    body.extend_from_slice(&(1u32 << 24).to_le_bytes());
    body.push(45);
    body.extend_from_slice(&[0; 23]);
    body
}

fn greeting(packet: &[u8]) -> Option<Greeting> {
    let mut reader = Reader(packet);
    if reader.byte()? != 10 {
        return None;
    }
    let version = String::from_utf8_lossy(reader.c_text()?).into_owned();
    reader.little_u32()?;
    let mut salt = reader.take(8)?.to_vec();
    reader.byte()?;
    let low = reader.little_u16()?;
    reader.take(3)?;
    let high = reader.little_u16()?;
    let salt_length = usize::from(reader.byte()?);
    reader.take(10)?;
    let rest = salt_length.saturating_sub(8).max(13);
    salt.extend_from_slice(reader.take(rest)?.strip_suffix(&[0])?);
    let plugin = reader
        .c_text()
        .map(String::from_utf8_lossy)
        .unwrap_or_default();
    Some(Greeting {
        version,
        capabilities: u32::from(high) << 16 | u32::from(low),
        salt,
        plugin: plugin.into_owned(),
    })
}

/// What proves the password to a method; none for methods that are not known.
fn proof(plugin: &str, password: &str, salt: &[u8]) -> Option<Vec<u8>> {
    if password.is_empty() {
        return Some(Vec::new());
    }
    let hash = |algorithm, parts: &[&[u8]]| {
        let mut context = Context::new(algorithm);
        parts.iter().for_each(|part| context.update(part));
        context.finish()
    };
    let mixed = |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(a, b)| a ^ b).collect();
    match plugin {
        "mysql_native_password" => {
            let algorithm = &SHA1_FOR_LEGACY_USE_ONLY;
            let once = hash(algorithm, &[password.as_bytes()]);
            let twice = hash(algorithm, &[once.as_ref()]);
            Some(mixed(
                once.as_ref(),
                hash(algorithm, &[salt, twice.as_ref()]).as_ref(),
            ))
        }
        "caching_sha2_password" => {
            let once = hash(&SHA256, &[password.as_bytes()]);
            let twice = hash(&SHA256, &[once.as_ref()]);
            Some(mixed(
                once.as_ref(),
                hash(&SHA256, &[twice.as_ref(), salt]).as_ref(),
            ))
        }
        _ => None,
    }
}
