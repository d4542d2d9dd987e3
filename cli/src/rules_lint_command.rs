//! `leakward rules lint`: what is questionable about rules, and what they cost on real files.
//!
//! Everything that it says is advice: a rule file that is wrong is refused when it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use leakward_core::rule::{Class, Find};
use leakward_core::{Rule, Span};
use leakward_detect::{Detector, Settings};
use leakward_rule_format::check_expression;
use leakward_rules::sample;
use leakward_scan::cache::CacheChoice;
use leakward_scan::policy::Overrides;
use leakward_scan::request::{Measure, Request};
use leakward_scan::run::Scanned;
use serde_json::{Value, json};

use crate::args::{RulesFormat, RulesLintArgs};
use crate::lines::Lines;
use crate::messages::Messages;
use crate::rule_stats::{Row, percent, rows};
use crate::rules_command::load;
use crate::scan_command::{run_request, targets_request};

/// Samples that are drawn of each template to see who else finds them.
const SEEDS: u64 = 2;

/// A shorter match without checksum, entropy bound or required companion says little.
const SHORTEST_BODY: usize = 10;

/// A literal of fewer bytes stands in much that is no credential.
const SHORT_LITERAL: usize = 4;

/// Rules that the text shows of what was measured.
const ROWS: usize = 25;

/// Status when there is something to look at.
const STATUS_ADVICE: u8 = 1;

/// What is questionable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Duplicate,
    Overlap,
    MissingLiteral,
    ShortLiteral,
    Broad,
    NoSamples,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Overlap => "overlap",
            Self::MissingLiteral => "missing-literal",
            Self::ShortLiteral => "short-literal",
            Self::Broad => "broad",
            Self::NoSamples => "no-samples",
        }
    }
}

/// A piece of advice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Advice {
    rule: String,
    kind: Kind,
    text: String,
}

/// Looks at the rules, and measures them where that was asked for.
pub(crate) fn run(args: &RulesLintArgs, messages: Messages) -> anyhow::Result<ExitCode> {
    let rules = load(&args.files)?;
    let own = own_rules(&rules, args);
    let detector = Detector::new(rules, Settings::default())?;
    detector.check()?;
    let mut advice: Vec<Advice> = own.iter().flat_map(of_rule).collect();
    advice.extend(duplicates(detector.rules(), &own));
    advice.extend(overlaps(&detector, &own));
    advice.sort();
    advice.dedup();
    let measured = if args.on.is_empty() {
        None
    } else {
        Some(measure(args, messages)?)
    };
    let text = match args.format {
        RulesFormat::Json => format!(
            "{}\n",
            serde_json::to_string_pretty(&as_json(&own, &advice, measured.as_ref()))?
        ),
        RulesFormat::Text => as_text(&own, &advice, measured.as_ref()),
    };
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(error).context("standard output");
        }
        _ => {}
    }
    Ok(if advice.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(STATUS_ADVICE)
    })
}

/// The rules that are looked at: those of the files, or all when there are none.
fn own_rules(rules: &[Rule], args: &RulesLintArgs) -> Vec<Rule> {
    if args.files.is_empty() {
        return rules.to_vec();
    }
    let built_in = leakward_rules::built_in();
    let is_own = |rule: &&Rule| leakward_rules::find(built_in, rule.id.as_str()) != Some(*rule);
    rules.iter().filter(is_own).cloned().collect()
}

