//! What is about to happen, or has happened: an agent's input, read in the shape that the agent documents.
//!
//! INVARIANT: every text of the input that the call brings in is in [`Call::brought`]. A field that nobody here knows is
//! looked at as an argument, not passed over.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::agent::Agent;
use super::arguments::{Brought, Owner};
use super::shell::{Read, Start};
use super::{GuardError, MAX_INPUT, arguments, patch};

/// When it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Before a tool runs.
    Before,
    /// After it ran.
    After,
    /// Before a person's words reach the model.
    Prompt,
    /// Something else, which is let pass.
    Other,
}

/// What a text is to the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// New content of a file.
    Content,
    /// A command line.
    Command,
    /// Other arguments of a tool.
    Arguments,
    /// What a tool printed or returned.
    Output,
    /// What a person wrote.
    Prompt,
    /// What lies in a file that the agent is about to see.
    FileContent,
    /// The environment's variables.
    Environment,
    /// A diff, or a text that came alone.
    Alone,
}

/// One text of a call.
#[derive(Clone, Debug)]
pub(super) struct Text {
    /// What it is.
    pub(super) role: Role,
    /// The file that it is for.
    pub(super) path: Option<String>,
    /// The file that holds what stood there before, when that is another one: the patch renames it, or removes it.
    pub(super) old_path: Option<String>,
    /// The text.
    pub(super) text: String,
    /// What is said to have stood there before, a stretch of the file each. What really stood there is not brought in.
    pub(super) before: Vec<String>,
    /// For each line of the text, its number in the file; empty when they are the same.
    pub(super) lines: Vec<u32>,
}

impl Text {
    /// A text with nothing before it.
    pub(super) fn new(role: Role, path: Option<&str>, text: &str) -> Self {
        Self {
            role,
            path: path.map(str::to_owned),
            old_path: None,
            text: text.to_owned(),
            before: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// The same place, for a text whose lines have no known number.
    pub(super) fn without_lines(&self) -> Self {
        Self {
            old_path: self.old_path.clone(),
            ..Self::new(self.role, self.path.as_deref(), "")
        }
    }
}

/// What is about to happen, or has happened.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Whose call it is.
    pub(super) agent: Agent,
    /// When it is asked.
    pub(super) event: Event,
    /// The agent's own name of the event.
    pub(super) name: String,
    /// The folder that paths start from.
    pub(super) folder: PathBuf,
    /// What it brings in or shows, and what it would read and change.
    pub(super) brought: Brought,
}

/// The parts of an input that every agent has in some form.
#[derive(Default)]
struct Parts<'v> {
    tool: &'v str,
    input: Option<&'v Value>,
    output: Option<&'v Value>,
    prompt: Option<&'v str>,
    folder: Option<&'v str>,
    name: &'v str,
}

impl Call {
    /// A call of which nothing is known but who makes it.
    pub(super) fn unknown(agent: Agent, folder: &Path) -> Self {
        Self {
            agent,
            event: Event::Before,
            name: String::new(),
            folder: folder.to_owned(),
            brought: Brought::default(),
        }
    }

    /// Reads an agent's input. `folder` is that of calls that do not say where they are made.
    ///
    /// # Errors
    /// When it is nothing, too much, or not what the agent documents.
    pub(super) fn read(
        input: &[u8],
        agent: Option<Agent>,
        folder: &Path,
    ) -> Result<Self, GuardError> {
        if input.len() > MAX_INPUT {
            return Err(GuardError::TooLong);
        }
        let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
        // An empty diff brings nothing; a hook that hands over nothing is not wired up right.
        let first = match input.trim_ascii_start().first() {
            None if agent == Some(Agent::Text) => &0,
            None => return Err(GuardError::Empty),
            Some(first) => first,
        };
        // A text that begins with a bracket may be a list or the head of an INI file; a brace is a hook's document.
        let is_json = match agent {
            Some(Agent::Text) => false,
            Some(_) => true,
            None => *first == b'{',
        };
        if !is_json {
            let text = std::str::from_utf8(input).map_err(|_| GuardError::NotText)?;
            return Ok(Self::of_text(text, folder));
        }
        let value: Value = serde_json::from_slice(input).map_err(GuardError::Json)?;
        let agent = agent.unwrap_or_else(|| Agent::of(&value));
        Self::of_value(agent, &value, folder)
    }

    fn of_text(text: &str, folder: &Path) -> Self {
        let patched = patch::read(text, Role::Alone, Role::Alone);
        let mut call = Self::unknown(Agent::Text, folder);
        call.brought.texts = patched.unwrap_or_else(|| vec![Text::new(Role::Alone, None, text)]);
        call
    }

