//! Rules whose credential is a bare value that means something only near a name.
//!
//! From the keyword on, the rest of the identifier is skipped (`HEROKU_API_KEY`, `x-heroku-token"`), then
//! whatever joins name and value in code, JSON, YAML, XML, headers and command lines. The first token that the rule's value
//! expression matches entirely is the credential.
//!
//! Most hits end before any of that: when no run of value characters of sufficient length is near, there is nothing to try.

use leakward_core::Span;
use leakward_core::rule::Keyword;

use super::boundary;
use super::expression::Expression;
use super::memory::RuleMemory;
use super::program::first_bytes;
use crate::byte_set::ByteSet;

/// What may be glued to the front of a value without being part of it.
const JOINS: ByteSet = ByteSet::EMPTY.with(b"=:");

/// Longest rest of an identifier after its keyword.
const NAME_REST: usize = 64;

/// LIMIT: behind so many joins inside of one run the value is looked for (`a=b=c=…`).
const MAX_JOINS: usize = 16;

/// The slot for runs of token characters.
const TOKEN_SLOT: usize = 1;

/// A keyword rule made ready.
#[derive(Debug)]
pub(crate) struct KeywordMatcher {
    value: Expression,
    /// What tokens are made of.
    token: ByteSet,
    first: ByteSet,
    shortest: usize,
    longest: usize,
    within: usize,
}

/// What a try at a hit came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FoundValue {
    /// The credential.
    pub(crate) credential: Span,
    /// The name, from the keyword's first byte to the identifier's end.
    pub(crate) name: Span,
    /// Whether something says "this is its value": an operator, a quote, an option's dashes.
    pub(crate) is_assigned: bool,
}

/// Whether a word of a name begins at `start`: `box_api` is not in `scraperbox_api`, but it is in `myBox_api`, `MY_BOX_API` and
/// `\nbox_api` (an escaped line break).
fn begins_word(bytes: &[u8], start: usize) -> bool {
    let before = start.checked_sub(1).and_then(|at| bytes.get(at));
    let (Some(before), Some(first)) = (before, bytes.get(start)) else {
        return true;
    };
    let goes_on = before.is_ascii_alphabetic()
        && !(before.is_ascii_lowercase() && first.is_ascii_uppercase());
    // A property of Java's command line: `-Dsonar.login`.
    let is_property = bytes.get(start.saturating_sub(2)..start) == Some(b"-D");
    !goes_on || is_property || boundary::follows_escape(bytes, start)
}

impl KeywordMatcher {
    /// Reads the rule's expression.
    ///
    /// # Errors
    /// What the expression's parser says against it.
    pub(crate) fn new(keyword: &Keyword, max_secret: usize) -> Result<KeywordMatcher, String> {
        let value = Expression::new(&keyword.value, 0)?;
        let outline = value.outline();
        Ok(KeywordMatcher {
            token: outline.alphabet.union(ByteSet::WORD),
            first: first_bytes(&outline.rows),
            shortest: outline.shortest.max(1),
            longest: outline.longest.unwrap_or(max_secret).min(max_secret),
            within: usize::from(keyword.within),
            value,
        })
    }

    /// The expression, to be checked early.
    pub(crate) fn expression(&self) -> &Expression {
        &self.value
    }

    /// How far before and after the hit's end it may read.
    pub(crate) fn reach(&self) -> (usize, usize) {
        (
            boundary::READS_BEFORE,
            NAME_REST + self.within + self.longest + boundary::READS_AFTER,
        )
    }

    /// Looks for a value after the keyword that stands at `name_start..name_end`.
    pub(crate) fn find(
        &self,
        bytes: &[u8],
        (name_start, name_end): (usize, usize),
        memory: &mut RuleMemory,
    ) -> Option<FoundValue> {
        if !begins_word(bytes, name_start) {
            return None;
        }
        let furthest = name_end.saturating_add(self.within);
        let rest_end = ByteSet::NAME.run_end(bytes, name_end, name_end + NAME_REST);
        let mut at = rest_end;
        let mut lines = 0;
        while at <= furthest {
            let gap_end = self.gap_end(bytes, at, furthest, &mut lines)?;
            let limit = gap_end.saturating_add(self.longest + 1);
            let run_end = memory
                .runs
                .run_end(TOKEN_SLOT, &self.token, bytes, (gap_end, limit));
            if run_end - gap_end >= self.shortest
                && let Some(credential) = self.value_in(bytes, (gap_end, run_end), memory)
            {
                let between = bytes.get(rest_end..credential.start).unwrap_or_default();
                return Some(FoundValue {
                    credential,
                    name: Span::new(name_start, rest_end),
                    is_assigned: between.iter().any(|byte| b"=:\"'`(>,".contains(byte)),
                });
            }
            at = run_end.max(gap_end + 1);
        }
        None
    }

    /// The end of the bytes that belong to no token, from `at`; nothing past `furthest` or past a second line break.
    fn gap_end(&self, bytes: &[u8], at: usize, furthest: usize, lines: &mut u32) -> Option<usize> {
        let rest = bytes.get(at..furthest.min(bytes.len()).max(at))?;
        for (offset, &byte) in rest.iter().enumerate() {
            if byte == b'\n' {
                *lines += 1;
                if *lines > 1 {
                    return None;
                }
            }
            if self.token.contains(byte) && !ByteSet::SPACE.contains(byte) {
                return Some(at + offset);
            }
        }
        None
    }

    /// The value in a run of token characters: the whole run, or what follows a join inside of it.
    fn value_in(
        &self,
        bytes: &[u8],
        (start, end): (usize, usize),
        memory: &mut RuleMemory,
    ) -> Option<Span> {
        let mut at = start;
        for _ in 0..MAX_JOINS {
            at = JOINS.run_end(bytes, at, end);
            if end - at < self.shortest {
                return None;
            }
            if bytes.get(at).is_some_and(|&byte| self.first.contains(byte)) {
                let value_end = self.value_end(bytes, at, end);
                if value_end - at <= self.longest
                    && self
                        .value
                        .match_whole(bytes, at, value_end, memory)
                        .is_some()
                {
                    return Some(Span::new(at, value_end));
                }
            }
            let rest = bytes.get(at..end)?;
            at += rest.iter().position(|&byte| JOINS.contains(byte))?;
        }
        None
    }

    /// The run's end without punctuation that ends a sentence or a statement.
    fn value_end(&self, bytes: &[u8], start: usize, end: usize) -> usize {
        let mut value_end = end;
        while value_end > start + self.shortest
            && bytes
                .get(value_end - 1)
                .is_some_and(|byte| b".,;:".contains(byte))
        {
            value_end -= 1;
        }
        value_end
    }
}

#[cfg(test)]
mod tests {
    use super::begins_word;

    #[test]
    fn a_word_begins_after_a_separator_a_digit_a_change_of_case_and_an_escape() {
        for (text, begins) in [
            ("box_api", true),
            ("_box_api", true),
            ("2box_api", true),
            ("myBox_api", true),
            ("MY_BOX_API", true),
            (r"\nbox_api", true),
            ("-Dbox.api", true),
            ("scraperbox_api", false),
            ("SCRAPERBOX_API", false),
            ("Xbox_api", false),
            ("XBox_api", false),
            ("-dbox_api", false),
        ] {
            let start = text.to_ascii_lowercase().find("box").expect("a box");
            assert_eq!(begins_word(text.as_bytes(), start), begins, "{text}");
        }
    }
}
