//! The judge: weighs what is known about a candidate into a confidence with reasons.

use std::sync::OnceLock;

use leakward_core::rule::{Find, Pattern};
use leakward_core::{Confidence, Rule, Span};

use super::allowed::Allowed;
use super::checksum::{self, Proof};
use super::context::{Context, LINE_REACH};
use super::entropy::shannon;
use super::generic::{self, Assigned};
use super::scale::Scale;
use super::traits::Traits;
use super::{name_like, near_value, placeholder, reference, weak};
use crate::confirm::Candidate;

/// What becomes of a candidate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Judgement {
    /// A credential, this sure, for these reasons.
    Credential(Confidence, Vec<String>),
    /// None, for this reason.
    Rejected(String),
    /// It has the shape of a credential, and its checksum or structure says that it is none: for this reason.
    Disproved(String),
}

/// What candidates of a pattern, a keyword and a native rule start with.
const PATTERN: i32 = 70;
const KEYWORD: i32 = 45;
const NATIVE: i32 = 40;

/// Longest value that people type.
const TYPED: usize = 64;

/// The judge over a set of rules.
#[derive(Debug)]
pub(crate) struct Judge {
    allowed: Vec<OnceLock<Allowed>>,
}

impl Judge {
    /// A judge over so many rules.
    pub(crate) fn new(rules: usize) -> Judge {
        Judge {
            allowed: std::iter::repeat_with(OnceLock::new).take(rules).collect(),
        }
    }

    /// Weighs a candidate of `rule` in `bytes`.
    pub(crate) fn judge(&self, rule: &Rule, candidate: &Candidate, bytes: &[u8]) -> Judgement {
        let secret = candidate.secret(bytes);
        if self.allows(rule, candidate.rule, secret) {
            return Judgement::Rejected("the rule allows this value".to_owned());
        }
        let mut scale = match &rule.find {
            Find::Pattern(_) => Scale::new(PATTERN),
            Find::Keyword(_) => Scale::new(KEYWORD),
            // Other tools' rules are not judged; see `sweep`.
            Find::Native(_) | Find::Sweep(_) | Find::Path(_) => Scale::new(NATIVE),
        };
        let proof = rule
            .checksum
            .map_or(Proof::Silent, |kind| checksum::test(kind, secret));
        match proof {
            Proof::Holds => scale.weigh(50, "its checksum or structure holds"),
            Proof::Fails => {
                return Judgement::Disproved("its checksum or structure does not hold".to_owned());
            }
            Proof::Silent => {}
        }
        let entropy = shannon(secret);
        if entropy < f64::from(rule.min_entropy) {
            return Judgement::Rejected(format!(
                "its characters are too alike ({entropy:.1} of at least {:.1} bits)",
                rule.min_entropy
            ));
        }
        for (points, words) in &candidate.evidence {
            scale.weigh(*points, words.clone());
        }
        weigh_by_kind(rule, candidate, (secret, bytes), proof, &mut scale);
        scale.read()
    }

    /// The bytes that [`Judge::judge`] reads for a candidate, at most: it, its name, what stands between them, and its line.
    pub(crate) fn reads(candidate: &Candidate) -> Span {
        let Span { start, end } = candidate.span;
        let name = candidate.name.unwrap_or(candidate.span);
        Span::new(
            start.saturating_sub(LINE_REACH).min(name.start),
            end.saturating_add(LINE_REACH).max(name.end),
        )
    }

    fn allows(&self, rule: &Rule, number: usize, secret: &[u8]) -> bool {
        if rule.allow.values.is_empty() && rule.allow.words.is_empty() {
            return false;
        }
        self.allowed.get(number).is_some_and(|allowed| {
            allowed
                .get_or_init(|| Allowed::new(&rule.allow))
                .holds(secret)
        })
    }
}

fn weigh_by_kind(
    rule: &Rule,
    candidate: &Candidate,
    (secret, bytes): (&[u8], &[u8]),
    proof: Proof,
    scale: &mut Scale,
) {
    let text_of = |span: Option<Span>| {
        span.and_then(|span| bytes.get(span.range()))
            .unwrap_or_default()
    };
    match &rule.find {
        Find::Pattern(pattern) if proof != Proof::Holds => {
            weigh_pattern(pattern, secret, scale);
            weigh_around(pattern, secret, &Context::of(bytes, candidate.span), scale);
        }
        Find::Pattern(_) => {
            let inner = checksum::inner(rule.checksum, secret);
            if let Some(reason) = inner.as_deref().and_then(placeholder::reason) {
                scale.reject(reason);
            }
        }
        Find::Sweep(_) | Find::Path(_) => {}
        Find::Keyword(_) => {
            let name_end = candidate.name.map_or(candidate.span.start, |name| name.end);
            let between = bytes
                .get(name_end..candidate.span.start)
                .unwrap_or_default();
            let context = Context::of(bytes, candidate.span);
            near_value::weigh(secret, (text_of(candidate.name), between), &context, scale);
        }
        Find::Native(_) => match candidate.expects {
            Some(kind) => {
                let assigned = Assigned {
                    value: secret,
                    name: text_of(candidate.name),
                    kind,
                    manner: candidate.manner,
                };
                generic::weigh(assigned, &Context::of(bytes, candidate.span), scale);
            }
            None => {
                let is_typed = secret.len() <= TYPED;
                if is_typed && Context::of(bytes, candidate.span).speaks_of_samples() {
                    scale.weigh(-15, "its line speaks of samples");
                }
                weigh_native(secret, scale);
            }
        },
    }
}

