//! Our prefilter beside Aho-Corasick automata over the same literals, on real files and on made-up ones.
//!
//! `cargo run --release -p leakward-detect --example prefilters -- FOLDER…`; processor time of one thread, best of five.
//! The automata match in any case, without loose separators and without the search for encoded runs, so their task is the easier one.

use std::collections::BTreeSet;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use leakward_core::rule::Find;
use leakward_detect::{Detector, Settings};

fn read(path: &Path, all: &mut Vec<Vec<u8>>) {
    if path.is_symlink() {
        return;
    }
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().for_each(|entry| read(&entry.path(), all)),
        Err(_) => all.extend(fs::read(path)),
    }
}

/// Processor time of this thread; wall time where the kernel does not tell.
fn now(start: Instant) -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

fn rate(texts: &[Vec<u8>], mut pass: impl FnMut(&[u8])) -> f64 {
    let start = Instant::now();
    let bytes: usize = texts.iter().map(Vec::len).sum();
    let best = (0..5)
        .map(|_| {
            let before = now(start);
            texts.iter().for_each(|text| pass(text));
            now(start) - before
        })
        .min()
        .unwrap_or_default();
    bytes as f64 / 1e9 / best.as_secs_f64()
}

/// Bytes that look like nothing, from a fixed seed.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rules = leakward_rules::built_in().to_vec();
    let mut literals = BTreeSet::new();
    for rule in &rules {
        let texts = match &rule.find {
            Find::Pattern(pattern) => &pattern.literals,
            Find::Keyword(keyword) => &keyword.keywords,
            Find::Native(native) => &native.literals,
            Find::Sweep(_) | Find::Path(_) => unreachable!("no built-in rule is another tool\'s"),
        };
        literals.extend(texts.iter().map(|text| text.to_lowercase()));
    }
    let automaton = |kind| {
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(kind))
            .build(&literals)
    };
    let contiguous = automaton(AhoCorasickKind::ContiguousNFA)?;
    let dfa = automaton(AhoCorasickKind::DFA)?;
    let detector = Detector::new(rules, Settings::default())?;
    let mut sets: Vec<(String, Vec<Vec<u8>>)> = Vec::new();
    for folder in std::env::args().skip(1) {
        let mut texts = Vec::new();
        read(Path::new(&folder), &mut texts);
        let flat: Vec<u8> = texts
            .concat()
            .into_iter()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        sets.push((folder.clone(), texts));
        sets.push((format!("{folder}, white space taken out"), vec![flat]));
    }
    sets.push(("random bytes".to_owned(), vec![noise(20 << 20)]));
    let hostile: String = literals.iter().cycle().take(1 << 20).cloned().collect();
    sets.push((
        "nothing but literals".to_owned(),
        vec![hostile.into_bytes()],
    ));
    println!("{} literals; GB/s", literals.len());
    println!(
        "| text | ours, with encoded runs | contiguous NFA | DFA |\n| --- | --: | --: | --: |"
    );
    let mut hits = Vec::new();
    for (name, texts) in &sets {
        let ours = rate(texts, |text| {
            hits.clear();
            detector.prefilter(text, 0, text.len(), &mut hits);
        });
        let of = |automaton: &AhoCorasick| {
            rate(texts, |text| {
                black_box(automaton.find_overlapping_iter(text).count());
            })
        };
        println!(
            "| {name} | {ours:.2} | {:.2} | {:.2} |",
            of(&contiguous),
            of(&dfa)
        );
    }
    Ok(())
}
