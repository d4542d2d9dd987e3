//! A rule's expression, made ready on first use: a program where it is simple, a regex otherwise.

use std::sync::OnceLock;

use regex_automata::meta::{Cache, Regex};
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use super::memory::RuleMemory;
use super::outline::Outline;
use super::program::{Matched, Program};

/// Largest compiled expression. LIMIT: 2 MiB is ten times the largest expression of the built-in rules.
const NFA_SIZE: usize = 2 << 20;

/// Memory for each thread's cache of one expression's states.
const CACHE_SIZE: usize = 256 << 10;

/// The slot for runs of the expression's alphabet.
const ALPHABET_SLOT: usize = 0;

/// A rule's expression.
#[derive(Debug)]
pub(crate) struct Expression {
    source: String,
    group: u8,
    outline: Outline,
    program: Option<Program>,
    /// What every match begins with, where there is no program for all of it.
    beginnings: Option<Program>,
    regex: OnceLock<Result<Regex, String>>,
}

/// What a thread keeps for one expression.
#[derive(Debug)]
pub(crate) struct ExpressionCache {
    cache: Cache,
    captures: Captures,
}

fn syntax_config() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

impl Expression {
    /// Reads `source`; `group` holds the credential.
    ///
    /// # Errors
    /// What the expression's parser says against it.
    pub(crate) fn new(source: &str, group: u8) -> Result<Expression, String> {
        let hir =
            syntax::parse_with(source, &syntax_config()).map_err(|error| error.to_string())?;
        let outline = Outline::new(&hir, group);
        let program = Program::new(&outline, group);
        let beginnings = program.is_none().then(|| Program::beginnings(&outline));
        Ok(Expression {
            source: source.to_owned(),
            group,
            outline,
            program,
            beginnings,
            regex: OnceLock::new(),
        })
    }

    /// What is known about it.
    pub(crate) fn outline(&self) -> &Outline {
        &self.outline
    }

    /// Whether it needs a regex engine.
    pub(crate) fn needs_regex(&self) -> bool {
        self.program.is_none()
    }

    /// Compiles what has to be compiled, to tell errors early.
    ///
    /// # Errors
    /// What the compiler says against it.
    pub(crate) fn check(&self) -> Result<(), String> {
        match (&self.program, self.regex()) {
            (Some(_), _) | (None, Ok(_)) => Ok(()),
            (None, Err(error)) => Err(error.clone()),
        }
    }

    fn regex(&self) -> &Result<Regex, String> {
        self.regex.get_or_init(|| {
            let config = Regex::config()
                .utf8_empty(false)
                .nfa_size_limit(Some(NFA_SIZE))
                .hybrid_cache_capacity(CACHE_SIZE)
                .which_captures(if self.group == 0 {
                    regex_automata::nfa::thompson::WhichCaptures::Implicit
                } else {
                    regex_automata::nfa::thompson::WhichCaptures::All
                });
            Regex::builder()
                .configure(config)
                .syntax(syntax_config())
                .build(&self.source)
                .map_err(|error| error.to_string())
        })
    }

    /// The match that starts at `start` and ends at `limit` at the latest.
    pub(crate) fn match_at(
        &self,
        bytes: &[u8],
        start: usize,
        limit: usize,
        memory: &mut RuleMemory,
    ) -> Option<Matched> {
        if let Some(program) = &self.program {
            return program.run(bytes, (start, limit), &mut memory.runs);
        }
        let beginnings = self.beginnings.as_ref()?;
        beginnings.run(bytes, (start, limit), &mut memory.runs)?;
        let limit = self.alphabet_end(bytes, (start, limit), memory);
        let input = Input::new(bytes)
            .range(start.min(limit)..limit)
            .anchored(Anchored::Yes);
        self.search(&input, memory).map(|(_, matched)| matched)
    }

    /// No match that begins at `start` ends behind the first byte that no match can hold.
    fn alphabet_end(
        &self,
        bytes: &[u8],
        (start, limit): (usize, usize),
        memory: &mut RuleMemory,
    ) -> usize {
        let alphabet = &self.outline.alphabet;
        memory
            .runs
            .run_end(ALPHABET_SLOT, alphabet, bytes, (start, limit))
    }

    /// The first match in `start..limit` that covers `position`, and where it starts.
    pub(crate) fn match_over(
        &self,
        bytes: &[u8],
        (start, position, limit): (usize, usize, usize),
        memory: &mut RuleMemory,
    ) -> Option<(usize, Matched)> {
        let mut from = self.outline.alphabet.run_start(bytes, position, start);
        memory.runs.count(position.saturating_sub(from));
        if (memory.barren.0..memory.barren.1).contains(&from) {
            from = memory.barren.1;
        }
        // What begins up to here would have been seen to its end.
        let sees_all = |longest| position.saturating_add(longest) <= limit;
        let mut is_barren = self.outline.longest.is_some_and(sees_all);
        let limit = self.alphabet_end(bytes, (position, limit), memory);
        while from <= position {
            let input = Input::new(bytes).range(from.min(limit)..limit);
            let found = self.search(&input, memory);
            let found = found.filter(|(at, _)| *at <= position);
            let Some((at, matched)) = found else {
                if is_barren && !memory.is_spent() {
                    memory.barren = (from, position + 1);
                }
                return None;
            };
            is_barren = false;
            if matched.end > position {
                return Some((at, matched));
            }
            from = matched.end.max(at + 1);
        }
        None
    }

