//! Diffs: unified ones, the patches of `apply_patch`, and blocks of SEARCH and REPLACE.
//!
//! Lines that a diff adds are new text of its files. Lines around them and lines that it removes are what the diff *says*
//! stood there before; whether that is so is found out from the file itself (`decide`). Lines around are kept in the text
//! all the same, because a credential can lean on the line above it.
//!
//! INVARIANT: every byte of a text is in one of the texts that are given back: added, said to stand there before, or not
//! of the diff at all. Whatever looks like a diff is looked at as a whole.

use super::call::{Role, Text};

/// The texts that a diff brings, one for each file, and last of all what stands around them, as `around`; nothing when
/// `text` is no diff.
pub(super) fn read(text: &str, role: Role, around: Role) -> Option<Vec<Text>> {
    let has_line = |start: &str| text.lines().any(|line| line.starts_with(start));
    let diff = Diff::new(role);
    let diff = if has_line("*** Begin Patch") {
        diff.apply_patch(text)
    } else if has_line("@@ -") && has_line("+++ ") {
        diff.unified(text)
    } else if has_line("=======") && SEARCHES.iter().any(|mark| has_line(mark)) {
        diff.search_and_replace(text)
    } else {
        return None;
    };
    Some(diff.finish(around))
}

/// One file of a diff, being put together.
struct File {
    text: Text,
    /// Number of the next line, where it is known.
    next: u32,
}

impl File {
    fn new(role: Role, path: Option<&str>, old_path: Option<&str>) -> Self {
        let mut text = Text::new(role, path, "");
        text.old_path = old_path.map(str::to_owned);
        Self { text, next: 1 }
    }

    fn add(&mut self, line: &str) {
        self.text.text.push_str(line);
        self.text.text.push('\n');
        self.text.lines.push(self.next);
        self.next = self.next.saturating_add(1);
    }

    fn remove(&mut self, line: &str) {
        if self.text.before.is_empty() {
            self.text.before.push(String::new());
        }
        if let Some(before) = self.text.before.last_mut() {
            before.push_str(line);
            before.push('\n');
        }
    }

    /// A line that is there before and after.
    fn around(&mut self, line: &str) {
        self.add(line);
        self.remove(line);
    }

    /// Another stretch of the file begins, perhaps with a line that stands somewhere above it.
    fn stretch(&mut self, heading: &str) {
        self.text.before.push(String::new());
        if !heading.trim().is_empty() {
            self.remove(heading);
            self.text.before.push(String::new());
        }
    }
}

/// A diff, being read.
struct Diff {
    role: Role,
    texts: Vec<Text>,
    file: Option<File>,
    outside: String,
}

impl Diff {
    fn new(role: Role) -> Self {
        Self {
            role,
            texts: Vec::new(),
            file: None,
            outside: String::new(),
        }
    }

    /// What is no line of a file: the message above a patch, the heads of its files, the command around it.
    fn outside(&mut self, line: &str) {
        self.outside.push_str(line);
        self.outside.push('\n');
    }

    /// The lines that follow are of another file, or of none.
    fn begin(&mut self, file: Option<File>) {
        if let Some(mut done) = std::mem::replace(&mut self.file, file) {
            done.text.before.retain(|before| !before.is_empty());
            self.texts.push(done.text);
        }
    }

    fn finish(mut self, around: Role) -> Vec<Text> {
        self.begin(None);
        self.texts.push(Text::new(around, None, &self.outside));
        self.texts
    }

    /// Where a line stands is known only to who applies the patch.
    fn without_numbers(mut self) -> Self {
        self.begin(None);
        self.texts.iter_mut().for_each(|text| text.lines.clear());
        self
    }

    fn unified(mut self, text: &str) -> Self {
        // Lines that the hunk at hand still has, old and new: a removed line `-- x` looks like the head of a file.
        let mut left = (0_u32, 0_u32);
        let mut old_path = "";
        for line in text.lines() {
            if left == (0, 0) {
                if let Some(hunk) = hunk(line)
                    && let Some(file) = &mut self.file
                {
                    left = (hunk.old, hunk.new);
                    file.next = hunk.start;
                    file.stretch(hunk.heading);
                    continue;
                }
                if let Some(path) = line.strip_prefix("--- ") {
                    old_path = path;
                } else if let Some(path) = line.strip_prefix("+++ ") {
                    self.unified_file(path, old_path);
                } else if let Some(path) = moved(line) {
                    let file = File::new(self.role, Some(path), None);
                    self.begin(Some(file));
                }
                self.outside(line);
                continue;
            }
            let Some(file) = &mut self.file else { continue };
            let (old, new) = match line.split_at_checked(1) {
                Some(("+", rest)) if left.1 > 0 => {
                    file.add(rest);
                    (0, 1)
                }
                Some(("-", rest)) if left.0 > 0 => {
                    file.remove(rest);
                    (1, 0)
                }
                Some((" ", rest)) if left.0 > 0 && left.1 > 0 => {
                    file.around(rest);
                    (1, 1)
                }
                // An editor may have cut the blank before an empty line.
                _ if line.is_empty() && left.0 > 0 && left.1 > 0 => {
                    file.around(line);
                    (1, 1)
                }
                // `\ No newline at end of file`, or no line of a diff at all.
                _ => {
                    self.outside(line);
                    (0, 0)
                }
            };
            left = (left.0.saturating_sub(old), left.1.saturating_sub(new));
        }
        self
    }

