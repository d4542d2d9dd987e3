//! The names that agents give to the fields of a tool's arguments, and what those say.
//!
//! Names alone: what is done with a field is said in `tool` and `output`.

use serde_json::{Map, Value};

use crate::guard::call::text;
use crate::guard::view::{Range, Step, View};

/// Fields with the path of a file.
pub(super) const PATHS: &[&str] = &[
    "file_path",
    "filePath",
    "path",
    "absolute_path",
    "notebook_path",
    "target_file",
    "TargetFile",
    "AbsolutePath",
    "filename",
    "file",
    "uri",
];

/// Fields with several.
pub(super) const PATH_LISTS: &[&str] = &["paths", "files", "file_paths", "filePaths"];

/// Fields with text that a file is to have.
pub(super) const NEW: &[&str] = &[
    "content",
    "contents",
    "new_string",
    "newString",
    "new_str",
    "new_text",
    "newText",
    "file_text",
    "new_source",
    "code",
    "code_edit",
    "text",
    "CodeContent",
    "ReplacementContent",
    "insert_text",
];

/// Fields with text that is to go.
pub(super) const OLD: &[&str] = &[
    "old_string",
    "oldString",
    "old_str",
    "old_text",
    "oldText",
    "TargetContent",
];

/// Fields with a command line.
pub(super) const COMMANDS: &[&str] = &[
    "command",
    "cmd",
    "command_line",
    "commandLine",
    "CommandLine",
    "script",
];

/// Fields with the arguments of a program that stands in a field for commands.
pub(super) const ARGUMENTS: &[&str] = &["args", "arguments", "argv"];

/// Fields with the folder that a command is run in.
pub(super) const FOLDERS: &[&str] = &[
    "workdir",
    "cwd",
    "Cwd",
    "working_directory",
    "workingDirectory",
    "dir_path",
];

/// Fields with a diff.
pub(super) const PATCHES: &[&str] = &["patch", "diff", "patchText", "input"];

/// Fields with several edits.
pub(super) const EDITS: &[&str] = &[
    "edits",
    "changes",
    "replacements",
    "ReplacementChunks",
    "multi_edits",
];

/// Fields with the first line that is asked for.
const STARTS: [&str; 5] = [
    "start_line",
    "startLine",
    "StartLine",
    "line_start",
    "start_line_one_indexed",
];

/// Fields with the last one.
const ENDS: [&str; 6] = [
    "end_line",
    "endLine",
    "EndLine",
    "line_end",
    "end_line_one_indexed",
    "end_line_one_indexed_inclusive",
];

/// Tools that show a file to the agent, in lower case and without what joins words.
const READERS: &[&str] = &[
    "read",
    "readfile",
    "readmanyfiles",
    "readtextfile",
    "readmultiplefiles",
    "view",
    "viewfile",
    "viewcodeitem",
    "cat",
    "open",
    "openfile",
    "notebookread",
    "fsread",
    "tabread",
    "copilotreadfile",
];

/// The file that arguments are about.
pub(in crate::guard) fn path(input: &Value) -> Option<&str> {
    text(input, PATHS)
}

/// Whether the tool shows a file to the agent.
pub(super) fn is_reader(tool: &str, fields: &Map<String, Value>) -> bool {
    // A tool of an MCP server is called mcp__SERVER__TOOL.
    let own = tool.rsplit("__").next().unwrap_or(tool);
    let word: String = own
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let views = fields.get("command").and_then(Value::as_str) == Some("view");
    let field = |name: &str| fields.get(name).and_then(Value::as_str);
    // Claude Code's Grep shows names of files unless it is asked for more.
    let searches = match word.as_str() {
        "grep" => field("output_mode") == Some("content"),
        "grepsearch" | "searchfilecontent" | "ripgrep" => true,
        _ => false,
    };
    READERS.contains(&word.as_str()) || searches || (views && word.starts_with("strreplace"))
}

/// The lines of a file that a tool is asked for.
pub(super) fn view(fields: &Map<String, Value>) -> View {
    lines(fields).map_or_else(View::whole, |range| {
        View::whole().then([Step::Range(range)])
    })
}

/// Nothing when that is not surely said: with a number that is none, or one that may count anything.
fn lines(fields: &Map<String, Value>) -> Option<Range> {
    let number = |value: &Value| u32::try_from(value.as_u64()?).ok();
    let field = |names: &[&str]| names.iter().find_map(|name| fields.get(*name));
    let given = |names: &[&str]| field(names).filter(|value| !value.is_null());
    // Of lines that are found, and not of the file's.
    if given(&["pattern", "query", "regex"]).is_some() {
        return None;
    }
    if let Some(range) = given(&["view_range", "viewRange", "line_range"]) {
        let (first, last) = (range.get(0)?, range.get(1)?);
        let last = number(last).or((last.as_i64() == Some(-1)).then_some(u32::MAX));
        return Some(Range::Lines(number(first)?, last?));
    }
    // Agents count the first line from 0 or from 1: both are taken.
    match (given(&STARTS), given(&ENDS)) {
        (None, None) => {}
        (first, last) => {
            let first = first.map_or(Some(0), number)?;
            let last = last.map_or(Some(u32::MAX), number)?;
            return Some(Range::Lines(first, last.saturating_add(1)));
        }
    }
    match (given(&["offset"]), given(&["limit"])) {
        (None, None) => match (given(&["head"]), given(&["tail"])) {
            (Some(first), None) => Some(Range::Lines(1, number(first)?)),
            (None, Some(last)) => Some(Range::Last(number(last)?)),
            _ => None,
        },
        (first, count) => {
            let first = first.map_or(Some(0), number)?;
            let count = count.map_or(Some(u32::MAX), number)?;
            Some(Range::Lines(first, first.saturating_add(count)))
        }
    }
}

pub(super) fn is_old(name: &str) -> bool {
    OLD.contains(&name)
}

pub(super) fn paths_in(list: &Value) -> Vec<String> {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let path = |item: &Value| item.as_str().or_else(|| path(item)).map(without_scheme);
    items.iter().filter_map(path).collect()
}

pub(super) fn without_scheme(path: &str) -> String {
    path.strip_prefix("file://").unwrap_or(path).to_owned()
}
