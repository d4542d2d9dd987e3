//! Computes one number over everything that decides what is found in some bytes: detection, what is made of git's
//! objects, and the built-in rules. What the scan cache remembers is worth nothing for a program with another number.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Folders whose files count, beside this crate's own.
const FOLDERS: [&str; 5] = [
    "../detect/src",
    "../sources/src",
    "../core/src",
    "../../rules/providers",
    "../../rules/format/src",
];

fn files(folder: &Path, all: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, all);
        } else {
            all.insert(path);
        }
    }
}

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut all = BTreeSet::new();
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
        files(&here.join(folder), &mut all);
    }
    files(&here.join("src"), &mut all);
    println!("cargo::rerun-if-changed=src");
    assert!(
        all.len() > 100,
        "the sources of detection are not where they were"
    );
    let mut hasher = DefaultHasher::new();
    for path in all {
        path.strip_prefix(&here).unwrap_or(&path).hash(&mut hasher);
        fs::read(&path).unwrap_or_default().hash(&mut hasher);
    }
    println!(
        "cargo::rustc-env=LEAKWARD_DETECTION={:016x}",
        hasher.finish()
    );
}