    fn unified_file(&mut self, path: &str, old_path: &str) {
        let (new, old) = (path_of(path, old_path), path_of(old_path, path));
        let file = File::new(self.role, new.as_deref(), old.as_deref());
        self.begin(Some(file));
    }

    fn apply_patch(mut self, text: &str) -> Self {
        for line in text.lines() {
            let head = |head: &str| line.strip_prefix(head).map(str::trim);
            let named = head("*** Add File: ")
                .or_else(|| head("*** Update File: "))
                .or_else(|| head("*** Delete File: "));
            if let Some(path) = named {
                let file = File::new(self.role, Some(path), None);
                self.begin(Some(file));
            } else if let Some(path) = head("*** Move to: ") {
                // What stands there before stands in the file that is moved.
                let old = self.file.as_ref().and_then(|file| file.text.path.clone());
                let file = File::new(self.role, Some(path), old.as_deref());
                self.begin(Some(file));
            } else if line.starts_with("*** End Patch") {
                self.begin(None);
            } else if self.apply_patch_line(line) {
                continue;
            }
            self.outside(line);
        }
        self.without_numbers()
    }

    /// Whether it is a line of a file.
    fn apply_patch_line(&mut self, line: &str) -> bool {
        let Some(file) = &mut self.file else {
            return false;
        };
        if let Some(heading) = line.strip_prefix("@@") {
            file.stretch(heading.strip_prefix(' ').unwrap_or(heading));
            return true;
        }
        match line.split_at_checked(1) {
            Some(("+", rest)) => file.add(rest),
            Some(("-", rest)) => file.remove(rest),
            Some((" ", rest)) => file.around(rest),
            _ if line.is_empty() => file.around(line),
            _ => return false,
        }
        true
    }

    fn search_and_replace(mut self, text: &str) -> Self {
        #[derive(PartialEq)]
        enum In {
            Nothing,
            Search,
            Replace,
        }
        let mut at = In::Nothing;
        for line in text.lines() {
            let is = |marks: &[&str]| marks.contains(&line.trim_end());
            let role = self.role;
            let file = self.file.get_or_insert_with(|| File::new(role, None, None));
            if is(&SEARCHES) {
                at = In::Search;
                file.stretch("");
            } else if at == In::Search && is(&["======="]) {
                at = In::Replace;
            } else if is(&ENDS) {
                at = In::Nothing;
                self.begin(None);
            } else if at == In::Search {
                file.remove(line);
            } else {
                file.add(line);
            }
        }
        self.without_numbers()
    }
}

/// Head of a hunk.
struct Hunk<'l> {
    old: u32,
    start: u32,
    new: u32,
    /// A line above it that says where it is, perhaps cut.
    heading: &'l str,
}

/// `@@ -1,5 +2,6 @@ def f():`
fn hunk(line: &str) -> Option<Hunk<'_>> {
    let (ranges, heading) = line.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let count = |range: &str| match range.split_once(',') {
        Some((_, count)) => count.parse().ok(),
        None => Some(1),
    };
    Some(Hunk {
        old: count(old)?,
        start: new.split(',').next()?.parse().ok()?,
        new: count(new)?,
        heading: heading.strip_prefix(' ').unwrap_or(heading),
    })
}

