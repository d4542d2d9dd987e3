//! `leakward lsp`, as an editor talks to it: a client of a few lines that speaks the protocol over pipes.

mod editor;

use std::fs;
use std::path::Path;
use std::time::Duration;

use leakward_tests::{Credential, Repository, Requirement, missing};
use serde_json::{Value, json};

use self::editor::Editor;

fn uri(repository: &Repository, name: &str) -> String {
    format!("file://{}", repository.path(name).display())
}

fn range(line: u32, from: u32, to: u32) -> Value {
    json!({"start": {"line": line, "character": from}, "end": {"line": line, "character": to}})
}

#[test]
fn a_credential_is_marked_while_it_is_typed_and_the_mark_goes_with_it() {
    let repository = Repository::new();
    let credential = Credential::named("typed");
    let mut editor = Editor::start(&repository, &json!({}));
    let file = uri(&repository, "app.py");
    assert!(
        editor
            .open(&file, "python", "# 😀 é\ntoken = \"\"\n")
            .is_empty()
    );
    let at = json!({"line": 1, "character": 9});
    editor.change(
        &file,
        2,
        &json!([{"range": {"start": at, "end": at}, "text": credential.text()}]),
    );
    let marked = editor.diagnostics(&file, 2);
    assert_eq!(marked.len(), 1);
    assert_eq!(marked[0]["range"], range(1, 9, 49));
    assert_eq!(
        (&marked[0]["severity"], &marked[0]["code"]),
        (&json!(1), &json!("github-pat-classic"))
    );
    assert!(!marked[0].to_string().contains(credential.tell_tale()));
    // Both changes are made before anything is looked at.
    editor.change(&file, 3, &json!([
        {"range": range(0, 0, 0), "text": "x = '😀' # "},
        {"range": {"start": {"line": 0, "character": 10}, "end": {"line": 1, "character": 0}}, "text": "é "},
    ]));
    let moved = editor.diagnostics(&file, 3);
    // x = '😀' # is ten UTF-16 units, then é and a blank, then token = "
    assert_eq!(moved[0]["range"], range(0, 21, 61), "{moved:?}");
    editor.change(
        &file,
        4,
        &json!([{"text": "token = os.environ[\"TOKEN\"]\n"}]),
    );
    assert!(editor.diagnostics(&file, 4).is_empty());
    editor.notify(
        "textDocument/didClose",
        &json!({"textDocument": {"uri": file}}),
    );
    editor.end();
}

#[test]
fn an_editor_that_counts_bytes_gets_bytes() {
    let repository = Repository::new();
    let credential = Credential::named("bytes");
    let mut editor = Editor::start(
        &repository,
        &json!({"general": {"positionEncodings": ["utf-8", "utf-16"]}}),
    );
    let text = format!("é, token = 1, \"{credential}\"\n");
    let file = uri(&repository, "a%20b/%C3%BC.py");
    let marked = editor.open(&file, "python", &text);
    assert_eq!(marked[0]["range"], range(0, 16, 56));
    // An editor that does not encode its addresses is understood.
    let raw = uri(&repository, "c d/ü.py");
    editor.notify(
        "textDocument/didOpen",
        &json!({"textDocument": {"uri": raw, "languageId": "python", "version": 1, "text": text}}),
    );
    let encoded = uri(&repository, "c%20d/%C3%BC.py");
    assert_eq!(editor.diagnostics(&encoded, 1).len(), 1);
    editor.end();
}

#[test]
fn typing_is_looked_at_after_a_pause_and_only_once() {
    let repository = Repository::new();
    let mut editor = Editor::start(&repository, &json!({}));
    let file = uri(&repository, "app.py");
    editor.open(&file, "python", "");
    for version in 2..60 {
        let at = json!({"line": 0, "character": 0});
        editor.change(
            &file,
            version,
            &json!([{"range": {"start": at, "end": at}, "text": "x"}]),
        );
    }
    editor.diagnostics(&file, 59);
    assert!(
        editor.is_quiet(Duration::from_millis(400)),
        "{:?}",
        editor.waiting
    );
    editor.end();
}

