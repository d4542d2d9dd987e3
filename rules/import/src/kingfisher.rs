//! Rules of Nosey Parker, Titus and Kingfisher: YAML with `rules:`.
//!
//! Kingfisher's format is Nosey Parker's with more keys. Its credential is the group `TOKEN` where there is one, else the first group.
//! Live validation and revocation are not taken over; they change no finding and are told as notes.

use std::borrow::Cow;

use leakward_core::exception::{Condition, Exception, Foreign, Part, Test};
use leakward_core::rule::{Class, Companion, Find, Sweep, SweepGroup, Text};
use leakward_core::{Confidence, Rule};

use crate::apply::Import;
use crate::gitleaks_rule::foreign_rule;
use crate::literals;
use crate::node::Node;
use crate::reader::{Located, Table, UnknownKeys};
use crate::regex::{Expression, Role, Syntax, expression};
use crate::source::Source;
use crate::yaml_node;

/// How far a rule's helper may stand from it; Kingfisher pairs within a file.
const HELPER_LINES: u16 = u16::MAX;

/// Reads rules; what is wrong is noted.
pub(crate) fn read(source: &Source<'_>) -> Import {
    let mut import = Import {
        tool: "Nosey Parker",
        ..Import::default()
    };
    let Some(documents) = yaml_node::read(source) else {
        return import;
    };
    let tables: Vec<Table<'_>> = documents
        .iter()
        .filter_map(|document| Table::of(document, "the file", UnknownKeys::PassedOver, source))
        .collect();
    let mut helpers: Vec<(String, Located)> = Vec::new();
    for table in tables {
        table.pass_over(&["rulesets"]);
        for rule in table.tables("rules", "a rule") {
            let at = rule.at;
            let read = read_rule(&rule, &mut helpers);
            rule.finish();
            if let Some(rule) = read {
                if import.rules.iter().any(|known| known.id == rule.id) {
                    source.report_at(at, format!("the id `{}` is used before", rule.id));
                }
                import.rules.push(rule);
            }
        }
        table.finish();
    }
    for (owner, helper) in helpers {
        if !import
            .rules
            .iter()
            .any(|rule| rule.id.as_str() == helper.text)
            && !helper.text.is_empty()
        {
            source.note_at(
                helper.at,
                &format!(
                    "rule {owner} depends on `{}`, which is not in this file",
                    helper.text
                ),
            );
        }
    }
    if import.rules.is_empty() {
        source.report_at((1, 1), "there is no rule in this file");
    }
    import.notes = source.take_notes();
    import
}

fn read_rule(table: &Table<'_>, helpers: &mut Vec<(String, Located)>) -> Option<Rule> {
    let name = table.required_text("name");
    let id = table.text("id").or_else(|| name.clone());
    let owner = format!(
        "rule {}",
        id.as_ref().map_or("without a name", |id| id.text.as_str())
    );
    let pattern = table.required_text("pattern").and_then(|written| {
        expression(table.source, &written, (Syntax::Rust, Role::Finds), &owner)
    });
    let foreign = Foreign {
        tool: "Nosey Parker",
        confidence: confidence(table),
        // There a bound is a least value, here it is one to be above.
        entropy_above: table
            .number("min_entropy")
            .filter(|least| *least > 0.0)
            .map(f64::next_down),
        exceptions: requirements(table, &owner),
        ..Foreign::default()
    };
    let companions = read_dependencies(table, &owner, helpers);
    let is_visible = table.optional_flag("visible").unwrap_or(true);
    let samples = examples(table, "examples");
    let near_misses = examples(table, "negative_examples");
    let docs = table
        .texts("references")
        .into_iter()
        .map(|link| link.text)
        .find(|link| link.starts_with("https://"));
    table.pass_over(&[
        "description",
        "categories",
        "tags",
        "references",
        "prevalidated",
        "keywords",
        "tls_mode",
    ]);
    for key in ["validation", "revocation"] {
        if table.get(key).is_some() {
            table.source.note_at(
                table.at_key(key),
                &format!(
                    "{owner}: `{key}` is not taken over; its credentials are found and not verified"
                ),
            );
        }
    }
    let title = name.map(|name| name.text).unwrap_or_default();
    let (pattern, id) = (pattern?, id?);
    let class = if is_visible {
        Class::Secret
    } else {
        Class::Identifier
    };
    let find = Find::Sweep(Sweep {
        keywords: owned(literals::required(&pattern.hir)),
        regex: pattern.regex.clone().into(),
        group: token_group(&pattern),
    });
    Some(Rule {
        companions: Cow::Owned(companions),
        samples: owned(samples),
        near_misses: owned(near_misses),
        docs_url: docs.map(Into::into),
        ..foreign_rule(&id.text, title, class, find, foreign)
    })
}

