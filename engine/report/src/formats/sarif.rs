//! `sarif`: SARIF 2.1.0 as GitHub code scanning accepts and tracks it.
//!
//! Made to be uploaded: results are cut at GitHub's limits (the worst are kept, and a notification says so), identities
//! are those that GitHub follows, and the credential is never in it, not even with `--reveal`.
//! Sources: the OASIS standard "SARIF 2.1.0"; docs.github.com "SARIF support for code scanning".
//!
//! `serde-sarif` is used in this file and its folder alone, so that it can be replaced.

mod descriptor;
mod notification;
mod place;
mod properties;
mod result;

use std::collections::{BTreeMap, HashMap};
use std::io;

use leakward_core::{Finding, RuleId};
use serde_sarif::sarif::{
    self, ArtifactLocation, Invocation, Message, ReportingDescriptor, Run, RunAutomationDetails,
    Sarif, Tool, ToolComponent,
};

use crate::error::ReportError;
use crate::format::Definition;
use crate::json_text;
use crate::report::Report;
use crate::settings::Settings;

pub(crate) static FORMAT: Definition = Definition {
    name: "sarif",
    about: "SARIF 2.1.0, for GitHub code scanning and editors",
    extensions: &["sarif", "sarif.json"],
    write,
};

/// Where the schema of the format is.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The program's page.
const HOME: &str = "https://github.com/leakward/leakward";

/// LIMIT: GitHub rejects a run with more results.
const MAX_RESULTS: usize = 25_000;

/// LIMIT: GitHub keeps only so many results of a run, the most severe ones.
const SHOWN_RESULTS: usize = 5_000;

fn write(
    report: &Report<'_>,
    settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    let log = Sarif::builder()
        .schema(SCHEMA)
        .version(serde_json::Value::from("2.1.0"))
        .runs(vec![run(report, settings)])
        .build();
    json_text::write_compact(out, &log)?;
    Ok(out.write_all(b"\n")?)
}

fn run(report: &Report<'_>, settings: &Settings) -> Run {
    let findings = worst_first(&report.outcome.findings);
    let mut rules = Rules::default();
    let results: Vec<sarif::Result> = findings
        .iter()
        .take(MAX_RESULTS)
        .map(|finding| result::result(finding, rules.index(report, finding)))
        .collect();
    let invocation = Invocation::builder()
        .execution_successful(report.outcome.complete())
        .tool_execution_notifications(notification::notifications(report.outcome))
        .build();
    Run::builder()
        .tool(Tool::from(driver(report, rules.descriptors)))
        .automation_details(automation(settings))
        .original_uri_base_ids(BTreeMap::from([(place::ROOT.to_owned(), root())]))
        .column_kind(serde_json::Value::from("unicodeCodePoints"))
        .language("en")
        .invocations(vec![invocation])
        .results(results)
        .build()
}

/// The findings, worst first: by severity, then by confidence, then in their order.
fn worst_first(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse((finding.severity, finding.confidence)));
    sorted
}

/// The category, as GitHub reads it: what stands before the last `/`.
fn automation(settings: &Settings) -> RunAutomationDetails {
    let category = settings.category.trim_end_matches('/');
    RunAutomationDetails::builder()
        .id(format!("{category}/"))
        .build()
}

fn root() -> ArtifactLocation {
    ArtifactLocation::builder()
        .description(Message::from("The root of what was scanned."))
        .build()
}

fn driver(report: &Report<'_>, rules: Vec<ReportingDescriptor>) -> ToolComponent {
    ToolComponent::builder()
        .name("Leakward")
        .semantic_version(report.tool_version)
        .information_uri(HOME)
        .rules(rules)
        .build()
}

/// The descriptors of the rules that found something, each once: GitHub rejects a file with one twice.
#[derive(Default)]
struct Rules<'a> {
    descriptors: Vec<ReportingDescriptor>,
    indices: HashMap<&'a RuleId, usize>,
}

impl<'a> Rules<'a> {
    /// The index of the descriptor for the finding's rule, which is added when it is not there yet.
    fn index(&mut self, report: &Report<'_>, finding: &'a Finding) -> i64 {
        let index = *self.indices.entry(&finding.rule).or_insert_with(|| {
            let rule = report.rule(&finding.rule);
            self.descriptors.push(descriptor::descriptor(finding, rule));
            self.descriptors.len() - 1
        });
        i64::try_from(index).unwrap_or(i64::MAX)
    }
}
