//! Images in a tar file: an OCI layout, or what `docker save` writes.
//!
//! The tar file is gone through once for the places of its members; a blob is then read where it lies.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::ImageError;
use super::store::{BlobName, BlobStore};
use crate::archive::{Fault, TarEntry, TarKind, TarReader};

/// LIMIT: most members of such a file; an image has at most 127 layers, and a file may hold several hundred images.
const MAX_MEMBERS: usize = 200_000;

/// LIMIT: how many links lead to a member.
const MAX_LINKS: usize = 8;

/// A tar file with images in it.
pub(super) struct Tarball {
    path: PathBuf,
    members: HashMap<String, Member>,
    /// A temporary file that goes with it.
    kept: Option<NamedTempFile>,
}

/// Where a member is.
#[derive(Clone, Debug)]
enum Member {
    File { offset: u64, size: u64 },
    Link(String),
}

/// Whether the file is a tar file with images in it.
///
/// PERF: a tar file of anything else is gone through header by header for it, without reading contents.
#[must_use]
pub fn is_image_archive(path: &Path) -> bool {
    Tarball::open(path).is_ok_and(|tarball| tarball.is_layout() || tarball.has("manifest.json"))
}

impl Tarball {
    /// Finds the members of the tar file at `path`.
    pub(super) fn open(path: &Path) -> Result<Self, ImageError> {
        let what = || path.display().to_string();
        let io = |source| ImageError::Io {
            what: what(),
            source,
        };
        let file = File::open(path).map_err(io)?;
        let mut reader = TarReader::new(Seeking {
            file: BufReader::new(file),
            offset: 0,
        });
        let mut members = HashMap::new();
        let malformed = |fault: Fault| ImageError::Malformed {
            what: what(),
            reason: fault.to_string(),
        };
        while let Some(entry) = reader.next_entry().map_err(malformed)? {
            if members.len() >= MAX_MEMBERS {
                return Err(ImageError::Limit {
                    what: what(),
                    reason: format!("it has more than {MAX_MEMBERS} members"),
                });
            }
            let offset = reader.source().offset;
            if let Some(member) = member(&entry, offset) {
                // Of two members of one name the first counts, as for docker.
                members.entry(normal(&entry.path)).or_insert(member);
            }
            reader.skip_with(Seeking::skip).map_err(io)?;
        }
        Ok(Self {
            path: path.to_owned(),
            members,
            kept: None,
        })
    }

    /// The same in a temporary file, which is there as long as this.
    pub(super) fn of_temporary(file: NamedTempFile) -> Result<Self, ImageError> {
        let mut tarball = Self::open(file.path())?;
        tarball.kept = Some(file);
        Ok(tarball)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    pub(super) fn is_layout(&self) -> bool {
        self.has("oci-layout") && self.has("index.json")
    }

    /// The member that a name, or a link of that name, stands for.
    fn find(&self, name: &str) -> Option<(u64, u64)> {
        let mut name = name.to_owned();
        for _ in 0..MAX_LINKS {
            match self.members.get(&name)? {
                Member::File { offset, size } => return Some((*offset, *size)),
                Member::Link(target) => {
                    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
                    name = resolved(folder, target);
                }
            }
        }
        None
    }
}

impl BlobStore for Tarball {
    fn open<'s>(&'s self, name: &BlobName) -> Result<Box<dyn Read + Send + 's>, ImageError> {
        let member = match name {
            BlobName::Digest(digest) => {
                let (algorithm, digits) = digest.parts();
                format!("blobs/{algorithm}/{digits}")
            }
            BlobName::Path(path) => normal(path.as_bytes()),
        };
        let what = || format!("{} in {}", name.words(), self.path.display());
        let (offset, size) = self
            .find(&member)
            .ok_or_else(|| ImageError::Missing { what: what() })?;
        let io = |source| ImageError::Io {
            what: what(),
            source,
        };
        let mut file = File::open(&self.path).map_err(io)?;
        file.seek(SeekFrom::Start(offset)).map_err(io)?;
        Ok(Box::new(file.take(size)))
    }
}

/// Where a member's content is, for a member that has any.
fn member(entry: &TarEntry, offset: u64) -> Option<Member> {
    match entry.kind {
        TarKind::File => Some(Member::File {
            offset,
            size: entry.size,
        }),
        TarKind::Link => Some(Member::Link(
            String::from_utf8_lossy(&entry.target).into_owned(),
        )),
        // The target of a hard link counts from the archive's root.
        TarKind::HardLink => Some(Member::Link(format!(
            "/{}",
            String::from_utf8_lossy(&entry.target)
        ))),
        TarKind::Folder | TarKind::Special | TarKind::Unknown => None,
    }
}

/// A name without `./` before it.
fn normal(name: &[u8]) -> String {
    resolved("", &String::from_utf8_lossy(name))
}

/// The path that `target` names from `folder`; one that leads out of the archive ends at its root.
fn resolved(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = match target.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => folder.split('/').filter(|part| !part.is_empty()).collect(),
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A file of which large parts are skipped without reading them. A file that ends before is noticed when its blobs are
/// read.
struct Seeking {
    file: BufReader<File>,
    offset: u64,
}

impl Seeking {
    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        self.offset = self.offset.saturating_add(bytes);
        self.file
            .seek_relative(i64::try_from(bytes).map_err(io::Error::other)?)
    }
}

impl Read for Seeking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.offset = self.offset.saturating_add(read as u64);
        Ok(read)
    }
}
