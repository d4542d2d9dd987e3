//! A large file as bytes, without a copy of it in memory.
//!
//! Unsafe code, as there is otherwise only in `git/prefetch.rs` and `memory.rs`. For small files a read into a reused buffer is four times faster
//! (no page faults: 129 ms against 555 ms over 25,800 files), so only large ones come here.
#![allow(
    unsafe_code,
    reason = "mapping a file is unsafe in Rust, see the SAFETY text"
)]

use std::fs::File;
use std::io;

use memmap2::{Mmap, MmapOptions};

/// Maps the first `len` bytes of `file` for reading.
///
/// # Errors
/// When the system refuses: a file system without mapping, no address space left.
pub(crate) fn map(file: &File, len: usize) -> io::Result<Mmap> {
    // SAFETY: the mapping is private and read-only, and it is alive only while one piece is looked at. Another
    // process can change the file meanwhile: then the bytes change under us, which every consumer of a piece
    // tolerates because it trusts none of them (no UTF-8 or other invariant is ever assumed of file content,
    // and every access is bounds-checked against the mapping's fixed length). A file that is truncated
    // meanwhile ends the process with SIGBUS; the caller accepts that for files too large to copy.
    unsafe { MmapOptions::new().len(len).map(file) }
}