/// The text after an edit of one document.
fn applied(text: &str, edit: &Value) -> String {
    let offset = |place: &Value| {
        let line = usize::try_from(place["line"].as_u64().expect("a line")).expect("small");
        let column =
            usize::try_from(place["character"].as_u64().expect("a column")).expect("small");
        // Tests of edits are in ASCII.
        text.split_inclusive('\n')
            .take(line)
            .map(str::len)
            .sum::<usize>()
            + column
    };
    let (start, end) = (
        offset(&edit["range"]["start"]),
        offset(&edit["range"]["end"]),
    );
    format!(
        "{}{}{}",
        &text[..start],
        edit["newText"].as_str().expect("a text"),
        &text[end..]
    )
}

/// What a document is after the offered action whose title begins so.
fn after(
    editor: &mut Editor,
    repository: &Repository,
    name: &str,
    language: &str,
    text: &str,
    title: &str,
) -> Option<String> {
    let file = uri(repository, name);
    let marked = editor.open(&file, language, text);
    let actions = editor.actions(&file, &marked[0]);
    let action = actions.iter().find(|action| {
        action["title"]
            .as_str()
            .is_some_and(|it| it.starts_with(title))
    })?;
    assert_eq!(action["kind"], "quickfix");
    Some(applied(text, &action["edit"]["changes"][&file][0]))
}

#[test]
fn a_value_is_replaced_by_a_reference_as_its_language_writes_one() {
    let repository = Repository::new();
    let key = Credential::named("replaced");
    let mut editor = Editor::start(&repository, &json!({}));
    for (name, language, text, expected) in [
        (
            "a.py",
            "python",
            format!("github_token = \"{key}\"\n"),
            Some("github_token = os.environ[\"GITHUB_TOKEN\"]\n"),
        ),
        (
            "b.py",
            "python",
            format!("key = b'{key}'\n"),
            Some("key = os.environ[\"GITHUB_KEY\"]\n"),
        ),
        (
            "c.ts",
            "typescript",
            format!("const deployKey = `{key}`;\n"),
            Some("const deployKey = process.env.DEPLOY_KEY;\n"),
        ),
        (
            "d.go",
            "go",
            format!("token := \"{key}\"\n"),
            Some("token := os.Getenv(\"GITHUB_TOKEN\")\n"),
        ),
        (
            "e.yml",
            "yaml",
            format!("botToken: {key}\n"),
            Some("botToken: ${BOT_TOKEN}\n"),
        ),
        (
            "f.yml",
            "yaml",
            format!("botToken: \"{key}\"\n"),
            Some("botToken: \"${BOT_TOKEN}\"\n"),
        ),
        (
            "g.sh",
            "shellscript",
            format!("curl -H \"Authorization: token {key}\" x\n"),
            Some("curl -H \"Authorization: token ${GITHUB_TOKEN}\" x\n"),
        ),
        (
            "h.rs",
            "rust",
            format!("let token = \"{key}\";\n"),
            Some("let token = std::env::var(\"GITHUB_TOKEN\").expect(\"GITHUB_TOKEN is set\");\n"),
        ),
        (
            "i.tf",
            "terraform",
            format!("api_key = \"{key}\"\n"),
            Some("api_key = var.api_key\n"),
        ),
        // A part of a longer text cannot become an expression, and plain text knows no variables.
        (
            "j.py",
            "python",
            format!("header = \"token {key}\"\n"),
            None,
        ),
        ("k.txt", "plaintext", format!("token: {key}\n"), None),
    ] {
        let text_after = after(
            &mut editor,
            &repository,
            name,
            language,
            &text,
            "Read it from the environment",
        );
        assert_eq!(text_after.as_deref(), expected, "{name}");
    }
    editor.end();
}

