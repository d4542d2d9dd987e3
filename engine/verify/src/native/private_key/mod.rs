//! Private keys, which can be anything: whoever asks says what the key is for, and that decides who is asked.
//!
//! With `vault` the certificate authority that issued its certificate; with `signs` whoever takes the tokens that it signs;
//! otherwise an SSH server. The key itself is never sent.

mod issued;
mod tokens;

use super::{Case, Exchange, Native, ssh};
use crate::plan::NotAsked;

pub(super) static NATIVE: Native = Native {
    name: "private-key",
    about: "asks the certificate authority (`vault`), an application with a token (`signs`, `check`) or an SSH server; the key is not sent",
    prepare,
    details: None,
};

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    if case.given("vault").is_some() {
        return issued::prepare(case);
    }
    if case.given("signs").is_some() {
        return tokens::prepare(case);
    }
    ssh::prepare(case)
}
