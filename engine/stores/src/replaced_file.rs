//! A file that is replaced as a whole or not at all, and locked while it is changed.
//!
//! INVARIANT: at every moment, also after a loss of power, the file holds either what was there before or what was written.
//! New files can be read by their owner only; a file that is replaced keeps its permissions.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use leakward_core::Secret;

use crate::exposed::bytes;

/// Writes `content` to `path`, over what was there.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = beside(path, ".leakward-new");
    // Left over from a run that was killed; the lock says that nobody is at it now.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = create_new(&beside, content).and_then(|()| {
        if let Ok(before) = fs::metadata(path) {
            fs::set_permissions(&beside, before.permissions())?;
        }
        fs::rename(&beside, path)
    });
    if written.is_err() {
        // The error of the writing is the one to tell.
        drop(fs::remove_file(&beside));
    }
    written?;
    sync_folder(path)
}

/// Writes a file that must not be there yet, for its owner only.
pub(crate) fn create_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Writes a key that must not be there yet to a file that only its owner can read.
///
/// # Errors
/// The file is there already, or cannot be written.
pub fn write_private(path: &Path, content: &Secret) -> io::Result<()> {
    create_new(path, bytes(content))
}

/// Holds the lock of a file until it is dropped. The lock is a file beside it, since the file itself is replaced.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for whoever holds it.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(beside(path, ".leakward-lock"))?;
        file.lock()?;
        Ok(Self { _file: file })
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(ending);
    path.with_file_name(name)
}

/// The name of a replaced file is safe only when its folder is written too.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
