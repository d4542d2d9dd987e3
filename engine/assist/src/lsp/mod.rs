//! `lsp`: a language server on standard input and output. Credentials are marked as they are typed.
//!
//! One thread answers; a scan of a document takes about a millisecond for each megabyte, so it is done there too, a short
//! while after the last change. A policy file that changes makes all open documents be looked at again.
//!
//! LIMIT: documents above 2 MiB are looked at when they are opened and saved, those above 64 MiB not at all.
//!
//! INVARIANT: what is not looked at, or not marked, is said, once for each document and reason while it is so.

mod actions;
mod check;
mod document;
mod hover;
mod language;
mod uri;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use leakward_core::Rule;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionProviderCapability,
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DidSaveTextDocumentParams, Hover, HoverContents, HoverParams, HoverProviderCapability,
    InitializeParams, MarkupContent, MarkupKind, PositionEncodingKind, PublishDiagnosticsParams,
    SaveOptions, ServerCapabilities, TextDocumentSyncCapability, TextDocumentSyncKind,
    TextDocumentSyncOptions, TextDocumentSyncSaveOptions, Uri,
};
use serde_json::{Value, json};

use crate::project::ScanSettings;
use check::{Looked, Marked, Scanners};
use document::{Columns, Document};

/// How long after the last change a document is looked at.
const PAUSE: Duration = Duration::from_millis(150);

/// LIMIT: bytes of a document that is looked at while it is typed.
const LARGEST_TYPED: usize = 2 << 20;

/// LIMIT: bytes of a document that is looked at.
const LARGEST: usize = 64 << 20;

/// What a server is held to.
#[derive(Clone, Debug)]
pub struct LspSettings {
    /// The project of documents that were never saved.
    pub folder: PathBuf,
    /// Rules and decisions.
    pub scan: ScanSettings,
    /// A rule in words.
    pub explain: fn(&Rule) -> String,
    /// The program's version.
    pub version: &'static str,
}

/// A connection that cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum LspError {
    /// The editor does not keep to the protocol.
    #[error("the editor does not keep to the protocol: {0}")]
    Protocol(String),
    /// Standard input or output.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The editor is gone.
    #[error("the editor is gone")]
    Gone,
}

/// Serves on standard input and output until the editor says that it is done.
///
/// # Errors
/// When the editor is gone without saying so, or does not keep to the protocol.
pub fn serve_stdio(settings: LspSettings) -> Result<(), LspError> {
    let (connection, threads) = Connection::stdio();
    serve(&connection, settings)?;
    drop(connection);
    threads.join().map_err(LspError::Io)
}

/// Serves on a connection until the editor says that it is done.
///
/// # Errors
/// When the editor is gone without saying so, or does not keep to the protocol.
pub fn serve(connection: &Connection, settings: LspSettings) -> Result<(), LspError> {
    let protocol = |error: lsp_server::ProtocolError| LspError::Protocol(error.to_string());
    let (id, params) = connection.initialize_start().map_err(protocol)?;
    let params: InitializeParams =
        serde_json::from_value(params).map_err(|error| LspError::Protocol(error.to_string()))?;
    let columns = columns(&params);
    let result = json!({
        "capabilities": capabilities(columns),
        "serverInfo": {"name": "leakward", "version": settings.version},
    });
    connection.initialize_finish(id, result).map_err(protocol)?;
    let mut server = Server {
        connection,
        scanners: Scanners::new(settings.scan, settings.folder),
        explain: settings.explain,
        columns,
        can_create: can_create(&params),
        documents: HashMap::new(),
        last_problem: String::new(),
    };
    if can_watch(&params) {
        server.watch()?;
    }
    server.run()
}

/// Bytes, where the editor can count them; what all can count otherwise.
fn columns(params: &InitializeParams) -> Columns {
    let general = params.capabilities.general.as_ref();
    let encodings = general.and_then(|general| general.position_encodings.as_ref());
    match encodings {
        Some(encodings) if encodings.contains(&PositionEncodingKind::UTF8) => Columns::Utf8,
        _ => Columns::Utf16,
    }
}

