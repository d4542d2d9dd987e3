//! Which files a command line would show: a seat belt, not a sandbox.
//!
//! `cat .env` is what agents really write, also inside of `bash -lc "…"` and `$(…)`. Whoever wants to get round this can
//! (a variable in the path, a program of their own); what such a command prints is looked at once more afterwards, where
//! the agent has a hook for that.

use super::command_line::{CommandLine, Simple, Word};

/// Programs that print the files that they are given.
const PRINTERS: &[&str] = &[
    "cat",
    "head",
    "tail",
    "less",
    "more",
    "bat",
    "batcat",
    "tac",
    "nl",
    "strings",
    "xxd",
    "od",
    "hexdump",
    "base64",
    "sed",
    "awk",
    "gawk",
    "cut",
    "sort",
    "uniq",
    "grep",
    "egrep",
    "fgrep",
    "rg",
    "jq",
    "yq",
    "diff",
    "type",
    "get-content",
    "gc",
    "paste",
    "column",
    "fold",
    "rev",
];

/// Programs, and words of the shell's own, that stand before another program.
const WRAPPERS: &[&str] = &[
    "sudo", "doas", "env", "time", "timeout", "nice", "command", "builtin", "exec", "xargs",
    "nohup", "setsid", "stdbuf", "busybox", "if", "then", "elif", "else", "while", "until", "do",
    "!", "{",
];

/// Programs that take a command line behind `-c`, or as their input.
const SHELLS: &[&str] = &["sh", "bash", "dash", "zsh", "ksh", "ash", "fish"];

/// Programs that apply a patch that they are given.
const PATCHERS: &[&str] = &["apply_patch", "applypatch", "patch"];

/// LIMIT: words of one command line that are taken for names of files. Most are none; each costs a look.
const MOST_WORDS: usize = 4_096;

/// LIMIT: command lines inside of words of each other.
const DEEPEST: usize = 8;

/// What a command line would show.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// Words that may be the paths of files that are printed. Most are none: that is found out by looking.
    pub(super) files: Vec<String>,
    /// Patterns that the shell puts names of files in the place of.
    pub(super) patterns: Vec<String>,
    /// What is not looked at, and why.
    pub(super) unread: Vec<String>,
    /// Every word, and every file that something is written into.
    pub(super) words: Vec<String>,
    /// Whether a patch is applied.
    pub(super) applies_a_patch: bool,
}

/// What `command` would show.
pub(super) fn files_shown_by(command: &str) -> Shown {
    let mut shown = Shown {
        applies_a_patch: command.trim_start().starts_with("*** Begin Patch"),
        ..Shown::default()
    };
    shown.line(command, 0);
    shown.limited()
}

/// What a command would show whose words are told apart already.
pub(super) fn files_shown_by_words(words: &[&str]) -> Shown {
    let mut shown = Shown::default();
    let word = |word: &&str| Word {
        text: (*word).to_owned(),
        ..Word::default()
    };
    let words: Vec<Word> = words.iter().map(word).collect();
    shown.program(&words, 0);
    shown.limited()
}

impl Shown {
    fn limited(mut self) -> Self {
        if self.files.len() > MOST_WORDS {
            self.files.truncate(MOST_WORDS);
            self.unread.push(format!(
                "the command line: it names more than {MOST_WORDS} files"
            ));
        }
        self
    }

    fn line(&mut self, line: &str, depth: usize) {
        if depth > DEEPEST {
            self.too_deep();
            return;
        }
        let line = CommandLine::of(line);
        if line.is_too_deep {
            self.too_deep();
        }
        let mut reads_commands = false;
        for command in &line.commands {
            reads_commands |= self.command(command, depth);
        }
        if reads_commands {
            let documents = line.documents.iter();
            documents.for_each(|document| self.line(document, depth + 1));
        }
    }

    fn too_deep(&mut self) {
        let why = "the command line: commands stand too deep inside of each other";
        self.unread.push(why.to_owned());
    }

    /// Whether it takes commands from its input.
    fn command(&mut self, command: &Simple, depth: usize) -> bool {
        command.inputs.iter().for_each(|input| self.file(input));
        let all = command.words.iter().chain(&command.inputs);
        let all = all.chain(&command.outputs).map(|word| home(&word.text));
        self.words.extend(all);
        self.program(&command.words, depth)
    }

    fn program(&mut self, words: &[Word], depth: usize) -> bool {
        let words = behind_wrappers(words);
        let Some((first, arguments)) = words.split_first() else {
            return false;
        };
        let program = program(&first.text);
        let is = |programs: &[&str]| programs.contains(&program.as_str());
        let has = |word: &str| arguments.iter().any(|argument| argument.text == word);
        self.applies_a_patch |= is(PATCHERS) || (program == "git" && (has("apply") || has("am")));
        if is(PRINTERS) {
            let files = arguments.iter().filter(|word| !word.text.starts_with('-'));
            files.for_each(|word| self.file(word));
        } else if program == "eval" {
            let texts: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
            self.line(&texts.join(" "), depth + 1);
        } else if is(SHELLS) {
            let mut rest = arguments
                .iter()
                .skip_while(|word| !takes_a_command(&word.text));
            if rest.next().is_none() {
                return true;
            }
            if let Some(line) = rest.find(|word| !word.text.starts_with(['-', '+'])) {
                self.line(&line.text, depth + 1);
            }
        }
        false
    }

    fn file(&mut self, word: &Word) {
        let path = home(&word.text);
        if word.is_pattern {
            self.patterns.push(path.clone());
        }
        self.files.push(path);
    }
}

/// `-c`, `-lc`, and the like.
fn takes_a_command(word: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|letters| !letters.starts_with('-') && letters.contains('c'))
}

