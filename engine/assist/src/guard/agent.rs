//! Who asks: the coding agents whose hooks are understood, and how their input tells them apart.
//!
//! To add one: a variant here, its shape in `call`, its answer in `answer`, its settings in `agents/`, its row in
//! docs/agents.md.

use serde_json::Value;

/// Whose hook it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agent {
    /// Claude Code.
    Claude,
    /// OpenAI's Codex CLI.
    Codex,
    /// Cursor.
    Cursor,
    /// Gemini CLI.
    Gemini,
    /// GitHub Copilot: its command line and its cloud agent.
    Copilot,
    /// Agents of Visual Studio Code, and Copilot where its hooks are written in that form.
    VsCode,
    /// Windsurf's Cascade.
    Windsurf,
    /// Cline.
    Cline,
    /// opencode, through the plugin in `agents/opencode`.
    OpenCode,
    /// Any other program: a JSON document with `tool`, `input`, `output` or `prompt`.
    Json,
    /// A diff, or any other text.
    Text,
}

/// Settings for each agent, ready to be put in place: the agent, where its file goes, and the file.
pub const SETTINGS: [(Agent, &str, &str); 9] = [
    (
        Agent::Claude,
        ".claude/settings.json",
        include_str!("../../../../agents/claude/settings.json"),
    ),
    (
        Agent::Codex,
        ".codex/hooks.json",
        include_str!("../../../../agents/codex/hooks.json"),
    ),
    (
        Agent::Cursor,
        ".cursor/hooks.json",
        include_str!("../../../../agents/cursor/hooks.json"),
    ),
    (
        Agent::Gemini,
        ".gemini/settings.json",
        include_str!("../../../../agents/gemini/settings.json"),
    ),
    (
        Agent::Copilot,
        ".github/hooks/leakward.json",
        include_str!("../../../../agents/copilot/leakward.json"),
    ),
    (
        Agent::VsCode,
        ".github/hooks/leakward-vscode.json",
        include_str!("../../../../agents/vscode/leakward-vscode.json"),
    ),
    (
        Agent::Windsurf,
        ".windsurf/hooks.json",
        include_str!("../../../../agents/windsurf/hooks.json"),
    ),
    (
        Agent::Cline,
        ".clinerules/hooks/PreToolUse",
        include_str!("../../../../agents/cline/PreToolUse"),
    ),
    (
        Agent::OpenCode,
        ".opencode/plugins/leakward.js",
        include_str!("../../../../agents/opencode/leakward.js"),
    ),
];

/// Fields of which Cline's input has one.
const CLINE_EVENTS: [&str; 8] = [
    "preToolUse",
    "postToolUse",
    "userPromptSubmit",
    "taskStart",
    "taskResume",
    "taskCancel",
    "taskComplete",
    "preCompact",
];

impl Agent {
    /// Every agent.
    pub const ALL: [Self; 11] = [
        Self::Claude,
        Self::Codex,
        Self::Cursor,
        Self::Gemini,
        Self::Copilot,
        Self::VsCode,
        Self::Windsurf,
        Self::Cline,
        Self::OpenCode,
        Self::Json,
        Self::Text,
    ];