#[test]
fn a_comment_allows_a_line_and_is_offered_where_there_are_comments() {
    let repository = Repository::new();
    let key = Credential::named("allowed");
    let mut editor = Editor::start(&repository, &json!({}));
    let text = format!("token = \"{key}\"\n");
    let allowed = after(
        &mut editor,
        &repository,
        "a.py",
        "python",
        &text,
        "Allow it",
    )
    .expect("offered");
    assert_eq!(
        allowed,
        format!("token = \"{key}\"  # leakward:allow (say why)\n")
    );
    assert!(
        editor
            .open(&uri(&repository, "b.py"), "python", &allowed)
            .is_empty(),
        "and it works"
    );
    let html = after(
        &mut editor,
        &repository,
        "a.html",
        "html",
        &format!("<p>{key}</p>\n"),
        "Allow it",
    );
    assert!(
        html.expect("offered")
            .ends_with("<!-- leakward:allow (say why) -->\n")
    );
    let json = format!("{{\"token\": \"{key}\"}}\n");
    assert_eq!(
        after(
            &mut editor,
            &repository,
            "a.json",
            "json",
            &json,
            "Allow it"
        ),
        None
    );
    editor.end();
}

#[test]
fn the_ignore_file_gets_a_line_that_works_for_all_open_documents() {
    let repository = Repository::new();
    let key = Credential::named("ignored");
    let abilities = json!({"workspace": {"workspaceEdit": {"documentChanges": true, "resourceOperations": ["create"]},
        "didChangeWatchedFiles": {"dynamicRegistration": true}}});
    let mut editor = Editor::start(&repository, &abilities);
    let watched = editor.wait(|message| message["method"] == "client/registerCapability");
    assert!(watched.to_string().contains(".leakwardignore"));
    editor.send(&json!({"jsonrpc": "2.0", "id": watched["id"], "result": null}));
    let file = uri(&repository, "src/a.py");
    let other = uri(&repository, "b.py");
    let text = format!("token = \"{key}\"\n");
    editor.open(&other, "python", &text);
    let marked = editor.open(&file, "python", &text);
    let ignoring = |actions: Vec<Value>| {
        let is_it = |action: &Value| {
            action["title"]
                .as_str()
                .is_some_and(|title| title.starts_with("Ignore it everywhere"))
        };
        actions
            .into_iter()
            .find(is_it)
            .map(|action| action["edit"]["documentChanges"].clone())
    };
    let changes = ignoring(editor.actions(&file, &marked[0])).expect("offered");
    assert_eq!(changes[0]["kind"], "create");
    let line = changes[1]["edits"][0]["newText"]
        .as_str()
        .expect("a text")
        .to_owned();
    assert!(
        line.contains("src/a.py") && !line.contains(key.tell_tale()),
        "{line}"
    );
    repository.write(".leakwardignore", &line);
    editor.notify(
        "workspace/didChangeWatchedFiles",
        &json!({"changes": [{"uri": uri(&repository, ".leakwardignore"), "type": 1}]}),
    );
    assert!(editor.diagnostics(&file, 1).is_empty());
    assert!(editor.diagnostics(&other, 1).is_empty());
    // Into a file that is there, behind its last line.
    repository.write(".leakwardignore", "path:x/**  # é");
    editor.notify(
        "textDocument/didSave",
        &json!({"textDocument": {"uri": uri(&repository, ".leakwardignore")}}),
    );
    let marked = editor.diagnostics(&file, 1);
    let changes = ignoring(editor.actions(&file, &marked[0])).expect("offered");
    assert_eq!(
        changes.as_array().map(Vec::len),
        Some(1),
        "no file is made: {changes}"
    );
    let edit = &changes[0]["edits"][0];
    assert_eq!(edit["range"]["start"], json!({"line": 0, "character": 14}));
    assert!(
        edit["newText"]
            .as_str()
            .is_some_and(|text| text.starts_with('\n'))
    );
    editor.end();
}

