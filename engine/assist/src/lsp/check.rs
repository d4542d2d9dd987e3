//! What is found in a document, and how an editor is told.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leakward_core::{Finding, Rule, RuleId, Severity};
use leakward_scan::text_scanner::TextScanner;
use lsp_types::{CodeDescription, Diagnostic, DiagnosticSeverity, NumberOrString, Uri};

use super::document::Document;
use super::uri;
use crate::project::{Project, ScanSettings};

/// LIMIT: places in one document that are marked.
const MOST_MARKED: usize = 1_000;

/// One place of a credential in a document.
#[derive(Clone, Debug)]
pub(super) struct Marked {
    /// Where, in bytes.
    pub(super) span: Range<usize>,
    /// Whether it stands there as it is, and not encoded.
    pub(super) is_plain: bool,
    /// What it is.
    pub(super) finding: Arc<Finding>,
}

/// What was found in a document, and what could not be looked at.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// What was found, by place.
    pub(super) marks: Vec<Marked>,
    /// Why it is not all, one sentence each.
    pub(super) shortcomings: Vec<String>,
}

/// The scanners of projects, made when they are first needed.
pub(super) struct Scanners {
    settings: ScanSettings,
    folder: PathBuf,
    made: HashMap<PathBuf, Arc<TextScanner>>,
}

impl Scanners {
    /// No scanner yet. Documents without a path belong to `folder`.
    pub(super) fn new(settings: ScanSettings, folder: PathBuf) -> Self {
        Self {
            settings,
            folder,
            made: HashMap::new(),
        }
    }

    /// Forgets all of them: a policy file has changed.
    pub(super) fn forget(&mut self) {
        self.made.clear();
    }

    /// The project of a document, and the document's path.
    pub(super) fn project(&self, uri: &Uri) -> (Project, PathBuf) {
        match uri::path(uri) {
            Some(path) => {
                let folder = path.parent().unwrap_or(&self.folder);
                (Project::around(folder), path)
            }
            None => (Project::around(&self.folder), self.folder.join("untitled")),
        }
    }

    /// Everything that is found in a document.
    ///
    /// # Errors
    /// When the project's policy cannot be used.
    pub(super) fn look(&mut self, uri: &Uri, document: &Document) -> Result<Looked, String> {
        let (project, path) = self.project(uri);
        let scanner = self.scanner(&project)?;
        Ok(look(&scanner, &project, &path, document))
    }

    fn scanner(&mut self, project: &Project) -> Result<Arc<TextScanner>, String> {
        if let Some(scanner) = self.made.get(project.root()) {
            return Ok(Arc::clone(scanner));
        }
        let scanner = project
            .scanner(&self.settings)
            .map_err(|error| error.to_string())?;
        let scanner = Arc::new(scanner);
        self.made
            .insert(project.root().to_owned(), Arc::clone(&scanner));
        Ok(scanner)
    }

    /// The rule of this id in the project of a document.
    pub(super) fn rule(&self, uri: &Uri, id: &RuleId) -> Option<Rule> {
        let (project, _) = self.project(uri);
        let scanner = self.made.get(project.root())?;
        scanner.rules().iter().find(|rule| rule.id == *id).cloned()
    }

    /// Whether a change of this document changes what is found in others.
    pub(super) fn is_policy(&self, uri: &Uri) -> bool {
        let (project, path) = self.project(uri);
        let name = project.name_of(&path);
        self.made
            .get(project.root())
            .is_some_and(|scanner| scanner.policy_files().contains(&name))
    }
}

fn look(scanner: &TextScanner, project: &Project, path: &Path, document: &Document) -> Looked {
    let outcome = scanner.scan(&project.origin_of(path), document.text().as_bytes());
    let missed = outcome.skipped.into_iter();
    let missed = missed.filter(|skipped| skipped.kind.makes_incomplete());
    let mut shortcomings: Vec<String> = missed.map(|skipped| skipped.reason).collect();
    let has_more = outcome
        .findings
        .iter()
        .any(|finding| finding.more_locations > 0);
    let mut marked = Vec::new();
    for finding in outcome.findings {
        let finding = Arc::new(finding);
        let ranges: Vec<_> = finding.locations.iter().map(|place| place.range).collect();
        let spans = document.spans(&ranges).into_iter().zip(&finding.locations);
        marked.extend(spans.map(|(span, place)| Marked {
            span,
            is_plain: place.decoded.is_empty(),
            finding: Arc::clone(&finding),
        }));
    }
    marked.sort_by_key(|mark| (mark.span.start, mark.span.end));
    if has_more || marked.len() > MOST_MARKED {
        shortcomings.push("more places hold credentials than are marked".to_owned());
    }
    marked.truncate(MOST_MARKED);
    Looked {
        marks: marked,
        shortcomings,
    }
}

/// How an editor shows it.
pub(super) fn diagnostic(mark: &Marked, document: &Document) -> Diagnostic {
    let finding = &mark.finding;
    let page = finding.docs_url.as_ref().or(finding.revoke_url.as_ref());
    let page = page.and_then(|url| url.parse().ok());
    Diagnostic {
        range: document.range(mark.span.clone()),
        severity: Some(match finding.severity {
            Severity::Critical | Severity::High => DiagnosticSeverity::ERROR,
            Severity::Medium => DiagnosticSeverity::WARNING,
            Severity::Low => DiagnosticSeverity::INFORMATION,
        }),
        code: Some(NumberOrString::String(finding.rule.to_string())),
        code_description: page.map(|href| CodeDescription { href }),
        source: Some("leakward".to_owned()),
        message: format!("{} {} stands here in clear", finding.title, finding.masked),
        data: Some(serde_json::json!({ "fingerprint": finding.fingerprint.to_string() })),
        ..Diagnostic::default()
    }
}
