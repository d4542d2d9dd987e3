//! Ports for servers that cannot be told to choose one themselves.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// A port on this machine that nobody listens on, and that the system gives to nobody else: it is below those that it hands
/// out by itself, and in a range that follows from the process. Each call gives another one, and the port after it is given to
/// nobody: OpenBao listens there for its cluster.
///
/// # Panics
/// When no port of the range is free.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 8_000).unwrap_or(0);
    for _ in 0..2_000 {
        let port = first + NEXT.fetch_add(2, Ordering::Relaxed) % 2_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port from {first} on is free");
}
