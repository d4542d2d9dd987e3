//! Any bytes as a zip file: each entry's content is a part of the file.
#![no_main]

use leakward_sources::archive::ZipDirectory;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let directory = ZipDirectory::read(bytes, 1_000);
    let file = bytes.as_ptr_range();
    for entry in &directory.entries {
        let packed = entry.packed.as_ptr_range();
        assert!(entry.packed.is_empty() || (file.start <= packed.start && packed.end <= file.end));
    }
    // One more than allowed tells that there are more.
    assert!(directory.entries.len() <= 1_001 + 1);
});
