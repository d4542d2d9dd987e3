//! A rule's expression, made ready on first use: a program where it is simple, a regex otherwise.

use std::sync::OnceLock;

use regex_automata::meta::{Cache, Regex};
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use super::outline::Outline;
use super::program::{Matched, Program};

/// Largest compiled expression. LIMIT: 2 MiB is ten times the largest expression of the built-in rules.
const NFA_SIZE: usize = 2 << 20;

/// Memory for each thread's cache of one expression's states.
const CACHE_SIZE: usize = 256 << 10;

/// A rule's expression.
#[derive(Debug)]
pub(crate) struct Expression {
    source: String,
    group: u8,
    outline: Outline,
    program: Option<Program>,
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
        Ok(Expression {
            source: source.to_owned(),
            group,
            outline,
            program,
            regex: OnceLock::new(),
        })
    }

    /// What is known about it.
    pub(crate) fn outline(&self) -> &Outline {
        &self.outline
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
        cache: &mut Option<Box<ExpressionCache>>,
    ) -> Option<Matched> {
        match &self.program {
            Some(program) => program.run(bytes, start, limit),
            None => self
                .search(
                    &Input::new(bytes)
                        .range(start..limit.min(bytes.len()))
                        .anchored(Anchored::Yes),
                    cache,
                )
                .map(|(_, matched)| matched),
        }
    }

    /// The first match in `start..limit` that covers `position`, and where it starts.
    pub(crate) fn match_over(
        &self,
        bytes: &[u8],
        (start, position, limit): (usize, usize, usize),
        cache: &mut Option<Box<ExpressionCache>>,
    ) -> Option<(usize, Matched)> {
        let mut from = start;
        while from <= position {
            let input = Input::new(bytes).range(from..limit.min(bytes.len()));
            let (at, matched) = self.search(&input, cache)?;
            if at > position {
                return None;
            }
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
        cache: &mut Option<Box<ExpressionCache>>,
    ) -> Option<Matched> {
        if let Some(program) = &self.program {
            return program.run_whole(bytes, start, end);
        }
        // LIMIT: of several ways to match, the preferred one must reach the end; values of keyword rules are classes of
        // characters, where the preferred match is the longest.
        self.match_at(bytes, start, end, cache)
            .filter(|matched| matched.end == end)
    }

    fn search(
        &self,
        input: &Input<'_>,
        cache: &mut Option<Box<ExpressionCache>>,
    ) -> Option<(usize, Matched)> {
        let Ok(regex) = self.regex() else {
            return None;
        };
        let cache = cache.get_or_insert_with(|| {
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
