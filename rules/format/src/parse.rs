//! From the text of rule files to rules, all or nothing.
//!
//! Several files are read together, because a companion may be a rule of another file and an id must be unique
//! over all of them.

use std::collections::HashMap;

use leakward_core::Rule;
use toml::de::DeTable;

use crate::error::{RuleFileError, RuleFileErrors};
use crate::fields::{Fields, Located};
use crate::nearest::nearest;
use crate::problem::Problem;
use crate::rule_table::{RuleEntry, read_rule};
use crate::source::Source;

/// The only version of the format.
const VERSION: u8 = 1;

/// The text of a rule file and what to call it in errors.
#[derive(Clone, Copy, Debug)]
pub struct RuleFile<'a> {
    /// Its path, for people.
    pub name: &'a str,
    /// Its content.
    pub text: &'a str,
}

/// What a file says for all of its rules.
#[derive(Debug)]
pub(crate) struct FileDefaults {
    pub(crate) provider: Option<Located>,
    pub(crate) docs: Option<Located>,
}

/// Reads rule files. `known` are ids of rules that exist elsewhere and can be companions.
///
/// Costs about a tenth of a millisecond for each rule; the embedded rules are read when the program is built.
///
/// # Errors
///
/// Everything that is wrong in any of the files. Then no rule is given out.
pub fn parse_files(files: &[RuleFile<'_>], known: &[&str]) -> Result<Vec<Rule>, RuleFileErrors> {
    let mut sources = Vec::new();
    let mut entries = Vec::new();
    for file in files {
        let mut source = Source::new(file.name, file.text);
        entries.push(read_file(file, &mut source));
        sources.push(source);
    }
    report_duplicates(files, &entries, &mut sources);
    report_unknown_companions(&entries, known, &mut sources);
    let errors: Vec<RuleFileError> = sources.into_iter().flat_map(Source::into_errors).collect();
    let rules = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.rule)
        .collect();
    RuleFileErrors::unless_empty(errors, rules)
}

fn read_file<'a>(file: &RuleFile<'a>, source: &mut Source<'a>) -> Vec<RuleEntry> {
    let (document, errors) = DeTable::parse_recoverable(file.text);
    let is_toml = errors.is_empty();
    for error in errors {
        let offset = error.span().map_or(0, |span| span.start);
        source.report(offset, Problem::Syntax(error.message().to_owned()));
    }
    // What the recovery made of a broken document is a guess: complaining of it would bury the cause.
    if !is_toml {
        return Vec::new();
    }
    let mut fields = Fields::new(document.get_ref(), 0, "the file", source);
    read_version(&mut fields);
    let defaults = FileDefaults {
        provider: fields.text("provider"),
        docs: fields.text("docs"),
    };
    let tables = fields.tables("rule");
    if tables.is_empty() && !fields.has("rule") {
        fields.source.report(0, Problem::NoRules);
    }
    fields.finish();
    tables
        .into_iter()
        .map(|(table, start)| read_rule(Fields::new(table, start, "a rule", source), &defaults))
        .collect()
}

fn read_version(fields: &mut Fields<'_, '_, '_>) {
    if !fields.has("version") {
        fields.source.report(0, Problem::Version);
    }
    let is_known = fields
        .whole("version", 0, u8::MAX)
        .is_none_or(|version| version == VERSION);
    if !is_known {
        fields.source.report(0, Problem::Version);
    }
}

fn report_duplicates<'a>(
    files: &[RuleFile<'a>],
    entries: &[Vec<RuleEntry>],
    sources: &mut [Source<'a>],
) {
    let mut first_use: HashMap<&str, String> = HashMap::new();
    for ((file, entries), source) in files.iter().zip(entries).zip(sources) {
        for id in entries.iter().filter_map(|entry| entry.id.as_ref()) {
            let here = format!("{}:{}", file.name, source.line(id.span.start));
            match first_use.get(id.text.as_str()) {
                None => {
                    first_use.insert(&id.text, here);
                }
                Some(first) => {
                    let problem = Problem::DuplicateId {
                        id: id.text.clone(),
                        first: first.clone(),
                    };
                    source.report(id.span.start, problem);
                }
            }
        }
    }
}

fn report_unknown_companions(
    entries: &[Vec<RuleEntry>],
    known: &[&str],
    sources: &mut [Source<'_>],
) {
    let ids: Vec<&str> = entries
        .iter()
        .flatten()
        .filter_map(|entry| entry.id.as_ref())
        .map(|id| id.text.as_str())
        .chain(known.iter().copied())
        .collect();
    for (entries, source) in entries.iter().zip(sources) {
        for companion in entries.iter().flat_map(|entry| &entry.companions) {
            if ids.contains(&companion.text.as_str()) {
                continue;
            }
            let problem = Problem::UnknownCompanion {
                rule: companion.text.clone(),
                nearest: nearest(&companion.text, ids.iter().copied()).map(str::to_owned),
            };
            source.report(companion.span.start, problem);
        }
    }
}
