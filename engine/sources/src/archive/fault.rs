//! Why an archive, or one of its members, could not be read.

use leakward_core::SkippedKind;

/// Why an archive, or one of its members, could not be read. Names no bytes of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is damaged or cut off.
    #[error("{0}")]
    Corrupt(String),
    /// It is encrypted, or packed in a way that is not known here.
    #[error("{0}")]
    Unsupported(String),
    /// It is over a limit.
    #[error("{0}")]
    Limit(String),
}

impl Fault {
    /// As a kind of what was not scanned.
    #[must_use]
    pub fn kind(&self) -> SkippedKind {
        match self {
            Self::Corrupt(_) => SkippedKind::Corrupt,
            Self::Unsupported(_) => SkippedKind::Unsupported,
            Self::Limit(_) => SkippedKind::Limit,
        }
    }

    /// Something is not as its format says.
    pub(crate) fn corrupt(what: &str) -> Self {
        Self::Corrupt(what.to_owned())
    }
}

/// A reader's error: the data under it are damaged or cut off.
impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Corrupt(match error.kind() {
            std::io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
            _ => format!("it cannot be unpacked: {error}"),
        })
    }
}
