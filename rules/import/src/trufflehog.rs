//! TruffleHog's custom detectors: YAML with `detectors:`.
//!
//! A detector's expressions must all match in the same text. The primary one (named, or the only one) becomes the rule; the others
//! become rules that are not reported and that it requires. Verification by a server of one's own is not taken over.

use std::borrow::Cow;

use leakward_core::Rule;
use leakward_core::exception::{Condition, Exception, Foreign, Part, Requirement, Test};
use leakward_core::rule::{Class, Find, Sweep, SweepGroup, Text};

use crate::apply::Import;
use crate::gitleaks_rule::foreign_rule;
use crate::literals;
use crate::node::Value;
use crate::reader::{Located, Table, UnknownKeys};
use crate::regex::{Expression, Role, Syntax, expression};
use crate::source::Source;
use crate::yaml_node;

/// Reads detectors; what is wrong is noted.
pub(crate) fn read(source: &Source<'_>) -> Import {
    let mut import = Import {
        tool: "TruffleHog",
        ..Import::default()
    };
    let Some(documents) = yaml_node::read(source) else {
        return import;
    };
    let tables: Vec<Table<'_>> = documents
        .iter()
        .filter_map(|document| Table::of(document, "the file", UnknownKeys::Refused, source))
        .collect();
    for table in tables {
        if table.get("sources").is_some() {
            source.note_at(
                table.at_key("sources"),
                "`sources` is not taken over: what is scanned is said on the command line",
            );
        }
        for detector in table.tables("detectors", "a detector") {
            let rules = read_detector(&detector);
            for rule in rules {
                if import.rules.iter().any(|known| known.id == rule.id) {
                    source.report_at(detector.at, format!("the name `{}` is used twice", rule.id));
                }
                import.rules.push(rule);
            }
            detector.finish();
        }
        table.finish();
    }
    if import.rules.is_empty() {
        source.report_at((1, 1), "there is no detector in this file");
    }
    import.notes = source.take_notes();
    import
}

fn read_detector(table: &Table<'_>) -> Vec<Rule> {
    let name = table.required_text("name");
    let owner = name.as_ref().map_or_else(
        || "a detector".to_owned(),
        |name| format!("detector {}", name.text),
    );
    let keywords: Vec<String> = table
        .texts("keywords")
        .into_iter()
        .map(|keyword| keyword.text.to_lowercase())
        .filter(|keyword| !keyword.is_empty())
        .collect();
    let expressions = read_expressions(table, &owner);
    let primary = primary(table, &expressions, &owner);
    let title = table.text("description");
    let exceptions = read_exceptions(table, &owner);
    let entropy = table.number("entropy").filter(|least| *least > 0.0);
    if table.get("verify").is_some() {
        table.source.note_at(
            table.at_key("verify"),
            &format!(
                "{owner}: `verify` is not taken over; its credentials are found and not verified"
            ),
        );
    }
    let (Some(name), Some(primary)) = (name, primary) else {
        return Vec::new();
    };
    let id_of = |key: &str| format!("{}:{key}", name.text);
    let others = || expressions.iter().filter(|(key, _)| *key != primary);
    let requires = others().map(|(key, _)| Requirement {
        rule: id_of(key).into(),
        within_lines: None,
        within_columns: None,
    });
    let mut foreign = Foreign {
        tool: "TruffleHog",
        entropy_above: entropy.map(f64::next_down),
        requires: requires.collect(),
        exceptions,
        ..Foreign::default()
    };
    let title = title.map_or_else(|| name.text.clone(), |title| title.text);
    let mut rules = Vec::new();
    for (key, found) in &expressions {
        let is_primary = *key == primary;
        let (id, class) = if is_primary {
            (name.text.clone(), Class::Secret)
        } else {
            (id_of(key), Class::Identifier)
        };
        let of_rule = if is_primary {
            std::mem::take(&mut foreign)
        } else {
            Foreign {
                tool: "TruffleHog",
                ..Foreign::default()
            }
        };
        rules.push(foreign_rule(
            &id,
            title.clone(),
            class,
            sweep(found, &keywords),
            of_rule,
        ));
    }
    rules
}

