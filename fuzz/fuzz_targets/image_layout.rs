//! Any bytes as the index, the manifest and the configuration of an image: they are understood or told, and nothing
//! outside of the folder is read.
#![no_main]

use leakward_sources::image::{Digest, Images};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8], &[u8])| {
    let (index, manifest, config) = input;
    let folder = tempfile::tempdir().unwrap();
    let blobs = folder.path().join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    std::fs::write(folder.path().join("oci-layout"), "{}").unwrap();
    for blob in [manifest, config] {
        std::fs::write(blobs.join(Digest::of(blob).parts().1), blob).unwrap();
    }
    // Bytes at random never hold a digest, so the index also comes with the right one.
    let right = format!(
        r#"{{"manifests":[{{"digest":"{}"}}]}}"#,
        Digest::of(manifest)
    );
    for index in [index, right.as_bytes()] {
        std::fs::write(folder.path().join("index.json"), index).unwrap();
        let _understood = Images::at(folder.path(), None);
    }
});
