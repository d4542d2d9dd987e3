//! `gitleaks-sarif`: the SARIF report of gitleaks, for scripts that read its properties. GitHub cannot follow findings
//! by what stands in it; `sarif` is the format to upload.

use std::collections::BTreeMap;
use std::io;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use crate::error::ReportError;
use crate::format::Definition;
use crate::gitleaks::{Entry, entries};
use crate::json_text;
use crate::report::Report;
use crate::settings::Settings;

pub(crate) static FORMAT: Definition = Definition {
    name: "gitleaks-sarif",
    about: "the SARIF report of gitleaks, for scripts that read it; to upload, use sarif",
    extensions: &[],
    write,
};

/// What a path in a relative URI may not hold as it is. gitleaks writes the path as it is, which is not always one.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b':')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

fn write(
    report: &Report<'_>,
    settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    let entries: Vec<Entry> = entries(report.outcome, settings).collect();
    let rules: BTreeMap<&str, &str> = entries
        .iter()
        .map(|entry| (entry.rule_id.as_str(), entry.description.as_str()))
        .collect();
    let rules: Vec<Value> = rules
        .into_iter()
        .map(|(id, text)| json!({"id": id, "shortDescription": {"text": text}}))
        .collect();
    let results: Vec<Value> = entries.iter().map(result).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "gitleaks",
                "semanticVersion": "v8.0.0",
                "informationUri": "https://github.com/gitleaks/gitleaks",
                "rules": rules,
            }},
            "results": results,
        }],
    });
    json_text::write_pretty(out, &log)?;
    Ok(out.write_all(b"\n")?)
}

fn result(entry: &Entry) -> Value {
    let at = if entry.commit.is_empty() {
        String::new()
    } else {
        format!(" at commit {}", entry.commit)
    };
    json!({
        "message": {"text": format!("{} has detected secret for file {}{at}.", entry.rule_id, entry.file)},
        "ruleId": entry.rule_id,
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": utf8_percent_encode(&entry.file, PATH).to_string()},
            "region": {
                "startLine": entry.start_line.max(1),
                "startColumn": entry.start_column.max(1),
                "endLine": entry.end_line.max(1),
                "endColumn": entry.end_column.max(1),
                "snippet": {"text": entry.secret},
            },
        }}],
        "partialFingerprints": {
            "commitSha": entry.commit,
            "email": entry.email,
            "author": entry.author,
            "date": entry.date,
            "commitMessage": entry.message,
        },
        "properties": {"tags": entry.tags},
    })
}
