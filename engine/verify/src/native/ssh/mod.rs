//! SSH private keys: does a git host, or another server that the user names, accept this key?
//!
//! RFC 4253 and 4252 as far as the answer to a public key. The key itself is not sent: it signs this one session's id, which is
//! worth nothing elsewhere. INVARIANT: the server proves first that it is the one whose host key is pinned here or was given
//! (`--with host-key=SHA256:…`); another server's yes or no proves nothing.
//!
//! A key that this server refuses may open others: "dead" means dead there, and the server is always one that the user named.

mod packets;
mod transport;

use leakward_core::Verdict;
use zeroize::Zeroizing;

use super::bytes::Reader;
use super::connection::Tls;
use super::uri::Uri;
use super::{Case, Exchange, Login, LoginPlan, Native};
use crate::judge::Judgement;
use crate::keys::{PrivateKey, ssh_fingerprint};
use crate::network::NetworkError;
use crate::plan::NotAsked;
use crate::scrub::Facts;
use packets::{
    BANNER, CHANNEL_DATA, CHANNEL_EXTENDED_DATA, CHANNEL_OPEN, CHANNEL_OPEN_CONFIRMATION,
    CHANNEL_REQUEST, Message, SERVICE_ACCEPT, SERVICE_REQUEST, USERAUTH_FAILURE, USERAUTH_PK_OK,
    USERAUTH_REQUEST, USERAUTH_SUCCESS,
};
use transport::Transport;
pub(crate) use transport::is_signed;

pub(super) static NATIVE: Native = Native {
    name: "ssh-key",
    about: "asks an SSH server whether it accepts the key; signs one session, runs nothing",
    prepare,
    details: None,
    control: None,
};

/// Host keys that these hosts publish: Ed25519, ECDSA, RSA.
const PINNED: [(&str, [&str; 3]); 3] = [
    (
        "github.com",
        [
            "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
            "SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM",
            "SHA256:uNiVztksCsDhcc0u9e8BujQXVUpKZIDTMczCvj3tD2s",
        ],
    ),
    (
        "gitlab.com",
        [
            "SHA256:eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8",
            "SHA256:HbW3g8zUjNSksFbqTiUWPWg2Bq1x8xdGUrliXFzSnUw",
            "SHA256:ROQFvPThGrW4RuWLoL9tq9I9zJ42fK4XywyRtbOz/EQ",
        ],
    ),
    (
        "bitbucket.org",
        [
            "SHA256:ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM",
            "SHA256:FC73VB6C4OQLSCrjEayhMp9UMxS97caD/Yyi2bhW/J0",
            "SHA256:46OSHA1Rmj8E8ERTC6xkNcmGOw9oFxYr0WF6zWW8l1E",
        ],
    ),
];

/// The user of git hosts, whose shell greets and ends.
const GIT: &str = "git";

/// Where the accepted host keys stand among the URI's parameters.
const HOST_KEYS: &str = "host-key";

pub(super) fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let key = case.secret()?;
    PrivateKey::read(&key).map_err(|error| NotAsked::Unusable(error.to_string()))?;
    let mut uri = case.named_server()?.with_plain_password(&key);
    uri.user = case
        .maybe("user")
        .map_or_else(|| GIT.to_owned(), |user| user.to_string());
    let given = case.maybe(HOST_KEYS);
    let pinned = PINNED.iter().find(|(host, _)| *host == uri.host);
    let keys = match (given, pinned) {
        (Some(given), _) => given.to_string(),
        (None, Some((_, keys))) => keys.join(" "),
        (None, None) => return Err(NotAsked::NeedsValue(HOST_KEYS.to_owned())),
    };
    uri.parameters.push((HOST_KEYS.to_owned(), keys));
    Ok(Exchange::Login(Box::new(LoginPlan {
        port: uri.port.unwrap_or(22),
        uri,
        step: "SSH public key",
        tls: Tls::Later,
        login,
        inspect: None,
    })))
}

fn login(login: &mut Login<'_>, uri: &Uri) -> Result<(Judgement, Facts), NetworkError> {
    let Ok(key) = PrivateKey::read(&uri.password) else {
        return Err(login.protocol());
    };
    let mut transport = Transport::begin(login)?;
    let seen = ssh_fingerprint(transport.host_key());
    let is_known = uri
        .parameter(HOST_KEYS)
        .is_some_and(|keys| keys.split([' ', ',']).any(|known| known == seen));
    if !is_known {
        let reason = format!("the server's key is {seen}, which is not the one that is known");
        return Ok((Judgement::unknown(reason), Facts::default()));
    }
    let judgement = authenticate(&mut transport, uri, &key)?;
    let mut identity = vec![(
        "public key".to_owned(),
        ssh_fingerprint(&key.public().ssh_blob()),
    )];
    if judgement.verdict == Verdict::Live && uri.user == GIT {
        identity.extend(greeting(&mut transport)?.map(|text| ("greeting".to_owned(), text)));
    }
    transport.end();
    let facts = Facts {
        identity,
        ..Facts::default()
    };
    Ok((judgement, facts))
}