#[test]
fn the_cursor_on_a_credential_shows_what_it_is_and_what_to_do() {
    let repository = Repository::new();
    let key = Credential::named("hovered");
    let mut editor = Editor::start(&repository, &json!({}));
    let file = uri(&repository, "a.py");
    editor.open(&file, "python", &format!("token = \"{key}\"\n"));
    let hover = |editor: &mut Editor, column: u32| {
        let position = json!({"line": 0, "character": column});
        editor.request(
            "textDocument/hover",
            &json!({"textDocument": {"uri": file}, "position": position}),
        )
    };
    let shown = hover(&mut editor, 20);
    let text = shown["contents"]["value"].as_str().expect("a text");
    for word in [
        "GitHub personal access token",
        "critical",
        "https://github.com/settings/tokens",
        "What is looked for",
        "fingerprint",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!text.contains(key.tell_tale()));
    assert_eq!(hover(&mut editor, 2), Value::Null);
    // Right behind a change, before it was looked at: what is told is of the present text.
    editor.change(&file, 2, &json!([{"range": range(0, 0, 0), "text": "my_"}]));
    assert_eq!(hover(&mut editor, 20)["range"], range(0, 12, 52));
    editor.end();
}

#[test]
fn a_policy_that_cannot_be_used_is_said_once_and_a_large_document_is_looked_at_when_saved() {
    let repository = Repository::new();
    let key = Credential::named("large");
    repository.write(".leakwardignore", "what is this\n");
    let mut editor = Editor::start(&repository, &json!({}));
    let file = uri(&repository, "a.txt");
    editor.notify("textDocument/didOpen",
        &json!({"textDocument": {"uri": file, "languageId": "plaintext", "version": 1, "text": format!("{key}\n")}}));
    let told = editor.wait(|message| message["method"] == "window/showMessage");
    assert!(
        told["params"]["message"]
            .to_string()
            .contains(".leakwardignore:1"),
        "{told}"
    );
    repository.write(".leakwardignore", "");
    editor.notify("workspace/didChangeWatchedFiles", &json!({"changes": []}));
    assert_eq!(editor.diagnostics(&file, 1).len(), 1);
    let large = "x = 1\n".repeat(500_000);
    editor.change(&file, 2, &json!([{"text": format!("{large}{key}\n")}]));
    assert!(editor.is_quiet(Duration::from_millis(500)));
    editor.notify(
        "textDocument/didSave",
        &json!({"textDocument": {"uri": file}}),
    );
    assert_eq!(
        editor.diagnostics(&file, 2)[0]["range"]["start"]["line"],
        500_000
    );
    editor.end();
}

#[test]
fn what_is_not_looked_at_or_marked_is_said_once_for_each_document_and_reason() {
    let repository = Repository::new();
    let key = Credential::named("too many places");
    let mut editor = Editor::start(&repository, &json!({}));
    let says = |reason: &'static str, file: &str| {
        let file = file.to_owned();
        move |message: &Value| {
            let text = message["params"]["message"].to_string();
            message["method"] == "window/showMessage"
                && text.contains(reason)
                && text.contains(&file)
        }
    };
    let crowded = uri(&repository, "crowded.py");
    let text = format!("token = \"{key}\"\n").repeat(1_001);
    assert_eq!(editor.open(&crowded, "python", &text).len(), 1_000);
    editor.wait(says("more places", &crowded));
    // The same again, in this version and in the next.
    editor.notify(
        "textDocument/didSave",
        &json!({"textDocument": {"uri": crowded}}),
    );
    editor.diagnostics(&crowded, 1);
    let at = json!({"line": 0, "character": 0});
    let begin = json!({"start": at, "end": at});
    editor.change(&crowded, 2, &json!([{"range": begin, "text": "# x\n"}]));
    editor.diagnostics(&crowded, 2);
    assert!(
        editor.is_quiet(Duration::from_millis(300)),
        "{:?}",
        editor.waiting
    );
    let large = uri(&repository, "large.py");
    editor.open(&large, "python", &"x = 1\n".repeat(500_000));
    editor.wait(says("opened and saved", &large));
    // It is no longer so, and then again.
    editor.change(&crowded, 3, &json!([{"text": "x = 1\n"}]));
    assert!(editor.diagnostics(&crowded, 3).is_empty());
    editor.change(&crowded, 4, &json!([{"text": text}]));
    editor.diagnostics(&crowded, 4);
    editor.wait(says("more places", &crowded));
    editor.end();
}

