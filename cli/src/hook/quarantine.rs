//! A server's repository as it will be when the push is let in.
//!
//! While `pre-receive` runs, git keeps new objects in a folder of their own and tells the hook of it in
//! `GIT_QUARANTINE_PATH` and `GIT_OBJECT_DIRECTORY`; and no ref leads to what is pushed, so that its paths and commits would not
//! be found. The scan opens repositories without regard to the environment; so it gets a small repository in a temporary
//! folder that borrows from both object folders, with the refs and `HEAD` of the real one and a `PUSHED_HEAD` for what comes.
//!
//! INVARIANT: nothing is written into the real repository.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use leakward_sources::git::{ObjectId, OpenOptions, RefStorage, Repository};
use tempfile::TempDir;

/// A repository that sees what is pushed; gone when it is dropped.
#[derive(Debug)]
pub(super) struct Quarantine {
    folder: TempDir,
}

impl Quarantine {
    /// For the hook we run as, in the repository at `repository`.
    pub(super) fn of_this_hook(repository: &Path, tips: &[ObjectId]) -> anyhow::Result<Self> {
        let named = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let objects = named("GIT_QUARANTINE_PATH").or_else(|| named("GIT_OBJECT_DIRECTORY"));
        let objects = objects
            .map(|folder| {
                let name = || folder.display().to_string();
                folder.canonicalize().with_context(name)
            })
            .transpose()?;
        let real = Repository::open(repository, OpenOptions::default())?;
        let folder = tempfile::Builder::new()
            .prefix("leakward-push-")
            .tempdir()
            .context("a temporary folder")?;
        let name = || folder.path().display().to_string();
        build(&real, objects.as_deref(), folder.path()).with_context(name)?;
        let pushed: Vec<String> = tips.iter().map(|tip| format!("{tip}\n")).collect();
        fs::write(folder.path().join("PUSHED_HEAD"), pushed.concat()).with_context(name)?;
        Ok(Self { folder })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn build(real: &Repository, quarantine: Option<&Path>, folder: &Path) -> std::io::Result<()> {
    let common = real.common_dir();
    fs::create_dir_all(folder.join("objects/info"))?;
    let own = common.join("objects");
    let borrowed = [quarantine, Some(&own)].into_iter().flatten();
    let borrowed: Vec<String> = borrowed
        .map(|objects| format!("{}\n", objects.display()))
        .collect();
    fs::write(folder.join("objects/info/alternates"), borrowed.concat())?;
    fs::write(folder.join("config"), configuration(real))?;
    fs::copy(real.git_dir().join("HEAD"), folder.join("HEAD"))?;
    for name in ["packed-refs", "shallow"] {
        if common.join(name).is_file() {
            fs::copy(common.join(name), folder.join(name))?;
        }
    }
    copy_folder(&common.join("refs"), &folder.join("refs"))?;
    copy_folder(&common.join("reftable"), &folder.join("reftable"))
}

/// Copies files and folders; nothing when there is none. Refs are small, and a server with many keeps them packed.
fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    fs::create_dir_all(to)?;
    for entry in entries {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else if kind.is_file() {
            // One that was deleted in this moment is a ref that is not there any more.
            match fs::copy(entry.path(), target) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// What says how objects and refs are stored, and nothing else.
fn configuration(real: &Repository) -> String {
    format!(
        "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = {}\n\trefstorage = {}\n",
        real.object_hash(),
        match real.ref_storage() {
            RefStorage::Files => "files",
            RefStorage::Reftable => "reftable",
        }
    )
}
