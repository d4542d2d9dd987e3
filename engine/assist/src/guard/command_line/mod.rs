//! A command line, taken apart as a shell does it: into simple commands and their words, those inside of words included.
//!
//! Not a shell: variables keep their names, and nothing is run or looked up. Whatever is put in is taken apart somehow.
//!
//! What a shell would not run is no command here, and the other way round: text behind `<<` begins with the next line, and
//! in arithmetic `<<` shifts.

mod inside;
mod line;
mod quotes;
mod reader;
mod redirection;

pub(super) use line::{CommandLine, Gap, Joint, Part, Simple, Word};
