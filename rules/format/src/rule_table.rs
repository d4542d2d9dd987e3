//! One `[[rule]]` table: everything but how the credential is found, which is `finder`'s part.

use std::borrow::Cow;

use leakward_core::action::Action;
use leakward_core::rule::{Allow, Checksum, Class, Companion, List, Text};
use leakward_core::{Rule, RuleId, Severity, Verification};

use crate::action_table::{Table, read_action};
use crate::fields::{Fields, Located};
use crate::finder::{Finder, read_finder};
use crate::parse::FileDefaults;
use crate::problem::Problem;
use crate::regex_check::{RegexRole, check_regex};
use crate::sample::Template;
use crate::verify_table::read_verify;

const SEVERITIES: [(&str, Severity); 4] = [
    ("critical", Severity::Critical),
    ("high", Severity::High),
    ("medium", Severity::Medium),
    ("low", Severity::Low),
];

const CLASSES: [(&str, Class); 2] = [("secret", Class::Secret), ("identifier", Class::Identifier)];

/// Longest id; it stands in every report line.
const LONGEST_ID: usize = 80;

const DEFAULT_COMPANION_LINES: u16 = 10;

/// A rule as far as it could be read, with what must be checked against other rules.
pub(crate) struct RuleEntry {
    /// None when something is wrong with it.
    pub(crate) rule: Option<Rule>,
    pub(crate) id: Option<Located>,
    pub(crate) companions: Vec<Located>,
}

/// Reads a rule. What is wrong is noted in the source, and the rule is then missing in the entry.
pub(crate) fn read_rule(mut fields: Fields<'_, '_, '_>, defaults: &FileDefaults) -> RuleEntry {
    let id = read_id(&mut fields);
    let provider = read_provider(&mut fields, defaults);
    let title = fields.required_text("title");
    let severity = fields.required_word("severity", &SEVERITIES);
    let class = fields.word("class", &CLASSES).unwrap_or_default();
    let finder = read_finder(&mut fields);
    let (companions, companion_rules) = read_companions(&mut fields);
    let details = read_details(&mut fields, defaults);
    let names: Vec<Text> = companions
        .iter()
        .map(|companion| companion.name.clone())
        .collect();
    let verify = read_verify(&mut fields, &names);
    let revoke = read_action(&mut fields, Table::Revoke, &names);
    let rotate = read_action(&mut fields, Table::Rotate, &names);
    check_samples(&mut fields, finder.as_ref(), &details.samples);
    fields.finish();
    let rule = assemble(
        Name {
            id: id.as_ref(),
            provider,
            title,
        },
        severity,
        class,
        finder,
        (companions, details),
        Acts {
            verify,
            revoke,
            rotate,
        },
    );
    RuleEntry {
        rule,
        id,
        companions: companion_rules,
    }
}

/// What can be asked and done about the credential.
struct Acts {
    verify: Option<Verification>,
    revoke: Option<Action>,
    rotate: Option<Action>,
}

struct Name<'a> {
    id: Option<&'a Located>,
    provider: Option<Located>,
    title: Option<Located>,
}

/// The optional parts of a rule.
struct Details {
    min_entropy: f32,
    checksum: Option<Checksum>,
    specificity: Option<u8>,
    allow: Allow,
    paths: Vec<Located>,
    docs_url: Option<Located>,
    revoke_url: Option<Located>,
    samples: Vec<Located>,
    near_misses: Vec<Located>,
}

fn assemble(
    name: Name<'_>,
    severity: Option<Severity>,
    class: Class,
    finder: Option<Finder>,
    (companions, details): (Vec<Companion>, Details),
    acts: Acts,
) -> Option<Rule> {
    let finder = finder?;
    Some(Rule {
        id: RuleId(Cow::Owned(name.id?.text.clone())),
        provider: Cow::Owned(name.provider?.text),
        title: Cow::Owned(name.title?.text),
        severity: severity?,
        class,
        find: finder.find,
        min_entropy: details.min_entropy,
        checksum: details.checksum,
        specificity: details.specificity.unwrap_or(finder.specificity),
        companions: Cow::Owned(companions),
        allow: details.allow,
        paths: owned_list(details.paths),
        docs_url: details.docs_url.map(owned),
        revoke_url: details.revoke_url.map(owned),
        verify: acts.verify,
        revoke: acts.revoke,
        rotate: acts.rotate,
        samples: owned_list(details.samples),
        near_misses: owned_list(details.near_misses),
        foreign: None,
    })
}

