//! The lines around a place, read again from the working tree or from the commit that the report names.
//!
//! INVARIANT: every credential in what is given back is a piece of its own, masked; only those of the finding that was
//! asked about carry their text.

use std::ops::Range;
use std::path::Path;

use leakward_core::{Fingerprint, FingerprintKey, Location, LocationKind, RuleId, Secret, Span};
use leakward_scan::text_scanner::{Seen, TextScanner};
use leakward_sources::git::{Discovery, OpenOptions, Repository};
use leakward_triage::{Context, ContextLine, Piece};

use super::roots::{Root, Roots};

/// Lines before and after.
const AROUND: usize = 6;

/// LIMIT: lines of a credential of many lines that are shown.
const MOST_LINES: usize = 24;

/// LIMIT: bytes of a file that is read again.
const LARGEST: u64 = 64 << 20;

/// LIMIT: bytes of one line that are shown, around the credential: a minified file is one line of megabytes.
const LONGEST_LINE: usize = 4 << 10;

fn open(path: &Path) -> Result<Repository, String> {
    let options = OpenOptions {
        discovery: Discovery::Upwards,
        ..OpenOptions::default()
    };
    Repository::open(path, options).map_err(|error| error.to_string())
}

/// What stands around a place.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn context(
    roots: &Roots,
    scanner: &TextScanner,
    fingerprint: Fingerprint,
    place: &Location,
) -> Result<Context, String> {
    let (root, path) = roots.of(&place.path)?;
    if path.contains('!') && !root.folder.join(path).exists() {
        return Err("it is inside of an archive, which is not opened here".to_owned());
    }
    let (bytes, from) = match place.kind {
        LocationKind::Worktree | LocationKind::File => read_file(root, path)?,
        LocationKind::Git | LocationKind::Lfs => read_commit(root, path, place)?,
        LocationKind::Index => {
            let (bytes, _) = read_file(root, path)?;
            (
                bytes,
                "the file as it is now (the finding is in the index)".to_owned(),
            )
        }
        kind => {
            return Err(format!(
                "a finding of kind {} has no file around it",
                kind.as_str()
            ));
        }
    };
    Ok(around(&bytes, scanner, fingerprint, place, from))
}

fn read_file(root: &Root, path: &str) -> Result<(Vec<u8>, String), String> {
    let file = root.folder.join(path);
    // A report with a single file as its target names the file alone.
    let file = if file.exists() {
        file
    } else {
        root.target.clone()
    };
    let told = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "the file is not there any more".to_owned(),
        _ => error.to_string(),
    };
    let metadata = std::fs::metadata(&file).map_err(told)?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(format!("it is no file of at most {LARGEST} bytes"));
    }
    let bytes = std::fs::read(&file).map_err(told)?;
    Ok((bytes, "the file as it is now".to_owned()))
}

fn read_commit(root: &Root, path: &str, place: &Location) -> Result<(Vec<u8>, String), String> {
    let commit = place
        .commit
        .as_deref()
        .ok_or("the report names no commit for it")?;
    let bytes = open(&root.folder)?
        .file_at(commit, path)
        .map_err(|error| error.to_string())?
        .ok_or("the commit has no such file")?;
    let short = commit.get(..12).unwrap_or(commit);
    Ok((bytes, format!("as commit {short} has it")))
}

fn around(
    bytes: &[u8],
    scanner: &TextScanner,
    fingerprint: Fingerprint,
    place: &Location,
    from: String,
) -> Context {
    let lines = lines(bytes);
    let index = |line: u32| {
        usize::try_from(line)
            .unwrap_or(usize::MAX)
            .saturating_sub(1)
    };
    let (first, last) = (index(place.range.start.line), index(place.range.end.line));
    let mut seen = scanner.credentials_in(bytes);
    let is_here = |one: &Seen| {
        let line = lines
            .partition_point(|line| line.start <= one.span.start)
            .saturating_sub(1);
        one.fingerprint == fingerprint && (first..=last).contains(&line)
    };
    let note = (!seen.iter().any(is_here))
        .then(|| "the file has changed since: the credential does not stand there".to_owned());
    if note.is_some() {
        // Whatever stands there now is hidden: it may be a credential of rules that are not known here.
        seen.extend(place_in(&lines, bytes, place));
        seen.sort_by_key(|one| one.span);
    }
    let shown =
        first.saturating_sub(AROUND)..(last.min(first + MOST_LINES) + AROUND + 1).min(lines.len());
    let lines = shown
        .filter_map(|number| {
            let span = lines.get(number)?.clone();
            Some(ContextLine {
                number: u32::try_from(number + 1).unwrap_or(u32::MAX),
                pieces: pieces(bytes, span, &seen, fingerprint),
                is_it: (first..=last).contains(&number),
            })
        })
        .collect();
    Context { from, lines, note }
}

/// The lines of a file, without what ends them.
fn lines(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        lines.push(start..start + text.len());
        start += line.len();
    }
    lines
}

/// The place that the report names, as something to be hidden.
fn place_in(lines: &[Range<usize>], bytes: &[u8], place: &Location) -> Option<Seen> {
    let offset = |position: leakward_core::Position| {
        let line = lines.get(usize::try_from(position.line).ok()?.checked_sub(1)?)?;
        let text = bytes.get(line.clone())?;
        let columns = usize::try_from(position.column).ok()?.checked_sub(1)?;
        let text = String::from_utf8_lossy(text);
        let before: usize = text.chars().take(columns).map(char::len_utf8).sum();
        Some((line.start + before).min(line.end))
    };
    Some(Seen {
        span: Span::new(offset(place.range.start)?, offset(place.range.end)?),
        masked: "********".to_owned(),
        // Of nothing, so that it is never shown in clear.
        fingerprint: FingerprintKey::default().fingerprint(&RuleId::from(""), &Secret::new(b"")),
    })
}

/// A line in pieces.
fn pieces(bytes: &[u8], line: Range<usize>, seen: &[Seen], fingerprint: Fingerprint) -> Vec<Piece> {
    let text = |range: Range<usize>| {
        let bytes = bytes.get(range).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    };
    let line = window(line, seen, fingerprint);
    let mut pieces = Vec::new();
    let mut at = line.start;
    for one in seen {
        let (start, end) = (one.span.start.max(at), one.span.end.min(line.end));
        if one.span.start >= line.end || end <= start {
            continue;
        }
        if start > at {
            pieces.push(Piece::Text(text(at..start)));
        }
        let begins_here = one.span.start >= line.start;
        pieces.push(Piece::Credential {
            masked: if begins_here {
                one.masked.clone()
            } else {
                "********".to_owned()
            },
            clear: (one.fingerprint == fingerprint).then(|| text(start..end)),
        });
        at = end;
    }
    if at < line.end {
        pieces.push(Piece::Text(text(at..line.end)));
    }
    pieces
}

/// The part of a long line that is shown.
fn window(line: Range<usize>, seen: &[Seen], fingerprint: Fingerprint) -> Range<usize> {
    if line.len() <= LONGEST_LINE {
        return line;
    }
    let is_it = |one: &&Seen| one.fingerprint == fingerprint && line.contains(&one.span.start);
    let around = seen
        .iter()
        .find(is_it)
        .map_or(line.start, |one| one.span.start);
    // A few words before the credential say what it is.
    let start = around.saturating_sub(40).max(line.start);
    start..(start + LONGEST_LINE).min(line.end)
}
