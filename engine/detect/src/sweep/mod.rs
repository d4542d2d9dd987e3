//! Sweep: rules of other tools, whose expressions are run over a whole piece once a keyword of theirs stands in it.
//!
//! Such a rule is applied as its own tool applies it: what the expression matches is a find unless its entropy or an
//! exception speaks against it. The judge is not asked, because whoever wrote the rule has judged already.
//!
//! Not part of what is carried through deltas: a sweep reads the whole piece, so it is done again for each version in which a
//! keyword stands.

mod exceptions;
mod line;
mod look;
mod matcher;

pub(crate) use exceptions::{Exceptions, TextVerdict, Texts};
pub(crate) use look::{look, open_exceptions, settle};
pub(crate) use matcher::{SweepMatcher, Swept, compile};
