//! Every cap on size, depth, count and time, in one place, with its default and why.
//!
//! A limit that is hit is reported as skipped with the object's name; it never cuts in silence.

/// The caps of a scan. Sizes are bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest single object (blob, file, member) that is read whole. Default 1 GiB: git's own practical
    /// bound for text, and what two threads can hold at once on a small machine.
    pub max_object_bytes: u64,
    /// Largest standard input that is read. Default 1 GiB.
    pub max_stdin_bytes: u64,
    /// Longest credential that a rule may match, in bytes. Default 64 KiB: the largest PEM and JSON keys are
    /// below 16 KiB.
    pub max_secret_bytes: usize,
    /// How many encodings deep a value is decoded (base64 in base64 …). Default 3.
    pub max_decode_depth: usize,
    /// Largest decoded value. Default 1 MiB.
    pub max_decoded_bytes: usize,
    /// Most matches kept from one piece; the rest is counted and reported. Default 100,000.
    pub max_matches_per_piece: usize,
    /// Longest chain of deltas that is followed; git itself writes at most 4,095. Default 10,000.
    pub max_delta_depth: usize,
    /// Deepest folder nesting that is followed in git trees. Default 1,024.
    pub max_tree_depth: usize,
    /// Most places kept for one finding; the rest is counted. Default 1,000 (GitHub rejects more per result).
    pub max_locations_per_finding: usize,
    /// Bytes of decoded delta bases that all threads together may hold. Default 512 MiB.
    pub max_live_base_bytes: u64,
    /// How many archives deep archives are opened: a zip file in a compressed tar file is three deep. 0 opens none.
    /// Default 8.
    pub max_archive_depth: usize,
    /// Most members that one archive may have, those of the archives in it included. Default 4,000,000: an image of
    /// a whole operating system has about 300,000 files.
    pub max_archive_entries: u64,
    /// Most bytes that one archive or image layer may unpack to, with everything in it. Default 64 GiB.
    pub max_unpacked_bytes: u64,
    /// How many times its own size an archive may unpack to, once it has unpacked to
    /// `free_unpacked_bytes`. Default 250: real archives stay below 50.
    pub max_unpacked_ratio: u64,
    /// What an archive may unpack to whatever its size is: a short file of zeros is no bomb. Default 256 MiB.
    pub free_unpacked_bytes: u64,
    /// Longest time that one archive or image layer may take, in seconds. Default 3,600: a large layer from a slow
    /// registry takes its time.
    pub max_archive_seconds: u64,
    /// Largest archive inside of another one that is held in memory, for formats that cannot be read from front to
    /// back (zip). Default 256 MiB.
    pub max_held_archive_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            max_object_bytes: 1024 * MIB,
            max_stdin_bytes: 1024 * MIB,
            max_secret_bytes: 64 << 10,
            max_decode_depth: 3,
            max_decoded_bytes: 1 << 20,
            max_matches_per_piece: 100_000,
            max_delta_depth: 10_000,
            max_tree_depth: 1_024,
            max_locations_per_finding: 1_000,
            max_live_base_bytes: 512 * MIB,
            max_archive_depth: 8,
            max_archive_entries: 4_000_000,
            max_unpacked_bytes: 64 * 1024 * MIB,
            max_unpacked_ratio: 250,
            free_unpacked_bytes: 256 * MIB,
            max_archive_seconds: 3_600,
            max_held_archive_bytes: 256 * MIB,
        }
    }
}
