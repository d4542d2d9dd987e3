//! Redis: `AUTH`, and what comes back. <https://redis.io/docs/latest/commands/auth/>

use leakward_core::Verdict;

use super::connection::Tls;
use super::uri::Uri;
use super::{Case, Exchange, Login, LoginPlan, Native};
use crate::database::Reply;
use crate::judge::Judgement;
use crate::network::NetworkError;
use crate::plan::NotAsked;
use crate::scrub::Facts;

pub(super) static NATIVE: Native = Native {
    name: "redis",
    about: "authenticates to a Redis server",
    prepare,
    details: None,
    control: None,
};

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let uri = case.login_uri()?;
    let is_secure = uri.scheme == "rediss" || uri.host.ends_with(".redis.cache.windows.net");
    Ok(Exchange::Login(Box::new(LoginPlan {
        port: uri.port.unwrap_or(if uri.scheme == "default" && is_secure {
            6380
        } else {
            6379
        }),
        tls: if is_secure { Tls::AtOnce } else { Tls::Later },
        uri,
        step: "Redis AUTH",
        login,
        inspect: None,
    })))
}

fn login(login: &mut Login<'_>, uri: &Uri) -> Result<(Judgement, Facts), NetworkError> {
    if !login.may_send_in_the_clear() {
        return Ok(login.refused_in_the_clear());
    }
    let mut words: Vec<&str> = vec!["AUTH"];
    if !uri.user.is_empty() {
        words.push(&uri.user);
    }
    words.push(&uri.password);
    login.send(&command(&words))?;
    let reply = login.line()?;
    let facts = Facts {
        identity: (!uri.user.is_empty())
            .then(|| ("user".to_owned(), uri.user.clone()))
            .into_iter()
            .collect(),
        ..Facts::default()
    };
    Ok((judged(&reply), facts))
}

pub(crate) fn command(words: &[&str]) -> zeroize::Zeroizing<Vec<u8>> {
    let mut text = zeroize::Zeroizing::new(format!("*{}\r\n", words.len()).into_bytes());
    for word in words {
        text.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        text.extend_from_slice(word.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    text
}

/// Reads one reply (RESP 2).
pub(crate) fn reply(login: &mut Login<'_>, depth: usize) -> Result<Reply, NetworkError> {
    // LIMIT: lists in lists, and items of one list.
    const DEEPEST: usize = 8;
    const MOST: usize = 100_000;
    let line = login.line()?;
    let (kind, rest) = line.split_at_checked(1).ok_or_else(|| login.protocol())?;
    let length = || rest.parse::<usize>().ok().filter(|length| *length <= MOST);
    match kind {
        "+" => Ok(Reply::Text(Some(rest.to_owned()))),
        "-" => Ok(Reply::Refused(rest.to_owned())),
        ":" => Ok(Reply::Number(rest.parse().map_err(|_| login.protocol())?)),
        "$" | "*" if rest == "-1" => Ok(Reply::Text(None)),
        "$" => {
            let length = length().ok_or_else(|| login.protocol())?;
            let mut bytes = login.receive(length + 2)?;
            bytes.truncate(length);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            Ok(Reply::Text(Some(text)))
        }
        "*" if depth < DEEPEST => {
            let length = length().ok_or_else(|| login.protocol())?;
            let items: Result<Vec<Reply>, NetworkError> =
                (0..length).map(|_| reply(login, depth + 1)).collect();
            Ok(Reply::List(items?))
        }
        _ => Err(login.protocol()),
    }
}

fn judged(reply: &str) -> Judgement {
    if reply == "+OK" {
        return Judgement {
            verdict: Verdict::Live,
            summary: "AUTH was accepted".to_owned(),
        };
    }
    // Before version 6 there was "ERR invalid password". "… without any password configured" proves nothing.
    if reply.starts_with("-WRONGPASS") || reply == "-ERR invalid password" {
        return Judgement {
            verdict: Verdict::Dead,
            summary: "AUTH was refused as wrong".to_owned(),
        };
    }
    Judgement::unknown("the server answered AUTH with something that proves nothing")
}
