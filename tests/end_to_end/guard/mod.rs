//! `leakward guard`: what the hooks of coding agents hand over, and what they get back.
//!
//! The settings files in `agents/` are taken at their word: for each event that one of them names, the command that it
//! names is run with an input as the agent's documentation shows it, and the answer is read as that documentation says
//! (docs/agents.md has the addresses). The readers in here share nothing with the program.

mod everyday;
mod getting_round;
mod inputs;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use leakward_tests::{Credential, Repository, Requirement, Run, missing};
use serde_json::{Value, json};

use crate::leakward;
use inputs::input;

/// What an answer says, read as the agent's documentation has it.
#[derive(Debug, PartialEq)]
enum Said {
    /// No opinion, or go on.
    GoesOn,
    /// A person is asked.
    Asks(String),
    /// It does not happen; or, afterwards, the model gets these words instead.
    Stopped(String),
    /// It has happened; somebody is told.
    Told(String),
}

fn settings_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../agents")
}

fn settings(file: &str) -> Value {
    let text = fs::read_to_string(settings_folder().join(file)).expect(file);
    serde_json::from_str(&text).expect(file)
}

/// Runs a command line as an agent does: in a shell, in the project's folder.
fn hook(repository: &Repository, command: &str, input: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_leakward"));
    let folder = program.parent().expect("a folder").display();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    let mut child = repository
        .sandbox()
        .command("sh")
        .args(["-c", command])
        .current_dir(repository.folder())
        .env("PATH", path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("an input");
    drop(stdin);
    child.wait_with_output().expect("its end")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn parsed(output: &Output) -> Value {
    let stdout = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout:?}"))
}

/// Claude Code and Codex: status 0, and JSON of which only documented fields count.
fn read_claude(event: &str, output: &Output) -> Said {
    assert_eq!(output.status.code(), Some(0));
    let answer = parsed(output);
    let specific = &answer["hookSpecificOutput"];
    if specific.is_object() {
        assert_eq!(specific["hookEventName"], event);
        let reason = text(&specific["permissionDecisionReason"]);
        return match specific["permissionDecision"].as_str() {
            Some("deny") => Said::Stopped(reason),
            Some("ask") => Said::Asks(reason),
            other => panic!("{other:?}: an explicit allow would skip the user's own question"),
        };
    }
    match answer["decision"].as_str() {
        None => {
            assert_eq!(answer, json!({}));
            Said::GoesOn
        }
        Some("block") => Said::Stopped(text(&answer["reason"])),
        other => panic!("{other:?}"),
    }
}

fn read_gemini(output: &Output) -> Said {
    assert_eq!(output.status.code(), Some(0));
    let answer = parsed(output);
    match answer["decision"].as_str() {
        None => Said::GoesOn,
        Some("deny") => Said::Stopped(text(&answer["reason"])),
        other => panic!("{other:?}"),
    }
}

fn read_cursor(event: &str, output: &Output) -> Said {
    assert_eq!(output.status.code(), Some(0));
    let answer = parsed(output);
    if event == "beforeSubmitPrompt" {
        return match answer["continue"].as_bool() {
            Some(true) => Said::GoesOn,
            Some(false) => Said::Stopped(text(&answer["user_message"])),
            None => panic!("{answer}"),
        };
    }
    if event == "postToolUse" {
        return match answer.get("additional_context") {
            Some(context) => Said::Told(text(context)),
            None => Said::GoesOn,
        };
    }
    match answer["permission"].as_str() {
        Some("allow") => Said::GoesOn,
        Some("ask") => Said::Asks(text(&answer["user_message"])),
        Some("deny") => {
            assert_eq!(answer["user_message"], answer["agent_message"]);
            Said::Stopped(text(&answer["user_message"]))
        }
        other => panic!("{other:?}"),
    }
}

fn read_copilot(event: &str, output: &Output) -> Said {
    if event == "userPromptSubmitted" {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return match output.status.code() {
            Some(0) => Said::GoesOn,
            Some(2) => Said::Told(said),
            other => panic!("{other:?}"),
        };
    }
    assert_eq!(output.status.code(), Some(0), "anything else is a crash");
    let answer = parsed(output);
    if event == "postToolUse" {
        let result = &answer["modifiedResult"];
        return if result.is_null() {
            Said::GoesOn
        } else {
            assert_eq!(result["resultType"], "success");
            Said::Stopped(text(&result["textResultForLlm"]))
        };
    }
    let reason = text(&answer["permissionDecisionReason"]);
    match answer["permissionDecision"].as_str() {
        None => Said::GoesOn,
        Some("deny") => Said::Stopped(reason),
        Some("ask") => Said::Asks(reason),
        other => panic!("{other:?}"),
    }
}

fn read_windsurf(event: &str, output: &Output) -> Said {
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match output.status.code() {
        Some(0) if output.stdout.is_empty() => Said::GoesOn,
        Some(0) => {
            assert!(event.starts_with("post_"));
            Said::Told(said(&output.stdout))
        }
        Some(2) => Said::Stopped(said(&output.stderr)),
        other => panic!("{other:?}"),
    }
}

fn read_cline(output: &Output) -> Said {
    let answer = parsed(output);
    let lines = output.stdout.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(
        (output.status.code(), lines),
        (Some(0), 1),
        "one line of JSON"
    );
    match (answer["cancel"].as_bool(), &answer["contextModification"]) {
        (Some(true), _) => Said::Stopped(text(&answer["errorMessage"])),
        (Some(false), Value::Null) => Said::GoesOn,
        (Some(false), context) => Said::Told(text(context)),
        (None, _) => panic!("{answer}"),
    }
}

/// One event of one agent: the command that its settings name for it, and what is handed over about `text`.
struct Case {
    agent: &'static str,
    event: String,
    command: String,
    input: Value,
}

impl Case {
    fn run(&self, repository: &Repository) -> (Said, Output) {
        let output = hook(repository, &self.command, &self.input.to_string());
        let said = match self.agent {
            "claude" | "codex" => read_claude(&self.event, &output),
            "vscode" => {
                let outer = parsed(&output);
                let inner = &outer["hookSpecificOutput"]["permissionDecision"];
                assert_eq!(&outer["permissionDecision"], inner);
                read_claude(&self.event, &output)
            }
            "gemini" => read_gemini(&output),
            "cursor" => read_cursor(&self.event, &output),
            "copilot" => read_copilot(&self.event, &output),
            "windsurf" => read_windsurf(&self.event, &output),
            _ => read_cline(&output),
        };
        (said, output)
    }
}

/// The events of a settings file with the command that each one runs, and a check that nothing else is in the file.
fn commands(agent: &str, file: &str) -> Vec<(String, String)> {
    let settings = settings(file);
    let known: &[&str] = match agent {
        "cursor" => &["command", "timeout", "failClosed", "matcher"],
        "copilot" => &["type", "bash", "powershell", "timeoutSec"],
        "windsurf" => &["command", "show_output"],
        "gemini" => &["name", "type", "command", "timeout"],
        _ => &["type", "command", "timeout"],
    };
    let versioned = matches!(agent, "cursor" | "copilot");
    assert_eq!(settings["version"] == 1, versioned, "{agent}");
    let mut commands = Vec::new();
    for (event, entries) in settings["hooks"].as_object().expect("hooks") {
        for entry in entries.as_array().expect("a list") {
            let handlers = match entry.get("hooks") {
                Some(handlers) => {
                    assert!(
                        matches!(agent, "claude" | "codex" | "gemini"),
                        "{agent} nests hooks"
                    );
                    handlers.as_array().expect("a list").clone()
                }
                None => vec![entry.clone()],
            };
            for handler in handlers {
                for key in handler.as_object().expect("an object").keys() {
                    assert!(known.contains(&key.as_str()), "{agent}: {key}");
                }
                let command = handler.get("command").or_else(|| handler.get("bash"));
                commands.push((event.clone(), text(command.expect("a command"))));
            }
        }
    }
    commands
}

fn cases(folder: &str, text: &str) -> Vec<Case> {
    let files = [
        ("claude", "claude/settings.json"),
        ("codex", "codex/hooks.json"),
        ("vscode", "vscode/leakward-vscode.json"),
        ("gemini", "gemini/settings.json"),
        ("cursor", "cursor/hooks.json"),
        ("copilot", "copilot/leakward.json"),
        ("windsurf", "windsurf/hooks.json"),
    ];
    let mut cases = Vec::new();
    for (agent, file) in files {
        for (event, command) in commands(agent, file) {
            let input = input(agent, &event, folder, text);
            cases.push(Case {
                agent,
                event,
                command,
                input,
            });
        }
    }
    for event in ["PreToolUse", "PostToolUse", "UserPromptSubmit"] {
        let command = settings_folder()
            .join("cline/PreToolUse")
            .display()
            .to_string();
        let (agent, input) = ("cline", input("cline", event, folder, text));
        cases.push(Case {
            agent,
            event: event.to_owned(),
            command,
            input,
        });
    }
    cases
}

#[test]
fn every_event_of_every_settings_file_is_answered_as_its_agent_documents() {
    let credential = Credential::named("agents");
    let repository = Repository::new();
    repository.write("leaky.env", format!("TOKEN={credential}\n"));
    repository.write("clean.py", "x = 1\n");
    let folder = repository.folder().display().to_string();
    for case in cases(&folder, "x") {
        let (said, output) = case.run(&repository);
        assert_eq!(
            said,
            Said::GoesOn,
            "{} {}: {output:?}",
            case.agent,
            case.event
        );
    }
    let mut events = 0;
    for case in cases(&folder, credential.text()) {
        let name = format!("{} {}", case.agent, case.event);
        let (said, output) = case.run(&repository);
        let (Said::Stopped(reason) | Said::Told(reason)) = said else {
            panic!("{name}: {said:?}");
        };
        assert!(
            reason.contains("GitHub personal access token"),
            "{name}: {reason}"
        );
        for stream in [&output.stdout, &output.stderr] {
            let stream = String::from_utf8_lossy(stream);
            assert!(!stream.contains(credential.tell_tale()), "{name}: {stream}");
        }
        events += 1;
    }
    assert_eq!(
        events, 32,
        "a settings file that names no event tests nothing"
    );
}

#[test]
fn without_a_name_each_agent_is_known_by_its_input() {
    let credential = Credential::named("automatic");
    let repository = Repository::new();
    repository.write("leaky.env", format!("TOKEN={credential}\n"));
    let folder = repository.folder().display().to_string();
    for mut case in cases(&folder, credential.text()) {
        let named = hook(&repository, &case.command, &case.input.to_string());
        "leakward guard".clone_into(&mut case.command);
        // Two agents hand over the same for a prompt, and get the same answer.
        let guessed = hook(&repository, &case.command, &case.input.to_string());
        assert_eq!(named, guessed, "{} {}", case.agent, case.event);
        let scanned = hook(
            &repository,
            "leakward scan --stdin-json",
            &case.input.to_string(),
        );
        assert_eq!(named, scanned, "{} {}", case.agent, case.event);
    }
}

#[test]
fn the_program_prints_the_settings_files() {
    let repository = Repository::new();
    for (agent, file) in [
        ("claude", "claude/settings.json"),
        ("cline", "cline/PreToolUse"),
        ("opencode", "opencode/leakward.js"),
    ] {
        let run = leakward(repository.sandbox())
            .args(["guard", "--settings", agent])
            .run();
        run.expect_status(0);
        let text = fs::read_to_string(settings_folder().join(file)).expect(file);
        assert_eq!(run.stdout, text);
    }
    leakward(repository.sandbox())
        .args(["guard", "--settings", "text"])
        .run()
        .expect_status(2)
        .expect_message(&["text"]);
}

#[test]
fn opencodes_plugin_throws_before_a_tool_and_hides_what_one_returned() {
    if missing(Requirement::Tool("node")) {
        return;
    }
    let credential = Credential::named("opencode");
    let repository = Repository::new();
    repository.write(".env", format!("TOKEN={credential}\n"));
    let plugin = fs::read_to_string(settings_folder().join("opencode/leakward.js")).expect("it");
    repository.write("plugin.mjs", plugin);
    let script = format!(
        r#"import {{ Leakward }} from "./plugin.mjs";
const hooks = await Leakward({{ directory: process.cwd() }});
await hooks["tool.execute.before"]({{ tool: "bash" }}, {{ args: {{ command: "ls" }} }});
const after = {{ output: "TOKEN={credential}" }};
await hooks["tool.execute.after"]({{ tool: "bash", args: {{}} }}, after);
let thrown = "";
try {{ await hooks["tool.execute.before"]({{ tool: "read" }}, {{ args: {{ filePath: ".env" }} }}); }}
catch (error) {{ thrown = error.message; }}
console.log(JSON.stringify({{ after: after.output, thrown }}));
"#
    );
    repository.write("drive.mjs", script);
    let output = hook(&repository, "node drive.mjs", "");
    assert!(output.status.success(), "{output:?}");
    let answer = parsed(&output);
    assert!(text(&answer["after"]).contains("GitHub"), "{answer}");
    assert!(text(&answer["thrown"]).contains(".env:1"), "{answer}");
    assert!(!answer.to_string().contains(credential.tell_tale()));
}

fn guard(repository: &Repository, arguments: &[&str], input: &str) -> Run {
    leakward(repository.sandbox())
        .in_folder(repository.folder())
        .arg("guard")
        .args(arguments)
        .input(input)
        .run()
}

fn ask(repository: &Repository, input: &Value) -> (String, Value) {
    let run = guard(repository, &["--agent", "json"], &input.to_string());
    let answer: Value =
        serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.transcript()));
    let decision = text(&answer["decision"]);
    let status = if decision == "allow" { 0 } else { 1 };
    run.expect_status(status);
    (decision, answer)
}