/// What stands around a credential with a shape of its own.
fn weigh_around(pattern: &Pattern, secret: &[u8], context: &Context, scale: &mut Scale) {
    if context.calls_it_a_sample() {
        scale.weigh(-35, "a comment on its line says that it is none");
    }
    if context.is_called_example() {
        scale.weigh(-35, "it is called an example");
    }
    if pattern.group > 0 && generic::is_well_known(&secret.to_ascii_lowercase()) {
        scale.weigh(-25, "it is a password that everybody knows");
        if context.speaks_of_this_machine() {
            scale.weigh(-10, "it is one of the own machine");
        }
    }
}

/// A credential with a shape of its own: only clear signs of a sample count against it.
fn weigh_pattern(pattern: &Pattern, secret: &[u8], scale: &mut Scale) {
    let body = without_literal(pattern, secret);
    if let Some(reason) = placeholder::reason(body) {
        scale.reject(reason);
        return;
    }
    let typed = Traits::of(secret);
    if pattern.group > 0 && typed.foreign * 2 >= typed.length {
        scale.reject("it is a text in another script");
        return;
    }
    // A part of the match: what people typed there, and not a token with a shape of its own.
    if pattern.group > 0 && secret.len() <= TYPED {
        let reason = reference::reason(secret).or_else(|| {
            if placeholder::is_name_of_secret(secret) {
                Some("it is the name of a secret")
            } else if weak::says_password(secret) {
                Some("it says what should stand there")
            } else {
                generic::is_nothing(&secret.to_ascii_lowercase())
                    .then_some("it is a word of the language, not a value")
            }
        });
        if let Some(reason) = reason {
            scale.reject(reason);
            return;
        }
    }
    let traits = Traits::of(body);
    if pattern.group > 0 && traits.length <= TYPED && !traits.looks_random() && traits.classes() < 3
    {
        scale.weigh(-15, "only what stands around it tells what it is");
    }
    let is_said =
        traits.length >= 12 && traits.reads_like_words() && traits.digits * 8 < traits.length;
    if is_said && !(asks_for_password(pattern) && name_like::is_passphrase(secret)) {
        scale.weigh(-45, "it reads like words");
    }
    let shortest = pattern
        .literals
        .iter()
        .map(|literal| literal.len())
        .min()
        .unwrap_or(0);
    if shortest < 4 && !traits.looks_random() {
        scale.weigh(-15, "its prefix is short and the rest does not look random");
    }
}

/// Whether a rule looks for what people choose.
fn asks_for_password(pattern: &Pattern) -> bool {
    let says = |literal: &str| literal.to_ascii_lowercase().contains("password");
    pattern.group > 0 && pattern.literals.iter().any(|literal| says(literal))
}

/// What follows the literal in the credential: the literal says nothing about this one.
fn without_literal<'a>(pattern: &Pattern, secret: &'a [u8]) -> &'a [u8] {
    /// LIMIT: how far from its beginning the literal is looked for: a scheme or a host may stand before.
    const HEAD: usize = 64;
    let head = secret
        .get(..HEAD.min(secret.len()))
        .unwrap_or_default()
        .to_ascii_lowercase();
    pattern
        .literals
        .iter()
        .filter_map(|literal| {
            let literal = literal.to_ascii_lowercase();
            let at = memchr::memmem::find(&head, literal.as_bytes())?;
            secret.get(at + literal.len()..)
        })
        .min_by_key(|rest| rest.len())
        .unwrap_or(secret)
}

/// What native detectors found that stands for itself: keys and passwords in URLs.
fn weigh_native(secret: &[u8], scale: &mut Scale) {
    if secret.len() > 256 {
        return;
    }
    let traits = Traits::of(secret);
    if traits.foreign * 2 >= traits.length {
        scale.reject("it is a text in another script");
        return;
    }
    if let Some(reason) = reference::reason(secret).or_else(|| placeholder::reason(secret)) {
        scale.reject(reason);
    }
    // `oplog_reader_password` and `auth_key`, not `rootpassword`.
    let joins = |byte: &u8| b"_-".contains(byte);
    let letters: Vec<u8> = secret.iter().copied().filter(|byte| !joins(byte)).collect();
    let is_token = name_like::is_called_token(&letters.to_ascii_lowercase());
    let is_name = secret.iter().any(joins) && (placeholder::is_name_of_secret(secret) || is_token);
    if secret.len() <= TYPED && is_name {
        scale.reject("it is the name of a secret");
    }
}