fn can_create(params: &InitializeParams) -> bool {
    let workspace = params.capabilities.workspace.as_ref();
    let edits = workspace.and_then(|workspace| workspace.workspace_edit.as_ref());
    let operations = edits.and_then(|edits| edits.resource_operations.as_ref());
    operations.is_some_and(|all| all.contains(&lsp_types::ResourceOperationKind::Create))
}

fn can_watch(params: &InitializeParams) -> bool {
    let workspace = params.capabilities.workspace.as_ref();
    let watching = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
    watching.and_then(|watching| watching.dynamic_registration) == Some(true)
}

fn capabilities(columns: Columns) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(match columns {
            Columns::Utf8 => PositionEncodingKind::UTF8,
            Columns::Utf16 => PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(TextDocumentSyncCapability::Options(
            TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(TextDocumentSyncKind::INCREMENTAL),
                save: Some(TextDocumentSyncSaveOptions::SaveOptions(
                    SaveOptions::default(),
                )),
                ..TextDocumentSyncOptions::default()
            },
        )),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
            ..CodeActionOptions::default()
        })),
        ..ServerCapabilities::default()
    }
}

/// A document with what was found in it.
struct Open {
    document: Document,
    marks: Vec<Marked>,
    /// When it is to be looked at; nothing when that is not before it is saved.
    due: Option<Instant>,
    /// Whether what was found is of an earlier version.
    is_stale: bool,
    /// Why not all of it is looked at, as the user was told.
    told: Vec<String>,
}

struct Server<'c> {
    connection: &'c Connection,
    scanners: Scanners,
    explain: fn(&Rule) -> String,
    columns: Columns,
    can_create: bool,
    documents: HashMap<String, (Uri, Open)>,
    last_problem: String,
}