#[test]
fn what_stood_there_already_is_not_brought_in() {
    let repository = Repository::new();
    let old = format!("token = \"{}\"\n", Credential::named("old"));
    let new = format!("token = \"{}\"\n", Credential::named("new"));
    repository.write("app.py", &old);
    for (old_text, new_text, decision) in [
        (old.as_str(), "token = os.environ[\"TOKEN\"]\n", "allow"),
        (old.as_str(), &format!("import os\n{old}"), "allow"),
        (old.as_str(), new.as_str(), "deny"),
        ("x = 1\n", new.as_str(), "deny"),
    ] {
        let input = json!({"tool": "edit", "input": {"file_path": "app.py", "old_string": old_text, "new_string": new_text}});
        assert_eq!(ask(&repository, &input).0, decision, "{new_text}");
    }
    let rewrite = |content: &str| json!({"tool": "write", "input": {"file_path": "app.py", "content": content}});
    assert_eq!(
        ask(&repository, &rewrite(&format!("# more\n{old}"))).0,
        "allow"
    );
    assert_eq!(ask(&repository, &rewrite(&new)).0, "deny");
    let elsewhere = json!({"tool": "write", "input": {"file_path": "other.py", "content": old}});
    assert_eq!(ask(&repository, &elsewhere).0, "deny");
}

