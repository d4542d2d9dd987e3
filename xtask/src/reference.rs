//! The pages of docs/ that the program writes about itself.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::contents::run;

/// The pages by the names that `leakward reference` knows, and where they are.
const PAGES: [(&str, &str); 5] = [
    ("commands", "docs/reference/commands.md"),
    ("rules", "docs/reference/rules.md"),
    ("configuration", "docs/reference/configuration.md"),
    ("schema", "docs/leakward.schema.json"),
    ("serve-schema", "docs/serve.schema.json"),
];

/// Writes the pages, and says which.
///
/// # Errors
/// When the program cannot be run, or a page not be written.
pub fn write(root: &Path, program: &Path) -> anyhow::Result<Vec<PathBuf>> {
    PAGES
        .iter()
        .map(|(page, place)| {
            let (text, path) = (run(program, &["reference", page])?, root.join(place));
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
            }
            fs::write(&path, text).with_context(|| path.display().to_string())?;
            Ok(PathBuf::from(place))
        })
        .collect()
}

/// The pages that are not what the program says today, each with the first line that differs.
///
/// # Errors
/// When the program cannot be run.
pub fn difference(root: &Path, program: &Path) -> anyhow::Result<Vec<String>> {
    let mut different = Vec::new();
    for (page, place) in PAGES {
        let made = run(program, &["reference", page])?;
        // A page that is not there differs from its first line on.
        let kept = fs::read(root.join(place)).unwrap_or_default();
        if made != kept {
            different.push(format!("{place}: {}", first_difference(&made, &kept)));
        }
    }
    Ok(different)
}

fn first_difference(made: &[u8], kept: &[u8]) -> String {
    let (made, kept) = (String::from_utf8_lossy(made), String::from_utf8_lossy(kept));
    let mut kept = kept.lines();
    for (number, line) in made.lines().enumerate() {
        if kept.next() != Some(line) {
            return format!("line {}: the program says {line:?}", number + 1);
        }
    }
    "the page goes on where the program ends".to_owned()
}
