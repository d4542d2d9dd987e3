//! Prints `src/prefilter/frequency_table.rs`: how often pairs of bytes occur in source text.
//!
//! `cargo run --release -p leakward-detect --example pair_table -- FOLDER… > engine/detect/src/prefilter/frequency_table.rs`
//! counts every file below the folders; the published table was made from the newest trees of redis, curl and flask.

use std::fs;
use std::path::Path;

/// Folded bytes fall into 64 classes: see `Frequency` in the prefilter.
fn class(byte: u8) -> usize {
    let folded = byte | 0x20;
    usize::from(match folded {
        0x20..=0x3f => folded - 0x20,
        0x60..=0x7f => folded - 0x40,
        _ => 63,
    })
}

fn count(path: &Path, pairs: &mut [u64]) {
    if path.is_symlink() {
        return;
    }
    if let Ok(entries) = fs::read_dir(path) {
        for entry in entries.flatten() {
            count(&entry.path(), pairs);
        }
    } else if let Ok(bytes) = fs::read(path) {
        for pair in bytes.windows(2) {
            pairs[class(pair[0]) * 64 + class(pair[1])] += 1;
        }
    }
}

/// Eighths of a bit: −8 log₂(part / whole), at most 255.
fn rarity(part: u64, whole: u64) -> u8 {
    let share = (part as f64 + 0.5) / (whole as f64 + 1.0);
    (-8.0 * share.log2()).round().clamp(0.0, 255.0) as u8
}

fn print_table(name: &str, doc: &str, values: &[u8]) {
    println!(
        "\n/// {doc}\n#[rustfmt::skip]\npub(super) const {name}: [u8; {}] = [",
        values.len()
    );
    for line in values.chunks(32) {
        let line: Vec<String> = line.iter().map(u8::to_string).collect();
        println!("    {},", line.join(","));
    }
    println!("];");
}

fn main() {
    let mut pairs = vec![0_u64; 64 * 64];
    for folder in std::env::args().skip(1) {
        count(Path::new(&folder), &mut pairs);
    }
    let whole: u64 = pairs.iter().sum();
    let singles: Vec<u8> = pairs
        .chunks(64)
        .map(|row| rarity(row.iter().sum(), whole))
        .collect();
    let pairs: Vec<u8> = pairs.iter().map(|&count| rarity(count, whole)).collect();
    println!("//! How rare bytes and pairs of bytes are in source text, in eighths of a bit.");
    println!("//!");
    println!(
        "//! Printed by `examples/pair_table.rs` (which says how to make it again); never edited by hand."
    );
    print_table("SINGLE", "Rarity of each class of bytes.", &singles);
    print_table(
        "PAIR",
        "Rarity of each pair of classes: 64 × the first one's class + the second one's.",
        &pairs,
    );
}
