//! The program that a command runs, behind others that only start it: `sudo -u bob`, `timeout 5`, `then`, `A=1`.

use super::command_line::Word;
use super::options::{Options, Valued};
use super::variable;

/// A program that starts another one.
struct Wrapper {
    program: &'static str,
    /// Words that must follow for it to be one: `uv run`.
    words: &'static [&'static str],
    valued: Valued,
    /// Words of its own that are no options: `timeout 5`.
    operands: usize,
}

const fn wrapper(
    program: &'static str,
    words: &'static [&'static str],
    letters: &'static str,
    names: &'static [&'static str],
) -> Wrapper {
    Wrapper {
        program,
        words,
        valued: Valued { letters, names },
        operands: 0,
    }
}

const WRAPPERS: &[Wrapper] = &[
    wrapper(
        "sudo",
        &[],
        "ughpCcrtTRD",
        &[
            "user", "group", "host", "prompt", "chdir", "chroot", "role", "type",
        ],
    ),
    wrapper("doas", &[], "uC", &[]),
    wrapper("env", &[], "uCS", &["unset", "chdir", "split-string"]),
    wrapper("time", &[], "fo", &["format", "output"]),
    Wrapper {
        operands: 1,
        ..wrapper("timeout", &[], "ks", &["kill-after", "signal"])
    },
    wrapper("nice", &[], "n", &["adjustment"]),
    wrapper("ionice", &[], "cn", &["class", "classdata"]),
    wrapper("command", &[], "", &[]),
    wrapper("builtin", &[], "", &[]),
    wrapper("exec", &[], "a", &[]),
    wrapper(
        "xargs",
        &[],
        "aEILnPsd",
        &[
            "arg-file",
            "delimiter",
            "max-args",
            "max-procs",
            "max-chars",
            "max-lines",
        ],
    ),
    wrapper("nohup", &[], "", &[]),
    wrapper("watch", &[], "n", &["interval"]),
    wrapper("setsid", &[], "", &[]),
    wrapper("stdbuf", &[], "ioe", &["input", "output", "error"]),
    wrapper("unbuffer", &[], "", &[]),
    wrapper("busybox", &[], "", &[]),
    wrapper("strace", &[], "eopsuE", &[]),
    Wrapper {
        operands: 1,
        ..wrapper("flock", &[], "wE", &["timeout"])
    },
    wrapper(
        "uv",
        &["run"],
        "p",
        &["with", "python", "extra", "env-file", "project"],
    ),
    wrapper("poetry", &["run"], "", &[]),
    wrapper("pipenv", &["run"], "", &[]),
    wrapper("pdm", &["run"], "", &[]),
    wrapper("bundle", &["exec"], "", &[]),
    wrapper("npx", &[], "p", &["package"]),
    wrapper("pnpm", &["exec"], "", &[]),
    Wrapper {
        operands: 1,
        ..wrapper("direnv", &["exec"], "", &[])
    },
];

/// Words of the shell's own that stand before a command.
const OF_SHELL: &[&str] = &[
    "if", "then", "elif", "else", "while", "until", "do", "!", "{",
];

/// What a command runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unwrapped<'w> {
    /// What stands before the program: settings, and other programs.
    pub(super) wrappers: &'w [Word],
    /// The program and its arguments; nothing when there is none.
    pub(super) rest: &'w [Word],
    /// Whether the last of the wrappers is `env` with the environment, which it prints when nothing follows.
    pub(super) has_environment: bool,
}

impl<'w> Unwrapped<'w> {
    /// What these words run.
    pub(super) fn of(words: &'w [Word]) -> Self {
        let mut rest = words;
        let mut has_environment = false;
        while let Some((first, behind)) = rest.split_first() {
            if OF_SHELL.contains(&first.text.as_str()) {
                rest = behind;
            } else if variable::setting(&first.text).is_some() {
                rest = behind;
                continue;
            } else if let Some((wrapper, behind)) = of_word(first, behind) {
                let (options, behind) = Options::until(behind, wrapper.valued, wrapper.operands);
                if wrapper.program == "command" && options.has(&["v", "V"]) {
                    // It says where the program is.
                    rest = &[];
                    break;
                }
                let is_dash = behind.first().is_some_and(|word| word.text == "-");
                has_environment = wrapper.program == "env"
                    && !is_dash
                    && !options.has(&["i", "ignore-environment"]);
                rest = behind;
                continue;
            } else {
                break;
            }
            has_environment = false;
        }
        let wrappers = words.len() - rest.len();
        Self {
            wrappers: words.get(..wrappers).unwrap_or_default(),
            rest,
            has_environment,
        }
    }

    /// The program, by name; empty when there is none.
    pub(super) fn program(&self) -> String {
        self.rest.first().map(Word::program).unwrap_or_default()
    }

    pub(super) fn arguments(&self) -> &'w [Word] {
        self.rest.get(1..).unwrap_or_default()
    }

    /// Whether the program gets what it is given as arguments.
    pub(super) fn is_fed(&self) -> bool {
        self.wrappers.iter().any(|word| word.program() == "xargs")
    }
}

/// The wrapper that a word is, and what stands behind it.
fn of_word<'w>(word: &Word, behind: &'w [Word]) -> Option<(&'static Wrapper, &'w [Word])> {
    let program = word.program();
    let wrapper = WRAPPERS.iter().find(|wrapper| wrapper.program == program)?;
    let mut rest = behind;
    for wanted in wrapper.words {
        let (first, behind) = rest.split_first()?;
        if first.text != *wanted {
            return None;
        }
        rest = behind;
    }
    Some((wrapper, rest))
}

#[cfg(test)]
mod tests {
    use super::super::command_line::CommandLine;
    use super::*;

    #[test]
    fn the_program_is_found_behind_what_starts_it() {
        for (line, expected) in [
            ("cat x", "cat x"),
            ("A=1 B=2 cat x", "cat x"),
            ("A=1", ""),
            ("sudo -u bob cat x", "cat x"),
            ("sudo --user=bob -n cat x", "cat x"),
            ("env -u A B=1 cat x", "cat x"),
            ("timeout -k 5 10s cat x", "cat x"),
            ("nice -n 5 gh auth token", "gh auth token"),
            ("nice gh auth token", "gh auth token"),
            ("xargs -0 -I {} cat {}", "cat {}"),
            ("if ! timeout 5 cat x", "cat x"),
            ("then time -p cat x", "cat x"),
            ("uv run --with x python -c y", "python -c y"),
            ("uv pip install x", "uv pip install x"),
            ("command -v cat", ""),
            ("command cat x", "cat x"),
            ("sudo docker exec app cat x", "docker exec app cat x"),
            ("xargs", ""),
        ] {
            let words = CommandLine::of(line).commands.remove(0).words;
            let rest = Unwrapped::of(&words).rest.iter();
            let rest: Vec<&str> = rest.map(|word| word.text.as_str()).collect();
            assert_eq!(rest.join(" "), expected, "{line}");
        }
    }

    #[test]
    fn env_alone_has_the_environment_to_print() {
        for (line, expected) in [
            ("env", true),
            ("env -u A", true),
            ("sudo env A=1", true),
            ("if env", true),
            ("env -i", false),
            ("env -", false),
            ("env -i A=1", false),
            ("env nice", false),
            ("nice", false),
        ] {
            let words = CommandLine::of(line).commands.remove(0).words;
            let unwrapped = Unwrapped::of(&words);
            let prints = unwrapped.rest.is_empty() && unwrapped.has_environment;
            assert_eq!(prints, expected, "{line}");
        }
    }
}
