//! How a scan tells how far it is. The program draws bars from it; tests and pipes take [`Silent`].

/// Is told how far the scan is, from all threads.
pub trait Progress: Sync {
    /// Something new begins: "history", "working tree".
    fn phase(&self, name: &str);
    /// So many objects and bytes are coming in this phase, as far as known.
    fn expect(&self, objects: u64, bytes: u64);
    /// So many more are done.
    fn advance(&self, objects: u64, bytes: u64);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn phase(&self, _name: &str) {}
    fn expect(&self, _objects: u64, _bytes: u64) {}
    fn advance(&self, _objects: u64, _bytes: u64) {}
}
