//! Reads the rule files of other scanners: gitleaks and betterleaks (TOML), Nosey Parker, Titus and Kingfisher (YAML),
//! TruffleHog's custom detectors (YAML).
//!
//! [`import`] turns the text of such a file into an [`Import`], or into every error that could be found, each with file, line and
//! column. There is no partial load, and nothing that a file says is passed over in silence: what has no counterpart here is an
//! error when findings depend on it, and a note when they do not (how a credential is verified, say).
//!
//! The rules work as they do in their own tool; docs/other-tools.md tells where they do not. This crate opens no file: files
//! that a file extends are asked for through a [`Loader`].
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

mod apply;
mod error;
mod expr;
mod filter;
mod format;
mod gitleaks;
mod gitleaks_rule;
mod go_regex;
mod ids;
mod kingfisher;
mod literals;
mod node;
mod reader;
mod regex;
mod source;
mod toml_node;
mod trufflehog;
mod yaml_node;

pub use apply::{Base, Change, Import};
pub use error::{ImportError, ImportErrors};
pub use format::Format;
pub use ids::of_gitleaks;

use source::Source;

/// Where a file that is extended comes from: its text by its path, as written in the file.
pub type Loader<'l> = dyn FnMut(&str) -> std::io::Result<String> + 'l;

/// LIMIT: longest rule file, in bytes. The longest that is known has half a megabyte.
pub const LONGEST_FILE: usize = 16 << 20;

/// Reads the rule file of another tool.
///
/// # Errors
/// Everything that is wrong in it. Then no rule is given out.
pub fn import(
    text: &str,
    name: &str,
    format: Format,
    loader: &mut Loader<'_>,
) -> Result<Import, ImportErrors> {
    let source = Source::new(name, text);
    if text.len() > LONGEST_FILE {
        source.report_at(
            (1, 1),
            format!(
                "the file has {} bytes; the limit is {LONGEST_FILE}",
                text.len()
            ),
        );
        return source.finish(Import::default());
    }
    match format {
        Format::Gitleaks => gitleaks::read(text, name, loader, 0),
        Format::NoseyParker => {
            let import = kingfisher::read(&source);
            source.finish(import)
        }
        Format::TruffleHog => {
            let import = trufflehog::read(&source);
            source.finish(import)
        }
    }
}
