//! Who somebody is, and what they may do: a session in a browser, or a token of a program.
//!
//! INVARIANT: whoever changes something with a session proves that the page came from us (a token in the form, and the browser's
//! own word about where the request is from); a program's token is proof enough.

mod oidc;
mod one_time;
mod person;
mod session;
mod tokens;

pub(crate) use oidc::{Attempt, Oidc, OidcError, PATIENCE};
pub(crate) use one_time::OneTime;
pub(crate) use person::{Person, Proof};
pub(crate) use session::{Sessions, cookie};
pub(crate) use tokens::ApiTokens;
