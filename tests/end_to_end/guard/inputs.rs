//! What agents hand over to their hooks, as the documentation of each shows it (docs/agents.md has the addresses).
//!
//! A text is put where a file's content, a command, an output or a prompt stands. An event that is in a settings file and
//! not in here makes the test fail.

use serde_json::{Value, json};

/// What an agent hands over, as its documentation shows it, when `text` is what it is about.
pub(super) fn input(agent: &'static str, event: &str, folder: &str, text: &str) -> Value {
    let file = format!("{folder}/app.py");
    let command = format!("curl -H 'Authorization: token {text}' https://api.example.com");
    let base = |extra: Value| {
        let mut whole = json!({"session_id": "abc123", "transcript_path": "/t.jsonl", "cwd": folder, "hook_event_name": event});
        for (key, value) in extra.as_object().expect("fields") {
            whole[key] = value.clone();
        }
        whole
    };
    match (agent, event) {
        ("claude", "PreToolUse") => base(
            json!({"permission_mode": "default", "tool_use_id": "t", "tool_name": "Write",
            "tool_input": {"file_path": file, "content": format!("token = \"{text}\"\n")}}),
        ),
        ("claude", "PostToolUse") => base(
            json!({"permission_mode": "default", "tool_name": "Bash", "tool_use_id": "t",
            "tool_input": {"command": "env"}, "tool_response": {"stdout": format!("A=1\nTOKEN={text}\n"), "stderr": "", "interrupted": false}}),
        ),
        ("claude" | "codex" | "vscode", "UserPromptSubmit") => {
            base(json!({"permission_mode": "default", "prompt": format!("use {text}")}))
        }
        ("codex", "PreToolUse") => base(
            json!({"permission_mode": "default", "model": "m", "turn_id": "1", "tool_use_id": "t", "tool_name": "apply_patch",
            "tool_input": {"command": format!("*** Begin Patch\n*** Add File: app.py\n+token = \"{text}\"\n*** End Patch\n")}}),
        ),
        ("codex", "PostToolUse") => base(
            json!({"permission_mode": "default", "model": "m", "turn_id": "1", "tool_use_id": "t", "tool_name": "Bash",
            "tool_input": {"command": "env"}, "tool_response": format!("TOKEN={text}\n")}),
        ),
        ("vscode", "PreToolUse") => {
            json!({"timestamp": "2026-02-09T10:30:00.000Z", "cwd": folder, "session_id": "s", "hook_event_name": event,
            "tool_name": "create_file", "tool_use_id": "t", "tool_input": {"filePath": file, "content": format!("token = \"{text}\"\n")}})
        }
        ("vscode", "PostToolUse") => {
            json!({"timestamp": "2026-02-09T10:30:00.000Z", "cwd": folder, "session_id": "s", "hook_event_name": event,
            "tool_name": "run_in_terminal", "tool_input": {"command": "env"}, "tool_use_id": "t", "tool_response": format!("TOKEN={text}\n")})
        }
        ("gemini", "BeforeTool") => base(
            json!({"timestamp": "t", "tool_name": "run_shell_command", "tool_input": {"command": command}}),
        ),
        ("gemini", "AfterTool") => base(
            json!({"timestamp": "t", "tool_name": "run_shell_command", "tool_input": {"command": "env"},
            "tool_response": {"llmContent": format!("TOKEN={text}"), "returnDisplay": ""}}),
        ),
        ("gemini", "BeforeAgent") => {
            base(json!({"timestamp": "t", "prompt": format!("use {text}")}))
        }
        ("cursor", _) => cursor_input(event, folder, text, &command),
        ("copilot", "preToolUse") => {
            json!({"sessionId": "s", "timestamp": 1_704_614_600_000_u64, "cwd": folder, "toolName": "bash",
            "toolArgs": {"command": command, "description": "ask"}})
        }
        ("copilot", "postToolUse") => {
            json!({"sessionId": "s", "timestamp": 1_704_614_600_000_u64, "cwd": folder, "toolName": "bash",
            "toolArgs": {"command": "env"}, "toolResult": {"resultType": "success", "textResultForLlm": format!("TOKEN={text}")}})
        }
        ("copilot", "userPromptSubmitted") => {
            json!({"sessionId": "s", "timestamp": 1_704_614_600_000_u64, "cwd": folder, "prompt": format!("use {text}")})
        }
        ("windsurf", _) => windsurf_input(event, folder, text, &command),
        ("cline", "PreToolUse") => {
            json!({"taskId": "t", "clineVersion": "3.17.0", "timestamp": 1, "workspacePath": folder,
            "preToolUse": {"tool": "write_to_file", "parameters": {"path": "app.py", "content": format!("token = \"{text}\"\n")}}})
        }
        ("cline", "PostToolUse") => {
            json!({"taskId": "t", "clineVersion": "3.17.0", "timestamp": 1, "workspacePath": folder,
            "postToolUse": {"tool": "execute_command", "parameters": {"command": "env"}, "result": format!("TOKEN={text}"), "success": true, "durationMs": 3}})
        }
        ("cline", "UserPromptSubmit") => {
            json!({"taskId": "t", "clineVersion": "3.17.0", "timestamp": 1, "workspacePath": folder,
            "userPromptSubmit": {"prompt": format!("use {text}")}})
        }
        other => {
            panic!("{other:?} is in a settings file and nobody knows what is handed over for it")
        }
    }
}