fn of_rule(rule: &Rule) -> Vec<Advice> {
    let mut advice = Vec::new();
    let mut say = |kind, text: String| {
        advice.push(Advice {
            rule: rule.id.to_string(),
            kind,
            text,
        });
    };
    match &rule.find {
        Find::Sweep(sweep) if sweep.keywords.is_empty() => say(
            Kind::MissingLiteral,
            "no keyword, and no text of four characters stands in every match: it is run over every file".to_owned(),
        ),
        Find::Sweep(sweep) => {
            let short: Vec<&str> = sweep
                .keywords
                .iter()
                .map(|keyword| &**keyword)
                .filter(|keyword| keyword.len() < SHORT_LITERAL)
                .collect();
            if !short.is_empty() {
                say(
                    Kind::ShortLiteral,
                    format!("{short:?} are shorter than {SHORT_LITERAL} characters: it is run over every file"),
                );
            }
        }
        Find::Pattern(pattern) => {
            let short: Vec<&str> = pattern
                .literals
                .iter()
                .map(|literal| &**literal)
                .filter(|literal| literal.len() < SHORT_LITERAL)
                .collect();
            if !short.is_empty() && rule.checksum.is_none() && rule.min_entropy <= 0.0 {
                say(
                    Kind::ShortLiteral,
                    format!("{short:?} stand in much that is no credential; a checksum or an entropy bound would help"),
                );
            }
        }
        Find::Keyword(_) | Find::Native(_) | Find::Path(_) => {}
    }
    // What is never reported may be as short as it is.
    if let Some(text) = breadth(rule).filter(|_| rule.class == Class::Secret) {
        say(Kind::Broad, text);
    }
    if rule.class == Class::Secret && rule.samples.is_empty() {
        say(
            Kind::NoSamples,
            "no samples: nobody knows that it finds what it is for".to_owned(),
        );
    }
    advice
}

/// Why a rule matches much that is no credential.
fn breadth(rule: &Rule) -> Option<String> {
    let (regex, literal) = match &rule.find {
        Find::Pattern(pattern) => (
            &*pattern.regex,
            pattern.literals.iter().map(|literal| literal.len()).min()?,
        ),
        Find::Keyword(keyword) => (&*keyword.value, 0),
        Find::Sweep(sweep) => (&*sweep.regex, 0),
        Find::Native(_) | Find::Path(_) => return None,
    };
    let has_proof = rule.checksum.is_some()
        || rule.min_entropy > 0.0
        || rule.companions.iter().any(|companion| companion.required)
        || rule
            .foreign
            .as_ref()
            .is_some_and(|foreign| foreign.entropy_above.is_some() || !foreign.requires.is_empty());
    let shortest = check_expression(regex).ok()?.properties().minimum_len()?;
    let body = shortest.saturating_sub(literal);
    (body < SHORTEST_BODY && !has_proof).then(|| {
        format!("a match needs only {body} characters beside its literal, and there is neither a checksum nor an entropy bound nor a companion to prove it")
    })
}

/// Rules that say the same with other names.
fn duplicates(all: &[Rule], own: &[Rule]) -> Vec<Advice> {
    let mut by_find: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for rule in all {
        let conditions = (&rule.allow, &rule.paths, &rule.foreign);
        by_find
            .entry(format!("{:?} {conditions:?}", rule.find))
            .or_default()
            .push(rule.id.as_str());
    }
    let is_own = |id: &str| own.iter().any(|rule| rule.id.as_str() == id);
    by_find
        .into_values()
        .filter(|ids| ids.len() > 1)
        .flat_map(|ids| {
            let first = ids.first().map_or("", |id| *id).to_owned();
            ids.into_iter()
                .skip(1)
                .map(move |id| (id.to_owned(), first.clone()))
        })
        .filter(|(id, first)| is_own(id) || is_own(first))
        .map(|(id, first)| Advice {
            rule: id,
            kind: Kind::Duplicate,
            text: format!("finds exactly what {first} finds"),
        })
        .collect()
}

/// Rules whose samples others report, or report as well.
fn overlaps(detector: &Detector, own: &[Rule]) -> Vec<Advice> {
    let mut scratch = detector.scratch();
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    let mut advice = Vec::new();
    for rule in own.iter().filter(|rule| rule.class == Class::Secret) {
        for (template, seed) in rule
            .samples
            .iter()
            .flat_map(|t| (0..SEEDS).map(move |s| (t, s)))
        {
            let Ok(rendered) = sample::render(template, seed) else {
                continue;
            };
            let secret = Span::new(rendered.secret.start, rendered.secret.end);
            let found = detector
                .detect(rendered.text.as_bytes(), &mut scratch)
                .matches;
            let names: Vec<&str> = found
                .iter()
                .filter(|matched| matched.span.overlaps(secret))
                .filter_map(|matched| detector.rules().get(matched.rule))
                .map(|by| by.id.as_str())
                .collect();
            let is_found = names.contains(&rule.id.as_str());
            for other in names.iter().filter(|id| **id != rule.id.as_str()) {
                if seen.insert((rule.id.to_string(), (*other).to_owned())) {
                    let text = if is_found {
                        format!("its sample {template:?} is reported by {other} as well")
                    } else {
                        format!(
                            "its sample {template:?} is reported as {other}, which is more specific or surer"
                        )
                    };
                    advice.push(Advice {
                        rule: rule.id.to_string(),
                        kind: Kind::Overlap,
                        text,
                    });
                }
            }
        }
    }
    advice
}

