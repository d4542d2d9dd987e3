//! Lines that nobody would write, drawn from pieces of a shell's language: each is gone through, for what none of the tables
//! thinks of.

use super::{Start, files_shown_by, files_shown_by_words};

const PIECES: &[&str] = &[
    "cat ",
    "x ",
    ".env",
    "$a",
    "${a:-",
    "}",
    "$(",
    ")",
    "`",
    "'",
    "\"",
    "|",
    "&&",
    ";",
    "\n",
    "<<E\n",
    "E\n",
    "<<< ",
    "< ",
    "> ",
    "2>",
    ">&2 ",
    "<(",
    "(",
    "((",
    "echo ",
    "a=",
    "export ",
    "for a in ",
    "do ",
    "done ",
    "bash -c ",
    "eval ",
    "python3 -c ",
    "print(open('x'))",
    "os.environ[",
    "process.env.",
    "grep -o ",
    "^[A-Z]*=",
    "sed -n ",
    "5,7p ",
    "s/=.*/\\1/ ",
    "cut -d= -f1 ",
    "head -",
    "tail -n +",
    "git -C ",
    "show HEAD:",
    "blame -L 1,",
    "cd ",
    "{a,b}",
    "*",
    "[",
    "\\",
    "é",
    "\u{1f511}",
    "-",
    "--",
    "=",
    "0",
    "99999999999",
    "set -x ",
    "env ",
    "sudo -u ",
    "xargs ",
    "read ",
    "tee ",
    "curl -d@",
    "patch -d",
    "awk 'NR==",
    "jq '.|keys' ",
    "set +o ",
    "xtrace ",
    "$'\\x",
    "# ",
];

/// Pieces of lines, in an order that is drawn from a seed.
fn drawn(seed: u64) -> String {
    let mut state = seed;
    let mut next = || {
        // xorshift
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or_default()
    };
    let length = next() % 40;
    (0..length).map(|_| PIECES[next() % PIECES.len()]).collect()
}

#[test]
fn whatever_a_line_is_it_is_gone_through() {
    let mut files = 0;
    for seed in 1..4_000_u64 {
        let line = drawn(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let shown = files_shown_by(&line, &Start::nowhere());
        files += shown.files.iter().len();
        let words: Vec<&str> = line.split(' ').collect();
        let apart = files_shown_by_words(&words, &Start::nowhere());
        assert!(apart.unread.iter().len() <= 2, "{line:?}");
    }
    assert!(files > 1_000, "the lines name {files} files");
}
