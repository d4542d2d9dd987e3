//! What the scanning tools do: a text, or a path in one of three scopes.
//!
//! INVARIANT: only what lies in the allowed folders is looked at; the root of a project, or of a repository, may lie above
//! them.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use leakward_core::{Finding, Location, LocationKind, Outcome};
use leakward_scan::progress::Silent;
use leakward_scan::request::{Request, Scope};
use leakward_scan::run;
use leakward_scan::target::Target;
use leakward_scan::text_scanner::Part;
use leakward_sources::Origin;
use leakward_sources::git::{Discovery, OpenOptions, Repository};
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

/// Scans a path. Nothing outside of the allowed folders is looked at, also when the project's root lies there.
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
    let outcome = match scope {
        "staged" => commits(&real, Scope::Staged, settings, interrupted)?,
        "history" => commits(&real, Scope::ReachableOnly, settings, interrupted)?,
        _ => files(&real, settings, interrupted)?,
    };
    Ok(told(&outcome, limit))
}

/// The files at or below a path, as they are.
fn files(real: &Path, settings: &McpSettings, interrupted: &AtomicBool) -> Result<Outcome, String> {
    let project = match Project::around(folder_of(real)) {
        project if is_allowed(project.root(), settings) => project,
        project => {
            let folder = paths::folder_of(real, settings);
            Project::at(folder.unwrap_or_else(|| project.root().to_owned()))
        }
    };
    let scanner = project
        .scanner(&settings.scan)
        .map_err(|error| error.to_string())?;
    let part = Part {
        path: real,
        name: &project.name_of(real),
        threads: settings.threads,
    };
    scanner
        .scan_part(&part, interrupted)
        .map_err(|error| error.to_string())
}

/// What is staged, or in the history, of the repository that a path lies in.
fn commits(
    real: &Path,
    scope: Scope,
    settings: &McpSettings,
    interrupted: &AtomicBool,
) -> Result<Outcome, String> {
    let options = OpenOptions {
        discovery: Discovery::Upwards,
        ..OpenOptions::default()
    };
    let repository = Repository::open(folder_of(real), options);
    let repository = repository.map_err(|error| error.to_string())?;
    let root = repository
        .worktree()
        .unwrap_or_else(|| repository.git_dir());
    let root = std::fs::canonicalize(&root).unwrap_or(root);
    if !is_allowed(&root, settings) {
        return Err(format!("its repository: {}", paths::OUTSIDE));
    }
    let request = Request {
        targets: vec![Target::Git(root.clone())],
        scope,
        overrides: settings.scan.overrides.clone(),
        policy_ref: settings.scan.policy_ref.clone(),
        threads: settings.threads,
        today: settings.scan.today,
        ..Request::default()
    };
    let scanned = run::run(&request, &Silent, interrupted);
    let mut outcome = scanned.map_err(|error| error.to_string())?.outcome;
    if let Ok(inside) = real.strip_prefix(&root) {
        keep_inside(&mut outcome, inside);
    }
    Ok(outcome)
}

fn folder_of(real: &Path) -> &Path {
    if real.is_dir() {
        real
    } else {
        real.parent().unwrap_or(real)
    }
}

fn is_allowed(folder: &Path, settings: &McpSettings) -> bool {
    paths::allowed(&folder.display().to_string(), settings).is_ok()
}

/// Leaves out what lies elsewhere. A finding with places that are not named stays: one of those may lie here.
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
        if finding.more_locations > 0 {
            let why = "it has more places than are named, which may lie elsewhere";
            finding.reasons.push(why.to_owned());
        }
    }
    outcome
        .findings
        .retain(|finding| !finding.locations.is_empty() || finding.more_locations > 0);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_with_places_that_are_not_named_is_not_left_out() {
        let text = leakward_tests::Credential::named("in two places").file();
        let folder = tempfile::tempdir().expect("a folder");
        let project = Project::at(folder.path().to_owned());
        let scanner = project.scanner(&crate::project::ScanSettings::default());
        let scanner = scanner.expect("a scanner");
        let origin = Origin::Worktree("src/a.py".to_owned());
        for (inside, more, places) in [
            ("src", 0, Some(1)),
            ("src", 3, Some(1)),
            ("docs", 0, None),
            ("docs", 3, Some(0)),
        ] {
            let mut outcome = scanner.scan(&origin, text.as_bytes());
            outcome
                .findings
                .iter_mut()
                .for_each(|finding| finding.more_locations = more);
            keep_inside(&mut outcome, Path::new(inside));
            let kept = outcome
                .findings
                .first()
                .map(|finding| finding.locations.len());
            assert_eq!(kept, places, "{inside} {more}");
        }
    }
}
