//! A value assigned to a name such as `password`, in the ways of 30 languages and formats.

mod argument;
mod aside;
#[expect(
    clippy::module_inception,
    reason = "the detector has the folder's name"
)]
mod assignment;
mod evidence;
mod insert;
mod list;
mod name;
mod operator;
mod table;
mod value;

pub(crate) use assignment::{NEXT, REACH, find, reads};
pub(crate) use name::{NameKind, is_setting, words as name_words};
