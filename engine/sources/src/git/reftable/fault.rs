//! Why a table cannot be read, or not to its end.

/// Why a table cannot be read, or not to its end. Names no content of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TableFault {
    /// The mark at its start is missing.
    #[error("it is no table of refs")]
    NoTable,
    /// A version after the second.
    #[error("its version {0} is not known")]
    UnknownVersion(u8),
    /// It does not fit to the repository.
    #[error("it names objects by another hash than the repository")]
    OtherHash,
    /// Its footer is missing or has another checksum.
    #[error("its footer is damaged")]
    DamagedFooter,
    /// A block that goes beyond its end, or has no records.
    #[error("a block of it is cut off")]
    DamagedBlock,
    /// A record that goes beyond its block, or makes no sense.
    #[error("a record of it is damaged")]
    DamagedRecord,
    /// A name or all names together are larger than any repository has them.
    #[error("its names are larger than the limit")]
    TooLarge,
}
