//! Every built-in rule, one row each.

use leakward_core::action::{Action, Means};
use leakward_core::rule::Class;
use leakward_core::verification::Question;
use leakward_core::{Rule, Verification};

use super::markdown::{cell, code, head, row};

/// The page.
pub(super) fn page(rules: &[Rule]) -> String {
    let mut reported: Vec<&Rule> = rules
        .iter()
        .filter(|rule| rule.class == Class::Secret)
        .collect();
    reported.sort_by_key(|rule| (rule.provider.to_lowercase(), rule.id.as_str()));
    let mut page = introduction(&reported);
    let mut letter = None;
    for rule in reported {
        let first = initial(&rule.provider);
        if letter != Some(first) {
            page.push_str(&format!("\n## {first}\n\n"));
            page.push_str(&head([
                "Provider", "Rule", "Finds", "Severity", "Verified", "Revoked", "Rotated",
            ]));
            letter = Some(first);
        }
        page.push_str(&entry(rule));
    }
    page
}

fn introduction(rules: &[&Rule]) -> String {
    let automatic = |action: Option<&Action>| action.is_some_and(Action::is_automatic);
    let verified = rules.iter().filter(|rule| rule.verify.is_some()).count();
    let revoked = rules.iter().filter(|rule| automatic(rule.revoke.as_ref()));
    let rotated = rules.iter().filter(|rule| automatic(rule.rotate.as_ref()));
    format!(
        "# Rules\n\nMade of the rule pack by `cargo xtask docs`; do not edit. {} rules are reported; {verified} of them are verified, \
         {} revoked and {} rotated without a person. `leakward rules explain ID` says in words how one is found, \
         [writing-rules.md](../writing-rules.md) how to write your own.\n\n\
         - **Verified**: whom `leakward scan --verify` asks, and nobody else. `your server` is named with `--endpoint`.\n\
         - **Revoked**, **Rotated**: `yes` by an interface of the provider, `by hand` with instructions for a person.\n",
        rules.len(),
        revoked.count(),
        rotated.count(),
    )
}

/// Where the page's list of a provider begins.
fn initial(provider: &str) -> char {
    match provider.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => first.to_ascii_uppercase(),
        _ => '#',
    }
}

fn entry(rule: &Rule) -> String {
    let title = match &rule.docs_url {
        Some(url) => format!("[{}]({url})", cell(&rule.title)),
        None => cell(&rule.title),
    };
    row([
        &cell(&rule.provider),
        &code(rule.id.as_str()),
        &title,
        rule.severity.as_str(),
        &rule.verify.as_ref().map(asked).unwrap_or_default(),
        &by_whom(rule.revoke.as_ref(), rule.revoke_url.as_deref()),
        &by_whom(rule.rotate.as_ref(), None),
    ])
}

/// The server that is asked.
fn asked(verify: &Verification) -> String {
    let server = match &verify.endpoint {
        Some(url) => {
            let host = url.split_once("://").map_or(url.as_ref(), |(_, rest)| rest);
            code(host.split('/').next().unwrap_or(host))
        }
        None => "your server".to_owned(),
    };
    match &verify.question {
        Question::Http(_) => server,
        Question::Native(name) => format!("{server} ({name})"),
    }
}

fn by_whom(action: Option<&Action>, page: Option<&str>) -> String {
    let by_hand = page.map_or_else(|| "by hand".to_owned(), |url| format!("[by hand]({url})"));
    match action.map(|action| &action.means) {
        Some(Means::Http(_) | Means::Native(_)) => "yes".to_owned(),
        Some(Means::ByHand) => by_hand,
        None if page.is_some() => by_hand,
        None => String::new(),
    }
}
