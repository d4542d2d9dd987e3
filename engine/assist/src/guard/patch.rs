//! Diffs: unified ones, the patches of `apply_patch`, and blocks of SEARCH and REPLACE.
//!
//! Of a diff, lines that it adds count. Lines around them and lines that it removes stood there before; lines around
//! are kept in the text all the same, because a credential can lean on the line above it.
//!
//! INVARIANT: a text that is no diff gives nothing here, so that it is looked at as a whole.

use super::call::{Role, Text};

/// The texts that a diff brings, one for each file; nothing when `text` is no diff.
pub(super) fn read(text: &str, role: Role) -> Option<Vec<Text>> {
    let has_line = |start: &str| text.lines().any(|line| line.starts_with(start));
    if has_line("*** Begin Patch") {
        Some(apply_patch(text, role))
    } else if has_line("@@ -") && has_line("+++ ") {
        Some(unified(text, role))
    } else if has_line("=======") && SEARCHES.iter().any(|mark| has_line(mark)) {
        Some(search_and_replace(text, role))
    } else {
        None
    }
}

/// One file of a diff, being put together.
struct File {
    text: Text,
    before: String,
    /// Number of the next line, where it is known.
    next: u32,
}

impl File {
    fn new(role: Role, path: Option<&str>) -> Self {
        Self {
            text: Text::new(role, path, ""),
            before: String::new(),
            next: 1,
        }
    }

    fn add(&mut self, line: &str) {
        self.text.text.push_str(line);
        self.text.text.push('\n');
        self.text.lines.push(self.next);
        self.next = self.next.saturating_add(1);
    }

    fn remove(&mut self, line: &str) {
        self.before.push_str(line);
        self.before.push('\n');
    }

    fn finish(mut self, to: &mut Vec<Text>) {
        if !self.text.text.is_empty() {
            self.text.before.push(self.before);
            to.push(self.text);
        }
    }
}

fn unified(text: &str, role: Role) -> Vec<Text> {
    let mut texts = Vec::new();
    let mut file: Option<File> = None;
    // Lines that the hunk at hand still has, old and new: a removed line `-- x` looks like the head of a file.
    let mut left = (0_u32, 0_u32);
    let mut old_path = "";
    let mut outside = String::new();
    for line in text.lines() {
        if left == (0, 0) {
            if let Some(path) = line.strip_prefix("--- ") {
                old_path = path;
            } else if let Some(path) = line.strip_prefix("+++ ") {
                if let Some(file) = file.take() {
                    file.finish(&mut texts);
                }
                file = Some(File::new(role, path_of(path, old_path).as_deref()));
            } else if let (Some(file), Some(hunk)) = (&mut file, hunk(line)) {
                left = (hunk.old, hunk.new);
                file.next = hunk.start;
            } else {
                // The message above a patch is part of what is brought.
                outside.push_str(line);
                outside.push('\n');
            }
            continue;
        }
        let Some(file) = &mut file else { continue };
        match line.split_at_checked(1) {
            Some(("+", rest)) => {
                file.add(rest);
                left.1 = left.1.saturating_sub(1);
            }
            Some(("-", rest)) => {
                file.remove(rest);
                left.0 = left.0.saturating_sub(1);
            }
            Some(("\\", _)) => {}
            Some((" ", rest)) => around(file, rest, &mut left),
            // An editor may have cut the blank before an empty line.
            _ => around(file, line, &mut left),
        }
    }
    if let Some(file) = file {
        file.finish(&mut texts);
    }
    texts.push(Text::new(role, None, &outside));
    texts
}

/// A line that is there before and after.
fn around(file: &mut File, line: &str, left: &mut (u32, u32)) {
    file.add(line);
    file.remove(line);
    *left = (left.0.saturating_sub(1), left.1.saturating_sub(1));
}

/// Head of a hunk.
struct Hunk {
    old: u32,
    start: u32,
    new: u32,
}

/// `@@ -1,5 +2,6 @@`
fn hunk(line: &str) -> Option<Hunk> {
    let ranges = line.strip_prefix("@@ -")?.split(" @@").next()?;
    let (old, new) = ranges.split_once(" +")?;
    let count = |range: &str| match range.split_once(',') {
        Some((_, count)) => count.parse().ok(),
        None => Some(1),
    };
    Some(Hunk {
        old: count(old)?,
        start: new.split(',').next()?.parse().ok()?,
        new: count(new)?,
    })
}

/// The path in the head of a file: without quotes, the date behind it, and the letter that git puts before it (before the
/// old path as well). Nothing for a file that is removed.
fn path_of(head: &str, old: &str) -> Option<String> {
    const NOTHING: &str = "/dev/null";
    let named = |head: &str| {
        let path = head.split('\t').next().unwrap_or(head).trim();
        path.trim_matches('"').to_owned()
    };
    // a and b, or, with diff.mnemonicPrefix, letters for index, working tree, commit and object.
    let letter = |path: &str| match path.as_bytes() {
        [letter @ (b'a' | b'b' | b'c' | b'i' | b'o' | b'w'), b'/', ..] => Some(*letter),
        _ => None,
    };
    let (path, old) = (named(head), named(old));
    let is_lettered = match (letter(&path), letter(&old)) {
        (Some(new), Some(old)) => new != old,
        (Some(_), None) => old == NOTHING,
        (None, _) => false,
    };
    let path = if is_lettered {
        path.get(2..)?.to_owned()
    } else {
        path
    };
    (path != NOTHING && !path.is_empty()).then_some(path)
}

