//! One HTTP request, ready to be sent.
//!
//! INVARIANT: whatever of it can hold a credential is a [`Secret`], and it has no `Debug` that shows more than the host.

use leakward_core::Secret;
pub(crate) use leakward_core::action::Verb;
use leakward_core::verification::Method;

/// One HTTP request, ready to be sent.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Verb,
    /// Scheme, host, path and query.
    pub(crate) url: Secret,
    pub(crate) headers: Vec<(String, Secret)>,
    pub(crate) body: Option<Payload>,
}

/// The verb of a question. Only a response uses the others.
pub(crate) fn verb(method: Method) -> Verb {
    match method {
        Method::Get => Verb::Get,
        Method::Head => Verb::Head,
        Method::Post => Verb::Post,
    }
}

/// What is sent.
#[derive(Clone)]
pub(crate) struct Payload {
    pub(crate) content_type: &'static str,
    pub(crate) content: Secret,
}
