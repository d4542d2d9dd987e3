//! What betterleaks' filter expressions mean for findings: a filter that is true drops the match.
//!
//! An expression becomes a list of exceptions, of which each is a list of conditions (a disjunction of conjunctions). What has no
//! counterpart is an error that names the rule: a filter that is left out would report what its author did not want, and
//! one that is half understood would hide what he did.

use leakward_core::exception::{Condition, Exception, Part, Test};

use crate::expr::{Expr, parse};
use crate::reader::Located;
use crate::regex::{Role, Syntax, expression};
use crate::source::{At, Source};

/// LIMIT: how many exceptions one expression may become.
const MOST: usize = 256;

/// The exceptions that a filter comes to; what is wrong with it is noted.
pub(crate) fn exceptions(source: &Source<'_>, written: &Located, owner: &str) -> Vec<Exception> {
    let expr = match parse(&written.text) {
        Ok(expr) => expr,
        Err(unreadable) => {
            let at = written
                .start
                .map_or(written.at, |start| source.place(start + unreadable.offset));
            source.report_at(at, format!("{owner}: {}", unreadable.problem));
            return Vec::new();
        }
    };
    let translator = Translator {
        source,
        at: written.at,
        owner,
    };
    match translator.alternatives(&expr, true) {
        Ok(all) => all.into_iter().map(|all| Exception { all }).collect(),
        Err(problem) => {
            source.report_at(written.at, format!("{owner}: {problem}"));
            Vec::new()
        }
    }
}

struct Translator<'s> {
    source: &'s Source<'s>,
    at: At,
    owner: &'s str,
}

type Alternatives = Vec<Vec<Condition>>;

impl Translator<'_> {
    /// The lists of conditions of which one must hold for the expression to be true (or false).
    fn alternatives(&self, expr: &Expr, is_true: bool) -> Result<Alternatives, String> {
        match expr {
            Expr::Not(inner) => self.alternatives(inner, !is_true),
            Expr::Flag(flag) if *flag == is_true => Ok(vec![Vec::new()]),
            Expr::Flag(_) => Ok(Vec::new()),
            Expr::Binary(sign @ ("&&" | "||"), left, right) => {
                let (left, right) = (
                    self.alternatives(left, is_true)?,
                    self.alternatives(right, is_true)?,
                );
                if (*sign == "||") == is_true {
                    bounded([left, right].concat())
                } else {
                    let joined = left.iter().flat_map(|one| {
                        right
                            .iter()
                            .map(move |other| [one.clone(), other.clone()].concat())
                    });
                    bounded(joined.take(MOST + 1).collect())
                }
            }
            Expr::Binary("!=", left, right) => self
                .condition("==", left, right)
                .map(|condition| one(condition, !is_true)),
            Expr::Binary(sign, left, right) => self
                .condition(sign, left, right)
                .map(|condition| one(condition, is_true)),
            Expr::Call(name, arguments) => self
                .call(name, arguments)
                .map(|condition| one(condition, is_true)),
            Expr::Name(path) => Err(format!("`{}` is not true or false", path.join("."))),
            _ => Err("a filter must be true or false".to_owned()),
        }
    }

    fn call(&self, name: &str, arguments: &[Expr]) -> Result<Condition, String> {
        match (name, arguments) {
            ("matchesAny", [of, Expr::List(patterns)]) => {
                let regexes = self.regexes(&texts(patterns)?);
                Ok(Condition::holds(Test::Matches(part(of)?, regexes)))
            }
            ("containsAny", [of, Expr::List(words)]) => {
                // The text is put in lower case there and the words are not, so that others never fit.
                let mut words = texts(words)?;
                words.retain(|word| *word == word.to_lowercase());
                let words = words.into_iter().map(Into::into).collect();
                Ok(Condition::holds(Test::Contains(part(of)?, words)))
            }
            ("contains" | "startsWith" | "endsWith" | "matches", [of, value]) => {
                self.condition(name, of, value)
            }
            ("failsTokenEfficiency" | "tokenEfficiencyOK", _) => Err(format!(
                "`{name}` counts the tokens of a language model's tokenizer, which this program does not have; leave it out, or ask for more `entropy`"
            )),
            _ => Err(format!("the function `{name}` has no counterpart here")),
        }
    }

    fn condition(&self, sign: &str, left: &Expr, right: &Expr) -> Result<Condition, String> {
        if let (Expr::Call(name, arguments), Expr::Number(bound)) = (left, right) {
            let ("entropy", [of]) = (name.as_str(), arguments.as_slice()) else {
                return Err(format!("`{name}` cannot be compared with a number here"));
            };
            return entropy(sign, part(of)?, *bound);
        }
        match (sign, right) {
            ("==", Expr::Text(text)) => Ok(Condition::holds(Test::Equals(
                part(left)?,
                vec![text.clone().into()],
            ))),
            ("in", Expr::List(items)) => {
                let items = texts(items)?.into_iter().map(Into::into).collect();
                Ok(Condition::holds(Test::Equals(part(left)?, items)))
            }
            ("matches", Expr::Text(regex)) => {
                let regexes = self.regexes(std::slice::from_ref(regex));
                Ok(Condition::holds(Test::Matches(part(left)?, regexes)))
            }
            ("contains" | "startsWith" | "endsWith", Expr::Text(text)) => {
                let text = regex_syntax::escape(text);
                let regex = match sign {
                    "contains" => text,
                    "startsWith" => format!(r"\A{text}"),
                    _ => format!(r"{text}\z"),
                };
                Ok(Condition::holds(Test::Matches(
                    part(left)?,
                    vec![regex.into()],
                )))
            }
            _ => Err(format!("this use of `{sign}` has no counterpart here")),
        }
    }

    fn regexes(&self, patterns: &[String]) -> Vec<leakward_core::rule::Text> {
        patterns
            .iter()
            .filter_map(|pattern| {
                let written = Located {
                    text: pattern.clone(),
                    at: self.at,
                    start: None,
                };
                let kind = (Syntax::Go, Role::Tests);
                expression(self.source, &written, kind, self.owner)
            })
            .map(|expression| expression.regex.into())
            .collect()
    }
}