/// `none`, then the key without a signature, then with one.
fn authenticate(
    transport: &mut Transport<'_, '_>,
    uri: &Uri,
    key: &PrivateKey,
) -> Result<Judgement, NetworkError> {
    transport.send(&Message::new(SERVICE_REQUEST).string(b"ssh-userauth").done())?;
    transport.expect(SERVICE_ACCEPT)?;
    let request = |method: &[u8]| {
        Message::new(USERAUTH_REQUEST)
            .string(uri.user.as_bytes())
            .string(b"ssh-connection")
            .string(method)
    };
    transport.send(&request(b"none").done())?;
    match answer(transport)? {
        Answer::Accepted => {
            return Ok(Judgement::unknown(
                "the server lets everybody in, whatever the key",
            ));
        }
        Answer::Refused { takes_keys, .. } if !takes_keys => {
            return Ok(Judgement::unknown("the server takes no public keys"));
        }
        _ => {}
    }
    let (algorithm, blob) = (key.public().ssh_algorithm(), key.public().ssh_blob());
    let with_key = |is_signed: bool| {
        request(b"publickey")
            .flag(is_signed)
            .string(algorithm.as_bytes())
            .string(&blob)
    };
    transport.send(&with_key(false).done())?;
    match answer(transport)? {
        Answer::KeyIsFine => {}
        Answer::Refused { .. } => return Ok(refused(uri)),
        Answer::Accepted => return Err(transport.protocol()),
    }
    let message = with_key(true).done();
    let signed = [
        crate::keys::ssh_string(transport.session_id()),
        message.clone(),
    ]
    .concat();
    let Some(signature) = key.ssh_signature(&signed) else {
        return Ok(Judgement::unknown("the key does not sign"));
    };
    let mut message = Zeroizing::new(message);
    message.extend_from_slice(&crate::keys::ssh_string(&signature));
    transport.send(&message)?;
    Ok(match answer(transport)? {
        Answer::Accepted => accepted("the server accepts the key"),
        Answer::Refused { in_part: true, .. } => {
            accepted("the server accepts the key, and wants something beside it")
        }
        Answer::Refused { .. } => Judgement::unknown(
            "the server knows the key and refuses the login, which proves nothing",
        ),
        Answer::KeyIsFine => return Err(transport.protocol()),
    })
}

fn accepted(summary: &str) -> Judgement {
    Judgement {
        verdict: Verdict::Live,
        summary: summary.to_owned(),
    }
}

fn refused(uri: &Uri) -> Judgement {
    Judgement {
        verdict: Verdict::Dead,
        summary: format!(
            "{} does not accept the key for {}; other servers may",
            uri.host, uri.user
        ),
    }
}

/// What a server says to a try.
enum Answer {
    Accepted,
    KeyIsFine,
    Refused {
        /// Whether public keys are among what it would take.
        takes_keys: bool,
        /// Whether this step was accepted, and another one has to follow.
        in_part: bool,
    },
}

fn answer(transport: &mut Transport<'_, '_>) -> Result<Answer, NetworkError> {
    // LIMIT: banners before an answer.
    const MOST: usize = 16;
    for _ in 0..MOST {
        let message = transport.receive()?;
        let mut reader = Reader(&message);
        match reader.byte() {
            Some(USERAUTH_SUCCESS) => return Ok(Answer::Accepted),
            Some(USERAUTH_PK_OK) => return Ok(Answer::KeyIsFine),
            Some(USERAUTH_FAILURE) => {
                let methods = reader.string().ok_or_else(|| transport.protocol())?;
                return Ok(Answer::Refused {
                    takes_keys: methods
                        .split(|byte| *byte == b',')
                        .any(|method| method == b"publickey"),
                    in_part: reader.byte() == Some(1),
                });
            }
            Some(BANNER) => {}
            _ => break,
        }
    }
    Err(transport.protocol())
}

/// What the shell of a git host says to whoever logs in: `Hi octocat! You've successfully authenticated…`.
fn greeting(transport: &mut Transport<'_, '_>) -> Result<Option<String>, NetworkError> {
    // LIMIT: messages that are read for it.
    const MOST: usize = 24;
    let open = Message::new(CHANNEL_OPEN)
        .string(b"session")
        .number(0)
        .number(1 << 16)
        .number(1 << 14);
    transport.send(&open.done())?;
    for _ in 0..MOST {
        // The verdict is known already; a host that greets nobody just hangs up.
        let Ok(message) = transport.receive() else {
            return Ok(None);
        };
        let mut reader = Reader(&message);
        let kind = reader.byte();
        reader.big_u32();
        match kind {
            Some(CHANNEL_OPEN_CONFIRMATION) => {
                let channel = reader.big_u32().ok_or_else(|| transport.protocol())?;
                let shell = Message::new(CHANNEL_REQUEST)
                    .number(channel)
                    .string(b"shell")
                    .flag(false);
                transport.send(&shell.done())?;
            }
            Some(CHANNEL_EXTENDED_DATA | CHANNEL_DATA) => {
                if kind == Some(CHANNEL_EXTENDED_DATA) {
                    reader.big_u32();
                }
                let text = String::from_utf8_lossy(reader.string().unwrap_or_default())
                    .lines()
                    .map(str::trim)
                    .find(|line| !line.is_empty())
                    .map(|line| line.chars().filter(|c| !c.is_control()).take(120).collect());
                if text.is_some() {
                    return Ok(text);
                }
            }
            _ => {}
        }
    }
    Ok(None)
}
