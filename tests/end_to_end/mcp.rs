//! `leakward mcp`, driven by the protocol's own client, and by hand where a client would not do such a thing.

use std::path::Path;

use leakward_tests::{Credential, Repository, Requirement, Sandbox, missing};
use serde_json::{Value, json};

use crate::leakward;

fn client_is_missing() -> bool {
    missing(Requirement::PythonPackage("mcp"))
}

/// What the client saw.
fn drive(repository: &Repository, mode: &str, steps: &Value) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/end_to_end/mcp_client.py");
    let output = repository
        .sandbox()
        .command("python3")
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_leakward"))
        .arg(repository.folder())
        .arg(mode)
        .arg(steps.to_string())
        .output()
        .expect("python3");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

fn content(result: &Value) -> &Value {
    let content = &result["structuredContent"];
    assert!(content.is_object(), "{result}");
    // The same for clients that read the text.
    let text = result["content"][0]["text"].as_str().expect("a text");
    let parsed: Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(&parsed, content);
    content
}

/// What the scans of text, folder, index and history came to.
fn scans_are_told(seen: &Value) {
    let result = |index: usize| &seen["results"][index];
    let text = content(result(0));
    let finding = &text["findings"][0];
    assert_eq!(finding["rule"], "github-pat-classic", "{text}");
    assert_eq!(finding["locations"][0]["path"], "new/file.py");
    assert_eq!(finding["locations"][0]["line"], 2);
    let folder = content(result(1));
    assert_eq!(
        (&folder["complete"], &folder["finding_count"]),
        (&json!(true), &json!(1)),
        "{folder}"
    );
    assert_eq!(folder["findings"][0]["locations"][0]["path"], "src/app.py");
    let index = content(result(2));
    assert_eq!(
        index["findings"][0]["locations"][0]["path"], "staged.py",
        "{index}"
    );
    let history = content(result(3));
    assert_eq!(history["finding_count"], 3, "{history}");
    assert_eq!(history["findings"].as_array().map(Vec::len), Some(1));
}

/// What was explained, listed and read, and what was refused.
fn the_rest_is_told(seen: &Value) {
    let result = |index: usize| &seen["results"][index];
    assert!(result(4)["isError"] == true && result(4).to_string().contains("--allow-path"));
    let explained = content(result(5));
    assert!(
        explained["explanation"]
            .as_str()
            .is_some_and(|text| text.contains("ghp_")),
        "{explained}"
    );
    assert!(
        explained["what_to_do"].to_string().contains("leakward"),
        "{explained}"
    );
    assert_eq!(
        content(result(6))["rules"].as_array().map(Vec::len),
        Some(3)
    );
    assert!(
        result(7)["contents"][0]["text"]
            .as_str()
            .is_some_and(|text| text.contains("GitHub"))
    );
    assert_eq!(result(8)["resources"].as_array().map(Vec::len), Some(2));
    for index in [9, 10] {
        assert!(result(index)["raised"].is_string(), "{}", result(index));
    }
    for index in [11, 12] {
        assert_eq!(result(index)["isError"], true, "{}", result(index));
    }
}

#[test]
fn the_protocols_own_client_scans_and_reads_in_every_mode() {
    if client_is_missing() {
        return;
    }
    let credential = Credential::named("mcp");
    let staged = Credential::named("mcp staged");
    let past = Credential::named("mcp past");
    let repository = Repository::new();
    repository.commit_file("old.py", past.file());
    repository.commit_file("old.py", "gone\n");
    repository.write("src/app.py", credential.file());
    repository.write("staged.py", staged.file());
    repository.git(&["add", "staged.py"]);
    let steps = json!([
        ["call_tool", "scan_text", {"text": credential.file(), "path": "new/file.py"}],
        ["call_tool", "scan_path", {"path": "src"}],
        ["call_tool", "scan_path", {"scope": "staged"}],
        ["call_tool", "scan_path", {"scope": "history", "limit": 1}],
        ["call_tool", "scan_path", {"path": "/etc"}],
        ["call_tool", "explain_finding", {"rule": "github-pat-classic", "fingerprint": "abc"}],
        ["call_tool", "list_rules", {"query": "github token", "limit": 3}],
        ["read_resource", "leakward://rules/github-pat-classic"],
        ["list_resources"],
        ["read_resource", "leakward://nothing"],
        ["call_tool", "no_such_tool", {}],
        ["call_tool", "scan_text", {}],
        ["call_tool", "scan_path", {"scope": "everything"}],
    ]);
    for (mode, version) in [
        ("legacy", "2025-11-25"),
        ("auto", "2026-07-28"),
        ("2026-07-28", "2026-07-28"),
    ] {
        let seen = drive(&repository, mode, &steps);
        assert_eq!(seen["version"], version, "{mode}");
        assert_eq!(seen["tools"].as_array().map(Vec::len), Some(4));
        scans_are_told(&seen);
        the_rest_is_told(&seen);
        let whole = seen.to_string();
        for credential in [&credential, &staged, &past] {
            assert!(
                !whole.contains(credential.tell_tale()),
                "{mode}: masked everywhere"
            );
        }
    }
}

