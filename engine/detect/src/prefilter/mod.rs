//! Prefilter: one pass over the bytes that finds every literal of every rule.
//!
//! Each literal is known by its rarest four bytes (a *gram*), folded by `| 0x20` so that letters of both cases are
//! alike. The grams' hashes are bits in a bitmap that stays in the first-level cache. A position whose bit is set is looked up
//! in a small table, and the literal compared in full.
//!
//! LAW: it may say yes wrongly, never no wrongly. Here it is even exact: a hit is a literal that stands there.
//! See `DESIGN.md`.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod beside;
mod block;
mod frequency;
mod gram;
mod gram_table;
mod hit;
mod literal;
mod portable;
#[expect(
    clippy::module_inception,
    reason = "the stage's main type has the stage's name"
)]
mod prefilter;
mod scalar;

pub use hit::Hit;
pub(crate) use literal::{Literal, Spelling};
pub(crate) use prefilter::Prefilter;
