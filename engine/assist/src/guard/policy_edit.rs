//! Whether a call changes what the guard itself is held to: the policy files, or the hook that calls it.
//!
//! An agent that is told "this is a credential" finds out quickly that one line in an ignore file makes the guard silent.
//! That decision is a person's.
//!
//! What counts is where a path really leads: a link to a policy file is one, and so is what a policy file is a link to.

use std::path::{Path, PathBuf};

use leakward_scan::gitleaks::GitleaksIgnore;
use leakward_scan::ignore_file::IgnoreFile;
use leakward_scan::path_glob::path_globs;

use super::agent::SETTINGS;
use super::call::{Call, Event, Role};
use super::change::Change;
use super::pattern::Pattern;
use crate::project::Project;

/// Policy files, by name.
const NAMES: [&str; 4] = [
    "leakward.toml",
    IgnoreFile::NAME,
    GitleaksIgnore::NAME,
    ".gitleaks.toml",
];

/// What our hook's settings have in them.
const OUR_CALL: &str = "leakward guard";

/// LIMIT: bytes of a settings file, or a patch, that are looked at.
const LARGEST: u64 = 1 << 20;

/// LIMIT: patterns that are compared with the policy's names, those that others with braces stand for. Each costs some 50
/// microseconds.
const MOST_COMPARED: usize = 256;

/// What a call changes of what the guard is held to.
#[derive(Debug, Default)]
pub(super) struct Edit {
    /// The policy file, or the hook's settings.
    pub(super) file: Option<String>,
    /// What was not looked at, by name, and why.
    pub(super) unread: Vec<(String, String)>,
}

/// What a call changes of it.
pub(super) fn by(call: &Call, project: &Project) -> Edit {
    if call.event != Event::Before {
        return Edit::default();
    }
    let mut watched = Watched::of(project, &call.folder);
    let written = call.brought.texts.iter().filter(|text| {
        // What is written into a file; commands are told by what they change.
        matches!(text.role, Role::Content | Role::Alone)
    });
    let mut paths = written.flat_map(|text| [&text.path, &text.old_path]);
    let of_text = paths.find_map(|path| watched.file(path.as_ref()?));
    let mut changes = call.brought.shown.changes.iter();
    let file = of_text.or_else(|| changes.find_map(|change| watched.changed(change)));
    Edit {
        file,
        unread: watched.unread,
    }
}

/// What is not to be changed.
struct Watched<'a> {
    project: &'a Project,
    folder: &'a Path,
    /// Policy files of the project that are there.
    policies: Vec<Place>,
    /// Settings of agents in the project that call us.
    settings: Vec<Place>,
    /// Patterns that may still be compared.
    room: usize,
    unread: Vec<(String, String)>,
}

/// A file.
struct Place {
    /// From the project's root.
    name: &'static str,
    /// Where it really is.
    real: PathBuf,
}

