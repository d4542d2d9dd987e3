//! Why one object of a pack (or a loose one) could not be decoded.
//!
//! A fault names what is wrong, never what the object holds. It is told together with the object's id and the file.

use gix::ObjectId;
use leakward_core::SkippedKind;

use super::delta::DeltaError;
use super::entry::EntryError;
use super::inflate::InflateError;

/// Why one object could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("{0}")]
    Entry(#[from] EntryError),
    #[error("{0}")]
    Inflate(#[from] InflateError),
    #[error("{0}")]
    Delta(#[from] DeltaError),
    #[error("the index points outside of the pack")]
    OutsidePack,
    #[error("the index lists another object at the same place")]
    SharedPlace,
    #[error("its delta base is not an entry of the pack")]
    BaseNotAnEntry,
    #[error("its delta base {0} is nowhere in the repository")]
    BaseMissing(ObjectId),
    #[error("its delta base cannot be read: {0}")]
    BaseUnreadable(Box<Fault>),
    #[error("its deltas go round in a circle")]
    Circle,
    #[error("it is stored through more than {0} deltas")]
    TooDeep(usize),
    #[error("it has {size} bytes, more than the limit of {limit}")]
    TooLarge { size: u64, limit: u64 },
    #[error("it is no git object")]
    NotAnObject,
    #[error("{0}")]
    Unreadable(String),
}

impl Fault {
    /// The kind it is told as.
    pub(crate) fn kind(&self) -> SkippedKind {
        match self {
            Self::TooDeep(_) | Self::TooLarge { .. } => SkippedKind::Limit,
            Self::BaseMissing(_) => SkippedKind::Missing,
            Self::Unreadable(_) => SkippedKind::Unreadable,
            Self::BaseUnreadable(fault) => fault.kind(),
            _ => SkippedKind::Corrupt,
        }
    }

    /// The same, as told of an object that is stored as changes of the one at fault.
    pub(crate) fn of_base(self) -> Self {
        match self {
            Self::BaseUnreadable(_) => self,
            fault => Self::BaseUnreadable(Box::new(fault)),
        }
    }
}
