//! What is told about a credential under the cursor.

use leakward_core::{Finding, Rule};

/// The finding in Markdown, and its rule in words.
pub(super) fn markdown(
    finding: &Finding,
    rule: Option<&Rule>,
    explain: fn(&Rule) -> String,
) -> String {
    let mut text = format!(
        "**{}** `{}`\n\n{}, severity {}, confidence {}\n",
        finding.title, finding.masked, finding.provider, finding.severity, finding.confidence
    );
    if !finding.reasons.is_empty() {
        text.push_str("\nWhy:\n");
        for reason in &finding.reasons {
            text.push_str(&format!("- {reason}\n"));
        }
    }
    text.push_str("\nWhat to do: let the program read it from its environment or a secret store");
    match &finding.revoke_url {
        Some(url) => text.push_str(&format!(
            "; if it was committed or shared, [revoke it]({url}).\n"
        )),
        None => text.push_str("; if it was committed or shared, revoke it.\n"),
    }
    if let Some(rule) = rule {
        text.push_str(&format!("\n---\n\n```text\n{}```\n", explain(rule)));
    }
    text.push_str(&format!(
        "\n`{}` · fingerprint `{}`\n",
        finding.rule, finding.fingerprint
    ));
    text
}
