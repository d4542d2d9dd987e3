//! Writes the seeds of every fuzz target to `corpus/TARGET/`, where libFuzzer begins.

use std::fs;
use std::path::Path;

use leakward_foreign_bytes::Promise;

fn main() -> std::io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for promise in Promise::ALL {
        let folder = corpus.join(promise.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in (promise.seeds)().into_iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
    }
    Ok(())
}
