//! The header of a pack entry, from any bytes: it lies within them, or is refused.
#![no_main]

use leakward_sources::git::pack::EntryHeader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for hash in [gix::hash::Kind::Sha1, gix::hash::Kind::Sha256] {
        if let Ok(header) = EntryHeader::parse(bytes, hash) {
            assert!(header.length <= bytes.len());
        }
    }
});
