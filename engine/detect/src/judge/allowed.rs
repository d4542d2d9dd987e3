//! What a rule itself allows: values and words that are known not to be a leak.

use leakward_core::rule::Allow;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;

/// A rule's allowed values and words, made ready on first use.
#[derive(Debug)]
pub(crate) struct Allowed {
    values: Vec<Regex>,
    words: Vec<Vec<u8>>,
}

impl Allowed {
    /// Reads what the rule allows. An expression that cannot be compiled allows nothing; rule files are checked when
    /// they are read.
    pub(crate) fn new(allow: &Allow) -> Allowed {
        let config = Regex::config()
            .utf8_empty(false)
            .nfa_size_limit(Some(1 << 20));
        let compile = |source: &str| {
            Regex::builder()
                .configure(config.clone())
                .syntax(syntax::Config::new().unicode(false).utf8(false))
                .build(source)
                .ok()
        };
        Allowed {
            values: allow
                .values
                .iter()
                .filter_map(|source| compile(source))
                .collect(),
            words: allow
                .words
                .iter()
                .map(|word| word.to_ascii_lowercase().into_bytes())
                .collect(),
        }
    }

    /// Whether the rule allows this value.
    pub(crate) fn holds(&self, value: &[u8]) -> bool {
        if self.values.iter().any(|regex| regex.is_match(value)) {
            return true;
        }
        if self.words.is_empty() {
            return false;
        }
        let lower = value.to_ascii_lowercase();
        self.words
            .iter()
            .any(|word| memchr::memmem::find(&lower, word).is_some())
    }
}
