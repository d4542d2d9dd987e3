//! What speaks of the packages of all platforms, made when they are all in one folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::contents::Contents;
use crate::dist::{commit_time, put};
use crate::target::Target;
use crate::{VERSION, checksums, homebrew, npm};

/// Makes npm's main package, the Homebrew formula, the table of the GitHub Action, and the sums of everything.
///
/// # Errors
/// When an archive is missing of which the formula speaks, or something cannot be read or written.
pub fn gather(root: &Path, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut sums = sums(folder)?;
    let there: Vec<Target> = platforms(&sums);
    if there.is_empty() {
        bail!("{} has no package of any platform", folder.display());
    }
    let texts = Contents::texts_only(root)?;
    let (name, bytes) = npm::main(&there, &texts, commit_time(root)?)?;
    sums.insert(name.clone(), checksums::sha256(&bytes));
    let sum = |triple: &str| {
        let name = format!("leakward-{VERSION}-{triple}.tar.gz");
        sums.get(&name).cloned()
    };
    let formula = homebrew::formula(&sum)?;
    let table = table(&sums);
    let list: String = sums
        .iter()
        .map(|(name, sum)| format!("{sum}  {name}\n"))
        .collect();
    [
        (name.as_str(), bytes),
        ("leakward.rb", formula.into_bytes()),
        ("checksums.txt", table.into_bytes()),
        ("SHA256SUMS", list.into_bytes()),
    ]
    .into_iter()
    .map(|(name, bytes)| put(folder, name, &bytes))
    .collect()
}

/// npm's main package alone, for those platforms.
///
/// # Errors
/// When a text of ours cannot be read.
pub fn gather_npm(root: &Path, targets: &[Target], time: u64) -> anyhow::Result<Vec<u8>> {
    Ok(npm::main(targets, &Contents::texts_only(root)?, time)?.1)
}

/// What is made here, and not summed.
const MADE: [&str; 3] = ["leakward.rb", "checksums.txt", "SHA256SUMS"];

/// The sums of the packages in the folder, by their names.
fn sums(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut sums = BTreeMap::new();
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && !MADE.contains(&name.as_str()) {
            let bytes = fs::read(entry.path()).with_context(|| name.clone())?;
            sums.insert(name, checksums::sha256(&bytes));
        }
    }
    Ok(sums)
}

/// The platforms that have a package for npm, each once: those of musl stand for Linux.
fn platforms(sums: &BTreeMap<String, String>) -> Vec<Target> {
    let mut there: Vec<Target> = Vec::new();
    for target in Target::all() {
        let known = there.iter().any(|known| known.npm == target.npm);
        if !known && sums.contains_key(&npm::file_name(*target)) {
            there.push(*target);
        }
    }
    there
}

/// What the GitHub Action knows about releases: the archives and their sums.
fn table(sums: &BTreeMap<String, String>) -> String {
    let archives = sums
        .iter()
        .filter(|(name, _)| name.ends_with(".tar.gz"))
        .map(|(name, sum)| format!("{sum}  {name}\n"));
    archives.collect()
}
