//! Measures detection on real files: how fast each stage is, and which rules cost or match most.
//!
//! `cargo run --release -p leakward-detect --example measure -- FOLDER [hits|matches|rejected]`
//! Files are read before the clock starts. Credentials are printed masked.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use leakward_core::TextRange;
use leakward_detect::{Detector, PathJudgement, Settings};

fn read(path: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    if path.is_symlink() {
        return;
    }
    if let Ok(entries) = fs::read_dir(path) {
        let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        entries.sort();
        for entry in entries {
            read(&entry, files);
        }
    } else if let Ok(bytes) = fs::read(path) {
        files.push((path.to_owned(), bytes));
    }
}

/// Processor time of this thread, which other people's work on the machine does not lengthen; wall time where the
/// kernel does not tell.
fn now(start: Instant) -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// The best of seven rounds: caches are shared.
fn best(mut round: impl FnMut()) -> Duration {
    let start = Instant::now();
    (0..7)
        .map(|_| {
            let before = now(start);
            round();
            now(start) - before
        })
        .min()
        .unwrap_or_default()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| ".".to_owned());
    let mode = arguments.next().unwrap_or_default();
    let mut files = Vec::new();
    read(Path::new(&folder), &mut files);
    let size: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    let rules = leakward_rules::built_in();
    let build = best(|| {
        Detector::new(rules.to_vec(), Settings::default())
            .map(drop)
            .unwrap_or_default();
    });
    let detector = Detector::new(rules.to_vec(), Settings::default())?;
    let mut scratch = detector.scratch();
    println!(
        "{} rules, {} files, {:.1} MB; built in {build:.2?}",
        rules.len(),
        files.len(),
        size as f64 / 1e6
    );
    match mode.as_str() {
        "hits" => print_hits(&detector, &files),
        "matches" => print_matches(&detector, &files),
        "rejected" => print_rejected(&detector, &files),
        _ => {}
    }
    let mut hits = Vec::new();
    let mut count = 0;
    let prefilter = best(|| {
        count = 0;
        for (_, bytes) in &files {
            hits.clear();
            detector.prefilter(bytes, 0, bytes.len(), &mut hits);
            count += hits.len();
        }
    });
    let mut found = 0;
    let whole = best(|| {
        found = 0;
        for (_, bytes) in &files {
            found += detector.detect(bytes, &mut scratch).matches.len();
        }
    });
    let rate = |time: Duration| size as f64 / 1e9 / time.as_secs_f64();
    println!(
        "prefilter {prefilter:.1?} = {:.2} GB/s, {count} hits ({:.1} per KB)",
        rate(prefilter),
        count as f64 / size as f64 * 1e3
    );
    println!(
        "all       {whole:.1?} = {:.2} GB/s, {found} matches; confirm + judge {:.0} %",
        rate(whole),
        (1.0 - prefilter.as_secs_f64() / whole.as_secs_f64()) * 100.0
    );
    Ok(())
}

fn print_hits(detector: &Detector, files: &[(PathBuf, Vec<u8>)]) {
    let mut counts = std::collections::HashMap::<(u32, String), u64>::new();
    let mut hits = Vec::new();
    for (_, bytes) in files {
        hits.clear();
        detector.prefilter(bytes, 0, bytes.len(), &mut hits);
        for hit in &hits {
            let text = &bytes[hit.position as usize..bytes.len().min(hit.position as usize + 12)];
            let text = String::from_utf8_lossy(text).to_lowercase();
            *counts
                .entry((hit.literal, text.chars().take(8).collect()))
                .or_default() += 1;
        }
    }
    let mut by_literal = std::collections::HashMap::<u32, (u64, String)>::new();
    for ((literal, text), count) in counts {
        let entry = by_literal.entry(literal).or_insert((0, text));
        entry.0 += count;
    }
    let mut sorted: Vec<_> = by_literal.into_iter().collect();
    sorted.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    for (literal, (count, text)) in sorted.iter().take(60) {
        println!(
            "{count:8} #{literal} {text:?} reach {:?}",
            detector.reach_of(leakward_detect::Hit {
                position: 0,
                literal: *literal
            })
        );
    }
}

fn print_matches(detector: &Detector, files: &[(PathBuf, Vec<u8>)]) {
    let mut scratch = detector.scratch();
    for (path, bytes) in files {
        let path = path.to_string_lossy();
        for found in detector.detect(bytes, &mut scratch).matches {
            let judgement = match detector.judge_path(&found, &path) {
                PathJudgement::Keep => "",
                PathJudgement::Lower(_) => "LOWER",
                PathJudgement::Drop(_) => "DROP",
            };
            let line = TextRange::locate(bytes, found.span).start.line;
            let text = String::from_utf8_lossy(
                &bytes[found.span.start.saturating_sub(40)
                    ..bytes
                        .len()
                        .min(found.span.end.min(found.span.start + 80) + 10)],
            )
            .replace('\n', "⏎");
            println!(
                "{:6} {:5} {:28} {path}:{line}: {text}",
                found.confidence.as_str(),
                judgement,
                detector.rules()[found.rule].id.as_str()
            );
        }
    }
}

fn print_rejected(detector: &Detector, files: &[(PathBuf, Vec<u8>)]) {
    let mut scratch = detector.scratch();
    for (path, bytes) in files {
        for rejected in detector.detect_explained(bytes, &mut scratch).rejected {
            let line = TextRange::locate(bytes, rejected.span).start.line;
            let text = String::from_utf8_lossy(
                &bytes[rejected.span.start.saturating_sub(30)
                    ..bytes
                        .len()
                        .min(rejected.span.end.min(rejected.span.start + 60))],
            )
            .replace('\n', "⏎");
            println!(
                "{:28} {:40} {}:{line}: {text}",
                detector.rules()[rejected.rule].id.as_str(),
                rejected.reason,
                path.display()
            );
        }
    }
}
