//! Reads a rule's regular expressions and says in plain words why one cannot be used.
//!
//! The syntax is that of the `regex` crate over bytes with Unicode off: `\d`, `\w` and `(?i)` are ASCII. Detection compiles
//! with the same settings.

use regex_syntax::ast::ErrorKind;
use regex_syntax::hir::{Class, ClassBytesRange, Hir, HirKind};
use regex_syntax::{Error, ParserBuilder};

use crate::fields::Located;
use crate::problem::Problem;
use crate::regex_size::{REGEX_SIZE_LIMIT, estimated_bytes};
use crate::source::Source;

/// Deepest nesting of groups; real patterns stay below ten.
const NEST_LIMIT: u32 = 50;

/// A repetition over more byte values than this at a pattern's start makes every position a candidate start.
const NEARLY_EVERYTHING: usize = 200;

/// What an expression is used for, and so what is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RegexRole {
    /// It finds a credential in a text.
    Pattern,
    /// It matches a whole value.
    Value,
    /// It says what is no leak.
    Exception,
}

/// Checks an expression. What is wrong is noted; a usable one is given back.
pub(crate) fn check_regex(
    source: &mut Source<'_>,
    key: &'static str,
    regex: &Located,
    role: RegexRole,
) -> Option<Hir> {
    let hir = match read(&regex.text) {
        Ok(hir) => hir,
        Err(error) => {
            let (inner, problem) = explain(key, &error);
            source.report_inside(&regex.span, inner, problem);
            return None;
        }
    };
    let bytes = estimated_bytes(&hir);
    let problem = if bytes > REGEX_SIZE_LIMIT {
        Some(Problem::RegexTooLarge {
            key,
            bytes,
            limit: REGEX_SIZE_LIMIT,
        })
    } else if role != RegexRole::Exception && hir.properties().minimum_len() == Some(0) {
        Some(Problem::MatchesNothing { key })
    } else if role == RegexRole::Pattern && starts_open(&hir) {
        Some(Problem::OpenStart)
    } else {
        None
    };
    match problem {
        None => Some(hir),
        Some(problem) => {
            source.report(regex.span.start, problem);
            None
        }
    }
}

/// Why an expression cannot be used. The offset is in the expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegexFault {
    /// It cannot be read: where, and why.
    Syntax(usize, String),
    /// It needs what linear-time matching does not have: where, and what.
    NotLinear(usize, &'static str),
    /// It would take so many bytes once compiled.
    TooLarge(u64),
}

/// Reads an expression as rules have them, and refuses what would be too large.
///
/// # Errors
/// Why it cannot be used.
pub fn check_expression(regex: &str) -> Result<Hir, RegexFault> {
    let hir = read(regex).map_err(|error| match &*error {
        Error::Parse(error) => {
            let offset = error.span().start.offset;
            match error.kind() {
                ErrorKind::UnsupportedLookAround => {
                    RegexFault::NotLinear(offset, "look-around such as (?=…) or (?<!…)")
                }
                ErrorKind::UnsupportedBackreference => {
                    RegexFault::NotLinear(offset, "a back-reference such as \\1")
                }
                kind => RegexFault::Syntax(offset, kind.to_string()),
            }
        }
        Error::Translate(error) => {
            RegexFault::Syntax(error.span().start.offset, error.kind().to_string())
        }
        other => RegexFault::Syntax(0, other.to_string()),
    })?;
    match estimated_bytes(&hir) {
        bytes if bytes > REGEX_SIZE_LIMIT => Err(RegexFault::TooLarge(bytes)),
        _ => Ok(hir),
    }
}

pub(crate) fn read(regex: &str) -> Result<Hir, Box<Error>> {
    ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .nest_limit(NEST_LIMIT)
        .build()
        .parse(regex)
        .map_err(Box::new)
}

/// Where in the expression, and what.
fn explain(key: &'static str, error: &Error) -> (usize, Problem) {
    match error {
        Error::Parse(error) => {
            let offset = error.span().start.offset;
            let problem = match error.kind() {
                ErrorKind::UnsupportedLookAround => Problem::NotLinear {
                    key,
                    advice: "look-around such as (?=…) or (?<!…) cannot be matched in linear time; use `boundary` for what must not stand beside the credential, and a group with `group` for context",
                },
                ErrorKind::UnsupportedBackreference => Problem::NotLinear {
                    key,
                    advice: "a back-reference such as \\1 cannot be matched in linear time; write the alternatives out",
                },
                kind => Problem::Regex {
                    key,
                    message: kind.to_string(),
                },
            };
            (offset, problem)
        }
        Error::Translate(error) => {
            let message = error.kind().to_string();
            (error.span().start.offset, Problem::Regex { key, message })
        }
        other => (
            0,
            Problem::Regex {
                key,
                message: other.to_string(),
            },
        ),
    }
}

fn starts_open(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            repetition.max.is_none() && is_nearly_everything(&repetition.sub)
        }
        HirKind::Capture(capture) => starts_open(&capture.sub),
        HirKind::Concat(items) => items
            .iter()
            .find(|item| !matches!(item.kind(), HirKind::Look(_)))
            .is_some_and(starts_open),
        HirKind::Alternation(branches) => branches.iter().any(starts_open),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}

fn is_nearly_everything(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(Class::Bytes(class)) => {
            let members: usize = class.ranges().iter().map(ClassBytesRange::len).sum();
            members > NEARLY_EVERYTHING
        }
        HirKind::Class(Class::Unicode(_)) => true,
        HirKind::Capture(capture) => is_nearly_everything(&capture.sub),
        _ => false,
    }
}