fn read_details(fields: &mut Fields<'_, '_, '_>, defaults: &FileDefaults) -> Details {
    let docs_url = read_link(fields, "docs").or_else(|| defaults.docs.clone());
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a bound from 0 to 8 bits needs no more than an f32"
    )]
    let min_entropy = fields.number("entropy", 0.0, 8.0).unwrap_or(0.0) as f32;
    Details {
        min_entropy,
        checksum: fields.word("checksum", Checksum::ALL),
        specificity: fields.whole("specificity", 0, u8::MAX),
        allow: read_allow(fields),
        paths: fields.texts("paths"),
        docs_url,
        revoke_url: read_link(fields, "revoke-url"),
        samples: read_templates(fields, "samples"),
        near_misses: read_templates(fields, "near-misses"),
    }
}

fn read_templates(fields: &mut Fields<'_, '_, '_>, key: &'static str) -> Vec<Located> {
    let templates = fields.texts(key);
    for template in &templates {
        if let Err(error) = Template::parse(&template.text) {
            let problem = Problem::Template {
                key,
                problem: error.problem,
            };
            fields
                .source
                .report_inside(&template.span, error.offset, problem);
        }
    }
    templates
}

/// A sample that the prefilter would pass over tests nothing.
fn check_samples(fields: &mut Fields<'_, '_, '_>, finder: Option<&Finder>, samples: &[Located]) {
    let Some(finder) = finder else {
        return;
    };
    for sample in samples {
        let Ok(template) = Template::parse(&sample.text) else {
            continue;
        };
        if !finder.has_literal(&template.render(0).text) {
            fields
                .source
                .report(sample.span.start, Problem::SampleWithoutLiteral);
        }
    }
}

fn read_id(fields: &mut Fields<'_, '_, '_>) -> Option<Located> {
    let id = fields.required_text("id")?;
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    if id.text.len() > LONGEST_ID || !id.text.split('-').all(is_word) {
        fields
            .source
            .report(id.span.start, Problem::BadId(id.text.clone()));
    }
    Some(id)
}

fn read_provider(fields: &mut Fields<'_, '_, '_>, defaults: &FileDefaults) -> Option<Located> {
    if defaults.provider.is_some() || fields.has("provider") {
        return fields
            .text("provider")
            .or_else(|| defaults.provider.clone());
    }
    fields.required_text("provider")
}

fn read_link(fields: &mut Fields<'_, '_, '_>, key: &'static str) -> Option<Located> {
    let link = fields.text(key)?;
    if !link.text.starts_with("https://") {
        fields
            .source
            .report(link.span.start, Problem::NotHttps(key.to_owned()));
    }
    Some(link)
}

fn read_companions(fields: &mut Fields<'_, '_, '_>) -> (Vec<Companion>, Vec<Located>) {
    let mut companions = Vec::new();
    let mut rules = Vec::new();
    for (table, start) in fields.tables("companion") {
        let mut inner = Fields::new(table, start, "a companion", fields.source);
        let name = inner.required_text("name");
        let rule = inner.required_text("rule");
        let within_lines = inner.whole("within-lines", 0, u16::MAX);
        let required = inner.flag("required");
        inner.finish();
        if let (Some(name), Some(rule)) = (name, rule) {
            companions.push(Companion {
                name: owned(name),
                rule: Cow::Owned(rule.text.clone()),
                within_lines: within_lines.unwrap_or(DEFAULT_COMPANION_LINES),
                required,
            });
            rules.push(rule);
        }
    }
    (companions, rules)
}

fn read_allow(fields: &mut Fields<'_, '_, '_>) -> Allow {
    let Some((table, start)) = fields.table("allow") else {
        return Allow::default();
    };
    let mut inner = Fields::new(table, start, "rule.allow", fields.source);
    let values = inner.texts("values");
    let words = inner.texts("words");
    let paths = inner.texts("paths");
    for value in &values {
        check_regex(inner.source, "values", value, RegexRole::Exception);
    }
    inner.finish();
    Allow {
        values: owned_list(values),
        words: owned_list(words),
        paths: owned_list(paths),
    }
}

pub(crate) fn owned(text: Located) -> Text {
    Cow::Owned(text.text)
}

pub(crate) fn owned_list(texts: Vec<Located>) -> List<Text> {
    Cow::Owned(texts.into_iter().map(owned).collect())
}
