//! What an editor offers at a credential: a reference in its place, a comment that allows it, a line in the ignore file.
//!
//! INVARIANT: an edit is offered only where it leaves a text that its language can read, as far as that can be seen from
//! the line: no comment where there are none, no expression inside of a longer text.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use leakward_scan::ignore_file::IgnoreFile;
use lsp_types::{
    CodeAction, CodeActionKind, CreateFile, CreateFileOptions, Diagnostic, DocumentChangeOperation,
    DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, Position, ResourceOp,
    TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};

use super::check::{Marked, diagnostic};
use super::document::Document;
use super::language::{self, Reference};
use super::uri;
use crate::project::Project;

/// A document with what actions need to know of it.
pub(super) struct At<'d> {
    /// Its address.
    pub(super) uri: &'d Uri,
    /// The document.
    pub(super) document: &'d Document,
    /// Its path.
    pub(super) path: &'d Path,
    /// Its project.
    pub(super) project: &'d Project,
    /// Whether the editor can make files.
    pub(super) can_create: bool,
}

/// Everything that is offered at a mark.
pub(super) fn of(mark: &Marked, at: &At<'_>) -> Vec<CodeAction> {
    let diagnostic = diagnostic(mark, at.document);
    let mut actions = Vec::new();
    actions.extend(replace(mark, at, &diagnostic));
    actions.extend(allow_here(mark, at, &diagnostic));
    actions.extend(ignore(mark, at, &diagnostic));
    actions
}

fn action(title: String, diagnostic: &Diagnostic, edit: WorkspaceEdit) -> CodeAction {
    CodeAction {
        title,
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![diagnostic.clone()]),
        edit: Some(edit),
        ..CodeAction::default()
    }
}

fn in_document(at: &At<'_>, span: Range<usize>, text: String) -> WorkspaceEdit {
    let edit = TextEdit::new(at.document.range(span), text);
    #[allow(
        clippy::mutable_key_type,
        reason = "the protocol's own type; an address is never changed"
    )]
    let changes = HashMap::from([(at.uri.clone(), vec![edit])]);
    WorkspaceEdit {
        changes: Some(changes),
        ..WorkspaceEdit::default()
    }
}

/// A reference to a variable in the place of the value.
fn replace(mark: &Marked, at: &At<'_>, diagnostic: &Diagnostic) -> Option<CodeAction> {
    if !mark.is_plain {
        return None;
    }
    let text = at.document.text();
    let reference = language(at).reference?;
    let literal = literal(text, &mark.span);
    let start = literal
        .as_ref()
        .map_or(mark.span.start, |literal| literal.start);
    let line_start = text.get(..start)?.rfind('\n').map_or(0, |feed| feed + 1);
    let name = language::variable(text.get(line_start..start)?, &mark.finding.provider);
    let (span, written) = match reference {
        Reference::InText(form) => (mark.span.clone(), form.replace("NAME", &name)),
        Reference::Expression(form) => {
            let form = form.replace("NAME", &name);
            (
                literal?,
                form.replace("var.name", &format!("var.{}", name.to_lowercase())),
            )
        }
    };
    let title = format!("Read it from the environment: {written}");
    Some(action(title, diagnostic, in_document(at, span, written)))
}

/// The literal of which a value is all, with its quotes and what stands before them.
fn literal(text: &str, value: &Range<usize>) -> Option<Range<usize>> {
    const QUOTES: [u8; 3] = [b'"', b'\'', b'`'];
    let bytes = text.as_bytes();
    let open = value.start.checked_sub(1)?;
    let quote = *bytes.get(open).filter(|byte| QUOTES.contains(byte))?;
    if bytes.get(value.end) != Some(&quote) {
        return None;
    }
    // Prefixes of Python and Rust: b"…", rb'…'.
    let before = bytes.get(..open)?;
    let letters = before
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_');
    let letters = letters.count();
    let word = before.get(open - letters..)?;
    let is_prefix = letters <= 2 && word.iter().all(|byte| b"bBrRuUfF".contains(byte));
    let start = if is_prefix { open - letters } else { open };
    Some(start..value.end + 1)
}

