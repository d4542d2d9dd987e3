//! Private keys, which can be anything: whoever asks says what the key is for, and that decides who is asked.
//!
//! With `signs` whoever takes the tokens that it signs; with `vault` the certificate authority that issued its certificate;
//! otherwise an SSH server. The key itself is never sent.

mod issued;
mod tokens;

use super::{Case, Exchange, Native, ssh};
use crate::key_use::KeyUse;
use crate::plan::NotAsked;
use crate::subject::Subject;

pub(super) static NATIVE: Native = Native {
    name: "private-key",
    about: "asks the certificate authority (`vault`), an application with a token (`signs`, `check`) or an SSH server; the key is not sent",
    prepare,
    details: None,
    control: Some(control),
};

fn unreadable() -> NotAsked {
    let why = "the key cannot be read: it has a passphrase, or is of another kind";
    NotAsked::Unusable(why.to_owned())
}

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    match KeyUse::of(case.subject) {
        KeyUse::Tokens => tokens::prepare(case),
        KeyUse::Tls => issued::prepare(case),
        KeyUse::NotKnown => ssh::prepare(case),
    }
}

/// Only an application can let everybody in: an authority is asked about a certificate, and SSH servers are tried without a key first.
fn control(subject: &Subject) -> Option<Subject> {
    match KeyUse::of(subject) {
        KeyUse::Tokens => Some(tokens::control(subject)),
        KeyUse::Tls | KeyUse::NotKnown => None,
    }
}
