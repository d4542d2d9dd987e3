//! What a detector says about a tree of real files, line by line, for people who read it and decide.
//!
//! Not for: counting. Nobody labelled these files; whoever reads the lines does.
//!
//! The values are printed, for nobody can judge a masked one: what comes out stays on the machine that it was made on.

use std::io;
use std::path::{Path, PathBuf};

use leakward_core::{Confidence, Span};
use leakward_detect::{Detector, Match, PathJudgement, Scratch};
use serde::Serialize;

/// LIMIT: files above this length are left out; they are data.
const LONGEST_FILE: u64 = 4 << 20;

/// LIMIT: how much of a line is shown to each side of the value.
const LINE: usize = 160;

/// One thing that was reported or turned down, with the line it stands on.
#[derive(Clone, Debug, Serialize)]
pub struct Reading {
    /// The file, from the tree's root.
    pub path: String,
    /// The line's number, from 1.
    pub line: usize,
    /// The rule.
    pub rule: String,
    /// `high`, `medium`, `low`, or `none` for what was turned down.
    pub confidence: &'static str,
    /// The value.
    pub value: String,
    /// The line, or the part of it around the value.
    pub text: String,
    /// Why.
    pub reasons: Vec<String>,
}

/// Looks at every file of a tree.
///
/// # Errors
/// A folder or a file cannot be read.
pub fn review(detector: &Detector, tree: &Path) -> io::Result<Vec<Reading>> {
    let mut files = Vec::new();
    collect(tree, &mut files)?;
    files.sort();
    let mut scratch = detector.scratch();
    let mut readings = Vec::new();
    for file in files {
        let bytes = std::fs::read(&file)?;
        let path = file.strip_prefix(tree).unwrap_or(&file);
        let path = path.to_string_lossy().replace('\\', "/");
        review_file(detector, &mut scratch, (&path, &bytes), &mut readings);
    }
    Ok(readings)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && entry.file_name() != ".git" {
            collect(&entry.path(), files)?;
        } else if kind.is_file() && entry.metadata()?.len() <= LONGEST_FILE {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn review_file(
    detector: &Detector,
    scratch: &mut Scratch,
    (path, bytes): (&str, &[u8]),
    readings: &mut Vec<Reading>,
) {
    let explained = detector.detect_explained(bytes, scratch);
    let mut note = |rule: usize, span: Span, confidence, reasons: Vec<String>| {
        let rule = detector.rules().get(rule);
        readings.push(Reading {
            path: path.to_owned(),
            line: 1 + bytes[..span.start.min(bytes.len())]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count(),
            rule: rule.map_or_else(String::new, |rule| rule.id.to_string()),
            confidence,
            value: String::from_utf8_lossy(bytes.get(span.range()).unwrap_or_default())
                .into_owned(),
            text: line_around(bytes, span),
            reasons,
        });
    };
    for matched in &explained.detection.matches {
        let (confidence, reasons) = after_path(detector, matched, path);
        note(matched.rule, matched.span, confidence, reasons);
    }
    for rejected in &explained.rejected {
        note(
            rejected.rule,
            rejected.span,
            "none",
            vec![rejected.reason.clone()],
        );
    }
}

/// How sure the detector is once it knows the path, and why.
fn after_path(detector: &Detector, matched: &Match, path: &str) -> (&'static str, Vec<String>) {
    let mut reasons = matched.reasons.clone();
    let confidence = match detector.judge_path(matched, path) {
        PathJudgement::Keep => Some(matched.confidence),
        PathJudgement::Lower(reason) => {
            reasons.push(reason);
            match matched.confidence {
                Confidence::High => Some(Confidence::Medium),
                Confidence::Medium => Some(Confidence::Low),
                Confidence::Low => None,
            }
        }
        PathJudgement::Drop(reason) => {
            reasons.push(reason);
            None
        }
    };
    let words = match confidence {
        Some(Confidence::High) => "high",
        Some(Confidence::Medium) => "medium",
        Some(Confidence::Low) => "low",
        None => "none",
    };
    (words, reasons)
}

fn line_around(bytes: &[u8], span: Span) -> String {
    let from = span.start.saturating_sub(LINE);
    let to = (span.end + LINE).min(bytes.len());
    let head = bytes.get(from..span.start).unwrap_or_default();
    let tail = bytes.get(span.end..to).unwrap_or_default();
    let head_from = head
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let tail_to = tail
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(tail.len());
    let line = bytes
        .get(from + head_from..span.end + tail_to)
        .unwrap_or_default();
    String::from_utf8_lossy(line).trim().to_owned()
}
