//! Every promise is held to its word with a few hundred inputs near to its seeds: one test for each fuzz target.

use std::collections::BTreeSet;
use std::path::Path;

use leakward_foreign_bytes::{Promise, mutated};

/// Inputs for each. Those that write files get fewer.
const INPUTS: usize = 400;
const INPUTS_WITH_FILES: usize = 120;

fn is_kept(name: &str) {
    let promise = Promise::named(name).expect("a promise of that name");
    let seeds = (promise.seeds)();
    assert!(!seeds.is_empty());
    let writes = [
        "git_repository",
        "git_index",
        "git_pack_walk",
        "image_documents",
    ]
    .contains(&name);
    for input in mutated(&seeds, if writes { INPUTS_WITH_FILES } else { INPUTS }) {
        // A panic shows the input, so that it can become a test of its own.
        if let Err(panic) = std::panic::catch_unwind(|| (promise.check)(&input)) {
            eprintln!("{name} breaks its word for b\"{}\"", input.escape_ascii());
            std::panic::resume_unwind(panic);
        }
    }
}

macro_rules! promises {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                is_kept(stringify!($name));
            }
        )*

        #[test]
        fn every_promise_has_a_test_here() {
            let tested = BTreeSet::from([$(stringify!($name)),*]);
            let promised: BTreeSet<&str> = Promise::ALL.iter().map(|promise| promise.name).collect();
            assert_eq!(tested, promised);
        }
    };
}

promises!(
    detect,
    decode_run,
    decode_escapes,
    decode_wide,
    checksum,
    rule_file,
    gitleaks_config,
    nosey_parker_rules,
    trufflehog_detectors,
    sample_template,
    config,
    ignore_file,
    baseline,
    gitleaks_ignore,
    path_glob,
    remote_url,
    git_tree,
    git_commit,
    git_repository,
    git_index,
    git_chronicle,
    git_reftable,
    git_pack_entry,
    git_delta,
    git_pack_walk,
    archive_members,
    archive_tar,
    archive_ar,
    archive_cpio,
    archive_zip,
    image_documents,
    image_containerd,
    image_name,
    guard_command,
    guard_input,
);

#[test]
fn every_promise_has_a_fuzz_target() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).expect("the manifest of fuzz/");
    let promised: BTreeSet<String> = Promise::ALL
        .iter()
        .map(|promise| promise.name.to_owned())
        .collect();
    let files: BTreeSet<String> = std::fs::read_dir(fuzz.join("fuzz_targets"))
        .expect("the folder of targets")
        .filter_map(|entry| entry.ok()?.path().file_stem()?.to_str().map(str::to_owned))
        .collect();
    assert_eq!(files, promised);
    for name in promised {
        assert!(
            manifest.contains(&format!("name = \"{name}\"")),
            "{name} is not in fuzz/Cargo.toml"
        );
        let target = std::fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs")))
            .expect("a target");
        assert!(
            target.contains(&format!("\"{name}\"")),
            "{name} checks another promise"
        );
    }
}

#[test]
fn mutated_inputs_are_many_and_the_same_in_every_run() {
    let seeds = vec![
        b"some text to begin with".to_vec(),
        b"and another one".to_vec(),
    ];
    let inputs = mutated(&seeds, 300);
    assert_eq!(inputs, mutated(&seeds, 300));
    assert!(inputs.iter().collect::<BTreeSet<_>>().len() > 200);
}
