//! `leakward rules explain`: a rule in words.
//!
//! Made of the rule's own data, so that it cannot say anything that the rule does not.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use leakward_core::exception::{Condition, Exception, Part, Sense, Test};
use leakward_core::rule::{Boundary, Class, Find, SweepGroup};
use leakward_core::{Rule, Verification};
use leakward_rules::sample;
use serde_json::json;

use crate::args::{RulesExplainArgs, RulesFormat};
use crate::checksum_words;
use crate::rules_command::{find, load, question};

/// Texts of a list that are named.
const NAMED: usize = 12;

/// Explains a rule.
pub(crate) fn run(args: &RulesExplainArgs) -> anyhow::Result<ExitCode> {
    let rules = load(&args.rules)?;
    let rule = find(&rules, &args.id)?;
    let sections = sections(rule);
    let text = match args.format {
        RulesFormat::Json => {
            let parts: serde_json::Map<String, serde_json::Value> = sections
                .iter()
                .map(|section| (section.key.to_owned(), json!(section.lines)))
                .collect();
            let head = json!({
                "schema_version": 1,
                "id": rule.id.as_str(),
                "title": rule.title,
                "provider": rule.provider,
                "severity": rule.severity.as_str(),
                "reported": rule.class == Class::Secret,
                "explanation": parts,
            });
            format!("{}\n", serde_json::to_string_pretty(&head)?)
        }
        RulesFormat::Text => as_text(rule, &sections),
    };
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output")
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// A rule in words, without an example: a sample in an answer to a program would be taken for a credential.
pub(crate) fn in_words(rule: &Rule) -> String {
    let mut sections = sections(rule);
    sections.retain(|section| section.key != "example");
    as_text(rule, &sections)
}

/// A question that an author or a reader of findings has, and the answers.
struct Section {
    key: &'static str,
    title: &'static str,
    lines: Vec<String>,
}

fn sections(rule: &Rule) -> Vec<Section> {
    let all = [
        ("looks_for", "What is looked for", looks_for(rule)),
        ("accepts", "What makes it a credential", accepts(rule)),
        ("allows", "What is no leak", allows(rule)),
        ("needs", "What belongs to it", needs(rule)),
        ("verifies", "What is done with one", actions(rule)),
        (
            "example",
            "An example, drawn now and nobody's",
            example(rule),
        ),
    ];
    all.into_iter()
        .filter(|(_, _, lines)| !lines.is_empty())
        .map(|(key, title, lines)| Section { key, title, lines })
        .collect()
}

fn as_text(rule: &Rule, sections: &[Section]) -> String {
    let class = match rule.class {
        Class::Secret => "reported",
        Class::Identifier => "never reported by itself; it belongs to other credentials",
    };
    let mut text = format!(
        "{}: {}\n{}, severity {}, {class}\n",
        rule.id, rule.title, rule.provider, rule.severity
    );
    for section in sections {
        text.push_str(&format!("\n{}\n", section.title));
        for line in &section.lines {
            text.push_str(&format!("  {}\n", line.replace('\n', "\n  ")));
        }
    }
    text
}

fn quoted<T: AsRef<str>>(texts: &[T]) -> String {
    let named = texts
        .iter()
        .take(NAMED)
        .map(|text| format!("{:?}", text.as_ref()));
    let mut list = named.collect::<Vec<_>>().join(", ");
    if texts.len() > NAMED {
        list.push_str(&format!(" and {} more", texts.len() - NAMED));
    }
    list
}

fn looks_for(rule: &Rule) -> Vec<String> {
    match &rule.find {
        Find::Pattern(pattern) => {
            let case = if pattern.ignore_case {
                ", in any case"
            } else {
                ""
            };
            let group = match pattern.group {
                0 => "All that it matches is the credential.".to_owned(),
                group => format!("Group {group} of it is the credential; the rest is context."),
            };
            vec![
                format!("One of these texts{case}: {}", quoted(&pattern.literals)),
                format!("Around it the expression: {}", pattern.regex),
                group,
            ]
        }
        Find::Keyword(keyword) => vec![
            format!(
                "One of these names, in any case: {}",
                quoted(&keyword.keywords)
            ),
            format!(
                "At most {} bytes behind it a value that is as a whole: {}",
                keyword.within, keyword.value
            ),
        ],
        Find::Native(native) => vec![
            format!(
                "One of these texts, in any case: {}",
                quoted(&native.literals)
            ),
            format!(
                "What stands there is read by the detector {:?}.",
                native.detector
            ),
        ],
        Find::Sweep(sweep) => {
            let wakes = if sweep.keywords.is_empty() {
                "Every file is looked at: the rule names no keyword, and no text could be proven to stand in all of its matches."
                    .to_owned()
            } else {
                format!(
                    "Files in which one of these stands, in any case: {}",
                    quoted(&sweep.keywords)
                )
            };
            let group = match sweep.group {
                SweepGroup::FirstFilled => {
                    "The first group that is not empty is the credential, or all of the match."
                        .to_owned()
                }
                SweepGroup::Number(0) => "All that it matches is the credential.".to_owned(),
                SweepGroup::Number(number) => format!("Group {number} of it is the credential."),
            };
            vec![
                wakes,
                format!("The expression, over the whole file: {}", sweep.regex),
                group,
            ]
        }
        Find::Path(path) => vec![format!(
            "Files whose path matches: {}. What is in them does not matter.",
            path.regex
        )],
    }
}

fn accepts(rule: &Rule) -> Vec<String> {
    let mut lines = Vec::new();
    match &rule.find {
        Find::Pattern(pattern) => lines.extend(match pattern.boundary {
            Boundary::Word => {
                Some("No letter, digit or underscore stands directly beside it.".to_owned())
            }
            Boundary::Base64 => {
                Some("No character of base64 stands directly beside it.".to_owned())
            }
            Boundary::None => None,
        }),
        Find::Sweep(_) | Find::Path(_) => {
            lines.push(
                "Everything that matches is reported, as the tool that the rule is from does."
                    .to_owned(),
            );
        }
        Find::Keyword(_) | Find::Native(_) => {}
    }
    if let Some(checksum) = rule.checksum {
        lines.push(format!(
            "{} ({})",
            checksum_words::of(checksum),
            checksum.as_str()
        ));
        lines.push("When that fails, nothing is reported, and no rule that goes by names reports it either.".to_owned());
    }
    if rule.min_entropy > 0.0 {
        lines.push(format!(
            "At least {} bits of entropy in each byte.",
            rule.min_entropy
        ));
    }
    if !rule.paths.is_empty() {
        lines.push(format!("Only in files such as {}.", quoted(&rule.paths)));
    }
    if let Some(foreign) = &rule.foreign {
        lines.extend(
            foreign
                .entropy_above
                .map(|above| format!("More than {above:.3} bits of entropy in each byte.")),
        );
        lines.extend(
            foreign
                .path
                .as_ref()
                .map(|path| format!("Only in files whose path matches {path}.")),
        );
    }
    if !rule.is_foreign() {
        lines.push("Placeholders, references to variables and words do not count.".to_owned());
        lines.push(format!(
            "Where several rules find the same text, the most specific one tells it; this one has {}.",
            rule.specificity
        ));
    }
    lines
}

fn allows(rule: &Rule) -> Vec<String> {
    let mut lines = Vec::new();
    for (what, list) in [
        ("Values that match one of", &rule.allow.values),
        ("Values in which one of these stands:", &rule.allow.words),
        ("Files such as", &rule.allow.paths),
    ] {
        if !list.is_empty() {
            lines.push(format!("{what} {}.", quoted(list)));
        }
    }
    let exceptions = rule
        .foreign
        .iter()
        .flat_map(|foreign| foreign.all_exceptions());
    lines.extend(exceptions.map(exception));
    lines
}

fn exception(exception: &Exception) -> String {
    let all: Vec<String> = exception.all.iter().map(condition).collect();
    format!("When {}.", all.join(" and "))
}

fn condition(condition: &Condition) -> String {
    let part = match condition.test.part() {
        Part::Secret => "the credential",
        Part::Match => "the match",
        Part::Line => "the line",
        Part::Path => "the path",
        Part::Commit => "the commit",
        Part::AuthorName => "the author's name",
        Part::AuthorEmail => "the author's address",
    };
    let not = if condition.sense == Sense::Fails {
        " not"
    } else {
        ""
    };
    match &condition.test {
        Test::Matches(_, regexes) => format!("{part} does{not} match one of {}", quoted(regexes)),
        Test::Contains(_, words) => format!("one of {} does{not} stand in {part}", quoted(words)),
        Test::Equals(_, texts) => format!("{part} is{not} one of {}", quoted(texts)),
        Test::EntropyAtMost(_, most) => {
            format!("the entropy of {part} is{not} at most {most:.3} bits")
        }
    }
}

fn needs(rule: &Rule) -> Vec<String> {
    let companions = rule.companions.iter().map(|companion| {
        let need = if companion.required {
            "nothing is reported without it"
        } else {
            "it makes a find surer, and verification needs it"
        };
        format!(
            "{} ({}), at most {} lines away: {need}",
            companion.name, companion.rule, companion.within_lines
        )
    });
    let requires = rule.foreign.iter().flat_map(|foreign| &foreign.requires);
    let requires = requires.map(|required| {
        let lines = required.within_lines.map_or_else(
            || "in the same file".to_owned(),
            |lines| format!("at most {lines} lines away"),
        );
        format!(
            "a match of {}, {lines}: nothing is reported without it",
            required.rule
        )
    });
    companions.chain(requires).collect()
}

fn actions(rule: &Rule) -> Vec<String> {
    let mut lines = Vec::new();
    let asked = |verify: &Verification| {
        format!(
            "`leakward scan --verify` asks whether it works: {}",
            question(verify)
        )
    };
    lines.extend(rule.verify.as_ref().map(asked));
    lines.extend(
        rule.revoke_url
            .iter()
            .map(|url| format!("A person revokes it at {url}")),
    );
    lines.extend(
        rule.docs_url
            .iter()
            .map(|url| format!("More about it: {url}")),
    );
    lines
}

fn example(rule: &Rule) -> Vec<String> {
    let rendered = rule
        .samples
        .first()
        .and_then(|template| sample::render(template, 0).ok());
    rendered.map(|rendered| rendered.text).into_iter().collect()
}
