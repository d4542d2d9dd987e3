//! Asks the processor for a line of memory before it is needed.
//!
//! PERF: tables over all objects of a repository are larger than every cache, and each look into one waits for memory: a sixth
//! of the walk over rails' history. Whoever knows some work ahead where it will look asks first. Not for what is read from front to back: the
//! processor sees that by itself.
#![allow(
    unsafe_code,
    reason = "the instruction is unsafe in Rust, see the SAFETY text"
)]

/// Asks for the line of memory in which `place` begins. Nothing else happens.
#[inline]
pub(super) fn prefetch<T: ?Sized>(place: &T) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse"))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: it reads nothing that the program could see, of any address, and here it is that of something that lives.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast()) }
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse")))]
    let _unused = place;
}
