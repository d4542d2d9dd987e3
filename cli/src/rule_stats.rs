//! `--rule-stats`: what each rule cost and found, as a table or as JSON.

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use leakward_core::Rule;
use leakward_detect::RuleCost;
use leakward_scan::run::Scanned;
use serde_json::{Value, json};

use crate::lines::Lines;

/// Rules that the table has at most; the JSON has all.
const ROWS: usize = 40;

/// One rule's share of a scan.
pub(crate) struct Row<'s> {
    pub(crate) rule: &'s Rule,
    pub(crate) cost: RuleCost,
    /// Findings in the report.
    pub(crate) findings: usize,
}

/// Rules that did anything, the dearest first.
pub(crate) fn rows(scanned: &Scanned) -> Vec<Row<'_>> {
    let findings = |rule: &Rule| {
        let all = scanned.outcome.findings.iter();
        all.filter(|finding| finding.rule == rule.id).count()
    };
    let mut rows: Vec<Row<'_>> = scanned
        .rules
        .iter()
        .zip(&scanned.costs)
        .filter(|(_, cost)| cost.hits > 0)
        .map(|(rule, cost)| Row {
            rule,
            cost: *cost,
            findings: findings(rule),
        })
        .collect();
    rows.sort_by(|a, b| {
        (b.cost.nanos, b.cost.hits)
            .cmp(&(a.cost.nanos, a.cost.hits))
            .then_with(|| a.rule.id.cmp(&b.rule.id))
    });
    rows
}

/// Tells it: a table on standard error, or JSON into a file.
pub(crate) fn tell(scanned: &Scanned, file: Option<&Path>) -> anyhow::Result<()> {
    let rows = rows(scanned);
    match file {
        Some(path) => {
            let text = serde_json::to_string_pretty(&as_json(scanned, &rows))?;
            std::fs::write(path, text + "\n").with_context(|| path.display().to_string())
        }
        None => io::stderr()
            .write_all(as_text(scanned, &rows).as_bytes())
            .context("standard error"),
    }
}

fn total(rows: &[Row<'_>]) -> u64 {
    rows.iter().map(|row| row.cost.nanos).sum()
}

/// Hundredths of a part.
pub(crate) fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    part as f64 * 100.0 / whole as f64
}

fn as_text(scanned: &Scanned, rows: &[Row<'_>]) -> String {
    let all = total(rows);
    let mut text = Lines::default();
    text.add(format_args!(
        "{:<44} {:>10} {:>10} {:>9} {:>6} {:>10} {:>9} {:>8}",
        "rule", "hits", "tries", "ms", "time%", "candidates", "matches", "findings"
    ));
    for row in rows.iter().take(ROWS) {
        let cost = row.cost;
        text.add(format_args!(
            "{:<44} {:>10} {:>10} {:>9.2} {:>6.1} {:>10} {:>9} {:>8}",
            row.rule.id.as_str(),
            cost.hits,
            cost.tries,
            cost.nanos as f64 / 1e6,
            percent(cost.nanos, all),
            cost.candidates,
            cost.matches,
            row.findings
        ));
    }
    if rows.len() > ROWS {
        text.add(format_args!(
            "and {} rules that cost less",
            rows.len() - ROWS
        ));
    }
    text.add(format_args!(
        "{} of {} rules had a hit; {:.1} ms of processor time in rules, over {} bytes",
        rows.len(),
        scanned.rules.len(),
        all as f64 / 1e6,
        scanned.outcome.stats.bytes
    ));
    text.into_text()
}

fn as_json(scanned: &Scanned, rows: &[Row<'_>]) -> Value {
    let all = total(rows);
    let rules: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "id": row.rule.id.as_str(),
                "hits": row.cost.hits,
                "tries": row.cost.tries,
                "nanoseconds": row.cost.nanos,
                "time_percent": percent(row.cost.nanos, all),
                "candidates": row.cost.candidates,
                "matches": row.cost.matches,
                "findings": row.findings,
            })
        })
        .collect();
    json!({
        "schema_version": 1,
        "bytes": scanned.outcome.stats.bytes,
        "rules_applied": scanned.rules.len(),
        "nanoseconds": all,
        "rules": rules,
    })
}