    fn of_value(agent: Agent, value: &Value, folder: &Path) -> Result<Self, GuardError> {
        if !value.is_object() && agent != Agent::Json {
            return Err(shape(agent, "it is no object"));
        }
        match agent {
            Agent::Claude | Agent::Codex | Agent::VsCode | Agent::Gemini => {
                Self::named(agent, value, folder)
            }
            Agent::Cursor => Self::cursor(value, folder),
            Agent::Copilot => Ok(Self::copilot(value, folder)),
            Agent::Windsurf => Self::windsurf(value, folder),
            Agent::Cline => Self::cline(value, folder),
            Agent::OpenCode => Self::opencode(value, folder),
            Agent::Json | Agent::Text => Ok(Self::any(value, folder)),
        }
    }

    /// Agents that name the event in `hook_event_name` and the tool in `tool_name`.
    fn named(agent: Agent, value: &Value, folder: &Path) -> Result<Self, GuardError> {
        let name = text(value, &["hook_event_name"])
            .ok_or_else(|| shape(agent, "hook_event_name is missing"))?;
        let event = match name {
            "PreToolUse" | "BeforeTool" | "PermissionRequest" => Event::Before,
            "PostToolUse" | "AfterTool" => Event::After,
            "UserPromptSubmit" | "BeforeAgent" => Event::Prompt,
            _ => Event::Other,
        };
        let parts = Parts {
            tool: text(value, &["tool_name"]).unwrap_or_default(),
            input: value.get("tool_input"),
            output: value
                .get("tool_response")
                .or_else(|| value.get("tool_result")),
            prompt: text(value, &["prompt"]),
            folder: text(value, &["cwd"]),
            name,
        };
        Ok(Self::of_parts(agent, event, &parts, folder))
    }

    fn cursor(value: &Value, folder: &Path) -> Result<Self, GuardError> {
        let agent = Agent::Cursor;
        let name = text(value, &["hook_event_name"])
            .ok_or_else(|| shape(agent, "hook_event_name is missing"))?;
        let event = match name {
            "preToolUse"
            | "beforeShellExecution"
            | "beforeMCPExecution"
            | "beforeReadFile"
            | "beforeTabFileRead" => Event::Before,
            "postToolUse"
            | "afterShellExecution"
            | "afterMCPExecution"
            | "afterFileEdit"
            | "afterTabFileEdit" => Event::After,
            "beforeSubmitPrompt" => Event::Prompt,
            _ => Event::Other,
        };
        let root = value.get("workspace_roots").and_then(|roots| roots.get(0));
        let mut parts = Parts {
            tool: text(value, &["tool_name"]).unwrap_or_default(),
            input: value.get("tool_input"),
            prompt: text(value, &["prompt"]),
            folder: text(value, &["cwd"]).or_else(|| root.and_then(Value::as_str)),
            name,
            ..Parts::default()
        };
        let command = serde_json::json!({ "command": value.get("command") });
        match name {
            "beforeReadFile" | "beforeTabFileRead" => {
                return Ok(Self::cursor_read(value, &parts, folder));
            }
            "beforeShellExecution" => parts.input = Some(&command),
            "afterFileEdit" | "afterTabFileEdit" => {
                parts.input = Some(value);
                parts.output = value.get("edits");
            }
            _ => {
                let keys = ["tool_output", "output", "result_json"];
                parts.output = keys.into_iter().find_map(|key| value.get(key));
            }
        }
        Ok(Self::of_parts(agent, event, &parts, folder))
    }

    /// Cursor hands over what is in the file that it is about to read.
    fn cursor_read(value: &Value, parts: &Parts<'_>, folder: &Path) -> Self {
        let path = text(value, &["file_path"]);
        let mut call = Self::of_parts(Agent::Cursor, Event::Before, parts, folder);
        match text(value, &["content"]) {
            Some(content) => {
                let text = Text::new(Role::FileContent, path, content);
                call.brought.texts.push(text);
            }
            None => {
                let read = path.map(Read::whole).into_iter();
                read.for_each(|read| call.brought.shown.files.add(read));
            }
        }
        call
    }

    fn copilot(value: &Value, folder: &Path) -> Self {
        let event = if value.get("toolResult").is_some() {
            Event::After
        } else if value.get("toolName").is_some() {
            Event::Before
        } else if value.get("prompt").is_some() {
            Event::Prompt
        } else {
            Event::Other
        };
        let parts = Parts {
            tool: text(value, &["toolName"]).unwrap_or_default(),
            input: value.get("toolArgs"),
            output: value.get("toolResult"),
            prompt: text(value, &["prompt"]),
            folder: text(value, &["cwd"]),
            name: "",
        };
        Self::of_parts(Agent::Copilot, event, &parts, folder)
    }

