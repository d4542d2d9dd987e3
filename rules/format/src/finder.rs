//! How a rule finds its credential: by pattern, by keyword, or by a detector written in Rust.
//!
//! The deciding keys are `pattern`, `keywords` and `native`; each brings its own further keys, and a key of another way is an
//! error, because it would have no effect.

use std::borrow::Cow;

use leakward_core::rule::{Boundary, Find, Keyword, NATIVE_DETECTORS, Native, Pattern, Text};

use crate::fields::{Fields, Located};
use crate::problem::Problem;
use crate::regex_check::{RegexRole, check_regex};
use crate::required_literal::{LetterCase, every_match_holds_one};
use crate::rule_table::{owned, owned_list};

const BOUNDARIES: [(&str, Boundary); 3] = [
    ("word", Boundary::Word),
    ("base64", Boundary::Base64),
    ("none", Boundary::None),
];

/// A shorter literal is found nearly everywhere, and the prefilter compares at least three bytes.
const SHORTEST_LITERAL: usize = 3;

const DEFAULT_WITHIN: u16 = 60;

/// Every key that says how to find, for a rule that does not say which way it means.
const FINDER_KEYS: [&str; 10] = [
    "pattern",
    "literals",
    "group",
    "boundary",
    "ignore-case",
    "keywords",
    "value",
    "within",
    "native",
    "names",
];

/// How a rule finds its credential, and how specific that is unless the rule says otherwise.
pub(crate) struct Finder {
    pub(crate) find: Find,
    pub(crate) specificity: u8,
}

impl Finder {
    /// Whether the prefilter would stop at a text.
    pub(crate) fn has_literal(&self, text: &str) -> bool {
        match &self.find {
            Find::Pattern(pattern) if !pattern.ignore_case => pattern
                .literals
                .iter()
                .any(|literal| text.contains(&**literal)),
            Find::Pattern(pattern) => holds_one(text, &pattern.literals, str::to_ascii_lowercase),
            Find::Native(native) => holds_one(text, &native.literals, str::to_ascii_lowercase),
            Find::Keyword(keyword) => holds_one(text, &keyword.keywords, without_joints),
            // This format has no such rules.
            Find::Sweep(_) | Find::Path(_) => true,
        }
    }
}

fn holds_one(text: &str, literals: &[Text], simplify: fn(&str) -> String) -> bool {
    let text = simplify(text);
    literals
        .iter()
        .any(|literal| text.contains(&simplify(literal)))
}

/// A keyword's space, dash, underscore or dot stands for any of them or for nothing.
fn without_joints(text: &str) -> String {
    text.replace([' ', '-', '_', '.'], "").to_ascii_lowercase()
}

pub(crate) fn read_finder(fields: &mut Fields<'_, '_, '_>) -> Option<Finder> {
    let given: Vec<&'static str> = ["pattern", "keywords", "native"]
        .into_iter()
        .filter(|key| fields.has(key))
        .collect();
    match given.as_slice() {
        ["pattern"] => read_pattern(fields),
        ["keywords"] => read_keyword(fields),
        ["native"] => read_native(fields),
        _ => {
            let start = fields.start();
            fields.source.report(start, Problem::WaysToFind { given });
            fields.pass_over(&FINDER_KEYS);
            None
        }
    }
}

fn read_pattern(fields: &mut Fields<'_, '_, '_>) -> Option<Finder> {
    fields.foreign(&["value", "within"], "pattern", "keyword");
    fields.foreign(&["names"], "pattern", "native");
    let literals = fields.required_texts("literals");
    check_lengths(fields, "literals", &literals);
    let ignore_case = fields.flag("ignore-case");
    let pattern = fields.required_text("pattern")?;
    let group = fields.whole("group", 0, u8::MAX).unwrap_or(0);
    let boundary = fields.word("boundary", &BOUNDARIES).unwrap_or_default();
    let hir = check_regex(fields.source, "pattern", &pattern, RegexRole::Pattern);
    if let Some(hir) = &hir {
        let groups = hir.properties().explicit_captures_len();
        if usize::from(group) > groups {
            let problem = Problem::NoSuchGroup { group, groups };
            fields.source.report(pattern.span.start, problem);
        }
        let case = if ignore_case {
            LetterCase::Ignored
        } else {
            LetterCase::Exact
        };
        let texts: Vec<&str> = literals
            .iter()
            .map(|literal| literal.text.as_str())
            .collect();
        if !texts.is_empty() && !every_match_holds_one(hir, &texts, case) {
            fields
                .source
                .report(pattern.span.start, Problem::LiteralNotProven);
        }
    }
    let find = Find::Pattern(Pattern {
        literals: owned_list(literals),
        ignore_case,
        regex: owned(pattern),
        group,
        boundary,
    });
    Some(Finder {
        find,
        specificity: 100,
    })
}

fn read_keyword(fields: &mut Fields<'_, '_, '_>) -> Option<Finder> {
    fields.foreign(
        &["literals", "group", "boundary", "ignore-case"],
        "keyword",
        "pattern",
    );
    fields.foreign(&["names"], "keyword", "native");
    let keywords = fields.required_texts("keywords");
    check_lengths(fields, "keywords", &keywords);
    let value = fields.required_text("value");
    let within = fields
        .whole("within", 1, 1024_u16)
        .unwrap_or(DEFAULT_WITHIN);
    let value = value?;
    check_regex(fields.source, "value", &value, RegexRole::Value);
    let find = Find::Keyword(Keyword {
        keywords: owned_list(keywords),
        value: owned(value),
        within,
    });
    Some(Finder {
        find,
        specificity: 50,
    })
}

fn read_native(fields: &mut Fields<'_, '_, '_>) -> Option<Finder> {
    fields.foreign(&["group", "boundary", "ignore-case"], "native", "pattern");
    fields.foreign(&["value", "within"], "native", "keyword");
    let literals = fields.required_texts("literals");
    check_lengths(fields, "literals", &literals);
    let names = fields.texts("names");
    let known = NATIVE_DETECTORS.map(|name| (name, name));
    let detector = fields.word("native", &known)?;
    let find = Find::Native(Native {
        detector: Cow::Borrowed(detector),
        literals: owned_list(literals),
        names: owned_list(names),
    });
    Some(Finder {
        find,
        specificity: 10,
    })
}

fn check_lengths(fields: &mut Fields<'_, '_, '_>, key: &'static str, literals: &[Located]) {
    for literal in literals {
        if literal.text.len() < SHORTEST_LITERAL {
            let problem = Problem::ShortLiteral {
                key,
                literal: literal.text.clone(),
            };
            fields.source.report(literal.span.start, problem);
        }
    }
}