#[test]
fn a_large_document_that_was_changed_is_looked_at_before_something_is_offered_for_it() {
    let repository = Repository::new();
    let key = Credential::named("large and changed");
    let mut editor = Editor::start(&repository, &json!({}));
    let file = uri(&repository, "large.py");
    let text = format!("token = \"{key}\"\n{}", "x = 1\n".repeat(500_000));
    let marked = editor.open(&file, "python", &text);
    let at = json!({"line": 0, "character": 0});
    let begin = json!({"start": at, "end": at});
    editor.change(&file, 2, &json!([{"range": begin, "text": "\n\n"}]));
    let mut moved = marked[0].clone();
    moved["range"] = range(2, 9, 49);
    let offered = editor.actions(&file, &moved);
    let edits = offered
        .iter()
        .map(|action| &action["edit"]["changes"][&file][0]);
    let mut references = edits.filter(|edit| edit["newText"].to_string().contains("os.environ"));
    let edit = references.next().expect("a reference is offered");
    let edited = applied(&format!("\n\n{text}"), edit);
    assert!(
        edited.starts_with("\n\ntoken = os.environ[\"") && edited.contains("\"]\nx = 1\n"),
        "{}",
        &edited[..100]
    );
    editor.end();
}

/// A client that other people wrote: pygls.
#[test]
fn a_client_of_pygls_is_served() {
    if missing(Requirement::PythonPackage("pygls")) {
        return;
    }
    let repository = Repository::new();
    let key = Credential::named("pygls");
    repository.write("a.py", key.file());
    let script = r#"
import asyncio, json, pathlib, sys
from lsprotocol import types
from pygls.lsp.client import LanguageClient

async def main(program, path):
    client = LanguageClient("test", "1")
    seen = asyncio.get_running_loop().create_future()
    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def _(params): seen.done() or seen.set_result(params)
    await client.start_io(program, "lsp")
    await client.initialize_async(types.InitializeParams(capabilities=types.ClientCapabilities()))
    client.initialized(types.InitializedParams())
    uri = pathlib.Path(path).as_uri()
    item = types.TextDocumentItem(uri=uri, language_id="python", version=1, text=pathlib.Path(path).read_text())
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    params = await asyncio.wait_for(seen, 60)
    hover = await client.text_document_hover_async(types.HoverParams(
        types.TextDocumentIdentifier(uri), params.diagnostics[0].range.start))
    actions = await client.text_document_code_action_async(types.CodeActionParams(
        types.TextDocumentIdentifier(uri), params.diagnostics[0].range, types.CodeActionContext(params.diagnostics)))
    print(json.dumps({"message": params.diagnostics[0].message, "hover": hover.contents.value, "actions": [a.title for a in actions]}))
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()

asyncio.run(main(sys.argv[1], sys.argv[2]))
"#;
    let output = repository
        .sandbox()
        .command("python3")
        .args(["-c", script, env!("CARGO_BIN_EXE_leakward")])
        .arg(repository.path("a.py"))
        .output()
        .expect("python3");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let seen: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert!(
        seen["message"].to_string().contains("GitHub")
            && seen["hover"].to_string().contains("GitHub")
    );
    assert_eq!(seen["actions"].as_array().map(Vec::len), Some(2), "{seen}");
}

#[test]
fn every_editor_of_the_page_starts_the_server() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/editors.md");
    let text = fs::read_to_string(page).expect("docs/editors.md");
    for editor in ["Visual Studio Code", "Neovim", "Helix", "Zed", "Emacs"] {
        let section = text
            .split("\n## ")
            .find(|section| section.starts_with(editor));
        let section = section.unwrap_or_else(|| panic!("{editor} has no section"));
        assert!(
            section.contains("leakward") && section.contains("lsp"),
            "{editor}"
        );
    }
}
