//! What every package holds beside the program: licences, completions, manual pages. The program writes the latter two itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::dist::Effort;

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where it goes, with slashes and without one at its begin.
    pub(crate) path: String,
    /// Its bytes.
    pub(crate) content: Vec<u8>,
    /// Its permissions.
    pub(crate) mode: u32,
}

impl Entry {
    /// A file that everybody may read.
    pub(crate) fn text(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.into(),
            content: content.into(),
            mode: 0o644,
        }
    }

    /// A file that everybody may run.
    pub(crate) fn program(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self {
            mode: 0o755,
            ..Self::text(path, content)
        }
    }
}

/// The shells that have completions, and the names of the files.
pub(crate) const SHELLS: [(&str, &str); 5] = [
    ("bash", "leakward.bash"),
    ("zsh", "_leakward"),
    ("fish", "leakward.fish"),
    ("powershell", "_leakward.ps1"),
    ("elvish", "leakward.elv"),
];

/// What goes with the program.
#[derive(Debug)]
pub(crate) struct Contents {
    /// Licences and the README, by their names.
    pub(crate) texts: Vec<(&'static str, Vec<u8>)>,
    /// Completions, by the names of their files.
    pub(crate) completions: Vec<(&'static str, Vec<u8>)>,
    /// Manual pages, by the names of their files.
    pub(crate) manual: Vec<(String, Vec<u8>)>,
}

impl Contents {
    /// Reads the texts, and lets the program write the rest.
    pub(crate) fn collect(root: &Path, program: &Path) -> anyhow::Result<Self> {
        let completions = SHELLS.map(|(shell, file)| {
            let written = run(program, &["completions", shell])?;
            anyhow::Ok((file, written))
        });
        Ok(Self {
            completions: completions.into_iter().collect::<anyhow::Result<_>>()?,
            manual: manual(program)?,
            ..Self::texts_only(root)?
        })
    }

    /// Reads the texts.
    pub(crate) fn texts_only(root: &Path) -> anyhow::Result<Self> {
        let names = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "CHANGELOG.md"];
        let texts = names.map(|name| {
            let path = root.join(name);
            let content = fs::read(&path).with_context(|| path.display().to_string())?;
            anyhow::Ok((name, content))
        });
        Ok(Self {
            texts: texts.into_iter().collect::<anyhow::Result<_>>()?,
            completions: Vec::new(),
            manual: Vec::new(),
        })
    }

    /// The completion of this file's name.
    pub(crate) fn completion(&self, file: &str) -> anyhow::Result<Vec<u8>> {
        let known = self.completions.iter().find(|(name, _)| *name == file);
        known
            .map(|(_, content)| content.clone())
            .with_context(|| format!("there is no completion {file}"))
    }

    /// The text of this name.
    pub(crate) fn text(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        let known = self.texts.iter().find(|(known, _)| *known == name);
        known
            .map(|(_, content)| content.clone())
            .with_context(|| format!("there is no text {name}"))
    }

    /// The files of a system's package, where Linux distributions have them: program, manual, completions, licences.
    pub(crate) fn installed(&self, program: &[u8]) -> anyhow::Result<Vec<Entry>> {
        let mut entries = vec![Entry::program("usr/bin/leakward", program)];
        let places = [
            (
                "leakward.bash",
                "usr/share/bash-completion/completions/leakward",
            ),
            ("_leakward", "usr/share/zsh/site-functions/_leakward"),
            (
                "leakward.fish",
                "usr/share/fish/vendor_completions.d/leakward.fish",
            ),
        ];
        for (file, place) in places {
            entries.push(Entry::text(place, self.completion(file)?));
        }
        for (name, page) in &self.manual {
            let place = format!("usr/share/man/man1/{name}.gz");
            entries.push(Entry::text(
                place,
                crate::archive::gzip(page, Effort::Most)?,
            ));
        }
        Ok(entries)
    }
}

fn manual(program: &Path) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let name = folder.path().display().to_string();
    run(program, &["man", &name])?;
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder.path())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        pages.push((name, fs::read(entry.path())?));
    }
    pages.sort();
    Ok(pages)
}

/// What the program writes to its standard output.
pub(crate) fn run(program: &Path, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
    let output = Command::new(program).args(arguments).output();
    let output = output.with_context(|| format!("{} cannot be run", program.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!(
            "{} {arguments:?} ended with {}: {said}",
            program.display(),
            output.status
        );
    }
    Ok(output.stdout)
}
