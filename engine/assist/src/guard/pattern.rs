//! The files that a shell puts in the place of a pattern: `.e*`, `conf/**/*.json`, `.{env,npmrc}`.
//!
//! As in a shell, a name that begins with a dot needs a pattern that does so. Links to folders are followed, but by `**`.

use std::path::{Path, PathBuf};

use leakward_scan::path_glob::path_globs;

/// LIMIT: files of the patterns of one call. Each costs some 20 microseconds, beside its bytes.
const MOST: usize = 1_000;

/// LIMIT: bytes of the files of the patterns of one call, as much as of one file that is read.
const MOST_BYTES: u64 = 64 << 20;

/// LIMIT: patterns that one with braces stands for.
const MOST_CHOICES: usize = 64;

/// LIMIT: names that are compared for the patterns of one call. Some 10 milliseconds.
const MOST_NAMES: usize = 20_000;

/// LIMIT: bytes of a pattern, as of a path.
const LONGEST: usize = 4_096;

/// LIMIT: folders of a pattern inside of each other.
const DEEPEST: usize = 32;

/// More than is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooMany {
    /// Of files.
    #[error("with the others of the call it stands for more than {MOST} files")]
    Files,
    /// Of what is in them.
    #[error("the files that it stands for have more than {MOST_BYTES} bytes")]
    Bytes,
    /// Of choices in braces.
    #[error("its braces stand for more than {MOST_CHOICES} patterns")]
    Choices,
    /// Of names to compare.
    #[error("there are more than {MOST_NAMES} names to compare with it")]
    Names,
    /// Of itself.
    #[error("it is longer than {LONGEST} bytes")]
    Letters,
    /// Of folders.
    #[error("it goes through more than {DEEPEST} folders")]
    Folders,
}

/// What the patterns of one call may still cost.
#[derive(Debug)]
pub(super) struct Room {
    files: usize,
    bytes: u64,
    names: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            files: MOST,
            bytes: MOST_BYTES,
            names: MOST_NAMES,
        }
    }
}

impl Room {
    /// For files of searches, which go through all of a folder. Some 3 milliseconds.
    pub(super) fn few() -> Self {
        Self {
            files: 32,
            bytes: 256 << 10,
            names: 4_000,
        }
    }
}

/// What `**` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stars {
    /// The same as `*`: bash without `globstar`, and most others.
    Shallow,
    /// Folders at any depth.
    Deep,
}

/// A pattern that stands in a command line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pattern {
    /// The folder that it starts from, which is no pattern: its name may have brackets.
    pub(super) folder: PathBuf,
    /// As it is written.
    pub(super) text: String,
    /// What `**` in it means.
    pub(super) stars: Stars,
}

impl Pattern {
    /// A pattern in this folder.
    pub(super) fn new(folder: &Path, text: &str, stars: Stars) -> Self {
        Self {
            folder: folder.to_owned(),
            text: text.to_owned(),
            stars,
        }
    }

    /// Paths of the files that fit. They and the pattern's folder start from `start`.
    pub(super) fn files(&self, start: &Path, room: &mut Room) -> Result<Vec<String>, TooMany> {
        let found = files(&self.text, self.stars, &start.join(&self.folder), room)?;
        let path = |found: String| self.folder.join(found).to_string_lossy().into_owned();
        Ok(found.into_iter().map(path).collect())
    }

    /// The same, of as many as there is room for.
    pub(super) fn some_files(&self, start: &Path, room: &mut Room) -> Vec<String> {
        let start = start.join(&self.folder);
        let mut found = Vec::new();
        // More of them are not looked at.
        let _is_all = search(&self.text, self.stars, (&start, room), &mut found).is_ok();
        let path = |found: String| self.folder.join(found).to_string_lossy().into_owned();
        found.into_iter().map(path).collect()
    }

    /// The patterns without braces that it stands for, with its folder before them.
    pub(super) fn whole(&self) -> Result<Vec<PathBuf>, TooMany> {
        let all = alternatives(&self.text)?;
        Ok(all.iter().map(|one| self.folder.join(one)).collect())
    }
}

fn files(
    pattern: &str,
    stars: Stars,
    folder: &Path,
    room: &mut Room,
) -> Result<Vec<String>, TooMany> {
    let mut found = Vec::new();
    search(pattern, stars, (folder, room), &mut found)?;
    Ok(found)
}

fn search(
    pattern: &str,
    stars: Stars,
    (folder, room): (&Path, &mut Room),
    found: &mut Vec<String>,
) -> Result<(), TooMany> {
    let mut search = Search {
        folder,
        found,
        room,
    };
    for one in alternatives(pattern)? {
        let (start, rest) = match one.strip_prefix('/') {
            Some(rest) => ("/", rest),
            None => ("", one.as_str()),
        };
        let parts = rest.split('/').filter(|part| !part.is_empty());
        let parts: Vec<Part<'_>> = parts.map(|part| Part::of(part, stars)).collect();
        search.below(start, &parts, 0)?;
    }
    Ok(())
}

