//! Files that a program in another language prints: `python -c "print(open('.env').read())"`.
//!
//! That is what an agent tries next that may not `cat` a file. It is not parsed: names that stand as such behind a word that
//! opens files are taken, where the program prints anything.

/// Words of programs that print something.
const PRINTS: [&str; 8] = [
    "print",
    "stdout",
    "console.log",
    "puts",
    "echo",
    "-pe",
    "-ne",
    "cat",
];

fn prints(program: &str) -> bool {
    PRINTS.iter().any(|prints| program.contains(prints))
}

/// Variables of the environment that it names, when it prints something.
pub(super) fn variables_printed(program: &str) -> Vec<String> {
    const NAMES: [&str; 6] = [
        "process.env.",
        "process.env[",
        "environ[",
        "environ.get(",
        "getenv(",
        "ENV[",
    ];
    if !prints(program) {
        return Vec::new();
    }
    let named = NAMES.iter().flat_map(|names| program.match_indices(names));
    let named = named.filter_map(|(at, names)| {
        let behind = program.get(at + names.len()..)?;
        let name = behind.trim_start_matches(['\'', '"']);
        let is_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        let name = name.split(|letter| !is_of_name(letter)).next()?;
        (!name.is_empty()).then(|| name.to_owned())
    });
    named.collect()
}

/// Files that a program in another language opens by name, when it prints something.
pub(super) fn opened_and_printed(program: &str) -> Vec<&str> {
    const OPENS: [&str; 9] = [
        "open(",
        "readFileSync(",
        "readFile(",
        "File.read(",
        "Path(",
        "IO.read(",
        "file_get_contents(",
        "readTextFile(",
        "require(",
    ];
    if !prints(program) {
        return Vec::new();
    }
    let literal = |behind: &'_ str| -> Option<(usize, usize)> {
        let quote = behind
            .chars()
            .next()
            .filter(|letter| matches!(letter, '\'' | '"' | '`'))?;
        let length = behind.get(1..)?.find(quote)?;
        Some((1, 1 + length))
    };
    let opened = OPENS.iter().flat_map(|opens| program.match_indices(opens));
    let opened = opened.filter_map(|(at, opens)| {
        let behind = program.get(at + opens.len()..)?.trim_start();
        let (start, end) = literal(behind)?;
        // What is opened to be written is not read.
        let mode = behind.get(end + 1..)?.trim_start_matches([' ', ',']);
        let is_written = ["w", "a", "x"].iter().any(|letter| {
            let mode = mode.strip_prefix(['\'', '"']);
            mode.is_some_and(|mode| mode.starts_with(letter))
        });
        behind.get(start..end).filter(|_| !is_written)
    });
    opened.collect()
}

#[cfg(test)]
mod tests {
    use crate::guard::shell::{Start, files_shown_by};

    #[test]
    fn files_that_a_program_in_another_language_prints_are_named() {
        for (command, files) in [
            ("python -c \"print(open('.env').read())\"", vec![".env"]),
            (
                "python3 - <<'EOF'\nf = open(\".env\")\nprint(f.read())\nEOF",
                vec![".env"],
            ),
            (
                "node -e \"console.log(require('fs').readFileSync('.env', 'utf8'))\"",
                vec![".env", "fs"],
            ),
            (
                "python -c \"from dotenv import load_dotenv; load_dotenv('.env'); print(1)\"",
                vec![],
            ),
            ("python -c \"open('out.txt', 'w')\"", vec![]),
        ] {
            let shown = files_shown_by(command, &Start::nowhere());
            assert_eq!(shown.paths(), files, "{command}");
        }
    }
}
