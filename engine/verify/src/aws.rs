//! Signed calls of AWS's STS and IAM, for whoever acts on a key.

use std::time::Instant;

use leakward_core::Secret;

use crate::answer::Answer;
use crate::call::CallError;
use crate::native::aws_sts::Signer;
use crate::network::Network;
use crate::plan::NotAsked;
use crate::settings::Limits;
use crate::target::Target;

/// A key that signs calls.
pub struct Caller<'n> {
    network: &'n Network,
    signer: Signer,
    limits: &'n Limits,
}

/// The parts of a key.
pub struct Key<'k> {
    /// Its id.
    pub id: &'k str,
    /// The secret that signs.
    pub secret: &'k str,
    /// The token of a temporary key.
    pub session_token: Option<&'k str>,
}

impl<'n> Caller<'n> {
    /// A caller; `endpoint` takes the place of AWS's own servers.
    ///
    /// # Errors
    /// An endpoint that is no address.
    pub fn new(
        network: &'n Network,
        limits: &'n Limits,
        key: &Key<'_>,
        endpoint: Option<&str>,
        now: u64,
    ) -> Result<Self, CallError> {
        let server = |own: &str| {
            let base = endpoint.unwrap_or(own);
            Target::parse(base).ok_or_else(|| NotAsked::BadEndpoint(base.to_owned()))
        };
        Ok(Self {
            network,
            limits,
            signer: Signer::new(
                key,
                server("https://sts.amazonaws.com")?,
                server("https://iam.amazonaws.com")?,
                now,
            ),
        })
    }

    /// A call of IAM: `Action` and its parameters.
    ///
    /// # Errors
    /// No answer.
    pub fn iam(&self, pairs: &[(&str, &str)]) -> Result<Answer, CallError> {
        let exchange = self.signer.iam(pairs, crate::native::aws_iam::ignore);
        let deadline = Instant::now() + self.limits.call;
        Ok(self
            .network
            .http
            .send(&exchange.request, &exchange.host, deadline)?)
    }

    /// Whose key it is: `GetCallerIdentity`.
    ///
    /// # Errors
    /// No answer.
    pub fn identity(&self) -> Result<Answer, CallError> {
        let exchange = self.signer.sts(crate::native::aws_iam::ignore);
        let deadline = Instant::now() + self.limits.call;
        Ok(self
            .network
            .http
            .send(&exchange.request, &exchange.host, deadline)?)
    }
}

/// The texts of all elements of that name in an answer of AWS.
#[must_use]
pub fn elements(answer: &Answer, name: &str) -> Vec<String> {
    crate::native::aws_iam::tags(&String::from_utf8_lossy(&answer.body), name)
}

/// A key as an operator writes it in one text: `ID:SECRET`, or `ID:SECRET:TOKEN`.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the identity is taken apart to sign with it"
)]
pub fn key_parts(
    identity: &Secret,
) -> Option<(
    String,
    zeroize::Zeroizing<String>,
    Option<zeroize::Zeroizing<String>>,
)> {
    let text = std::str::from_utf8(identity.expose()).ok()?;
    let mut parts = text.trim().splitn(3, ':');
    let (id, secret) = (parts.next()?, parts.next()?);
    let token = parts.next();
    let own = |text: &str| zeroize::Zeroizing::new(text.to_owned());
    (!id.is_empty() && !secret.is_empty()).then(|| (id.to_owned(), own(secret), token.map(own)))
}