#[test]
fn a_file_with_credentials_is_not_read_unless_somebody_decided_so() {
    let repository = Repository::new();
    let credential = Credential::named("to be read");
    repository.write("conf/.env", format!("A=1\nTOKEN={credential}\n"));
    repository.write("conf/big.txt", "x = 1\n".repeat(200_000));
    let read = |path: &str| json!({"tool": "Read", "input": {"file_path": path}, "cwd": repository.folder()});
    let (decision, answer) = ask(&repository, &read("conf/.env"));
    assert_eq!(decision, "deny");
    let finding = &answer["findings"][0];
    assert_eq!(
        (&finding["path"], &finding["line"]),
        (&json!("conf/.env"), &json!(2))
    );
    let shell = json!({"tool": "Bash", "input": {"command": "cd conf; cat ./.env"}, "cwd": repository.folder().join("conf")});
    assert_eq!(
        ask(&repository, &shell).0,
        "deny",
        "a shell shows it as well"
    );
    for path in ["conf/big.txt", "conf", "no/such/file", "/dev/zero"] {
        assert_eq!(ask(&repository, &read(path)).0, "allow", "{path}");
    }
    let asked = guard(&repository, &["--agent", "claude", "--on-read", "ask"],
        &json!({"hook_event_name": "PreToolUse", "tool_name": "Read", "tool_input": {"file_path": "conf/.env"}}).to_string());
    assert!(asked.stdout.contains("\"ask\""), "{}", asked.transcript());
    repository.write(".leakwardignore", "path:conf/**  # a sandbox\n");
    assert_eq!(
        ask(&repository, &read("conf/.env")).0,
        "allow",
        "the ignore file counts"
    );
}

