//! SMTP: EHLO, STARTTLS where it is offered, AUTH PLAIN, QUIT. No mail is begun.
//!
//! RFC 4954: 235 accepts, 535 with 5.7.8 refuses the credentials. Other refusals (535 5.7.139 "basic authentication is disabled",
//! 534 "application-specific password required", 454) say nothing about the password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::Verdict;
use zeroize::Zeroizing;

use super::connection::Tls;
use super::uri::Uri;
use super::{Case, Exchange, Login, LoginPlan, Native};
use crate::judge::Judgement;
use crate::network::NetworkError;
use crate::plan::NotAsked;
use crate::scrub::Facts;

pub(super) static NATIVE: Native = Native {
    name: "smtp",
    about: "logs in to a mail server and leaves, without a mail",
    prepare,
    details: None,
    control: None,
};

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let uri = case.login_uri()?;
    let is_secure = uri.scheme == "smtps" || uri.port == Some(465);
    Ok(Exchange::Login(Box::new(LoginPlan {
        port: uri.port.unwrap_or(if is_secure { 465 } else { 587 }),
        tls: if is_secure { Tls::AtOnce } else { Tls::Later },
        uri,
        step: "SMTP AUTH",
        login,
        inspect: None,
    })))
}

fn login(login: &mut Login<'_>, uri: &Uri) -> Result<(Judgement, Facts), NetworkError> {
    reply(login)?;
    let mut offers = ask(login, b"EHLO leakward.invalid\r\n")?;
    if offers.iter().any(|line| line.get(4..) == Some("STARTTLS")) {
        ask(login, b"STARTTLS\r\n")?;
        login.secure()?;
        offers = ask(login, b"EHLO leakward.invalid\r\n")?;
    }
    let is_offered = offers
        .iter()
        .filter_map(|line| line.get(4..)?.strip_prefix("AUTH"))
        .any(|methods| methods.split([' ', '=']).any(|method| method == "PLAIN"));
    if !is_offered {
        let reason = "the server does not offer AUTH PLAIN";
        return Ok((Judgement::unknown(reason), Facts::default()));
    }
    if !login.may_send_in_the_clear() {
        return Ok(login.refused_in_the_clear());
    }
    let plain = Zeroizing::new(format!("\0{}\0{}", uri.user, &*uri.password));
    let command = Zeroizing::new(format!("AUTH PLAIN {}\r\n", STANDARD.encode(&*plain)));
    let answer = ask(login, command.as_bytes())?;
    let judgement = judged(answer.last().map(String::as_str).unwrap_or_default());
    let facts = Facts {
        identity: vec![("user".to_owned(), uri.user.clone())],
        ..Facts::default()
    };
    // The answer is known; a server that hangs up before the farewell changes nothing.
    if login.send(b"QUIT\r\n").is_err() {
        return Ok((judgement, facts));
    }
    Ok((judgement, facts))
}

fn ask(login: &mut Login<'_>, command: &[u8]) -> Result<Vec<String>, NetworkError> {
    login.send(command)?;
    reply(login)
}

fn reply(login: &mut Login<'_>) -> Result<Vec<String>, NetworkError> {
    // LIMIT: lines of one reply.
    const MOST: usize = 100;
    let mut lines = Vec::new();
    while lines.len() < MOST {
        let line = login.line()?;
        let is_last = line.as_bytes().get(3) != Some(&b'-');
        lines.push(line);
        if is_last {
            return Ok(lines);
        }
    }
    Err(login.protocol())
}

fn judged(line: &str) -> Judgement {
    let (code, text) = line.split_at_checked(3).unwrap_or((line, ""));
    let enhanced = text.trim_start().split(' ').next().unwrap_or_default();
    let is_enhanced =
        enhanced.starts_with(|first: char| first.is_ascii_digit()) && enhanced.contains('.');
    match code {
        "235" => Judgement {
            verdict: Verdict::Live,
            summary: "AUTH was accepted (235)".to_owned(),
        },
        "535" if enhanced == "5.7.8" || !is_enhanced => Judgement {
            verdict: Verdict::Dead,
            summary: "the credentials were refused (535)".to_owned(),
        },
        _ => Judgement::unknown(format!(
            "the server refused, and not because of the password ({code})"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_of_the_credentials_means_dead() {
        for (line, expected) in [
            ("235 2.7.0 Accepted", "live"),
            ("535 5.7.8 Error: authentication failed", "dead"),
            ("535 Authentication failed", "dead"),
            (
                "535 5.7.139 Authentication unsuccessful, basic authentication is disabled",
                "unknown",
            ),
            (
                "534 5.7.9 Application-specific password required",
                "unknown",
            ),
            ("454 4.7.0 Temporary authentication failure", "unknown"),
            ("", "unknown"),
        ] {
            assert_eq!(judged(line).verdict.as_str(), expected, "{line}");
        }
    }
}
