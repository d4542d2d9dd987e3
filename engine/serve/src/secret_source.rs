//! Where a secret of ours is read from: a file or an environment variable, named in the configuration, which itself holds none.

use std::path::{Path, PathBuf};

use leakward_core::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

/// LIMIT: bytes of a secret's file. An RSA key of 8,192 bits has about 6 KiB.
const LARGEST: u64 = 64 << 10;

/// Where a secret is read from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub enum SecretSource {
    /// A file; a line's end at its end does not count.
    File(PathBuf),
    /// An environment variable.
    Env(String),
}

/// Why a secret could not be read. Names the place, never what is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The file.
    #[error("{file}: {reason}")]
    File {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The variable is not set, or is not text.
    #[error("the environment variable {name} is not set")]
    Env {
        /// The variable.
        name: String,
    },
    /// There is nothing in it.
    #[error("{place} is empty")]
    Empty {
        /// The file or variable.
        place: String,
    },
}

impl SecretSource {
    /// Reads it.
    ///
    /// # Errors
    /// When it is not there, cannot be read, or is empty.
    pub fn read(&self) -> Result<Secret, SecretError> {
        let (place, bytes) = match self {
            Self::File(file) => (file.display().to_string(), read_file(file)?),
            Self::Env(name) => {
                let value = std::env::var_os(name)
                    .ok_or_else(|| SecretError::Env { name: name.clone() })?;
                (name.clone(), value.into_encoded_bytes())
            }
        };
        let bytes = zeroize::Zeroizing::new(bytes);
        let end = bytes
            .iter()
            .rposition(|byte| !matches!(byte, b'\n' | b'\r'))
            .ok_or(SecretError::Empty { place })?;
        Ok(Secret::new(bytes.get(..=end).unwrap_or_default()))
    }
}

fn read_file(file: &Path) -> Result<Vec<u8>, SecretError> {
    let wrong = |reason: String| SecretError::File {
        file: file.display().to_string(),
        reason,
    };
    let size = std::fs::metadata(file)
        .map_err(|error| wrong(error.to_string()))?
        .len();
    if size > LARGEST {
        return Err(wrong(format!("{size} bytes are too many for a secret")));
    }
    std::fs::read(file).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_without_its_lines_end_and_errors_name_the_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "in two words\r\n").unwrap();
        let source = SecretSource::File(file.clone());
        assert_eq!(source.read(), Ok(Secret::new(b"in two words")));
        std::fs::write(&file, "\n").unwrap();
        assert!(matches!(source.read(), Err(SecretError::Empty { .. })));
        let missing = SecretSource::Env("LEAKWARD_TEST_NOT_SET".to_owned());
        assert!(
            missing
                .read()
                .unwrap_err()
                .to_string()
                .contains("LEAKWARD_TEST_NOT_SET")
        );
    }
}
