//! Which files a command line would show: a seat belt, not a sandbox.
//!
//! `cat .env` is what agents really write. Whoever wants to get round this can (a variable in the path, a program of their
//! own); what such a command prints is looked at once more afterwards, where the agent has a hook for that.

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

/// Programs that run another one.
const WRAPPERS: &[&str] = &[
    "sudo", "env", "time", "nice", "command", "exec", "xargs", "nohup",
];

/// LIMIT: files of one command that are looked at; what comes after them is not.
const MOST: usize = 64;

/// Words that may be the paths of files that `command` prints. Most are none: that is found out by looking.
pub(super) fn files_shown_by(command: &str) -> Vec<String> {
    let mut files = Vec::new();
    for simple in simple_commands(command) {
        let mut words = simple.iter().map(String::as_str).peekable();
        while let Some(word) = words.peek() {
            let is_setting = word.split_once('=').is_some_and(|(name, _)| is_name(name));
            if is_setting || WRAPPERS.contains(&program(word).as_str()) {
                words.next();
            } else {
                break;
            }
        }
        let prints = words
            .next()
            .is_some_and(|word| PRINTERS.contains(&program(word).as_str()));
        let mut is_input = false;
        for word in words {
            if word == "<" {
                is_input = true;
            } else if is_input || (prints && !word.starts_with('-')) {
                files.push(home(word));
                is_input = false;
            }
        }
    }
    files.truncate(MOST);
    files
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

fn home(word: &str) -> String {
    let rest = word
        .strip_prefix("~/")
        .or_else(|| word.strip_prefix("$HOME/"));
    match (rest, std::env::var("HOME")) {
        (Some(rest), Ok(home)) => format!("{home}/{rest}"),
        _ => word.to_owned(),
    }
}

/// The commands of a command line, each as its words; quotes are taken off, and `<` is a word.
fn simple_commands(command: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut letters = command.chars();
    let end_word = |word: &mut String, commands: &mut Vec<Vec<String>>| {
        if !word.is_empty()
            && let Some(last) = commands.last_mut()
        {
            last.push(std::mem::take(word));
        }
    };
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            (_, Some(open)) if letter == open => quote = None,
            ('\\', None | Some('"')) => word.extend(letters.next()),
            (_, Some(_)) => word.push(letter),
            ('\'' | '"', None) => quote = Some(letter),
            (';' | '|' | '&' | '\n' | '(' | ')' | '`' | '{' | '}', None) => {
                end_word(&mut word, &mut commands);
                commands.push(Vec::new());
            }
            ('<', None) => {
                end_word(&mut word, &mut commands);
                word.push('<');
                end_word(&mut word, &mut commands);
            }
            (_, None) if letter.is_whitespace() || letter == '>' => {
                end_word(&mut word, &mut commands);
            }
            _ => word.push(letter),
        }
    }
    end_word(&mut word, &mut commands);
    commands
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
        ] {
            let expected: Vec<&str> = files.into_iter().filter(|file| *file != "3").collect();
            assert_eq!(files_shown_by(command), expected, "{command}");
        }
    }
}