fn measure(args: &RulesLintArgs, messages: Messages) -> anyhow::Result<Scanned> {
    let request = Request {
        overrides: Overrides {
            rule_files: args.files.clone(),
            ..Overrides::default()
        },
        measure: Measure::Rules,
        cache: CacheChoice::Off,
        ..targets_request(&args.on)?
    };
    run_request(&request, messages)
}

/// What a rule costs on text of which there are so many bytes.
struct Rates {
    /// Milliseconds of processor time for each million bytes.
    ms_per_mb: f64,
    /// Hits of its literals for each thousand million bytes.
    hits_per_gb: f64,
    matches_per_gb: f64,
}

impl Rates {
    fn of(row: &Row<'_>, bytes: u64) -> Self {
        let bytes = bytes.max(1) as f64;
        Self {
            ms_per_mb: row.cost.nanos as f64 / bytes,
            hits_per_gb: row.cost.hits as f64 * 1e9 / bytes,
            matches_per_gb: row.cost.matches as f64 * 1e9 / bytes,
        }
    }
}

/// The measured rules that are looked at.
fn measured_rows<'s>(own: &[Rule], scanned: &'s Scanned) -> Vec<Row<'s>> {
    rows(scanned)
        .into_iter()
        .filter(|row| own.iter().any(|rule| rule.id == row.rule.id))
        .collect()
}

fn as_text(own: &[Rule], advice: &[Advice], measured: Option<&Scanned>) -> String {
    let mut text = Lines::default();
    for one in advice {
        text.add(format_args!(
            "{}: {}: {}",
            one.rule,
            one.kind.as_str(),
            one.text
        ));
    }
    text.add(format_args!(
        "{} rules looked at, {} things to think about",
        own.len(),
        advice.len()
    ));
    let Some(scanned) = measured else {
        return text.into_text();
    };
    let bytes = scanned.outcome.stats.bytes;
    let rows = measured_rows(own, scanned);
    let all: u64 = rows.iter().map(|row| row.cost.nanos).sum();
    text.add(format_args!(
        "\nmeasured over {bytes} bytes, the dearest first"
    ));
    text.add(format_args!(
        "{:<44} {:>10} {:>6} {:>13} {:>11} {:>8}",
        "rule", "ms per MB", "time%", "hits per GB", "matches/GB", "findings"
    ));
    for row in rows.iter().take(ROWS) {
        let rates = Rates::of(row, bytes);
        text.add(format_args!(
            "{:<44} {:>10.4} {:>6.1} {:>13.0} {:>11.0} {:>8}",
            row.rule.id.as_str(),
            rates.ms_per_mb,
            percent(row.cost.nanos, all),
            rates.hits_per_gb,
            rates.matches_per_gb,
            row.findings
        ));
    }
    text.into_text()
}

fn as_json(own: &[Rule], advice: &[Advice], measured: Option<&Scanned>) -> Value {
    let advice: Vec<Value> = advice
        .iter()
        .map(|one| json!({ "rule": one.rule, "kind": one.kind.as_str(), "text": one.text }))
        .collect();
    let measured = measured.map(|scanned| {
        let bytes = scanned.outcome.stats.bytes;
        let rules: Vec<Value> = measured_rows(own, scanned)
            .iter()
            .map(|row| {
                let rates = Rates::of(row, bytes);
                json!({
                    "id": row.rule.id.as_str(),
                    "ms_per_mb": rates.ms_per_mb,
                    "hits_per_gb": rates.hits_per_gb,
                    "matches_per_gb": rates.matches_per_gb,
                    "findings": row.findings,
                })
            })
            .collect();
        json!({ "bytes": bytes, "rules": rules })
    });
    json!({
        "schema_version": 1,
        "rules": own.len(),
        "advice": advice,
        "measured": measured,
    })
}
