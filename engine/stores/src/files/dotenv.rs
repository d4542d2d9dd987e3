//! `.env` files: `NAME=value`, one a line, with quotes and comments as shells and most libraries read them.
//!
//! Lines that are not changed stay as they are, comments and order included. A value that needs it is put in quotes: single ones
//! where they suffice, since nothing inside of them has a meaning.

use std::ops::Range;
use std::path::Path;

use leakward_core::Secret;
use zeroize::Zeroizing;

use super::file_store::{FileStore, Format, FormatError};
use crate::error::StoreError;
use crate::exposed::text;
use crate::kind::{Kind, Opened};
use crate::spec::StoreSpec;
use crate::store::Fields;
use crate::surroundings::Surroundings;

pub(crate) const KIND: Kind = Kind {
    name: "env",
    also: &["dotenv"],
    about: "a .env file, or a folder of them; not encrypted",
    example: "env:.env",
    options: &[],
    open,
};

fn open(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Opened, StoreError> {
    FileStore::new(spec, surroundings, Box::new(Dotenv)).map(|store| Opened::Store(Box::new(store)))
}

struct Dotenv;

/// One assignment.
pub(super) struct Assignment<'t> {
    pub(super) name: &'t str,
    /// Where the value stands, with its quotes.
    pub(super) value: Range<usize>,
    /// Where the line stands, with its end.
    pub(super) line: Range<usize>,
    /// What it says.
    pub(super) says: Zeroizing<String>,
}

/// The assignments of a file, in order. A line that is none is told by its number.
pub(super) fn assignments(file: &str) -> Result<Vec<Assignment<'_>>, FormatError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = file.get(at..).filter(|rest| !rest.is_empty()) {
        let line = rest.split_inclusive('\n').next().unwrap_or(rest);
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            at += line.len();
            continue;
        }
        let wrong = || {
            let number = file.get(..at).unwrap_or_default().matches('\n').count() + 1;
            FormatError::Malformed(format!("line {number} is no assignment"))
        };
        let (left, _) = line.split_once('=').ok_or_else(wrong)?;
        let name = left.trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        if !is_name {
            return Err(wrong());
        }
        let after = at + left.len() + 1;
        let blank = file
            .get(after..)
            .unwrap_or_default()
            .bytes()
            .take_while(|byte| *byte == b' ' || *byte == b'\t')
            .count();
        let start = after + blank;
        let (length, says) = value(file.get(start..).unwrap_or_default()).ok_or_else(wrong)?;
        let end = start + length;
        let line_end = file
            .get(end..)
            .and_then(|rest| rest.find('\n'))
            .map_or(file.len(), |newline| end + newline + 1);
        found.push(Assignment {
            name,
            value: start..end,
            line: at..line_end,
            says,
        });
        at = line_end;
    }
    Ok(found)
}

/// Length of a value with its quotes, and what it says.
fn value(text: &str) -> Option<(usize, Zeroizing<String>)> {
    if let Some(inner) = text.strip_prefix('\'') {
        let end = inner.find('\'')?;
        return Some((end + 2, Zeroizing::new(inner.get(..end)?.to_owned())));
    }
    if let Some(inner) = text.strip_prefix('"') {
        let mut says = Zeroizing::new(String::new());
        let mut characters = inner.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => return Some((at + 2, says)),
                '\\' => {
                    let (_, escaped) = characters.next()?;
                    match escaped {
                        'n' => says.push('\n'),
                        'r' => says.push('\r'),
                        't' => says.push('\t'),
                        '"' | '\\' | '$' | '`' => says.push(escaped),
                        other => says.extend(['\\', other]),
                    }
                }
                other => says.push(other),
            }
        }
        return None;
    }
    let line = text.split(['\n', '\r']).next().unwrap_or_default();
    let bare = line
        .find(" #")
        .map_or(line, |at| line.get(..at).unwrap_or(line));
    let bare = if bare.starts_with('#') {
        ""
    } else {
        bare.trim_end()
    };
    Some((bare.len(), Zeroizing::new(bare.to_owned())))
}

