//! Writes `src/judge/words.table`: how surprising a character is after the two before it, in source text and prose.
//!
//! `cargo run --release -p leakward-detect --example word_table -- OUT FOLDER…` reads the text files below the folders (at
//! most 64 KiB of each). The published table was made from `~/.cargo/registry/src` (the sources of this workspace's
//! dependencies, all under permissive licences) and the newest trees of redis, curl and flask.
//!
//! Symbols: 0 a boundary (anything but a letter or digit, and where lower case turns to upper), 1–26 a letter, 27 a
//! digit. A table entry is −16 log₂ P(symbol | two before) / 16, in sixteenths of a bit, at most 255.

use std::fs;
use std::path::Path;

const SYMBOLS: usize = 28;
const LARGEST: usize = 64 << 10;
const SUFFIXES: [&str; 16] = [
    "rs", "c", "h", "py", "md", "txt", "toml", "js", "ts", "html", "yml", "yaml", "json", "tcl",
    "1", "rst",
];

fn symbol(byte: u8) -> usize {
    match byte {
        b'a'..=b'z' => usize::from(byte - b'a') + 1,
        b'A'..=b'Z' => usize::from(byte - b'A') + 1,
        b'0'..=b'9' => 27,
        _ => 0,
    }
}

/// A word with many digits or no vowel is data, not language.
fn is_language(word: &[u8]) -> bool {
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    let vowels = word
        .iter()
        .filter(|byte| b"aeiouyAEIOUY".contains(byte))
        .count();
    word.len() <= 40 && (word.len() < 6 || (digits * 3 <= word.len() && vowels * 8 >= word.len()))
}

fn count_word(word: &[u8], counts: &mut [u64]) {
    let (mut a, mut b) = (0, 0);
    let mut push = |c: usize| {
        counts[(a * SYMBOLS + b) * SYMBOLS + c] += 1;
        (a, b) = (b, c);
    };
    let mut before = b' ';
    for &byte in word {
        if before.is_ascii_lowercase() && byte.is_ascii_uppercase() {
            push(0);
        }
        push(symbol(byte));
        before = byte;
    }
    push(0);
}

fn count(path: &Path, counts: &mut [u64]) {
    if path.is_symlink() {
        return;
    }
    if let Ok(entries) = fs::read_dir(path) {
        for entry in entries.flatten() {
            count(&entry.path(), counts);
        }
        return;
    }
    let suffix = path
        .extension()
        .and_then(|suffix| suffix.to_str())
        .unwrap_or("");
    if !SUFFIXES.contains(&suffix) {
        return;
    }
    let Ok(mut bytes) = fs::read(path) else {
        return;
    };
    bytes.truncate(LARGEST);
    for word in bytes.split(|byte| !byte.is_ascii_alphanumeric()) {
        if !word.is_empty() && is_language(word) {
            count_word(word, counts);
        }
    }
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().unwrap_or_default();
    let mut counts = vec![0_u64; SYMBOLS * SYMBOLS * SYMBOLS];
    for folder in arguments {
        count(Path::new(&folder), &mut counts);
    }
    let mut pairs = vec![0_u64; SYMBOLS * SYMBOLS];
    let mut singles = vec![0_u64; SYMBOLS];
    for (index, count) in counts.iter().enumerate() {
        pairs[index % (SYMBOLS * SYMBOLS)] += count;
        singles[index % SYMBOLS] += count;
    }
    let whole: u64 = singles.iter().sum();
    let mut table = Vec::new();
    for (context, row) in counts.chunks(SYMBOLS).enumerate() {
        let seen: u64 = row.iter().sum();
        let b = context % SYMBOLS;
        let seen_b: u64 = pairs[b * SYMBOLS..(b + 1) * SYMBOLS].iter().sum();
        for (c, &count) in row.iter().enumerate() {
            // Each order leans on the shorter one by a few imagined observations.
            let one = (singles[c] as f64 + 1.0) / (whole as f64 + SYMBOLS as f64);
            let two = (pairs[b * SYMBOLS + c] as f64 + 20.0 * one) / (seen_b as f64 + 20.0);
            let three = (count as f64 + 20.0 * two) / (seen as f64 + 20.0);
            table.push((-16.0 * three.log2()).round().clamp(0.0, 255.0) as u8);
        }
    }
    fs::write(out, table)
}
