//! Labelled material to measure accuracy on: what is planted where, and what a detector makes of it.
//!
//! [`Library`] reads the texts that are written by hand: file formats with believable surroundings (`formats/`), kinds of
//! credentials and of look-alikes (`materials/`). [`Corpus::generate`] draws from them, and from the samples of every rule, files
//! with labels; [`Score`] runs a detector over the files and counts; [`Record`] is what is kept to compare with.
//!
//! INVARIANT: nothing with the shape of a credential is written down in this folder. All values are drawn at run time,
//! the same ones for the same seed.
//! INVARIANT: the two [`Set`]s share no seed, and one part in five of the hand-written texts is used by the scoring set only. What is
//! tuned on one is measured on the other.
#![forbid(unsafe_code)]

mod assemble;
mod corpus;
mod dice;
mod document;
mod format;
mod library;
mod material;
mod name;
mod passwords;
mod plant;
mod planting;
mod record;
mod review;
mod rule_plants;
mod scene;
mod score;
mod set;
mod table;
mod vocabulary;

pub use corpus::{Corpus, Size};
pub use document::{Category, Document, Label, Truth};
pub use library::{Library, LibraryError};
pub use record::{Record, RecordError};
pub use review::{Reading, review};
pub use scene::SceneError;
pub use score::{Count, Miss, NOBODY_LOOKED, Score};
pub use set::{Set, UnknownSet};
pub use table::tables;
