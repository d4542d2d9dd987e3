//! AMQP 0-9-1 (RabbitMQ): the connection's opening, as far as `tune` or a refusal.
//!
//! <https://www.rabbitmq.com/docs/specification>. RabbitMQ says why it refuses only to clients that can read it
//! (`authentication_failure_close`); one that just hangs up proves nothing.

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
    name: "amqp",
    about: "opens an AMQP connection as far as the login",
    prepare,
    details: None,
    control: None,
};

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let uri = case.login_uri()?;
    let is_secure = uri.scheme == "amqps";
    Ok(Exchange::Login(Box::new(LoginPlan {
        port: uri.port.unwrap_or(if is_secure { 5671 } else { 5672 }),
        tls: if is_secure { Tls::AtOnce } else { Tls::Later },
        uri,
        step: "AMQP connection.start",
        login,
        inspect: None,
    })))
}

const CONNECTION: u16 = 10;

fn login(login: &mut Login<'_>, uri: &Uri) -> Result<(Judgement, Facts), NetworkError> {
    if !login.may_send_in_the_clear() {
        return Ok(login.refused_in_the_clear());
    }
    login.send(b"AMQP\0\0\x09\x01")?;
    if method(login)?.0 != 10 {
        return Err(login.protocol());
    }
    login.send(&start_ok(&uri.user, &uri.password))?;
    let (kind, arguments) = method(login)?;
    let facts = Facts {
        identity: vec![("user".to_owned(), uri.user.clone())],
        ..Facts::default()
    };
    let judgement = match kind {
        30 => Judgement {
            verdict: Verdict::Live,
            summary: "the login was accepted".to_owned(),
        },
        50 if Reader(&arguments).big_u16() == Some(403) => Judgement {
            verdict: Verdict::Dead,
            summary: "the login was refused (403 ACCESS_REFUSED)".to_owned(),
        },
        _ => Judgement::unknown("the server answered the login with something that proves nothing"),
    };
    Ok((judgement, facts))
}

/// The next method of the class "connection": its number and arguments.
fn method(login: &mut Login<'_>) -> Result<(u16, Vec<u8>), NetworkError> {
    let head = login.receive(7)?;
    let mut reader = Reader(&head);
    let kind = reader.byte();
    reader.big_u16();
    let length = reader
        .big_u32()
        .and_then(|length| usize::try_from(length).ok());
    let (Some(1), Some(length)) = (kind, length) else {
        return Err(login.protocol());
    };
    let mut frame = login.receive(length.saturating_add(1))?;
    if frame.pop() != Some(0xce) {
        return Err(login.protocol());
    }
    let mut reader = Reader(&frame);
    match (reader.big_u16(), reader.big_u16()) {
        (Some(CONNECTION), Some(number)) => Ok((number, reader.0.to_vec())),
        _ => Err(login.protocol()),
    }
}

fn start_ok(user: &str, password: &str) -> Zeroizing<Vec<u8>> {
    let short = |text: &str| {
        let mut bytes = vec![u8::try_from(text.len()).unwrap_or_default()];
        bytes.extend_from_slice(text.as_bytes());
        bytes
    };
    let long = |bytes: &[u8]| {
        let mut made = u32::try_from(bytes.len())
            .unwrap_or_default()
            .to_be_bytes()
            .to_vec();
        made.extend_from_slice(bytes);
        Zeroizing::new(made)
    };
    let mut wish = short("authentication_failure_close");
    wish.extend_from_slice(b"t\x01");
    let mut properties = short("capabilities");
    properties.push(b'F');
    properties.extend_from_slice(&long(&wish));
    let plain = Zeroizing::new(format!("\0{user}\0{password}"));
    let mut payload = Zeroizing::new(vec![0, 10, 0, 11]);
    payload.extend_from_slice(&long(&properties));
    payload.extend_from_slice(&short("PLAIN"));
    payload.extend_from_slice(&long(plain.as_bytes()));
    payload.extend_from_slice(&short("en_US"));
    let mut frame = Zeroizing::new(vec![1, 0, 0]);
    frame.extend_from_slice(&long(&payload));
    frame.push(0xce);
    frame
}