#[test]
fn an_agent_cannot_talk_the_guard_out_of_it() {
    let repository = Repository::new();
    let credential = Credential::named("talked");
    let marked = format!("token = \"{credential}\"  # leakward:allow\n");
    let write = |path: &str, content: &str| json!({"tool": "write", "input": {"file_path": path, "content": content}});
    assert_eq!(
        ask(&repository, &write("app.py", &marked)).0,
        "deny",
        "a comment that it brings itself"
    );
    for looks_like_a_patch in [
        format!("*** Begin Patch\n{credential}\n*** End Patch\n"),
        format!("*** Begin Patch\n*** Update File: x\n-{credential}\n"),
        format!("*** Begin Patch\n*** Update File: x\n\\{credential}\n"),
        format!("*** Begin Patch\n*** Delete File: x\n-{credential}\n"),
        format!("+++ b/x\n@@ -1,9 +1,9 @@\n-{credential}\n"),
        format!("+++ b/x\n@@ -1,9 +1,9 @@\n {credential}\n"),
        format!("--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-{credential}\n"),
        format!("<<<<<<< SEARCH\n{credential}\n=======\nx\n>>>>>>> REPLACE\n"),
    ] {
        let text = looks_like_a_patch.as_str();
        let (decision, answer) = ask(&repository, &write("new.txt", text));
        assert_eq!(decision, "deny", "a new file: {answer}");
        for input in [
            json!({"tool": "bash", "input": {"command": format!("cat > new.txt <<'EOF'\n{text}EOF\n")}}),
            json!({"tool": "bash", "input": {"command": format!("apply_patch <<'EOF'\n{text}EOF\n")}}),
            json!({"tool": "apply_patch", "input": {"input": text}}),
            json!({"tool": "apply_patch", "input": text}),
        ] {
            let (decision, answer) = ask(&repository, &input);
            let shape = input["tool"].to_string();
            assert_eq!(decision, "deny", "{shape}: {answer}");
        }
    }
    repository.write("app.py", &marked);
    assert_eq!(
        ask(
            &repository,
            &json!({"tool": "read", "input": {"file_path": "app.py"}})
        )
        .0,
        "allow",
        "a person's comment"
    );
    repository.write(".claude/settings.json", "{\"hooks\": \"leakward guard\"}");
    for path in [
        ".leakwardignore",
        "sub/../leakward.toml",
        ".claude/settings.json",
    ] {
        let (decision, answer) = ask(&repository, &write(path, "# nothing\n"));
        assert_eq!(decision, "ask", "{path}: {answer}");
    }
    let command =
        json!({"tool": "bash", "input": {"command": "echo 'path:**' >> .leakwardignore"}});
    assert_eq!(ask(&repository, &command).0, "ask");
    assert_eq!(
        ask(
            &repository,
            &json!({"tool": "bash", "input": {"command": "wc -l .leakwardignore"}})
        )
        .0,
        "allow"
    );
    let allowed = guard(
        &repository,
        &["--agent", "json", "--on-policy-edit", "allow"],
        &write(".leakwardignore", "# x\n").to_string(),
    );
    allowed.expect_status(0);
}

