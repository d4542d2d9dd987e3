//! Ways round `leakward guard` that agents have found, or might: what a call says of a file is not believed, and what
//! cannot be looked at is not let pass.

use leakward_tests::{Credential, Repository};
use serde_json::{Value, json};

use super::{ask, guard};

fn bash(command: &str) -> Value {
    json!({"tool": "bash", "input": {"command": command}})
}

#[test]
fn what_was_there_before_is_learned_from_the_file_and_not_from_the_call() {
    let repository = Repository::new();
    let credential = Credential::named("said to be there");
    let line = format!("token = \"{credential}\"\n");
    repository.write("clean.py", "x = 1\n");
    repository.write("leaky.py", format!("import os\n{line}x = 1\n"));
    let edit = |path: &str, old: &str, new: &str| json!({"tool": "edit", "input": {"file_path": path, "old_string": old, "new_string": new}});
    let patch = |path: &str, lines: &str| json!({"tool": "apply_patch", "input": {"input": format!("*** Begin Patch\n*** Update File: {path}\n@@\n{lines}*** End Patch\n")}});
    for (input, decision) in [
        (edit("clean.py", &line, &format!("{line}y = 2\n")), "deny"),
        (edit("no/such.py", &line, &line), "deny"),
        (edit("clean.py", &line, "y = 2\n"), "deny"),
        (edit("leaky.py", &line, "y = 2\n"), "allow"),
        (edit("leaky.py", &line, &format!("{line}y = 2\n")), "allow"),
        (patch("clean.py", &format!("-{line}+y = 2\n")), "deny"),
        (patch("clean.py", &format!(" {line}+y = 2\n")), "deny"),
        (patch("leaky.py", &format!("-{line}+y = 2\n")), "allow"),
        (patch("leaky.py", &format!(" {line}+y = 2\n")), "allow"),
        (
            patch(
                "leaky.py",
                &format!("*** Move to: moved.py\n-{line}+y = 2\n"),
            ),
            "allow",
        ),
        (
            json!({"tool": "mcp__notes__replace", "input": {"old_text": line, "new_text": "x"}}),
            "deny",
        ),
        (
            json!({"tool": "mcp__files__edit", "input": {"path": "leaky.py", "edits": [{"oldText": line, "newText": "x"}]}}),
            "allow",
        ),
    ] {
        let (said, answer) = ask(&repository, &input);
        let shown = input.to_string().replace(credential.text(), "KEY");
        assert_eq!(said, decision, "{shown}: {answer}");
    }
}

#[test]
fn a_command_inside_of_a_command_reads_files_as_well() {
    let repository = Repository::new();
    let credential = Credential::named("inside of a command");
    repository.write(".env", format!("TOKEN={credential}\n"));
    repository.write("clean.txt", "x = 1\n");
    for (command, decision) in [
        ("bash -lc \"cat .env\"", "deny"),
        ("echo \"$(cat .env)\"", "deny"),
        ("echo \"`cat .env`\"", "deny"),
        ("cat .e*", "deny"),
        ("cat .{env,x}", "deny"),
        ("cat *.txt", "allow"),
        ("cat '.e*'", "allow"),
        (
            "git commit -m \"$(cat <<'EOF'\nit's: cat .env\nEOF\n)\"",
            "allow",
        ),
    ] {
        let (said, answer) = ask(&repository, &bash(command));
        assert_eq!(said, decision, "{command}: {answer}");
    }
    for words in [json!(["bash", "-lc", "cat .env"]), json!(["cat", ".env"])] {
        let input = json!({"tool": "shell", "input": {"command": words}});
        assert_eq!(ask(&repository, &input).0, "deny", "{input}");
    }
    let header = format!("Authorization: {credential}");
    let input = json!({"tool": "shell", "input": {"command": ["curl", {"header": header}]}});
    assert_eq!(ask(&repository, &input).0, "deny", "a word that is no text");
}

#[test]
fn what_is_too_much_to_look_at_is_not_let_pass_and_the_stricter_answer_wins() {
    let repository = Repository::new();
    let credential = Credential::named("stricter");
    for index in 0..1_001 {
        repository.write(&format!("many/{index}.txt"), "x = 1\n");
    }
    repository.write(".env", format!("TOKEN={credential}\n"));
    let many = bash("cat many/*.txt").to_string();
    guard(&repository, &["--agent", "json"], &many)
        .expect_status(2)
        .expect_message(&["many/*.txt"]);
    guard(
        &repository,
        &["--agent", "json", "--on-error", "allow"],
        &many,
    )
    .expect_status(0);
    let both =
        json!({"hook_event_name": "PreToolUse", "permission_mode": "default", "tool_name": "Bash",
        "tool_input": {"command": "cat .env many/*.txt"}})
        .to_string();
    for (on_read, on_error, expected) in [
        ("ask", "deny", "\"deny\""),
        ("allow", "deny", "\"deny\""),
        ("allow", "ask", "\"ask\""),
        ("ask", "allow", "\"ask\""),
        ("deny", "ask", "\"deny\""),
    ] {
        let arguments = [
            "--agent",
            "claude",
            "--on-read",
            on_read,
            "--on-error",
            on_error,
        ];
        let run = guard(&repository, &arguments, &both);
        run.expect_status(0);
        assert!(
            run.stdout.contains(expected),
            "{on_read} {on_error}: {}",
            run.transcript()
        );
        assert!(!run.transcript().contains(credential.tell_tale()));
    }
}

#[test]
fn a_link_to_the_policy_is_the_policy() {
    let repository = Repository::new();
    repository.write(".leakwardignore", "");
    repository.write(".claude/settings.json", "{\"hooks\": \"leakward guard\"}");
    #[cfg(unix)]
    std::os::unix::fs::symlink(".leakwardignore", repository.path("innocent.txt")).expect("a link");
    let write =
        json!({"tool": "write", "input": {"file_path": "innocent.txt", "content": "path:**\n"}});
    assert_eq!(ask(&repository, &write).0, "ask");
    for command in [
        "ln -sf /dev/null .leakwardignore",
        "echo '{}' > .claude/settings.json",
        "rm -r .claude",
    ] {
        assert_eq!(ask(&repository, &bash(command)).0, "ask", "{command}");
    }
}

#[test]
fn a_line_that_is_made_to_be_slow_is_answered_and_what_is_left_out_is_told() {
    let repository = Repository::new();
    let values: String = (0..5_000).map(|value| format!("{value} ")).collect();
    for (command, told) in [
        (format!("for f in {values}; do cat $f; done"), true),
        (format!("cat {values}"), true),
        (format!("rm {values}"), true),
        (format!("a=xy; {} cat $a", "a=$a$a; ".repeat(60)), true),
        (format!("{}cat .env", "(".repeat(500_000)), true),
        (format!("cat {}", "${".repeat(500_000)), false),
        (format!("cat {{{}", "}".repeat(1_000_000)), true),
        ("python3 - <<E\nx\nE\n".repeat(10_000), false),
        ("env | ".repeat(100_000), true),
        ("env | ".repeat(10_000), false),
    ] {
        let run = guard(
            &repository,
            &["--agent", "json"],
            &bash(&command).to_string(),
        );
        if told {
            run.expect_status(2);
        } else {
            run.expect_status(0);
        }
    }
}
