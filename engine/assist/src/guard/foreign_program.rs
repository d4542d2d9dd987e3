//! Files that a program in another language prints: `python -c "print(open('.env').read())"`.
//!
//! That is what an agent tries next that may not `cat` a file. It is not parsed: names that stand as such behind a word that
//! opens files are taken, where the program prints anything.

/// Files that a program in another language opens by name, when it prints something.
pub(super) fn opened_and_printed(program: &str) -> Vec<&str> {
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
    if !PRINTS.iter().any(|prints| program.contains(prints)) {
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
