//! Promises of the guard of agents: whatever a command line or a hook's input is, it is gone through, and nothing that
//! stands before it is lost.

use std::collections::HashSet;

use leakward_assist::fuzzing;

/// As many as one word may stand for.
const MOST_CHOICES: usize = 64;

/// A command line, alone and behind another one, of which the file is still seen; and its words, told apart.
pub(crate) fn command(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let alone = fuzzing::shown_by(&text);
    let choices = alone.choices.iter().flatten();
    assert!(choices.into_iter().all(|count| *count <= MOST_CHOICES));
    let behind = fuzzing::shown_by(&format!("cat witness.txt\n\n{text}"));
    assert!(behind.files.iter().any(|file| file == "witness.txt"));
    let words: Vec<&str> = text.split(' ').collect();
    let _apart = fuzzing::shown_by_words(&words);
}

/// What a hook hands over, in the shape of each agent: lines have numbers or have none, and no line of a text is lost.
pub(crate) fn input(bytes: &[u8]) {
    let calls = fuzzing::read_input(bytes);
    for brought in calls.iter().flatten().flatten() {
        let lines = brought.texts.first().map_or(0, |text| text.lines().count());
        assert!([0, lines].contains(&brought.numbered_lines));
    }
    let Some(Some(brought)) = calls.last() else {
        return;
    };
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let ended = |line: &str| line.trim_end_matches('\r').to_owned();
    let texts = brought.iter().flat_map(|brought| &brought.texts);
    let kept: HashSet<String> = texts.flat_map(|text| text.split('\n').map(ended)).collect();
    for line in text.split('\n').map(ended).filter(|line| !is_mark(line)) {
        let is_kept = |line: &str| line.trim().is_empty() || kept.contains(line);
        let behind_first = line
            .split_at_checked(1)
            .is_some_and(|(_, rest)| is_kept(rest));
        assert!(is_kept(&line) || behind_first, "{line:?} is lost");
    }
}

/// What says where lines belong, and is none of them.
fn is_mark(line: &str) -> bool {
    let marks = [
        "@@",
        "<<<<<<< SEARCH",
        "------- SEARCH",
        "=======",
        ">>>>>>> REPLACE",
        "+++++++ REPLACE",
    ];
    marks.iter().any(|mark| line.starts_with(mark))
}

fn bytes_of(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

pub(crate) fn commands() -> Vec<Vec<u8>> {
    bytes_of(&[
        "cat .env && grep -o 'a=' b | head -3 > c 2>&1",
        "cd a; for f in x y; do sed -n 5,7p \"$f\"; done",
        "bash -lc \"cat $(pwd)/.e* | tail -n +2\"",
        "cat <<E <<<x < <(cat {a,b}/*.txt)\n$a ${b:-c}\nE\necho `cat d`",
        "python3 -c \"print(open('x').read()); print(os.environ['A'])\"",
        "a=1 sudo -u b xargs -0 cat < list; (set -x; eval \"cat $'\\x41'\")",
        "git -C a show HEAD:b; git blame -L 1,2 c; patch -p1 -d d < e.diff",
        "tee a < b; curl -d@c -o d https://example.com; awk 'NR==1' e; jq '.|keys' f",
        "*** Begin Patch\n*** Update File: a\n*** End Patch",
        "find . -name '*.x' -exec rm {} +; mv a b; node -p 'process.env.A'",
    ])
}

pub(crate) fn inputs() -> Vec<Vec<u8>> {
    bytes_of(&[
        r#"{"hook_event_name":"PreToolUse","tool_name":"Bash","cwd":"/w","tool_input":{"command":"cat a"}}"#,
        r#"{"hook_event_name":"PostToolUse","tool_name":"Edit","tool_input":{"file_path":"a","old_string":"b","new_string":"c","edits":[{"old_string":"d","new_string":"e"}]},"tool_response":{"stdout":"f"}}"#,
        r#"{"hook_event_name":"beforeShellExecution","command":"cat a","workspace_roots":["/w"]}"#,
        r#"{"hook_event_name":"UserPromptSubmit","prompt":"a"}"#,
        r#"{"toolName":"bash","toolArgs":"{\"command\":\"cat a\"}","cwd":"/w"}"#,
        r#"{"agent_action_name":"pre_run_command","tool_info":{"command_line":"cat a","cwd":"/w"}}"#,
        r#"{"hookName":"PreToolUse","preToolUse":{"toolName":"write_to_file","parameters":{"path":"a","content":"b"}}}"#,
        r#"{"tool":"x","input":{"patch":"*** Begin Patch\n*** Add File: a\n+b\n*** End Patch\n"},"output":["c"]}"#,
        "From: a\n\n--- a/b\n+++ b/b\n@@ -1,2 +1,2 @@ head\n c\n-d\n+e\n\\ No newline at end of file\n",
        "*** Begin Patch\n*** Update File: a\n*** Move to: b\n@@ head\n c\n-d\n+e\n*** End Patch\n",
        "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n",
    ])
}
