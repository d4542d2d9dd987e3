//! Which paths may be looked at: those in the working folder and in folders that were allowed when the server was started.
//!
//! INVARIANT: what counts is where a path really leads, links included.

use std::path::{Path, PathBuf};

use super::McpSettings;

/// The path, if it is there and may be looked at.
///
/// # Errors
/// Why not, in words for whoever asked.
pub(super) fn allowed(path: &str, settings: &McpSettings) -> Result<PathBuf, String> {
    let path = path.strip_prefix("file://").unwrap_or(path);
    let wanted = settings.folder.join(path);
    let real = std::fs::canonicalize(&wanted).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        _ => error.to_string(),
    });
    let is_in = |real: &Path| folder_of(real, settings).is_some();
    match real {
        Ok(real) if is_in(&real) => Ok(real),
        // Whether something is there is not told of places that may not be looked at.
        Ok(_) => Err(OUTSIDE.to_owned()),
        Err(why) => {
            let parent = wanted
                .ancestors()
                .find_map(|at| std::fs::canonicalize(at).ok());
            if parent.is_some_and(|parent| is_in(&parent)) {
                Err(why)
            } else {
                Err(OUTSIDE.to_owned())
            }
        }
    }
}

/// The allowed folder that a path, which has no links in it, lies in.
pub(super) fn folder_of(real: &Path, settings: &McpSettings) -> Option<PathBuf> {
    std::iter::once(&settings.folder)
        .chain(&settings.allowed)
        .filter_map(|folder| std::fs::canonicalize(folder).ok())
        .find(|folder| real.starts_with(folder))
}

/// Why something is not looked at.
pub(super) const OUTSIDE: &str = "it is outside of the folders that may be looked at; a person can allow another one with --allow-path";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_really_lies_in_an_allowed_folder_may_be_looked_at() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["work/src", "other", "secret"] {
            std::fs::create_dir_all(at(name)).expect("folders");
        }
        std::fs::write(at("secret/key"), "").expect("a file");
        #[cfg(unix)]
        std::os::unix::fs::symlink(at("secret"), at("work/link")).expect("a link");
        let settings = McpSettings {
            folder: at("work"),
            allowed: vec![at("other")],
            scan: crate::project::ScanSettings::default(),
            threads: 1,
            explain: |_| String::new(),
            version: "1",
        };
        let try_path = |path: &str| allowed(path, &settings);
        assert!(try_path("src").is_ok() && try_path(".").is_ok());
        assert!(try_path(&at("other").display().to_string()).is_ok());
        for path in [
            "..",
            "../secret/key",
            "link/key",
            "/etc/passwd",
            "../secret/nothing",
        ] {
            assert_eq!(try_path(path), Err(OUTSIDE.to_owned()), "{path}");
        }
        assert!(try_path("src/nothing").is_err_and(|why| why.contains("no such")));
    }
}
