//! Carry: what is known of a piece, taken over to another piece that was copied from it in parts.
//!
//! A pack stores most versions of a file as edits of another version. A hit whose bytes were copied is a hit again, and
//! one that came to nothing because of bytes that were all copied comes to nothing again, and so does one whose candidates
//! the judge turned down. Only what is left is looked at. DESIGN.md says why nothing is lost; the tests hold the result against a plain look at every piece.

mod carried;
mod copied;
mod note;

pub(crate) use carried::carry;
pub use copied::Copied;
pub use note::Note;
pub(crate) use note::{Fate, Known, Reads, TurnedDown};