impl<'a> Watched<'a> {
    fn of(project: &'a Project, folder: &'a Path) -> Self {
        let place = |name: &'static str| Place {
            name,
            real: really(&project.root().join(name)),
        };
        let policies = NAMES.into_iter().map(place);
        let settings = SETTINGS.into_iter().map(|(_, name, _)| place(name));
        Self {
            project,
            folder,
            policies: policies.filter(|place| place.real.exists()).collect(),
            settings: settings.filter(|place| calls_us(&place.real)).collect(),
            room: MOST_COMPARED,
            unread: Vec::new(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Place> {
        self.policies.iter().chain(&self.settings)
    }

    /// The name of the policy file, or of the hook's settings, that a path leads to.
    fn file(&self, path: &str) -> Option<String> {
        let at = self.folder.join(path);
        let real = really(&at);
        let [name, real_name] = [&at, &real].map(|path| self.project.name_of(path));
        let known = self.all().find(|place| place.real == real);
        if let Some(known) = known {
            return Some(known.name.to_owned());
        }
        if is_policy(&name) {
            return Some(name);
        }
        if is_policy(&real_name) {
            return Some(real_name);
        }
        // An agent's settings outside of the project, or under another name.
        let is_hidden = |name: &str| name.split('/').any(|part| part.starts_with('.'));
        let is_settings = (is_hidden(&name) || is_hidden(&real_name)) && calls_us(&real);
        is_settings.then_some(name)
    }

    /// The policy file, or the hook's settings, that a command changes.
    fn changed(&mut self, change: &Change) -> Option<String> {
        match change {
            Change::File(path) => self.file(path),
            Change::Tree(path) => self.file(path).or_else(|| self.above(path)),
            Change::Inside(path) => {
                let at = self.folder.join(path);
                let folder = at.parent().filter(|folder| folder.is_dir());
                folder.and_then(|_| self.file(path).or_else(|| self.above(path)))
            }
            Change::Pattern(pattern) => self.pattern(pattern),
            Change::Patch(path) => self.patch(path).or_else(|| self.file(path)),
            Change::Named(text) => self.named(text),
        }
    }

    /// What a text names, in one word or in the parts of a path.
    fn named(&self, text: &str) -> Option<String> {
        let has = |name: &str| name.split('/').all(|part| text.contains(part));
        let settings = self.settings.iter().map(|place| place.name);
        let mut names = NAMES.into_iter().chain(settings);
        names.find(|name| has(name)).map(str::to_owned)
    }

    /// What fits a pattern, or lies in a folder that does.
    fn pattern(&mut self, pattern: &Pattern) -> Option<String> {
        let all = match pattern.whole() {
            Ok(all) if all.len() <= self.room => all,
            Ok(_) => {
                let why = format!("with the others, more than {MOST_COMPARED} patterns");
                self.unread.push((pattern.text.clone(), why));
                return self.named(&pattern.text);
            }
            Err(too_many) => {
                let unread = (pattern.text.clone(), too_many.to_string());
                self.unread.push(unread);
                return self.named(&pattern.text);
            }
        };
        self.room -= all.len();
        all.iter().find_map(|path| {
            let name = self.project.name_of(&self.folder.join(path));
            let globs = path_globs([format!("/{name}").as_str()]).ok()?;
            let fits = |place: &&Place| {
                let above = Path::new(place.name).ancestors();
                above
                    .take_while(|path| *path != Path::new(""))
                    .any(|path| globs.is_match(path))
            };
            let known = self.all().find(fits).map(|place| place.name.to_owned());
            known.or_else(|| self.file(&path.to_string_lossy()))
        })
    }

    /// What lies in this folder of the project: it is moved, or removed with it.
    fn above(&self, word: &str) -> Option<String> {
        let real = really(&self.folder.join(word));
        let root = really(self.project.root());
        let is_inside = real != root && real.starts_with(&root) && real.is_dir();
        let mut inside = self.all().filter(|_| is_inside);
        inside
            .find(|place| place.real.starts_with(&real))
            .map(|place| place.name.to_owned())
    }

    /// What the patch in this file changes.
    fn patch(&mut self, word: &str) -> Option<String> {
        let at = self.folder.join(word);
        if is_large(&at) {
            let why = format!("a patch of more than {LARGEST} bytes");
            self.unread.push((word.to_owned(), why));
        }
        let text = text_of(&at)?;
        let settings = self.settings.iter().map(|place| place.name);
        let mut names = NAMES.into_iter().chain(settings);
        names.find(|name| text.contains(name)).map(str::to_owned)
    }
}

fn is_policy(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    NAMES.iter().any(|name| name.eq_ignore_ascii_case(file))
}

/// Where a path leads. Of a file that is not there yet: the place where it will be.
fn really(path: &Path) -> PathBuf {
    let in_folder = || {
        let folder = std::fs::canonicalize(path.parent()?).ok()?;
        Some(folder.join(path.file_name()?))
    };
    std::fs::canonicalize(path)
        .ok()
        .or_else(in_folder)
        .unwrap_or_else(|| path.to_owned())
}

/// Whether it is the settings file of an agent that calls this program.
fn calls_us(path: &Path) -> bool {
    text_of(path).is_some_and(|text| text.contains(OUR_CALL))
}

fn is_large(path: &Path) -> bool {
    let metadata = std::fs::metadata(path);
    metadata.is_ok_and(|file| file.is_file() && file.len() > LARGEST)
}

fn text_of(path: &Path) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return None;
    }
    // A file that cannot be read, or is no text, is none of those that are looked for.
    std::fs::read_to_string(path).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::guard::agent::Agent;