/// A value as it can stand in a line.
pub(super) fn written(value: &str) -> Zeroizing<String> {
    let is_plain = !value.is_empty()
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_./:@%+,=^~".contains(&byte));
    Zeroizing::new(if is_plain {
        value.to_owned()
    } else if !value.contains(['\'', '\n', '\r']) {
        format!("'{value}'")
    } else {
        let mut quoted = String::from("\"");
        for character in value.chars() {
            match character {
                '\n' => quoted.push_str("\\n"),
                '\r' => quoted.push_str("\\r"),
                '\t' => quoted.push_str("\\t"),
                '"' | '\\' | '$' | '`' => quoted.extend(['\\', character]),
                other => quoted.push(other),
            }
        }
        quoted.push('"');
        quoted
    })
}

impl Format for Dotenv {
    fn name(&self) -> &'static str {
        ".env files"
    }

    fn takes(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_sample = ["example", "sample", "template", "dist"]
            .iter()
            .any(|ending| name.ends_with(ending));
        let is_env = name == ".env" || name.starts_with(".env.") || name.ends_with(".env");
        is_env && !is_sample && !name.contains(".leakward-")
    }

    fn is_encrypted(&self) -> bool {
        false
    }

    fn read(&self, _path: &Path, text: &str) -> Result<Fields, FormatError> {
        Ok(assignments(text)?
            .into_iter()
            .map(|assignment| {
                let says = Secret::new(assignment.says.as_bytes());
                (assignment.name.to_owned(), says)
            })
            .collect())
    }

    fn write(
        &self,
        _path: &Path,
        before: Option<&str>,
        fields: &Fields,
    ) -> Result<String, FormatError> {
        let old = before.unwrap_or_default();
        let assignments = assignments(old)?;
        let mut made = old.to_owned();
        // From the back, so that what stands before a change stays where it is.
        for assignment in assignments.iter().rev() {
            match fields.get(assignment.name) {
                None => made.replace_range(assignment.line.clone(), ""),
                Some(value) => {
                    let value = text(value).ok_or_else(no_text)?;
                    if value != assignment.says.as_str() {
                        made.replace_range(assignment.value.clone(), &written(value));
                    }
                }
            }
        }
        for (name, value) in fields {
            if !assignments.iter().any(|known| known.name == name) {
                if !made.is_empty() && !made.ends_with('\n') {
                    made.push('\n');
                }
                let value = written(text(value).ok_or_else(no_text)?);
                made.push_str(&format!("{name}={}\n", value.as_str()));
            }
        }
        Ok(made)
    }

    fn identity(&self) -> Result<(String, String), FormatError> {
        Ok(("whoever may read the file".to_owned(), "file".to_owned()))
    }
}

fn no_text() -> FormatError {
    FormatError::Unsupported("a value is no text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str) -> Vec<(String, String)> {
        assignments(file)
            .expect("assignments")
            .into_iter()
            .map(|found| (found.name.to_owned(), found.says.to_string()))
            .collect()
    }

    #[test]
    fn quotes_comments_and_exports_are_read_as_shells_read_them() {
        let file = "# c\n\nA=1 # one\nexport B = 'x # y'\nC=\"a\\nb \\$ \\\"q\\\"\"\nD=\nE=p=q#r\nF=\"two\nlines\"\nG=last";
        let expected = [
            ("A", "1"),
            ("B", "x # y"),
            ("C", "a\nb $ \"q\""),
            ("D", ""),
            ("E", "p=q#r"),
            ("F", "two\nlines"),
            ("G", "last"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read(file), expected);
    }

    #[test]
    fn only_what_changed_is_written() {
        let file = "# keep\nA='old' # why\nB=stays\nC=goes\n";
        let fields = Fields::from(
            [("A", "n'w"), ("B", "stays"), ("D", "x y")]
                .map(|(name, value)| (name.to_owned(), Secret::new(value.as_bytes()))),
        );
        let made = Dotenv.write(Path::new(".env"), Some(file), &fields);
        assert_eq!(
            made.expect("written"),
            "# keep\nA=\"n'w\" # why\nB=stays\nD='x y'\n"
        );
    }

    #[test]
    fn a_line_that_is_none_is_named_and_not_repeated() {
        let error = assignments("A=1\ncanary without sign\n")
            .err()
            .expect("no assignment");
        assert_eq!(error.to_string(), "line 2 is no assignment");
    }
}
