//! The key that seals the audit log: whoever has it can write lines that pass, so it lies apart from the log.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use aws_lc_rs::{hmac, rand};

use super::AuditError;

/// The key that seals the audit log.
pub struct AuditKey(hmac::Key);

impl AuditKey {
    /// Of these bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The key in a file, which is made, readable by its owner alone, when it is not there.
    ///
    /// # Errors
    /// The file cannot be read or made, or is no key.
    pub fn of_file(path: &Path) -> Result<Self, AuditError> {
        let failed =
            |error: std::io::Error| AuditError::Key(format!("{}: {error}", path.display()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        match options.open(path) {
            Ok(mut file) => {
                let mut bytes = [0; 32];
                rand::fill(&mut bytes)
                    .map_err(|_| AuditError::Key("the system has no randomness".to_owned()))?;
                file.write_all(hex(&bytes).as_bytes()).map_err(failed)?;
                file.sync_all().map_err(failed)?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
        let mut text = std::fs::read(path).map_err(failed)?;
        // Another process may be making it at this moment.
        for _ in 0..100 {
            if !text.is_empty() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
            text = std::fs::read(path).map_err(failed)?;
        }
        let text = text.trim_ascii();
        if text.len() < 32 {
            return Err(AuditError::Key(format!(
                "{} holds less than 32 characters",
                path.display()
            )));
        }
        Ok(Self::new(text))
    }

    /// The seal of a text.
    pub(crate) fn seal(&self, text: &str) -> String {
        hex(hmac::sign(&self.0, text.as_bytes()).as_ref())
    }
}

impl std::fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuditKey")
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