    fn changed(folder: &Path, input: &serde_json::Value) -> Option<String> {
        let input = json!({"tool": "x", "input": input}).to_string();
        let call = Call::read(input.as_bytes(), Some(Agent::Json), folder).expect("a call");
        by(&call, &Project::around(folder)).file
    }

    /// A project with a policy and an agent's settings.
    fn project() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at(".claude")).expect("a folder");
        std::fs::create_dir_all(at("src")).expect("a folder");
        std::fs::write(at(".leakwardignore"), "").expect("a file");
        std::fs::write(at(".claude/settings.json"), OUR_CALL).expect("a file");
        std::fs::write(at("src/settings.json"), "{}").expect("a file");
        std::fs::write(at("a.diff"), "+++ b/leakward.toml\n").expect("a file");
        std::fs::write(at("b.diff"), "+++ b/src/settings.json\n").expect("a file");
        folder
    }

    #[test]
    fn a_command_that_changes_the_policy_or_the_hook_is_seen() {
        let project = project();
        for (command, name) in [
            ("echo 'path:**' >> .leakwardignore", ".leakwardignore"),
            ("ln -sf /dev/null leakward.toml", "leakward.toml"),
            ("dd if=/dev/null of=.leakwardignore", ".leakwardignore"),
            ("install /dev/null .leakwardignore", ".leakwardignore"),
            ("git restore .leakwardignore", ".leakwardignore"),
            ("git apply a.diff", "leakward.toml"),
            ("patch -p1 < a.diff", "leakward.toml"),
            (
                "python3 -c \"open('.leakwardignore','a')\"",
                ".leakwardignore",
            ),
            ("echo '{}' > .claude/settings.json", ".claude/settings.json"),
            ("cd .claude && rm settings.json", ".claude/settings.json"),
            ("rm -rf .claude", ".claude/settings.json"),
            ("bash -c 'mv .claude x'", ".claude/settings.json"),
            ("rm .leak*", ".leakwardignore"),
            ("rm -rf .cl*", ".claude/settings.json"),
            ("rm -rf .claude/*", ".claude/settings.json"),
            ("find . -name .leakwardignore -delete", ".leakwardignore"),
            (
                "find .claude -type f -exec rm {} +",
                ".claude/settings.json",
            ),
            ("ls .leakwardignore | xargs rm", ".leakwardignore"),
            ("F=.leakwardignore; echo x > $F", ".leakwardignore"),
            ("echo x > \"$D/.leakwardignore\"", ".leakwardignore"),
            ("tee $(echo .leakwardignore) < x", ".leakwardignore"),
            ("cp src/settings.json .claude/", ".claude/settings.json"),
            ("cp /tmp/leakward.toml .", "leakward.toml"),
            ("ln -s .leakwardignore innocent.txt", ".leakwardignore"),
            (
                "python3 - <<'EOF'\nopen('.leakwardignore', 'w')\nEOF",
                ".leakwardignore",
            ),
            (
                "sed -i 's/a/b/' .leakwardignore 2>/dev/null",
                ".leakwardignore",
            ),
            (
                "cd src && git -C .. checkout HEAD~1 -- .claude",
                ".claude/settings.json",
            ),
            (
                "cd \"$X\" && rm settings.json; ls .claude",
                ".claude/settings.json",
            ),
            ("sudo -u x rm .leakwardignore", ".leakwardignore"),
            (
                "curl -o.leakwardignore https://example.com",
                ".leakwardignore",
            ),
            (
                "curl -sSLo .leakwardignore https://example.com",
                ".leakwardignore",
            ),
            ("cp -t. /tmp/leakward.toml", "leakward.toml"),
            ("patch -ia.diff", "leakward.toml"),
            (
                "curl -o .leakwardignore https://example.com",
                ".leakwardignore",
            ),
        ] {
            let changed = changed(project.path(), &json!({"command": command}));
            assert_eq!(changed.as_deref(), Some(name), "{command}");
        }
        for command in [
            "wc -l .leakwardignore",
            "cat .claude/settings.json",
            "echo '{}' > src/settings.json",
            "rm -rf src",
            "git apply b.diff",
            "ls . > /dev/null",
            "ls .claude 2>/dev/null",
            "cat .claude/settings.json 2>/dev/null",
            "cat .claude/settings.json 2>&1 | head",
            "cat .leakwardignore > /tmp/copy.txt",
            "grep -c x .leakwardignore &>/dev/null || echo none > count.txt",
            "cp -r .claude /tmp/backup",
            "cp .leakwardignore /tmp/backup.txt",
            "ls .claude > list.txt",
            "rm -rf src; cat .claude/settings.json",
            "git commit -m 'rm .leakwardignore > x'",
            "find . -name '*.pyc' -delete",
            "find .claude -type f -exec grep -l x {} +",
            "awk '{print $1}' .leakwardignore",
            "sed -n 5p .leakwardignore",
            "(cd src && rm settings.json)",
            "git checkout main && git diff -- .leakwardignore",
            "cat > notes.md <<'EOF'\nsee .leakwardignore\nEOF\npython3 -c 'print(1)'",
        ] {
            let changed = changed(project.path(), &json!({"command": command}));
            assert_eq!(changed, None, "{command}");
        }
    }

    #[test]
    fn what_is_not_compared_is_told() {
        let project = project();
        let long = vec![b'x'; usize::try_from(LARGEST).expect("a size") + 1];
        std::fs::write(project.path().join("long.diff"), long).expect("a file");
        let choices: String = (0..100).map(|at| format!("{at},")).collect();
        let patterns: String = (0..=MOST_COMPARED).map(|at| format!("{at}* ")).collect();
        for (command, told) in [
            ("git apply long.diff".to_owned(), 1),
            (format!("rm {{{choices}}}x"), 1),
            (format!("rm {patterns}"), 1),
            ("rm a* {b,c}; git apply b.diff".to_owned(), 0),
        ] {
            let input = json!({"tool": "x", "input": {"command": command}}).to_string();
            let call = Call::read(input.as_bytes(), Some(Agent::Json), project.path());
            let edit = by(&call.expect("a call"), &Project::around(project.path()));
            assert_eq!(
                (edit.file, edit.unread.len()),
                (None, told),
                "{command:.40}"
            );
        }
    }

    #[test]
    fn a_patch_that_removes_or_renames_a_policy_changes_it() {
        let project = project();
        for patch in [
            "*** Begin Patch\n*** Delete File: .leakwardignore\n*** End Patch\n",
            "*** Begin Patch\n*** Update File: .leakwardignore\n*** Move to: x\n*** End Patch\n",
            "--- a/.leakwardignore\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n",
            "rename from .leakwardignore\nrename to x\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n",
        ] {
            let changed = changed(project.path(), &json!({"patch": patch}));
            assert_eq!(changed.as_deref(), Some(".leakwardignore"), "{patch}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn settings_that_are_no_file_are_not_opened() {
        use std::process::Command;
        use std::sync::mpsc::channel;
        use std::time::Duration;
        let project = project();
        let pipe = project.path().join(".cursor/hooks.json");
        std::fs::create_dir(project.path().join(".cursor")).expect("a folder");
        let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
        assert!(made.success());
        let (sender, receiver) = channel();
        // Whoever opens a pipe waits for someone to write into it, for ever.
        std::thread::spawn(move || sender.send(calls_us(&pipe)));
        assert_eq!(receiver.recv_timeout(Duration::from_secs(20)), Ok(false));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_what_they_lead_to() {
        use std::os::unix::fs::symlink;
        let project = project();
        let at = |name: &str| project.path().join(name);
        std::fs::write(at("src/decisions.txt"), "").expect("a file");
        symlink(".leakwardignore", at("innocent.txt")).expect("a link");
        symlink("src/decisions.txt", at(".gitleaksignore")).expect("a link");
        symlink(at(".claude"), at("folder")).expect("a link");
        for (path, name) in [
            ("innocent.txt", ".leakwardignore"),
            ("src/decisions.txt", ".gitleaksignore"),
            ("folder/settings.json", ".claude/settings.json"),
            ("LEAKWARD.toml", "LEAKWARD.toml"),
        ] {
            let input = json!({"file_path": path, "content": "x"});
            assert_eq!(
                changed(project.path(), &input).as_deref(),
                Some(name),
                "{path}"
            );
            let input = json!({"command": format!("cp x {path}")});
            assert_eq!(
                changed(project.path(), &input).as_deref(),
                Some(name),
                "{path}"
            );
        }
        let input = json!({"file_path": "src/settings.json", "content": "x"});
        assert_eq!(changed(project.path(), &input), None);
    }
}