/// The words from the program on that does something by itself.
fn behind_wrappers(words: &[Word]) -> &[Word] {
    let mut rest = words;
    let mut is_wrapped = false;
    while let Some((first, behind)) = rest.split_first() {
        let is_wrapper = WRAPPERS.contains(&program(&first.text).as_str());
        let is_setting = first
            .text
            .split_once('=')
            .is_some_and(|(name, _)| is_name(name));
        let is_option = is_wrapped && first.text.starts_with('-');
        if !is_wrapper && !is_setting && !is_option {
            break;
        }
        is_wrapped |= is_wrapper;
        rest = behind;
    }
    // An option's value, or a time, may stand between: `sudo -u bob cat x`, `timeout 5 cat x`.
    let does_something = |word: &Word| {
        let program = program(&word.text);
        PRINTERS.contains(&program.as_str()) || SHELLS.contains(&program.as_str())
    };
    match rest.iter().position(does_something) {
        Some(at) if is_wrapped => rest.get(at..).unwrap_or_default(),
        _ => rest,
    }
}

fn is_name(word: &str) -> bool {
    !word.is_empty()
        && word
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_')
}

fn program(word: &str) -> String {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name.to_ascii_lowercase()
        .trim_end_matches(".exe")
        .to_owned()
}

/// With the folders that every shell knows by name.
fn home(word: &str) -> String {
    let behind = |names: &[&str]| names.iter().find_map(|name| word.strip_prefix(name));
    if let Some(rest) = behind(&["$PWD/", "${PWD}/"]) {
        return rest.to_owned();
    }
    match (behind(&["~/", "$HOME/", "${HOME}/"]), std::env::var("HOME")) {
        (Some(rest), Ok(home)) => format!("{home}/{rest}"),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_a_command_prints_are_named() {
        for (command, files) in [
            ("cat .env", vec![".env"]),
            (
                "sudo cat -n '/etc/my app.conf' b",
                vec!["/etc/my app.conf", "b"],
            ),
            (
                "cd x && A=1 head -n3 \"a b\" | wc -l; ls y",
                vec!["3", "a b"],
            ),
            ("python3 app.py < secrets.json", vec!["secrets.json"]),
            ("echo $(cat .env)", vec![".env"]),
            ("/bin/cat a\\ b", vec!["a b"]),
            ("git commit -m 'cat .env'", vec![]),
            ("ls -la", vec![]),
            ("", vec![]),
            ("cat 'unfinished", vec!["unfinished"]),
            ("bash -lc \"cat .env\"", vec![".env"]),
            ("sh -e -c 'cd x; cat \"a b\"'", vec!["a b"]),
            ("bash -c \"bash -c 'cat .env'\"", vec![".env"]),
            ("eval 'cat .env'", vec![".env"]),
            ("echo \"$(cat .env)\"", vec![".env"]),
            ("echo \"`cat .env`\"", vec![".env"]),
            ("x=$(< .env)", vec![".env"]),
            ("bash <<EOF\ncat .env\nEOF\n", vec![".env"]),
            ("cat <<EOF\n$(cat .env)\nEOF\n", vec![".env"]),
            ("cat > run.sh <<'EOF'\ncat .env\nEOF\n", vec![]),
            ("# it's\ncat .env", vec![".env"]),
            ("if true; then cat .env; fi", vec![".env"]),
            ("sudo -u bob cat .env", vec![".env"]),
            ("timeout 5 cat .env", vec![".env"]),
            ("cat a > .env", vec!["a"]),
            ("cat ${PWD}/.env", vec![".env"]),
        ] {
            let expected: Vec<&str> = files.into_iter().filter(|file| *file != "3").collect();
            assert_eq!(files_shown_by(command).files, expected, "{command}");
        }
    }

    #[test]
    fn words_that_are_told_apart_are_words() {
        for (words, files) in [
            (&["cat", "a b"][..], vec!["a b"]),
            (&["bash", "-lc", "cat .env; ls"], vec![".env"]),
            (&["git", "commit", "-m", "cat .env"], vec![]),
        ] {
            assert_eq!(files_shown_by_words(words).files, files, "{words:?}");
        }
    }

    #[test]
    fn patterns_are_told_and_quoted_ones_are_none() {
        assert_eq!(
            files_shown_by("cat .e* conf/?.json").patterns,
            [".e*", "conf/?.json"]
        );
        assert_eq!(files_shown_by("cat .{env,x}").patterns, [".{env,x}"]);
        assert!(files_shown_by("grep 'k.*' x").patterns.is_empty());
    }

    #[test]
    fn what_is_not_looked_at_is_told() {
        let many = format!("cat {}", "x ".repeat(MOST_WORDS + 1));
        assert_eq!(files_shown_by(&many).unread.len(), 1);
        let deep = format!("{}cat .env{}", "echo $(".repeat(20), ")".repeat(20));
        assert_eq!(files_shown_by(&deep).unread.len(), 1);
        assert!(files_shown_by("cat a b c").unread.is_empty());
    }

    #[test]
    fn a_patch_is_applied_by_programs_that_do_so() {
        for (command, applies) in [
            ("apply_patch <<'EOF'\nEOF", true),
            ("bash -lc \"apply_patch <<'EOF'\nEOF\"", true),
            ("cd x && git -C y apply a.diff", true),
            ("patch -p1 < a.diff", true),
            ("*** Begin Patch\n", true),
            ("cat > a.patch <<'EOF'\nEOF", false),
            ("echo apply_patch", false),
        ] {
            assert_eq!(
                files_shown_by(command).applies_a_patch,
                applies,
                "{command}"
            );
        }
    }
}
