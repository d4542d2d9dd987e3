//! Globs over paths, with the habits of `.gitignore`: `*` stays within one folder, `**` crosses folders, a glob
//! without a slash fits at any depth, and one that ends with a slash fits everything below that folder.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// A text that is not a glob.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{glob:?} is not a glob: {problem}")]
pub struct NotAGlob {
    /// As written.
    pub glob: String,
    /// What is wrong with it.
    pub problem: String,
}

/// One set of all `globs`; a path fits when one of them does.
///
/// # Errors
/// The first that is not a glob.
pub fn path_globs<'g>(globs: impl IntoIterator<Item = &'g str>) -> Result<GlobSet, NotAGlob> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(compile(glob)?);
    }
    set.build().map_err(|error| NotAGlob {
        glob: String::new(),
        problem: error.to_string(),
    })
}

fn compile(glob: &str) -> Result<Glob, NotAGlob> {
    let trimmed = glob.strip_prefix('/').unwrap_or(glob);
    let anywhere = if trimmed.trim_end_matches('/').contains('/') || trimmed.len() < glob.len() {
        ""
    } else {
        "**/"
    };
    let below = if trimmed.ends_with('/') { "**" } else { "" };
    GlobBuilder::new(&format!("{anywhere}{trimmed}{below}"))
        .literal_separator(true)
        .build()
        .map_err(|error| NotAGlob {
            glob: glob.to_owned(),
            problem: error.kind().to_string(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_have_the_habits_of_gitignore() {
        for (glob, path, fits) in [
            ("*.md", "README.md", true),
            ("*.md", "docs/a/b.md", true),
            ("/*.md", "docs/b.md", false),
            ("docs/*.md", "docs/b.md", true),
            ("docs/*.md", "docs/a/b.md", false),
            ("docs/**", "docs/a/b.md", true),
            ("docs/", "docs/a/b.md", true),
            ("docs/", "src/docs/b.md", true),
            ("/docs/", "src/docs/b.md", false),
            ("**/test/**", "a/test/b", true),
            ("a{b,c}.txt", "ac.txt", true),
        ] {
            let set = path_globs([glob]).expect("a glob");
            assert_eq!(set.is_match(path), fits, "{glob} {path}");
        }
    }

    #[test]
    fn what_is_not_a_glob_is_named() {
        let error = path_globs(["a", "x[", "b"]).expect_err("not a glob");
        assert_eq!(error.glob, "x[");
    }
}