fn cursor_input(event: &str, folder: &str, text: &str, command: &str) -> Value {
    let mut input = match event {
        "beforeShellExecution" => json!({"command": command, "cwd": folder, "sandbox": false}),
        "beforeMCPExecution" => {
            json!({"tool_name": "query", "tool_input": json!({"token": text}).to_string(), "url": "https://mcp.example.com"})
        }
        "beforeReadFile" | "beforeTabFileRead" => {
            json!({"file_path": format!("{folder}/.env"), "content": format!("TOKEN={text}\n"), "attachments": []})
        }
        "preToolUse" => json!({"tool_name": "Write", "tool_use_id": "t", "cwd": folder,
            "tool_input": {"file_path": format!("{folder}/app.py"), "content": format!("token = \"{text}\"\n")}}),
        "postToolUse" => {
            json!({"tool_name": "Shell", "tool_use_id": "t", "cwd": folder, "duration": 3, "tool_input": {"command": "env"},
            "tool_output": json!({"exitCode": 0, "stdout": format!("TOKEN={text}")}).to_string()})
        }
        "beforeSubmitPrompt" => json!({"prompt": format!("use {text}"), "attachments": []}),
        other => panic!("{other}"),
    };
    for (key, value) in [
        ("conversation_id", json!("c")),
        ("generation_id", json!("g")),
        ("model", json!("m")),
        ("hook_event_name", json!(event)),
        ("cursor_version", json!("2.6.0")),
        ("workspace_roots", json!([folder])),
        ("user_email", Value::Null),
    ] {
        input[key] = value;
    }
    input
}

fn windsurf_input(event: &str, folder: &str, text: &str, command: &str) -> Value {
    let info = match event {
        // The test writes what is to be read.
        "pre_read_code" => {
            json!({"file_path": format!("{folder}/{}", if text == "x" { "clean.py" } else { "leaky.env" })})
        }
        "pre_write_code" => {
            json!({"file_path": format!("{folder}/app.py"), "edits": [{"old_string": "a = 1", "new_string": format!("token = \"{text}\"")}]})
        }
        "pre_run_command" => json!({"command_line": command, "cwd": folder}),
        "pre_mcp_tool_use" => {
            json!({"mcp_server_name": "db", "mcp_tool_name": "connect", "mcp_tool_arguments": {"token": text}})
        }
        "pre_user_prompt" => json!({"user_prompt": format!("use {text}")}),
        "post_run_command" => {
            json!({"command_line": "env", "cwd": folder, "exit_code": 0, "output": format!("TOKEN={text}")})
        }
        "post_mcp_tool_use" => {
            json!({"mcp_server_name": "db", "mcp_tool_name": "get", "mcp_tool_arguments": {}, "mcp_result": format!("{{\"token\": \"{text}\"}}")})
        }
        other => panic!("{other}"),
    };
    json!({"agent_action_name": event, "trajectory_id": "t", "execution_id": "e", "timestamp": "2026-01-15T10:30:00Z", "tool_info": info})
}