    fn windsurf(value: &Value, folder: &Path) -> Result<Self, GuardError> {
        let agent = Agent::Windsurf;
        let name = text(value, &["agent_action_name"])
            .ok_or_else(|| shape(agent, "agent_action_name is missing"))?;
        let event = match name {
            "pre_user_prompt" => Event::Prompt,
            _ if name.starts_with("pre_") => Event::Before,
            _ if name.starts_with("post_") => Event::After,
            _ => Event::Other,
        };
        let info = value.get("tool_info");
        let of_info = |key: &'static str| info.and_then(|info| text(info, &[key]));
        let parts = Parts {
            tool: if name == "pre_read_code" { "read" } else { "" },
            input: (event == Event::Before).then_some(info).flatten(),
            output: (event == Event::After).then_some(info).flatten(),
            prompt: of_info("user_prompt"),
            folder: of_info("cwd"),
            name,
        };
        Ok(Self::of_parts(agent, event, &parts, folder))
    }

    fn cline(value: &Value, folder: &Path) -> Result<Self, GuardError> {
        let agent = Agent::Cline;
        let events = [
            ("preToolUse", Event::Before),
            ("postToolUse", Event::After),
            ("userPromptSubmit", Event::Prompt),
        ];
        let roots = value.get("workspaceRoots").and_then(|roots| roots.get(0));
        let mut parts = Parts {
            folder: text(value, &["workspacePath"]).or_else(|| roots.and_then(Value::as_str)),
            ..Parts::default()
        };
        for (name, event) in events {
            let Some(of_event) = value.get(name) else {
                continue;
            };
            parts.tool = text(of_event, &["tool", "toolName"]).unwrap_or_default();
            parts.input = of_event.get("parameters");
            parts.output = of_event.get("result");
            parts.prompt = text(of_event, &["prompt"]);
            parts.name = name;
            return Ok(Self::of_parts(agent, event, &parts, folder));
        }
        if value.get("taskId").is_none() && value.get("clineVersion").is_none() {
            return Err(shape(
                agent,
                "there is no preToolUse, postToolUse or userPromptSubmit",
            ));
        }
        Ok(Self::of_parts(agent, Event::Other, &parts, folder))
    }

    fn opencode(value: &Value, folder: &Path) -> Result<Self, GuardError> {
        let name =
            text(value, &["event"]).ok_or_else(|| shape(Agent::OpenCode, "event is missing"))?;
        let event = match name {
            "tool.execute.before" => Event::Before,
            "tool.execute.after" => Event::After,
            "chat.message" => Event::Prompt,
            _ => Event::Other,
        };
        let parts = Parts {
            tool: text(value, &["tool"]).unwrap_or_default(),
            input: value.get("args"),
            output: value.get("output"),
            prompt: text(value, &["prompt"]),
            folder: text(value, &["cwd"]),
            name,
        };
        Ok(Self::of_parts(Agent::OpenCode, event, &parts, folder))
    }

    /// A document of no agent: the usual fields where it has them, else all of it.
    fn any(value: &Value, folder: &Path) -> Self {
        let of_keys = |keys: &[&str]| keys.iter().find_map(|key| value.get(key));
        let mut parts = Parts {
            tool: text(value, &["tool", "tool_name", "toolName", "name"]).unwrap_or_default(),
            input: of_keys(&[
                "input",
                "tool_input",
                "toolInput",
                "arguments",
                "args",
                "parameters",
            ]),
            output: of_keys(&["output", "tool_response", "tool_output", "result"]),
            prompt: text(value, &["prompt"]),
            folder: text(value, &["cwd"]),
            name: "",
        };
        let event = match (parts.input, parts.output, parts.prompt) {
            (_, Some(_), _) => Event::After,
            (None, None, Some(_)) => Event::Prompt,
            _ => Event::Before,
        };
        if event == Event::Before && parts.input.is_none() {
            parts.input = Some(value);
        }
        Self::of_parts(Agent::Json, event, &parts, folder)
    }

    fn of_parts(agent: Agent, event: Event, parts: &Parts<'_>, folder: &Path) -> Self {
        let folder = folder.join(parts.folder.unwrap_or_default());
        let mut call = Self {
            event,
            name: parts.name.to_owned(),
            ..Self::unknown(agent, &folder)
        };
        match event {
            Event::Before => {
                if let Some(input) = parts.input {
                    call.brought = arguments::of_tool(parts.tool, input, Start::at(&folder));
                }
            }
            Event::After => {
                if let Some(output) = parts.output {
                    let path = parts.input.and_then(arguments::path);
                    let owner = Owner::of(parts.tool, parts.name);
                    call.brought.texts = arguments::of_output(owner, output, path);
                }
            }
            Event::Prompt => {
                let prompt = parts
                    .prompt
                    .map(|prompt| Text::new(Role::Prompt, None, prompt));
                call.brought.texts.extend(prompt);
            }
            Event::Other => {}
        }
        call
    }
}

/// The first of these fields that is a text.
pub(super) fn text<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v str> {
    keys.iter()
        .find_map(|key| value.get(key).and_then(Value::as_str))
}

fn shape(agent: Agent, problem: &'static str) -> GuardError {
    GuardError::Shape {
        agent: agent.name(),
        problem,
    }
}
