//! Git LFS objects and their pointers, made by hand: the tests need no git-lfs.
//!
//! Format: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>.

use sha2::{Digest, Sha256};

/// The name of an object with this content, and the pointer that stands for it in the repository.
#[must_use]
pub fn lfs_object(content: &[u8]) -> (String, String) {
    let name: String = Sha256::digest(content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{name}\nsize {}\n",
        content.len()
    );
    (name, pointer)
}
