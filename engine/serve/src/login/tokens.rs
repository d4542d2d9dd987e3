//! Tokens of programs, compared in constant time.

use crate::config::{Login, Role};
use crate::login::{Person, Proof};
use crate::secret_source::SecretError;
use crate::signature::SigningSecrets;

/// Tokens of programs.
#[derive(Default)]
pub(crate) struct ApiTokens(Vec<(String, Role, SigningSecrets)>);

impl ApiTokens {
    /// As configured. Reads them.
    pub(crate) fn new(login: &Login) -> Result<Self, SecretError> {
        let read = |token: &crate::config::ApiToken| {
            let secret = token.token.read()?;
            Ok((
                token.name.clone(),
                token.role,
                SigningSecrets::new(vec![secret]),
            ))
        };
        login
            .tokens
            .iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether there is any.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whose token it is.
    pub(crate) fn person(&self, token: &[u8]) -> Option<Person> {
        // All are compared, so that the time tells nothing about which one it was.
        self.0.iter().fold(None, |found, (name, role, secret)| {
            let person = secret.is_token(token).then(|| Person {
                name: name.clone(),
                role: *role,
                proof: Proof::Token,
            });
            found.or(person)
        })
    }
}
