//! Writes `src/prefilter/buckets.table`: how often each bit of the prefilter's bitmap is asked for in source text.
//!
//! `cargo run --release -p leakward-detect --example bucket_table -- OUT FOLDER…` counts every four bytes of every file below
//! the folders (at most 256 KiB of each), folded and hashed as the prefilter does. The published table was made from the newest
//! trees of redis, curl, flask, ansible, kafka, rails, prometheus and spring-boot.
//!
//! The table has half a byte for each bit, the first one in the low half: 0 for one position in 64 or more, one more for
//! each time that it is half as often, 15 for fewer than one in two million.

use std::fs;
use std::path::Path;

const HASH_BITS: u32 = 17;
const HASH_MULTIPLIER: u32 = 0x9E37_79B1;
const FOLD: u32 = 0x2020_2020;
const LARGEST: usize = 256 << 10;

fn count(path: &Path, counts: &mut [u64]) {
    if path.is_symlink() {
        return;
    }
    if let Ok(entries) = fs::read_dir(path) {
        for entry in entries.flatten() {
            count(&entry.path(), counts);
        }
    } else if let Ok(mut bytes) = fs::read(path) {
        bytes.truncate(LARGEST);
        for window in bytes.windows(4) {
            if let &[a, b, c, d] = window {
                let gram = u32::from_le_bytes([a, b, c, d]) | FOLD;
                counts[(gram.wrapping_mul(HASH_MULTIPLIER) >> (32 - HASH_BITS)) as usize] += 1;
            }
        }
    }
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().unwrap_or_default();
    let mut counts = vec![0_u64; 1 << HASH_BITS];
    for folder in arguments {
        count(Path::new(&folder), &mut counts);
    }
    let whole: u64 = counts.iter().sum();
    let level = |count: u64| {
        let share = (count as f64 + 0.01) / (whole as f64 + 1.0);
        (-share.log2() - 6.0).round().clamp(0.0, 15.0) as u8
    };
    let table: Vec<u8> = counts
        .chunks(2)
        .map(|pair| level(pair[0]) | level(pair[1]) << 4)
        .collect();
    fs::write(out, table)
}