    /// The match of exactly `start..end`.
    pub(crate) fn match_whole(
        &self,
        bytes: &[u8],
        start: usize,
        end: usize,
        memory: &mut RuleMemory,
    ) -> Option<Matched> {
        if let Some(program) = &self.program {
            return program.run_whole(bytes, (start, end), &mut memory.runs);
        }
        // LIMIT: of several ways to match, the preferred one must reach the end; values of keyword rules are classes of
        // characters, where the preferred match is the longest.
        self.match_at(bytes, start, end, memory)
            .filter(|matched| matched.end == end)
    }

    fn search(&self, input: &Input<'_>, memory: &mut RuleMemory) -> Option<(usize, Matched)> {
        if !memory.may_search(input.get_range().len()) {
            return None;
        }
        let Ok(regex) = self.regex() else {
            return None;
        };
        let cache = memory.regex.get_or_insert_with(|| {
            Box::new(ExpressionCache {
                cache: regex.create_cache(),
                captures: regex.create_captures(),
            })
        });
        if self.group == 0 {
            let found = regex.search_with(&mut cache.cache, input)?;
            let matched = Matched {
                end: found.end(),
                group_start: found.start(),
                group_end: found.end(),
            };
            return Some((found.start(), matched));
        }
        regex.search_captures_with(&mut cache.cache, input, &mut cache.captures);
        let whole = cache.captures.get_match()?;
        let group = cache.captures.get_group(usize::from(self.group))?;
        let matched = Matched {
            end: whole.end(),
            group_start: group.start,
            group_end: group.end,
        };
        Some((whole.start(), matched))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leakward_core::rule::Find;
    use leakward_rules::sample::Template;
    use proptest::prelude::*;

    /// What the regex engine alone finds at `start`.
    fn by_regex(
        expression: &Expression,
        bytes: &[u8],
        start: usize,
        limit: usize,
    ) -> Option<Matched> {
        let input = Input::new(bytes)
            .range(start..limit.min(bytes.len()).max(start))
            .anchored(Anchored::Yes);
        let mut memory = RuleMemory::default();
        memory.enter(crate::confirm::Moment::default(), 1 << 40);
        expression
            .search(&input, &mut memory)
            .map(|(_, matched)| matched)
    }

    /// Tries both at every place, with one memory over all of them.
    fn agree(expression: &Expression, bytes: &[u8], length: usize) -> Result<(), TestCaseError> {
        let mut memory = RuleMemory::default();
        memory.enter(crate::confirm::Moment::default(), 1 << 40);
        for start in 0..=bytes.len() {
            let limit = start + length;
            prop_assert_eq!(
                expression.match_at(bytes, start, limit, &mut memory),
                by_regex(expression, bytes, start, limit),
                "{} at {}",
                expression.source,
                start
            );
        }
        Ok(())
    }

    fn class() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("[ab]".to_owned()),
            Just("[c-e]".to_owned()),
            Just("[0-9]".to_owned()),
            Just("[^ab]".to_owned()),
            Just("k".to_owned()),
            Just("-".to_owned()),
            Just("(?:ab|c)".to_owned()),
            Just("(?:a|b-)".to_owned()),
        ]
    }

    fn expression() -> impl Strategy<Value = String> {
        let count = prop_oneof![
            Just(String::new()),
            Just("?".to_owned()),
            Just("+".to_owned()),
            Just("*".to_owned()),
            (0_usize..4, 0_usize..90)
                .prop_map(|(least, more)| format!("{{{least},{}}}", least + more)),
            (1_usize..80).prop_map(|times| format!("{{{times}}}")),
        ];
        let parts = proptest::collection::vec((class(), count), 1..5);
        (parts, 0_usize..5).prop_map(|(parts, group)| {
            let parts: Vec<String> = parts
                .into_iter()
                .enumerate()
                .map(|(at, (class, count))| {
                    if at == group {
                        format!("({class}{count})")
                    } else {
                        format!("{class}{count}")
                    }
                })
                .collect();
            parts.concat()
        })
    }

    proptest! {
        #[test]
        fn programs_match_what_the_regex_engine_matches(
            source in expression(),
            runs in proptest::collection::vec(("[abck0-]", 1_usize..120), 1..8),
            length in 1_usize..300,
        ) {
            let text: String = runs.iter().map(|(letter, times)| letter.repeat(*times)).collect();
            let group = u8::from(source.contains("([") || source.contains("(k") || source.contains("(-"));
            let expression = Expression::new(&source, group).expect("an expression");
            agree(&expression, text.as_bytes(), length)?;
        }
    }

    fn expressions() -> Vec<(Expression, Vec<Template>)> {
        leakward_rules::built_in()
            .iter()
            .filter_map(|rule| {
                let expression = match &rule.find {
                    Find::Pattern(pattern) => Expression::new(&pattern.regex, pattern.group),
                    Find::Keyword(keyword) => Expression::new(&keyword.value, 0),
                    Find::Native(_) | Find::Sweep(_) | Find::Path(_) => return None,
                };
                let samples = rule
                    .samples
                    .iter()
                    .filter_map(|text| Template::parse(text).ok());
                Some((expression.ok()?, samples.collect()))
            })
            .collect()
    }

    #[test]
    fn the_programs_of_built_in_rules_agree_with_their_regexes_on_samples() {
        for (expression, samples) in expressions() {
            for (sample, seed) in samples.iter().take(2).zip(0..) {
                let text = sample.render(seed).text;
                let text = text.get(..text.len().min(700)).unwrap_or(&text);
                agree(&expression, text.as_bytes(), 64 << 10).expect("agreement");
            }
        }
    }

    #[test]
    fn nearly_all_built_in_rules_need_no_regex() {
        let all = expressions();
        let programs = all
            .iter()
            .filter(|(expression, _)| expression.program.is_some());
        assert!(programs.count() * 100 >= all.len() * 95);
    }
}