/// The path of a file that is renamed or copied, perhaps without a line of it being changed.
fn moved(line: &str) -> Option<&str> {
    let heads = ["rename from ", "rename to ", "copy to "];
    heads.iter().find_map(|head| line.strip_prefix(head))
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

/// What begins the text that is looked for.
const SEARCHES: [&str; 2] = ["<<<<<<< SEARCH", "------- SEARCH"];

/// What ends the text that takes its place.
const ENDS: [&str; 2] = [">>>>>>> REPLACE", "+++++++ REPLACE"];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(Option<String>, String, String)> {
        let texts = read(text, Role::Alone, Role::Alone).expect("a diff");
        texts
            .into_iter()
            .filter(|text| !text.text.is_empty())
            .map(|text| (text.path, text.text, text.before.concat()))
            .collect()
    }

    #[test]
    fn of_a_unified_diff_added_lines_count_and_keep_their_numbers() {
        let diff = "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -3,3 +7,3 @@ def f\n around\n-gone\n--- also gone\n+new\n+++ more\n";
        let texts = read(diff, Role::Alone, Role::Alone).expect("a diff");
        assert_eq!(texts[0].path.as_deref(), Some("x.py"));
        assert_eq!(texts[0].text, "around\nnew\n++ more\n");
        assert_eq!(texts[0].before, ["def f\n", "around\ngone\n-- also gone\n"]);
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
        let texts = of(patch);
        assert_eq!(
            texts[..2],
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
        assert_eq!(texts.len(), 3, "and what stands around them");
        assert!(texts[2].1.starts_with("apply_patch <<'EOF'\n"));
        assert!(texts[2].1.ends_with("*** End Patch\nEOF\n"));
        let blocks = "------- SEARCH\nold\n=======\nnew\n+++++++ REPLACE\n";
        assert_eq!(of(blocks), [(None, "new\n".to_owned(), "old\n".to_owned())]);
        let moved = "*** Begin Patch\n*** Update File: a\n*** Move to: b\n@@\n-old\n*** Delete File: c\n*** End Patch\n";
        let texts = read(moved, Role::Content, Role::Command).expect("a patch");
        let paths: Vec<_> = texts
            .iter()
            .map(|text| (text.path.as_deref(), text.old_path.as_deref()))
            .collect();
        assert_eq!(
            paths,
            [
                (Some("a"), None),
                (Some("b"), Some("a")),
                (Some("c"), None),
                (None, None)
            ],
            "a file is told also when nothing is added to it"
        );
        assert_eq!(texts[1].before, ["old\n"]);
        assert_eq!(texts[3].role, Role::Command);
    }

    /// All that is looked at of a text that is taken for a diff, by what is done with it.
    #[test]
    fn no_line_of_what_looks_like_a_diff_gets_lost() {
        for text in [
            "*** Begin Patch\nKEY\n*** End Patch\n",
            "*** Begin Patch\n*** Update File: a\nKEY\n",
            "*** Begin Patch\n*** Update File: a\n\\KEY\n",
            "*** Begin Patch\n*** Update File: a\n-KEY\n",
            "*** Begin Patch\n*** Update File: a\n@@ KEY\n+a\n",
            "*** Begin Patch\n*** Delete File: a\n-KEY\n",
            "*** Begin Patch\n*** Delete File: KEY\n",
            "*** Begin Patch\n*** Update File: a\n+a\n*** End Patch\n+KEY\n",
            "--- a\n+++ KEY\n@@ -1 +1 @@\n",
            "--- a\n+++ b\n@@ -1 +1 @@\n-a\n+b\n-KEY\n",
            "--- a\n+++ /dev/null\n@@ -1 +0,0 @@\n-KEY\n",
            "--- a\n+++ b\n@@ -1,9 +1,9 @@\n\\KEY\n",
            "--- a\n+++ b\n@@ -1,9 +1,9 @@\nKEY\n",
            "--- a\n+++ b\n@@ -1 +1 @@ KEY\n",
            "KEY\n--- a\n+++ b\n@@ -1 +1 @@\n",
            "+++ b\n@@ -KEY\n",
            "<<<<<<< SEARCH KEY\n=======\n",
            "<<<<<<< SEARCH\nKEY\n=======\nb\n>>>>>>> REPLACE\n",
            "<<<<<<< SEARCH\na\n=======KEY\n",
        ] {
            let texts = read(text, Role::Content, Role::Command).expect(text);
            let all = texts
                .iter()
                .flat_map(|text| text.before.iter().chain([&text.text]));
            assert!(all.into_iter().any(|text| text.contains("KEY")), "{text}");
        }
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
            assert!(read(text, Role::Alone, Role::Alone).is_none(), "{text}");
        }
    }

    #[test]
    fn a_cut_or_lying_diff_panics_nowhere() {
        for text in [
            "+++ b/x\n@@ -1,99999999999 +1,2 @@\n+a\n",
            "+++ b/x\n@@ -1,9 +4294967295,9 @@\n+a\n+b\n+é\n",
            "+++ \n@@ -1 +1 @@\nü\n",
        ] {
            let _texts = read(text, Role::Alone, Role::Alone);
        }
    }
}