fn sweep(found: &Expression, keywords: &[String]) -> Find {
    let keywords = if keywords.is_empty() {
        literals::required(&found.hir)
    } else {
        keywords.to_vec()
    };
    Find::Sweep(Sweep {
        keywords: Cow::Owned(keywords.into_iter().map(Cow::Owned).collect()),
        regex: found.regex.clone().into(),
        group: SweepGroup::FirstFilled,
    })
}

/// The detector's expressions with their names, in the order of the file.
fn read_expressions(table: &Table<'_>, owner: &str) -> Vec<(String, Expression)> {
    let Some(inner) = table.table("regex", "regex") else {
        if !table.has("regex") {
            table
                .source
                .report_at(table.at, format!("{owner}: `regex` is missing"));
        }
        return Vec::new();
    };
    let mut expressions = Vec::new();
    for (key, node) in inner.named() {
        let (text, start) = match &node.value {
            Value::Text { text, start } => (text.clone(), *start),
            Value::Bare(text) => (text.clone(), None),
            other => {
                table.source.report_at(
                    node.at,
                    format!(
                        "{owner}: `{key}` must be an expression, not {}",
                        other.kind()
                    ),
                );
                continue;
            }
        };
        let written = Located {
            text,
            at: node.at,
            start,
        };
        let kind = (Syntax::Go, Role::Finds);
        expressions.extend(
            expression(table.source, &written, kind, owner).map(|found| (key.to_owned(), found)),
        );
    }
    expressions
}

/// The name of the expression whose match is reported.
fn primary(table: &Table<'_>, expressions: &[(String, Expression)], owner: &str) -> Option<String> {
    let Some(named) = table.text("primary_regex_name") else {
        return expressions.first().map(|(key, _)| key.clone());
    };
    let is_known = expressions.iter().any(|(key, _)| *key == named.text);
    if !is_known {
        table.source.report_at(
            named.at,
            format!(
                "{owner}: `primary_regex_name` is {:?}, and no expression has this name",
                named.text
            ),
        );
    }
    is_known.then_some(named.text)
}

fn read_exceptions(table: &Table<'_>, owner: &str) -> Vec<Exception> {
    let mut tests = Vec::new();
    let words = table.texts("exclude_words");
    if !words.is_empty() {
        let words: Vec<Text> = words.into_iter().map(|word| word.text.into()).collect();
        tests.push(Test::Contains(Part::Secret, words));
    }
    for (key, part) in [
        ("exclude_regexes_capture", Part::Secret),
        ("exclude_regexes_match", Part::Match),
    ] {
        let written = table.texts(key);
        let regexes: Vec<Text> = written
            .iter()
            .filter_map(|regex| expression(table.source, regex, (Syntax::Go, Role::Tests), owner))
            .map(|expression| expression.regex.into())
            .collect();
        if !written.is_empty() {
            tests.push(Test::Matches(part, regexes));
        }
    }
    let mut exceptions: Vec<Exception> = tests
        .into_iter()
        .map(|test| Exception {
            all: vec![Condition::holds(test)],
        })
        .collect();
    exceptions.extend(read_validations(table));
    exceptions
}

/// `validations`: kinds of characters that the credential must have.
fn read_validations(table: &Table<'_>) -> Vec<Exception> {
    let Some(validations) = table.table("validations", "validations") else {
        return Vec::new();
    };
    let mut exceptions = Vec::new();
    for (_, node) in validations.named() {
        let Some(of_expression) =
            Table::of(node, "a validation", UnknownKeys::Refused, table.source)
        else {
            continue;
        };
        for (key, class) in [
            ("contains_digit", "[0-9]"),
            ("contains_lowercase", "[a-z]"),
            ("contains_uppercase", "[A-Z]"),
            ("contains_special_char", "[^0-9A-Za-z]"),
        ] {
            if of_expression.flag(key) {
                let test = Test::Matches(Part::Secret, vec![class.into()]);
                exceptions.push(Exception {
                    all: vec![Condition::holds(test).negated()],
                });
            }
        }
        of_expression.finish();
    }
    exceptions
}
