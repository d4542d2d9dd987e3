//! `mcp`: a server of the Model Context Protocol on standard input and output, with tools that scan and explain.
//!
//! By hand rather than with the protocol's own library, for which docs/decisions/0011 has the numbers. Both ways of the
//! protocol are served: the handshake of revisions up to 2025-11-25, and the requests of 2026-07-28 that say everything
//! themselves.
//!
//! INVARIANT: no answer holds a credential. A path outside of the folders that were allowed is not looked at.

mod paths;
mod protocol;
mod resources;
mod rpc;
mod scans;
mod tools;

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use leakward_core::Rule;
use serde_json::{Value, json};

use crate::project::ScanSettings;
use protocol::Way;
use rpc::{Failure, Message};

/// LIMIT: tools that run at the same time; another one has to wait until it is asked for again.
const MOST_AT_ONCE: usize = 8;

/// How long a tool may go on when the client has closed its side.
const LAST_MOMENT: Duration = Duration::from_secs(5);

/// What a server is held to.
#[derive(Clone, Debug)]
pub struct McpSettings {
    /// The working folder: relative paths start from it, and it may be looked at.
    pub folder: PathBuf,
    /// Other folders that may be looked at.
    pub allowed: Vec<PathBuf>,
    /// Rules and decisions.
    pub scan: ScanSettings,
    /// Worker threads of a scan.
    pub threads: usize,
    /// A rule in words.
    pub explain: fn(&Rule) -> String,
    /// The program's version.
    pub version: &'static str,
}

/// A scan that can be called off, by the id of the request that asked for it.
type Running = Mutex<HashMap<String, Arc<AtomicBool>>>;

/// Serves until the client closes its side.
///
/// # Errors
/// When standard input or output fails.
pub fn serve(
    input: impl BufRead,
    output: impl Write + Send,
    settings: &McpSettings,
) -> std::io::Result<()> {
    let server = Server {
        settings,
        output: Mutex::new(output),
        running: Running::default(),
    };
    std::thread::scope(|scope| {
        let mut lines = rpc::Lines::new(input);
        let read = loop {
            match lines.next() {
                Ok(Some(line)) => {
                    if let Err(error) = server.line(&line, scope) {
                        break Err(error);
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        server.end();
        read
    })
}

struct Server<'s, W> {
    settings: &'s McpSettings,
    output: Mutex<W>,
    running: Running,
}

impl<W> Server<'_, W> {
    /// The client has closed its side. What still runs may come to its end for a moment, for whoever pipes requests in;
    /// then it is called off.
    fn end(&self) {
        let begun = Instant::now();
        loop {
            let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            if running.is_empty() {
                return;
            }
            if begun.elapsed() > LAST_MOMENT {
                running
                    .values()
                    .for_each(|flag| flag.store(true, Ordering::Relaxed));
                return;
            }
            drop(running);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl<W: Write + Send> Server<'_, W> {
    /// One line of input. Tools run beside the reading, so that they can be called off.
    fn line<'scope>(
        &'scope self,
        line: &[u8],
        scope: &'scope std::thread::Scope<'scope, '_>,
    ) -> std::io::Result<()> {
        match rpc::read(line) {
            Ok(Message::Request { id, method, params }) if method == "tools/call" => {
                let flag = Arc::new(AtomicBool::new(false));
                let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
                if running.len() >= MOST_AT_ONCE {
                    drop(running);
                    return self.write(&rpc::error(&id, &Failure::busy()));
                }
                running.insert(id.to_string(), Arc::clone(&flag));
                drop(running);
                scope.spawn(move || {
                    let answer = self.answer(&id, &method, &params, &flag);
                    // A request that was called off gets no answer; and when the client is gone, nobody hears one.
                    if !flag.load(Ordering::Relaxed) {
                        let _gone = self.write(&answer).is_err();
                    }
                    let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
                    running.remove(&id.to_string());
                });
                Ok(())
            }
            Ok(message) => match self.answer_to(message) {
                Some(answer) => self.write(&answer),
                None => Ok(()),
            },
            Err(refused) => self.write(&rpc::error(&refused.0, &refused.1)),
        }
    }

    fn answer_to(&self, message: Message) -> Option<Value> {
        match message {
            Message::Request { id, method, params } => {
                let flag = AtomicBool::new(false);
                Some(self.answer(&id, &method, &params, &flag))
            }
            Message::Notification { method, params } => {
                if method == "notifications/cancelled"
                    && let Some(id) = params.get("requestId")
                {
                    let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(flag) = running.get(&id.to_string()) {
                        flag.store(true, Ordering::Relaxed);
                    }
                }
                None
            }
            // Revision 2025-03-26 lets a client send several at once.
            Message::Batch(messages) => {
                let answers = messages.into_iter().filter_map(|message| match message {
                    Ok(message) => self.answer_to(message),
                    Err(refused) => Some(rpc::error(&refused.0, &refused.1)),
                });
                let answers: Vec<Value> = answers.collect();
                (!answers.is_empty()).then_some(Value::Array(answers))
            }
        }
    }

    fn answer(&self, id: &Value, method: &str, params: &Value, flag: &AtomicBool) -> Value {
        let result = protocol::way(method, params).and_then(|way| {
            let result = self.result(method, params, way, flag)?;
            Ok(protocol::finish(method, result, way, self.settings))
        });
        match result {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err(failure) => rpc::error(id, &failure),
        }
    }

    fn result(
        &self,
        method: &str,
        params: &Value,
        way: Way,
        flag: &AtomicBool,
    ) -> Result<Value, Failure> {
        match method {
            "initialize" => Ok(protocol::initialize(params, self.settings)),
            "server/discover" => Ok(protocol::discover(self.settings)),
            "ping" if way == Way::Handshake => Ok(json!({})),
            "tools/list" => Ok(json!({"tools": tools::list()})),
            "tools/call" => tools::call(params, self.settings, flag),
            "resources/list" => Ok(resources::list()),
            "resources/templates/list" => Ok(resources::templates()),
            "resources/read" => resources::read(params, self.settings, way),
            _ => Err(Failure::no_method(method)),
        }
    }

    fn write(&self, message: &Value) -> std::io::Result<()> {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(output, "{message}")?;
        output.flush()
    }
}
