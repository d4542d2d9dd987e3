//! An expression that is run over a whole piece.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use leakward_core::Span;
use leakward_core::rule::{Sweep, SweepGroup, Text};
use regex_automata::hybrid::dfa::{Cache as StepCache, DFA};
use regex_automata::meta::{Cache, Regex};
use regex_automata::nfa::thompson;
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

/// LIMIT: compiled size of an expression.
const NFA_LIMIT: usize = 10 << 20;

/// LIMIT: what the lazy automaton of one expression may keep for each thread.
const CACHE_LIMIT: usize = 4 << 20;

/// A keyword that is shorter is not looked for beforehand: it stands nearly everywhere.
pub(crate) const SHORTEST_KEYWORD: usize = 4;

/// LIMIT: how many bytes behind the beginnings of its matches an expression may read for each byte of a piece, and how many it
/// may read in any. `a[^b]*b|a` reads up to the end of the piece at every `a` before it is content with that.
const READ_PER_BYTE: usize = 32;
const READ_ANYWAY: usize = 1 << 20;

/// PERF: what the first matches read is not counted: nearly all pieces have no more, and the count reads the bytes again.
const UNCOUNTED: usize = 64;

/// An expression that is run over a whole piece.
#[derive(Debug)]
pub(crate) struct SweepMatcher {
    regex: Regex,
    /// What `regex` was compiled from, for the automaton that counts.
    source: Text,
    meter: OnceLock<Option<Box<DFA>>>,
    group: SweepGroup,
    /// Keywords that nobody has looked for yet.
    unchecked: Option<AhoCorasick>,
}

/// What a sweep found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Swept {
    /// All that the expression matched.
    pub(crate) whole: Span,
    /// The credential in it.
    pub(crate) credential: Span,
}

/// All that a sweep found in a piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sweeping {
    pub(crate) found: Vec<Swept>,
    /// Bytes that were read behind the beginnings of matches, as far as they were counted.
    pub(crate) read: usize,
    /// Whether more would have had to be read than is allowed, so that the rest was not looked at.
    pub(crate) is_spent: bool,
}

impl SweepMatcher {
    /// Whether the prefilter looks for the rule's keywords. Otherwise the rule is run over every piece.
    pub(crate) fn has_indexed_keywords(keywords: &[Text]) -> bool {
        !keywords.is_empty()
            && keywords
                .iter()
                .all(|keyword| keyword.len() >= SHORTEST_KEYWORD && keyword.is_ascii())
    }

    /// Compiles the expression.
    ///
    /// # Errors
    /// What the compiler says.
    pub(crate) fn new(sweep: &Sweep) -> Result<SweepMatcher, String> {
        let unchecked = (!sweep.keywords.is_empty()
            && !Self::has_indexed_keywords(&sweep.keywords))
        .then(|| {
            AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .build(sweep.keywords.iter().map(|keyword| keyword.as_bytes()))
        })
        .transpose()
        .map_err(|error| error.to_string())?;
        Ok(SweepMatcher {
            regex: compile(&sweep.regex)?,
            source: sweep.regex.clone(),
            meter: OnceLock::new(),
            group: sweep.group,
            unchecked,
        })
    }

    /// What one thread needs to run it.
    pub(crate) fn cache(&self) -> Cache {
        self.regex.create_cache()
    }

    /// Everything that it finds in `bytes`, at most so many. Matches do not overlap.
    pub(crate) fn find(&self, bytes: &[u8], most: usize, cache: &mut Cache) -> Sweeping {
        let mut sweeping = Sweeping::default();
        let mut captures = self.regex.create_captures();
        let allowed = bytes
            .len()
            .saturating_mul(READ_PER_BYTE)
            .saturating_add(READ_ANYWAY);
        let mut meter_cache = None;
        let mut from = 0;
        while sweeping.found.len() < most && from <= bytes.len() {
            let input = Input::new(bytes).range(from..).anchored(Anchored::No);
            self.regex
                .search_captures_with(cache, &input, &mut captures);
            let Some(whole) = captures.get_match() else {
                break;
            };
            if sweeping.found.is_empty() && !self.has_keyword(bytes) {
                break;
            }
            // An empty match would be found again for ever.
            from = whole.end().max(whole.start() + 1);
            if !whole.is_empty() {
                let span = Span::new(whole.start(), whole.end());
                sweeping.found.push(self.swept(bytes, &captures, span));
            }
            if sweeping.found.len() > UNCOUNTED {
                let left = allowed - sweeping.read;
                sweeping.read += self.read_at(bytes, whole.start(), left, &mut meter_cache);
                if sweeping.read >= allowed {
                    sweeping.is_spent = true;
                    break;
                }
            }
        }
        sweeping
    }

    /// How many bytes the expression reads from `start` on until it knows its match, at most `most`.
    fn read_at(
        &self,
        bytes: &[u8],
        start: usize,
        most: usize,
        cache: &mut Option<StepCache>,
    ) -> usize {
        let span = Span::new(start, bytes.len().min(start.saturating_add(most)));
        let meter = self.meter.get_or_init(|| meter(&self.source));
        // Where nothing can be counted, it is as if everything was read.
        meter
            .as_deref()
            .and_then(|dfa| {
                steps(
                    dfa,
                    bytes,
                    span,
                    cache.get_or_insert_with(|| dfa.create_cache()),
                )
            })
            .unwrap_or(span.len())
    }

