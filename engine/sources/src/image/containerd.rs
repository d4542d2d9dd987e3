//! Images that containerd keeps on this machine, read from its folder: contents by digest, and a database of names.
//!
//! Nothing is asked of containerd, and it need not run: what Kubernetes or `nerdctl` pulled can be looked at on a node, or on a disk
//! that was taken from one. The folder belongs to root, so that root has to look.
//!
//! Not for: what lies in snapshots only. Where containerd is told to discard layers once they are unpacked, they are missing here,
//! and told as that.
//!
//! Layout: containerd's `docs/ops.md`; keys: `metadata/buckets.go`.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::bolt::{Allowance, Bolt, Bucket, NotRead, Value};
use super::digest::Digest;
use super::error::ImageError;
use super::registry::Reference;

/// LIMIT: largest database of names that is read. A node with a thousand images has some 10 MB.
const MAX_DATABASE_BYTES: u64 = 256 << 20;

/// How often the database is read again because containerd wrote into it meanwhile.
const ATTEMPTS: usize = 8;

/// Where containerd keeps what it has, unless it was told otherwise.
pub const USUAL_FOLDER: &str = "/var/lib/containerd";

/// Which images of containerd are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Containerd {
    /// Its folder: `root` in its configuration.
    pub folder: PathBuf,
    /// The name of one image; all when there is none.
    pub name: Option<String>,
    /// Only those of this namespace: `k8s.io`, `default`, `moby`.
    pub namespace: Option<String>,
}

/// An image that containerd has a name for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedImage {
    /// The namespace.
    pub namespace: String,
    /// The whole name: `docker.io/library/alpine:3`.
    pub name: String,
    /// The digest of its manifest or index.
    pub digest: Digest,
}

/// An image of a database, with what stands there for its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedImage {
    /// The namespace.
    pub namespace: String,
    /// The whole name.
    pub name: String,
    /// The digest of its manifest or index; nothing where there is none of a kind that is known here.
    pub digest: Option<Digest>,
}

/// The images that are meant.
#[derive(Debug, Default)]
pub(super) struct Meant {
    /// Not empty.
    pub(super) images: Vec<NamedImage>,
    /// Why others cannot be read. A scan that leaves an image out is not clean.
    pub(super) unreadable: Vec<ImageError>,
}

impl ListedImage {
    /// # Errors
    /// Without a digest, nothing of the image can be read.
    fn named(self) -> Result<NamedImage, ImageError> {
        match self.digest {
            Some(digest) => Ok(NamedImage {
                namespace: self.namespace,
                name: self.name,
                digest,
            }),
            None => Err(ImageError::Malformed {
                what: format!("{} in the namespace {}", self.name, self.namespace),
                reason: "containerd has no digest of SHA-256 or SHA-512 for it, so that it cannot be read"
                    .to_owned(),
            }),
        }
    }
}

impl Containerd {
    /// Where blobs lie, as in an OCI layout.
    pub(super) fn contents(&self) -> PathBuf {
        self.folder.join("io.containerd.content.v1.content")
    }

    /// The images that are meant.
    ///
    /// # Errors
    /// When the folder or its database cannot be read, or has no such image, or none that can be read.
    pub(super) fn images(&self) -> Result<Meant, ImageError> {
        let path = self.folder.join("io.containerd.metadata.v1.bolt/meta.db");
        let what = || path.display().to_string();
        let bytes = settled(&path)?;
        let all = listed_images(&bytes).map_err(|error| match error {
            NotRead::Damaged(_) => ImageError::Malformed {
                what: what(),
                reason: error.to_string(),
            },
            NotRead::Limit | NotRead::LongKey => ImageError::Limit {
                what: what(),
                reason: error.to_string(),
            },
        })?;
        self.meant(all)
    }

    fn meant(&self, all: Vec<ListedImage>) -> Result<Meant, ImageError> {
        let is_meant = |image: &ListedImage| {
            let of_namespace = self.namespace.as_ref();
            of_namespace.is_none_or(|namespace| *namespace == image.namespace)
                && self
                    .name
                    .as_ref()
                    .is_none_or(|name| is_called(name, &image.name))
        };
        let mut meant = Meant::default();
        for image in all.into_iter().filter(is_meant) {
            match image.named() {
                Ok(image) => meant.images.push(image),
                Err(error) => meant.unreadable.push(error),
            }
        }
        meant.images.sort();
        if self.name.is_none() {
            meant.images = without_second_names(meant.images);
        }
        if meant.images.is_empty() {
            let missing = || ImageError::Missing {
                what: self.in_words(),
            };
            return Err(meant.unreadable.into_iter().next().unwrap_or_else(missing));
        }
        Ok(meant)
    }

    fn in_words(&self) -> String {
        let name = self.name.as_deref().unwrap_or("any image");
        let namespace = self.namespace.as_ref();
        let namespace = namespace.map_or(String::new(), |name| format!(" in the namespace {name}"));
        format!(
            "{name} of containerd in {}{namespace}",
            self.folder.display()
        )
    }
}

