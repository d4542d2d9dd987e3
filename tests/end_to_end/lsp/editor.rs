//! An editor for the tests: a client of a few lines that speaks the protocol over pipes, as the lines say it and nothing more.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use leakward_tests::Repository;
use serde_json::{Value, json};

use crate::leakward;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An editor.
pub(super) struct Editor {
    server: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// What was said and nobody waited for yet.
    pub(super) waiting: VecDeque<Value>,
    next: u32,
}

impl Editor {
    /// Starts the server, with these abilities of the editor.
    pub(super) fn start(repository: &Repository, capabilities: &Value) -> Self {
        let mut server = leakward(repository.sandbox())
            .in_folder(repository.folder())
            .args(["lsp", "--stdio"])
            .input("")
            .spawn();
        let input = server.stdin.take();
        let output = server.stdout.take().expect("a pipe");
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut editor = Self {
            server,
            input,
            messages,
            waiting: VecDeque::new(),
            next: 0,
        };
        let params = json!({"processId": null, "rootUri": null, "capabilities": capabilities});
        let answer = editor.request("initialize", &params);
        assert_eq!(answer["serverInfo"]["name"], "leakward");
        editor.notify("initialized", &json!({}));
        editor
    }

    pub(super) fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let input = self.input.as_mut().expect("it runs");
        write!(input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("a message");
        input.flush().expect("a message");
    }

    pub(super) fn notify(&mut self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    pub(super) fn request(&mut self, method: &str, params: &Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let mut answer =
            self.wait(|message| message["id"] == id && message.get("method").is_none());
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].take()
    }

    pub(super) fn wait(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut kept = VecDeque::new();
        let found = loop {
            let message = match self.waiting.pop_front() {
                Some(message) => message,
                None => match self.messages.recv_timeout(PATIENCE) {
                    Ok(message) => message,
                    Err(error) => panic!("{error}; what came: {kept:?}"),
                },
            };
            if is_it(&message) {
                break message;
            }
            kept.push_back(message);
        };
        kept.append(&mut self.waiting);
        self.waiting = kept;
        found
    }

    /// The diagnostics of a document in this version.
    pub(super) fn diagnostics(&mut self, uri: &str, version: i32) -> Vec<Value> {
        let message = self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
                && message["params"]["version"] == version
        });
        let diagnostics = message["params"]["diagnostics"].as_array();
        diagnostics.expect("a list").clone()
    }

    pub(super) fn open(&mut self, uri: &str, language: &str, text: &str) -> Vec<Value> {
        self.notify(
            "textDocument/didOpen",
            &json!({"textDocument": {"uri": uri, "languageId": language, "version": 1, "text": text}}),
        );
        self.diagnostics(uri, 1)
    }

    pub(super) fn change(&mut self, uri: &str, version: i32, changes: &Value) {
        self.notify(
            "textDocument/didChange",
            &json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": changes}),
        );
    }

    /// What is offered at a diagnostic.
    pub(super) fn actions(&mut self, uri: &str, diagnostic: &Value) -> Vec<Value> {
        let params = json!({"textDocument": {"uri": uri}, "range": diagnostic["range"],
            "context": {"diagnostics": [diagnostic]}});
        let actions = self.request("textDocument/codeAction", &params);
        actions.as_array().expect("a list").clone()
    }

    pub(super) fn end(mut self) {
        self.request("shutdown", &Value::Null);
        self.notify("exit", &Value::Null);
        self.input = None;
        let status = self.server.wait().expect("its end");
        assert_eq!(status.code(), Some(0));
        let mut said = String::new();
        let mut errors = self.server.stderr.take().expect("a pipe");
        errors.read_to_string(&mut said).expect("text");
        assert!(said.is_empty(), "{said}");
    }

    /// Whether nothing at all comes for a while.
    pub(super) fn is_quiet(&mut self, time: Duration) -> bool {
        self.waiting.is_empty()
            && matches!(
                self.messages.recv_timeout(time),
                Err(RecvTimeoutError::Timeout)
            )
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // It fails only when it has ended already.
        let _ended = (self.server.kill(), self.server.wait());
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => {
                if let Some(number) = line.strip_prefix("Content-Length: ") {
                    length = number.parse().expect("a length");
                }
            }
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
