//! One hash over everything in a rule set that can change a finding, so that a cache knows when it is stale.
//!
//! Samples and links are left out: they change no result. The order of the rules counts, since matches name them by index.

use std::fmt;

use leakward_core::Rule;
use leakward_core::rule::{Class, Find, List, Text};
use sha2::{Digest, Sha256};

/// Raised whenever the encoding below changes.
const ENCODING: u8 = 1;

/// The first 128 bits of a SHA-256 over a rule set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RuleSetHash(pub [u8; 16]);

impl fmt::Display for RuleSetHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Hashes a rule set. The same on every machine and in every run.
#[must_use]
pub fn rule_set_hash(rules: &[Rule]) -> RuleSetHash {
    let mut hasher = Hasher(Sha256::new());
    hasher.0.update([ENCODING]);
    hasher.count(rules.len());
    for rule in rules {
        hasher.rule(rule);
    }
    let digest = hasher.0.finalize();
    let mut short = [0; 16];
    short
        .iter_mut()
        .zip(digest)
        .for_each(|(to, from)| *to = from);
    RuleSetHash(short)
}

/// INVARIANT: every text is preceded by its length, so that no two rule sets give the same bytes.
struct Hasher(Sha256);

impl Hasher {
    fn rule(&mut self, rule: &Rule) {
        self.texts([
            rule.id.as_str(),
            &rule.provider,
            &rule.title,
            rule.severity.as_str(),
        ]);
        self.0.update([u8::from(rule.class == Class::Identifier)]);
        self.find(&rule.find);
        self.0.update(rule.min_entropy.to_le_bytes());
        self.text(rule.checksum.map_or("", |kind| kind.as_str()));
        self.0.update([rule.specificity]);
        self.count(rule.companions.len());
        for companion in rule.companions.iter() {
            self.texts([&*companion.name, &companion.rule]);
            self.0.update(companion.within_lines.to_le_bytes());
            self.0.update([u8::from(companion.required)]);
        }
        self.list(&rule.allow.values);
        self.list(&rule.allow.words);
        self.list(&rule.allow.paths);
        self.list(&rule.paths);
        if let Some(foreign) = &rule.foreign {
            self.text(&format!("{foreign:?}"));
        }
    }

    fn find(&mut self, find: &Find) {
        match find {
            Find::Pattern(pattern) => {
                self.text("pattern");
                self.list(&pattern.literals);
                self.text(&pattern.regex);
                let flags = [
                    u8::from(pattern.ignore_case),
                    pattern.group,
                    pattern.boundary as u8,
                ];
                self.0.update(flags);
            }
            Find::Keyword(keyword) => {
                self.text("keyword");
                self.list(&keyword.keywords);
                self.text(&keyword.value);
                self.0.update(keyword.within.to_le_bytes());
            }
            Find::Native(native) => {
                self.text("native");
                self.text(&native.detector);
                self.list(&native.literals);
                self.list(&native.names);
            }
            Find::Sweep(sweep) => {
                self.text("sweep");
                self.list(&sweep.keywords);
                self.text(&sweep.regex);
                self.text(&format!("{:?}", sweep.group));
            }
            Find::Path(path) => {
                self.text("path");
                self.text(&path.regex);
            }
        }
    }

    fn list(&mut self, list: &List<Text>) {
        self.count(list.len());
        self.texts(list.iter().map(|text| &**text));
    }

    fn texts<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) {
        texts.into_iter().for_each(|text| self.text(text));
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.update(text.as_bytes());
    }

    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_le_bytes());
    }
}