/// The patterns that one with braces stands for.
fn alternatives(pattern: &str) -> Result<Vec<String>, TooMany> {
    if pattern.len() > LONGEST {
        return Err(TooMany::Letters);
    }
    let mut done = Vec::new();
    let mut open = vec![pattern.to_owned()];
    while let Some(one) = open.pop() {
        let Some((before, choices, behind)) = braces(&one) else {
            done.push(one);
            continue;
        };
        if done.len() + open.len() + choices.len() > MOST_CHOICES {
            return Err(TooMany::Choices);
        }
        let choices = choices.iter();
        open.extend(choices.map(|choice| format!("{before}{choice}{behind}")));
    }
    Ok(done)
}

/// The innermost braces with a comma in them: what stands before, the choices, what stands behind.
fn braces(pattern: &str) -> Option<(&str, Vec<&str>, &str)> {
    // Each open brace, and whether a comma stands behind it.
    let mut open: Vec<(usize, bool)> = Vec::new();
    for (at, byte) in pattern.bytes().enumerate() {
        match byte {
            b'{' => open.push((at, false)),
            b',' => open
                .iter_mut()
                .last()
                .into_iter()
                .for_each(|one| one.1 = true),
            b'}' => {
                if let Some((start, true)) = open.pop() {
                    let inner = pattern.get(start + 1..at)?;
                    let around = (pattern.get(..start)?, pattern.get(at + 1..)?);
                    return Some((around.0, inner.split(',').collect(), around.1));
                }
            }
            _ => {}
        }
    }
    None
}

/// What stands between two slashes of a pattern.
enum Part<'p> {
    /// A name, as it is.
    Name(&'p str),
    /// Folders at any depth.
    Folders,
    /// Names that fit. PERF: found out once for all folders; each time takes some 50 microseconds.
    Names {
        fits: Box<dyn Fn(&str) -> bool>,
        are_hidden: bool,
    },
}

impl<'p> Part<'p> {
    fn of(text: &'p str, stars: Stars) -> Self {
        if text == "**" && stars == Stars::Deep {
            return Self::Folders;
        }
        if !text.contains(['*', '?', '[']) {
            return Self::Name(text);
        }
        // What is no pattern fits nothing.
        let globs = path_globs([text]).ok();
        Self::Names {
            fits: Box::new(move |name| globs.as_ref().is_some_and(|globs| globs.is_match(name))),
            are_hidden: text.starts_with('.'),
        }
    }
}

/// What a name in a folder is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Folder,
    /// A file, a link, or something else.
    Other,
}

struct Search<'f> {
    folder: &'f Path,
    found: &'f mut Vec<String>,
    room: &'f mut Room,
}

