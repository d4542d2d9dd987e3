//! `[allow]` of the configuration: credentials that the project knows to be no leak, by expression or by word.

use leakward_core::Secret;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use crate::policy::PolicyError;

/// Credentials that are known to be no leak.
#[derive(Clone, Debug, Default)]
pub struct AllowList {
    values: Vec<Regex>,
    words: Vec<String>,
}

impl AllowList {
    /// LIMIT: what one expression may need once compiled; a larger one is refused with its text.
    const MAX_COMPILED_BYTES: usize = 1 << 20;

    /// Compiles `values`, expressions over bytes; `words` count in any case.
    ///
    /// # Errors
    /// The first expression that cannot be used.
    pub fn new(values: &[String], words: &[String]) -> Result<Self, PolicyError> {
        let compile = |value: &String| {
            Regex::builder()
                .syntax(syntax::Config::new().unicode(false).utf8(false))
                .configure(
                    Regex::config()
                        .utf8_empty(false)
                        .nfa_size_limit(Some(Self::MAX_COMPILED_BYTES)),
                )
                .build(value)
                .map_err(|error| PolicyError::Expression(value.clone(), error.to_string()))
        };
        let words = words.iter().map(|word| word.to_lowercase()).collect();
        Ok(Self {
            values: values.iter().map(compile).collect::<Result<_, _>>()?,
            words,
        })
    }

    /// Whether `secret` is known to be no leak.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the credential is compared with the allow list"
    )]
    pub fn allows(&self, secret: &Secret) -> bool {
        if self
            .values
            .iter()
            .any(|value| value.is_match(secret.expose()))
        {
            return true;
        }
        let holds = |word: &String| {
            !word.is_empty()
                && secret
                    .expose()
                    .windows(word.len())
                    .any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
        };
        self.words.iter().any(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_words_allow_and_nothing_else_does() {
        let allow =
            AllowList::new(&["^demo-[0-9]+$".to_owned()], &["Sandbox".to_owned()]).expect("valid");
        assert!(allow.allows(&Secret::new(b"demo-123")));
        assert!(allow.allows(&Secret::new(b"my-SANDBOX-key")));
        assert!(!allow.allows(&Secret::new(b"demo-x")));
        assert!(
            AllowList::new(&["(".to_owned()], &[])
                .is_err_and(|error| error.to_string().contains('('))
        );
    }
}
