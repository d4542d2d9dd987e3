//! Reads the hand-written texts of this folder.
//!
//! They are read when the program runs, not embedded: to add a format is to add a file, without compiling anything.

use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::format::Format;
use crate::material::Material;
use crate::set::Set;

/// The hand-written texts.
#[derive(Clone, Debug)]
pub struct Library {
    pub(crate) formats: Vec<Format>,
    pub(crate) material: Material,
}

/// A hand-written text that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// A folder or file that cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that is not what it should be.
    #[error("{}: {source}", path.display())]
    Parse {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<toml::de::Error>,
    },
}

impl Library {
    /// Where the texts are in the source tree that this was built from.
    #[must_use]
    pub fn folder() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    /// Reads `formats/` and `materials/` in `folder`.
    ///
    /// # Errors
    /// The first file that cannot be read or used.
    pub fn read(folder: &Path) -> Result<Library, LibraryError> {
        let mut formats = Vec::new();
        for path in toml_files(&folder.join("formats"))? {
            let mut format: Format = read_toml(&path)?;
            format.name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            formats.push(format);
        }
        let mut material = Material::default();
        for path in toml_files(&folder.join("materials"))? {
            material.extend(read_toml(&path)?);
        }
        Ok(Library { formats, material })
    }

    /// The texts that a set may use.
    #[must_use]
    pub(crate) fn admitted(&self, set: Set) -> Library {
        let mut library = self.clone();
        for format in &mut library.formats {
            format.paths = set.admitted(std::mem::take(&mut format.paths));
            format.host = set.admitted(std::mem::take(&mut format.host));
            for slot in &mut format.slot {
                slot.pairs = set.admitted(std::mem::take(&mut slot.pairs));
                slot.lines = set.admitted(std::mem::take(&mut slot.lines));
                slot.blocks = set.admitted(std::mem::take(&mut slot.blocks));
            }
            for line in &mut format.line {
                line.text = set.admitted(std::mem::take(&mut line.text));
            }
            keep_only_slots_of_hosts(format);
        }
        let material = &mut library.material;
        for names in material.names.values_mut() {
            *names = set.admitted(std::mem::take(names));
        }
        for values in material
            .credential
            .iter_mut()
            .chain(&mut material.look_alike)
        {
            values.values = set.admitted(std::mem::take(&mut values.values));
        }
        for lines in &mut material.line {
            lines.text = set.admitted(std::mem::take(&mut lines.text));
        }
        library
    }

    /// The names of the formats.
    pub fn format_names(&self) -> impl Iterator<Item = &str> {
        self.formats.iter().map(|format| format.name.as_str())
    }
}

/// A slot whose only hosts are held out takes no plants.
fn keep_only_slots_of_hosts(format: &mut Format) {
    let Format {
        host, slot, line, ..
    } = format;
    let is_hosted = |name: &str| {
        let sign = format!("‹{name}›");
        host.iter()
            .any(|host| host.text.lines().any(|text| text.trim() == sign))
    };
    slot.retain(|slot| is_hosted(&slot.name));
    line.retain(|line| is_hosted(&line.slot));
}

fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, LibraryError> {
    let wrong = |source| LibraryError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.extension().is_some_and(|suffix| suffix == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, LibraryError> {
    let text = std::fs::read_to_string(path).map_err(|source| LibraryError::Read {
        path: path.to_owned(),
        source,
    })?;
    toml::from_str(&text).map_err(|source| LibraryError::Parse {
        path: path.to_owned(),
        source: Box::new(source),
    })
}
