//! Private keys, which can be anything: whoever asks says what the key is for, and that decides who is asked.
//!
//! With `vault` the certificate authority that issued its certificate; otherwise an SSH server. The key itself is never sent.

mod issued;

use super::{Case, Exchange, Native, ssh};
use crate::plan::NotAsked;

pub(super) static NATIVE: Native = Native {
    name: "private-key",
    about: "asks the certificate authority (`vault`) or an SSH server about the key; the key is not sent",
    prepare,
    details: None,
};

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    if case.given("vault").is_some() {
        return issued::prepare(case);
    }
    ssh::prepare(case)
}