    fn has_keyword(&self, bytes: &[u8]) -> bool {
        self.unchecked
            .as_ref()
            .is_none_or(|keywords| keywords.is_match(bytes))
    }

    fn swept(&self, bytes: &[u8], captures: &Captures, whole: Span) -> Swept {
        let group = |number: usize| {
            captures
                .get_group(number)
                .map(|span| Span::new(span.start, span.end))
                .filter(|span| !span.is_empty())
        };
        let credential = match self.group {
            SweepGroup::Number(0) => None,
            SweepGroup::Number(number) => group(usize::from(number)),
            SweepGroup::FirstFilled => (1..captures.group_len()).find_map(group),
        };
        // Line breaks around the credential are not part of it.
        let span = credential.unwrap_or(whole);
        Swept {
            whole,
            credential: without_breaks(bytes, span),
        }
    }
}

/// An automaton that does what the expression does, and lets itself be watched.
fn meter(source: &str) -> Option<Box<DFA>> {
    let built = DFA::builder()
        .configure(
            DFA::config()
                .cache_capacity(CACHE_LIMIT)
                .skip_cache_capacity_check(true),
        )
        .thompson(thompson::Config::new().nfa_size_limit(Some(NFA_LIMIT)))
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(source);
    // An expression that cannot be watched is taken to read everything.
    built.ok().map(Box::new)
}

/// How many bytes of `span` an automaton reads before it is done with a match that begins there. It sees what stands before
/// them, as the expression did.
fn steps(dfa: &DFA, bytes: &[u8], span: Span, cache: &mut StepCache) -> Option<usize> {
    let input = Input::new(bytes)
        .range(span.range())
        .anchored(Anchored::Yes);
    let mut state = dfa.start_state_forward(cache, &input).ok()?;
    let text = bytes.get(span.range())?;
    for (at, byte) in text.iter().enumerate() {
        state = dfa.next_state(cache, state, *byte).ok()?;
        if state.is_tagged() && (state.is_dead() || state.is_quit()) {
            return Some(at + 1);
        }
    }
    Some(text.len())
}

fn without_breaks(bytes: &[u8], span: Span) -> Span {
    let text = bytes.get(span.range()).unwrap_or_default();
    let is_text = |byte: &u8| *byte != b'\n';
    match (
        text.iter().position(is_text),
        text.iter().rposition(is_text),
    ) {
        (Some(first), Some(last)) => Span::new(span.start + first, span.start + last + 1),
        _ => span,
    }
}

/// Compiles an expression of another tool's rule: bytes, Unicode off, sizes bounded.
///
/// # Errors
/// What the compiler says.
pub(crate) fn compile(source: &str) -> Result<Regex, String> {
    Regex::builder()
        .configure(
            Regex::config()
                .utf8_empty(false)
                .nfa_size_limit(Some(NFA_LIMIT))
                .hybrid_cache_capacity(CACHE_LIMIT),
        )
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(source)
        .map_err(|error| match error.size_limit() {
            Some(limit) => format!("its expression takes more than {limit} bytes once compiled"),
            None => error.to_string(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(regex: &'static str, group: SweepGroup, text: &str) -> Vec<String> {
        let sweep = Sweep {
            keywords: vec!["key".into()].into(),
            regex: regex.into(),
            group,
        };
        let matcher = SweepMatcher::new(&sweep).expect("an expression");
        matcher
            .find(text.as_bytes(), 10, &mut matcher.cache())
            .found
            .into_iter()
            .map(|swept| text[swept.credential.range()].to_owned())
            .collect()
    }

    #[test]
    fn the_credential_is_the_first_group_that_is_not_empty() {
        let text = "KEY a=1 b=22\n";
        assert_eq!(
            found("a=([0-9])|b=([0-9]+)", SweepGroup::FirstFilled, text),
            ["1", "22"]
        );
        assert_eq!(found("(a)=([0-9])", SweepGroup::Number(2), text), ["1"]);
        assert_eq!(found("b=22\\n", SweepGroup::FirstFilled, text), ["b=22"]);
    }

    #[test]
    fn without_its_keyword_a_rule_finds_nothing() {
        assert!(found("a=1", SweepGroup::FirstFilled, "a=1").is_empty());
    }

    #[test]
    fn an_expression_that_looks_behind_itself_is_counted_as_well() {
        let text = format!("key {}", "a".repeat(100_000));
        for regex in ["a[^b]*b|a", "\\Ba[^b]*b|\\Ba", "(?:[^ ]|^)a[^b]*b|a"] {
            let sweep = Sweep {
                keywords: vec!["key".into()].into(),
                regex: regex.into(),
                group: SweepGroup::Number(0),
            };
            let matcher = SweepMatcher::new(&sweep).expect("an expression");
            let sweeping = matcher.find(text.as_bytes(), usize::MAX, &mut matcher.cache());
            assert!(sweeping.is_spent, "{regex}: {} bytes read", sweeping.read);
        }
    }

    #[test]
    fn an_expression_that_explodes_is_refused_with_the_limit() {
        let error = compile("((a{1000}){1000}){1000}").expect_err("too large");
        assert!(error.contains("10485760"), "{error}");
    }
}
