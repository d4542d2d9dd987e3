//! Any bytes as a tape archive: its contents are no longer than it is, and it ends.
#![no_main]

use std::io::Read as _;

use leakward_sources::archive::TarReader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut reader = TarReader::new(bytes);
    let mut contents = 0;
    while let Ok(Some(entry)) = reader.next_entry() {
        let mut content = Vec::new();
        if reader.read_to_end(&mut content).is_ok() {
            assert_eq!(content.len() as u64, entry.size);
        }
        contents += content.len();
    }
    assert!(contents <= bytes.len());
});