fn apply_patch(text: &str, role: Role) -> Vec<Text> {
    let mut texts = Vec::new();
    let mut file: Option<File> = None;
    for line in text.lines() {
        let head = ["*** Add File: ", "*** Update File: ", "*** Move to: "]
            .into_iter()
            .find_map(|head| line.strip_prefix(head));
        if let Some(path) = head {
            if let Some(file) = file.replace(File::new(role, Some(path.trim()))) {
                file.finish(&mut texts);
            }
            continue;
        }
        let Some(file) = &mut file else { continue };
        match line.split_at_checked(1) {
            Some(("+", rest)) => file.add(rest),
            Some(("-", rest)) => file.remove(rest),
            Some((" ", rest)) => around(file, rest, &mut (0, 0)),
            _ => {}
        }
    }
    if let Some(file) = file {
        file.finish(&mut texts);
    }
    // Where a line stands is known only to who applies the patch.
    texts.iter_mut().for_each(|text| text.lines.clear());
    texts
}

/// What begins the text that is looked for.
const SEARCHES: [&str; 2] = ["<<<<<<< SEARCH", "------- SEARCH"];

/// What ends the text that takes its place.
const ENDS: [&str; 2] = [">>>>>>> REPLACE", "+++++++ REPLACE"];

fn search_and_replace(text: &str, role: Role) -> Vec<Text> {
    #[derive(PartialEq)]
    enum In {
        Nothing,
        Search,
        Replace,
    }
    let mut texts = Vec::new();
    let mut file = File::new(role, None);
    let mut at = In::Nothing;
    for line in text.lines() {
        let is = |marks: &[&str]| marks.iter().any(|mark| line.trim_end() == *mark);
        if is(&SEARCHES) {
            at = In::Search;
        } else if at == In::Search && is(&["======="]) {
            at = In::Replace;
        } else if is(&ENDS) {
            at = In::Nothing;
            std::mem::replace(&mut file, File::new(role, None)).finish(&mut texts);
        } else if at == In::Search {
            file.remove(line);
        } else {
            file.add(line);
        }
    }
    file.finish(&mut texts);
    texts.iter_mut().for_each(|text| text.lines.clear());
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(Option<String>, String, String)> {
        let texts = read(text, Role::Alone).expect("a diff");
        texts
            .into_iter()
            .filter(|text| !text.text.is_empty())
            .map(|text| (text.path, text.text, text.before.concat()))
            .collect()
    }

    #[test]
    fn of_a_unified_diff_added_lines_count_and_keep_their_numbers() {
        let diff = "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -3,3 +7,3 @@ def f\n around\n-gone\n--- also gone\n+new\n+++ more\n";
        let texts = read(diff, Role::Alone).expect("a diff");
        assert_eq!(texts[0].path.as_deref(), Some("x.py"));
        assert_eq!(texts[0].text, "around\nnew\n++ more\n");
        assert_eq!(texts[0].before, ["around\ngone\n-- also gone\n"]);
        assert_eq!(texts[0].lines, [7, 8, 9]);
    }

    #[test]
    fn the_head_of_a_second_file_is_no_line_of_the_first() {
        let diff =
            "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+one\n--- /dev/null\n+++ b/y\n@@ -0,0 +1 @@\n+two\n";
        let texts = of(diff);
        assert_eq!(texts[0].1, "one\n");
        assert_eq!(
            (texts[1].0.as_deref(), texts[1].1.as_str()),
            (Some("y"), "two\n")
        );
    }

    #[test]
    fn a_path_loses_the_letter_that_git_put_before_it_and_no_folder() {
        for (old, new, path) in [
            ("a/x", "b/x", Some("x")),
            ("b/x", "a/x", Some("x")),
            ("/dev/null", "b/x", Some("x")),
            ("i/x", "w/x", Some("x")),
            ("b/x", "b/x", Some("b/x")),
            ("x.py\t2026-01-01", "x.py\t2026-01-02", Some("x.py")),
            ("a/x", "/dev/null", None),
        ] {
            assert_eq!(path_of(new, old).as_deref(), path, "{old} {new}");
        }
    }

    #[test]
    fn the_message_above_a_diff_is_looked_at() {
        let diff = "Subject: deploy with KEY\n\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+one\n";
        assert!(of(diff).iter().any(|(_, text, _)| text.contains("KEY")));
    }

    #[test]
    fn patches_of_agents_are_read() {
        let patch = "apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: a.py\n@@\n keep\n-old\n+new\n*** Add File: b.py\n+all new\n*** End Patch\nEOF\n";
        assert_eq!(
            of(patch),
            [
                (
                    Some("a.py".to_owned()),
                    "keep\nnew\n".to_owned(),
                    "keep\nold\n".to_owned()
                ),
                (
                    Some("b.py".to_owned()),
                    "all new\n".to_owned(),
                    String::new()
                ),
            ]
        );
        let blocks = "------- SEARCH\nold\n=======\nnew\n+++++++ REPLACE\n";
        assert_eq!(of(blocks), [(None, "new\n".to_owned(), "old\n".to_owned())]);
    }

    #[test]
    fn a_text_that_is_no_diff_is_none() {
        for text in [
            "",
            "x = 1\n",
            "+++ b/x\n",
            "- a list\n+ of things\n",
            "=======\n",
        ] {
            assert!(read(text, Role::Alone).is_none(), "{text}");
        }
    }

    #[test]
    fn a_cut_or_lying_diff_panics_nowhere() {
        for text in [
            "+++ b/x\n@@ -1,99999999999 +1,2 @@\n+a\n",
            "+++ b/x\n@@ -1,9 +4294967295,9 @@\n+a\n+b\n+é\n",
            "+++ \n@@ -1 +1 @@\nü\n",
        ] {
            let _texts = read(text, Role::Alone);
        }
    }
}
