//! Laws over the whole rule pack. A rule that breaks one is named with what was wrong, and all of them at once.
//!
//! The expressions are run here by regex-automata alone, without detection, so that a fault is the rule's and not the
//! judge's. What detection makes of the samples is tested there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use leakward_core::Rule;
use leakward_core::rule::{Boundary, Find, Keyword, Pattern};
use leakward_rules::sample::{Rendered, Template};
use leakward_rules::{
    REGEX_SIZE_LIMIT, built_in, built_in_hash, estimated_regex_bytes, rule_set_hash,
};
use regex_automata::Input;
use regex_automata::meta::Regex;
use regex_automata::nfa::thompson;
use regex_automata::util::{captures::Captures, syntax};

const SEEDS: Range<u64> = 0..20;

/// Runs a law over every rule and fails with all violations.
fn for_every_rule(law: impl Fn(&Rule) -> Vec<String>) {
    let violations: Vec<String> = built_in()
        .iter()
        .flat_map(|rule| {
            law(rule)
                .into_iter()
                .map(|what| format!("{}: {what}", rule.id))
        })
        .collect();
    assert!(
        violations.is_empty(),
        "{} violations:\n{}",
        violations.len(),
        violations.join("\n")
    );
}

/// At most one violation of a template, however many seeds show it.
fn for_every_rendering(
    templates: &[std::borrow::Cow<'static, str>],
    law: impl Fn(&Rendered) -> Option<String>,
) -> Vec<String> {
    templates
        .iter()
        .filter_map(|text| {
            let template = Template::parse(text).expect("the build refuses broken templates");
            let broken = SEEDS
                .filter_map(|seed| law(&template.render(seed)))
                .collect::<Vec<_>>();
            let first = broken.first()?;
            Some(format!(
                "{text} ({} of {} seeds): {first}",
                broken.len(),
                SEEDS.end
            ))
        })
        .collect()
}

fn syntax() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

fn compile(regex: &str) -> Regex {
    Regex::builder()
        .syntax(syntax())
        .configure(Regex::config().utf8_empty(false))
        .build(regex)
        .expect("the build refuses broken expressions")
}

fn expressions(rule: &Rule) -> Vec<&str> {
    let own = match &rule.find {
        Find::Pattern(pattern) => Some(&*pattern.regex),
        Find::Keyword(keyword) => Some(&*keyword.value),
        Find::Native(_) | Find::Sweep(_) | Find::Path(_) => None,
    };
    own.into_iter()
        .chain(rule.allow.values.iter().map(|value| &**value))
        .collect()
}

fn stands_alone(text: &str, span: &Range<usize>, boundary: Boundary) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let bytes = text.as_bytes();
    let before = span.start.checked_sub(1).and_then(|place| bytes.get(place));
    let after = bytes.get(span.end);
    boundary == Boundary::None || !(before.is_some_and(is_word) || after.is_some_and(is_word))
}

/// Every place where a pattern finds a credential, boundaries kept.
fn places(regex: &Regex, pattern: &Pattern, text: &str) -> Vec<Range<usize>> {
    let mut captures: Captures = regex.create_captures();
    let mut found = Vec::new();
    let mut start = 0;
    while start <= text.len() {
        regex.captures(Input::new(text).span(start..text.len()), &mut captures);
        let Some(whole) = captures.get_match() else {
            break;
        };
        if let Some(group) = captures.get_group(usize::from(pattern.group)) {
            let span = group.start..group.end;
            if stands_alone(text, &span, pattern.boundary) {
                found.push(span);
            }
        }
        start = whole.start() + 1;
    }
    found
}

/// A keyword's joints stand for any joint or none, so both sides are compared without them.
fn without_joints(text: &str) -> String {
    text.replace([' ', '-', '_', '.'], "").to_ascii_lowercase()
}

fn keyword_stands_before(keyword: &Keyword, text: &str, secret: &Range<usize>) -> bool {
    let longest = keyword
        .keywords
        .iter()
        .map(|word| word.len() + 4)
        .max()
        .unwrap_or(0);
    let mut start = secret
        .start
        .saturating_sub(usize::from(keyword.within) + longest);
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let before = without_joints(&text[start..secret.start]);
    keyword
        .keywords
        .iter()
        .any(|word| before.contains(&without_joints(word)))
}

fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = BTreeMap::<u8, f64>::new();
    bytes
        .iter()
        .for_each(|byte| *counts.entry(*byte).or_default() += 1.0);
    let total = bytes.len() as f64;
    counts
        .values()
        .map(|count| -(count / total) * (count / total).log2())
        .sum()
}

#[test]
fn ids_are_unique_lower_case_words() {
    let mut seen = BTreeSet::new();
    for_every_rule(|rule| {
        let id = rule.id.as_str();
        let is_word = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        (!id.split('-').all(is_word))
            .then(|| "not kebab-case".to_owned())
            .into_iter()
            .collect()
    });
    for rule in built_in() {
        assert!(seen.insert(rule.id.as_str()), "{} is there twice", rule.id);
    }
}

#[test]
fn every_rule_says_what_it_finds_and_gives_a_sample() {
    for_every_rule(|rule| {
        let mut missing = Vec::new();
        if rule.title.trim().is_empty() || rule.provider.trim().is_empty() {
            missing.push("no title or provider".to_owned());
        }
        if rule.samples.is_empty() {
            missing.push("no sample".to_owned());
        }
        missing
    });
}