    /// The word on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Cursor => "cursor",
            Self::Gemini => "gemini",
            Self::Copilot => "copilot",
            Self::VsCode => "vscode",
            Self::Windsurf => "windsurf",
            Self::Cline => "cline",
            Self::OpenCode => "opencode",
            Self::Json => "json",
            Self::Text => "text",
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Claude => "Claude Code",
            Self::Codex => "Codex",
            Self::Cursor => "Cursor",
            Self::Gemini => "Gemini CLI",
            Self::Copilot => "GitHub Copilot",
            Self::VsCode => "Visual Studio Code",
            Self::Windsurf => "Windsurf",
            Self::Cline => "Cline",
            Self::OpenCode => "opencode",
            Self::Json => "a program that asks in JSON",
            Self::Text => "a text",
        }
    }

    /// Whose input this is.
    pub(super) fn of(value: &Value) -> Self {
        let has = |key: &str| value.get(key).is_some();
        if has("agent_action_name") {
            return Self::Windsurf;
        }
        if let Some(event) = value.get("hook_event_name").and_then(Value::as_str) {
            return Self::of_event(event, value);
        }
        if CLINE_EVENTS.iter().any(|event| has(event)) {
            return Self::Cline;
        }
        if has("sessionId") && (has("toolName") || has("prompt") || has("cwd")) {
            return Self::Copilot;
        }
        let event = value.get("event").and_then(Value::as_str);
        if event.is_some_and(|event| event.starts_with("tool.execute.")) {
            return Self::OpenCode;
        }
        Self::Json
    }

    /// Several agents name their event in the same field.
    fn of_event(event: &str, value: &Value) -> Self {
        let has = |key: &str| value.get(key).is_some();
        if event.starts_with("Before") || matches!(event, "AfterTool" | "AfterAgent" | "AfterModel")
        {
            return Self::Gemini;
        }
        let is_lower = event.starts_with(|first: char| first.is_ascii_lowercase());
        if is_lower || has("cursor_version") || has("conversation_id") {
            return Self::Cursor;
        }
        // Codex names its model in each input; Claude Code does so at the start of a session only.
        if has("turn_id") || (has("model") && has("permission_mode")) {
            return Self::Codex;
        }
        if has("timestamp") && !has("permission_mode") {
            return Self::VsCode;
        }
        Self::Claude
    }

    /// Who may have meant to hand over something that cannot be read. Exit status 2 stops most of them.
    pub(super) fn guess(input: &[u8]) -> Self {
        match input.trim_ascii_start().first() {
            Some(b'{') => Self::Json,
            _ => Self::Text,
        }
    }
}

impl std::str::FromStr for Agent {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|agent| agent.as_str() == word);
        known.ok_or_else(|| format!("no agent is called {word:?}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_input_tells_whose_it_is() {
        for (agent, input) in [
            (
                Agent::Claude,
                json!({"session_id": "s", "transcript_path": "t", "cwd": "/w", "permission_mode": "default",
                    "hook_event_name": "PreToolUse", "tool_name": "Read", "tool_input": {}}),
            ),
            (
                Agent::Codex,
                json!({"session_id": "s", "turn_id": "t", "cwd": "/w", "permission_mode": "default", "model": "m",
                    "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {}}),
            ),
            (
                Agent::VsCode,
                json!({"session_id": "s", "timestamp": "2026-02-09T10:30:00.000Z", "cwd": "/w",
                    "hook_event_name": "PreToolUse", "tool_name": "editFiles", "tool_input": {}}),
            ),
            (
                Agent::Cursor,
                json!({"conversation_id": "c", "hook_event_name": "beforeReadFile", "file_path": "/x"}),
            ),
            (
                Agent::Gemini,
                json!({"session_id": "s", "timestamp": "t", "hook_event_name": "BeforeTool"}),
            ),
            (
                Agent::Copilot,
                json!({"sessionId": "s", "timestamp": 1, "cwd": "/w", "toolName": "bash", "toolArgs": {}}),
            ),
            (
                Agent::Windsurf,
                json!({"agent_action_name": "pre_read_code", "tool_info": {}}),
            ),
            (
                Agent::Cline,
                json!({"taskId": "t", "preToolUse": {"tool": "read_file", "parameters": {}}}),
            ),
            (
                Agent::OpenCode,
                json!({"event": "tool.execute.before", "tool": "read", "args": {}}),
            ),
            (Agent::Json, json!({"tool": "x", "input": {}})),
            (Agent::Json, json!(["anything"])),
        ] {
            assert_eq!(Agent::of(&input), agent, "{input}");
        }
    }

    #[test]
    fn each_word_reads_back() {
        for agent in Agent::ALL {
            assert_eq!(agent.as_str().parse(), Ok(agent));
        }
        assert!("emacs".parse::<Agent>().is_err());
    }
}
