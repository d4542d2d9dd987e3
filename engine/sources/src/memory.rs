//! How the allocator of the C library gives memory back. Not for what is held, nor for limits.
//!
//! Unsafe code: the setting is a call of C.
#![allow(
    unsafe_code,
    reason = "the allocator's settings have no safe form, see the SAFETY text"
)]

/// From this size on a buffer is a mapping of its own, which goes back to the system when it is freed.
///
/// PERF: glibc raises the bound to the largest buffer that was ever freed, up to 32 MiB, and keeps what it was given: of a history of ansible it
/// held 300 MiB of which 200 were in use. With a fixed bound it is 250, of rails 164 instead of 199; it cost no time that could be measured.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 1 << 20;

/// Has the allocator give large buffers back to the system as soon as they are freed, from now on and for the whole process. Does nothing
/// where the allocator has no such setting.
pub fn give_large_buffers_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: `mallopt` may be called at any time and from any thread; it takes the allocator's own lock, and changes nothing about
    // what was handed out. An allocator that stands in for glibc's ignores it.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
    }
}