#[test]
fn links_are_https() {
    for_every_rule(|rule| {
        [&rule.docs_url, &rule.revoke_url]
            .into_iter()
            .flatten()
            .filter(|link| !link.starts_with("https://") || link.contains(' '))
            .map(|link| format!("{link} is no https link"))
            .collect()
    });
}

#[test]
fn companions_are_rules_of_the_pack() {
    let ids: BTreeSet<&str> = built_in().iter().map(|rule| rule.id.as_str()).collect();
    for_every_rule(|rule| {
        rule.companions
            .iter()
            .filter(|companion| !ids.contains(&*companion.rule) || companion.rule == rule.id.0)
            .map(|companion| format!("companion {}", companion.rule))
            .collect()
    });
}

#[test]
fn every_expression_compiles_within_its_estimate() {
    for_every_rule(|rule| {
        expressions(rule)
            .into_iter()
            .filter_map(|regex| {
                let nfa = thompson::Compiler::new()
                    .syntax(syntax())
                    .configure(thompson::Config::new().utf8(false))
                    .build(regex)
                    .expect("the build refuses broken expressions");
                let taken = nfa.memory_usage() as u64;
                let estimated = estimated_regex_bytes(regex).unwrap_or(0);
                (taken > estimated || estimated > REGEX_SIZE_LIMIT)
                    .then(|| format!("takes {taken}, estimated {estimated}: {regex}"))
            })
            .collect()
    });
}

#[test]
fn patterns_find_the_credential_of_each_of_their_samples() {
    for_every_rule(|rule| {
        let Find::Pattern(pattern) = &rule.find else {
            return Vec::new();
        };
        let regex = compile(&pattern.regex);
        for_every_rendering(&rule.samples, |sample| {
            let places = places(&regex, pattern, &sample.text);
            (!places.contains(&sample.secret))
                .then(|| format!("{:?} is not among {places:?}", sample.secret))
        })
    });
}

#[test]
fn keyword_rules_find_the_value_of_each_of_their_samples() {
    for_every_rule(|rule| {
        let Find::Keyword(keyword) = &rule.find else {
            return Vec::new();
        };
        let whole = compile(&format!("^(?:{})$", keyword.value));
        for_every_rendering(&rule.samples, |sample| {
            if !whole.is_match(sample.credential()) {
                return Some("the value does not match".to_owned());
            }
            (!keyword_stands_before(keyword, &sample.text, &sample.secret))
                .then(|| "no keyword before the value".to_owned())
        })
    });
}

#[test]
fn samples_have_the_entropy_that_their_rule_asks_for() {
    for_every_rule(|rule| {
        for_every_rendering(&rule.samples, |sample| {
            let entropy = entropy(sample.credential().as_bytes());
            (entropy < f64::from(rule.min_entropy))
                .then(|| format!("{entropy:.2} is below {}", rule.min_entropy))
        })
    });
}

#[test]
fn samples_are_not_among_what_their_rule_allows() {
    for_every_rule(|rule| {
        let values: Vec<Regex> = rule
            .allow
            .values
            .iter()
            .map(|value| compile(value))
            .collect();
        for_every_rendering(&rule.samples, |sample| {
            let lower = sample.credential().to_ascii_lowercase();
            let word = rule
                .allow
                .words
                .iter()
                .find(|word| lower.contains(&word.to_ascii_lowercase()));
            let value = values
                .iter()
                .any(|value| value.is_match(sample.credential()));
            (word.is_some() || value).then(|| format!("allowed by {word:?}"))
        })
    });
}

/// A near-miss may match when its checksum is wrong, its entropy too low or its value allowed: that is for the judge.
#[test]
fn near_misses_do_not_pass_for_credentials() {
    for_every_rule(|rule| {
        let Find::Pattern(pattern) = &rule.find else {
            return Vec::new();
        };
        if rule.checksum.is_some() {
            return Vec::new();
        }
        let regex = compile(&pattern.regex);
        let values: Vec<Regex> = rule
            .allow
            .values
            .iter()
            .map(|value| compile(value))
            .collect();
        for_every_rendering(&rule.near_misses, |near_miss| {
            places(&regex, pattern, &near_miss.text)
                .into_iter()
                .map(|span| &near_miss.text[span])
                .find(|found| {
                    let lower = found.to_ascii_lowercase();
                    entropy(found.as_bytes()) >= f64::from(rule.min_entropy)
                        && !values.iter().any(|value| value.is_match(found))
                        && !rule
                            .allow
                            .words
                            .iter()
                            .any(|word| lower.contains(&word.to_ascii_lowercase()))
                })
                .map(|found| format!("{found} is found"))
        })
    });
}

#[test]
fn samples_depend_on_the_seed_alone() {
    for_every_rule(|rule| {
        rule.samples
            .iter()
            .chain(rule.near_misses.iter())
            .filter_map(|text| {
                let template = Template::parse(text).expect("the build refuses broken templates");
                let mut seeds = SEEDS;
                let is_stable = seeds.all(|seed| template.render(seed) == template.render(seed));
                (!is_stable).then(|| format!("{text} changes"))
            })
            .collect()
    });
}

#[test]
fn the_hash_of_the_pack_is_the_one_computed_when_it_was_built() {
    assert_eq!(rule_set_hash(built_in()), built_in_hash());
}
