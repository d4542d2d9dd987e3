//! Decode: credentials inside of encodings, found in the decoded bytes and mapped back to the original ones.
//!
//! A run of base64 digits that begins with what decodes to text (or to gzip) is decoded, so are rows of hexadecimal
//! digits, percent signs, backslash escapes, entities, quoted-printable and texts in several literals; the result goes through the whole of detection again, some levels deep. Text in
//! UTF-16 or UTF-32 is decoded as a whole. The strings of binaries are looked at when the user asks for it.
//!
//! Decoders hand out each byte with the source bytes that it came from, so that a span can be mapped back exactly.

pub(crate) mod base64;
mod concatenation;
mod encoding;
mod entity;
mod escaped;
pub(crate) mod hex;
mod inflate;
mod quoted_printable;
mod run;
#[cfg(target_arch = "x86_64")]
mod run_avx2;
mod sources;
mod strings;
mod text;
mod wide;

pub(crate) use encoding::{Decoded, ESCAPES_REACH, decode_at, decode_run};
pub(crate) use run::{SHORTEST as SHORTEST_RUN, find_runs};
pub(crate) use strings::strings;
pub(crate) use wide::decode as decode_wide;