#[test]
fn the_policy_can_come_from_a_ref_that_an_agent_does_not_edit() {
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    let content = format!("token = \"{}\"\n", Credential::named("ref"));
    repository.write(".leakwardignore", "rule:*  # everything\n");
    let input =
        json!({"tool": "write", "input": {"file_path": "a.py", "content": content}}).to_string();
    guard(&repository, &["--agent", "json"], &input).expect_status(0);
    guard(
        &repository,
        &["--agent", "json", "--policy-ref", "HEAD"],
        &input,
    )
    .expect_status(1);
    guard(
        &repository,
        &["--agent", "json", "--policy-ref", "nowhere"],
        &input,
    )
    .expect_status(2)
    .expect_message(&["nowhere"]);
}

#[test]
fn a_diff_is_judged_by_what_it_adds_and_told_with_its_lines() {
    let repository = Repository::new();
    let credential = Credential::named("diff");
    repository.commit_file("app.py", format!("a = 1\ntoken = \"{credential}\"\n"));
    repository.write("app.py", "a = 1\n");
    let removal = repository.git(&["diff"]);
    guard(&repository, &[], &removal).expect_status(0);
    let addition = repository.git(&["diff", "-R"]);
    let run = guard(&repository, &[], &addition);
    run.expect_status(1);
    let answer: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(answer["findings"][0]["path"], "app.py");
    assert_eq!(answer["findings"][0]["line"], 2, "{answer}");
    guard(&repository, &[], &format!("token = \"{credential}\"\n")).expect_status(1);
    guard(&repository, &[], "nothing to see\n").expect_status(0);
    guard(&repository, &["--agent", "text"], "").expect_status(0);
}