impl Server<'_> {
    fn run(&mut self) -> Result<(), LspError> {
        loop {
            let next = self
                .documents
                .values()
                .filter_map(|(_, open)| open.due)
                .min();
            let message = match next {
                None => Some(
                    self.connection
                        .receiver
                        .recv()
                        .map_err(|_| LspError::Gone)?,
                ),
                Some(due) => {
                    let left = due.saturating_duration_since(Instant::now());
                    match self.connection.receiver.recv_timeout(left) {
                        Ok(message) => Some(message),
                        Err(error) if error.is_timeout() => None,
                        Err(_) => return Err(LspError::Gone),
                    }
                }
            };
            match message {
                None => self.look_at_due()?,
                Some(Message::Request(request)) => {
                    let is_end = self
                        .connection
                        .handle_shutdown(&request)
                        .map_err(|error| LspError::Protocol(error.to_string()))?;
                    if is_end {
                        return Ok(());
                    }
                    self.request(request)?;
                }
                Some(Message::Notification(notification)) => self.notification(notification)?,
                Some(Message::Response(_)) => {}
            }
        }
    }

    fn send(&self, message: impl Into<Message>) -> Result<(), LspError> {
        let sent = self.connection.sender.send(message.into());
        sent.map_err(|_| LspError::Gone)
    }

    /// Asks to be told when a policy file changes.
    fn watch(&self) -> Result<(), LspError> {
        let watchers: Vec<Value> = [
            "leakward.toml",
            ".leakwardignore",
            ".gitleaksignore",
            ".gitleaks.toml",
        ]
        .iter()
        .map(|name| json!({"globPattern": format!("**/{name}")}))
        .collect();
        let params = json!({"registrations": [{
            "id": "policy",
            "method": "workspace/didChangeWatchedFiles",
            "registerOptions": {"watchers": watchers},
        }]});
        let id = lsp_server::RequestId::from("policy".to_owned());
        self.send(Request::new(
            id,
            "client/registerCapability".to_owned(),
            params,
        ))
    }

    fn notification(&mut self, notification: Notification) -> Result<(), LspError> {
        match notification.method.as_str() {
            "textDocument/didOpen" => match params(notification.params) {
                Some(opened) => self.open(opened),
                None => Ok(()),
            },
            "textDocument/didChange" => {
                if let Some(changed) = params::<DidChangeTextDocumentParams>(notification.params) {
                    self.change(changed);
                }
                Ok(())
            }
            "textDocument/didSave" => match params(notification.params) {
                Some(saved) => self.save(&saved),
                None => Ok(()),
            },
            "textDocument/didClose" => match params(notification.params) {
                Some(closed) => self.close(&closed),
                None => Ok(()),
            },
            "workspace/didChangeWatchedFiles" => self.look_again(),
            _ => Ok(()),
        }
    }

    fn open(&mut self, opened: DidOpenTextDocumentParams) -> Result<(), LspError> {
        let item = opened.text_document;
        let document = Document::new(item.text, item.language_id, item.version, self.columns);
        let open = Open {
            document,
            marks: Vec::new(),
            due: None,
            is_stale: false,
            told: Vec::new(),
        };
        let key = item.uri.as_str().to_owned();
        self.documents.insert(key.clone(), (item.uri, open));
        self.look(&key)
    }

    fn change(&mut self, changed: DidChangeTextDocumentParams) {
        let item = changed.text_document;
        if let Some((_, open)) = self.documents.get_mut(item.uri.as_str()) {
            open.document.change(changed.content_changes, item.version);
            open.is_stale = true;
            if open.document.text().len() <= LARGEST_TYPED {
                open.due = Some(Instant::now() + PAUSE);
            }
        }
    }

    fn save(&mut self, saved: &DidSaveTextDocumentParams) -> Result<(), LspError> {
        let uri = &saved.text_document.uri;
        if self.scanners.is_policy(uri) {
            return self.look_again();
        }
        self.look(uri.as_str())
    }

    fn close(&mut self, closed: &DidCloseTextDocumentParams) -> Result<(), LspError> {
        let uri = &closed.text_document.uri;
        self.documents.remove(uri.as_str());
        self.publish(uri.clone(), Vec::new(), None)
    }

    /// Looks at every open document again, under the policy as it is now.
    fn look_again(&mut self) -> Result<(), LspError> {
        self.scanners.forget();
        let keys: Vec<String> = self.documents.keys().cloned().collect();
        keys.iter().try_for_each(|key| self.look(key))
    }

    fn look_at_due(&mut self) -> Result<(), LspError> {
        let now = Instant::now();
        let is_due = |open: &Open| open.due.is_some_and(|due| due <= now);
        let due = self.documents.iter().filter(|(_, (_, open))| is_due(open));
        let keys: Vec<String> = due.map(|(key, _)| key.clone()).collect();
        keys.iter().try_for_each(|key| self.look(key))
    }

    /// Looks at a document and tells what is in it.
    fn look(&mut self, key: &str) -> Result<(), LspError> {
        let Some((uri, open)) = self.documents.get_mut(key) else {
            return Ok(());
        };
        open.due = None;
        open.is_stale = false;
        let size = open.document.text().len();
        let looked = if size > LARGEST {
            Ok(Looked {
                shortcomings: vec![format!("it is larger than {LARGEST} bytes")],
                ..Looked::default()
            })
        } else {
            self.scanners.look(uri, &open.document)
        };
        let mut looked = match looked {
            Ok(looked) => looked,
            Err(problem) => {
                open.marks.clear();
                return self.tell_problem(&problem);
            }
        };
        if size > LARGEST_TYPED && size <= LARGEST {
            let why = format!(
                "it is larger than {LARGEST_TYPED} bytes, and looked at when it is opened and saved"
            );
            looked.shortcomings.push(why);
        }
        open.marks = looked.marks;
        let shown = open.marks.iter();
        let shown = shown.map(|mark| check::diagnostic(mark, &open.document));
        let shown = shown.collect();
        let (uri, version) = (uri.clone(), open.document.version);
        let told = std::mem::replace(&mut open.told, looked.shortcomings.clone());
        self.last_problem.clear();
        self.publish(uri, shown, Some(version))?;
        let mut news = looked.shortcomings.iter().filter(|why| !told.contains(why));
        news.try_for_each(|why| {
            let text = format!("Leakward does not see all of {key}: {why}");
            self.tell(lsp_types::MessageType::WARNING, &text)
        })
    }

    /// Says once that a policy cannot be used.
    fn tell_problem(&mut self, problem: &str) -> Result<(), LspError> {
        if problem == self.last_problem {
            return Ok(());
        }
        problem.clone_into(&mut self.last_problem);
        let text = format!("Leakward looks at nothing: {problem}");
        self.tell(lsp_types::MessageType::ERROR, &text)
    }

    fn tell(&self, kind: lsp_types::MessageType, message: &str) -> Result<(), LspError> {
        let params = json!({"type": kind, "message": message});
        self.send(Notification::new("window/showMessage".to_owned(), params))
    }

    fn publish(
        &self,
        uri: Uri,
        diagnostics: Vec<lsp_types::Diagnostic>,
        version: Option<i32>,
    ) -> Result<(), LspError> {
        let params = PublishDiagnosticsParams {
            uri,
            diagnostics,
            version,
        };
        let method = "textDocument/publishDiagnostics".to_owned();
        self.send(Notification::new(method, params))
    }

    fn request(&mut self, request: Request) -> Result<(), LspError> {
        let Request { id, method, params } = request;
        let result = match method.as_str() {
            "textDocument/hover" => self::params(params).map(|params| self.hover(&params)),
            "textDocument/codeAction" => self::params(params).map(|params| self.actions(&params)),
            _ => {
                let text = format!("there is no method {method:?} here");
                let code = ErrorCode::MethodNotFound as i32;
                return self.send(Response::new_err(id, code, text));
            }
        };
        match result {
            Some(result) => self.send(Response::new_ok(id, result?)),
            None => {
                let code = ErrorCode::InvalidParams as i32;
                self.send(Response::new_err(
                    id,
                    code,
                    "params have another shape".to_owned(),
                ))
            }
        }
    }

    /// The document at an address, with marks that are of its present text.
    fn fresh(&mut self, uri: &Uri) -> Result<Option<&(Uri, Open)>, LspError> {
        let is_stale = |(_, open): &(Uri, Open)| open.is_stale;
        if self.documents.get(uri.as_str()).is_some_and(is_stale) {
            self.look(uri.as_str())?;
        }
        Ok(self.documents.get(uri.as_str()))
    }

    fn hover(&mut self, params: &HoverParams) -> Result<Value, LspError> {
        let at = &params.text_document_position_params;
        let explain = self.explain;
        let Some((uri, open)) = self.fresh(&at.text_document.uri)? else {
            return Ok(Value::Null);
        };
        let offset = open.document.offset(at.position);
        let is_at = |mark: &&Marked| mark.span.start <= offset && offset <= mark.span.end;
        let Some(mark) = open.marks.iter().find(is_at) else {
            return Ok(Value::Null);
        };
        let (range, finding) = (open.document.range(mark.span.clone()), mark.finding.clone());
        let uri = uri.clone();
        let rule = self.scanners.rule(&uri, &finding.rule);
        let hover = Hover {
            contents: HoverContents::Markup(MarkupContent {
                kind: MarkupKind::Markdown,
                value: hover::markdown(&finding, rule.as_ref(), explain),
            }),
            range: Some(range),
        };
        Ok(json!(hover))
    }

    fn actions(&mut self, params: &CodeActionParams) -> Result<Value, LspError> {
        let uri = &params.text_document.uri;
        let (project, path) = self.scanners.project(uri);
        let can_create = self.can_create;
        let Some((uri, open)) = self.fresh(uri)? else {
            return Ok(json!([]));
        };
        let document = &open.document;
        let from = document.offset(params.range.start);
        let to = document.offset(params.range.end);
        let at = actions::At {
            uri,
            document,
            path: &path,
            project: &project,
            can_create,
        };
        let touched = open
            .marks
            .iter()
            .filter(|mark| mark.span.start <= to && from <= mark.span.end);
        let offered: Vec<CodeAction> = touched.flat_map(|mark| actions::of(mark, &at)).collect();
        Ok(json!(offered))
    }
}

/// Parameters of the shape that their method has; nothing when they have another.
fn params<T: serde::de::DeserializeOwned>(mut value: Value) -> Option<T> {
    // Some editors write letters into an address that have no place in one.
    if let Some(Value::String(address)) = value.pointer_mut("/textDocument/uri") {
        *address = uri::encoded(address);
    }
    // An editor that sends another shape is told by the answer, or, without one, sees nothing happen.
    serde_json::from_value(value).ok()
}
