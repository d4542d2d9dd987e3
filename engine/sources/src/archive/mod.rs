//! What is in archives, compressed files and documents, wherever they lie: in a folder, a git blob, an image layer, another
//! archive.
//!
//! [`Unpacking`] stands between a source and a visitor: it knows an archive by its first bytes, never by its name, and
//! shows its members as pieces of their own. Nothing is written anywhere: a member is read from front to back, a large
//! one in overlapping parts; only formats with their directory at the end are held in memory when they are nested.
//!
//! INVARIANT: an archive that is damaged, encrypted, of an unknown method or over a limit is told, with the member's
//! path, and makes the scan incomplete. Names in an archive are labels; no file is ever made from one.

mod ar;
mod budget;
mod cpio;
mod decoder;
mod expansion;
mod fault;
mod format;
mod inflating;
mod java_class;
#[cfg(test)]
pub(crate) mod made;
mod mail;
mod pdf;
mod python_bytecode;
mod rpm;
mod seven_zip;
mod sqlite;
mod tar;
#[cfg(test)]
mod tests;
mod unpacking;
pub(crate) mod windows;
mod zip;

pub use ar::ArReader;
pub(crate) use budget::{Budget, Metered};
pub use cpio::CpioReader;
pub(crate) use decoder::decoder;
pub use fault::Fault;
pub use format::Format;
pub use tar::{TarEntry, TarKind, TarReader};
pub use unpacking::{Archives, Unpacking};
pub use zip::{ZipDirectory, ZipEntry};