/// A comment at the end of the line.
fn allow_here(mark: &Marked, at: &At<'_>, diagnostic: &Diagnostic) -> Option<CodeAction> {
    let (begin, end) = language(at).comment?;
    let text = at.document.text().get(mark.span.clone())?;
    if text.contains('\n') {
        return None;
    }
    let line = usize::try_from(at.document.position(mark.span.start).line).ok()?;
    // A line that goes on behind a backslash cannot have a comment.
    if at.document.line(line).ends_with('\\') {
        return None;
    }
    let place = at.document.end_of_line(line);
    let comment = format!("  {begin}leakward:allow (say why){end}");
    let title = "Allow it on this line, with a comment".to_owned();
    Some(action(
        title,
        diagnostic,
        in_document(at, place..place, comment),
    ))
}

/// A line in the project's ignore file.
fn ignore(mark: &Marked, at: &At<'_>, diagnostic: &Diagnostic) -> Option<CodeAction> {
    let file = at.project.root().join(IgnoreFile::NAME);
    let uri = uri::of(&file)?;
    let name = at.project.name_of(at.path);
    let line = format!(
        "{}  # {} in {name}: say why\n",
        mark.finding.fingerprint, mark.finding.title
    );
    let mut operations = Vec::new();
    let (place, line) = match std::fs::read_to_string(&file) {
        Ok(text) => end_of(&text, line),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && at.can_create => {
            operations.push(DocumentChangeOperation::Op(ResourceOp::Create(
                CreateFile {
                    uri: uri.clone(),
                    options: Some(CreateFileOptions {
                        overwrite: None,
                        ignore_if_exists: Some(true),
                    }),
                    annotation_id: None,
                },
            )));
            (Position::new(0, 0), format!("# leakward-ignore 1\n{line}"))
        }
        Err(_) => return None,
    };
    operations.push(DocumentChangeOperation::Edit(TextDocumentEdit {
        text_document: OptionalVersionedTextDocumentIdentifier { uri, version: None },
        edits: vec![OneOf::Left(TextEdit::new(
            lsp_types::Range::new(place, place),
            line,
        ))],
    }));
    let edit = WorkspaceEdit {
        document_changes: Some(DocumentChanges::Operations(operations)),
        ..WorkspaceEdit::default()
    };
    let title = format!("Ignore it everywhere, in {}", IgnoreFile::NAME);
    Some(action(title, diagnostic, edit))
}

/// Where a line is added to a text, and the line as it has to be written there.
fn end_of(text: &str, line: String) -> (Position, String) {
    let ends = u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX);
    if text.is_empty() || text.ends_with('\n') {
        return (Position::new(ends, 0), line);
    }
    let last = text.rsplit('\n').next().unwrap_or_default();
    let column = u32::try_from(last.encode_utf16().count()).unwrap_or(u32::MAX);
    (Position::new(ends, column), format!("\n{line}"))
}

fn language(at: &At<'_>) -> language::Language {
    language::of(&at.document.language, &at.path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_literal_that_is_all_value_is_one() {
        for (text, expected) in [
            ("x = \"KEY\"", Some("\"KEY\"")),
            ("x = b'KEY'", Some("b'KEY'")),
            ("print'KEY'", Some("'KEY'")),
            ("x = \"KEY and more\"", None),
            ("x = KEY", None),
            ("\"KEY'", None),
            ("\"KEY\"", Some("\"KEY\"")),
        ] {
            let start = text.find("KEY").expect("it is there");
            let literal = literal(text, &(start..start + 3)).and_then(|span| text.get(span));
            assert_eq!(literal, expected, "{text}");
        }
    }

    #[test]
    fn a_line_is_added_behind_the_last_one() {
        let line = || "new\n".to_owned();
        assert_eq!(end_of("", line()), (Position::new(0, 0), line()));
        assert_eq!(end_of("a\n", line()), (Position::new(1, 0), line()));
        assert_eq!(
            end_of("a\nü", line()),
            (Position::new(1, 1), "\nnew\n".to_owned())
        );
    }
}
