//! Any bytes as an archive of `ar` and of cpio: their contents are no longer than they are, and they end.
#![no_main]

use std::io::Read as _;

use leakward_sources::archive::{ArReader, CpioReader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut contents = 0;
    if let Ok(mut reader) = ArReader::new(bytes) {
        while let Ok(Some(_name)) = reader.next_entry() {
            let mut content = Vec::new();
            let _cut_off = reader.read_to_end(&mut content);
            contents += content.len();
        }
    }
    assert!(contents <= bytes.len());
    let mut contents = 0;
    let mut reader = CpioReader::new(bytes);
    while let Ok(Some(_name)) = reader.next_entry() {
        let mut content = Vec::new();
        let _cut_off = reader.read_to_end(&mut content);
        contents += content.len();
    }
    assert!(contents <= bytes.len());
});
