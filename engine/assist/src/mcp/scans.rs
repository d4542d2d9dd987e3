//! What the scanning tools do: a text, or a path in one of three scopes.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use leakward_core::{Finding, Location, LocationKind, Outcome};
use leakward_scan::progress::Silent;
use leakward_scan::request::{Request, Scope};
use leakward_scan::run;
use leakward_scan::target::{Target, TargetKind};
use leakward_sources::Origin;
use serde_json::{Value, json};

use super::McpSettings;
use super::paths;
use crate::project::Project;

/// LIMIT: places of a finding, and things that were not scanned, that are named; the rest is counted.
const NAMED: usize = 20;

/// LIMIT: findings that are told unless it is asked for more.
pub(super) const FINDINGS: usize = 50;

/// Scans a text that stands, or is to stand, at a path.
///
/// # Errors
/// Why not, in words for whoever asked.
pub(super) fn text(
    text: &str,
    path: Option<&str>,
    settings: &McpSettings,
) -> Result<Value, String> {
    let project = Project::around(&settings.folder);
    let scanner = project
        .scanner(&settings.scan)
        .map_err(|error| error.to_string())?;
    let origin = match path {
        Some(path) => project.origin_of(&settings.folder.join(path)),
        None => Origin::Stdin,
    };
    Ok(told(&scanner.scan(&origin, text.as_bytes()), FINDINGS))
}

/// Scans a path.
///
/// # Errors
/// Why not, in words for whoever asked.
pub(super) fn path(
    path: &str,
    scope: &str,
    limit: usize,
    settings: &McpSettings,
    interrupted: &AtomicBool,
) -> Result<Value, String> {
    let real = paths::allowed(path, settings)?;
    let folder = if real.is_dir() {
        real.as_path()
    } else {
        real.parent().unwrap_or(&real)
    };
    // The policy is the project's, so its root is scanned, and what lies elsewhere in it is left out afterwards.
    let project = Project::around(folder);
    let is_allowed = paths::allowed(&project.root().display().to_string(), settings).is_ok();
    let root = if is_allowed { project.root() } else { folder };
    let target = target(root, scope)?;
    let request = Request {
        targets: vec![target],
        scope: match scope {
            "staged" => Scope::Staged,
            "history" => Scope::ReachableOnly,
            _ => Scope::Worktree,
        },
        overrides: settings.scan.overrides.clone(),
        policy_ref: settings.scan.policy_ref.clone(),
        threads: settings.threads,
        today: settings.scan.today,
        ..Request::default()
    };
    let mut scanned =
        run::run(&request, &Silent, interrupted).map_err(|error| error.to_string())?;
    let root = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    if let Ok(inside) = real.strip_prefix(&root) {
        keep_inside(&mut scanned.outcome, inside);
    }
    Ok(told(&scanned.outcome, limit))
}

fn target(root: &Path, scope: &str) -> Result<Target, String> {
    let name = root.display().to_string();
    match Target::resolve(&name, Some(TargetKind::Git)) {
        Ok(target) => Ok(target),
        Err(error) if scope != "files" => Err(error.to_string()),
        Err(_) => {
            Target::resolve(&name, Some(TargetKind::Folder)).map_err(|error| error.to_string())
        }
    }
}

/// Leaves out what lies elsewhere.
fn keep_inside(outcome: &mut Outcome, inside: &Path) {
    let inside = inside.to_string_lossy().replace('\\', "/");
    if inside.is_empty() {
        return;
    }
    let is_in = |location: &Location| {
        let rest = location.path.strip_prefix(inside.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '!']))
    };
    for finding in &mut outcome.findings {
        finding.locations.retain(is_in);
    }
    outcome
        .findings
        .retain(|finding| !finding.locations.is_empty());
}

/// An outcome, as tools tell it.
fn told(outcome: &Outcome, limit: usize) -> Value {
    let shown: Vec<Value> = outcome.findings.iter().take(limit).map(finding).collect();
    let skipped = outcome.skipped.iter().take(NAMED);
    let skipped: Vec<Value> = skipped
        .map(|one| json!({"kind": one.kind.as_str(), "what": one.what, "reason": one.reason}))
        .collect();
    let is_whole = !outcome
        .skipped
        .iter()
        .any(|one| one.kind.makes_incomplete());
    json!({
        "complete": is_whole,
        "finding_count": outcome.findings.len(),
        "findings": shown,
        "skipped": skipped,
        "suppressed": outcome.stats.suppressed,
    })
}

fn finding(finding: &Finding) -> Value {
    let places = finding.locations.iter().take(NAMED).map(location);
    json!({
        "fingerprint": finding.fingerprint.to_string(),
        "rule": finding.rule.as_str(),
        "title": finding.title,
        "provider": finding.provider,
        "severity": finding.severity.as_str(),
        "confidence": finding.confidence.as_str(),
        "masked": finding.masked,
        "reasons": finding.reasons,
        "excerpt": finding.excerpt.as_ref().map(|excerpt| excerpt.text.clone()),
        "revoke_url": finding.revoke_url,
        "location_count": finding.locations.len() as u64 + finding.more_locations,
        "locations": places.collect::<Vec<Value>>(),
    })
}

fn location(place: &Location) -> Value {
    let mut value = json!({
        "kind": place.kind.as_str(),
        "line": place.range.start.line,
        "column": place.range.start.column,
        "end_line": place.range.end.line,
        "end_column": place.range.end.column,
    });
    if place.kind != LocationKind::Stdin {
        value["path"] = place.path.clone().into();
    }
    for (key, text) in [
        ("commit", &place.commit),
        ("author", &place.author),
        ("date", &place.date),
    ] {
        if let Some(text) = text {
            value[key] = text.clone().into();
        }
    }
    value
}