/// Kubernetes gives each image its digest and its configuration's digest for names as well; they are left out where there is a
/// better one.
fn without_second_names(images: Vec<NamedImage>) -> Vec<NamedImage> {
    let is_second = |image: &NamedImage| image.name.contains('@') || image.name.contains("sha256:");
    let named: HashSet<Digest> = images
        .iter()
        .filter(|image| !is_second(image))
        .map(|image| image.digest.clone())
        .collect();
    let mut seen = HashSet::new();
    images
        .into_iter()
        .filter(|image| match is_second(image) {
            true => !named.contains(&image.digest) && seen.insert(image.digest.clone()),
            false => true,
        })
        .collect()
}

/// Whether what was typed is this name: as a whole, or with what names without a registry or a tag stand for.
fn is_called(typed: &str, name: &str) -> bool {
    if typed == name {
        return true;
    }
    let Ok(mut reference) = typed.parse::<Reference>() else {
        return false;
    };
    if reference.tag.is_none() && reference.digest.is_none() {
        reference.tag = Some("latest".to_owned());
    }
    reference.to_string() == name
}

/// The database's bytes, of one moment: containerd may be writing, and then writes over pages that nobody needs any more.
fn settled(path: &Path) -> Result<Vec<u8>, ImageError> {
    let what = || path.display().to_string();
    let failed = |source: io::Error| ImageError::Io {
        what: what(),
        source,
    };
    let read = |most: u64| {
        let mut bytes = Vec::new();
        let mut file = File::open(path)?.take(most);
        file.read_to_end(&mut bytes).map(|_| bytes)
    };
    for _ in 0..ATTEMPTS {
        let bytes = read(MAX_DATABASE_BYTES + 1).map_err(failed)?;
        if bytes.len() as u64 > MAX_DATABASE_BYTES {
            return Err(ImageError::Limit {
                what: what(),
                reason: format!("it is larger than {MAX_DATABASE_BYTES} bytes"),
            });
        }
        // The beginnings are written last, so that the same one before and after means that nothing changed between.
        let again = read(1 << 18).map_err(failed)?;
        let number = |bytes: &[u8]| Bolt::new(bytes).ok().map(|found| found.transaction());
        if number(&bytes) == number(&again) {
            return Ok(bytes);
        }
    }
    Err(failed(io::Error::other(
        "containerd writes into it all the time; try again",
    )))
}

/// All images of a database.
///
/// # Errors
/// When it cannot be understood, or there is too much in it.
pub fn listed_images(database: &[u8]) -> Result<Vec<ListedImage>, NotRead> {
    let mut allowance = Allowance::default();
    let mut found = Vec::new();
    let root = Bolt::new(database)?.root();
    let Some(namespaces) = root.bucket(b"v1", &mut allowance)? else {
        return Ok(found);
    };
    for (namespace, of_namespace) in namespaces.entries(&mut allowance)? {
        // Beside the namespaces stands the version of all this.
        let Value::Bucket(of_namespace) = of_namespace else {
            continue;
        };
        let Some(images) = of_namespace.bucket(b"images", &mut allowance)? else {
            continue;
        };
        for (name, image) in images.entries(&mut allowance)? {
            let digest = match image {
                Value::Bucket(image) => digest(&image, &mut allowance)?,
                Value::Bytes(_) => None,
            };
            found.push(ListedImage {
                namespace: String::from_utf8_lossy(namespace).into_owned(),
                name: String::from_utf8_lossy(name).into_owned(),
                digest,
            });
        }
    }
    Ok(found)
}

