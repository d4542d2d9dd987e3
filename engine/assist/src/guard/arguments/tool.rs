//! The arguments of a tool, before it runs: what they bring in, and what they would read and change.
//!
//! INVARIANT: every text of them is in [`Brought::texts`]. A field that nobody here knows is looked at as an argument.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::fields::{
    ARGUMENTS, COMMANDS, EDITS, FOLDERS, NEW, PATCHES, PATH_LISTS, PATHS, is_old, is_reader,
    paths_in, view, without_scheme,
};
use super::output::{has_text, pretty};
use crate::guard::call::{Role, Text};
use crate::guard::patch;
use crate::guard::shell::{self, Read, Shown, Start};

/// What a tool's arguments bring in, would read and would change.
#[derive(Clone, Debug, Default)]
pub(in crate::guard) struct Brought {
    /// What they bring in.
    pub(in crate::guard) texts: Vec<Text>,
    /// What they would read, print and change.
    pub(in crate::guard) shown: Shown,
}

/// What `input` of a tool brings in, would read and would change, when a command of it starts at `start`.
pub(in crate::guard) fn of_tool(tool: &str, input: &Value, start: Start) -> Brought {
    // Some agents hand arguments over as a text of JSON.
    let parsed = input
        .as_str()
        .and_then(|text| serde_json::from_str::<Value>(text).ok());
    let mut tool = Tool {
        brought: Brought::default(),
        start,
        name: tool,
    };
    match parsed.as_ref().unwrap_or(input) {
        Value::Object(fields) => tool.call(fields),
        Value::String(text) => tool.patch(Role::Arguments, None, text, &[]),
        Value::Null => {}
        other => tool.rest(other),
    }
    tool.brought
}

/// Arguments of a tool, being read.
struct Tool<'t> {
    name: &'t str,
    brought: Brought,
    start: Start,
}

