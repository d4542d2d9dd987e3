//! The pages of docs/ that are made of the program are what the program says.

use std::path::Path;

#[test]
fn the_reference_pages_are_those_of_the_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let program = Path::new(env!("CARGO_BIN_EXE_leakward"));
    let different = xtask::difference(&root, program).expect("the program writes them");
    assert!(
        different.is_empty(),
        "run `cargo xtask docs` and commit what it writes: {different:#?}"
    );
}
