//! Where the program keeps what belongs to the user: what it can make again, and what it writes down.
//!
//! Not for: files that were named on the command line.

use std::path::PathBuf;

/// Where programs keep what they can make again, below the home folder.
const USER_CACHES: &str = if cfg!(target_os = "macos") {
    "Library/Caches"
} else {
    ".cache"
};

/// What can be made again; `LEAKWARD_CACHE_DIR` puts it elsewhere. Nothing when there is no home.
pub(crate) fn cache() -> Option<PathBuf> {
    absolute("LEAKWARD_CACHE_DIR")
        .or_else(|| Some(absolute("XDG_CACHE_HOME")?.join("leakward")))
        .or_else(|| Some(absolute("LOCALAPPDATA")?.join("leakward")))
        .or_else(|| Some(absolute("HOME")?.join(USER_CACHES).join("leakward")))
}

/// What the user has set. Nothing when there is no home.
pub(crate) fn configuration() -> Option<PathBuf> {
    absolute("XDG_CONFIG_HOME")
        .or_else(|| absolute("APPDATA"))
        .or_else(|| Some(absolute("HOME")?.join(".config")))
        .map(|folder| folder.join("leakward"))
}

/// What is written down and kept. Nothing when there is no home.
pub(crate) fn state() -> Option<PathBuf> {
    absolute("XDG_STATE_HOME")
        .or_else(|| absolute("LOCALAPPDATA"))
        .or_else(|| Some(absolute("HOME")?.join(".local/state")))
        .map(|folder| folder.join("leakward"))
}

/// What the user has set. Nothing when there is no home.
pub(crate) fn config() -> Option<PathBuf> {
    absolute("XDG_CONFIG_HOME")
        .or_else(|| absolute("APPDATA"))
        .or_else(|| Some(absolute("HOME")?.join(".config")))
        .map(|folder| folder.join("leakward"))
}

/// The folder that a variable names. One that is not absolute would move with the current folder, and is passed over.
fn absolute(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute())
}