fn one(condition: Condition, is_true: bool) -> Alternatives {
    vec![vec![if is_true {
        condition
    } else {
        condition.negated()
    }]]
}

fn bounded(all: Alternatives) -> Result<Alternatives, String> {
    if all.len() > MOST {
        Err(format!(
            "the filter has more than {MOST} alternatives once written out"
        ))
    } else {
        Ok(all)
    }
}

fn entropy(sign: &str, part: Part, bound: f64) -> Result<Condition, String> {
    let at_most = |bound| Condition::holds(Test::EntropyAtMost(part, bound));
    match sign {
        "<=" => Ok(at_most(bound)),
        "<" => Ok(at_most(bound.next_down())),
        ">" => Ok(at_most(bound).negated()),
        ">=" => Ok(at_most(bound.next_down()).negated()),
        _ => Err("`entropy` can be compared with <, <=, > and >= only".to_owned()),
    }
}

/// Which part of a match a value is.
fn part(expr: &Expr) -> Result<Part, String> {
    let Expr::Name(path) = expr else {
        // In lower case or not makes no difference to tests that ignore case; to others it does.
        return Err("a test looks at a value that has no counterpart here".to_owned());
    };
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["secret"] | ["finding", "secret" | "Secret"] => Ok(Part::Secret),
        ["match"] | ["finding", "match"] => Ok(Part::Match),
        ["line"] | ["finding", "line"] => Ok(Part::Line),
        ["attributes", "path"] => Ok(Part::Path),
        ["attributes", "git.sha"] | ["attributes", "git", "sha"] => Ok(Part::Commit),
        ["attributes", "git.author_name"] | ["attributes", "git", "author_name"] => {
            Ok(Part::AuthorName)
        }
        ["attributes", "git.author_email"] | ["attributes", "git", "author_email"] => {
            Ok(Part::AuthorEmail)
        }
        _ => Err(format!("`{}` is not known here", path.join("."))),
    }
}

fn texts(items: &[Expr]) -> Result<Vec<String>, String> {
    items
        .iter()
        .map(|item| match item {
            Expr::Text(text) => Ok(text.clone()),
            _ => Err("a list must hold texts only".to_owned()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translate(text: &str) -> Result<Vec<Exception>, String> {
        let source = Source::new("f", text);
        let written = Located {
            text: text.to_owned(),
            at: (1, 1),
            start: Some(0),
        };
        let all = exceptions(&source, &written, "rule a");
        source.finish(all).map_err(|errors| errors.to_string())
    }

    #[test]
    fn a_filter_becomes_alternatives_of_conditions() {
        let count = |text: &str| -> Vec<usize> {
            let all = translate(text).unwrap_or_else(|error| panic!("{error}"));
            all.iter().map(|exception| exception.all.len()).collect()
        };
        let path = r#"matchesAny(attributes["path"], ["\\.md$"])"#;
        let low = "entropy(finding.secret) <= 3.5";
        assert_eq!(count(path), [1]);
        assert_eq!(count(&format!("{path} || {low}")), [1, 1]);
        assert_eq!(count(&format!("{path} && {low}")), [2]);
        assert_eq!(count(&format!("!({path} || {low})")), [2]);
        assert_eq!(count(&format!("{low} && ({path} || {low})")), [2, 2]);
        assert_eq!(count("false"), [0; 0]);
        assert_eq!(count("true"), [0]);
    }

    #[test]
    fn what_has_no_counterpart_is_an_error_that_names_the_rule() {
        for (text, said) in [
            ("failsTokenEfficiency(finding.secret)", "tokenizer"),
            ("len(finding.secret) < 3", "`len`"),
            (r#"finding.context contains "x""#, "finding.context"),
            (r#"matchesAny(finding.secret, ["(?=a)"])"#, "linear time"),
            ("finding.secret", "not true or false"),
        ] {
            let error = translate(text).expect_err(text);
            assert!(error.contains("rule a") && error.contains(said), "{error}");
        }
    }
}
