//! The registry of report formats: a format is one file here, which exports its `FORMAT`, and its line below.
//!
//! A format that grows has a folder of the same name for its parts.

use crate::format::Definition;

mod codequality;
mod csv;
mod github;
mod gitlab;
mod gitleaks_csv;
mod gitleaks_json;
mod gitleaks_junit;
mod gitleaks_sarif;
mod html;
mod json;
mod jsonl;
mod junit;
mod markdown;
mod sarif;
mod terminal;
mod trufflehog_json;

/// Every format, in the order in which the help text lists them.
pub(crate) static ALL: &[&Definition] = &[
    &terminal::FORMAT,
    &json::FORMAT,
    &jsonl::FORMAT,
    &sarif::FORMAT,
    &csv::FORMAT,
    &html::FORMAT,
    &markdown::FORMAT,
    &junit::FORMAT,
    &github::FORMAT,
    &gitlab::FORMAT,
    &codequality::FORMAT,
    &gitleaks_json::FORMAT,
    &gitleaks_csv::FORMAT,
    &gitleaks_junit::FORMAT,
    &gitleaks_sarif::FORMAT,
    &trufflehog_json::FORMAT,
];