/// The digest of what the image's name stands for.
fn digest(image: &Bucket<'_>, allowance: &mut Allowance) -> Result<Option<Digest>, NotRead> {
    let Some(target) = image.bucket(b"target", allowance)? else {
        return Ok(None);
    };
    Ok(match target.get(b"digest", allowance)? {
        Some(Value::Bytes(digest)) => str::from_utf8(digest)
            .ok()
            .and_then(|text| text.parse().ok()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::bolt::tests::of_one_image;
    use super::*;

    #[test]
    fn names_are_those_of_the_database_or_short_for_them() {
        for (typed, name) in [
            (
                "docker.io/library/alpine:latest",
                "docker.io/library/alpine:latest",
            ),
            ("alpine", "docker.io/library/alpine:latest"),
            ("team/app:v1", "docker.io/team/app:v1"),
            ("anything at all", "anything at all"),
        ] {
            assert!(is_called(typed, name), "{typed}");
        }
        assert!(!is_called("alpine:3", "docker.io/library/alpine:latest"));
        assert!(!is_called("", "docker.io/library/alpine:latest"));
    }

    #[test]
    fn the_images_of_a_database_are_told_by_namespace_and_name() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("io.containerd.metadata.v1.bolt");
        std::fs::create_dir(&database).unwrap();
        let digest = Digest::of(b"manifest");
        let bytes = of_one_image("k8s.io", "docker.io/team/app:v1", digest.as_str());
        std::fs::write(database.join("meta.db"), bytes).unwrap();
        let containerd = |name: Option<&str>, namespace: Option<&str>| Containerd {
            folder: folder.path().to_owned(),
            name: name.map(str::to_owned),
            namespace: namespace.map(str::to_owned),
        };
        let expected = NamedImage {
            namespace: "k8s.io".to_owned(),
            name: "docker.io/team/app:v1".to_owned(),
            digest,
        };
        for (name, namespace) in [
            (None, None),
            (Some("team/app:v1"), None),
            (None, Some("k8s.io")),
        ] {
            let meant = containerd(name, namespace).images().expect("an image");
            assert_eq!(meant.images, std::slice::from_ref(&expected));
            assert!(meant.unreadable.is_empty());
        }
        for (name, namespace) in [(Some("team/app"), None), (None, Some("default"))] {
            let error = containerd(name, namespace).images().expect_err("no image");
            assert!(matches!(error, ImageError::Missing { .. }), "{error}");
        }
    }

    #[test]
    fn an_image_without_a_known_digest_is_an_error_that_names_it_where_it_is_meant() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("io.containerd.metadata.v1.bolt");
        std::fs::create_dir(&database).unwrap();
        let unknown = format!("sha384:{}", "a0".repeat(48));
        for digest in [unknown.as_str(), "sha256:", ""] {
            let bytes = of_one_image("k8s.io", "docker.io/team/app:v1", digest);
            std::fs::write(database.join("meta.db"), bytes).unwrap();
            let containerd = |namespace: Option<&str>| Containerd {
                folder: folder.path().to_owned(),
                name: None,
                namespace: namespace.map(str::to_owned),
            };
            let error = containerd(None).images().expect_err("no digest");
            assert!(matches!(error, ImageError::Malformed { .. }), "{error}");
            let error = error.to_string();
            assert!(
                error.contains("docker.io/team/app:v1") && error.contains("k8s.io"),
                "{error}"
            );
            // Where others are meant, it is none of their business.
            let error = containerd(Some("default")).images().expect_err("no image");
            assert!(matches!(error, ImageError::Missing { .. }), "{error}");
        }
    }

    #[test]
    fn one_image_that_cannot_be_read_is_told_and_stops_none_of_the_others() {
        let containerd = Containerd {
            folder: PathBuf::new(),
            name: None,
            namespace: None,
        };
        let listed = |name: &str, digest: Option<Digest>| ListedImage {
            namespace: "k8s.io".to_owned(),
            name: name.to_owned(),
            digest,
        };
        let meant = containerd.meant(vec![
            listed("docker.io/team/odd:v1", None),
            listed("docker.io/team/app:v1", Some(Digest::of(b"manifest"))),
        ]);
        let meant = meant.expect("an image that can be read");
        let names: Vec<&str> = meant
            .images
            .iter()
            .map(|image| image.name.as_str())
            .collect();
        assert_eq!(names, ["docker.io/team/app:v1"]);
        let told: Vec<String> = meant.unreadable.iter().map(ToString::to_string).collect();
        assert!(
            told.len() == 1 && told[0].contains("docker.io/team/odd:v1"),
            "{told:?}"
        );
    }

    #[test]
    fn second_names_are_left_out_where_there_is_a_better_one() {
        let image = |name: &str, content: &[u8]| NamedImage {
            namespace: "k8s.io".to_owned(),
            name: name.to_owned(),
            digest: Digest::of(content),
        };
        let digest = Digest::of(b"configuration");
        let kept = without_second_names(vec![
            image("docker.io/team/app:v1", b"1"),
            image("docker.io/team/app:v2", b"1"),
            image(&format!("docker.io/team/app@{digest}"), b"1"),
            image(digest.as_str(), b"1"),
            image(&format!("docker.io/team/other@{digest}"), b"2"),
            image(digest.as_str(), b"2"),
        ]);
        let names: Vec<&str> = kept.iter().map(|image| image.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "docker.io/team/app:v1",
                "docker.io/team/app:v2",
                &format!("docker.io/team/other@{digest}")
            ]
        );
    }

    #[test]
    fn a_folder_of_something_else_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let containerd = Containerd {
            folder: folder.path().to_owned(),
            name: None,
            namespace: None,
        };
        let error = containerd.images().expect_err("nothing there").to_string();
        assert!(error.contains("meta.db"), "{error}");
        let database = folder.path().join("io.containerd.metadata.v1.bolt");
        std::fs::create_dir(&database).unwrap();
        std::fs::write(database.join("meta.db"), "no database").unwrap();
        let error = containerd.images().expect_err("no database").to_string();
        assert!(error.contains("bbolt"), "{error}");
    }
}
