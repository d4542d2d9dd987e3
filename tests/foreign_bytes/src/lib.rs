//! What is promised about each parser of bytes from strangers.
//!
//! A [`Promise`] is a function that takes any bytes, hands them to a parser and panics when it breaks its word: with a
//! panic of its own, a span outside of the bytes, an error without a place. `fuzz/` has one target of the same name
//! for each, and `tests/short_runs.rs` tries each with some hundred [`mutated`] seeds.
//!
//! A new parser gets a line in [`Promise::ALL`] and a file in `fuzz/fuzz_targets/`; a test compares the two.
#![forbid(unsafe_code)]

mod archives;
mod detection;
mod git;
mod guard;
mod mutation;
mod other_tools;
mod policy;
mod rules;

pub use mutation::mutated;

/// What is promised about a parser.
#[derive(Clone, Copy, Debug)]
pub struct Promise {
    /// Name of the fuzz target.
    pub name: &'static str,
    /// Panics when the promise is broken for these bytes.
    pub check: fn(&[u8]),
    /// Inputs that get far into the parser.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

impl Promise {
    /// One for each parser.
    pub const ALL: &'static [Promise] = &[
        Promise {
            name: "detect",
            check: detection::detect,
            seeds: detection::texts,
        },
        Promise {
            name: "decode_run",
            check: detection::decode_run,
            seeds: detection::runs,
        },
        Promise {
            name: "decode_escapes",
            check: detection::decode_escapes,
            seeds: detection::escapes,
        },
        Promise {
            name: "decode_wide",
            check: detection::decode_wide,
            seeds: detection::wide_texts,
        },
        Promise {
            name: "checksum",
            check: detection::checksum,
            seeds: detection::credentials,
        },
        Promise {
            name: "rule_file",
            check: rules::rule_file,
            seeds: rules::rule_files,
        },
        Promise {
            name: "gitleaks_config",
            check: other_tools::gitleaks_config,
            seeds: other_tools::gitleaks_configs,
        },
        Promise {
            name: "nosey_parker_rules",
            check: other_tools::nosey_parker_rules,
            seeds: other_tools::nosey_parker_files,
        },
        Promise {
            name: "trufflehog_detectors",
            check: other_tools::trufflehog_detectors,
            seeds: other_tools::trufflehog_files,
        },
        Promise {
            name: "sample_template",
            check: rules::sample_template,
            seeds: rules::templates,
        },
        Promise {
            name: "config",
            check: policy::config,
            seeds: policy::configs,
        },
        Promise {
            name: "ignore_file",
            check: policy::ignore_file,
            seeds: policy::ignore_files,
        },
        Promise {
            name: "baseline",
            check: policy::baseline,
            seeds: policy::baselines,
        },
        Promise {
            name: "gitleaks_ignore",
            check: policy::gitleaks_ignore,
            seeds: policy::gitleaks_ignores,
        },
        Promise {
            name: "path_glob",
            check: policy::path_glob,
            seeds: policy::path_globs,
        },
        Promise {
            name: "remote_url",
            check: git::remote_url,
            seeds: git::remote_urls,
        },
        Promise {
            name: "git_tree",
            check: git::tree,
            seeds: git::trees,
        },
        Promise {
            name: "git_commit",
            check: git::commit,
            seeds: git::commits,
        },
        Promise {
            name: "git_repository",
            check: git::repository,
            seeds: git::repositories,
        },
        Promise {
            name: "git_index",
            check: git::index,
            seeds: git::indexes,
        },
        Promise {
            name: "git_chronicle",
            check: git::chronicle,
            seeds: git::chronicles,
        },
        Promise {
            name: "git_reftable",
            check: git::reftable,
            seeds: git::reftables,
        },
        Promise {
            name: "git_pack_entry",
            check: git::pack_entry,
            seeds: git::pack_entries,
        },
        Promise {
            name: "git_delta",
            check: git::delta,
            seeds: git::deltas,
        },
        Promise {
            name: "git_pack_walk",
            check: git::pack_walk,
            seeds: git::packs,
        },
        Promise {
            name: "archive_members",
            check: archives::members,
            seeds: archives::archives,
        },
        Promise {
            name: "archive_tar",
            check: archives::tar,
            seeds: archives::tars,
        },
        Promise {
            name: "archive_ar",
            check: archives::ar,
            seeds: archives::ars,
        },
        Promise {
            name: "archive_cpio",
            check: archives::cpio,
            seeds: archives::cpios,
        },
        Promise {
            name: "archive_zip",
            check: archives::zip,
            seeds: archives::zips,
        },
        Promise {
            name: "image_documents",
            check: archives::image,
            seeds: archives::images,
        },
        Promise {
            name: "image_containerd",
            check: archives::containerd,
            seeds: archives::containerd_databases,
        },
        Promise {
            name: "image_name",
            check: archives::image_name,
            seeds: archives::image_names,
        },
        Promise {
            name: "guard_command",
            check: guard::command,
            seeds: guard::commands,
        },
        Promise {
            name: "guard_input",
            check: guard::input,
            seeds: guard::inputs,
        },
    ];

    /// The promise of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Promise> {
        Self::ALL.iter().find(|promise| promise.name == name)
    }
}
