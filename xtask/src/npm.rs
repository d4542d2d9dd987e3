//! Packages for npm: one for each platform with the program in it, and one that depends on them all and takes the one that npm
//! could install. No script runs at installation, so `--ignore-scripts` changes nothing.

use serde_json::{Map, Value, json};

use crate::contents::{Contents, Entry};
use crate::dist::{Dist, Effort};
use crate::target::Target;
use crate::{HOME_PAGE, LICENCE, SUMMARY, VERSION, archive};

/// The name of a platform's package.
#[must_use]
pub fn name(target: Target) -> String {
    let (system, processor) = target.npm;
    format!("@leakward/{system}-{processor}")
}

/// The name of the file with a platform's package.
pub(crate) fn file_name(target: Target) -> String {
    let (system, processor) = target.npm;
    format!("leakward-{system}-{processor}-{VERSION}.tgz")
}

/// A platform's package.
pub(crate) fn platform(
    dist: &Dist,
    program: &[u8],
    contents: &Contents,
) -> anyhow::Result<(String, Vec<u8>)> {
    let target = dist.target;
    let (system, processor) = target.npm;
    let mut manifest = manifest(
        &name(target),
        &format!("The program leakward for {system} on {processor}"),
    );
    manifest.insert("os".to_owned(), json!([system]));
    manifest.insert("cpu".to_owned(), json!([processor]));
    let mut entries = vec![
        described(manifest)?,
        Entry::program(format!("bin/{}", target.program()), program),
    ];
    entries.extend(licences(contents)?);
    let tar = archive::tar(&entries, ROOT, dist.time)?;
    Ok((file_name(target), archive::gzip(&tar, dist.effort)?))
}

/// The package that people install.
pub(crate) fn main(
    targets: &[Target],
    texts: &Contents,
    time: u64,
) -> anyhow::Result<(String, Vec<u8>)> {
    let mut manifest = manifest("leakward", SUMMARY);
    let platforms: Map<String, Value> = targets
        .iter()
        .map(|target| (name(*target), json!(VERSION)))
        .collect();
    manifest.insert("bin".to_owned(), json!({"leakward": "bin/leakward.js"}));
    manifest.insert("engines".to_owned(), json!({"node": ">=18"}));
    manifest.insert("optionalDependencies".to_owned(), Value::Object(platforms));
    let mut entries = vec![
        described(manifest)?,
        Entry::program("bin/leakward.js", LAUNCHER),
        Entry::text("README.md", texts.text("README.md")?),
    ];
    entries.extend(licences(texts)?);
    let tar = archive::tar(&entries, ROOT, time)?;
    Ok((
        format!("leakward-{VERSION}.tgz"),
        archive::gzip(&tar, Effort::Most)?,
    ))
}

/// The folder in which npm wants everything.
const ROOT: &str = "package/";

const LAUNCHER: &str = include_str!("npm_launcher.js");

fn manifest(name: &str, about: &str) -> Map<String, Value> {
    let repository = json!({"type": "git", "url": format!("git+{HOME_PAGE}.git")});
    let known = [
        ("name", json!(name)),
        ("version", json!(VERSION)),
        ("description", json!(about)),
        ("license", json!(LICENCE)),
        ("repository", repository),
        ("homepage", json!(HOME_PAGE)),
    ];
    known
        .map(|(key, value)| (key.to_owned(), value))
        .into_iter()
        .collect()
}

fn described(manifest: Map<String, Value>) -> anyhow::Result<Entry> {
    let text = serde_json::to_string_pretty(&Value::Object(manifest))? + "\n";
    Ok(Entry::text("package.json", text))
}

fn licences(contents: &Contents) -> anyhow::Result<Vec<Entry>> {
    ["LICENSE-APACHE", "LICENSE-MIT"]
        .map(|name| anyhow::Ok(Entry::text(name, contents.text(name)?)))
        .into_iter()
        .collect()
}
