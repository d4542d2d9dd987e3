//! Redis: `AUTH`, and what comes back. <https://redis.io/docs/latest/commands/auth/>

use leakward_core::Verdict;

use super::connection::Tls;
use super::uri::Uri;
use super::{Case, Exchange, Login, LoginPlan, Native};
use crate::judge::Judgement;
use crate::network::NetworkError;
use crate::plan::NotAsked;
use crate::scrub::Facts;

pub(super) static NATIVE: Native = Native {
    name: "redis",
    about: "authenticates to a Redis server",
    prepare,
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

fn command(words: &[&str]) -> zeroize::Zeroizing<Vec<u8>> {
    let mut text = zeroize::Zeroizing::new(format!("*{}\r\n", words.len()).into_bytes());
    for word in words {
        text.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        text.extend_from_slice(word.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    text
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
