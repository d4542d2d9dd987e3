//! LDAP: a simple bind (RFC 4511), and its result.
//!
//! Result 49 refuses the credentials. Active Directory adds why in the message: 775 (locked), 530 and 531 (not now, not from
//! here) say nothing about the password.

use leakward_core::Verdict;
use zeroize::Zeroizing;

use super::bytes::Reader;
use super::connection::Tls;
use super::uri::Uri;
use super::{Case, Exchange, Login, LoginPlan, Native};
use crate::judge::Judgement;
use crate::network::NetworkError;
use crate::plan::NotAsked;
use crate::scrub::Facts;

pub(super) static NATIVE: Native = Native {
    name: "ldap",
    about: "binds to a directory",
    prepare,
    details: None,
    control: None,
};

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let uri = case.login_uri()?;
    let is_secure = uri.scheme == "ldaps";
    Ok(Exchange::Login(Box::new(LoginPlan {
        port: uri.port.unwrap_or(if is_secure { 636 } else { 389 }),
        tls: if is_secure { Tls::AtOnce } else { Tls::Later },
        uri,
        step: "LDAP bind",
        login,
        inspect: None,
    })))
}

fn login(login: &mut Login<'_>, uri: &Uri) -> Result<(Judgement, Facts), NetworkError> {
    if uri.password.is_empty() || uri.user.is_empty() {
        // RFC 4513, 5.1.2: a bind without a password is accepted for anybody.
        let reason = "a bind needs a name and a password to prove anything";
        return Ok((Judgement::unknown(reason), Facts::default()));
    }
    if !login.may_send_in_the_clear() {
        return Ok(login.refused_in_the_clear());
    }
    login.send(&bind(&uri.user, &uri.password))?;
    let head = login.receive(2)?;
    let length = match head.get(1) {
        Some(short @ 0..=0x7f) => usize::from(*short),
        Some(0x81) => usize::from(*login.receive(1)?.first().ok_or_else(|| login.protocol())?),
        Some(0x82) => usize::from(Reader(&login.receive(2)?).big_u16().unwrap_or_default()),
        Some(0x84) => usize::try_from(Reader(&login.receive(4)?).big_u32().unwrap_or_default())
            .unwrap_or(usize::MAX),
        _ => return Err(login.protocol()),
    };
    let message = login.receive(length)?;
    let code = result_code(&message).ok_or_else(|| login.protocol())?;
    let facts = Facts {
        identity: vec![("name".to_owned(), uri.user.clone())],
        ..Facts::default()
    };
    Ok((judged(code, &message), facts))
}

fn judged(code: u8, message: &[u8]) -> Judgement {
    let says = |part: &str| {
        message
            .windows(part.len())
            .any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
    };
    let is_about_something_else = ["data 530", "data 531", "data 533", "data 775", "data 701"]
        .iter()
        .any(|part| says(part));
    match code {
        0 => Judgement {
            verdict: Verdict::Live,
            summary: "the bind was accepted".to_owned(),
        },
        49 if !is_about_something_else => Judgement {
            verdict: Verdict::Dead,
            summary: "the bind was refused (49, invalid credentials)".to_owned(),
        },
        _ => Judgement::unknown(format!("the bind was refused for another reason ({code})")),
    }
}

/// The result's number in `SEQUENCE { messageID, [APPLICATION 1] { ENUMERATED, … } }`.
fn result_code(message: &[u8]) -> Option<u8> {
    let mut reader = Reader(message);
    (reader.byte()? == 0x02).then_some(())?;
    let length = usize::from(reader.byte()?);
    reader.take(length)?;
    (reader.byte()? == 0x61).then_some(())?;
    match reader.byte()? {
        0..=0x7f => {}
        more => {
            reader.take(usize::from(more & 0x7f))?;
        }
    }
    (reader.byte()? == 0x0a && reader.byte()? == 1).then_some(())?;
    reader.byte()
}

fn bind(name: &str, password: &str) -> Zeroizing<Vec<u8>> {
    let element = |tag: u8, content: &[u8]| {
        let mut bytes = vec![tag, 0x84];
        bytes.extend_from_slice(
            &u32::try_from(content.len())
                .unwrap_or_default()
                .to_be_bytes(),
        );
        bytes.extend_from_slice(content);
        Zeroizing::new(bytes)
    };
    let mut request = Zeroizing::new(vec![0x02, 1, 3]);
    request.extend_from_slice(&element(0x04, name.as_bytes()));
    request.extend_from_slice(&element(0x80, password.as_bytes()));
    let mut message = Zeroizing::new(vec![0x02, 1, 1]);
    message.extend_from_slice(&element(0x60, &request));
    element(0x30, &message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_of_a_bind_is_read_and_only_49_means_dead() {
        let answer = |code: u8| [0x02, 1, 1, 0x61, 7, 0x0a, 1, code, 0x04, 0, 0x04, 0];
        assert_eq!(result_code(&answer(49)), Some(49));
        assert_eq!(result_code(&[0x02, 9, 1]), None);
        assert_eq!(judged(0, b"").verdict, Verdict::Live);
        assert_eq!(judged(49, b"data 52e").verdict, Verdict::Dead);
        assert_eq!(
            judged(49, b"AcceptSecurityContext error, data 775")
                .verdict
                .as_str(),
            "unknown"
        );
        assert_eq!(judged(53, b"").verdict.as_str(), "unknown");
    }
}
