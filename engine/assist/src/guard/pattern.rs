//! The files that a shell puts in the place of a pattern: `.e*`, `conf/**/*.json`, `.{env,npmrc}`.
//!
//! As in a shell, a name that begins with a dot needs a pattern that does so. Links to folders are followed, but by `**`.

use std::path::{Path, PathBuf};

use leakward_scan::path_glob::path_globs;

/// LIMIT: files of one pattern. Each costs some 20 microseconds, beside its bytes.
const MOST: usize = 1_000;

/// LIMIT: bytes of the files of one pattern, as much as of one file that is read.
const MOST_BYTES: u64 = 64 << 20;

/// LIMIT: patterns that one with braces stands for.
const MOST_CHOICES: usize = 64;

/// LIMIT: names that are compared for one pattern. Some 10 milliseconds.
const MOST_NAMES: usize = 20_000;

/// LIMIT: folders of a pattern inside of each other.
const DEEPEST: usize = 32;

/// More than is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it stands for more than {MOST} files, or {MOST_BYTES} bytes")]
pub(super) struct TooMany;

/// What `**` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stars {
    /// The same as `*`: bash without `globstar`, and most others.
    Shallow,
    /// Folders at any depth.
    Deep,
}

/// A pattern that stands in a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    pub(super) fn files(&self, start: &Path) -> Result<Vec<String>, TooMany> {
        let found = files(&self.text, self.stars, &start.join(&self.folder))?;
        let path = |found: String| self.folder.join(found).to_string_lossy().into_owned();
        Ok(found.into_iter().map(path).collect())
    }

    /// The patterns without braces that it stands for, with its folder before them.
    pub(super) fn whole(&self) -> Result<Vec<PathBuf>, TooMany> {
        let all = alternatives(&self.text)?;
        Ok(all.iter().map(|one| self.folder.join(one)).collect())
    }
}

fn files(pattern: &str, stars: Stars, folder: &Path) -> Result<Vec<String>, TooMany> {
    let mut search = Search {
        folder,
        stars,
        found: Vec::new(),
        names: 0,
        bytes: 0,
    };
    for one in alternatives(pattern)? {
        let (start, rest) = match one.strip_prefix('/') {
            Some(rest) => ("/", rest),
            None => ("", one.as_str()),
        };
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        search.below(start, &parts, 0)?;
    }
    Ok(search.found)
}

/// The patterns that one with braces stands for.
fn alternatives(pattern: &str) -> Result<Vec<String>, TooMany> {
    let mut done = Vec::new();
    let mut open = vec![pattern.to_owned()];
    while let Some(one) = open.pop() {
        if done.len() + open.len() > MOST_CHOICES {
            return Err(TooMany);
        }
        match braces(&one) {
            Some((before, choices, behind)) => {
                open.extend(
                    choices
                        .iter()
                        .map(|choice| format!("{before}{choice}{behind}")),
                );
            }
            None => done.push(one),
        }
    }
    Ok(done)
}

/// The innermost braces with a comma in them: what stands before, the choices, what stands behind.
fn braces(pattern: &str) -> Option<(&str, Vec<&str>, &str)> {
    pattern.match_indices('}').find_map(|(end, _)| {
        let start = pattern.get(..end)?.rfind('{')?;
        let inner = pattern.get(start + 1..end)?;
        let choices: Vec<&str> = inner.split(',').collect();
        let around = (pattern.get(..start)?, pattern.get(end + 1..)?);
        (choices.len() > 1).then_some((around.0, choices, around.1))
    })
}

struct Search<'f> {
    folder: &'f Path,
    stars: Stars,
    found: Vec<String>,
    names: usize,
    bytes: u64,
}

impl Search<'_> {
    /// Looks for `parts` below `at`, which is empty or ends with a slash.
    fn below(&mut self, at: &str, parts: &[&str], depth: usize) -> Result<(), TooMany> {
        if depth > DEEPEST {
            return Err(TooMany);
        }
        let Some((part, rest)) = parts.split_first() else {
            return Ok(());
        };
        if !part.contains(['*', '?', '[']) {
            return self.enter(&format!("{at}{part}"), rest, depth);
        }
        let is_deep = *part == "**" && self.stars == Stars::Deep;
        if is_deep {
            self.below(at, rest, depth + 1)?;
        }
        let fits = path_globs([*part]);
        for (name, is_link) in self.list(at)? {
            if name.starts_with('.') && !part.starts_with('.') {
                continue;
            }
            let path = format!("{at}{name}");
            if is_deep {
                if !is_link && self.folder.join(&path).is_dir() {
                    self.below(&format!("{path}/"), parts, depth + 1)?;
                } else if rest.is_empty() {
                    self.enter(&path, rest, depth)?;
                }
            } else if fits.as_ref().is_ok_and(|fits| fits.is_match(&name)) {
                self.enter(&path, rest, depth)?;
            }
        }
        Ok(())
    }

    fn enter(&mut self, path: &str, rest: &[&str], depth: usize) -> Result<(), TooMany> {
        if !rest.is_empty() {
            return self.below(&format!("{path}/"), rest, depth + 1);
        }
        let metadata = std::fs::metadata(self.folder.join(path));
        if let Some(file) = metadata.ok().filter(std::fs::Metadata::is_file) {
            self.bytes = self.bytes.saturating_add(file.len());
            if self.found.len() == MOST || self.bytes > MOST_BYTES {
                return Err(TooMany);
            }
            self.found.push(path.to_owned());
        }
        Ok(())
    }

    /// The names in a folder, and whether each is a link; none when it cannot be listed, as for the shell.
    fn list(&mut self, at: &str) -> Result<Vec<(String, bool)>, TooMany> {
        let Ok(entries) = std::fs::read_dir(self.folder.join(at)) else {
            return Ok(Vec::new());
        };
        let mut names = Vec::new();
        for entry in entries.flatten() {
            self.names += 1;
            if self.names > MOST_NAMES {
                return Err(TooMany);
            }
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            names.push((entry.file_name().to_string_lossy().into_owned(), is_link));
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, folder: &Path) -> Vec<String> {
        let mut found = files(pattern, Stars::Deep, folder).expect("not too many");
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
        let files = |pattern: &str| files(pattern, Stars::Shallow, folder.path());
        assert_eq!(files("*.txt"), Err(TooMany));
        assert_eq!(files("1*.txt").map(|files| files.len()), Ok(112));
        assert_eq!(files(&"{a,b}".repeat(20)), Err(TooMany));
        assert_eq!(files(&"{a,b".repeat(20)), Ok(Vec::new()));
        for name in ["one.big", "two.big"] {
            let file = std::fs::File::create(folder.path().join(name)).expect("a file");
            file.set_len(MOST_BYTES / 2 + 1).expect("a long file");
        }
        assert_eq!(files("one.*").map(|files| files.len()), Ok(1));
        assert_eq!(files("*.big"), Err(TooMany));
    }

    #[test]
    fn two_stars_cross_folders_only_in_shells_where_they_do() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("a/b")).expect("folders");
        for name in ["x.md", "a/x.md", "a/b/x.md"] {
            std::fs::write(folder.path().join(name), "").expect("a file");
        }
        let files = |stars| files("**/*.md", stars, folder.path()).expect("not too many");
        assert_eq!(files(Stars::Shallow), ["a/x.md"]);
        assert_eq!(files(Stars::Deep).len(), 3);
    }
}
