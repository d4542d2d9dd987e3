//! A rule's descriptor: what GitHub shows beside an alert, and how it weighs it.

use leakward_core::{Finding, Rule, Severity};
use serde_sarif::sarif::{
    MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor,
};

use super::properties::Properties;
use super::result::level;

/// LIMIT: GitHub cuts descriptions here.
const MAX_DESCRIPTION: usize = 1_024;

/// The descriptor of the rule that made `finding`; `rule` is what is known about it.
pub(super) fn descriptor(finding: &Finding, rule: Option<&Rule>) -> ReportingDescriptor {
    let known = Known::new(finding, rule);
    let configuration = ReportingConfiguration::builder()
        .level(serde_json::Value::from(level(known.severity).to_string()))
        .build();
    let mut made = ReportingDescriptor::builder()
        .id(finding.rule.as_str())
        .short_description(plain(&known.title))
        .full_description(plain(&known.description()))
        .help(known.help())
        .default_configuration(configuration)
        .properties(known.properties())
        .build();
    made.help_uri = known
        .docs_url
        .filter(|url| is_web_address(url))
        .map(str::to_owned);
    made
}

/// What a descriptor is made of.
struct Known<'a> {
    title: String,
    provider: &'a str,
    severity: Severity,
    precision: &'static str,
    docs_url: Option<&'a str>,
    revoke_url: Option<&'a str>,
}

impl<'a> Known<'a> {
    /// From the finding, which has the severity that the configuration gave, and the rule.
    fn new(finding: &'a Finding, rule: Option<&'a Rule>) -> Self {
        Self {
            title: rule
                .map_or(finding.title.as_str(), |rule| &rule.title)
                .to_owned(),
            provider: &finding.provider,
            severity: finding.severity,
            precision: precision(rule),
            docs_url: finding.docs_url.as_deref(),
            revoke_url: finding.revoke_url.as_deref(),
        }
    }

    fn description(&self) -> String {
        format!(
            "{}. Whoever can read it here can use it until it is revoked.",
            self.title
        )
    }

    /// What to do, as sentences that read as text and as Markdown list items.
    fn steps(&self) -> Vec<String> {
        let revoke = match self.revoke_url {
            Some(url) => format!("Revoke it at {url} and make a new one."),
            None => "Revoke it where it was issued, and make a new one.".to_owned(),
        };
        vec![
            revoke,
            "Look in the provider's log for uses that were not yours.".to_owned(),
            "Put the new one into a secret store or the environment, not into the repository."
                .to_owned(),
            "Deleting the line does not help: the credential stays in the history and in every clone."
                .to_owned(),
        ]
    }

    fn help(&self) -> MultiformatMessageString {
        let steps = self.steps();
        let mut text = format!("{}\n\n", self.description());
        let mut markdown = format!("{}\n\n", escape_markdown(&self.description()));
        for (number, step) in (1..).zip(&steps) {
            text += &format!("{number}. {step}\n");
            markdown += &format!("{number}. {}\n", escape_markdown(step));
        }
        if let Some(url) = self.docs_url {
            text += &format!("\nMore: {url}\n");
            markdown += &format!("\nMore: {}\n", escape_markdown(url));
        }
        MultiformatMessageString::builder()
            .text(text)
            .markdown(markdown)
            .build()
    }

    fn properties(&self) -> PropertyBag {
        let mut bag = Properties::default()
            .with("precision", self.precision)
            .with("security-severity", security_severity(self.severity))
            .with("provider", self.provider)
            .build();
        // LIMIT: GitHub takes 20 tags and shows 10.
        let tags = ["security", "secret", "external/cwe/cwe-798"];
        bag.tags = Some(tags.map(str::to_owned).to_vec());
        bag
    }
}

/// The number that stands for a severity with GitHub: above 9.0 is critical, from 7.0 high, from 4.0 medium.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.0",
        Severity::Low => "2.0",
    }
}

/// How often the rule is right: a checksum leaves little doubt, and a provider's own format less than a name does.
fn precision(rule: Option<&Rule>) -> &'static str {
    match rule {
        Some(rule) if rule.checksum.is_some() => "very-high",
        Some(rule) if rule.specificity >= 100 => "high",
        Some(rule) if rule.specificity >= 50 => "medium",
        Some(_) => "low",
        None => "medium",
    }
}

fn plain(text: &str) -> MultiformatMessageString {
    let cut: String = text.chars().take(MAX_DESCRIPTION).collect();
    MultiformatMessageString::builder().text(cut).build()
}

/// `help_uri` has to be a valid URI, and a user's rule file can hold anything.
fn is_web_address(url: &str) -> bool {
    url.starts_with("https://")
        && url
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}[]%".contains(&byte))
}

/// The text with the characters that Markdown acts on escaped; a bare address stays one.
fn escape_markdown(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|') {
            made.push('\\');
        }
        made.push(character);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_web_address_becomes_the_help_uri() {
        assert!(is_web_address("https://docs.example.org/keys?a=b#c"));
        for bad in [
            "http://a",
            "javascript:alert(1)",
            "https://a b",
            "https://ü",
            "https://a/%zz",
        ] {
            assert!(!is_web_address(bad), "{bad}");
        }
    }
}