#[test]
fn what_cannot_be_understood_is_stopped_or_let_go_as_was_chosen() {
    let repository = Repository::new();
    let credential = Credential::named("broken");
    let broken = format!("{{\"tool_name\": \"Bash\", \"command\": \"{credential}");
    for (input, agent) in [
        (broken.as_str(), "claude"),
        ("[]", "claude"),
        ("{}", "claude"),
        ("", "windsurf"),
        ("{\"a\": 1}", "cline"),
    ] {
        let run = guard(
            &repository,
            &["--agent", agent, "--on-error", "allow"],
            input,
        );
        run.expect_status(0).expect_message(&["--on-error allow"]);
        assert!(!run.transcript().contains(credential.tell_tale()));
        let run = guard(&repository, &["--agent", agent], input);
        run.expect_message(&["could not look at this"]);
        let stopped = run.stdout.contains("\"deny\"")
            || run.stdout.contains("\"cancel\":true")
            || run.status == Some(2);
        assert!(stopped, "{}", run.transcript());
    }
    guard(&repository, &[], &broken)
        .expect_status(2)
        .expect_message(&["not the JSON"]);
    repository.write(".leakwardignore", "what is this\n");
    let clean = json!({"tool": "bash", "input": {"command": "ls"}}).to_string();
    guard(&repository, &[], &clean)
        .expect_status(2)
        .expect_message(&[".leakwardignore:1"]);
    guard(&repository, &["--on-error", "allow"], &clean)
        .expect_status(0)
        .expect_message(&[".leakwardignore:1"]);
}

#[test]
fn a_credential_in_a_path_is_not_repeated() {
    let repository = Repository::new();
    let credential = Credential::named("in a path");
    let input = json!({"tool": "read", "input": {"file_path": format!("x/{credential}/.env")}});
    let (_, answer) = ask(&repository, &input);
    assert!(
        !answer.to_string().contains(credential.tell_tale()),
        "{answer}"
    );
    let input = json!({"tool": "write", "input": {"file_path": format!("x/{credential}.py"), "content": format!("t = \"{credential}\"\n")}});
    let (decision, answer) = ask(&repository, &input);
    assert_eq!(decision, "deny");
    assert!(
        !answer.to_string().contains(credential.tell_tale()),
        "{answer}"
    );
}