/// Sends lines and gives back the lines that come.
fn exchange(sandbox: &Sandbox, folder: &Path, lines: &[String]) -> Vec<Value> {
    let run = leakward(sandbox)
        .in_folder(folder)
        .arg("mcp")
        .input(lines.join("\n") + "\n")
        .run();
    run.expect_status(0);
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
    run.stdout.lines().map(parse).collect()
}

fn request(id: u32, method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
}

fn modern(version: &str) -> Value {
    json!({"_meta": {
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }})
}

#[test]
fn revisions_are_agreed_on_and_what_is_not_understood_is_refused() {
    let repository = Repository::new();
    let ask = |lines: &[String]| exchange(repository.sandbox(), repository.folder(), lines);
    for (asked, agreed) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2099-01-01", "2025-11-25"),
    ] {
        let answers = ask(&[
            request(
                1,
                "initialize",
                &json!({"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}),
            ),
            json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string(),
            request(2, "ping", &json!({})),
        ]);
        assert_eq!(answers[0]["result"]["protocolVersion"], agreed);
        assert_eq!(answers[1]["result"], json!({}));
        assert_eq!(answers.len(), 2, "a notification has no answer");
    }
    let discovered = &ask(&[request(1, "server/discover", &modern("2026-07-28"))])[0]["result"];
    assert_eq!(discovered["resultType"], "complete");
    assert!(
        discovered["supportedVersions"]
            .to_string()
            .contains("2024-11-05")
    );
    assert!(discovered["ttlMs"].is_u64() && discovered["cacheScope"].is_string());
    for (line, code) in [
        (request(1, "tools/list", &modern("2099-01-01")), -32_022),
        (request(1, "no/such", &json!({})), -32_601),
        (request(1, "ping", &modern("2026-07-28")), -32_601),
        (
            request(1, "tools/call", &json!({"name": "x", "arguments": []})),
            -32_602,
        ),
        ("{".to_owned(), -32_700),
        ("[]".to_owned(), -32_600),
        (
            json!({"jsonrpc": "1.0", "id": 1, "method": "ping"}).to_string(),
            -32_600,
        ),
    ] {
        assert_eq!(
            ask(std::slice::from_ref(&line))[0]["error"]["code"],
            code,
            "{line}"
        );
    }
    let batch = format!(
        "[{},{}]",
        request(1, "ping", &json!({})),
        request(2, "tools/list", &json!({}))
    );
    assert_eq!(ask(&[batch])[0].as_array().map(Vec::len), Some(2));
}

#[test]
fn other_folders_are_looked_at_only_when_a_person_allows_them() {
    let sandbox = Sandbox::new();
    let credential = Credential::named("elsewhere");
    sandbox.write("work/a.py", "x = 1\n");
    sandbox.write("other/b.py", credential.file());
    let call = request(
        1,
        "tools/call",
        &json!({"name": "scan_path", "arguments": {"path": "../other"}}),
    );
    let run = |arguments: &[&str]| {
        let run = leakward(&sandbox)
            .in_folder(&sandbox.path("work"))
            .arg("mcp")
            .args(arguments)
            .input(format!("{call}\n"))
            .run();
        serde_json::from_str::<Value>(&run.stdout)
            .unwrap_or_else(|_| panic!("{}", run.transcript()))
    };
    assert_eq!(run(&[])["result"]["isError"], true);
    let allowed = run(&["--allow-path", "../other"]);
    assert_eq!(
        allowed["result"]["structuredContent"]["finding_count"], 1,
        "{allowed}"
    );
    leakward(&sandbox)
        .args(["mcp", "--allow-path", "no/such"])
        .run()
        .expect_status(2)
        .expect_message(&["--allow-path no/such"]);
}

#[test]
fn a_repository_around_the_allowed_folder_is_not_looked_at_and_what_is_named_is_read() {
    let repository = Repository::new();
    let (above, below, ignored) = (
        Credential::named("above the folder"),
        Credential::named("in the folder"),
        Credential::named("ignored in the folder"),
    );
    repository.write(".gitignore", ".env\nbuild/\n");
    repository.commit_file("above.py", above.file());
    repository.commit_file("work/a.py", below.file());
    repository.write("work/.env", format!("TOKEN={ignored}\n"));
    repository.write("work/build/out.txt", format!("TOKEN={ignored}\n"));
    let folder = repository.path("work");
    let scan = |arguments: Value| {
        let params = json!({"name": "scan_path", "arguments": arguments});
        let call = request(1, "tools/call", &params);
        let mut answers = exchange(repository.sandbox(), &folder, &[call]);
        answers.remove(0)["result"].take()
    };
    for (path, place) in [
        (".", "a.py"),
        ("a.py", "a.py"),
        (".env", ".env"),
        ("build", "build/out.txt"),
    ] {
        let result = scan(json!({"path": path}));
        let content = &result["structuredContent"];
        assert_eq!(
            (&content["finding_count"], &content["complete"]),
            (&json!(1), &json!(true)),
            "{path}: {result}"
        );
        assert_eq!(content["findings"][0]["locations"][0]["path"], place);
    }
    for scope in ["history", "staged"] {
        let result = scan(json!({"scope": scope}));
        assert_eq!(result["isError"], true, "{scope}: {result}");
        assert!(result.to_string().contains("--allow-path"), "{result}");
    }
    // From the repository's root, a file is called as the repository calls it.
    let params = json!({"name": "scan_path", "arguments": {"path": "work/.env"}});
    let call = request(1, "tools/call", &params);
    let answers = exchange(repository.sandbox(), repository.folder(), &[call]);
    let content = &answers[0]["result"]["structuredContent"];
    assert_eq!(
        content["findings"][0]["locations"][0]["path"], "work/.env",
        "{content}"
    );
}

#[test]
fn the_policy_resource_shows_no_credential_and_a_broken_policy_is_told() {
    let repository = Repository::new();
    let credential = Credential::named("in the policy");
    repository.write(".leakwardignore", format!("path:x  # {credential}\n"));
    let read = request(1, "resources/read", &json!({"uri": "leakward://policy"}));
    let answers = exchange(repository.sandbox(), repository.folder(), &[read]);
    let text = answers[0]["result"]["contents"][0]["text"]
        .as_str()
        .expect("a text");
    assert!(
        text.contains("path:x") && !text.contains(credential.tell_tale()),
        "{text}"
    );
    repository.write("leakward.toml", "[scann]\n");
    let call = request(
        1,
        "tools/call",
        &json!({"name": "scan_text", "arguments": {"text": "x"}}),
    );
    let answers = exchange(repository.sandbox(), repository.folder(), &[call]);
    assert_eq!(
        answers[0]["result"]["isError"], true,
        "nothing is clean that was not looked at"
    );
    assert!(answers[0].to_string().contains("leakward.toml"));
}

#[test]
fn the_server_ends_with_its_client_also_while_a_tool_runs() {
    let repository = Repository::new();
    repository.commit_file("a.py", "x = 1\n".repeat(100_000));
    let mut child = leakward(repository.sandbox())
        .in_folder(repository.folder())
        .arg("mcp")
        .input("")
        .spawn();
    let mut stdin = child.stdin.take().expect("a pipe");
    let call = request(
        1,
        "tools/call",
        &json!({"name": "scan_path", "arguments": {"scope": "history"}}),
    );
    std::io::Write::write_all(&mut stdin, format!("{call}\n").as_bytes()).expect("a request");
    drop(stdin);
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("its end");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
}