impl Tool<'_> {
    fn call(&mut self, fields: &Map<String, Value>) {
        if let Some(folder) = FOLDERS.iter().find_map(|name| fields.get(*name)?.as_str()) {
            self.start.folder = without_scheme(folder).into();
        }
        if is_reader(self.name, fields) {
            let view = view(fields);
            let paths = PATHS.iter().find_map(|name| fields.get(*name)?.as_str());
            let lists = PATH_LISTS.iter().filter_map(|name| fields.get(*name));
            let paths = paths.map(without_scheme).into_iter();
            let paths = paths.chain(lists.flat_map(paths_in));
            let reads = paths.map(|path| Read {
                path,
                view: view.clone(),
            });
            reads.for_each(|read| self.brought.shown.files.add(read));
        }
        self.object(fields, None);
    }

    fn object(&mut self, fields: &Map<String, Value>, around: Option<&str>) {
        let field = |names: &[&str]| names.iter().find_map(|name| fields.get(*name)?.as_str());
        let path = field(PATHS).or(around);
        let texts_before = self.brought.texts.len();
        let mut before = Vec::new();
        if path.is_some() {
            let old = fields.iter().filter(|(name, _)| is_old(name));
            before.extend(old.filter_map(|(_, value)| value.as_str().map(str::to_owned)));
        }
        let mut rest = Map::new();
        for (name, value) in fields {
            let is = |names: &[&str]| names.contains(&name.as_str());
            match value {
                // Without a file nothing says that it stood anywhere.
                Value::String(_) if is_old(name) && path.is_some() => {}
                Value::String(text) if is(NEW) => self.content(path, text, &before),
                Value::String(text) if is(COMMANDS) => self.program(text, fields),
                Value::Array(words) if is(COMMANDS) => {
                    let others = self.words(words);
                    if !others.is_empty() {
                        rest.insert(name.clone(), Value::Array(others));
                    }
                }
                Value::String(text) if is(PATCHES) => {
                    self.patch(Role::Content, path, text, &before);
                }
                Value::Array(edits) if is(EDITS) => {
                    for edit in edits {
                        match edit {
                            Value::Object(edit) => self.object(edit, path),
                            other => self.rest(other),
                        }
                    }
                }
                other => {
                    rest.insert(name.clone(), other.clone());
                }
            }
        }
        if self.brought.texts.len() == texts_before && !before.is_empty() {
            self.content(path, "", &before);
        }
        self.rest(&Value::Object(rest));
    }

    /// New text of a file. Whatever it looks like, it will stand there as it is.
    fn content(&mut self, path: Option<&str>, text: &str, before: &[String]) {
        self.brought.texts.push(Text {
            before: before.to_vec(),
            ..Text::new(Role::Content, path.map(without_scheme).as_deref(), text)
        });
    }

    /// A patch of files; a text of this role where it is none.
    fn patch(&mut self, role: Role, path: Option<&str>, text: &str, before: &[String]) {
        let path = path.map(without_scheme);
        if let Some(mut patched) = patch::read(text, Role::Content, Role::Arguments) {
            for one in &mut patched {
                if one.role == Role::Content && one.path.is_none() && one.old_path.is_none() {
                    one.path.clone_from(&path);
                }
            }
            self.brought.texts.append(&mut patched);
            return;
        }
        self.brought.texts.push(Text {
            before: before.to_vec(),
            ..Text::new(role, path.as_deref(), text)
        });
    }

    /// A command line; or a program, whose arguments stand in another field.
    fn program(&mut self, command: &str, fields: &Map<String, Value>) {
        let arguments = ARGUMENTS
            .iter()
            .find_map(|name| fields.get(*name)?.as_array());
        let arguments = arguments.map(|words| words.iter().filter_map(Value::as_str).collect());
        let arguments: Vec<&str> = arguments.unwrap_or_default();
        if arguments.is_empty() {
            return self.command(command);
        }
        let words: Vec<&str> = std::iter::once(command).chain(arguments).collect();
        self.told_apart(&words);
    }

    fn command(&mut self, command: &str) {
        let shown = shell::files_shown_by(command, &self.start);
        self.shown(shown, command);
    }

    /// A command as its words, and what is no word of it.
    fn words(&mut self, words: &[Value]) -> Vec<Value> {
        let (words, others): (Vec<&Value>, Vec<&Value>) =
            words.iter().partition(|word| word.is_string());
        let words: Vec<&str> = words.into_iter().filter_map(Value::as_str).collect();
        match words.as_slice() {
            [] => {}
            // Nobody calls a program without arguments in a list; a tool may ask for a list of lines.
            [line] => self.command(line),
            words => self.told_apart(words),
        }
        others.into_iter().cloned().collect()
    }

    /// Words of a command that no shell takes apart.
    fn told_apart(&mut self, words: &[&str]) {
        // A patch begins at the beginning of a line.
        let between = if words.first() == Some(&"apply_patch") {
            "\n"
        } else {
            " "
        };
        let shown = shell::files_shown_by_words(words, &self.start);
        self.shown(shown, &words.join(between));
    }

    /// What a command does, and the command itself.
    fn shown(&mut self, shown: Shown, command: &str) {
        let folders = shown.patched.as_slice();
        let patched = if folders.is_empty() {
            None
        } else {
            patch::read(command, Role::Content, Role::Command)
        };
        match patched {
            Some(mut patched) => {
                for text in &mut patched {
                    self.place(text, folders);
                }
                self.brought.texts.append(&mut patched);
            }
            None => {
                let text = Text::new(Role::Command, None, command);
                self.brought.texts.push(text);
            }
        }
        self.brought.shown.add(shown);
    }

    /// The paths of a patch start from where it is applied: the folder that has such a file, or the likeliest one.
    fn place(&self, text: &mut Text, folders: &[PathBuf]) {
        let old = text.old_path.as_ref().or(text.path.as_ref());
        let Some(old) = old else { return };
        let has_it = |folder: &&PathBuf| self.start.call.join(folder).join(old).is_file();
        let Some(folder) = folders.iter().find(has_it).or(folders.first()) else {
            return;
        };
        for path in [&mut text.path, &mut text.old_path].into_iter().flatten() {
            *path = folder.join(&*path).to_string_lossy().into_owned();
        }
    }

    /// Arguments that have no meaning here.
    fn rest(&mut self, value: &Value) {
        if has_text(value) {
            let text = Text::new(Role::Arguments, None, &pretty(value));
            self.brought.texts.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::guard::view::{Range, Step, View};

    fn of_tool(tool: &str, input: &Value) -> Brought {
        super::of_tool(tool, input, Start::at(Path::new("/no/such/folder")))
    }

    fn reads(brought: &Brought) -> Vec<&str> {
        let reads = brought.shown.files.iter();
        reads.map(|read| read.path.as_str()).collect()
    }

    fn texts(brought: &Brought) -> Vec<(Role, Option<&str>, &str)> {
        brought
            .texts
            .iter()
            .map(|text| (text.role, text.path.as_deref(), text.text.as_str()))
            .collect()
    }

    #[test]
    fn new_text_belongs_to_its_file_and_old_text_is_what_was_there() {
        let brought = of_tool(
            "Edit",
            &json!({"file_path": "/w/a.py", "old_string": "x", "new_string": "y"}),
        );
        assert_eq!(texts(&brought)[0], (Role::Content, Some("/w/a.py"), "y"));
        assert_eq!(brought.texts[0].before, ["x"]);
        let brought = of_tool(
            "MultiEdit",
            &json!({"file_path": "a", "edits": [{"old_string": "1", "new_string": "2"}, {"old_string": "3", "new_string": "4"}]}),
        );
        let contents: Vec<_> = texts(&brought)
            .into_iter()
            .filter(|(role, ..)| *role == Role::Content)
            .collect();
        assert_eq!(
            contents,
            [
                (Role::Content, Some("a"), "2"),
                (Role::Content, Some("a"), "4")
            ]
        );
    }

    #[test]
    fn readers_read_and_others_do_not() {
        for (tool, input, reads) in [
            ("Read", json!({"file_path": "/w/.env"}), vec!["/w/.env"]),
            ("read_file", json!({"absolute_path": "x"}), vec!["x"]),
            (
                "mcp__files__read_text_file",
                json!({"path": "x"}),
                vec!["x"],
            ),
            (
                "read_many_files",
                json!({"paths": ["a", "b"]}),
                vec!["a", "b"],
            ),
            (
                "str_replace_based_edit_tool",
                json!({"command": "view", "path": "x"}),
                vec!["x"],
            ),
            (
                "Bash",
                json!({"command": "cat a.txt | sort"}),
                vec!["a.txt"],
            ),
            ("Write", json!({"file_path": "x", "content": "y"}), vec![]),
        ] {
            assert_eq!(self::reads(&of_tool(tool, &input)), reads, "{tool}");
        }
    }

    #[test]
    fn arguments_that_nobody_knows_are_looked_at_with_their_names() {
        let brought = of_tool(
            "mcp__db__connect",
            &json!({"user": "u", "password": "p", "port": 1}),
        );
        let (role, path, text) = texts(&brought)[0];
        assert_eq!((role, path), (Role::Arguments, None));
        assert!(text.contains("\"password\": \"p\""), "{text}");
        let brought = of_tool("x", &json!("{\"command\": \"ls\"}"));
        assert_eq!(texts(&brought)[0].0, Role::Command, "JSON in a text");
    }

    #[test]
    fn old_text_without_a_file_and_words_that_are_none_are_arguments() {
        let brought = of_tool(
            "mcp__notes__replace",
            &json!({"old_text": "KEY", "new_text": "x"}),
        );
        let is_argument = |(role, _, text): &(Role, Option<&str>, &str)| {
            *role == Role::Arguments && text.contains("KEY")
        };
        assert!(texts(&brought).iter().any(is_argument));
        assert!(brought.texts.iter().all(|text| text.before.is_empty()));
        let brought = of_tool(
            "exec",
            &json!({"command": ["curl", {"header": "KEY"}, ["KEY"]]}),
        );
        assert!(texts(&brought).iter().any(is_argument));
        let brought = of_tool("Edit", &json!({"file_path": "a", "old_string": "KEY"}));
        assert_eq!(brought.texts[0].before, ["KEY"], "also when nothing is new");
    }

    #[test]
    fn words_that_are_told_apart_are_not_taken_apart_again() {
        for (input, expected) in [
            (
                json!({"command": ["git", "commit", "-m", "say `cat .env` and $(cat .env)"]}),
                vec![],
            ),
            (json!({"command": ["cat", ".env"]}), vec![".env"]),
            (json!({"command": ["cat", "a b"]}), vec!["a b"]),
            (json!({"command": ["cat .env"]}), vec![".env"]),
            (
                json!({"command": ["bash", "-lc", "cat .env"]}),
                vec![".env"],
            ),
            (
                json!({"command": ["bash", "-lc", "cat .env"], "workdir": "sub"}),
                vec!["sub/.env"],
            ),
            (
                json!({"command": "cat", "args": [".env"], "cwd": "/w"}),
                vec!["/w/.env"],
            ),
            (json!({"command": "cat .env", "args": []}), vec![".env"]),
            (json!({"command": []}), vec![]),
        ] {
            let brought = of_tool("shell", &input);
            assert_eq!(reads(&brought), expected, "{input}");
            let of_command = |text: &&Text| text.role == Role::Command;
            assert!(
                brought.texts.iter().filter(of_command).count() <= 1,
                "{input}"
            );
        }
    }

    #[test]
    fn a_patch_is_of_the_files_where_it_is_applied() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("sub")).expect("folders");
        std::fs::write(folder.path().join("sub/a.py"), "KEY").expect("a file");
        let patch = "*** Begin Patch\n*** Update File: a.py\n-KEY\n*** End Patch\n";
        for input in [
            json!({"command": format!("cd sub && apply_patch <<'EOF'\n{patch}EOF\n")}),
            json!({"command": format!("cd sub; apply_patch <<'EOF'\n{patch}EOF\n")}),
            json!({"command": ["bash", "-lc", format!("cd sub\napply_patch <<'EOF'\n{patch}EOF\n")]}),
            json!({"command": ["apply_patch", patch], "workdir": "sub"}),
            json!({"command": format!("patch -d sub <<'EOF'\n{patch}EOF\n")}),
            json!({"command": format!("patch -p1 -dsub <<'EOF'\n{patch}EOF\n")}),
        ] {
            let brought = super::of_tool("shell", &input, Start::at(folder.path()));
            let text = &brought.texts[0];
            assert_eq!(text.path.as_deref(), Some("sub/a.py"), "{input}");
        }
    }

    #[test]
    fn of_a_file_that_is_read_in_part_the_part_is_told() {
        let lines = |first, last| Some(Range::Lines(first, last));
        for (input, range) in [
            (json!({"file_path": "x"}), None),
            (
                json!({"file_path": "x", "offset": 5, "limit": 10}),
                lines(5, 15),
            ),
            (json!({"file_path": "x", "limit": 10}), lines(0, 10)),
            (json!({"file_path": "x", "offset": 5}), lines(5, u32::MAX)),
            (
                json!({"file_path": "x", "offset": null, "limit": 10}),
                lines(0, 10),
            ),
            // From the end, or not in numbers.
            (json!({"file_path": "x", "offset": -5, "limit": 10}), None),
            (
                json!({"file_path": "x", "offset": "500", "limit": 10}),
                None,
            ),
            (json!({"file_path": "x", "offset": 5.5, "limit": 10}), None),
            // Of what is found.
            (
                json!({"path": "x", "pattern": "a", "offset": 5, "limit": 10}),
                None,
            ),
            (json!({"path": "x", "view_range": [5, 10]}), lines(5, 10)),
            (
                json!({"path": "x", "view_range": [5, -1]}),
                lines(5, u32::MAX),
            ),
            (json!({"path": "x", "view_range": [-5, -1]}), None),
            (
                json!({"path": "x", "startLine": 5, "endLine": 10}),
                lines(5, 11),
            ),
            (json!({"path": "x", "head": 5}), lines(1, 5)),
            (json!({"path": "x", "tail": 5}), Some(Range::Last(5))),
        ] {
            let steps = range.map(Step::Range).into_iter();
            let view = View::whole().then(steps);
            assert_eq!(
                of_tool("Read", &input).shown.files.as_slice()[0].view,
                view,
                "{input}"
            );
        }
    }

    #[test]
    fn text_of_a_file_is_no_patch_and_a_command_is_one_only_when_it_applies_it() {
        let patch = "*** Begin Patch\n*** Update File: a\n-KEY\n*** End Patch\n";
        let brought = of_tool("Write", &json!({"file_path": "b", "content": patch}));
        assert_eq!(texts(&brought)[0], (Role::Content, Some("b"), patch));
        let command = format!("cat > a.patch <<'EOF'\n{patch}EOF\n");
        let brought = of_tool("Bash", &json!({"command": command}));
        assert_eq!(texts(&brought), [(Role::Command, None, command.as_str())]);
        let command = format!("apply_patch <<'EOF'\n{patch}EOF\ncat .env\n");
        let brought = of_tool("Bash", &json!({"command": command}));
        assert_eq!(texts(&brought)[0], (Role::Content, Some("a"), ""));
        assert_eq!(brought.texts[0].before, ["KEY\n"]);
        assert_eq!(brought.texts[1].role, Role::Command);
        assert!(brought.texts[1].text.contains("cat .env"));
        assert_eq!(reads(&brought), [".env"]);
    }
}
