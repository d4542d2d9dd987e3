//! What is scanned in the measurements that need no repository from outside.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with one small file of program text.
pub(crate) fn one_file() -> anyhow::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("main.py"), program_text(0))?;
    Ok(folder)
}

/// A repository with `files` committed files, of which the first `staged` are changed and staged.
pub(crate) fn staged(files: usize, staged: usize) -> anyhow::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    git(folder.path(), &["init", "--quiet"])?;
    let write = |file: usize, version: usize| -> anyhow::Result<()> {
        let path = folder
            .path()
            .join(format!("package-{}/module-{file}.py", file % 40));
        std::fs::create_dir_all(path.parent().context("a folder")?)?;
        Ok(std::fs::write(path, program_text(file + version))?)
    };
    (0..files).try_for_each(|file| write(file, 0))?;
    git(folder.path(), &["add", "."])?;
    git(
        folder.path(),
        &["commit", "--quiet", "--message", "all files"],
    )?;
    (0..staged).try_for_each(|file| write(file, 1))?;
    git(folder.path(), &["add", "."])?;
    Ok(folder)
}

/// Fifty lines that look like a module of a program.
fn program_text(number: usize) -> String {
    let line = |line: usize| {
        format!(
            "def function_{line}(value):\n    return value + {}\n",
            number * 31 + line
        )
    };
    (0..25).map(line).collect()
}

fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("git")
        .args([
            "-c",
            "user.name=Bench",
            "-c",
            "user.email=bench@example.invalid",
            "-C",
        ])
        .arg(folder)
        .args(arguments)
        .stdout(Stdio::null())
        .status()
        .context("git")?;
    if !status.success() {
        bail!("git {} failed", arguments.join(" "));
    }
    Ok(())
}

/// What an image is made of: programs, libraries, headers, modules and documents.
const PARTS: [&str; 9] = [
    "/usr/bin",
    "/usr/include",
    "/usr/lib/gcc",
    "/usr/lib/python3",
    "/usr/lib/python3.11",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/libexec",
    "/usr/sbin",
    "/usr/share",
];

/// How large the files of the image are, all together.
const IMAGE_BYTES: u64 = 1 << 30;

/// An OCI layout with an image of eight layers, gzip and zstd in turn, made of this machine's own files.
pub(crate) fn image() -> anyhow::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::create_dir_all(folder.path().join("blobs/sha256"))?;
    let layers = grouped(&spread(files()?), 8)
        .iter()
        .enumerate()
        .map(|(number, files)| layer(folder.path(), number, files))
        .collect::<anyhow::Result<Vec<Value>>>()?;
    let config = document(
        folder.path(),
        &json!({"os": "linux", "architecture": "amd64", "config": {}}),
    )?;
    let manifest = document(
        folder.path(),
        &json!({"schemaVersion": 2, "config": config, "layers": layers}),
    )?;
    let index = json!({"schemaVersion": 2, "manifests": [manifest]});
    std::fs::write(folder.path().join("index.json"), index.to_string())?;
    std::fs::write(
        folder.path().join("oci-layout"),
        "{\"imageLayoutVersion\":\"1.0.0\"}",
    )?;
    Ok(folder)
}

/// The files of all parts with their sizes, sorted.
fn files() -> anyhow::Result<Vec<(PathBuf, u64)>> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = PARTS.iter().map(PathBuf::from).collect();
    while let Some(folder) = folders.pop() {
        // Not every machine has all of them.
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for entry in entries {
            let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                let size = path.metadata()?.len();
                files.push((path, size));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Some of the files, from everywhere, as many as make an image.
fn spread(files: Vec<(PathBuf, u64)>) -> Vec<(PathBuf, u64)> {
    let all: u64 = files.iter().map(|(_, size)| size).sum();
    let (mut passed, mut kept) = (0, 0);
    let wanted = |passed: u64| {
        u128::from(passed) * u128::from(IMAGE_BYTES.min(all)) / u128::from(all.max(1))
    };
    files
        .into_iter()
        .filter(|(_, size)| {
            passed += size;
            let is_wanted = u128::from(kept) <= wanted(passed);
            kept += if is_wanted { *size } else { 0 };
            is_wanted
        })
        .collect()
}

/// The files in groups of about the same size.
fn grouped(files: &[(PathBuf, u64)], groups: u64) -> Vec<Vec<PathBuf>> {
    let all: u64 = files.iter().map(|(_, size)| size).sum();
    let mut grouped = vec![Vec::new(); usize::try_from(groups).unwrap_or(1)];
    let mut passed = 0;
    for (path, size) in files {
        let group = usize::try_from(passed * groups / all.max(1)).unwrap_or(0);
        grouped[group].push(path.clone());
        passed += size;
    }
    grouped
}

/// A layer with these files; returns what refers to it.
fn layer(layout: &Path, number: usize, files: &[PathBuf]) -> anyhow::Result<Value> {
    let list: String = files
        .iter()
        .map(|path| format!("{}\n", path.display().to_string().trim_start_matches('/')))
        .collect();
    std::fs::write(layout.join("list"), list)?;
    let compressor = if number.is_multiple_of(2) {
        "gzip -6"
    } else {
        "zstd -3 -q"
    };
    let script =
        format!("tar -C / -cf - --no-recursion --verbatim-files-from -T list | {compressor} > new");
    let status = Command::new("sh")
        .args(["-euc", &script])
        .current_dir(layout)
        .status()
        .context("tar")?;
    if !status.success() {
        bail!("{script} failed");
    }
    stored(layout)
}

fn document(layout: &Path, document: &Value) -> anyhow::Result<Value> {
    std::fs::write(layout.join("new"), document.to_string())?;
    stored(layout)
}

/// Stores the file `new` under its digest; returns what refers to it.
fn stored(layout: &Path) -> anyhow::Result<Value> {
    let output = Command::new("sha256sum")
        .arg("new")
        .current_dir(layout)
        .output()
        .context("sha256sum")?;
    let digits = String::from_utf8(output.stdout)?;
    let digits = digits.split(' ').next().context("a digest")?;
    let size = layout.join("new").metadata()?.len();
    std::fs::rename(layout.join("new"), layout.join("blobs/sha256").join(digits))?;
    Ok(json!({"digest": format!("sha256:{digits}"), "size": size}))
}