impl Search<'_> {
    /// Looks for `parts` below `at`, which is empty or ends with a slash.
    fn below(&mut self, at: &str, parts: &[Part<'_>], depth: usize) -> Result<(), TooMany> {
        if depth > DEEPEST {
            return Err(TooMany::Folders);
        }
        match parts.split_first() {
            None => {}
            Some((Part::Name(name), rest)) => self.enter(&format!("{at}{name}"), rest, depth)?,
            Some((Part::Folders, rest)) => {
                self.below(at, rest, depth + 1)?;
                let names = self.list(at)?.into_iter();
                for (name, kind) in names.filter(|(name, _)| !name.starts_with('.')) {
                    let path = format!("{at}{name}");
                    if kind == Kind::Folder {
                        self.below(&format!("{path}/"), parts, depth + 1)?;
                    } else if rest.is_empty() {
                        self.enter(&path, rest, depth)?;
                    }
                }
            }
            Some((Part::Names { fits, are_hidden }, rest)) => {
                for (name, _) in self.list(at)? {
                    if (*are_hidden || !name.starts_with('.')) && fits(&name) {
                        self.enter(&format!("{at}{name}"), rest, depth)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn enter(&mut self, path: &str, rest: &[Part<'_>], depth: usize) -> Result<(), TooMany> {
        if !rest.is_empty() {
            return self.below(&format!("{path}/"), rest, depth + 1);
        }
        let metadata = std::fs::metadata(self.folder.join(path));
        if let Some(file) = metadata.ok().filter(std::fs::Metadata::is_file) {
            let files = self.room.files.checked_sub(1).ok_or(TooMany::Files)?;
            let bytes = self.room.bytes.checked_sub(file.len());
            (self.room.files, self.room.bytes) = (files, bytes.ok_or(TooMany::Bytes)?);
            self.found.push(path.to_owned());
        }
        Ok(())
    }

    /// The names in a folder, and of what each is one; none when it cannot be listed, as for the shell.
    fn list(&mut self, at: &str) -> Result<Vec<(String, Kind)>, TooMany> {
        let Ok(entries) = std::fs::read_dir(self.folder.join(at)) else {
            return Ok(Vec::new());
        };
        let mut names = Vec::new();
        for entry in entries.flatten() {
            self.room.names = self.room.names.checked_sub(1).ok_or(TooMany::Names)?;
            let kind = match entry.file_type() {
                Ok(kind) if kind.is_dir() => Kind::Folder,
                _ => Kind::Other,
            };
            names.push((entry.file_name().to_string_lossy().into_owned(), kind));
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, folder: &Path) -> Vec<String> {
        let found = files(pattern, Stars::Deep, folder, &mut Room::default());
        let mut found = found.expect("not too many");
        found.sort();
        found
    }

    #[test]
    fn a_pattern_finds_the_files_that_a_shell_would() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("conf/deep")).expect("folders");
        for name in [
            ".env",
            ".envrc",
            "a.json",
            "conf/b.json",
            "conf/deep/c.json",
            "conf/.hidden.json",
        ] {
            std::fs::write(at(name), "").expect("a file");
        }
        for (pattern, expected) in [
            (".e*", vec![".env", ".envrc"]),
            ("*", vec!["a.json"]),
            ("?.json", vec!["a.json"]),
            ("*/*.json", vec!["conf/b.json"]),
            ("[a-c].json", vec!["a.json"]),
            (".{env,x}", vec![".env"]),
            (
                "conf/{b,deep/c}.json",
                vec!["conf/b.json", "conf/deep/c.json"],
            ),
            (
                "**/*.json",
                vec!["a.json", "conf/b.json", "conf/deep/c.json"],
            ),
            ("conf/[", vec![]),
            ("no/*", vec![]),
        ] {
            assert_eq!(found(pattern, folder.path()), expected, "{pattern}");
        }
        let absolute = format!("{}/.e*v", folder.path().display());
        assert_eq!(
            found(&absolute, Path::new("/")),
            [at(".env").display().to_string()]
        );
    }

    #[test]
    fn too_many_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        for index in 0..=MOST {
            std::fs::write(folder.path().join(format!("{index}.txt")), "").expect("a file");
        }
        let files =
            |pattern: &str| files(pattern, Stars::Shallow, folder.path(), &mut Room::default());
        assert_eq!(files("*.txt"), Err(TooMany::Files));
        assert_eq!(files("1*.txt").map(|files| files.len()), Ok(112));
        assert_eq!(files(&"{a,b}".repeat(20)), Err(TooMany::Choices));
        let many = format!("{{{}}}", "a,".repeat(MOST_CHOICES));
        assert_eq!(files(&many), Err(TooMany::Choices));
        assert_eq!(files(&"{a,b".repeat(20)), Ok(Vec::new()));
        assert_eq!(files(&"{}".repeat(LONGEST)), Err(TooMany::Letters));
        assert_eq!(files(&"x/".repeat(DEEPEST + 2)), Err(TooMany::Folders));
        for name in ["one.big", "two.big"] {
            let file = std::fs::File::create(folder.path().join(name)).expect("a file");
            file.set_len(MOST_BYTES / 2 + 1).expect("a long file");
        }
        assert_eq!(files("one.*").map(|files| files.len()), Ok(1));
        assert_eq!(files("*.big"), Err(TooMany::Bytes));
    }

    #[test]
    fn the_patterns_of_a_call_have_their_limits_together() {
        let folder = tempfile::tempdir().expect("a folder");
        for index in 0..10 {
            std::fs::write(folder.path().join(index.to_string()), "").expect("a file");
        }
        let mut room = Room {
            names: 25,
            ..Room::default()
        };
        let pattern = Pattern::new(Path::new(""), "*", Stars::Shallow);
        let mut files = || {
            pattern
                .files(folder.path(), &mut room)
                .map(|files| files.len())
        };
        assert_eq!((files(), files()), (Ok(10), Ok(10)));
        assert_eq!(files(), Err(TooMany::Names));
    }

    #[test]
    fn braces_are_taken_apart_from_the_inside() {
        for (pattern, expected) in [
            ("a{b,c}d", vec!["abd", "acd"]),
            ("{a,{b,c}}", vec!["a", "b", "c"]),
            ("{a}{b,c}", vec!["{a}b", "{a}c"]),
            ("{a{b}c,d}", vec!["a{b}c", "d"]),
            ("{}}}}", vec!["{}}}}"]),
            ("a,b}", vec!["a,b}"]),
        ] {
            let mut found = alternatives(pattern).expect("not too many");
            found.sort();
            found.dedup();
            assert_eq!(found, expected, "{pattern}");
        }
    }

    #[test]
    fn two_stars_cross_folders_only_in_shells_where_they_do() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("a/b")).expect("folders");
        for name in ["x.md", "a/x.md", "a/b/x.md"] {
            std::fs::write(folder.path().join(name), "").expect("a file");
        }
        let files = |stars| {
            let found = files("**/*.md", stars, folder.path(), &mut Room::default());
            found.expect("not too many")
        };
        assert_eq!(files(Stars::Shallow), ["a/x.md"]);
        assert_eq!(files(Stars::Deep).len(), 3);
    }
}
