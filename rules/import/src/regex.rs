//! Checks expressions of other tools, and says in plain words why one cannot be used.

use leakward_rule_format::{REGEX_SIZE_LIMIT, RegexFault, check_expression};

use crate::go_regex;
use crate::reader::Located;
use crate::source::Source;

/// Which syntax an expression is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// RE2, as Go has it.
    Go,
    /// Rust's `regex` over bytes.
    Rust,
}

/// What an expression is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It finds credentials, so that it must match something.
    Finds,
    /// It only says yes or no.
    Tests,
}

/// An expression in our syntax, with the names of its groups.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    pub(crate) regex: String,
    pub(crate) hir: regex_syntax::hir::Hir,
    /// Names of the groups from 1 on; nothing for those without.
    pub(crate) groups: Vec<Option<String>>,
}

/// The expression, when it can be used; why not, is noted. `owner` is whose it is, for the message.
pub(crate) fn expression(
    source: &Source<'_>,
    written: &Located,
    (syntax, role): (Syntax, Role),
    owner: &str,
) -> Option<Expression> {
    let rewritten = (syntax == Syntax::Go).then(|| go_regex::rewrite(&written.text));
    let regex = rewritten
        .as_ref()
        .map_or(&written.text, |rewritten| &rewritten.regex);
    let (offset, problem) = match check_expression(regex) {
        Ok(hir) if role == Role::Finds && hir.properties().minimum_len() == Some(0) => {
            (0, "the expression matches the empty text".to_owned())
        }
        Ok(hir) => {
            return Some(Expression {
                groups: group_names(&hir),
                regex: regex.clone(),
                hir,
            });
        }
        Err(RegexFault::TooLarge(bytes)) => (
            0,
            format!(
                "the expression would take about {} KiB once compiled, and the limit is {} KiB; lower its counted repetitions",
                bytes.div_ceil(1024),
                REGEX_SIZE_LIMIT / 1024
            ),
        ),
        Err(RegexFault::NotLinear(offset, what)) => (
            offset,
            format!(
                "{what} cannot be matched in linear time, and this program takes no other expressions"
            ),
        ),
        Err(RegexFault::Syntax(offset, message)) => (offset, format!("the expression: {message}")),
    };
    let inner = rewritten.map_or(offset, |rewritten| rewritten.origin(offset));
    let at = written
        .start
        .map_or(written.at, |start| source.place(start + inner));
    source.report_at(at, format!("{owner}: {problem}"));
    None
}

fn group_names(hir: &regex_syntax::hir::Hir) -> Vec<Option<String>> {
    let mut names = Vec::new();
    collect_names(hir, &mut names);
    names.sort_by_key(|(index, _)| *index);
    names.into_iter().map(|(_, name)| name).collect()
}

fn collect_names(hir: &regex_syntax::hir::Hir, names: &mut Vec<(u32, Option<String>)>) {
    use regex_syntax::hir::HirKind;
    match hir.kind() {
        HirKind::Capture(capture) => {
            names.push((capture.index, capture.name.as_deref().map(str::to_owned)));
            collect_names(&capture.sub, names);
        }
        HirKind::Repetition(repetition) => collect_names(&repetition.sub, names),
        HirKind::Concat(items) | HirKind::Alternation(items) => {
            items.iter().for_each(|item| collect_names(item, names));
        }
        _ => {}
    }
}