fn owned(texts: Vec<String>) -> Cow<'static, [Text]> {
    Cow::Owned(texts.into_iter().map(Cow::Owned).collect())
}

fn token_group(pattern: &Expression) -> SweepGroup {
    let named = pattern
        .groups
        .iter()
        .position(|name| name.as_deref() == Some("TOKEN"));
    named
        .and_then(|index| u8::try_from(index + 1).ok())
        .map_or(SweepGroup::FirstFilled, SweepGroup::Number)
}

fn confidence(table: &Table<'_>) -> Option<Confidence> {
    let written = table.text("confidence")?;
    let parsed = written.text.parse().ok();
    if parsed.is_none() {
        table.source.report_at(
            written.at,
            format!(
                "`confidence` must be low, medium or high, not {:?}",
                written.text
            ),
        );
    }
    parsed
}

/// The texts of examples, in which nothing is a template.
fn examples(table: &Table<'_>, key: &'static str) -> Vec<String> {
    let plain = |text: String| text.replace('{', "{{").replace('}', "}}");
    // A text that has the marks of a template's credential cannot be one.
    table
        .texts(key)
        .into_iter()
        .map(|text| text.text)
        .filter(|text| !text.contains(['«', '»']))
        .map(plain)
        .collect()
}

fn read_dependencies(
    table: &Table<'_>,
    owner: &str,
    helpers: &mut Vec<(String, Located)>,
) -> Vec<Companion> {
    let mut companions = Vec::new();
    for helper in table.tables("depends_on_rule", "a rule that is depended on") {
        let rule = helper.required_text("rule_id");
        let variable = helper.text("variable");
        helper.finish();
        if let Some(rule) = rule {
            companions.push(Companion {
                name: variable
                    .map_or_else(|| rule.text.clone(), |name| name.text)
                    .into(),
                rule: rule.text.clone().into(),
                within_lines: HELPER_LINES,
                required: false,
            });
            helpers.push((owner.trim_start_matches("rule ").to_owned(), rule));
        }
    }
    companions
}

/// `pattern_requirements`: what a credential must have; a match without it is dropped.
fn requirements(table: &Table<'_>, owner: &str) -> Vec<Exception> {
    let Some(inner) = table.table("pattern_requirements", "pattern_requirements") else {
        return Vec::new();
    };
    let special = inner.text("special_chars").map_or_else(
        || "!@#$%^&*()_+-=[]{}|;:'\",.<>?/\\`~".to_owned(),
        |text| text.text,
    );
    let special: String = special
        .chars()
        .map(|c| regex_syntax::escape(&c.to_string()) + "|")
        .collect();
    let special = format!("(?:{})", special.trim_end_matches('|'));
    let mut exceptions = Vec::new();
    for (key, class) in [
        ("min_digits", "[0-9]"),
        ("min_uppercase", "[A-Z]"),
        ("min_lowercase", "[a-z]"),
        ("min_special_chars", special.as_str()),
    ] {
        if let Some(least) = inner.whole(key).filter(|least| *least > 0) {
            let regex = format!("(?s)(?:{class}.*?){{{}}}", least.min(256));
            let holds = Test::Matches(Part::Secret, vec![regex.into()]);
            exceptions.push(Exception {
                all: vec![Condition::holds(holds).negated()],
            });
        }
    }
    let words = inner.texts("ignore_if_contains");
    if !words.is_empty() {
        let words = words.into_iter().map(|word| word.text.into()).collect();
        exceptions.push(Exception {
            all: vec![Condition::holds(Test::Contains(Part::Secret, words))],
        });
    }
    if let Some(checksum) = inner.get("checksum") {
        unsupported(&inner, checksum, owner);
    }
    inner.finish();
    exceptions
}

fn unsupported(table: &Table<'_>, node: &Node, owner: &str) {
    table.source.report_at(
        node.at,
        format!("{owner}: `checksum` is written in a template language that this program does not have; write the rule in our own format, which knows the providers' checksums"),
    );
}
